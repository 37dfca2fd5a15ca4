//! Every number of the command line has a range which its help and its refusal name; contradictions are refused.
//!
//! A test beside the declaration of the command line checks that none is missing here.

use tonenet_test_support::{NumericOption, Program};

/// The program under test.
const TRAINING: Program = Program::new(env!("CARGO_BIN_EXE_tonenet-training"));

const SEEDS: &str = "0 to 18446744073709551615";

/// Commands with their required arguments, and their numbers.
const NUMBERS: [(&[&str], &[NumericOption]); 2] = [
    (&["evaluate", "--data", "data"], &[("--look-ahead", "0 to 3600", "-1", "3601")]),
    (
        &["train", "note", "--data", "data"],
        &[
            ("--seed", SEEDS, "-1", "18446744073709551616"),
            ("--epochs", "1 to 100000", "0", "100001"),
            ("--batches", "1 to 100000", "0", "100001"),
            ("--learning-rate", "0.000001 to 1", "0", "1.5"),
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
        TRAINING.names_ranges(command, numbers, folder);
    }
}

#[test]
fn contradictions_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for also in [["--pairs", ".", "."].as_slice(), &["--scores", "."]] {
        let arguments = [&["evaluate"], also, &["--look-ahead", "1"]].concat();
        TRAINING.refuses(&arguments, "cannot be used with", folder.path());
    }
}
