//! Many instances in one process. The only test of its binary, for it weighs the process.

mod common;

use common::*;
use tonenet_core::genre::Genre;
use tonenet_hosts::clap::ClapHost;
use tonenet_hosts::memory::resident_bytes;
use tonenet_hosts::{Host, Output, Session};

const INSTANCES: usize = 32;
/// What an instance may weigh beside the first, in bytes; the note model alone weighs more.
const MOST: i64 = 5_000_000;

/// How often a library's code is mapped into the process.
fn mapped(library: &str) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().filter(|line| line.contains(" r-xp ") && line.ends_with(library)).count()
}

#[test]
fn instances_share_the_model_and_the_runtime_and_sound_alike() {
    let song = piece();
    let mut session = Session::from_song(&song, RATE).with("Style", Genre::Jazz.index() as f64);
    session.messages.retain(|m| m.time < 8 * RATE as u64);
    let (mut hosts, mut in_use, mut first) = (Vec::new(), Vec::new(), None::<Vec<Output>>);
    for instance in 0..INSTANCES {
        let mut host = ClapHost::load(&clap()).unwrap();
        let played = host.play_and_stay(&session, |_, _| {}).unwrap();
        assert!(!played.outputs.is_empty());
        assert_eq!(first.get_or_insert_with(|| played.outputs.clone()), &played.outputs, "instance {instance}");
        hosts.push(host);
        in_use.push(resident_bytes().unwrap());
    }
    let each = (in_use[INSTANCES - 1] - in_use[0]) / (INSTANCES as i64 - 1);
    println!("{} bytes with one instance, {each} more with each of {INSTANCES}", in_use[0]);
    // As many bytes as the network's 32-bit weights take once they are loaded.
    let weights = std::fs::metadata(workspace().join("assets/models/note/weights.safetensors")).unwrap().len();
    assert!(each < MOST && MOST < weights as i64, "{each} bytes each, the model has {weights}");
    assert_eq!(mapped("libonnxruntime.so"), 1);
    // All are there at once, and each still plays by itself.
    for host in &mut hosts {
        host.deactivate();
        assert_eq!(first.as_ref(), Some(&host.play(&session, |_, _| {}).unwrap().outputs));
    }
}
