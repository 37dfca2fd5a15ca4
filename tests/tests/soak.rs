//! Runs a short soak of the built plugin; `cargo xtask soak` runs long ones.

mod common;

use tonenet_hosts::soak;

#[test]
fn in_a_randomised_session_every_note_leaves_once_on_time_and_ends() {
    let report = soak::run(&common::clap_bundle(), 1, |notes| notes < 20_000).unwrap();
    assert!(report.findings.is_clean(), "{report:#?}");
    assert!(report.jumps > 0 && report.stops > 0 && report.wraps > 0 && report.resets > 0, "{report:#?}");
    assert!(report.behaviour_changes > 5, "{report:#?}");
    let (feel_changes, findings) = (report.feel_changes, &report.findings);
    assert!(feel_changes > 5 && findings.moved > 1_000 && findings.added_pedals > 30, "{report:#?}");
    assert!(report.activations > 1 && report.findings.emitted > 10_000 && report.restyled > report.late, "{report:#?}");
}
