//! The quantised grid of the piano-roll, and the notes on it.

use std::ops::RangeInclusive;

use crate::midi::TempoMap;
use crate::note::{Note, is_restylable, piano_key};

/// A grid step of a part recorded without a click, in seconds: a sixteenth at 120 beats a minute.
pub const FREE_STEP_SECONDS: f64 = 0.125;

/// Lengths of a sixteenth that may serve as a grid step, in seconds.
///
/// Outside this range the file's beats are not the ones a listener would count.
pub const SIXTEENTH_SECONDS: RangeInclusive<f64> = 0.08..=0.26;

/// Largest mean distance of onsets from the grid, in steps. Onsets unrelated to the grid have a mean of 0.25.
const ON_THE_GRID: f64 = 0.19;

/// Tolerance at the midpoint of two steps, in steps. Without it, a rounding error in the host's position would decide
/// the step, and a bounce would depend on its block size.
const TIE: f64 = 1e-4;

/// The length of a grid step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Grid {
    /// A length in seconds, for parts played without a click.
    Seconds(f64),
    /// A sixteenth note of the file or of the host's timeline.
    Sixteenths,
}

impl Grid {
    /// The grid of a part: the file's sixteenths if its notes follow them, else steps of [`FREE_STEP_SECONDS`].
    ///
    /// A file recorded without a click has a default tempo too, but its onsets are unrelated to it. The sixteenth must
    /// also lie within [`SIXTEENTH_SECONDS`].
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

    /// The position of an onset or release, in steps.
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

/// The farthest step from the start of the song. Sums and differences of a few steps cannot overflow.
const FARTHEST: i64 = 1 << 60;

/// The step nearest to a position in steps; a midpoint rounds up. The result is limited to ±2^60.
pub fn quantise(position: f64) -> i64 {
    ((position + 0.5 + TIE).floor() as i64).clamp(-FARTHEST, FARTHEST)
}

/// A note on the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GridNote {
    /// Step of its onset.
    pub onset: i64,
    /// First step at which it no longer sounds; at least one step after the onset.
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

/// A note for tests.
#[cfg(test)]
pub(crate) fn note(onset: i64, release: i64, key: usize, velocity: u8) -> GridNote {
    GridNote { onset, release, key, velocity }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_onset_rounds_to_the_nearest_step_and_a_midpoint_rounds_up() {
        assert_eq!(quantise(2.49), 2);
        assert_eq!(quantise(2.5), 3);
        assert_eq!(quantise(2.5 - 1e-9), 3);
        assert_eq!(quantise(-0.6), -1);
        for far in [f64::MAX, f64::INFINITY, f64::MIN] {
            assert_eq!(quantise(far).abs(), FARTHEST, "{far}");
        }
    }

    #[test]
    fn a_note_lasts_at_least_one_step() {
        let note = GridNote::new(4.0, 4.1, 0, 60, 64).unwrap();
        assert_eq!((note.onset, note.release, note.key), (4, 5, 39));
    }

    #[test]
    fn drums_and_keys_outside_the_piano_are_left_out() {
        assert_eq!(GridNote::new(0.0, 1.0, 9, 60, 64), None);
        assert_eq!(GridNote::new(0.0, 1.0, 0, 20, 64), None);
        assert_eq!(GridNote::new(0.0, 1.0, 0, 109, 64), None);
    }
}
