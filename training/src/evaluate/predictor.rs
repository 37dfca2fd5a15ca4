//! Predictors of velocities: a model, or one of the references that a model must beat.

use std::collections::BTreeMap;

use anyhow::Result;
use tonenet_core::dynamics::Expression;
use tonenet_core::note::{LOWEST_KEY, PIANO_KEYS};
use tonenet_core::note_rows::{AHEAD, PAST, PAST_FEATURES};
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_inference::model::Prediction;
use tonenet_inference::performance::{LoadedModel, LookAhead, Network, PerformanceView, RestyleSettings};

use crate::data::genre::{self, GenreId};
use crate::data::performances::Performance;

/// A model or reference that predicts velocities.
pub enum Predictor {
    /// The same velocity for every note, in each genre.
    Flat(Vec<GenreId>),
    /// The mean of the genre's notes with one pitch and place in the chord.
    Lookup(BTreeMap<GenreId, Lookup>),
    /// A linear regression per genre on the note model's rows.
    Linear(BTreeMap<GenreId, Linear>),
    /// A trained network.
    Model(LoadedModel),
}

impl Predictor {
    /// The styles that it has, in order.
    ///
    /// # Errors
    /// When a style of a model has an id that no genre may have.
    pub fn styles(&self) -> Result<Vec<GenreId>> {
        Ok(match self {
            Self::Flat(genres) => genres.clone(),
            Self::Lookup(tables) => tables.keys().cloned().collect(),
            Self::Linear(fits) => fits.keys().cloned().collect(),
            Self::Model(model) => {
                let own = StyleIndex::all().filter(|style| model.styles().decoder(*style) == Some(*style));
                let ids = own.filter_map(|style| model.styles().keys()[style.index()].as_ref());
                genre::distinct(ids.map(|id| id.as_str().parse()).collect::<Result<Vec<GenreId>, _>>()?)
            }
        })
    }

    /// Predicts each note's mean and spread in each of `styles`.
    pub fn predict(
        &self,
        view: &PerformanceView<'_>,
        look_ahead: LookAhead,
        styles: &[GenreId],
    ) -> Result<Vec<Vec<Prediction>>> {
        let certain = |deviations: Vec<f32>| -> Vec<Prediction> {
            deviations.into_iter().map(|deviation| Prediction { deviation, spread: 0.0 }).collect()
        };
        Ok(match self {
            Self::Flat(_) => styles.iter().map(|_| certain(vec![0.0; view.notes.len()])).collect(),
            Self::Lookup(tables) => {
                styles.iter().map(|style| certain(tables[style].predict(view, look_ahead))).collect()
            }
            Self::Linear(fits) => styles.iter().map(|s| certain(fits[s].predict(view, look_ahead))).collect(),
            Self::Model(model) => {
                let styles = styles.iter().map(|style| model.style_by_id(style.as_str()));
                model.predict(view, look_ahead, &styles.collect::<Result<Vec<_>, _>>()?)?
            }
        })
    }

    /// The velocities that `tonenet restyle` gives a performance in a style; `None` for references.
    pub fn restyled(&self, view: &PerformanceView<'_>, genre: &GenreId) -> Result<Option<Vec<f32>>> {
        let Self::Model(model) = self else { return Ok(None) };
        let settings = RestyleSettings {
            style: StyleBlend::only(model.style_by_id(genre.as_str())?),
            source_style: None,
            take: TakeSeed(0),
            expression: Expression::default(),
            look_ahead: LookAhead::WholePerformance,
        };
        Ok(Some(settings.velocities(model, view)?.into_iter().map(f32::from).collect()))
    }

    /// Whether it can be conditioned on the player's velocities.
    pub fn reads_player_velocities(&self) -> bool {
        matches!(self, Self::Model(model) if model.reads_player_velocities())
    }

    /// Whether it can predict before a performance is over.
    pub fn has_look_ahead(&self) -> bool {
        !matches!(self, Self::Model(model) if matches!(model.network(), Network::PianoRoll(_)))
    }
}

/// Calls `each` with the rows of a performance's notes: [`PAST`] and [`AHEAD`] numbers each.
fn rows(view: &PerformanceView<'_>, look_ahead: LookAhead, mut each: impl FnMut(usize, &[f32])) {
    let (part, order) = view.part();
    let end = part.end_known();
    let mut row = Vec::with_capacity(PAST + AHEAD);
    for (index, &note) in order.iter().enumerate() {
        row.clear();
        let known = match look_ahead {
            LookAhead::WholePerformance => end,
            LookAhead::Seconds(seconds) => view.notes[note].onset + seconds,
        };
        part.past(index, &mut row);
        part.ahead(index, known, &mut row);
        each(note, &row);
    }
}

/// Places in a chord that the lookup distinguishes: alone, top, bottom, between.
const PLACES: usize = 4;

/// A mean deviation for each pitch and place in the chord.
pub struct Lookup(Vec<f32>);

impl Lookup {
    /// Fits the table to performances of one genre.
    pub fn fit(performances: &[&Performance]) -> Self {
        let mut sums = vec![(0.0f64, 0.0f64); PIANO_KEYS * PLACES];
        for performance in performances {
            let mean = mean_velocity(performance);
            rows(&performance.view(), LookAhead::WholePerformance, |note, row| {
                let note = &performance.notes[note];
                let cell = &mut sums[cell(note.key, row)];
                cell.0 += f64::from(note.velocity) - mean;
                cell.1 += 1.0;
            });
        }
        // A prior of ten notes at the mean keeps a rare cell from repeating one performer's accident.
        Self(sums.into_iter().map(|(sum, count)| (sum / (count + 10.0)) as f32).collect())
    }

    fn predict(&self, view: &PerformanceView<'_>, look_ahead: LookAhead) -> Vec<f32> {
        let mut deviations = vec![0.0; view.notes.len()];
        rows(view, look_ahead, |note, row| deviations[note] = self.0[cell(view.notes[note].key, row)]);
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

/// Columns of the regression: a row's values and a constant.
const COLUMNS: usize = PAST + AHEAD + 1;
/// Only one note in so many is used; there are far more than unknowns.
const EVERY: usize = 7;
const RIDGE: f64 = 1e-3;

/// Ridge regression by conjugate gradients on the normal equations.
pub struct Linear(Vec<f64>);

impl Linear {
    /// Fits the regression to performances of one genre.
    pub fn fit(performances: &[&Performance]) -> Self {
        let mut matrix = vec![0.0f64; COLUMNS * COLUMNS];
        let mut right = vec![0.0f64; COLUMNS];
        let mut count = 0usize;
        for performance in performances {
            let mean = mean_velocity(performance);
            let mut place = 0;
            rows(&performance.view(), LookAhead::WholePerformance, |note, row| {
                place += 1;
                if place % EVERY != 0 {
                    return;
                }
                let target = f64::from(performance.notes[note].velocity) - mean;
                // All but one of the one-hot columns are 0.
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

    fn predict(&self, view: &PerformanceView<'_>, look_ahead: LookAhead) -> Vec<f32> {
        let mut deviations = vec![0.0; view.notes.len()];
        rows(view, look_ahead, |note, row| {
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
