//! The gain of a style on one part: the factor that gives its predictions the spread of a performance.
//!
//! The mean of many possible performances is flatter than any one of them. By the law of total variance, the variance of
//! a performance is the variance of the predicted means plus the mean of the predicted variances around them. Both are
//! known from the predictions alone. Where a model is less sure, as on a part that was entered and not played, its means
//! are flatter, its spreads wider, and the gain is larger.

use super::QuantisedExpectation;
use super::mixing::{Prediction, StyleSpread};

/// The largest gain. A larger one would amplify the model's errors more than what it has learnt.
const WIDEST_GAIN: f32 = 3.0;

/// Notes that the style's usual spreads count for, next to those of a part. A few notes alone have no meaningful spread.
const PRIOR: f32 = 48.0;

/// Notes that the running spread of a live pass reaches back at most.
const REACH: f32 = 1024.0;

/// How a style's predictions spread on a part that is known as a whole.
///
/// The sums are whole numbers, in 64ths of a velocity step. They are the same in any order of the notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartSpread {
    notes: u64,
    means: i64,
    /// Of the means.
    squares: u64,
    /// Squares of the spreads.
    variances: u64,
}

impl PartSpread {
    /// Adds the prediction of a note. An unknown one is ignored.
    pub fn add(&mut self, prediction: QuantisedExpectation) {
        if prediction.is_known() {
            let (mean, spread) = prediction.to_64ths();
            self.notes += 1;
            self.means += i64::from(mean);
            self.squares += u64::from(mean.unsigned_abs()).pow(2);
            self.variances += u64::from(spread.unsigned_abs()).pow(2);
        }
    }

    /// The gain of a style with these usual spreads, 1–3.
    pub fn gain(&self, usual: StyleSpread) -> f32 {
        let notes = self.notes.max(1) as f64;
        let mean = self.means as f64 / notes;
        let unit = f64::from(QuantisedExpectation::FRACTION).powi(2);
        let of_means = (self.squares as f64 / notes - mean * mean).max(0.0) / unit;
        let around = self.variances as f64 / notes / unit;
        Variances { notes: self.notes as f32, of_means: of_means as f32, around: around as f32 }.gain(usual)
    }
}

impl FromIterator<QuantisedExpectation> for PartSpread {
    fn from_iter<I: IntoIterator<Item = QuantisedExpectation>>(predictions: I) -> Self {
        let mut spread = Self::default();
        predictions.into_iter().for_each(|prediction| spread.add(prediction));
        spread
    }
}

/// How a style's predictions have spread so far in a live pass.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunningSpread(Variances);

impl RunningSpread {
    /// Adds a prediction; `centre` is the style's centre before it. Read the note's gain first: a note must not be part
    /// of its own gain.
    pub fn add(&mut self, prediction: Prediction, centre: f32) {
        let Variances { notes, of_means, around } = &mut self.0;
        *notes = (*notes + 1.0).min(REACH);
        *of_means += ((prediction.deviation - centre).powi(2) - *of_means) / *notes;
        *around += (prediction.spread.powi(2) - *around) / *notes;
    }

    /// The gain of a style with these usual spreads, 1–3.
    pub fn gain(&self, usual: StyleSpread) -> f32 {
        self.0.gain(usual)
    }
}

/// The two parts of a performance's variance, in squared velocity steps, and the notes that they come from.
#[derive(Debug, Clone, Copy, Default)]
struct Variances {
    notes: f32,
    of_means: f32,
    around: f32,
}

impl Variances {
    fn gain(self, usual: StyleSpread) -> f32 {
        let usual_of_means = usual.predicted.powi(2);
        let usual_around = (usual.human.powi(2) - usual_of_means).max(0.0);
        let of_means = self.notes * self.of_means + PRIOR * usual_of_means;
        let around = self.notes * self.around + PRIOR * usual_around;
        if of_means > 0.0 { ((of_means + around) / of_means).sqrt().clamp(1.0, WIDEST_GAIN) } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const USUAL: StyleSpread = StyleSpread { human: 15.0, predicted: 10.0 };

    /// Predictions that alternate around 0.
    fn part(notes: usize, deviation: f32, spread: f32) -> PartSpread {
        (0..notes).map(|n| QuantisedExpectation::new(if n % 2 == 0 { deviation } else { -deviation }, spread)).collect()
    }

    #[test]
    fn without_notes_the_gain_is_the_styles_usual_one() {
        assert_eq!(PartSpread::default().gain(USUAL), 1.5);
        assert_eq!(RunningSpread::default().gain(USUAL), 1.5);
        assert_eq!(PartSpread::default().gain(StyleSpread { human: 15.0, predicted: 0.0 }), 1.0);
    }

    #[test]
    fn a_long_part_gets_the_spread_of_a_performance() {
        // 6² + 8² = 10²
        let gain = part(100_000, 6.0, 8.0).gain(USUAL);
        assert!((6.0 * gain - 10.0).abs() < 0.01, "{gain}");
        let mut running = RunningSpread::default();
        for note in 0..100_000 {
            running.add(Prediction { deviation: if note % 2 == 0 { 6.0 } else { -6.0 }, spread: 8.0 }, 0.0);
        }
        assert!((6.0 * running.gain(USUAL) - 10.0).abs() < 0.3);
    }

    #[test]
    fn unsure_predictions_are_stretched_more_but_at_most_three_times() {
        assert!(part(1000, 4.0, 9.0).gain(USUAL) > part(1000, 8.0, 9.0).gain(USUAL));
        assert_eq!(part(100_000, 1.0, 9.0).gain(USUAL), 3.0);
    }

    #[test]
    fn an_unknown_prediction_is_ignored() {
        let mut spread = part(10, 6.0, 8.0);
        let before = spread;
        spread.add(QuantisedExpectation::UNKNOWN);
        assert_eq!(spread, before);
    }

    proptest! {
        #[test]
        fn the_order_of_the_notes_does_not_matter(
            mut notes in prop::collection::vec((-60.0f32..60.0, 0.0f32..30.0), 0..50)
        ) {
            let gain = |notes: &[(f32, f32)]| {
                notes.iter().map(|&(m, s)| QuantisedExpectation::new(m, s)).collect::<PartSpread>().gain(USUAL)
            };
            let before = gain(&notes);
            notes.reverse();
            prop_assert_eq!(gain(&notes), before);
        }
    }
}
