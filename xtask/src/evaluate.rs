//! `cargo xtask evaluate`: how close the exported model comes to human velocities on held-out performances.
//!
//! Each performance is predicted as a whole take by every style's decoder, through the same runtime the plugin uses.

use std::path::Path;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tonenet_core::genre::Genre;
use tonenet_core::grid::GridNote;
use tonenet_core::metrics::{FileScore, Summary, bootstrap_interval, score_file, summarise};
use tonenet_core::piano_roll::PianoRoll;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::piano_roll::PianoRollNetwork;
use tonenet_inference::runtime::{Runtime, RuntimePreference};

use crate::cli::EvaluateArgs;
use crate::dataset::{self, Performance, Split};
use crate::files::write_atomically;
use crate::workspace;

const DRAWS: usize = 2000;
const SEED: u64 = 1;

/// Figures of one genre's performances.
#[derive(Debug, Serialize)]
pub struct GenreReport {
    pub genre: Genre,
    pub files: usize,
    pub notes: usize,
    pub r: f64,
    pub r_interval: (f64, f64),
    pub r2: f64,
    pub mae: f64,
    pub sd_ratio: f64,
    /// r of a flat prediction, 0 by definition; printed as the control.
    pub flat_r: f64,
    /// Mean absolute error of a flat prediction.
    pub flat_mae: f64,
    /// R² of its own decoder minus that of the best other one.
    pub specificity: f64,
    /// Mean difference between the jazz and the classical decoder on the same notes, in velocity steps.
    pub jazz_against_classical: f64,
}

/// The table.
#[derive(Debug, Serialize)]
pub struct Report {
    pub model: String,
    pub runtime: String,
    pub look_ahead: &'static str,
    pub genres: Vec<GenreReport>,
}

/// `cargo xtask evaluate baseline`.
pub fn baseline(args: &EvaluateArgs) -> Result<()> {
    let folder = workspace::root().join("assets/models/baseline");
    let report = baseline_report(&ModelFiles::from_dir(&folder)?, &args.data)?;
    report.print();
    let json = workspace::root().join("target/evaluate/baseline.json");
    write_atomically(&json, &serde_json::to_vec_pretty(&report)?)?;
    println!("{}", json.display());
    Ok(())
}

/// Scores a piano-roll model on the valid split.
pub fn baseline_report(files: &ModelFiles, data: &Path) -> Result<Report> {
    let own_library = workspace::root().join("third_party/onnxruntime/libonnxruntime.so");
    let setting = own_library.exists().then_some(own_library.as_path());
    let (runtime, opened) = Runtime::open(RuntimePreference::Auto, &library::candidates(setting));
    let network = PianoRollNetwork::load(&runtime, files)?;
    let performances = dataset::load(data, Split::Valid)?;
    let bar = ProgressBar::new(performances.len() as u64).with_style(
        ProgressStyle::with_template("{bar:32} {pos}/{len} performances, {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let mut scores: Vec<Vec<[FileScore; 3]>> = vec![Vec::new(); 3];
    let mut flats = vec![Vec::new(); 3];
    let mut transfer = [(0.0, 0usize); 3];
    for performance in &performances {
        let (human, predicted) = predict(&network, performance)?;
        let own = performance.genre.index();
        let by_style: Vec<FileScore> = predicted.iter().filter_map(|p| score_file(p, &human)).collect();
        if let Ok(by_style) = <[FileScore; 3]>::try_from(by_style) {
            scores[own].push(by_style);
            flats[own].extend(score_file(&vec![0.0; human.len()], &human));
            let (jazz, classical) = (&predicted[Genre::Jazz.index()], &predicted[Genre::Classical.index()]);
            let difference: f64 = jazz.iter().zip(classical).map(|(a, b)| f64::from((a - b).abs())).sum();
            transfer[own].0 += difference;
            transfer[own].1 += human.len();
        }
        bar.inc(1);
    }
    bar.finish_and_clear();

    let mut genres = Vec::new();
    for genre in Genre::ALL {
        let files = &scores[genre.index()];
        let of = |style: Genre| -> Vec<FileScore> { files.iter().map(|f| f[style.index()]).collect() };
        let own = of(genre);
        let (Some(summary), Some(flat)) = (summarise(&own), summarise(&flats[genre.index()])) else { continue };
        let mean_r = |f: &[FileScore]| summarise(f).map_or(0.0, |s: Summary| s.r);
        let best_other = Genre::ALL
            .into_iter()
            .filter(|&g| g != genre)
            .filter_map(|g| summarise(&of(g)))
            .map(|s| s.r2)
            .fold(f64::NEG_INFINITY, f64::max);
        let (sum, notes) = transfer[genre.index()];
        genres.push(GenreReport {
            genre,
            files: own.len(),
            notes,
            r: summary.r,
            r_interval: bootstrap_interval(&own, mean_r, DRAWS, SEED).unwrap_or((summary.r, summary.r)),
            r2: summary.r2,
            mae: summary.mae,
            sd_ratio: summary.sd_ratio,
            flat_r: flat.r,
            flat_mae: flat.mae,
            specificity: summary.r2 - best_other,
            jazz_against_classical: sum / notes.max(1) as f64,
        });
    }
    Ok(Report {
        model: files.manifest().title.clone(),
        runtime: format!("{} · {}", opened.runtime, opened.provider),
        look_ahead: "whole take",
        genres,
    })
}

/// Human velocities and each style's deviations, note by note.
fn predict(network: &PianoRollNetwork, performance: &Performance) -> Result<(Vec<f32>, Vec<Vec<f32>>)> {
    let notes: Vec<GridNote> = performance.notes.iter().filter_map(|n| performance.grid.place(n)).collect();
    let first = notes.iter().map(|n| n.onset).min().unwrap_or(0);
    let end = notes.iter().map(|n| n.onset).max().unwrap_or(0) + 1;
    let roll = PianoRoll::new(first, (end - first) as usize, &notes);
    let cells: Vec<usize> = notes.iter().filter_map(|n| roll.cell(n)).collect();
    let human = notes.iter().map(|n| f32::from(n.velocity)).collect();
    let deviations = network.deviations(&roll, &Genre::ALL)?;
    Ok((human, deviations.iter().map(|d| cells.iter().map(|&cell| d[cell]).collect()).collect()))
}

impl Report {
    /// Prints the table.
    pub fn print(&self) {
        println!("{} on the valid split, {}, by {}", self.model, self.look_ahead, self.runtime);
        println!("r: mean correlation within a file (95 % interval over files); MAE: means removed, in velocity steps");
        println!(
            "{:10} {:>5} {:>7}  {:>5} {:>15}  {:>6} {:>6} {:>8}  {:>6} {:>8}  {:>11} {:>14}",
            "genre",
            "files",
            "notes",
            "r",
            "interval",
            "R²c",
            "MAEc",
            "SD ratio",
            "flat r",
            "flat MAE",
            "specificity",
            "|jazz−class.|"
        );
        for g in &self.genres {
            println!(
                "{:10} {:5} {:7}  {:5.3} {:>15}  {:6.3} {:6.2} {:8.2}  {:6.3} {:8.2}  {:11.3} {:14.2}",
                g.genre.id(),
                g.files,
                g.notes,
                g.r,
                format!("{:.3} – {:.3}", g.r_interval.0, g.r_interval.1),
                g.r2,
                g.mae,
                g.sd_ratio,
                g.flat_r,
                g.flat_mae,
                g.specificity,
                g.jazz_against_classical
            );
        }
    }
}
