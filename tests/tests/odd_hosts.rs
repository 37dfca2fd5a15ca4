//! Hosts that pass invalid audio buffers or note events: valid notes still leave one latency later, and each ends.

mod common;

use common::*;
use tonenet_core::midi::MidiMessage;
use tonenet_core::style::StyleIndex;
use tonenet_hosts::audio::{AudioBus, AudioBuses};
use tonenet_hosts::host::{ActivationConfig, Block, BlockInput, RawNote};
use tonenet_hosts::{Host, Session};

/// Every combination of input and output bus.
fn all_audio_buses() -> impl Iterator<Item = AudioBuses> {
    AudioBus::ALL.into_iter().flat_map(|input| AudioBus::ALL.map(|output| AudioBuses { input, output }))
}

/// Two seconds of the piece with a parameter change within a block, where the plugin framework splits the block.
fn phrase() -> Session {
    let session =
        in_style(&piece(), StyleIndex::JAZZ).with_parameter("Amount", 1.0).with_automation(24_100, "Amount", 0.5);
    session.truncated(2 * RATE as u64)
}

fn assert_audio_buses_change_nothing(mut host: impl Host) {
    let session = phrase();
    let expected = host.play(&session, |_, _| {}).unwrap();
    assert!(expected.outputs.len() >= session.messages.len(), "{} messages left", expected.outputs.len());
    for audio in all_audio_buses() {
        host.set_audio_buses(audio);
        let played = host.play(&session, |_, _| {}).unwrap();
        assert_eq!(played.latency, expected.latency, "{audio:?}");
        assert_eq!(played.outputs, expected.outputs, "{audio:?}");
    }
}

#[test]
fn audio_buses_change_nothing_in_clap() {
    assert_audio_buses_change_nothing(clap_host());
}

#[test]
fn audio_buses_change_nothing_in_vst3() {
    assert_audio_buses_change_nothing(vst3_host());
}

/// Activates the host in Live, bypassed or not, with the transport stopped; returns the latency.
fn activate_live(host: &mut impl Host, bypass: bool) -> u32 {
    let config = ActivationConfig { sample_rate: RATE, max_block_size: 512, offline: true };
    let values = [("Look-ahead", look_ahead::LIVE), ("Bypass", f64::from(u8::from(bypass)))];
    let parameters = values.map(|(name, value)| BlockInput::Parameter(0, host.parameter_id(name).unwrap(), value));
    host.activate(&config).unwrap();
    host.process(&Block::new(512).with_inputs(&parameters), &mut |_| {}).unwrap();
    host.deactivate();
    host.activate(&config).unwrap()
}

/// The output of a block with inputs and of three empty blocks after it.
fn output(host: &mut impl Host, inputs: &[BlockInput]) -> Vec<(u32, MidiMessage)> {
    let mut output = Vec::new();
    for index in 0..4 {
        let block = Block::new(512).with_inputs(if index == 0 { inputs } else { &[] });
        host.process(&block, &mut |out| output.push((index * 512 + out.offset, out.message))).unwrap();
    }
    output
}

fn assert_changing_audio_buses_loses_no_note(mut host: impl Host) {
    let latency = activate_live(&mut host, false);
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    for (block, audio) in (0..).zip(all_audio_buses().chain([AudioBuses::default(); 4])) {
        host.set_audio_buses(audio);
        let key = (block % 40) as u8 + 40;
        let messages = [[0x90, key, 70], [0x80, key, 5]].map(MidiMessage::Channel);
        let inputs = [BlockInput::Message(7, &messages[0]), BlockInput::Message(300, &messages[1])];
        sent.extend([(block * 512 + 7, 0x90, key), (block * 512 + 300, 0x80, key)]);
        host.process(&Block::new(512).with_inputs(&inputs), &mut |out| {
            let MidiMessage::Channel([status, key, _]) = out.message else { panic!("{out:?}") };
            received.push((block * 512 + out.offset - latency, status, key));
        })
        .unwrap();
    }
    assert!(received.len() + 8 >= sent.len(), "{} of {}", received.len(), sent.len());
    assert_eq!(received, sent[..received.len()]);
}

#[test]
fn changing_audio_buses_while_playing_loses_no_note_in_clap() {
    assert_changing_audio_buses_loses_no_note(clap_host());
}

#[test]
fn changing_audio_buses_while_playing_loses_no_note_in_vst3() {
    assert_changing_audio_buses_loses_no_note(vst3_host());
}

/// A note-on or note-off of C4.
fn note(on: bool, velocity: f32) -> RawNote {
    RawNote { on, channel: 0, key: 60, velocity }
}

fn statuses(output: &[(u32, MidiMessage)]) -> Vec<(u32, u8, u8)> {
    let status = |(sample, message): &(u32, MidiMessage)| match message {
        MidiMessage::Channel([status, key, _]) => (*sample, *status, *key),
        MidiMessage::SysEx(_) => panic!("nobody sent SysEx"),
    };
    output.iter().map(status).collect()
}

/// A reset ends all sounding notes, so no output means that none sounded.
fn assert_nothing_sounds(host: &mut impl Host) {
    host.reset();
    assert_eq!(output(host, &[]), []);
}

#[test]
fn a_vst3_note_on_without_velocity_ends_the_note() {
    for velocity in [0.0, -0.0, -1.0, f32::NEG_INFINITY] {
        let mut host = vst3_host();
        let latency = activate_live(&mut host, false);
        let inputs = [BlockInput::RawNote(10, note(true, 0.5)), BlockInput::RawNote(200, note(true, velocity))];
        let output = output(&mut host, &inputs);
        assert_eq!(statuses(&output), [(latency + 10, 0x90, 60), (latency + 200, 0x80, 60)], "{velocity}");
        assert_nothing_sounds(&mut host);
    }
}

