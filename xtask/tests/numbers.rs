//! Every number of the command line has a range, which its help and its refusal name.
//!
//! A test beside the declaration of the command line checks that none is missing here.

use tonenet_test_support::{NumericOption, Program};

/// The program under test.
const XTASK: Program = Program::new(env!("CARGO_BIN_EXE_xtask"));

const SEEDS: &str = "0 to 18446744073709551615";

/// Commands with their required arguments, and their numbers.
const NUMBERS: [(&[&str], &[NumericOption]); 6] = [
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
    (&["bench", "all"], &[("--seconds", "1 to 3600", "0.9", "3601")]),
];

#[test]
fn every_number_tells_its_range() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (command, numbers) in NUMBERS {
        XTASK.names_ranges(command, numbers, folder);
    }
}
