//! `cargo xtask evaluate vaegan`: the texture generator's figures next to their targets, and its plots.
//!
//! Phrases are a third of each genre, spread evenly over the split. New images come from the seeds from 0 on, at
//! temperature 1. A path between two phrases is monotonic where each of its steps leads away from the first and towards
//! the second. Distance is [`scores::distance`] between the generated images and those of the two phrases.

use std::collections::HashSet;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};
use rayon::prelude::*;
use serde::Serialize;
use tonenet_core::clip::Clip;
use tonenet_core::genre::Genre;
use tonenet_core::phrase_image::PhraseImage;
use tonenet_files::outputs::{Inputs, OutputFile};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::generate::Cancellation;
use tonenet_inference::generate::textures::TextureModel;
use tonenet_inference::runtime::{Runtime, RuntimeReport};

use super::card::FigureFiles;
use crate::arguments::EvaluateArgs;
use crate::data::phrases;
use crate::data::{self, performances};
use crate::metrics::phrases::{self as scores, Agreement, Counts};
use crate::models::VAEGAN;
use crate::plots::phrases as plot;
use crate::runtimes;
use crate::workspace;

/// Phrases and new images that are scored, and new images of which no two may be equal.
const PHRASES: usize = 900;
const DRAWN: u64 = 600;
const DIFFERENT: usize = 64;
/// Seeds that are timed and compared between the runtimes.
const COMPARED: u64 = 100;
/// Paths between two phrases, and steps of each.
const PATHS: usize = 64;
const PATH_STEPS: usize = 10;

const F1: f64 = 0.90;
const VELOCITY_ERROR: f64 = 8.0;
const NATS: f64 = 5.0;
/// Largest difference between means of new images and of phrases, as a share.
const MEAN_OFF: f64 = 0.15;
/// The least spread of onset density in new images, as a share of the phrases'. Below it, images repeat one texture.
const DENSITY_SPREAD: f64 = 0.5;
/// The least share of single steps on paths that go in the right direction.
const MONOTONE: f64 = 0.9;
const MILLISECONDS: f64 = 10.0;
const SAME_NOTES: usize = 99;

/// A figure next to its target.
#[derive(Debug, Serialize)]
struct Row {
    what: String,
    found: String,
    needed: String,
    holds: bool,
}

impl Row {
    fn new(what: &str, found: String, needed: String, holds: bool) -> Self {
        Self { what: what.into(), found, needed, holds }
    }
}

/// Scores the model in `assets/models/vaegan`.
pub fn run(args: &EvaluateArgs, data: &Path) -> Result<()> {
    let folder = workspace::shipped_model(VAEGAN);
    let mut outputs = Inputs::default().files(data::files(data, performances::LIST)?).outputs();
    let plots = Plots::plan(|name| Ok(outputs.file(&workspace::evaluations().join(name))?))?;
    let kept = args.keep.then(|| FigureFiles::plan(&mut outputs, &folder)).transpose()?;
    workspace::onnxruntime()?;
    if let Some(left_out) = phrases::left_out(data)? {
        println!("{left_out}");
    }
    let phrases = phrases::spread(&phrases::load(data, args.split)?, PHRASES);
    if phrases.len() < 2 * PATHS {
        bail!("there are only {} phrases in the {:?} split; {} are needed", phrases.len(), args.split, 2 * PATHS);
    }
    let files = ModelFiles::from_dir(&folder)?;
    let load = |(runtime, report): (Runtime, RuntimeReport)| -> Result<(TextureModel, String)> {
        Ok((TextureModel::load(&runtime, &files)?, report.runtime))
    };
    let runtimes = [load(runtimes::open_onnxruntime()?)?, load(runtimes::open_built_in()?)?];
    let model = &runtimes[0].0;
    println!("runtime: {}; {} phrases of the {:?} split, {DRAWN} new images", runtimes[0].1, phrases.len(), args.split);

    let again = reconstructed(model, &phrases)?;
    let drawn: Vec<Clip> = (0..DRAWN).into_par_iter().map(|seed| draw(model, seed)).collect::<Result<_>>()?;
    let images: Vec<PhraseImage> = drawn.iter().map(PhraseImage::from_clip).collect();
    let paths = paths(model, &phrases)?;
    let mut rows = reconstruction_rows(model, &phrases, &again)?;
    rows.extend(drawn_rows(&phrases, &drawn, &images));
    rows.extend(path_rows(&phrases, &paths));
    rows.extend(runtime_rows(&runtimes)?);

    println!("{:52} {:>22}   needed", "figure", "found");
    for Row { what, found, needed, holds } in &rows {
        println!("{what:52} {found:>22}   {needed}{}", if *holds { "" } else { "  missed" });
    }
    println!("{} missed", rows.iter().filter(|row| !row.holds).count());
    if let Some(kept) = kept {
        kept.write(&rows, &table(&rows))?;
    }
    plots.draw(&phrases, &again, &images, &paths)
}

