//! Sessions written down: all that a user, a player and a DAW do with the plugin, step by step, in a text that both
//! formats' hosts play.
//!
//! [`parse`] reads the text, [`runner`] plays it through a [`crate::Host`], [`transcript`] is what leaves, as it is
//! kept in a file and compared. `tests/sessions/README.md` tells the language.

pub mod parse;
pub mod runner;

pub mod transcript;

use tonenet_core::midi::{MidiMessage, Song};

use crate::audio::AudioBuses;
use crate::host::Setup;

/// A session written down.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// What lies on the track, by its place in the song.
    pub track: Vec<TrackEvent>,
    /// What is done.
    pub steps: Vec<Step>,
}

/// Something on the track.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackEvent {
    /// Its place in the song, in quarter notes.
    pub beats: f64,
    /// What it is.
    pub what: OnTrack,
}

/// What lies on a track.
#[derive(Debug, Clone, PartialEq)]
pub enum OnTrack {
    /// A note of so many quarter notes.
    Note {
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key.
        key: u8,
        /// 1–127.
        velocity: u8,
        /// Quarter notes.
        length: f64,
    },
    /// Any other message.
    Message(MidiMessage),
}

/// Something that is done, in the words of the script.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The line that says it.
    pub words: String,
    /// What it says.
    pub action: Action,
}

/// What is done in a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// The host activates the plugin.
    Activate(Setup),
    /// The host deactivates it.
    Deactivate,
    /// The host grants the restart that the plugin must have asked for.
    Restart,
    /// The host resets it.
    Reset,
    /// From now on blocks have these sizes in turn.
    Blocks {
        /// Samples each.
        sizes: Vec<u32>,
        /// Whether they may be longer than the longest that was announced.
        unannounced: bool,
    },
    /// Whether blocks end where a loop or a tempo does, from now on; hosts need not.
    Cuts(bool),
    /// The host tells another position than the song's from now on.
    TellPosition(ToldPosition),
    /// The host tells this tempo from now on, whatever the song's is.
    TellTempo(Option<f64>),
    /// What of audio the plugin is lent from now on.
    Audio(AudioBuses),
    /// A parameter is set.
    Set {
        /// Its name.
        name: String,
        /// Its value, as in [`crate::Session::parameters`].
        value: f64,
    },
    /// The song has another tempo from here on.
    Tempo(f64),
    /// The tempo changes evenly to another one while the song plays for so many quarter notes.
    Ramp {
        /// Where it ends, in quarter notes a minute.
        to: f64,
        /// For how long.
        beats: f64,
    },
    /// The song has another time signature from here on.
    Signature(u16, u16),
    /// The host loops from a place to another, or no longer.
    Loop(Option<(f64, f64)>),
    /// The host goes to a place in the song.
    Seek(f64),
    /// The transport starts.
    Play,
    /// The transport stops.
    Stop,
    /// The host records from now on, or no longer.
    Record(bool),
    /// The host tells of its transport from now on, or no longer.
    TellTransport(bool),
    /// Whether the host ends what sounds where it stops or jumps.
    SendOffs(bool),
    /// Time goes by.
    Run(Length),
    /// Time goes by, the song goes on, and the host says all the same that it does not play.
    Flicker(Length),
    /// A key goes down.
    Press {
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key.
        key: u8,
        /// 1–127.
        velocity: u8,
    },
    /// A key comes up.
    Release {
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key.
        key: u8,
    },
    /// A message that is no note comes in.
    Send(MidiMessage),
    /// The project is saved under a name.
    Save(String),
    /// The project saved under a name is loaded.
    Load(String),
    /// The plugin is removed, and a new instance is there instead.
    Replace,
}

/// What a host tells of where the song is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ToldPosition {
    /// Where it is.
    Right,
    /// Where it is in seconds, and nothing in quarter notes.
    Seconds,
    /// Always this, in quarter notes; it may be no number.
    Always(f64),
    /// Quarter notes that go by at so many times the tempo.
    Times(f64),
}

/// How much time goes by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// Quarter notes at the tempo at hand.
    Beats(f64),
    /// Seconds.
    Seconds(f64),
    /// Samples.
    Samples(u64),
}

impl Script {
    /// Lays the part of a song on the track that begins from a quarter note on and before another.
    pub fn lay(&mut self, song: &Song, from: f64, to: f64) {
        let beats_at = |tick: u64| tick as f64 / f64::from(song.tempo().ticks_per_beat());
        let notes = song.notes().iter().map(|placed| {
            let beats = beats_at(placed.onset_tick);
            let length = beats_at(placed.release_tick) - beats;
            let note = placed.note;
            let what = OnTrack::Note { channel: note.channel, key: note.key, velocity: note.velocity, length };
            TrackEvent { beats, what }
        });
        let is_of_note = |message: &MidiMessage| matches!(message, MidiMessage::Channel([0x80..=0x9F, ..]));
        let others = song.messages().iter().filter(|m| !is_of_note(&m.message)).map(|m| {
            let what = OnTrack::Message(m.message.clone());
            TrackEvent { beats: song.tempo().beats_at(m.time), what }
        });
        self.track.extend(notes.chain(others).filter(|event| (from..to).contains(&event.beats)));
        self.track.sort_by(|a, b| a.beats.total_cmp(&b.beats));
    }
}
