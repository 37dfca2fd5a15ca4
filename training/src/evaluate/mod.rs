//! `cargo xtask evaluate`: how close models come to human velocities on held-out performances.
//!
//! `docs/training.md` defines the metrics. A `predictor` is a model or a reference. `measure` computes its figures;
//! `transfer` and `cycle` compute those of moving a performance to another genre, and back. `targets` holds the targets
//! of the project's models. `table` prints, `card` writes model cards and `curve` draws. `pairs` scores files from
//! other sources, `shipped` whole files of several parts, `scores` real scores, `own_styles` learned styles, `feel` timing, lengths and pedal, `candidates` kinds of
//! performances that could be built-in styles. `tunes` and
//! `textures` score the generators.

mod candidates;
mod card;
mod curve;
mod cycle;
mod feel;
mod measure;
mod own_styles;
mod pairs;
mod predictor;
mod scores;
mod shipped;
mod table;
mod targets;
mod textures;
mod transfer;
mod tunes;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use rayon::prelude::*;
use tonenet_files::outputs::Inputs;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::performance::LoadedModel;
use tonenet_inference::runtime::Runtime;

use crate::arguments::EvaluateArgs;
use crate::data::genre::{self, GenreId};
use crate::data::performances::{self, Performance};
use crate::data::{self, Split};
use crate::models::{SEQGAN, SHIPPED, VAEGAN, velocity_model_folder};
use crate::runtimes;
use crate::workspace;
use card::FigureFiles;
use measure::Report;
use predictor::{Linear, Lookup, Predictor};

/// The references, by their names on the command line.
const REFERENCES: [&str; 3] = ["flat", "lookup", "linear"];

/// Look-aheads that have targets, in seconds.
const LOOK_AHEADS: [f64; 3] = [0.01, 0.1, 0.5];

/// `cargo xtask evaluate`.
pub fn run(args: &EvaluateArgs) -> Result<()> {
    if let Some(folders) = &args.pairs {
        let [predicted, original] = folders.as_slice() else { bail!("--pairs takes two folders") };
        return pairs::run(predicted, original);
    }
    if let Some(folder) = &args.scores {
        return scores::run(args, folder);
    }
    let Some(data) = &args.data else {
        bail!("give --data the folder that holds performances.csv (see docs/training.md), or --pairs two folders");
    };
    if let Some(generator) = args.models.iter().find(|name| [SEQGAN, VAEGAN].contains(&name.as_str())) {
        if args.models.len() > 1 {
            bail!("{generator} writes and is scored by itself; leave the other models out");
        }
        return if generator == SEQGAN { tunes::run(args, data) } else { textures::run(args, data) };
    }
    if args.own_styles {
        return own_styles::run(args, data);
    }
    if args.feel {
        return feel::run(args, data);
    }
    if args.candidates {
        return candidates::run(args, data);
    }
    if args.as_shipped {
        return shipped::run(args, data);
    }
    if args.keep && args.split != Split::Valid {
        bail!("cards tell of the valid split; leave --split or --keep out");
    }
    let names: Vec<String> = if args.models.is_empty() {
        REFERENCES.iter().chain(&SHIPPED).map(|&name| name.into()).collect()
    } else {
        args.models.clone()
    };
    let look_aheads = if args.look_ahead.is_empty() { LOOK_AHEADS.to_vec() } else { args.look_ahead.clone() };
    let mut outputs = Inputs::default().files(data::files(data, performances::LIST)?).outputs();
    let folder = workspace::evaluations();
    let json = outputs.file(&folder.join("evaluation.json"))?;
    let png = outputs.file(&folder.join("look-ahead.png"))?;
    let kept: Vec<Option<FigureFiles>> = names
        .iter()
        .map(|name| {
            let is_kept = args.keep && SHIPPED.contains(&name.as_str());
            is_kept.then(|| FigureFiles::plan(&mut outputs, &velocity_model_folder(name)?)).transpose()
        })
        .collect::<Result<_>>()?;
    // Checked before minutes of reading.
    workspace::onnxruntime()?;
    let performances = performances::load(data, args.split)?;
    let runtime = runtimes::open_default()?;
    let mut reports = Vec::new();
    for (name, kept) in names.iter().zip(&kept) {
        let (title, predictor) = open(name, &runtime, data)?;
        let report = measured(&title, &predictor, &performances, &look_aheads)?;
        table::print(&report, args.split);
        println!("  {}", scores::CEILING);
        if args.split == Split::Valid {
            table::print_targets(&report, &targets::for_model(name, &report));
        }
        if let Some(kept) = kept {
            kept.write(&report, &card::figures(name, &report))?;
        }
        reports.push(report);
    }
    json.write(&serde_json::to_vec_pretty(&reports)?)?;
    png.make(|path| curve::draw(path, &reports).map_err(anyhow::Error::from))?;
    println!("{}\n{}", json.name().display(), png.name().display());
    Ok(())
}

