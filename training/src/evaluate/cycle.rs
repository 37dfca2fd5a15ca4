//! The article's cycle test: a performance transferred to another genre and back.
//!
//! The error after the round trip means little without the distance: identity has neither. If two styles' predicted
//! means are exchanged, the round trip is exact by construction, whatever the model. This is measured because `tonenet
//! restyle --from` does it.

use anyhow::Result;
use rayon::prelude::*;
use serde::Serialize;
use tonenet_core::genre::Genre;
use tonenet_core::note::{Note, midi_velocity};
use tonenet_inference::performance::{LookAhead, PerformanceView};

use super::predictor::Predictor;
use crate::data::performances::Performance;

/// How a performance is transferred to another style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// The model gets the player's velocities.
    Heard,
    /// The prediction in the other style replaces that in its own style.
    Exchanged,
}

/// Round trips of one genre's performances through another genre; figures in velocity steps over all notes.
#[derive(Debug, Serialize)]
pub struct CycleReport {
    pub way: Way,
    pub from: Genre,
    pub to: Genre,
    /// Mean |Δ| between a performance and its version in the other genre; 0 for identity.
    pub transfer: f64,
    /// Root mean square difference between a performance and its round trip; 0 for identity.
    pub error: f64,
    /// The same with one velocity for all notes of a file.
    pub flat_error: f64,
}

/// Sums of one method over files.
#[derive(Default, Clone, Copy)]
struct Sums {
    notes: f64,
    transfer: f64,
    squares: f64,
    flat_squares: f64,
}

impl Sums {
    fn add(&mut self, played: &[Note], there: &[u8], back: &[u8]) {
        let level = f64::from(level(played));
        for ((note, &there), &back) in played.iter().zip(there).zip(back) {
            let played = f64::from(note.velocity);
            self.notes += 1.0;
            self.transfer += (f64::from(there) - played).abs();
            self.squares += (f64::from(back) - played).powi(2);
            self.flat_squares += (level - played).powi(2);
        }
    }

    fn join(&mut self, other: &Self) {
        self.notes += other.notes;
        self.transfer += other.transfer;
        self.squares += other.squares;
        self.flat_squares += other.flat_squares;
    }
}

/// Measures the round trips of all performances through each other genre.
pub fn measure(predictor: &Predictor, performances: &[&Performance]) -> Result<Vec<CycleReport>> {
    let mut reports = Vec::new();
    for way in [Way::Heard, Way::Exchanged] {
        let of_each: Vec<[Sums; Genre::ALL.len()]> = performances
            .par_iter()
            .map(|performance| round_trips(predictor, way, performance))
            .collect::<Result<_>>()?;
        let mut sums = [[Sums::default(); Genre::ALL.len()]; Genre::ALL.len()];
        for (performance, of_file) in performances.iter().zip(&of_each) {
            for (sums, of_file) in sums[performance.genre.index()].iter_mut().zip(of_file) {
                sums.join(of_file);
            }
        }
        for (from, to) in Genre::ALL.into_iter().flat_map(|from| Genre::ALL.map(|to| (from, to))) {
            let Sums { notes, transfer, squares, flat_squares } = sums[from.index()][to.index()];
            if notes > 0.0 {
                reports.push(CycleReport {
                    way,
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

/// Round trips of one performance through each other genre.
fn round_trips(predictor: &Predictor, way: Way, performance: &Performance) -> Result<[Sums; Genre::ALL.len()]> {
    let own = performance.genre;
    let mut sums = [Sums::default(); Genre::ALL.len()];
    for to in Genre::ALL.into_iter().filter(|&g| g != own) {
        let there = transferred(predictor, way, performance, &performance.notes, (own, to))?;
        let notes: Vec<Note> =
            performance.notes.iter().zip(&there).map(|(n, &velocity)| Note { velocity, ..*n }).collect();
        let back = transferred(predictor, way, performance, &notes, (to, own))?;
        sums[to.index()].add(&performance.notes, &there, &back);
    }
    Ok(sums)
}

fn level(notes: &[Note]) -> f32 {
    notes.iter().map(|n| f32::from(n.velocity)).sum::<f32>() / notes.len().max(1) as f32
}

/// Transfers a performance from one style to another; `notes` are its notes with their present velocities.
fn transferred(
    predictor: &Predictor,
    way: Way,
    performance: &Performance,
    notes: &[Note],
    (from, to): (Genre, Genre),
) -> Result<Vec<u8>> {
    let level = level(notes);
    let player_level = (way == Way::Heard).then_some(level);
    let view = PerformanceView { notes, player_level, ..performance.view() };
    let predicted = predictor.predict(&view, LookAhead::WholePerformance, &[from, to])?;
    let there = predicted[1].iter().map(|p| p.deviation);
    Ok(match way {
        Way::Heard => there.map(|there| midi_velocity(level + there)).collect(),
        Way::Exchanged => {
            let here = predicted[0].iter().map(|p| p.deviation);
            let exchange = notes.iter().zip(there.zip(here));
            exchange.map(|(note, (there, here))| midi_velocity(f32::from(note.velocity) + there - here)).collect()
        }
    })
}
