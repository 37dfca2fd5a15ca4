//! What predicts velocities: a model, or one of the references that a model must beat.

use anyhow::Result;
use tonenet_core::genre::Genre;
use tonenet_core::note::{LOWEST_KEY, PIANO_KEYS};
use tonenet_core::note_rows::{AHEAD, PAST, PAST_FEATURES};
use tonenet_inference::model::Prediction;
use tonenet_inference::performance::{LoadedModel, LookAhead, PerformanceView};

use crate::data::performances::Performance;

/// Something that predicts velocities.
pub enum Predictor {
    /// The same for every note.
    Flat,
    /// The mean of the genre's notes of one pitch and place in the chord.
    Lookup(Vec<Lookup>),
    /// A linear regression a genre over the note model's rows.
    Linear(Vec<Linear>),
    /// A trained network.
    Model(LoadedModel),
}

impl Predictor {
    /// What is expected of each note in each of `styles`.
    pub fn predict(
        &self,
        take: &PerformanceView<'_>,
        look_ahead: LookAhead,
        styles: &[Genre],
    ) -> Result<Vec<Vec<Prediction>>> {
        let certain = |deviations: Vec<f32>| -> Vec<Prediction> {
            deviations.into_iter().map(|deviation| Prediction { deviation, spread: 0.0 }).collect()
        };
        Ok(match self {
            Self::Flat => styles.iter().map(|_| certain(vec![0.0; take.notes.len()])).collect(),
            Self::Lookup(tables) => {
                styles.iter().map(|s| certain(tables[s.index()].predict(take, look_ahead))).collect()
            }
            Self::Linear(fits) => styles.iter().map(|s| certain(fits[s.index()].predict(take, look_ahead))).collect(),
            Self::Model(model) => model.predict(take, look_ahead, styles)?,
        })
    }

    /// Whether it can be told the player's own velocities.
    pub fn reads_player_velocities(&self) -> bool {
        matches!(self, Self::Model(model) if model.reads_player_velocities())
    }

    /// Whether it can be asked before a take is over.
    pub fn has_look_ahead(&self) -> bool {
        !matches!(self, Self::Model(LoadedModel::PianoRoll(_)))
    }
}

/// Rows of a take: [`PAST`] and [`AHEAD`] numbers each, with the note they are of.
fn rows(take: &PerformanceView<'_>, look_ahead: LookAhead, mut each: impl FnMut(usize, &[f32])) {
    let (part, order) = take.part();
    let end = part.end_known();
    let mut row = Vec::with_capacity(PAST + AHEAD);
    for (index, &note) in order.iter().enumerate() {
        row.clear();
        let known = match look_ahead {
            LookAhead::WholePerformance => end,
            LookAhead::Seconds(seconds) => take.notes[note].onset + seconds,
        };
        part.past(index, &mut row);
        part.ahead(index, known, &mut row);
        each(note, &row);
    }
}

/// Places in a chord that the lookup tells apart: alone, top, bottom, between.
const PLACES: usize = 4;

/// A mean deviation for each pitch and place in the chord.
pub struct Lookup(Vec<f32>);

impl Lookup {
    /// Learns from performances of one genre.
    pub fn fit(performances: &[&Performance]) -> Self {
        let mut sums = vec![(0.0f64, 0.0f64); PIANO_KEYS * PLACES];
        for performance in performances {
            let mean = mean_velocity(performance);
            rows(&performance.take(), LookAhead::WholePerformance, |note, row| {
                let note = &performance.notes[note];
                let cell = &mut sums[cell(note.key, row)];
                cell.0 += f64::from(note.velocity) - mean;
                cell.1 += 1.0;
            });
        }
        // A prior of a few notes at the mean keeps rare cells from being one performer's accident.
        Self(sums.into_iter().map(|(sum, count)| (sum / (count + 10.0)) as f32).collect())
    }

    fn predict(&self, take: &PerformanceView<'_>, look_ahead: LookAhead) -> Vec<f32> {
        let mut deviations = vec![0.0; take.notes.len()];
        rows(take, look_ahead, |note, row| deviations[note] = self.0[cell(take.notes[note].key, row)]);
        deviations
    }
}

