//! Many instances in one process.
//!
//! It is the only test of its binary, because it measures the memory of the process.

mod common;

use common::*;
use tonenet_core::style::StyleIndex;
use tonenet_hosts::memory::resident_bytes;
use tonenet_hosts::{Host, OutputMessage};

const INSTANCES: usize = 32;
/// The memory limit of each further instance in bytes; the note model alone takes more.
const MAX_BYTES: i64 = 5_000_000;

/// How often a library's code is mapped into the process.
fn code_mappings(library: &str) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().filter(|line| line.contains(" r-xp ") && line.ends_with(library)).count()
}

#[test]
fn instances_share_the_model_and_the_runtime_and_play_the_same() {
    let song = piece();
    let session = in_style(&song, StyleIndex::JAZZ).truncated(8 * RATE as u64);
    let (mut hosts, mut in_use, mut first) = (Vec::new(), Vec::new(), None::<Vec<OutputMessage>>);
    for instance in 0..INSTANCES {
        let mut host = clap_host();
        let output = host.play_and_stay_active(&session, |_, _| {}).unwrap();
        assert!(!output.outputs.is_empty());
        assert_eq!(first.get_or_insert_with(|| output.outputs.clone()), &output.outputs, "instance {instance}");
        hosts.push(host);
        in_use.push(resident_bytes().unwrap());
    }
    let each = (in_use[INSTANCES - 1] - in_use[0]) / (INSTANCES as i64 - 1);
    println!("{} bytes with one instance, {each} more with each of {INSTANCES}", in_use[0]);
    // The size of the network's 32-bit weights once they are loaded.
    let weights = std::fs::metadata(workspace().join("assets/models/note/weights.safetensors")).unwrap().len();
    assert!(each < MAX_BYTES && MAX_BYTES < weights as i64, "{each} bytes each, the model has {weights}");
    assert_eq!(code_mappings("libonnxruntime.so"), 1);
    // With all instances loaded, each still plays on its own.
    for host in &mut hosts {
        host.deactivate();
        assert_eq!(first.as_ref(), Some(&host.play(&session, |_, _| {}).unwrap().outputs));
    }
}
