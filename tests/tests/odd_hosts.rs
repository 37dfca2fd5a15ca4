//! Hosts that lend audio as they should not, and notes that MIDI has no word for: whatever they do, notes leave one
//! latency later, and each ends.

mod common;

use common::*;
use tonenet_core::genre::Genre;
use tonenet_core::midi::MidiMessage;
use tonenet_hosts::audio::{AudioBus, AudioBuses};
use tonenet_hosts::clap::ClapHost;
use tonenet_hosts::host::{Input, OddNote, Setup};
use tonenet_hosts::vst3::Vst3Host;
use tonenet_hosts::{Host, Session};

fn clap_host() -> ClapHost {
    ClapHost::load(&clap()).unwrap()
}

fn vst3_host() -> Vst3Host {
    Vst3Host::load(&vst3()).unwrap()
}

/// Every pair of what a host may lend.
fn all_audio() -> impl Iterator<Item = AudioBuses> {
    AudioBus::ALL.into_iter().flat_map(|input| AudioBus::ALL.map(|output| AudioBuses { input, output }))
}

/// Two seconds of the piece, with a parameter that moves within a block: the plugin's framework cuts it there.
fn phrase() -> Session {
    let mut session = Session::from_song(&piece(), RATE).with("Style", Genre::Jazz.index() as f64).with("Amount", 1.0);
    session.messages.retain(|m| m.time < 2 * RATE as u64);
    session.with_at(24_100, "Amount", 0.5)
}

fn what_a_host_lends_of_audio_changes_nothing(mut host: impl Host) {
    let session = phrase();
    let expected = host.play(&session, |_, _| {}).unwrap();
    assert!(expected.outputs.len() >= session.messages.len(), "{} messages left", expected.outputs.len());
    for audio in all_audio() {
        host.lend_audio(audio);
        let played = host.play(&session, |_, _| {}).unwrap();
        assert_eq!(played.latency, expected.latency, "{audio:?}");
        assert_eq!(played.outputs, expected.outputs, "{audio:?}");
    }
}

#[test]
fn what_a_clap_host_lends_of_audio_changes_nothing() {
    what_a_host_lends_of_audio_changes_nothing(clap_host());
}

#[test]
fn what_a_vst3_host_lends_of_audio_changes_nothing() {
    what_a_host_lends_of_audio_changes_nothing(vst3_host());
}

/// Active in Live, bypassed or not, at rest; gives the latency.
fn activate_live(host: &mut impl Host, bypass: bool) -> u32 {
    let setup = Setup { sample_rate: RATE, longest_block: 512, offline: true };
    let set = |host: &mut dyn Host, name: &str, value| Input::Parameter(0, host.parameter_id(name).unwrap(), value);
    let parameters = [set(host, "Look-ahead", 4.0), set(host, "Bypass", f64::from(u8::from(bypass)))];
    host.activate(&setup).unwrap();
    host.block(None, 512, &parameters, &mut |_| {}).unwrap();
    host.deactivate();
    host.activate(&setup).unwrap()
}

/// What leaves of a block of 512 samples and the three after it.
fn left(host: &mut impl Host, inputs: &[Input]) -> Vec<(u32, MidiMessage)> {
    let mut left = Vec::new();
    for block in 0..4 {
        let inputs = if block == 0 { inputs } else { &[] };
        host.block(None, 512, inputs, &mut |out| left.push((block * 512 + out.sample, out.message))).unwrap();
    }
    left
}

fn buses_that_come_and_go_while_it_plays_lose_no_note(mut host: impl Host) {
    let latency = activate_live(&mut host, false);
    let (mut came, mut gone) = (Vec::new(), Vec::new());
    for (block, audio) in (0..).zip(all_audio().chain([AudioBuses::default(); 4])) {
        host.lend_audio(audio);
        let key = (block % 40) as u8 + 40;
        let messages = [[0x90, key, 70], [0x80, key, 5]].map(MidiMessage::Channel);
        let inputs = [Input::Message(7, &messages[0]), Input::Message(300, &messages[1])];
        came.extend([(block * 512 + 7, 0x90, key), (block * 512 + 300, 0x80, key)]);
        host.block(None, 512, &inputs, &mut |out| {
            let MidiMessage::Channel([status, key, _]) = out.message else { panic!("{out:?}") };
            gone.push((block * 512 + out.sample - latency, status, key));
        })
        .unwrap();
    }
    assert!(gone.len() + 8 >= came.len(), "{} of {}", gone.len(), came.len());
    assert_eq!(gone, came[..gone.len()]);
}

#[test]
fn buses_that_come_and_go_in_clap_lose_no_note() {
    buses_that_come_and_go_while_it_plays_lose_no_note(clap_host());
}

#[test]
fn buses_that_come_and_go_in_vst3_lose_no_note() {
    buses_that_come_and_go_while_it_plays_lose_no_note(vst3_host());
}

/// Begins a note on C4, or ends it.
fn note(on: bool, velocity: f32) -> OddNote {
    OddNote { on, channel: 0, key: 60, velocity }
}

fn statuses(left: &[(u32, MidiMessage)]) -> Vec<(u32, u8, u8)> {
    let status = |(sample, message): &(u32, MidiMessage)| match message {
        MidiMessage::Channel([status, key, _]) => (*sample, *status, *key),
        MidiMessage::SysEx(_) => panic!("nobody sent SysEx"),
    };
    left.iter().map(status).collect()
}

/// Stopping and starting to process releases what still sounds: nothing does.
fn assert_nothing_sounds(host: &mut impl Host) {
    host.reset();
    assert_eq!(left(host, &[]), []);
}

