//! A short soak of the built plugin; `cargo xtask soak` runs long ones.

mod common;

use tonenet_hosts::soak;

#[test]
fn whatever_a_host_and_a_player_do_every_note_leaves_once_in_time_and_ends() {
    let report = soak::run(&common::clap(), 1, |notes| notes < 20_000).unwrap();
    assert!(report.findings.is_clean(), "{report:#?}");
    assert!(report.jumps > 0 && report.stops > 0 && report.wraps > 0 && report.resets > 0, "{report:#?}");
    assert!(report.habits > 5, "{report:#?}");
    assert!(report.activations > 1 && report.findings.left > 10_000 && report.restyled > report.late, "{report:#?}");
}
