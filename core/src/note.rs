//! A note of a performance, and the rule for which notes the models restyle.

use serde::{Deserialize, Serialize};

/// The lowest key of the piano, A0.
pub const LOWEST_KEY: u8 = 21;
/// The highest key of the piano, C8.
pub const HIGHEST_KEY: u8 = 108;
/// Keys of the piano; the width of a piano-roll frame.
pub const PIANO_KEYS: usize = 88;
/// The channel General MIDI keeps for drums, counted from 0.
pub const DRUM_CHANNEL: u8 = 9;

/// One note of a performance, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// When the key goes down, in seconds from the start of the piece.
    pub onset: f64,
    /// When the key comes up, in seconds; never before `onset`.
    pub release: f64,
    /// Position of the onset in sixteenths from the start: 4.0 is one quarter note.
    pub onset_sixteenths: f64,
    /// Position of the release, in the same unit.
    pub release_sixteenths: f64,
    /// MIDI channel, 0–15.
    pub channel: u8,
    /// MIDI key, 0–127; 60 is middle C.
    pub key: u8,
    /// MIDI velocity, 1–127.
    pub velocity: u8,
}

impl Note {
    /// Whether the models give this note a velocity (see [`is_restylable`]).
    pub fn is_restylable(&self) -> bool {
        is_restylable(self.channel, self.key)
    }
}

/// Whether the models give such a note a velocity: the key is on the piano and the channel is not the drum channel.
///
/// `channel` is counted from 0. All other notes pass through unchanged.
pub fn is_restylable(channel: u8, key: u8) -> bool {
    channel != DRUM_CHANNEL && piano_key(key).is_some()
}

/// The column of a key in a piano-roll frame, 0 for A0 to 87 for C8; `None` outside the piano.
pub fn piano_key(key: u8) -> Option<usize> {
    (LOWEST_KEY..=HIGHEST_KEY).contains(&key).then(|| usize::from(key - LOWEST_KEY))
}

/// `value` rounded to a MIDI velocity, 1–127; not-a-number gives 1.
///
/// 0 is excluded because a note-on of velocity 0 is a note-off (MIDI 1.0 specification).
pub fn midi_velocity(value: f32) -> u8 {
    if value.is_nan() {
        return 1;
    }
    value.round().clamp(1.0, 127.0) as u8
}
