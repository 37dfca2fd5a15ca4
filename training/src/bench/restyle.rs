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
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::note::LANES;
use tonenet_inference::performance::{LoadedModel, LookAhead, PerformanceView, RestyleSettings};
use tonenet_inference::runtime::RuntimePreference;

use crate::models::velocity_model_folder;
use crate::target::Target;
use crate::{runtimes, workspace};

/// Lengths of the performances in notes.
const SIZES: [usize; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];
/// The longest performance that one thread restyles. Longer ones take two.
const ONE_THREAD: usize = 8_192;
/// Fewest notes to restyle at each size. Short performances are repeated, because one is too short to time.
const NOTES_A_SIZE: usize = 20_000;

/// Notes of each performance that is restyled together with others.
const TOGETHER: usize = 2_500;
/// The least speed of performances that are restyled together.
const NOTES_A_SECOND: f64 = 20_000.0;
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
    let Speeds { alone, together } = measure(&model)?;
    for (size, seconds) in &alone {
        println!("  {:<36} {:.0}", format!("notes a second, of {size}"), *size as f64 / seconds);
    }
    let targets = [
        ("notes a second, four of 2500 together", Target::at_least(together, NOTES_A_SECOND, 0)),
        ("growth, power of the length", Target::at_most(growth(&alone), GROWTH, 2)),
    ];
    for (what, target) in &targets {
        println!("  {what:<36} {target}");
    }
    match targets.iter().filter(|(_, target)| !target.is_met()).count() {
        0 => Ok(()),
        missed => bail!("{missed} targets were missed"),
    }
}

/// How long performances take.
pub struct Speeds {
    /// Lengths in notes, with the seconds that a performance takes alone.
    pub alone: Vec<(usize, f64)>,
    /// Notes a second of performances that are restyled together on one core.
    pub together: f64,
}

/// Restyles performances of all lengths, and four together.
///
/// # Errors
/// When the model fails.
pub fn measure(model: &LoadedModel) -> Result<Speeds> {
    let piece = piece()?;
    let mut alone = Vec::new();
    for size in SIZES {
        alone.push((size, seconds_per_performance(model, &[&repeated(&piece, size)])?));
    }
    let notes = repeated(&piece, TOGETHER);
    let together = (LANES * TOGETHER) as f64 / seconds_per_performance(model, &[notes.as_slice(); LANES])?;
    Ok(Speeds { alone, together })
}

/// The power of the length with which the time grows: the larger one of performances on one thread and on two.
pub fn growth(alone: &[(usize, f64)]) -> f64 {
    let points = |(size, seconds): &(usize, f64)| ((*size as f64).ln(), seconds.ln());
    let (one, two): (Vec<_>, Vec<_>) = alone.iter().partition(|(size, _)| *size <= ONE_THREAD);
    let slope_of = |sizes: &[(usize, f64)]| slope(&sizes.iter().map(points).collect::<Vec<_>>());
    slope_of(&one).max(slope_of(&two))
}

/// The notes of the demo piece.
///
/// # Errors
/// When it cannot be read.
pub fn piece() -> Result<Vec<Note>> {
    Ok(read_song(&workspace::demo_piece())?.notes().iter().map(|n| n.note).collect())
}

/// Repeats the piece up to `count` notes.
pub fn repeated(piece: &[Note], count: usize) -> Vec<Note> {
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

/// Mean seconds per restyling of some performances together, over as many as are worth timing.
///
/// # Errors
/// When the model fails.
pub fn seconds_per_performance(model: &LoadedModel, performances: &[&[Note]]) -> Result<f64> {
    let view = |notes| PerformanceView { notes, pedals: &[], grid: Grid::Sixteenths, player_level: None };
    let views: Vec<PerformanceView<'_>> = performances.iter().copied().map(view).collect();
    let restyling = RestyleSettings {
        style: StyleBlend::only(Genre::Jazz),
        source_style: None,
        take: TakeSeed(0),
        expression: Expression::default(),
        look_ahead: LookAhead::WholePerformance,
    };
    let restyle = || restyling.velocities_of_each(model, &views, &Cancellation::default());
    let count = NOTES_A_SIZE.div_ceil(performances.iter().map(|notes| notes.len()).sum());
    if count > 1 {
        restyle()?;
    }
    let started = Instant::now();
    for _ in 0..count {
        restyle()?;
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
