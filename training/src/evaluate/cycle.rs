//! The article's cycle test: a performance transferred to another genre and back.
//!
//! The error after the round trip means little without the distance: identity has neither. If two styles' predicted
//! means are exchanged, the round trip is exact by construction, whatever the model. This is measured because `tonenet
//! restyle --from` does it.

use anyhow::Result;
use rayon::prelude::*;
use serde::Serialize;
use tonenet_core::note::{Note, midi_velocity};
use tonenet_inference::performance::{LookAhead, PerformanceView};

use super::predictor::Predictor;
use crate::data::genre::GenreId;
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
    pub from: GenreId,
    pub to: GenreId,
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

/// Measures the round trips of all performances through each other style. Each performance has a style of its own.
pub fn measure(predictor: &Predictor, performances: &[&Performance]) -> Result<Vec<CycleReport>> {
    let styles = predictor.styles()?;
    let mut reports = Vec::new();
    for way in [Way::Heard, Way::Exchanged] {
        let of_each: Vec<Vec<Sums>> = performances
            .par_iter()
            .map(|performance| round_trips(predictor, way, performance, &styles))
            .collect::<Result<_>>()?;
        for from in &styles {
            let of_genre = || performances.iter().zip(&of_each).filter(|(performance, _)| performance.genre == *from);
            for (index, to) in styles.iter().enumerate() {
                let mut sums = Sums::default();
                of_genre().for_each(|(_, of_file)| sums.join(&of_file[index]));
                let Sums { notes, transfer, squares, flat_squares } = sums;
                if notes > 0.0 {
                    reports.push(CycleReport {
                        way,
                        from: from.clone(),
                        to: to.clone(),
                        transfer: transfer / notes,
                        error: (squares / notes).sqrt(),
                        flat_error: (flat_squares / notes).sqrt(),
                    });
                }
            }
        }
    }
    Ok(reports)
}

/// Round trips of one performance through each other style; none through its own.
fn round_trips(predictor: &Predictor, way: Way, performance: &Performance, styles: &[GenreId]) -> Result<Vec<Sums>> {
    let own = &performance.genre;
    let mut sums = vec![Sums::default(); styles.len()];
    for (to, sums) in styles.iter().zip(&mut sums).filter(|(to, _)| *to != own) {
        let there = transferred(predictor, way, performance, &performance.notes, [own, to])?;
        let notes: Vec<Note> =
            performance.notes.iter().zip(&there).map(|(n, &velocity)| Note { velocity, ..*n }).collect();
        let back = transferred(predictor, way, performance, &notes, [to, own])?;
        sums.add(&performance.notes, &there, &back);
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
    from_to: [&GenreId; 2],
) -> Result<Vec<u8>> {
    let level = level(notes);
    let player_level = (way == Way::Heard).then_some(level);
    let view = PerformanceView { notes, player_level, ..performance.view() };
    let predicted = predictor.predict(&view, LookAhead::WholePerformance, &from_to.map(GenreId::clone))?;
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