#[test]
fn in_clap_a_midi_note_on_of_velocity_0_ends_the_note_but_a_clap_note_on_of_velocity_0_starts_one() {
    let mut host = clap_host();
    let latency = activate_live(&mut host, false);
    let ended = output(&mut host, &[BlockInput::RawMidi(10, [0x90, 60, 80]), BlockInput::RawMidi(200, [0x90, 60, 0])]);
    assert_eq!(statuses(&ended), [(latency + 10, 0x90, 60), (latency + 200, 0x80, 60)]);
    assert_nothing_sounds(&mut host);
    // "A NOTE_ON with a velocity of 0 is valid and should not be interpreted as a NOTE_OFF" (CLAP's events.h).
    let silent =
        output(&mut host, &[BlockInput::RawNote(10, note(true, 0.0)), BlockInput::RawNote(200, note(false, 0.0))]);
    assert_eq!(statuses(&silent), [(latency + 10, 0x90, 60), (latency + 200, 0x80, 60)]);
    assert_nothing_sounds(&mut host);
}

/// The hosts panic where a velocity outside 0 to 1 leaves the plugin.
fn assert_notes_with_invalid_velocities_leave_with_valid_ones(mut host: impl Host) {
    for bypass in [false, true] {
        let latency = activate_live(&mut host, bypass);
        for velocity in [f32::NAN, 1.5, 300.0, f32::INFINITY, f32::MIN_POSITIVE] {
            let inputs =
                [BlockInput::RawNote(10, note(true, velocity)), BlockInput::RawNote(200, note(false, velocity))];
            let output = output(&mut host, &inputs);
            assert_eq!(statuses(&output), [(latency + 10, 0x90, 60), (latency + 200, 0x80, 60)], "{velocity}");
        }
        assert_nothing_sounds(&mut host);
        host.deactivate();
    }
}

#[test]
fn notes_with_invalid_velocities_leave_with_valid_ones_in_clap() {
    assert_notes_with_invalid_velocities_leave_with_valid_ones(clap_host());
}

#[test]
fn notes_with_invalid_velocities_leave_with_valid_ones_in_vst3() {
    assert_notes_with_invalid_velocities_leave_with_valid_ones(vst3_host());
}

/// Invalid channels and keys.
const INVALID_NOTES: [(i16, i16); 8] =
    [(0, 128), (0, 200), (0, i16::MAX), (16, 60), (99, 60), (-2, 60), (0, -2), (i16::MIN, i16::MIN)];

fn assert_notes_with_invalid_channels_or_keys_are_dropped(host: &mut impl Host) {
    let latency = activate_live(host, false);
    let held = [BlockInput::RawNote(0, note(true, 0.5))];
    assert_eq!(statuses(&output(host, &held)), [(latency, 0x90, 60)]);
    for (channel, key) in INVALID_NOTES {
        let invalid = |on| RawNote { on, channel, key, velocity: 0.5 };
        let inputs = [BlockInput::RawNote(5, invalid(true)), BlockInput::RawNote(9, invalid(false))];
        assert_eq!(output(host, &inputs), [], "channel {channel} key {key}");
    }
    assert_eq!(statuses(&output(host, &[BlockInput::RawNote(3, note(false, 0.5))])), [(latency + 3, 0x80, 60)]);
    assert_nothing_sounds(host);
}

#[test]
fn vst3_notes_with_invalid_channels_or_keys_are_dropped() {
    assert_notes_with_invalid_channels_or_keys_are_dropped(&mut vst3_host());
}

#[test]
fn clap_notes_with_invalid_channels_or_keys_are_dropped_and_do_not_act_as_wildcards() {
    let mut host = clap_host();
    assert_notes_with_invalid_channels_or_keys_are_dropped(&mut host);
    assert_eq!(host.wildcard_note_offs(), 0);
    // A real wildcard ends all notes and starts none.
    let all = |on| RawNote { on, channel: -1, key: -1, velocity: 0.5 };
    assert_eq!(output(&mut host, &[BlockInput::RawNote(5, all(true)), BlockInput::RawNote(9, all(false))]), []);
    assert_eq!(host.wildcard_note_offs(), 1);
}

#[test]
fn a_clap_choke_ends_the_note() {
    let mut host = clap_host();
    let latency = activate_live(&mut host, false);
    let choked = output(&mut host, &[BlockInput::RawNote(10, note(true, 0.5)), BlockInput::Choke(200, 0, 60)]);
    assert_eq!(statuses(&choked), [(latency + 10, 0x90, 60), (latency + 200, 0x80, 60)]);
    assert_nothing_sounds(&mut host);
}

#[test]
fn invalid_midi_bytes_are_dropped_and_system_messages_pass() {
    let mut host = clap_host();
    let latency = activate_live(&mut host, false);
    for bytes in [[0x90, 200, 80], [0x90, 60, 200], [0xB0, 64, 255], [0x80, 255, 0], [0xC0, 128, 0]] {
        assert_eq!(output(&mut host, &[BlockInput::RawMidi(5, bytes)]), [], "{bytes:?}");
    }
    for bytes in [[0xC0, 7, 0], [0xF8, 0, 0], [0xF2, 3, 4]] {
        let passed = [(latency + 5, MidiMessage::Channel(bytes))];
        assert_eq!(output(&mut host, &[BlockInput::RawMidi(5, bytes)]), passed, "{bytes:?}");
    }
    assert_nothing_sounds(&mut host);
}
