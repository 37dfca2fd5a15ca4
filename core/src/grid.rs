//! The quantised grid of the piano-roll, and which notes stand where on it.

use std::ops::RangeInclusive;

use crate::midi::TempoMap;
use crate::note::{Note, is_restylable, piano_key};

/// A grid step where a part was played without a click: a sixteenth at 120 beats a minute, in seconds.
pub const FREE_STEP_SECONDS: f64 = 0.125;

/// A sixteenth within these lengths, in seconds, may serve as a grid step; beyond them the file's beats are not
/// what a listener would count.
pub const SIXTEENTH_SECONDS: RangeInclusive<f64> = 0.08..=0.26;

/// Onsets that stand anywhere are a quarter of a step astray on average; those of a part played to a beat, less.
const ON_THE_GRID: f64 = 0.19;

/// Onsets that stand exactly between two steps must not fall to one or the other by a rounding error of the
/// host's beat position, or a bounce would depend on its block size.
const TIE: f64 = 1e-4;

/// What one step of the grid is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Grid {
    /// A length in seconds, for parts played without a click.
    Seconds(f64),
    /// A sixteenth note of the score or the host's time line.
    Sixteenths,
}

impl Grid {
    /// The grid that a part of a file stands on: the file's sixteenths where its notes keep to them and a listener
    /// would count them, else the free one.
    ///
    /// A performance recorded without a click has a tempo too, by default; its onsets then stand anywhere.
    pub fn from_notes(notes: &[Note], tempo: &TempoMap) -> Self {
        let Some(middle) = notes.get(notes.len() / 2) else { return Self::Sixteenths };
        let sixteenth = 15.0 / tempo.beats_per_minute_at(middle.onset);
        let astray: f64 = notes.iter().map(|n| (n.onset_sixteenths - n.onset_sixteenths.round()).abs()).sum();
        if SIXTEENTH_SECONDS.contains(&sixteenth) && astray / (notes.len() as f64) < ON_THE_GRID {
            Self::Sixteenths
        } else {
            Self::Seconds(FREE_STEP_SECONDS)
        }
    }

    /// Where an onset or release lies, in steps.
    pub fn position(self, seconds: f64, sixteenths: f64) -> f64 {
        match self {
            Self::Seconds(step) => seconds / step,
            Self::Sixteenths => sixteenths,
        }
    }

    /// A note on this grid, or `None` for one that the models do not restyle.
    pub fn place(self, note: &Note) -> Option<GridNote> {
        GridNote::new(
            self.position(note.onset, note.onset_sixteenths),
            self.position(note.release, note.release_sixteenths),
            note.channel,
            note.key,
            note.velocity,
        )
    }
}

/// The farthest step from the start of the song, so that sums and differences of some steps are steps too.
const FARTHEST: i64 = 1 << 60;

/// The step nearest to a position in steps; halfway goes up. Beyond 2^60 steps it is the last one there is.
pub fn quantise(position: f64) -> i64 {
    ((position + 0.5 + TIE).floor() as i64).clamp(-FARTHEST, FARTHEST)
}

/// A note on the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GridNote {
    /// Step of its onset.
    pub onset: i64,
    /// First step at which it no longer sounds; at least one after the onset.
    pub release: i64,
    /// Column of the piano-roll, 0–87.
    pub key: usize,
    /// MIDI velocity, 1–127.
    pub velocity: u8,
}

impl GridNote {
    /// A note from positions in steps, or `None` for one that the models do not restyle.
    pub fn new(onset: f64, release: f64, channel: u8, key: u8, velocity: u8) -> Option<Self> {
        if !is_restylable(channel, key) {
            return None;
        }
        let onset = quantise(onset);
        Some(Self { onset, release: quantise(release).max(onset + 1), key: piano_key(key)?, velocity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_onset_goes_to_the_nearest_step_and_halfway_up() {
        assert_eq!(quantise(2.49), 2);
        assert_eq!(quantise(2.5), 3);
        assert_eq!(quantise(2.5 - 1e-9), 3);
        assert_eq!(quantise(-0.6), -1);
        for far in [f64::MAX, f64::INFINITY, f64::MIN] {
            assert_eq!(quantise(far).abs(), FARTHEST, "{far}");
        }
    }

    #[test]
    fn a_grace_note_still_lasts_one_step() {
        let note = GridNote::new(4.0, 4.1, 0, 60, 64).unwrap();
        assert_eq!((note.onset, note.release, note.key), (4, 5, 39));
    }

    #[test]
    fn drums_and_keys_beyond_the_piano_have_no_place() {
        assert_eq!(GridNote::new(0.0, 1.0, 9, 60, 64), None);
        assert_eq!(GridNote::new(0.0, 1.0, 0, 20, 64), None);
        assert_eq!(GridNote::new(0.0, 1.0, 0, 109, 64), None);
    }
}
