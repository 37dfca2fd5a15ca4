//! The plugin opens no network socket: the system would end the test.
//!
//! The window is in `window.rs`, the program `tonenet` in `cli/tests/no_network.rs`.

#![cfg(target_os = "linux")]

mod common;

use common::*;
use tonenet_core::style::StyleIndex;
use tonenet_hosts::Host;
use tonenet_test_support::without_network;

/// Plays the piece in every mode, generates a clip, and saves and opens the project.
fn play_in_every_mode(host: &mut impl Host) {
    let song = piece();
    for mode in [look_ahead::LIVE, look_ahead::ZERO_LATENCY, look_ahead::TIMELINE, 1.0] {
        let session = in_style(&song, StyleIndex::JAZZ).with_parameter("Look-ahead", mode).truncated(20 * RATE as u64);
        let output = host.play(&session.with_automation(RATE as u64, "Generate", 1.0), |_, _| {}).unwrap();
        assert!(output.outputs.len() > 100);
        let state = host.save_state().unwrap();
        host.load_state(&state).unwrap();
    }
}

#[test]
fn a_clap_host_plays_in_every_mode_without_a_network() {
    without_network("a_clap_host_plays_in_every_mode_without_a_network", || {
        let mut host = clap_host();
        host.enable_report().unwrap();
        play_in_every_mode(&mut host);
        // The library that others made is in it.
        let report = host.report().unwrap();
        assert!(report.runtime.starts_with("ONNX Runtime"), "{report:?}");
    });
}

#[test]
fn a_vst3_host_plays_in_every_mode_without_a_network() {
    without_network("a_vst3_host_plays_in_every_mode_without_a_network", || play_in_every_mode(&mut vst3_host()));
}
