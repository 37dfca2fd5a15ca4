//! `evaluate --feel`: what the feel predicts from pages, beside what was played.
//!
//! `timing` scores shifts and swing, `notes` offsets within chords and lengths, `pedal` the pedal, `own` users'
//! styles. `pictures` draws excerpts.

mod notes;
mod own;
mod pedal;
mod pictures;
mod timing;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use rayon::prelude::*;
use tonenet_core::feel::{Drift, Feel};
use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_inference::feel::{FeelModel, FeelStyle, OwnFeel};
use tonenet_inference::performance::LookAhead;
use tonenet_learn::feel::{PageRows, View};
use tonenet_learn::page::NoteLengths;

use crate::arguments::EvaluateArgs;
use crate::data::Split;
use crate::data::performances::{self, Performance};
use crate::feel::{cut, deviations, drift, note_network, read_model};
use crate::models::FEEL;
use crate::progress;
use crate::target::Target;
use crate::workspace;
use own::Known;
use timing::Table;

/// Training files of a genre that the table of places and tempi is made of, at most.
const TABLE_FILES: usize = 300;

/// Lags of the deviations that are printed, in beats.
const PRINTED_LAGS: [usize; 4] = [1, 2, 4, 8];

/// A page of a valid file, and what the feel predicts of each of its rows.
struct Predicted {
    /// The file's name.
    name: String,
    rows: PageRows,
    feels: Vec<Feel>,
}

/// The pages of a genre's files with both kinds of lengths.
struct Pages {
    nearest: Vec<Predicted>,
    next_chord: Vec<Predicted>,
}

/// A line of the report, with its target if it has one.
enum Line {
    Figure(String),
    Target(String, Target),
}

/// `cargo xtask evaluate --feel`.
pub fn run(args: &EvaluateArgs, data: &Path) -> Result<()> {
    let model = model(&args.models)?;
    let network = note_network()?;
    model.check(&network)?;
    let train = performances::load(data, Split::Train)?;
    let scored = performances::load(data, args.split)?;
    let bar = progress::labelled("{msg:10} ", scored.len(), "{pos}/{len} files, {eta} left");
    let mut report = Vec::new();
    for genre in Genre::ALL {
        let Some(style) = model.style(genre.into()) else { continue };
        bar.set_message(genre.id());
        let files: Vec<&Performance> = scored.iter().filter(|file| file.genre == genre).collect();
        let read = |file: &&Performance, lengths: NoteLengths| -> Result<Predicted> {
            let view =
                View { lengths, on_beats: file.grid == Grid::Sixteenths, look_ahead: LookAhead::WholePerformance };
            let rows = PageRows::new(&network, &cut(file).view(), view, Some(genre))?;
            let feels = rows.predict(style, &OwnFeel::NEAREST);
            Ok(Predicted { name: file.name.clone(), rows, feels })
        };
        let both = files.par_iter().map(|file| {
            let pages = (read(file, NoteLengths::ToNearestOnset)?, read(file, NoteLengths::ToNextChord)?);
            bar.inc(1);
            Ok(pages)
        });
        let (nearest, next_chord) = both.collect::<Result<Vec<_>>>()?.into_iter().unzip();
        let pages = Pages { nearest, next_chord };
        let table = (style.shift.is_some()).then(|| {
            let on_beats = train.iter().filter(|file| file.genre == genre && file.grid == Grid::Sixteenths);
            Table::new(on_beats.take(TABLE_FILES).map(cut))
        });
        if let Some(folder) = &args.pictures {
            pictures::pictures(folder, style, &pages.nearest)?;
        }
        let mut lines = lines(style, &pages, table.as_ref());
        let files = train.iter().filter(|file| file.genre == genre).collect();
        lines.extend(own::lines(&Known { network: &network, model: &model, files }, genre, &pages.nearest)?);
        report.push((genre, lines));
    }
    bar.finish_and_clear();
    for (genre, lines) in report {
        println!("\n{genre}");
        for line in lines {
            match line {
                Line::Figure(text) => println!("  {text}"),
                Line::Target(figure, target) => println!("  {figure}: {target}"),
            }
        }
    }
    Ok(())
}

/// The model in a folder that is named, or the shipped one.
fn model(named: &[String]) -> Result<FeelModel> {
    let folder = match named {
        [] => workspace::shipped_model(FEEL),
        [folder] => PathBuf::from(folder),
        _ => bail!("name one folder with a feel's model.json"),
    };
    read_model(&folder.join("model.json"))
}

fn lines(style: &FeelStyle, pages: &Pages, table: Option<&Table>) -> Vec<Line> {
    let mut lines = table.map_or_else(Vec::new, |table| timing::lines(&pages.nearest, table));
    lines.extend(notes::lines(pages));
    lines.extend(pedal::lines(&pages.nearest));
    lines.extend(wander_lines(style, pages));
    lines
}

/// What files do along the phrase beyond the predictions, beside what the model keeps.
fn wander_lines(style: &FeelStyle, pages: &Pages) -> Vec<Line> {
    let rows: Vec<&PageRows> = pages.nearest.iter().map(|page| &page.rows).collect();
    let [shifts, stretches] = deviations(style, &rows);
    let line = |what: &str, found: (Drift, Vec<f64>), kept: Drift| {
        let (drift, correlations) = found;
        let lags = PRINTED_LAGS.map(|lag| format!("{:.2}", correlations[lag - 1])).join(", ");
        Line::Figure(format!(
            "wander of {what}: σ {:.4}, {:.1} beats, {:+.2} with dynamics; the model has {:.4}, {:.1} and {:+.2}; correlation after {PRINTED_LAGS:?} beats {lags}",
            drift.sigma, drift.beats, drift.with_dynamics, kept.sigma, kept.beats, kept.with_dynamics
        ))
    };
    let shift = style.wander.shift.map(|kept| line("shift, in beats", drift(&shifts), kept));
    let stretch = line("length, as a logarithm", drift(&stretches), style.wander.stretch);
    shift.into_iter().chain([stretch]).collect()
}

/// The mean of some numbers; 0 for none.
fn mean(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = numbers.into_iter().fold((0.0, 0.0), |(sum, count), number| (sum + number, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}
