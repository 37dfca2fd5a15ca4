//! Ridge regression that is shrunk towards the nearest built-in style, as far as left-out performances ask for it.

use nalgebra::{Cholesky, DMatrix, DVector};
use rayon::prelude::*;
use tonenet_inference::cancellation::Cancellation;

use crate::error::LearnError;
use crate::layout::Layout;
use crate::sums::Sums;

/// How strongly the weights of encodings are shrunk, in units of the encodings' mean variance.
const SHRINKAGES: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 100.0, 300.0];

/// How much less the weights of built-in means are shrunk, in units of each mean's own variance: mixing the built-in
/// styles needs few notes.
const BUILT_IN_SHRINKAGE: f64 = 0.003;

/// The most times that performances are left out.
const MOST_FOLDS: usize = 5;

/// A performance of n notes counts as n to this power, so that long ones do not rule.
const COUNT_POWER: f64 = 0.5;

/// How many standard errors a gain must be above 0.
const CAUTION: f64 = 2.0;

/// The standard deviation of gains to expect before any is known, for a style that has nothing in common with the
/// nearest built-in one.
const EXPECTED_DEVIATION: f64 = 0.1;

/// How many performances the expectation counts for.
const EXPECTATION_COUNT: f64 = 2.0;

/// A solved regression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fit {
    /// One weight for each column; that of the player's velocity is 0.
    pub weights: Vec<f64>,
    /// Index of the nearest built-in style.
    pub nearest: usize,
    pub evidence: Evidence,
    pub spreads: Spreads,
}

/// Mean r within a performance, over performances that were left out while the style was learned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Of the learned style.
    pub r: f64,
    /// Of the nearest built-in style.
    pub nearest_r: f64,
    /// Whether the gain is reliable. Without that, the style plays as the nearest built-in style does.
    pub is_reliable: bool,
}

/// Standard deviations within a performance, in velocity steps, averaged over left-out performances.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Spreads {
    pub human: f64,
    pub predicted: f64,
    pub residual: f64,
}

/// How some weights predict a performance.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Score {
    r: f64,
    spreads: Spreads,
    /// The share of the predictions' variance that the nearest built-in style does not explain.
    distance: f64,
}

/// What a regression is solved from.
pub(crate) struct Regression<'a> {
    layout: &'a Layout,
    performances: &'a [Sums],
    nearest: usize,
    /// Whether encodings have no weight, so that built-in styles are mixed and nothing else.
    mixes_only: bool,
}

impl<'a> Regression<'a> {
    /// A regression over some performances.
    pub fn new(layout: &'a Layout, performances: &'a [Sums], mixes_only: bool) -> Self {
        let mut regression = Self { layout, performances, nearest: 0, mixes_only };
        let mean_r = |built_in: usize| mean(&regression.built_in_scores(built_in), |score| score.r);
        // Of equally near ones, the first.
        let nearest = (0..layout.built_ins.len()).rev().max_by(|&a, &b| mean_r(a).total_cmp(&mean_r(b)));
        regression.nearest = nearest.unwrap_or(0);
        regression
    }

    /// Solves it with the shrinkage that predicts left-out performances best, among those that vouch for a gain.
    ///
    /// A single performance vouches for nothing, because no other can be left out.
    ///
    /// # Errors
    /// When the sums are not finite, or on cancellation.
    pub fn solve(&self, cancellation: &Cancellation) -> Result<Fit, LearnError> {
        let nearest = self.built_in_scores(self.nearest);
        let left_out = self.left_out_scores(cancellation)?;
        let reliable = left_out.iter().enumerate().filter(|(_, scores)| lowest_gain(scores, &nearest) > 0.0);
        let best = reliable.max_by(|(_, a), (_, b)| mean(a, |score| score.r).total_cmp(&mean(b, |score| score.r)));
        let (weights, scores) = match best {
            Some((index, scores)) => (self.weights(&self.pooled(|_| true), SHRINKAGES[index])?, scores),
            None => (self.layout.only(self.layout.built_in(self.nearest)), &nearest),
        };
        let evidence =
            Evidence { r: mean(scores, |s| s.r), nearest_r: mean(&nearest, |s| s.r), is_reliable: best.is_some() };
        let spreads = Spreads {
            human: mean(scores, |s| s.spreads.human),
            predicted: mean(scores, |s| s.spreads.predicted),
            residual: mean(scores, |s| s.spreads.residual),
        };
        Ok(Fit { weights, nearest: self.nearest, evidence, spreads })
    }

    /// For each shrinkage, the score of each performance with weights that were learned without it; none for a single
    /// performance.
    fn left_out_scores(&self, cancellation: &Cancellation) -> Result<Vec<Vec<Score>>, LearnError> {
        let folds = self.performances.len().min(MOST_FOLDS);
        if folds < 2 {
            return Ok(Vec::new());
        }
        let fold = |fold: usize| {
            let pooled = self.pooled(|index| index % folds != fold);
            let scores = SHRINKAGES.iter().map(|&shrinkage| {
                cancellation.check()?;
                let weights = self.weights(&pooled, shrinkage)?;
                let left_out = self.performances.iter().skip(fold).step_by(folds);
                Ok(left_out.map(|sums| self.score(sums, &weights)).collect::<Vec<_>>())
            });
            scores.collect::<Result<Vec<_>, LearnError>>()
        };
        let by_fold: Vec<Vec<Vec<Score>>> = (0..folds).into_par_iter().map(fold).collect::<Result<_, _>>()?;
        let in_order = |shrinkage: usize| {
            (0..self.performances.len()).map(|index| by_fold[index % folds][shrinkage][index / folds]).collect()
        };
        Ok((0..SHRINKAGES.len()).map(in_order).collect())
    }

