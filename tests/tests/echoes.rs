//! No note that goes into the plugin comes out beside its restyled one, in any mode and on any channel.
//!
//! A wrapper around the plugin may echo what a host sends: clap-wrapper, which makes the Audio Unit, did. The same check finds
//! such an echo in a host that makes one on purpose.

mod common;

use common::*;
use tonenet_core::midi::{MidiMessage, Song};
use tonenet_core::style::StyleIndex;
use tonenet_hosts::audio::AudioBuses;
use tonenet_hosts::host::{ActivationConfig, Block, BlockInput, BlockOutput, ParameterId};
use tonenet_hosts::{Host, HostError, Session, check};

/// Every mode with its value of the parameter Look-ahead, and how much of its notes is restyled at least in a first and in a
/// second pass, in percent. 0 ms knows of a note only what was played before, and Timeline nothing in its first pass.
const MODES: [(&str, f64, [usize; 2]); 7] = [
    ("1/2 beat", 0.0, [50, 50]),
    ("1 beat", 1.0, [50, 50]),
    ("2 beats", 2.0, [50, 50]),
    ("4 beats", 3.0, [50, 50]),
    ("Live", look_ahead::LIVE, [50, 50]),
    ("0 ms", look_ahead::ZERO_LATENCY, [25, 25]),
    ("Timeline", look_ahead::TIMELINE, [0, 50]),
];

/// The channels that notes are played on.
const CHANNELS: [u8; 4] = [0, 1, 9, 15];

/// The drum channel, whose notes are never restyled.
const DRUMS: u8 = 9;

/// Notes of the song.
const NOTES: u8 = 48;

/// Eighth notes at 120 beats a minute, on all channels in turn. Each sounds while the next one begins, each has another
/// velocity, and no two messages are at one time.
fn song() -> Song {
    let mut track = Vec::new();
    let mut messages: Vec<(u8, [u8; 3])> = Vec::new();
    for note in 0..NOTES {
        let channel = CHANNELS[usize::from(note) % CHANNELS.len()];
        let key = 48 + note % 24;
        messages.push((48, [0x90 | channel, key, 40 + note]));
        if note > 0 {
            let before = note - 1;
            let channel = CHANNELS[usize::from(before) % CHANNELS.len()];
            messages.push((12, [0x80 | channel, 48 + before % 24, 0]));
        }
    }
    let last = CHANNELS[usize::from(NOTES - 1) % CHANNELS.len()];
    messages.push((60, [0x80 | last, 48 + (NOTES - 1) % 24, 0]));
    for (distance, bytes) in messages {
        track.push(distance);
        track.extend(bytes);
    }
    song_of_track(&track)
}

/// Plays the song and says what is wrong: a message that came out twice or not at all, too early or too late.
fn play(host: &mut impl Host, song: &Song, look_ahead: f64, bypass: bool) -> Result<Vec<u8>, String> {
    let session = Session::from_song(song, RATE)
        .with_parameter("Style", style_value(StyleIndex::JAZZ))
        .with_parameter("Look-ahead", look_ahead)
        .with_parameter("Bypass", f64::from(u8::from(bypass)));
    let output = host.play(&session, |_, _| {}).map_err(|error| error.to_string())?;
    let count = |status: u8, messages: &mut dyn Iterator<Item = &MidiMessage>| {
        messages.filter(|m| matches!(m, MidiMessage::Channel([s, ..]) if s & 0xF0 == status)).count()
    };
    for (status, what) in [(0x90, "note-ons"), (0x80, "note-offs")] {
        let sent = count(status, &mut session.messages.iter().map(|m| &m.message));
        let received = count(status, &mut output.outputs.iter().map(|m| &m.message));
        if sent != received {
            return Err(format!("{sent} {what} went in and {received} came out"));
        }
    }
    check::velocities(&session, &output).map_err(|difference| difference.to_string())
}

