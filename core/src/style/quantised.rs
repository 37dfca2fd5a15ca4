//! A predicted mean and spread in the precision in which projects keep them.

use serde::{Deserialize, Serialize};

use super::mixing::Prediction;

/// A predicted mean and spread in 64ths of a velocity step.
///
/// Projects save these numbers, so a saved project plays exactly what was heard before it was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(Rust, packed)]
pub struct QuantisedExpectation {
    mean: i16,
    spread: i16,
}

impl QuantisedExpectation {
    /// Parts of a velocity step.
    pub(super) const FRACTION: f32 = 64.0;

    /// Stands for a style without a prediction, next to others that have one.
    pub const UNKNOWN: Self = Self { mean: i16::MIN, spread: 0 };

    /// The nearest to a mean and a spread in velocity steps.
    pub fn new(mean: f32, spread: f32) -> Self {
        let rounded = |steps: f32| (steps * Self::FRACTION).round() as i16;
        Self { mean: rounded(mean).max(-i16::MAX), spread: rounded(spread.max(0.0)) }
    }

    /// Whether there is a prediction.
    pub fn is_known(self) -> bool {
        self != Self::UNKNOWN
    }

    /// The prediction in velocity steps, if there is one.
    pub fn prediction(self) -> Option<Prediction> {
        let (mean, spread) = self.to_64ths();
        let steps = |number: i16| f32::from(number) / Self::FRACTION;
        self.is_known().then(|| Prediction { deviation: steps(mean), spread: steps(spread.max(0)) })
    }

    pub(crate) fn from_64ths((mean, spread): (i16, i16)) -> Self {
        Self { mean, spread }
    }

    pub(crate) fn to_64ths(self) -> (i16, i16) {
        (self.mean, self.spread)
    }
}

impl From<Prediction> for QuantisedExpectation {
    fn from(prediction: Prediction) -> Self {
        Self::new(prediction.deviation, prediction.spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_out_of_range_and_no_numbers_are_predictions_too() {
        for mean in [f32::NEG_INFINITY, -1e9, 1e9, f32::NAN] {
            let kept = QuantisedExpectation::new(mean, -1.0).prediction().expect("not UNKNOWN");
            assert!(kept.deviation.abs() <= 512.0 && kept.spread == 0.0, "{mean}: {kept:?}");
        }
        assert_eq!(QuantisedExpectation::UNKNOWN.prediction(), None);
    }

    proptest! {
        #[test]
        fn a_prediction_moves_by_half_a_64th_at_most(deviation in -500.0f32..500.0, spread in 0.0f32..100.0) {
            let kept = QuantisedExpectation::from(Prediction { deviation, spread }).prediction().expect("a prediction");
            prop_assert!((kept.deviation - deviation).abs() <= 0.5 / 64.0 + 1e-4);
            prop_assert!((kept.spread - spread).abs() <= 0.5 / 64.0 + 1e-4);
        }
    }
}
