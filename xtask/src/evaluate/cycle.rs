//! The article's cycle test: a performance carried to another genre and back, by a model that hears the player.
//!
//! Returning is only worth something beside how far it went: identity returns perfectly and goes nowhere.

use anyhow::Result;
use serde::Serialize;
use tonenet_core::genre::Genre;
use tonenet_core::note::{Note, midi_velocity};
use tonenet_inference::take::{Knowledge, TakeView};

use super::predictor::Predictor;
use crate::dataset::Performance;

/// Performances of one genre, to another and back; figures in velocity steps over all notes.
#[derive(Debug, Serialize)]
pub struct CycleReport {
    pub from: Genre,
    pub to: Genre,
    /// Mean |Δ| between the performance and what it became in the other genre; identity's is 0.
    pub transfer: f64,
    /// Root mean square difference between the performance and what came back; identity's is 0.
    pub error: f64,
    /// The same of one velocity for all notes of a file.
    pub flat_error: f64,
}

/// Sums of one way over files.
#[derive(Default, Clone, Copy)]
struct Sums {
    notes: f64,
    transfer: f64,
    squares: f64,
    flat_squares: f64,
}

/// Carries all performances to each other genre and back.
pub fn measure(predictor: &Predictor, performances: &[&Performance]) -> Result<Vec<CycleReport>> {
    let mut sums = [[Sums::default(); Genre::ALL.len()]; Genre::ALL.len()];
    for performance in performances {
        let own = performance.genre;
        let others: Vec<Genre> = Genre::ALL.into_iter().filter(|&g| g != own).collect();
        for (to, there) in others.iter().zip(restyled(predictor, performance, &performance.notes, &others)?) {
            let notes: Vec<Note> =
                performance.notes.iter().zip(&there).map(|(n, &velocity)| Note { velocity, ..*n }).collect();
            let back = restyled(predictor, performance, &notes, &[own])?.remove(0);
            let level = f64::from(level(&performance.notes));
            let sums = &mut sums[own.index()][to.index()];
            for ((note, there), back) in performance.notes.iter().zip(there).zip(back) {
                let played = f64::from(note.velocity);
                sums.notes += 1.0;
                sums.transfer += (f64::from(there) - played).abs();
                sums.squares += (f64::from(back) - played).powi(2);
                sums.flat_squares += (level - played).powi(2);
            }
        }
    }
    let mut reports = Vec::new();
    for from in Genre::ALL {
        for to in Genre::ALL {
            let Sums { notes, transfer, squares, flat_squares } = sums[from.index()][to.index()];
            if notes > 0.0 {
                reports.push(CycleReport {
                    from,
                    to,
                    transfer: transfer / notes,
                    error: (squares / notes).sqrt(),
                    flat_error: (flat_squares / notes).sqrt(),
                });
            }
        }
    }
    Ok(reports)
}

fn level(notes: &[Note]) -> f32 {
    notes.iter().map(|n| f32::from(n.velocity)).sum::<f32>() / notes.len().max(1) as f32
}

/// Velocities of a performance's notes, struck as in `notes`, in each of `styles`.
fn restyled(
    predictor: &Predictor,
    performance: &Performance,
    notes: &[Note],
    styles: &[Genre],
) -> Result<Vec<Vec<u8>>> {
    let level = level(notes);
    let take = TakeView { notes, player_level: Some(level), ..performance.take() };
    let predicted = predictor.predict(&take, Knowledge::WholeTake, styles)?;
    let velocities = |notes: Vec<_>| {
        notes.into_iter().map(|p: tonenet_inference::model::Prediction| midi_velocity(level + p.deviation)).collect()
    };
    Ok(predicted.into_iter().map(velocities).collect())
}
