//! The command line's numbers have ranges.

use clap::CommandFactory;
use tonenet_test_support::assert_help_names_ranges;

use super::Cli;

#[test]
fn the_help_of_every_number_names_its_range() {
    // `tests/numbers.rs` tries each of them; add a new one there.
    assert_help_names_ranges(&Cli::command(), 8);
}
