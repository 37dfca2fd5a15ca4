//! The plugin alone on a machine without ONNX Runtime. The only test of its binary, for it changes the environment.

mod common;

use common::*;
use tonenet_core::genre::Genre;
use tonenet_hosts::clap::ClapHost;
use tonenet_hosts::{Host, Session, check};

#[test]
fn a_missing_onnx_runtime_still_restyles_within_one_step() {
    let song = piece();
    let expected = reference(&song, Genre::Jazz);
    let alone = tempfile::tempdir().unwrap();
    let bundle = alone.path().join("ToneNet.clap");
    std::fs::copy(clap(), &bundle).unwrap();
    // SAFETY: no other thread of this process runs, or reads the environment, at this point.
    unsafe {
        std::env::set_var("TONENET_ORT_DYLIB", alone.path().join("nowhere/libonnxruntime.so"));
        std::env::set_var("XDG_DATA_HOME", alone.path());
    }
    let session = Session::from_song(&song, RATE).with("Style", Genre::Jazz.index() as f64);
    let mut host = ClapHost::load(&bundle).unwrap();
    host.ask_for_report().unwrap();
    let played = host.play(&session, |_, _| {}).unwrap();
    let report = host.report().unwrap();
    assert!(report.runtime.starts_with("built-in"), "{report:?}");
    assert_eq!((report.restyled, report.late), (song.notes().len() as u64, 0));
    let velocities = check::velocities(&session, &played).unwrap();
    let furthest = furthest(&velocities, &expected);
    assert!(furthest <= 1, "{furthest}");
}
