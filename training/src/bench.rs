//! `cargo xtask bench restyle`: how many notes of a whole performance are restyled in a second.

use std::time::Instant;

use anyhow::{Result, bail};
use tonenet_core::dynamics::Expression;
use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::note::Note;
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_files::midi_files::read_song;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::performance::{LoadedModel, LookAhead, PerformanceView, RestyleSettings};
use tonenet_inference::runtime::RuntimePreference;

use crate::models::velocity_model_folder;
use crate::target::Target;
use crate::{runtimes, workspace};

/// Lengths of the performances in notes.
const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];
/// Fewest notes to restyle at each size. Short performances are repeated, because one is too short to time.
const NOTES_A_SIZE: usize = 20_000;

/// The least speed that meets its target.
const NOTES_A_SECOND: f64 = 30_000.0;
/// The largest exponent with which the time may grow with the length.
const GROWTH: f64 = 1.05;

/// Measures speeds, and fails where one misses its target.
///
/// # Errors
/// When the model cannot be loaded or a target is missed.
pub fn run() -> Result<()> {
    if cfg!(debug_assertions) {
        println!("this is a debug build; time a release build: cargo xtask bench restyle");
    }
    let (runtime, report) = runtimes::open(RuntimePreference::Auto)?;
    let model = LoadedModel::load(&runtime, &ModelFiles::from_dir(&velocity_model_folder("note")?)?)?;
    println!("note model by {} · {}, one style, whole performances", report.runtime, report.provider);
    let piece: Vec<Note> = read_song(&workspace::demo_piece())?.notes().iter().map(|n| n.note).collect();
    let mut points = Vec::new();
    let mut missed = 0;
    let mut print = |what: &str, target: Target| {
        println!("  {what:<32} {target}");
        missed += usize::from(!target.is_met());
    };
    for size in SIZES {
        let notes = repeated(&piece, size);
        let seconds = seconds_per_performance(&model, &notes)?;
        let speed = size as f64 / seconds;
        print(&format!("notes a second, of {size}"), Target::at_least(speed, NOTES_A_SECOND, 0));
        points.push(((size as f64).ln(), seconds.ln()));
    }
    print("growth, power of the length", Target::at_most(slope(&points), GROWTH, 2));
    if missed > 0 {
        bail!("{missed} targets were missed");
    }
    Ok(())
}

/// Repeats the piece up to `count` notes.
fn repeated(piece: &[Note], count: usize) -> Vec<Note> {
    let (seconds, sixteenths) = piece.iter().fold((0f64, 0f64), |(seconds, sixteenths), note| {
        (seconds.max(note.release), sixteenths.max(note.release_sixteenths.ceil()))
    });
    let note = |index: usize| {
        let (time, note) = ((index / piece.len()) as f64, piece[index % piece.len()]);
        Note {
            onset: note.onset + time * seconds,
            release: note.release + time * seconds,
            onset_sixteenths: note.onset_sixteenths + time * sixteenths,
            release_sixteenths: note.release_sixteenths + time * sixteenths,
            ..note
        }
    };
    (0..count).map(note).collect()
}

/// Mean seconds per performance, over as many as are worth timing.
fn seconds_per_performance(model: &LoadedModel, notes: &[Note]) -> Result<f64> {
    let view = PerformanceView { notes, pedals: &[], grid: Grid::Sixteenths, player_level: None };
    let restyling = RestyleSettings {
        style: StyleBlend::only(Genre::Jazz),
        played_in: None,
        take: TakeSeed(0),
        expression: Expression::default(),
        look_ahead: LookAhead::WholePerformance,
    };
    restyling.velocities(model, &view)?;
    let count = NOTES_A_SIZE.div_ceil(notes.len());
    let started = Instant::now();
    for _ in 0..count {
        restyling.velocities(model, &view)?;
    }
    Ok(started.elapsed().as_secs_f64() / count as f64)
}

/// The slope of the least-squares line through points.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0 / count, y + p.1 / count));
    let covariance: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    covariance / points.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_of_a_power_is_its_exponent() {
        let points: Vec<_> = [1f64, 10.0, 100.0].map(|x| (x.ln(), (3.0 * x.powf(1.5)).ln())).to_vec();
        assert!((slope(&points) - 1.5).abs() < 1e-12);
    }
}
