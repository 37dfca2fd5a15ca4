//! Every number of the command line has a range, which its help and its refusal name.
//!
//! That none is missing here is tested where the command line is declared.

mod common;

use common::{done, refused};

const SEEDS: &str = "0 to 18446744073709551615";

/// An option, its range, and a value below and above it.
type Number = (&'static str, &'static str, &'static str, &'static str);

/// Commands with what they need, and their numbers.
const NUMBERS: [(&[&str], &[Number]); 5] = [
    (&["demo"], &[("--amount", "0 to 100", "-1", "101")]),
    (
        &["soak"],
        &[
            ("--minutes", "0 to 10080", "-1", "10081"),
            ("--notes", "1 to 1000000000", "0", "1000000001"),
            ("--seed", SEEDS, "-1", "18446744073709551616"),
        ],
    ),
    (&["fuzz"], &[("--minutes", "0 to 10080", "-1", "10081")]),
    (&["bench", "process"], &[("--seconds", "1 to 3600", "0.9", "3601")]),
    (&["bench", "instances"], &[("--more", "1 to 1000", "0", "1001")]),
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
