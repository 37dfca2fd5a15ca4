//! How timing and lengths wander along the phrase in a Take.
//!
//! Take 0 plays the feel as it is predicted. Any other Take adds a slow deviation to the shift and the length of each chord
//! ([`Feel::in_take`]). It has the standard deviation and the memory that were measured on performances of the style
//! ([`Drift`]). It depends on the seed and on where the chord begins in the song, as the noise of velocities does
//! ([`TakeSeed::deviation`]). So it is the same at every block size, look-ahead and pass of a loop.

use serde::{Deserialize, Serialize};

use super::{ChordPlace, Feel};
use crate::style::{FeelNoise, TakeSeed};
use crate::timeline::Place;

/// The shortest and the longest drift that a deviation is made of, as powers of 2 of beats.
const OCTAVES: std::ops::RangeInclusive<i32> = -1..=8;

/// Correlation of a Take's noise along the phrase with all that it does to velocities, both smoothed over some beats.
const PHRASE_IN_DYNAMICS: f64 = 0.95;

/// What performances do along the phrase beyond the predictions: slow deviations, as measured on training files.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Wander {
    /// Of the shift, in beats; none for a style without shift.
    pub shift: Option<Drift>,
    /// Of the natural logarithm of lengths.
    pub stretch: Drift,
}

/// A slow deviation along the phrase. It resembles a random walk that is drawn back to 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Standard deviation of the slow part, in the unit of what it adds to, 0–1.
    pub sigma: f32,
    /// After so many beats the correlation with itself has fallen to 1/e, 0.1–256. Without beats, one counts as half a
    /// second.
    pub beats: f32,
    /// Correlation with the slow part of what velocities do beyond their predictions, −1 to 1: above 0, louder is later or
    /// longer.
    pub with_dynamics: f32,
}

impl Wander {
    /// Whether all figures are in range.
    pub fn is_in_range(&self) -> bool {
        let is_in_range = |drift: &Drift| {
            (0.0..=1.0).contains(&drift.sigma)
                && (0.1..=256.0).contains(&drift.beats)
                && (-1.0..=1.0).contains(&drift.with_dynamics)
        };
        self.shift.iter().chain([&self.stretch]).all(is_in_range)
    }
}

impl Feel {
    /// This feel of a note as a Take plays it. [`TakeSeed`] 0 changes nothing. Where there are no beats, nothing shifts.
    ///
    /// Each style's feel goes through this before styles are mixed. So a mix of styles wanders as far as the mix of their
    /// figures.
    #[must_use]
    pub fn in_take(self, wander: &Wander, take: TakeSeed, place: ChordPlace) -> Self {
        let Some(beats) = Place::new(place.beats).map(Place::beats).filter(|_| take != TakeSeed(0)) else {
            return self;
        };
        let shift =
            wander.shift.filter(|_| place.has_beats).map_or(0.0, |d| d.deviation(take, FeelNoise::Shift, beats));
        let stretch = wander.stretch.deviation(take, FeelNoise::Stretch, beats);
        Self { shift: self.shift + shift, stretch: self.stretch + stretch, ..self }
    }
}

impl Drift {
    /// How far a take is from the prediction, at so many beats of the song.
    fn deviation(&self, take: TakeSeed, feel: FeelNoise, beats: f64) -> f32 {
        let (mut sum, mut squares) = (0.0, 0.0);
        for octave in OCTAVES {
            let weight = weight(f64::from(octave).exp2() / f64::from(self.beats));
            sum += weight * take.feel_noise(feel, octave, beats);
            squares += weight * weight;
        }
        let own = sum / squares.sqrt();
        let shared = (f64::from(self.with_dynamics) / PHRASE_IN_DYNAMICS).clamp(-1.0, 1.0);
        let noise = shared * take.phrase(beats) + (1.0 - shared * shared).sqrt() * own;
        (f64::from(self.sigma) * noise) as f32
    }
}

/// The weight of the drift of a length, given as a multiple of the memory.
///
/// The exponents are fitted: with memories of 1 to 32 beats the sum's correlation with itself is within 0.04 of an exponential
/// fall.
fn weight(length: f64) -> f64 {
    let length = 1.1 * length;
    length.powf(0.65) * (-length / 2.0).exp()
}

#[cfg(test)]
mod tests;