fn assert_no_echo(mut host: impl Host) {
    let song = song();
    let own = own_velocities(&song);
    let restylable = song.notes().iter().filter(|note| note.note.channel != DRUMS).count();
    for (mode, look_ahead, least) in MODES {
        for (pass, least) in least.into_iter().enumerate() {
            let velocities =
                play(&mut host, &song, look_ahead, false).unwrap_or_else(|e| panic!("{mode}, {pass}: {e}"));
            let restyled = velocities.iter().zip(&own).filter(|(new, own)| new != own).count();
            assert!(
                100 * restyled >= least * restylable,
                "{mode}, {pass}: only {restyled} of {restylable} notes are restyled"
            );
        }
        let bypassed = play(&mut host, &song, look_ahead, true).unwrap_or_else(|e| panic!("{mode}, bypassed: {e}"));
        assert_eq!(bypassed, own, "{mode}, bypassed");
    }
}

#[test]
fn no_note_comes_out_beside_its_restyled_one_in_clap() {
    assert_no_echo(clap_host());
}

#[test]
fn no_note_comes_out_beside_its_restyled_one_in_vst3() {
    assert_no_echo(vst3_host());
}

/// Bypass that is switched on and off while notes wait and sound.
fn assert_no_echo_around_bypass(mut host: impl Host) {
    let song = song();
    let mut session = Session::from_song(&song, RATE).with_parameter("Style", style_value(StyleIndex::JAZZ));
    for (index, time) in (0..).zip((20_000..200_000).step_by(17_000)) {
        session = session.with_automation(time, "Bypass", f64::from(1 - index % 2));
    }
    let output = host.play(&session, |_, _| {}).unwrap();
    check::velocities(&session, &output).unwrap();
}

#[test]
fn bypass_that_is_switched_while_notes_sound_echoes_none_in_clap() {
    assert_no_echo_around_bypass(clap_host());
}

#[test]
fn bypass_that_is_switched_while_notes_sound_echoes_none_in_vst3() {
    assert_no_echo_around_bypass(vst3_host());
}

/// A host whose wrapper sends incoming notes to its MIDI output, as clap-wrapper 0.14 does for Audio Units.
struct EchoingHost<H>(H);

impl<H: Host> Host for EchoingHost<H> {
    fn set_audio_buses(&mut self, audio: AudioBuses) {
        self.0.set_audio_buses(audio);
    }

    fn activate(&mut self, config: &ActivationConfig) -> Result<u32, HostError> {
        self.0.activate(config)
    }

    fn deactivate(&mut self) {
        self.0.deactivate();
    }

    fn reset(&mut self) {
        self.0.reset();
    }

    fn take_restart_request(&mut self) -> bool {
        self.0.take_restart_request()
    }

    fn parameter_id(&mut self, name: &str) -> Result<ParameterId, HostError> {
        self.0.parameter_id(name)
    }

    fn supports(&self, message: &MidiMessage) -> bool {
        self.0.supports(message)
    }

    fn process(&mut self, block: &Block, on_output: &mut dyn FnMut(BlockOutput)) -> Result<(), HostError> {
        for input in block.inputs {
            if let &BlockInput::Message(offset, message) | &BlockInput::Note(offset, message, _) = input
                && matches!(message, MidiMessage::Channel([0x80..=0x9F, ..]))
            {
                on_output(BlockOutput { offset, message: message.clone(), id: None });
            }
        }
        self.0.process(block, on_output)
    }

    fn save_state(&mut self) -> Result<Vec<u8>, HostError> {
        self.0.save_state()
    }

    fn load_state(&mut self, state: &[u8]) -> Result<(), HostError> {
        self.0.load_state(state)
    }

    fn json_of_state<'a>(&self, state: &'a [u8]) -> &'a [u8] {
        self.0.json_of_state(state)
    }

    fn state_from_json(&self, json: Vec<u8>) -> Vec<u8> {
        self.0.state_from_json(json)
    }
}

fn assert_an_echo_is_found(host: impl Host) {
    let mut host = EchoingHost(host);
    for (mode, look_ahead, _) in MODES {
        for bypass in [false, true] {
            let found = play(&mut host, &song(), look_ahead, bypass).expect_err(mode);
            assert_eq!(found, format!("{NOTES} note-ons went in and {} came out", 2 * NOTES), "{mode}");
        }
    }
}

#[test]
fn an_echo_is_found_in_every_mode_in_clap() {
    assert_an_echo_is_found(clap_host());
}

#[test]
fn an_echo_is_found_in_every_mode_in_vst3() {
    assert_an_echo_is_found(vst3_host());
}
