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

/// The names of the keys of an octave.
const KEY_NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];

/// A key as pianists call it, with middle C as C4.
pub fn key_name(key: u8) -> String {
    format!("{}{}", KEY_NAMES[usize::from(key % 12)], i32::from(key / 12) - 1)
}

/// The key with a name, 0–127: a letter, sharps (`#`) or flats (`b`), and an octave, as in `C4`, `f#3` or `Bb-1`.
pub fn key_from_name(name: &str) -> Option<u8> {
    let mut letters = name.trim().chars();
    let natural = match letters.next()?.to_ascii_uppercase() {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let octave = letters.as_str().trim_start_matches(['#', 'b']);
    let accidentals = &letters.as_str()[..letters.as_str().len() - octave.len()];
    let raised = accidentals.chars().map(|sign| if sign == '#' { 1 } else { -1 }).sum::<i32>();
    let octave: i32 = octave.parse().ok().filter(|octave| (-1..=9).contains(octave))?;
    u8::try_from((octave + 1) * 12 + natural + raised).ok().filter(|&key| key < 128)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_their_names() {
        assert_eq!([0, 21, 60, 108, 127].map(key_name), ["C-1", "A0", "C4", "C8", "G9"]);
        assert!((0..128).all(|key| key_from_name(&key_name(key)) == Some(key)));
        assert_eq!(["f#3", " Bb3 ", "Cb4", "B##3"].map(key_from_name), [54, 58, 59, 61].map(Some));
        assert_eq!(["", "H4", "C", "C#", "C10", "G#9", "Cb-1", "C4x"].map(key_from_name), [None; 8]);
    }
}
