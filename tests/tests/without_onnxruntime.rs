//! The plugin on a machine without ONNX Runtime.
//!
//! It is the only test of its binary, because it changes environment variables.

mod common;

use common::*;
use tonenet_core::style::StyleIndex;
use tonenet_hosts::Host;
use tonenet_hosts::clap::ClapHost;

#[test]
fn without_onnx_runtime_velocities_differ_by_at_most_one_step() {
    let song = piece();
    let expected = expected_velocities(&song, StyleIndex::JAZZ);
    let alone = tempfile::tempdir().unwrap();
    let bundle = alone.path().join("ToneNet.clap");
    std::fs::copy(clap_bundle(), &bundle).unwrap();
    // SAFETY: no other thread runs at this point.
    unsafe {
        std::env::set_var("TONENET_ORT_DYLIB", alone.path().join("nowhere/libonnxruntime.so"));
        std::env::set_var("XDG_DATA_HOME", alone.path());
    }
    let session = in_style(&song, StyleIndex::JAZZ);
    let mut host = ClapHost::load(&bundle).unwrap();
    host.enable_report().unwrap();
    let (velocities, _) = play_velocities(&mut host, &session);
    let report = host.report().unwrap();
    assert!(report.runtime.starts_with("built-in"), "{report:?}");
    assert_eq!((report.restyled, report.late), (song.notes().len() as u64, 0));
    let difference = max_difference(&velocities, &expected);
    assert!(difference <= 1, "{difference}");
}