#[test]
fn in_vst3_a_key_struck_with_no_velocity_comes_up() {
    for velocity in [0.0, -0.0, -1.0, f32::NEG_INFINITY] {
        let mut host = vst3_host();
        let latency = activate_live(&mut host, false);
        let inputs = [Input::Odd(10, note(true, 0.5)), Input::Odd(200, note(true, velocity))];
        let left = left(&mut host, &inputs);
        assert_eq!(statuses(&left), [(latency + 10, 0x90, 60), (latency + 200, 0x80, 60)], "{velocity}");
        assert_nothing_sounds(&mut host);
    }
}

#[test]
fn in_clap_midi_bytes_of_no_velocity_end_a_note_and_a_note_of_no_velocity_is_one() {
    let mut host = clap_host();
    let latency = activate_live(&mut host, false);
    let ended = left(&mut host, &[Input::Bytes(10, [0x90, 60, 80]), Input::Bytes(200, [0x90, 60, 0])]);
    assert_eq!(statuses(&ended), [(latency + 10, 0x90, 60), (latency + 200, 0x80, 60)]);
    assert_nothing_sounds(&mut host);
    // "A NOTE_ON with a velocity of 0 is valid and should not be interpreted as a NOTE_OFF" (CLAP's events.h).
    let silent = left(&mut host, &[Input::Odd(10, note(true, 0.0)), Input::Odd(200, note(false, 0.0))]);
    assert_eq!(statuses(&silent), [(latency + 10, 0x90, 60), (latency + 200, 0x80, 60)]);
    assert_nothing_sounds(&mut host);
}

/// What a note's velocity must never be; the test hosts refuse what is not from 0 to 1.
fn velocities_that_are_none_leave_as_velocities(mut host: impl Host) {
    for bypass in [false, true] {
        let latency = activate_live(&mut host, bypass);
        for velocity in [f32::NAN, 1.5, 300.0, f32::INFINITY, f32::MIN_POSITIVE] {
            let inputs = [Input::Odd(10, note(true, velocity)), Input::Odd(200, note(false, velocity))];
            let left = left(&mut host, &inputs);
            assert_eq!(statuses(&left), [(latency + 10, 0x90, 60), (latency + 200, 0x80, 60)], "{velocity}");
        }
        assert_nothing_sounds(&mut host);
        host.deactivate();
    }
}

#[test]
fn velocities_that_are_none_leave_clap_as_velocities() {
    velocities_that_are_none_leave_as_velocities(clap_host());
}

#[test]
fn velocities_that_are_none_leave_vst3_as_velocities() {
    velocities_that_are_none_leave_as_velocities(vst3_host());
}

/// Channels and keys that there are not.
const NOWHERE: [(i16, i16); 8] =
    [(0, 128), (0, 200), (0, i16::MAX), (16, 60), (99, 60), (-2, 60), (0, -2), (i16::MIN, i16::MIN)];

fn notes_that_are_nowhere_are_no_notes(host: &mut impl Host) {
    let latency = activate_live(host, false);
    let held = [Input::Odd(0, note(true, 0.5))];
    assert_eq!(statuses(&left(host, &held)), [(latency, 0x90, 60)]);
    for (channel, key) in NOWHERE {
        let odd = |on| OddNote { on, channel, key, velocity: 0.5 };
        let inputs = [Input::Odd(5, odd(true)), Input::Odd(9, odd(false))];
        assert_eq!(left(host, &inputs), [], "channel {channel} key {key}");
    }
    assert_eq!(statuses(&left(host, &[Input::Odd(3, note(false, 0.5))])), [(latency + 3, 0x80, 60)]);
    assert_nothing_sounds(host);
}

#[test]
fn in_vst3_notes_that_are_nowhere_are_no_notes() {
    notes_that_are_nowhere_are_no_notes(&mut vst3_host());
}

#[test]
fn in_clap_notes_that_are_nowhere_are_no_notes_and_do_not_end_all() {
    let mut host = clap_host();
    notes_that_are_nowhere_are_no_notes(&mut host);
    assert_eq!(host.offs_for_all(), 0);
    // A wildcard is meant: it ends all, and begins none.
    let all = |on| OddNote { on, channel: -1, key: -1, velocity: 0.5 };
    assert_eq!(left(&mut host, &[Input::Odd(5, all(true)), Input::Odd(9, all(false))]), []);
    assert_eq!(host.offs_for_all(), 1);
}

#[test]
fn in_clap_a_note_that_is_cut_off_ends() {
    let mut host = clap_host();
    let latency = activate_live(&mut host, false);
    let cut = left(&mut host, &[Input::Odd(10, note(true, 0.5)), Input::Choke(200, 0, 60)]);
    assert_eq!(statuses(&cut), [(latency + 10, 0x90, 60), (latency + 200, 0x80, 60)]);
    assert_nothing_sounds(&mut host);
}

#[test]
fn bytes_that_are_no_midi_are_left_out_and_system_messages_pass() {
    let mut host = clap_host();
    let latency = activate_live(&mut host, false);
    for bytes in [[0x90, 200, 80], [0x90, 60, 200], [0xB0, 64, 255], [0x80, 255, 0], [0xC0, 128, 0]] {
        assert_eq!(left(&mut host, &[Input::Bytes(5, bytes)]), [], "{bytes:?}");
    }
    for bytes in [[0xC0, 7, 0], [0xF8, 0, 0], [0xF2, 3, 4]] {
        let passed = [(latency + 5, MidiMessage::Channel(bytes))];
        assert_eq!(left(&mut host, &[Input::Bytes(5, bytes)]), passed, "{bytes:?}");
    }
    assert_nothing_sounds(&mut host);
}
