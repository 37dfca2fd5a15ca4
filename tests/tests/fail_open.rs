//! An engine that panics on the audio thread: everything passes untouched one latency later, what sounds ends, and the
//! next activation brings the engine back. The only test of its binary, for it changes the environment.

mod common;

use std::collections::HashMap;

use common::*;
use tonenet_core::midi::MidiMessage;
use tonenet_hosts::clap::ClapHost;
use tonenet_hosts::host::{Input, Setup};
use tonenet_hosts::vst3::Vst3Host;
use tonenet_hosts::{Host, HostError};

/// Blocks of 256 samples that are played.
const BLOCKS: u32 = 64;
const SAMPLES: u32 = 256;

/// Sets the fault of the next engine.
fn fault(fault: &str) {
    // SAFETY: no other thread of this process runs, or reads the environment, between two activations: a host joins the
    // inference thread when it deactivates the plugin.
    unsafe { std::env::set_var("TONENET_FAULT", fault) };
}

/// What goes in: two keys by turns that overlap, and a pedal.
fn played() -> Vec<(u32, MidiMessage)> {
    let mut played: Vec<_> = (0..BLOCKS * SAMPLES / 400)
        .flat_map(|index| {
            let key = 60 + (index % 2) as u8 * 4;
            let at = index * 400;
            [(at, [0x90, key, 33]), (at + 30, [0xB0, 64, (index % 2) as u8 * 127]), (at + 650, [0x80, key, 7])]
        })
        .map(|(at, bytes)| (at, MidiMessage::Channel(bytes)))
        .collect();
    played.sort_by_key(|(at, _)| *at);
    played
}

/// What leaves of it, in samples since the activation, until all must have ended; and the latency.
fn perform(host: &mut dyn Host, look_ahead: f64) -> Result<(Vec<(u32, MidiMessage)>, u32), HostError> {
    let setup = Setup { sample_rate: RATE, longest_block: SAMPLES, offline: true };
    host.activate(&setup)?;
    let parameter = Input::Parameter(0, host.parameter_id("Look-ahead")?, look_ahead);
    host.block(None, SAMPLES, &[parameter], &mut |_| {})?;
    host.deactivate();
    let latency = host.activate(&setup)?;
    let (played, mut left) = (played(), Vec::new());
    for block in 0..BLOCKS + (latency + 650) / SAMPLES + 2 {
        let from = block * SAMPLES;
        let in_block = played.iter().filter(|(at, _)| (from..from + SAMPLES).contains(at));
        let inputs: Vec<Input> = in_block.map(|(at, message)| Input::Message(at - from, message)).collect();
        host.block(None, SAMPLES, &inputs, &mut |out| left.push((from + out.sample, out.message)))?;
    }
    Ok((left, latency))
}

/// Whether each note that left has ended, and all that went in came out, one latency later; what the failure ended may
/// end once more when its own end is due.
fn check(left: &[(u32, MidiMessage)], latency: u32) {
    assert!(left.is_sorted_by_key(|(at, _)| *at));
    let bytes = |message: &MidiMessage| match message {
        MidiMessage::Channel(bytes) => *bytes,
        MidiMessage::SysEx(_) => panic!("nobody sent SysEx"),
    };
    let mut sounding = HashMap::<u8, u32>::new();
    let mut came = played();
    for (at, message) in left {
        let [status, key, _] = bytes(message);
        let its_own = came.iter().position(|(time, came)| {
            let [came_status, came_key, _] = bytes(came);
            time + latency == *at && (came_status, came_key) == (status, key)
        });
        match its_own {
            Some(index) => drop(came.remove(index)),
            None => assert_eq!(status, 0x80, "{message:?} at {at} came in nowhere"),
        }
        let count = sounding.entry(key).or_default();
        match status {
            0x90 => *count += 1,
            0x80 => *count = count.saturating_sub(1),
            _ => {}
        }
    }
    assert_eq!(came, [], "all that went in came out");
    assert!(sounding.values().all(|count| *count == 0), "{sounding:?} sound on");
}

/// Note-ons that left as they came in.
fn untouched(left: &[(u32, MidiMessage)]) -> usize {
    left.iter().filter(|(_, message)| matches!(message, MidiMessage::Channel([0x90, _, 33]))).count()
}

fn fails_open(host: &mut dyn Host) {
    host.ask_for_report().unwrap();
    let events = played().len();
    let notes = events / 3;
    // Live, without latency, and Timeline.
    for look_ahead in [4.0, 5.0, 6.0] {
        fault("none");
        let (left, latency) = perform(host, look_ahead).unwrap();
        check(&left, latency);
        assert_eq!(host.report().unwrap().error, None);
        host.deactivate();
        for after in [0, 1, 7, 20, 21, 22, 23, 50] {
            fault(&format!("engine={after}"));
            let (left, latency) = perform(host, look_ahead).unwrap();
            check(&left, latency);
            assert!(untouched(&left) > notes / 2, "{} of {notes} untouched after {after}", untouched(&left));
            let error = host.report().unwrap().error.unwrap_or_default();
            assert!(error.contains("notes pass unchanged"), "{error:?}");
            // A reset while it is out of order ends what sounds, and it goes on.
            host.reset();
            host.block(None, SAMPLES, &[], &mut |out| panic!("{out:?} after all had ended")).unwrap();
            host.deactivate();
        }
        fault("none");
        let before = host.report().unwrap().restyled + host.report().unwrap().new;
        let (left, latency) = perform(host, look_ahead).unwrap();
        check(&left, latency);
        let report = host.report().unwrap();
        assert_eq!(report.error, None, "another activation brings the engine back");
        assert!(report.restyled + report.new > before, "{report:?}");
        host.deactivate();
    }
}

#[test]
fn an_engine_that_panics_lets_everything_pass_until_it_is_back() {
    fails_open(&mut ClapHost::load(&clap()).unwrap());
    fails_open(&mut Vst3Host::load(&vst3()).unwrap());
}