    /// The score of each performance with a built-in style by itself.
    fn built_in_scores(&self, built_in: usize) -> Vec<Score> {
        let weights = self.layout.only(self.layout.built_in(built_in));
        self.performances.iter().map(|sums| self.score(sums, &weights)).collect()
    }

    /// The products of the performances that `is_in` chooses by their index.
    ///
    /// Each is measured in its own variance, so that one with compressed dynamics counts as much as others.
    fn pooled(&self, is_in: impl Fn(usize) -> bool) -> DMatrix<f64> {
        let columns = self.layout.columns();
        let mut pooled = DMatrix::zeros(columns, columns);
        let chosen = || self.performances.iter().enumerate().filter(|(index, _)| is_in(*index)).map(|(_, sums)| sums);
        let target = self.layout.only(self.layout.target());
        for sums in chosen() {
            let variance = sums.product(&target, &target) / sums.count;
            if variance > 0.0 {
                sums.add_to(&mut pooled, sums.count.powf(COUNT_POWER - 1.0) / variance);
            }
        }
        pooled
    }

    /// The weights that explain the pooled velocities best at a shrinkage.
    fn weights(&self, pooled: &DMatrix<f64>, shrinkage: f64) -> Result<Vec<f64>, LearnError> {
        let (encodings, target) = (self.layout.encodings(), self.layout.target());
        let nearest = self.layout.built_in(self.nearest);
        let variance = (0..encodings).map(|column| pooled[(column, column)]).sum::<f64>() / encodings as f64;
        let mut left = pooled.view((0, 0), (target, target)).into_owned();
        for column in 0..target {
            left[(column, column)] += match column < encodings {
                true => shrinkage * variance,
                false => shrinkage * BUILT_IN_SHRINKAGE * pooled[(column, column)],
            };
        }
        // Deviations of the velocities from the nearest style's means; the weights are deviations from that style's.
        let of_nearest = |column: usize| pooled[(column.max(nearest), column.min(nearest))];
        let mut right = DVector::from_fn(target, |column, _| pooled[(target, column)] - of_nearest(column));
        if self.mixes_only {
            for column in 0..encodings {
                (0..target).for_each(|row| left[(row.max(column), row.min(column))] = 0.0);
                left[(column, column)] = 1.0;
                right[column] = 0.0;
            }
        }
        let solved = Cholesky::new(left).ok_or(LearnError::NoSolution)?.solve(&right);
        let mut weights: Vec<f64> = solved.iter().copied().chain([0.0]).collect();
        weights[nearest] += 1.0;
        if weights.iter().all(|weight| weight.is_finite()) { Ok(weights) } else { Err(LearnError::NoSolution) }
    }

    /// How some weights predict a performance.
    fn score(&self, sums: &Sums, weights: &[f64]) -> Score {
        let target = self.layout.only(self.layout.target());
        let nearest = self.layout.only(self.layout.built_in(self.nearest));
        let (human, predicted) = (sums.product(&target, &target), sums.product(weights, weights));
        let both = sums.product(&target, weights);
        let with_nearest = sums.product(&nearest, weights);
        let correlation = |product: f64, a: f64, b: f64| match a > 0.0 && b > 0.0 {
            true => (product / (a * b).sqrt()).clamp(-1.0, 1.0),
            false => 0.0,
        };
        let alike = correlation(with_nearest, predicted, sums.product(&nearest, &nearest));
        let deviation = |squares: f64| (squares.max(0.0) / sums.count).sqrt();
        Score {
            r: correlation(both, human, predicted),
            spreads: Spreads {
                human: deviation(human),
                predicted: deviation(predicted),
                residual: deviation(human - 2.0 * both + predicted),
            },
            distance: (1.0 - alike * alike).clamp(0.0, 1.0),
        }
    }
}

/// The gain in r over the nearest built-in style that left-out performances vouch for.
///
/// It is the mean gain minus [`CAUTION`] standard errors. A few performances may agree by chance, so their variance is
/// averaged with an expected one, which grows with the distance from the built-in style.
fn lowest_gain(scores: &[Score], nearest: &[Score]) -> f64 {
    let gains: Vec<f64> = scores.iter().zip(nearest).map(|(score, nearest)| score.r - nearest.r).collect();
    let gain = mean(&gains, |gain| *gain);
    let squares = gains.iter().map(|of_one| (of_one - gain).powi(2)).sum::<f64>();
    let expected = EXPECTED_DEVIATION.powi(2) * mean(scores, |score| score.distance);
    let count = gains.len() as f64;
    let variance = (squares + EXPECTATION_COUNT * expected) / (count - 1.0 + EXPECTATION_COUNT);
    gain - CAUTION * (variance / count).sqrt()
}

/// The mean of a number of each value.
fn mean<T>(values: &[T], of: impl Fn(&T) -> f64) -> f64 {
    values.iter().map(of).sum::<f64>() / values.len().max(1) as f64
}
