//! Feel: where a style places a note, how long it holds it, and what its pedal does.
//!
//! A model predicts the [`Feel`] of each note next to its velocity. The user's [`FeelControls`] turn it into a
//! [`Displacement`], by which the [`scheduler`](crate::scheduler) moves the note. With all controls at 0 nothing moves.
//!
//! ```
//! use tonenet_core::feel::{Displacement, Feel, FeelControls, WrittenPlace};
//!
//! // An off-beat eighth at 120 beats a minute, which the style plays a sixth of a beat late and half as long.
//! let feel = Feel { shift: 1.0 / 6.0, stretch: 0.5_f32.ln(), ..Feel::default() };
//! let place = WrittenPlace { beat_phase: Some(0.5), beat_samples: 24_000.0, sample_rate: 48_000.0 };
//!
//! let all = FeelControls { timing: 1.0, articulation: 1.0, ..FeelControls::OFF };
//! assert_eq!(all.displacement(&feel, &place), Displacement { shift: 4_000, in_chord: 0, stretch: 0.5 });
//! assert_eq!(FeelControls::OFF.displacement(&feel, &place), Displacement::NONE);
//! ```

mod chords;
mod controls;
pub mod pedal;
mod quantised;
mod wander;

pub use chords::{ChordPlace, ChordTracker};
pub use controls::{FeelControls, PedalMode, Swing, WrittenPlace};
pub use quantised::QuantisedFeel;
pub use wander::{Drift, Wander};

/// What a style does with a note besides its velocity.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Feel {
    /// How much later than written the note's chord begins, in beats; negative is earlier. 0 where there are no beats.
    pub shift: f32,
    /// How much later than its chord the note begins, in seconds; negative where it leads.
    pub chord_offset: f32,
    /// The natural logarithm of its length as a share of the written length.
    pub stretch: f32,
    /// How likely the sustain pedal is down soon after its chord begins, 0–1.
    pub pedal_down: f32,
    /// How likely the pedal is lifted at its chord, and so lets go what sounded before, 0–1.
    pub pedal_lift: f32,
}

impl Feel {
    /// The feel between this and another, by the share of the other, 0–1.
    #[must_use]
    pub fn mix(self, other: Self, share: f32) -> Self {
        let between = |a: f32, b: f32| a + share * (b - a);
        Self {
            shift: between(self.shift, other.shift),
            chord_offset: between(self.chord_offset, other.chord_offset),
            stretch: between(self.stretch, other.stretch),
            pedal_down: between(self.pedal_down, other.pedal_down),
            pedal_lift: between(self.pedal_lift, other.pedal_lift),
        }
    }

    /// This feel for a part that was played with another: what the other has done already is taken away. The pedal is this
    /// one's.
    #[must_use]
    pub fn beyond(self, played: Self) -> Self {
        Self {
            shift: self.shift - played.shift,
            chord_offset: self.chord_offset - played.chord_offset,
            stretch: self.stretch - played.stretch,
            ..self
        }
    }
}

/// How far a note is moved and stretched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Displacement {
    /// How much later its chord leaves, in samples; negative is earlier. What happens between notes moves with it.
    pub shift: i32,
    /// How much later than its chord the note itself leaves, in samples.
    pub in_chord: i32,
    /// Its length as a factor on the written length.
    pub stretch: f32,
}

impl Displacement {
    /// The note stays where it is.
    pub const NONE: Self = Self { shift: 0, in_chord: 0, stretch: 1.0 };

    /// How much later the note leaves, in samples.
    pub fn onset(&self) -> i64 {
        i64::from(self.shift) + i64::from(self.in_chord)
    }
}

impl Default for Displacement {
    fn default() -> Self {
        Self::NONE
    }
}
