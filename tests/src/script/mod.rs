//! Sessions written as text: every step of a user, a player and a DAW, played through either format's host.
//!
//! [`parse`] reads the text, [`runner`] plays it through a [`crate::Host`], and [`transcript`] records and compares what
//! leaves. `tests/sessions/README.md` documents the language.
#![forbid(unsafe_code)]

pub mod parse;
pub mod runner;
pub mod transcript;

use tonenet_core::midi::{MidiMessage, Song};

use crate::audio::AudioBuses;
use crate::host::{ActivationConfig, ReportedPosition};

/// A session as text describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// The events on the track, in the order of their positions.
    pub track: Vec<TrackEvent>,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// An event on the track.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackEvent {
    /// Position in the song, in quarter notes.
    pub beats: f64,
    /// The note or message.
    pub content: TrackContent,
}

/// A note or message on the track.
#[derive(Debug, Clone, PartialEq)]
pub enum TrackContent {
    /// A note.
    Note {
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key.
        key: u8,
        /// 1–127.
        velocity: u8,
        /// Length in quarter notes.
        length: f64,
    },
    /// Any other message.
    Message(MidiMessage),
}

/// A step of the session.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The step's line in the script.
    pub text: String,
    /// What the step does.
    pub action: Action,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Activates the plugin.
    Activate(ActivationConfig),
    /// Deactivates the plugin.
    Deactivate,
    /// Grants the restart that the plugin must have asked for.
    Restart,
    /// Resets the plugin.
    Reset,
    /// Sets the block sizes, which are used in turn.
    Blocks {
        /// Sizes in samples.
        sizes: Vec<u32>,
        /// Whether sizes may exceed the longest announced block.
        unannounced: bool,
    },
    /// Sets whether blocks end at a loop's end or a tempo change. Hosts differ in this.
    SplitBlocks(bool),
    /// Sets how the reported position relates to the true one.
    ReportPosition(ReportedPosition),
    /// Sets a reported tempo other than the song's, or `None` for the song's.
    ReportTempo(Option<f64>),
    /// Sets the audio buses.
    Audio(AudioBuses),
    /// Sets a parameter.
    Set {
        /// The parameter's name.
        name: String,
        /// The new value, as in [`crate::Session::parameters`].
        value: f64,
    },
    /// Changes the song's tempo from here on.
    Tempo(f64),
    /// Changes the tempo linearly while the song plays.
    Ramp {
        /// The final tempo in quarter notes per minute.
        to: f64,
        /// The length in quarter notes.
        beats: f64,
    },
    /// Changes the time signature from here on.
    Signature(u16, u16),
    /// Sets the loop's start and end in quarter notes, or turns looping off.
    Loop(Option<(f64, f64)>),
    /// Moves to a position in quarter notes.
    Seek(f64),
    /// Starts the transport.
    Play,
    /// Stops the transport.
    Stop,
    /// Turns recording on or off.
    Record(bool),
    /// Sets whether the host reports its transport at all.
    ReportTransport(bool),
    /// Sets whether the host sends note-offs for the track's notes where it stops or jumps.
    SendNoteOffs(bool),
    /// Lets time pass.
    Run(Length),
    /// Lets time pass while the host wrongly reports a stopped transport.
    Flicker(Length),
    /// Presses a key.
    Press {
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key.
        key: u8,
        /// 1–127.
        velocity: u8,
    },
    /// Releases a key.
    Release {
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key.
        key: u8,
    },
    /// Sends a message that is not a note.
    Send(MidiMessage),
    /// Saves the project under a name.
    Save(String),
    /// Loads the project with this name.
    Load(String),
    /// Removes the plugin and loads a new instance.
    Replace,
}

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// Quarter notes at the current tempo.
    Beats(f64),
    /// Seconds.
    Seconds(f64),
    /// Samples.
    Samples(u64),
}

impl Script {
    /// Adds a song's events from one position up to another, in quarter notes, to the track.
    pub fn add_song(&mut self, song: &Song, from: f64, to: f64) {
        let beats_at = |tick: u64| tick as f64 / f64::from(song.tempo().ticks_per_beat());
        let notes = song.notes().iter().map(|note| {
            let beats = beats_at(note.onset_tick);
            let length = beats_at(note.release_tick) - beats;
            let note = note.note;
            let content = TrackContent::Note { channel: note.channel, key: note.key, velocity: note.velocity, length };
            TrackEvent { beats, content }
        });
        let is_note = |message: &MidiMessage| matches!(message, MidiMessage::Channel([0x80..=0x9F, ..]));
        let others = song.messages().iter().filter(|m| !is_note(&m.message)).map(|m| {
            let content = TrackContent::Message(m.message.clone());
            TrackEvent { beats: song.tempo().beats_at(m.time), content }
        });
        self.track.extend(notes.chain(others).filter(|event| (from..to).contains(&event.beats)));
        self.track.sort_by(|a, b| a.beats.total_cmp(&b.beats));
    }
}