/// The figures as a table for the card.
fn table(rows: &[Row]) -> String {
    let head = "| figure | found | needed |\n|---|---|---|\n".to_owned();
    rows.iter().fold(head, |table, Row { what, found, needed, holds }| {
        let verdict = if *holds { "" } else { " **missed**" };
        table + &format!("| {what} | {found}{verdict} | {needed} |\n")
    })
}

fn draw(model: &TextureModel, seed: u64) -> Result<Clip> {
    Ok(model.generate(seed, 1.0, &Cancellation::default())?)
}

fn reconstructed(model: &TextureModel, phrases: &[PhraseImage]) -> Result<Vec<PhraseImage>> {
    let again = |image: &PhraseImage| Ok(model.decode(&model.encode(image)?)?.image(model.reconstruction_thresholds()));
    phrases.par_iter().map(again).collect()
}

fn reconstruction_rows(model: &TextureModel, phrases: &[PhraseImage], again: &[PhraseImage]) -> Result<Vec<Row>> {
    let agreement = |part: std::ops::Range<usize>| {
        let mut agreement = Agreement::default();
        part.for_each(|at| agreement.add(&phrases[at], &again[at]));
        agreement
    };
    let all = agreement(0..phrases.len());
    let nats: Vec<f64> = phrases.par_iter().map(|image| Ok(model.divergence(image)?)).collect::<Result<Vec<f64>>>()?;
    let nats = nats.iter().sum::<f64>() / nats.len() as f64;
    let mut rows = vec![
        Row::new("onsets that come back, F1", format!("{:.3}", all.f1()), format!("≥ {F1:.2}"), all.f1() >= F1),
        Row::new(
            "error of their velocities, steps",
            format!("{:.2}", all.velocity_error()),
            format!("≤ {VELOCITY_ERROR:.0}"),
            all.velocity_error() <= VELOCITY_ERROR,
        ),
        Row::new("KL from the prior, nats a phrase", format!("{nats:.0}"), format!("> {NATS:.0}"), nats > NATS),
    ];
    let third = phrases.len() / Genre::ALL.len();
    for genre in Genre::ALL {
        let of_genre = agreement(genre.index() * third..(genre.index() + 1) * third);
        let found = format!("{:.3}, {:.2}", of_genre.f1(), of_genre.velocity_error());
        rows.push(Row::new(&format!("{}: F1, error of velocities", genre.id()), found, "–".into(), true));
    }
    Ok(rows)
}

