//! What is expected of a key of which nothing better is known: what was expected of its neighbours lately.

use crate::dynamics::Expected;
use crate::note::{PIANO_KEYS, piano_key};

/// What a note's word still counts when the next one comes.
const FADING: f32 = 0.97;
/// Width of a neighbourhood, in semitones: its shape is a Gaussian's, cut off at three of them.
const NEIGHBOURS: f32 = 3.0;
/// Notes that speak for the level itself, so that few and distant neighbours say little.
const PRIOR: f32 = 0.5;

/// A running mean of what was expected of each key.
///
/// It follows the contour of pitch and the swell of a phrase, which is most of what can be said of a note at the moment
/// it is struck; nothing of what follows is in it.
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
    /// Takes in what was expected of a key, 21–108; others are left alone.
    pub fn learn(&mut self, key: u8, expected: Expected) {
        let Some(key) = piano_key(key) else { return };
        for number in self.sums.iter_mut().chain(&mut self.weights) {
            *number *= FADING;
        }
        self.sums[key] += expected.deviation;
        self.weights[key] += 1.0;
        self.level = Some(expected.level);
    }

    /// What to expect of a key; `None` beyond the piano, and before anything was learned.
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
    fn of_nothing_nothing_is_expected() {
        assert_eq!(KeyExpectation::default().get(60), None);
        assert_eq!(learned(&[(60, 5.0)]).get(12), None, "beyond the piano");
    }

    #[test]
    fn a_melody_above_its_accompaniment_is_expected_louder() {
        let notes: Vec<_> = (0..40).map(|i| if i % 4 == 0 { (76, 12.0) } else { (50 + i % 3, -6.0) }).collect();
        let expectation = learned(&notes);
        let of = |key| expectation.get(key).expect("something").deviation;
        assert!(of(77) > 8.0 && of(51) < -5.0, "{} {}", of(77), of(51));
        assert!(of(100).abs() < 0.5, "of a distant key next to nothing: {}", of(100));
    }

    #[test]
    fn what_was_long_ago_fades() {
        let mut notes = vec![(60, 20.0); 30];
        notes.extend(vec![(60, -10.0); 120]);
        assert!(learned(&notes).get(60).expect("something").deviation < -8.0);
    }
}
