//! An engine that panics on the audio thread: events pass unchanged one latency later, sounding notes end, and the next
//! activation restores the engine.
//!
//! It is the only test of its binary, because it changes environment variables.

mod common;

use std::collections::HashMap;

use common::*;
use tonenet_core::midi::MidiMessage;
use tonenet_hosts::host::{ActivationConfig, Block, BlockInput};
use tonenet_hosts::{Host, HostError};

/// Samples per block.
const SAMPLES: u32 = 256;
/// Blocks in which something is played.
const BLOCKS: u32 = 64;
/// The velocity of every note-on that is played.
const VELOCITY: u8 = 33;

/// A message with its sample since the activation.
type TimedMessage = (u32, MidiMessage);

/// Sets the fault of the next engine.
fn inject_fault(fault: &str) {
    // SAFETY: no other thread runs between two activations, because the plugin joins its threads when a host deactivates
    // it.
    unsafe { std::env::set_var("TONENET_FAULT", fault) };
}

/// What is played: two overlapping keys in turn, and a pedal.
fn played() -> Vec<TimedMessage> {
    let mut played: Vec<_> = (0..BLOCKS * SAMPLES / 400)
        .flat_map(|index| {
            let key = 60 + (index % 2) as u8 * 4;
            let at = index * 400;
            [(at, [0x90, key, VELOCITY]), (at + 30, [0xB0, 64, (index % 2) as u8 * 127]), (at + 650, [0x80, key, 7])]
        })
        .map(|(at, bytes)| (at, MidiMessage::Channel(bytes)))
        .collect();
    played.sort_by_key(|(at, _)| *at);
    played
}

/// Plays through a new activation until every note must have ended; returns the output and the latency.
fn play(host: &mut dyn Host, look_ahead: f64) -> Result<(Vec<TimedMessage>, u32), HostError> {
    let config = ActivationConfig { sample_rate: RATE, max_block_size: SAMPLES, offline: true };
    host.activate(&config)?;
    let parameter = BlockInput::Parameter(0, host.parameter_id("Look-ahead")?, look_ahead);
    host.process(&Block::new(SAMPLES).with_inputs(&[parameter]), &mut |_| {})?;
    host.deactivate();
    let latency = host.activate(&config)?;
    let (played, mut output) = (played(), Vec::new());
    for block in 0..BLOCKS + (latency + 650) / SAMPLES + 2 {
        let start = block * SAMPLES;
        let in_block = played.iter().filter(|(at, _)| (start..start + SAMPLES).contains(at));
        let inputs: Vec<BlockInput> = in_block.map(|(at, message)| BlockInput::Message(at - start, message)).collect();
        let block = Block::new(SAMPLES).with_inputs(&inputs);
        host.process(&block, &mut |out| output.push((start + out.offset, out.message)))?;
    }
    Ok((output, latency))
}

/// Checks that everything played left one latency later and that every note ended.
///
/// A note that the failure ended may get a second note-off when its own is due.
fn assert_complete(output: &[TimedMessage], latency: u32) {
    assert!(output.is_sorted_by_key(|(at, _)| *at));
    let bytes = |message: &MidiMessage| match message {
        MidiMessage::Channel(bytes) => *bytes,
        MidiMessage::SysEx(_) => panic!("no SysEx was sent"),
    };
    let mut sounding = HashMap::<u8, u32>::new();
    let mut pending = played();
    for (at, message) in output {
        let [status, key, _] = bytes(message);
        let source = pending.iter().position(|(time, sent)| {
            let [sent_status, sent_key, _] = bytes(sent);
            time + latency == *at && (sent_status, sent_key) == (status, key)
        });
        match source {
            Some(index) => drop(pending.remove(index)),
            None => assert_eq!(status, 0x80, "{message:?} at {at} was never sent"),
        }
        let count = sounding.entry(key).or_default();
        match status {
            0x90 => *count += 1,
            0x80 => *count = count.saturating_sub(1),
            _ => {}
        }
    }
    assert_eq!(pending, [], "everything played must leave");
    assert!(sounding.values().all(|count| *count == 0), "still sounding: {sounding:?}");
}

/// How many note-ons left with their own velocity.
fn unchanged_notes(output: &[TimedMessage]) -> usize {
    output.iter().filter(|(_, message)| matches!(message, MidiMessage::Channel([0x90, _, VELOCITY]))).count()
}

fn assert_fails_open(host: &mut dyn Host) {
    host.enable_report().unwrap();
    let notes = played().len() / 3;
    for look_ahead in [look_ahead::LIVE, look_ahead::ZERO_LATENCY, look_ahead::TIMELINE] {
        inject_fault("none");
        let (output, latency) = play(host, look_ahead).unwrap();
        assert_complete(&output, latency);
        assert_eq!(host.report().unwrap().error, None);
        host.deactivate();
        for blocks in [0, 1, 7, 20, 21, 22, 23, 50] {
            inject_fault(&format!("engine={blocks}"));
            let (output, latency) = play(host, look_ahead).unwrap();
            assert_complete(&output, latency);
            let unchanged = unchanged_notes(&output);
            assert!(unchanged > notes / 2, "{unchanged} of {notes} unchanged after {blocks}");
            let error = host.report().unwrap().error.unwrap_or_default();
            assert!(error.contains("notes pass unchanged"), "{error:?}");
            // A reset of the failed engine ends sounding notes; none may be left.
            host.reset();
            host.process(&Block::new(SAMPLES), &mut |out| panic!("{out:?} after all notes had ended")).unwrap();
            host.deactivate();
        }
        inject_fault("none");
        let before = host.report().unwrap().restyled + host.report().unwrap().new;
        let (output, latency) = play(host, look_ahead).unwrap();
        assert_complete(&output, latency);
        let report = host.report().unwrap();
        assert_eq!(report.error, None, "the next activation restores the engine");
        assert!(report.restyled + report.new > before, "{report:?}");
        host.deactivate();
    }
}

#[test]
fn a_panicking_engine_passes_events_unchanged_until_the_next_activation() {
    assert_fails_open(&mut clap_host());
    assert_fails_open(&mut vst3_host());
}
