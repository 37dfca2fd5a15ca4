//! The feel of a user's style: how it differs from that of the built-in style that comes nearest.

use serde::{Deserialize, Serialize};
use tonenet_core::note_rows::PLACES;
use tonenet_core::style::StyleIndex;

use super::{MOST_SHIFT, MOST_STRETCH};

/// The largest share of the nearest style's shifts, and factor on its offsets within chords.
pub const LARGEST_FACTOR: f32 = 4.0;

/// The most that is added to the log odds of the pedal.
pub const MOST_LOG_ODDS: f32 = 8.0;

/// How a user's style differs from the feel of its nearest built-in style. By default it does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnFeel {
    /// The share of the nearest style's shifts that it has, 0 to [`LARGEST_FACTOR`].
    pub shift_share: f32,
    /// Added to shifts at each [place](tonenet_core::note_rows::FeelRow::place) within the beat, in beats.
    pub shifts: [f32; PLACES],
    /// A factor on the offsets within chords, 0 to [`LARGEST_FACTOR`].
    pub chord_spread: f32,
    /// Added to the natural logarithm of lengths.
    pub stretch: f32,
    /// Added to the log odds that the pedal is down. It is lifted where the nearest style lifts it.
    pub pedal_down: f32,
}

impl OwnFeel {
    /// The feel of the nearest style.
    pub const NEAREST: Self =
        Self { shift_share: 1.0, shifts: [0.0; PLACES], chord_spread: 1.0, stretch: 0.0, pedal_down: 0.0 };

    /// Whether it is the feel of the nearest style.
    pub fn is_nearest(&self) -> bool {
        *self == Self::NEAREST
    }

    /// Its numbers, in the order of the fields.
    pub fn numbers(&self) -> impl Iterator<Item = f32> + '_ {
        let Self { shift_share, shifts, chord_spread, stretch, pedal_down } = self;
        [shift_share].into_iter().chain(shifts).chain([chord_spread, stretch, pedal_down]).copied()
    }

    /// The same with each number within its range.
    #[must_use]
    pub fn clamped(self) -> Self {
        Self {
            shift_share: self.shift_share.clamp(0.0, LARGEST_FACTOR),
            shifts: self.shifts.map(|shift| shift.clamp(-MOST_SHIFT, MOST_SHIFT)),
            chord_spread: self.chord_spread.clamp(0.0, LARGEST_FACTOR),
            stretch: self.stretch.clamp(-MOST_STRETCH, MOST_STRETCH),
            pedal_down: self.pedal_down.clamp(-MOST_LOG_ODDS, MOST_LOG_ODDS),
        }
    }

    /// The first number that is out of its range.
    pub fn out_of_range(&self) -> Option<f32> {
        let factors = [self.shift_share, self.chord_spread];
        let beyond = |numbers: &[f32], least: f32, most: f32| {
            numbers.iter().copied().find(|number| !(least..=most).contains(number))
        };
        beyond(&factors, 0.0, LARGEST_FACTOR)
            .or_else(|| beyond(&self.shifts, -MOST_SHIFT, MOST_SHIFT))
            .or_else(|| beyond(&[self.stretch], -MOST_STRETCH, MOST_STRETCH))
            .or_else(|| beyond(&[self.pedal_down], -MOST_LOG_ODDS, MOST_LOG_ODDS))
    }
}

impl Default for OwnFeel {
    fn default() -> Self {
        Self::NEAREST
    }
}

/// The feel that a style plays with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlayedFeel<'a> {
    /// The style itself, or the nearest one of a user's style.
    pub built_in: StyleIndex,
    /// How it differs from that.
    pub own: &'a OwnFeel,
}

impl From<StyleIndex> for PlayedFeel<'_> {
    fn from(built_in: StyleIndex) -> Self {
        Self { built_in, own: &OwnFeel::NEAREST }
    }
}