fn drawn_rows(phrases: &[PhraseImage], drawn: &[Clip], images: &[PhraseImage]) -> Vec<Row> {
    type Count = (&'static str, fn(&Counts) -> f64, bool);
    let counts: [Count; 3] = [
        ("polyphony", |counts| counts.polyphony, true),
        ("note rate", |counts| counts.note_rate, true),
        ("velocity", |counts| counts.velocity, false),
    ];
    let mut rows: Vec<Row> = counts
        .into_iter()
        .map(|(name, value, has_bar)| {
            let (wanted, found) = (Counts::summary(phrases, value).0, Counts::summary(images, value).0);
            let off = found / wanted - 1.0;
            let needed = if has_bar { format!("within {:.0} %", MEAN_OFF * 100.0) } else { "–".into() };
            let found = format!("{found:.3}, {:+.1} %", off * 100.0);
            Row::new(
                &format!("new images: {name}; phrases {wanted:.3}"),
                found,
                needed,
                !has_bar || off.abs() <= MEAN_OFF,
            )
        })
        .collect();
    let rate: fn(&Counts) -> f64 = |counts| counts.note_rate;
    let spread = Counts::summary(images, rate).1 / Counts::summary(phrases, rate).1;
    let emptiest = images.iter().map(|image| image.notes().len()).min().unwrap_or(0);
    rows.push(Row::new(
        "new images: SD of the note rate over the phrases'",
        format!("{spread:.2}"),
        format!("≥ {DENSITY_SPREAD:.1}"),
        spread >= DENSITY_SPREAD,
    ));
    rows.push(Row::new("new images: notes in the emptiest", emptiest.to_string(), "≥ 1".into(), emptiest > 0));
    let first = &drawn[..DIFFERENT];
    let written = |clip: &Clip| -> Vec<(u64, u64, u8, u8)> {
        let exact = |note: &tonenet_core::clip::ClipNote| {
            (note.onset.to_bits(), note.length.to_bits(), note.key, note.velocity)
        };
        clip.notes().iter().map(exact).collect()
    };
    let different = first.iter().map(written).collect::<HashSet<_>>().len();
    rows.push(Row::new(
        &format!("new images: different ones of {DIFFERENT}"),
        different.to_string(),
        format!("= {DIFFERENT}"),
        different == DIFFERENT,
    ));
    let overlap = scores::overlap(&scores::key_shares(images), &scores::key_shares(phrases));
    rows.push(Row::new("new images: overlap of key histograms", format!("{overlap:.3}"), "–".into(), true));
    rows
}

/// The images on the path between two phrases.
struct Interpolation {
    from: usize,
    to: usize,
    images: Vec<PhraseImage>,
}

fn paths(model: &TextureModel, phrases: &[PhraseImage]) -> Result<Vec<Interpolation>> {
    (0..PATHS)
        .into_par_iter()
        .map(|path| {
            // Each path leads to another genre, sometimes to its own.
            let from = path * phrases.len() / PATHS;
            let to = (from + phrases.len() * (path % 5 + 1) / 7) % phrases.len();
            let (a, b) = (phrases[from].to_clip(), phrases[to].to_clip());
            let images = (0..=PATH_STEPS)
                .map(|step| {
                    let share = step as f32 / PATH_STEPS as f32;
                    Ok(PhraseImage::from_clip(&model.morph(&a, &b, share, &Cancellation::default())?))
                })
                .collect::<Result<_>>()?;
            Ok(Interpolation { from, to, images })
        })
        .collect()
}

fn path_rows(phrases: &[PhraseImage], paths: &[Interpolation]) -> Vec<Row> {
    let mut mean = [(0.0, 0.0); PATH_STEPS + 1];
    let (mut right, mut steps) = (0usize, 0usize);
    for path in paths {
        let apart = |image: &PhraseImage, phrase: usize| scores::distance(image, &phrases[phrase]);
        let distances: Vec<(f64, f64)> =
            path.images.iter().map(|image| (apart(image, path.from), apart(image, path.to))).collect();
        for (mean, (from, to)) in mean.iter_mut().zip(&distances) {
            *mean = (mean.0 + from, mean.1 + to);
        }
        for step in distances.windows(2) {
            right += usize::from(step[1].0 >= step[0].0) + usize::from(step[1].1 <= step[0].1);
            steps += 2;
        }
    }
    let monotone = mean.windows(2).filter(|step| step[1].0 > step[0].0 && step[1].1 < step[0].1).count();
    let share = right as f64 / steps.max(1) as f64;
    vec![
        Row::new(
            &format!("paths: steps of {PATH_STEPS} on which the mean changes rightly"),
            monotone.to_string(),
            format!("= {PATH_STEPS}"),
            monotone == PATH_STEPS,
        ),
        Row::new(
            &format!("paths: single steps of {PATHS} that lead the right way"),
            format!("{share:.3}"),
            format!("≥ {MONOTONE:.2}"),
            share >= MONOTONE,
        ),
    ]
}

fn runtime_rows(runtimes: &[(TextureModel, String); 2]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut written = Vec::new();
    for (model, name) in runtimes {
        let mut times = Vec::new();
        let mut clips = Vec::new();
        for seed in 0..COMPARED {
            let started = Instant::now();
            clips.push(draw(model, seed)?);
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        let (median, p95) = (times[times.len() / 2], times[times.len() * 95 / 100]);
        rows.push(Row::new(
            &format!("{name}: an image, median and p95, ms"),
            format!("{median:.2}, {p95:.2}"),
            format!("median < {MILLISECONDS:.0}"),
            median < MILLISECONDS,
        ));
        let repeats = (0..COMPARED).map(|seed| draw(model, seed)).collect::<Result<Vec<_>>>()? == clips;
        rows.push(Row::new(&format!("{name}: same seed, same notes"), repeats.to_string(), "true".into(), repeats));
        written.push(clips);
    }
    let same = written[0].iter().zip(&written[1]).filter(|(a, b)| a == b).count();
    rows.push(Row::new(
        &format!("same notes in both runtimes, of {COMPARED} seeds"),
        same.to_string(),
        format!("≥ {SAME_NOTES}"),
        same >= SAME_NOTES,
    ));
    Ok(rows)
}

/// Files for the plots of reconstructed phrases, new images and paths.
struct Plots {
    reconstructions: OutputFile,
    samples: OutputFile,
    interpolations: OutputFile,
}

impl Plots {
    fn plan(mut file: impl FnMut(&str) -> Result<OutputFile>) -> Result<Self> {
        Ok(Self {
            reconstructions: file("vaegan-reconstructions.png")?,
            samples: file("vaegan-samples.png")?,
            interpolations: file("vaegan-interpolations.png")?,
        })
    }

    fn draw(
        &self,
        phrases: &[PhraseImage],
        again: &[PhraseImage],
        drawn: &[PhraseImage],
        paths: &[Interpolation],
    ) -> Result<()> {
        let spread = |images: &[PhraseImage], row: usize| -> Vec<PhraseImage> {
            (0..6).map(|n| images[(2 * n + row) * images.len() / 12].clone()).collect()
        };
        let mut rows = Vec::new();
        for row in 0..2 {
            rows.push(("phrases".into(), spread(phrases, row)));
            rows.push(("come back".into(), spread(again, row)));
        }
        self.reconstructions.make(|path| plot::draw(path, &rows).map_err(anyhow::Error::from))?;
        let rows: Vec<_> = drawn[..24].chunks(6).map(|row| ("new".to_owned(), row.to_vec())).collect();
        self.samples.make(|path| plot::draw(path, &rows).map_err(anyhow::Error::from))?;
        let rows: Vec<_> = paths
            .iter()
            .step_by(PATHS / 4)
            .map(|path| {
                let between = path.images.iter().step_by(2).cloned();
                let ends = [&phrases[path.from], &phrases[path.to]].map(Clone::clone);
                let [first, last] = ends;
                let title = "a phrase, the way from it to another in fifths, and the other".to_owned();
                (title, std::iter::once(first).chain(between).chain([last]).collect())
            })
            .collect();
        self.interpolations.make(|path| plot::draw(path, &rows).map_err(anyhow::Error::from))?;
        for plot in [&self.reconstructions, &self.samples, &self.interpolations] {
            println!("{}", plot.name().display());
        }
        Ok(())
    }
}