/// Scores the model in a folder on the valid split, and keeps its figures there.
pub fn keep_figures(folder: &Path, id: &str, data: &Path) -> Result<()> {
    let files = ModelFiles::from_dir(folder)?;
    let kept =
        FigureFiles::plan(&mut Inputs::default().files(data::files(data, performances::LIST)?).outputs(), folder)?;
    let model = LoadedModel::load(&runtimes::open_default()?, &files)?;
    let performances = performances::load(data, Split::Valid)?;
    let report = measured(&files.manifest().title, &Predictor::Model(model), &performances, &LOOK_AHEADS)?;
    table::print(&report, Split::Valid);
    table::print_targets(&report, &targets::for_model(id, &report));
    kept.write(&report, &card::figures(id, &report))
}

/// Measures a predictor, and says which genres it has no style for.
fn measured(title: &str, predictor: &Predictor, performances: &[Performance], look_aheads: &[f64]) -> Result<Report> {
    let styles = predictor.styles()?;
    let played = genre::distinct(performances.iter().map(|performance| performance.genre.clone()));
    let (known, others): (Vec<GenreId>, Vec<GenreId>) = played.into_iter().partition(|genre| styles.contains(genre));
    if known.is_empty() {
        bail!("{title} has the styles {}, and the data only {}", genre::list(&styles), genre::list(&others));
    }
    if !others.is_empty() {
        println!("{title} has no style for {}; their performances are left out", genre::list(&others));
    }
    measure::measure(title, predictor, performances, look_aheads)
}

fn open(name: &str, runtime: &Runtime, data: &Path) -> Result<(String, Predictor)> {
    fn fit<F: Send>(data: &Path, fit: impl Fn(&[&Performance]) -> F + Sync) -> Result<BTreeMap<GenreId, F>> {
        let train = performances::load(data, Split::Train)?;
        let genres = genre::distinct(train.iter().map(|performance| performance.genre.clone()));
        let of_genre = |genre: &GenreId| train.iter().filter(|p| p.genre == *genre).collect::<Vec<_>>();
        Ok(genres.into_par_iter().map(|genre| (genre.clone(), fit(&of_genre(&genre)))).collect())
    }
    Ok(match name {
        "flat" => ("Flat".into(), Predictor::Flat(performances::genres(data, Split::Train)?)),
        "lookup" => ("Pitch × chord-place lookup".into(), Predictor::Lookup(fit(data, Lookup::fit)?)),
        "linear" => ("Linear regression on note rows".into(), Predictor::Linear(fit(data, Linear::fit)?)),
        name => {
            let folder = velocity_model_folder(name)?;
            let files = ModelFiles::from_dir(&folder)?;
            let model = LoadedModel::load(runtime, &files)?;
            (files.manifest().title.clone(), Predictor::Model(model))
        }
    })
}
