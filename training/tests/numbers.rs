//! Every number of the command line has a range which its help and its refusal name; contradictions are refused.
//!
//! That none is missing here is tested where the command line is declared.

mod common;

use common::{done, refused};

const SEEDS: &str = "0 to 18446744073709551615";

/// An option, its range, and a value below and above it.
type Number = (&'static str, &'static str, &'static str, &'static str);

/// Commands with what they need, and their numbers.
const NUMBERS: [(&[&str], &[Number]); 2] = [
    (&["evaluate", "--data", "data"], &[("--look-ahead", "0 to 3600", "-1", "3601")]),
    (
        &["train", "note", "--data", "data"],
        &[
            ("--seed", SEEDS, "-1", "18446744073709551616"),
            ("--epochs", "1 to 100000", "0", "100001"),
            ("--batches", "1 to 100000", "0", "100001"),
            ("--rounds", "0 to 100000", "-1", "100001"),
            ("--threads", "1 to 1024", "0", "1025"),
        ],
    ),
];

#[test]
fn every_number_tells_its_range() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (command, numbers) in NUMBERS {
        let name = &command[..if command[0] == "bench" { 2 } else { 1 }];
        let help = done(&[name, &["--help"]].concat(), folder);
        // A description is broken where a line is full.
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for (option, range, below, above) in numbers {
            let (_, described) = help.split_once(&format!(" {option} ")).unwrap_or_else(|| panic!("{option}: {help}"));
            let described = described.split(" --").next().unwrap();
            let (low, high) = range.split_once(" to ").unwrap();
            assert!(described.contains(&format!("{low} to {high}")), "{name:?} {option}: {described}");
            for wrong in [*below, *above, "NaN", "inf", "1e999", "-1e999", "x", ""] {
                let given = format!("{option}={wrong}");
                refused(&[command, &[given.as_str()]].concat(), &format!("from {low} to {high}"), folder);
            }
            // As two words, a number below zero is no option.
            refused(&[command, &[option, "-99999"]].concat(), &format!("from {low} to {high}"), folder);
        }
    }
}

#[test]
fn contradictions_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    refused(&["evaluate", "--pairs", ".", ".", "--look-ahead", "1"], "cannot be used with", folder.path());
}
