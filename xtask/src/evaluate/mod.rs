//! `cargo xtask evaluate`: how close models come to human velocities on held-out performances, by the project's
//! definitions of the metrics (see `docs/training.md`).
//!
//! [`predictor`] is who predicts, [`measure`] what is measured, [`transfer`] how far a decoder carries a performance,
//! [`cycle`] how much of it comes back, [`bars`] what is needed, [`table`] what is printed, [`card`] what model cards say,
//! [`curve`] the picture, [`pairs`] the scores of files that others made, [`shipped`] those of whole files. [`tunes`] and [`textures`] score the generators
//! instead.

mod bars;
mod card;
mod curve;
mod cycle;
mod measure;
mod pairs;
mod predictor;
mod shipped;
mod table;
pub mod textures;
mod transfer;
pub mod tunes;

use std::path::Path;

use anyhow::{Context, Result, bail};
use rayon::prelude::*;
use tonenet_core::genre::Genre;
use tonenet_files::outputs::Inputs;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::performance::{LoadedModel, LookAhead};
use tonenet_inference::runtime::{Runtime, RuntimePreference};

use crate::cli::EvaluateArgs;
use crate::dataset::{self, Performance, Split};
use crate::setup;
use crate::workspace;
use card::Kept;
use predictor::{Linear, Lookup, Predictor};

/// The references, by the names they have on the command line.
const REFERENCES: [&str; 3] = ["flat", "lookup", "linear"];

/// The models that are part of the program, the default first.
const MODELS: [&str; 3] = ["note", "attention", "baseline"];

/// Look-aheads of the bars, in seconds.
const LOOK_AHEADS: [f64; 3] = [0.01, 0.1, 0.5];

/// `cargo xtask evaluate`.
pub fn run(args: &EvaluateArgs) -> Result<()> {
    if let Some(folders) = &args.pairs {
        let [predicted, original] = folders.as_slice() else { bail!("--pairs takes two folders") };
        return pairs::run(predicted, original);
    }
    let Some(data) = &args.data else {
        bail!("give --data the folder that holds performances.csv (see docs/training.md), or --pairs two folders");
    };
    if let Some(generator) = args.models.iter().find(|name| [tunes::MODEL, textures::MODEL].contains(&name.as_str())) {
        if args.models.len() > 1 {
            bail!("{generator} writes and is scored by itself; leave the other models out");
        }
        return if generator == tunes::MODEL { tunes::run(args, data) } else { textures::run(args, data) };
    }
    if args.as_shipped {
        return shipped::run(args, data);
    }
    if args.keep && args.split != Split::Valid {
        bail!("cards tell of the valid split; leave --split or --keep out");
    }
    let names: Vec<String> = if args.models.is_empty() {
        REFERENCES.iter().chain(&MODELS).map(|&name| name.into()).collect()
    } else {
        args.models.clone()
    };
    let look_aheads = if args.look_ahead.is_empty() { LOOK_AHEADS.to_vec() } else { args.look_ahead.clone() };
    let mut outputs = Inputs::default().files(dataset::files(data, dataset::LIST)?).outputs();
    let folder = workspace::root().join("target/evaluate");
    let json = outputs.file(&folder.join("evaluation.json"))?;
    let png = outputs.file(&folder.join("look-ahead.png"))?;
    let kept: Vec<Option<Kept>> = names
        .iter()
        .map(|name| {
            let is_kept = args.keep && MODELS.contains(&name.as_str());
            is_kept.then(|| Kept::plan(&mut outputs, &model_folder(name)?)).transpose()
        })
        .collect::<Result<_>>()?;
    let performances = dataset::load(data, args.split)?;
    let runtime = open_runtime()?;
    let mut reports = Vec::new();
    for (name, kept) in names.iter().zip(&kept) {
        let (title, predictor) = open(name, &runtime, data)?;
        let report = measure::measure(&title, &predictor, &performances, &look_aheads)?;
        table::print(&report, args.split);
        if args.split == Split::Valid {
            table::print_bars(&report, &bars::of(name, &report));
        }
        if let Some(kept) = kept {
            kept.write(&report, &card::figures(name, &report))?;
        }
        reports.push(report);
    }
    json.write(&serde_json::to_vec_pretty(&reports)?)?;
    png.make(|path| curve::draw(path, &reports))?;
    println!("{}\n{}", json.name().display(), png.name().display());
    Ok(())
}

/// Scores the model in a folder on the valid split, and keeps its figures there.
#[cfg(feature = "train")]
pub fn keep_figures(folder: &Path, id: &str, data: &Path) -> Result<()> {
    let files = ModelFiles::from_dir(folder)?;
    let kept = Kept::plan(&mut Inputs::default().files(dataset::files(data, dataset::LIST)?).outputs(), folder)?;
    let model = LoadedModel::load(&open_runtime()?, &files)?;
    let performances = dataset::load(data, Split::Valid)?;
    let report = measure::measure(&files.manifest().title, &Predictor::Model(model), &performances, &LOOK_AHEADS)?;
    table::print(&report, Split::Valid);
    table::print_bars(&report, &bars::of(id, &report));
    kept.write(&report, &card::figures(id, &report))
}

fn open_runtime() -> Result<Runtime> {
    let onnxruntime = setup::onnxruntime()?;
    let (runtime, report) = Runtime::open(RuntimePreference::Auto, &library::candidates(Some(&onnxruntime)));
    println!("runtime: {} · {}", report.runtime, report.provider);
    Ok(runtime)
}

fn open(name: &str, runtime: &Runtime, data: &Path) -> Result<(String, Predictor)> {
    let of_genres = || -> Result<Vec<Vec<Performance>>> {
        let train = dataset::load(data, Split::Train)?;
        Ok(Genre::ALL.iter().map(|g| train.iter().filter(|p| p.genre == *g).cloned().collect()).collect())
    };
    fn fit<F: Send>(genres: Vec<Vec<Performance>>, fit: impl Fn(&[&Performance]) -> F + Sync) -> Vec<F> {
        genres.par_iter().map(|genre| fit(&genre.iter().collect::<Vec<_>>())).collect()
    }
    Ok(match name {
        "flat" => ("Flat".into(), Predictor::Flat),
        "lookup" => ("Pitch × chord-place lookup".into(), Predictor::Lookup(fit(of_genres()?, Lookup::fit))),
        "linear" => ("Linear regression on note rows".into(), Predictor::Linear(fit(of_genres()?, Linear::fit))),
        name => {
            let folder = model_folder(name)?;
            let files = ModelFiles::from_dir(&folder)?;
            let model = LoadedModel::load(runtime, &files)?;
            (files.manifest().title.clone(), Predictor::Model(model))
        }
    })
}

/// The folder of a model that is named as one of ours, or by its path.
pub fn model_folder(name: &str) -> Result<std::path::PathBuf> {
    let folder = if MODELS.contains(&name) {
        workspace::root().join("assets/models").join(name)
    } else {
        Path::new(name).into()
    };
    if !folder.join("model.json").exists() {
        let known = MODELS.join(", ");
        return Err(anyhow::anyhow!("there is no model.json in {}", folder.display()))
            .with_context(|| format!("there is no model {name:?}; choose {known}, or a folder with a model.json"));
    }
    Ok(folder)
}

/// What a file was predicted from, in words.
fn knowledge_name(look_ahead: LookAhead) -> String {
    match look_ahead {
        LookAhead::WholePerformance => "whole take".into(),
        LookAhead::Seconds(seconds) if seconds < 0.1 => format!("{:.0} ms", seconds * 1000.0),
        LookAhead::Seconds(seconds) => format!("{seconds} s"),
    }
}
