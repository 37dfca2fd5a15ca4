//! Turns a pedal's read-out into log odds whose sign decides best.

use tonenet_learn::feel::PageRows;

use super::regression::Solution;
use crate::metrics::feel::{agreement, events_f1};

/// Thresholds that are tried.
const THRESHOLDS: usize = 60;

/// Steepnesses of the log odds that are tried.
const STEEPNESSES: [f64; 7] = [2.0, 3.0, 4.0, 6.0, 8.0, 11.0, 15.0];

/// A movement of the pedal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// Being down.
    Down,
    /// Being lifted.
    Lift,
}

/// What a read-out gives for the chords of a page, and what was played there.
struct Chords {
    read: Vec<f64>,
    played: Vec<bool>,
    /// Notes of each chord.
    notes: Vec<usize>,
}

/// The solution as log odds: 0 is the threshold that fits these pages best.
pub fn calibrated(solution: &Solution, pages: &[PageRows], movement: Movement) -> Solution {
    let pages: Vec<Chords> =
        pages.iter().filter(|p| p.paged.has_pedal).map(|p| chords(solution, p, movement)).collect();
    let mut all: Vec<f64> = pages.iter().flat_map(|page| page.read.iter().copied()).collect();
    all.sort_by(f64::total_cmp);
    if all.is_empty() {
        return solution.clone();
    }
    let thresholds = (1..THRESHOLDS).map(|step| all[step * all.len() / THRESHOLDS]);
    let best = thresholds.max_by(|&a, &b| score(&pages, movement, a).total_cmp(&score(&pages, movement, b)));
    let threshold = best.unwrap_or(0.5);
    let likelihood = |steepness: f64| {
        let of_page = |page: &Chords| {
            let odds = page.read.iter().map(|read| steepness * (read - threshold));
            odds.zip(&page.played).map(|(odds, &is)| -(1.0 + if is { -odds } else { odds }.exp()).ln()).sum::<f64>()
        };
        pages.iter().map(of_page).sum::<f64>()
    };
    let steepness = STEEPNESSES.into_iter().max_by(|&a, &b| likelihood(a).total_cmp(&likelihood(b))).unwrap_or(4.0);
    Solution {
        weights: solution.weights.iter().map(|weight| weight * steepness).collect(),
        constant: (solution.constant - threshold) * steepness,
    }
}

fn chords(solution: &Solution, page: &PageRows, movement: Movement) -> Chords {
    let mut chords = Chords { read: Vec::new(), played: Vec::new(), notes: Vec::new() };
    for row in 0..page.rows.len() {
        if page.rows[row].begins_chord || chords.notes.is_empty() {
            chords.read.push(solution.of(page.numbers(row)));
            let chord = &page.paged.chords[page.played(row).chord];
            chords.played.push(if movement == Movement::Down { chord.pedal } else { chord.lift });
            chords.notes.push(0);
        }
        *chords.notes.last_mut().expect("a chord was begun") += 1;
    }
    chords
}

/// How well a threshold decides: the mean over pages.
fn score(pages: &[Chords], movement: Movement, threshold: f64) -> f64 {
    let of_page = |page: &Chords| {
        let predicted: Vec<bool> = page.read.iter().map(|&read| read > threshold).collect();
        match movement {
            Movement::Lift => events_f1(&predicted, &page.played),
            Movement::Down => {
                let (agreement, kappa) = agreement(&predicted, &page.played, &page.notes);
                agreement + kappa
            }
        }
    };
    pages.iter().map(of_page).sum::<f64>() / pages.len().max(1) as f64
}