fn cell(key: u8, row: &[f32]) -> usize {
    let (top, bottom) = (row[PAST + 7] > 0.5, row[PAST + 8] > 0.5);
    let place = match (top, bottom) {
        (true, true) => 0,
        (true, false) => 1,
        (false, true) => 2,
        (false, false) => 3,
    };
    usize::from(key - LOWEST_KEY) * PLACES + place
}

/// Columns of the regression: all of a row and a constant.
const COLUMNS: usize = PAST + AHEAD + 1;
/// Every so many notes are learned from; there are far more than unknowns.
const EVERY: usize = 7;
const RIDGE: f64 = 1e-3;

/// Ridge regression by conjugate gradients on the normal equations.
pub struct Linear(Vec<f64>);

impl Linear {
    /// Learns from performances of one genre.
    pub fn fit(performances: &[&Performance]) -> Self {
        let mut matrix = vec![0.0f64; COLUMNS * COLUMNS];
        let mut right = vec![0.0f64; COLUMNS];
        let mut count = 0usize;
        for performance in performances {
            let mean = mean_velocity(performance);
            let mut place = 0;
            rows(&performance.take(), LookAhead::WholePerformance, |note, row| {
                place += 1;
                if place % EVERY != 0 {
                    return;
                }
                let target = f64::from(performance.notes[note].velocity) - mean;
                // Of the one-hot columns all but one are 0.
                let used: Vec<(usize, f64)> = with_constant(row).filter(|(_, value)| *value != 0.0).collect();
                for &(i, a) in &used {
                    right[i] += a * target;
                    for &(j, b) in &used {
                        matrix[i * COLUMNS + j] += a * b;
                    }
                }
                count += 1;
            });
        }
        let count = count.max(1) as f64;
        matrix.iter_mut().chain(&mut right).for_each(|x| *x /= count);
        (0..COLUMNS).for_each(|i| matrix[i * COLUMNS + i] += RIDGE);
        Self(conjugate_gradients(&matrix, &right))
    }

    fn predict(&self, take: &PerformanceView<'_>, look_ahead: LookAhead) -> Vec<f32> {
        let mut deviations = vec![0.0; take.notes.len()];
        rows(take, look_ahead, |note, row| {
            deviations[note] = with_constant(row).map(|(i, x)| self.0[i] * x).sum::<f64>() as f32;
        });
        deviations
    }
}

fn with_constant(row: &[f32]) -> impl Iterator<Item = (usize, f64)> {
    debug_assert!(PAST_FEATURES < PAST && row.len() == COLUMNS - 1);
    row.iter().map(|&x| f64::from(x)).chain(std::iter::once(1.0)).enumerate()
}

/// Solves a symmetric positive definite system (Hestenes and Stiefel 1952).
fn conjugate_gradients(matrix: &[f64], right: &[f64]) -> Vec<f64> {
    let n = right.len();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut solution = vec![0.0; n];
    let mut residual = right.to_vec();
    let mut direction = residual.clone();
    let mut square = dot(&residual, &residual);
    for _ in 0..4 * n {
        if square < 1e-18 {
            break;
        }
        let product: Vec<f64> = matrix.chunks(n).map(|row| dot(row, &direction)).collect();
        let step = square / dot(&direction, &product);
        for i in 0..n {
            solution[i] += step * direction[i];
            residual[i] -= step * product[i];
        }
        let next = dot(&residual, &residual);
        for i in 0..n {
            direction[i] = residual[i] + next / square * direction[i];
        }
        square = next;
    }
    solution
}

fn mean_velocity(performance: &Performance) -> f64 {
    let sum: f64 = performance.notes.iter().map(|n| f64::from(n.velocity)).sum();
    sum / performance.notes.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conjugate_gradients_solve_a_system() {
        let matrix = [4.0, 1.0, 0.0, 1.0, 3.0, 1.0, 0.0, 1.0, 2.0];
        let solution = conjugate_gradients(&matrix, &[1.0, 2.0, 3.0]);
        for (row, right) in matrix.chunks(3).zip([1.0, 2.0, 3.0]) {
            let left: f64 = row.iter().zip(&solution).map(|(a, b)| a * b).sum();
            assert!((left - right).abs() < 1e-9);
        }
    }
}
