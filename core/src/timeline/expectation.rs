//! A fallback prediction for notes without one: the recent predictions of neighbouring keys.

use crate::dynamics::Expected;
use crate::note::{PIANO_KEYS, piano_key};

/// Factor on the weight of all earlier notes when a note is added.
const DECAY: f32 = 0.97;
/// Standard deviation of the Gaussian over neighbouring keys, in semitones; it is cut off at three times this.
const NEIGHBOURS: f32 = 3.0;
/// Weight of a deviation of 0, so that few or distant neighbours have little effect.
const PRIOR: f32 = 0.5;

/// A running mean of the predictions for each key.
///
/// It follows pitch and phrase dynamics, which is most of what is known when a note begins. It uses earlier notes only.
#[derive(Debug, Clone)]
pub struct KeyExpectation {
    sums: [f32; PIANO_KEYS],
    weights: [f32; PIANO_KEYS],
    level: Option<f32>,
}

impl Default for KeyExpectation {
    fn default() -> Self {
        Self { sums: [0.0; PIANO_KEYS], weights: [0.0; PIANO_KEYS], level: None }
    }
}

impl KeyExpectation {
    /// Adds the prediction for a key, 21–108; other keys are ignored.
    pub fn learn(&mut self, key: u8, expected: Expected) {
        let Some(key) = piano_key(key) else { return };
        for number in self.sums.iter_mut().chain(&mut self.weights) {
            *number *= DECAY;
        }
        self.sums[key] += expected.deviation;
        self.weights[key] += 1.0;
        self.level = Some(expected.level);
    }

    /// The prediction for a key; `None` outside the piano and before anything was learned.
    pub fn get(&self, key: u8) -> Option<Expected> {
        let (key, level) = (piano_key(key)?, self.level?);
        let reach = (3.0 * NEIGHBOURS) as usize;
        let (mut sum, mut weight) = (0.0, PRIOR);
        for other in key.saturating_sub(reach)..(key + reach + 1).min(PIANO_KEYS) {
            let distance = key.abs_diff(other) as f32 / NEIGHBOURS;
            let nearness = (-0.5 * distance * distance).exp();
            sum += nearness * self.sums[other];
            weight += nearness * self.weights[other];
        }
        Some(Expected { level, deviation: sum / weight })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(notes: &[(u8, f32)]) -> KeyExpectation {
        let mut expectation = KeyExpectation::default();
        for &(key, deviation) in notes {
            expectation.learn(key, Expected { level: 60.0, deviation });
        }
        expectation
    }

    #[test]
    fn there_is_no_prediction_before_anything_was_learned() {
        assert_eq!(KeyExpectation::default().get(60), None);
        assert_eq!(learned(&[(60, 5.0)]).get(12), None, "outside the piano");
    }

    #[test]
    fn a_melody_above_its_accompaniment_is_predicted_louder() {
        let notes: Vec<_> = (0..40).map(|i| if i % 4 == 0 { (76, 12.0) } else { (50 + i % 3, -6.0) }).collect();
        let expectation = learned(&notes);
        let of = |key| expectation.get(key).expect("something").deviation;
        assert!(of(77) > 8.0 && of(51) < -5.0, "{} {}", of(77), of(51));
        assert!(of(100).abs() < 0.5, "close to 0 for a distant key: {}", of(100));
    }

    #[test]
    fn old_predictions_lose_their_weight() {
        let mut notes = vec![(60, 20.0); 30];
        notes.extend(vec![(60, -10.0); 120]);
        assert!(learned(&notes).get(60).expect("something").deviation < -8.0);
    }
}
