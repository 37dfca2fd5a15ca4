//! `cargo xtask evaluate seqgan`: how close written tunes come to held-out ones, how alike they are, and how new.
//!
//! [`writer`] is who writes, [`likeness`] how much written tunes resemble others, [`report`] what is measured of each
//! writer and what is needed, [`picture`] how likeness and sameness trade off over temperatures.

mod likeness;
mod picture;
mod report;
mod writer;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use tonenet_core::tune::{Tune, Vocabulary};
use tonenet_files::outputs::Inputs;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::generate::Cancellation;
use tonenet_inference::generate::tunes::{TuneModel, TuneSettings};
use tonenet_inference::library;
use tonenet_inference::runtime::{Runtime, RuntimePreference};

use crate::cli::EvaluateArgs;
use crate::dataset::{self, Split};
use crate::evaluate::card::Kept;
use crate::setup;
use crate::tunes;
use crate::workspace;
use likeness::Phrases;
use report::{Report, Speed, Trade, WriterReport};
use writer::{Commission, Writer};

/// The model, and what it was before the adversaries met, by their folders in `assets/models`.
pub const MODEL: &str = "seqgan";
pub const BY_LIKELIHOOD: &str = "seqgan-likelihood";

/// Bars of the tunes that are compared: a phrase.
pub const BARS: u32 = 8;

/// Tunes of each writer at each temperature.
const TUNES: usize = 1024;

/// Temperatures of the trade between likeness and sameness.
const TEMPERATURES: [f32; 7] = [0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2];

/// Seeds that both runtimes are asked for.
const SEEDS: u64 = 100;

/// Scores the generator of tunes on the tunes of a split.
pub fn run(args: &EvaluateArgs, data: &Path) -> Result<()> {
    let mut outputs = Inputs::default().files(dataset::files(data, tunes::LIST)?).outputs();
    let folder = workspace::root().join("target/evaluate");
    let json = outputs.file(&folder.join("seqgan.json"))?;
    let png = outputs.file(&folder.join("seqgan.png"))?;
    let target = workspace::root().join("assets/models").join(MODEL);
    let kept = args.keep.then(|| Kept::plan(&mut outputs, &target)).transpose()?;
    let train = tunes::load(data, Split::Train)?;
    let held_out = tunes::load(data, args.split)?;
    let onnxruntime = setup::onnxruntime()?;
    let open = |preference| Runtime::open(preference, &library::candidates(Some(&onnxruntime)));
    let (runtime, told) = open(RuntimePreference::OnnxRuntime);
    if told.library.is_none() {
        bail!("ONNX Runtime could not be opened: {}", told.notes.join(" "));
    }
    println!("runtime: {} · {}", told.runtime, told.provider);
    let load = |runtime: &Runtime, id: &str| -> Result<TuneModel> {
        let folder = workspace::root().join("assets/models").join(id);
        let files = ModelFiles::from_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        Ok(TuneModel::load(runtime, &files)?)
    };
    let model = load(&runtime, MODEL)?;
    let by_likelihood = load(&runtime, BY_LIKELIHOOD)?;
    let built_in = load(&open(RuntimePreference::BuiltIn).0, MODEL)?;
    let vocabulary = model.vocabulary().clone();
    if by_likelihood.vocabulary() != &vocabulary {
        bail!("{MODEL} and {BY_LIKELIHOOD} have other vocabularies; export both from one run");
    }

    let phrases = Phrases::new(&vocabulary, &train, &held_out);
    let commissions = Commission::draw(&train, TUNES);
    let nats = |model: &TuneModel| surprise(model, &held_out);
    let (model_nats, likelihood_nats) = (nats(&model)?, nats(&by_likelihood)?);
    let (speed, same) = (measured_speed(&model, &built_in)?, same_in_both(&model, &built_in)?);

    let steps = 2 * TEMPERATURES.len() + 2;
    let bar = ProgressBar::new(steps as u64)
        .with_style(ProgressStyle::with_template("{bar:32} {pos}/{len} {msg}, {eta} left").expect("a valid template"));
    let write = |writer: &Writer, temperature: f32| -> Result<Vec<Vec<usize>>> {
        bar.set_message(format!("{} at {temperature}", writer.title()));
        let written = writer.write_all(&commissions, temperature)?;
        bar.inc(1);
        Ok(written)
    };
    let adversary = Writer::Model("SeqGAN", model);
    let likelihood = Writer::Model("maximum likelihood", by_likelihood);
    let mut trades = Vec::new();
    let mut writers = Vec::new();
    for (writer, nats) in [(&adversary, Some(model_nats)), (&likelihood, Some(likelihood_nats))] {
        let mut points = Vec::new();
        for temperature in TEMPERATURES {
            let written = write(writer, temperature)?;
            points.push(phrases.point(temperature, &written));
            if temperature == 1.0 {
                writers.push(WriterReport::new(writer.title(), nats, &vocabulary, &phrases, &commissions, &written));
            }
        }
        trades.push(Trade { writer: writer.title().into(), points });
    }
    for writer in [Writer::unigram(&vocabulary, &train), Writer::random(&vocabulary)] {
        let written = write(&writer, 1.0)?;
        writers.push(WriterReport::new(writer.title(), None, &vocabulary, &phrases, &commissions, &written));
    }
    bar.finish_and_clear();

    let people = phrases.of_people();
    let report = Report { split: args.split, tunes: TUNES, people, writers, trades, speed, same };
    report.print();
    json.write(&serde_json::to_vec_pretty(&report)?)?;
    png.make(|path| picture::draw(path, &report.trades))?;
    println!("{}\n{}", json.name().display(), png.name().display());
    if let Some(kept) = kept {
        kept.write(&report, &report.to_markdown())?;
    }
    Ok(())
}

/// Nats a symbol of tunes, each from its first bar to its end.
fn surprise(model: &TuneModel, tunes: &[Tune]) -> Result<f64> {
    let (mut sum, mut symbols) = (0.0, 0);
    for tune in tunes {
        let surprises = model.surprisals(tune)?;
        sum += surprises.iter().sum::<f64>();
        symbols += surprises.len();
    }
    Ok(sum / symbols.max(1) as f64)
}

/// How long eight bars take in ONNX Runtime and in the built-in runtime.
fn measured_speed(model: &TuneModel, built_in: &TuneModel) -> Result<Vec<Speed>> {
    [("ONNX Runtime", model), ("built-in runtime", built_in)]
        .into_iter()
        .map(|(runtime, model)| {
            let mut milliseconds = Vec::new();
            for seed in 0..40 {
                let started = Instant::now();
                model.write(&TuneSettings { seed, bars: BARS, ..TuneSettings::default() }, &Cancellation::default())?;
                milliseconds.push(started.elapsed().as_secs_f64() * 1e3);
            }
            milliseconds.sort_by(f64::total_cmp);
            let median = milliseconds[milliseconds.len() / 2];
            Ok(Speed { runtime: runtime.into(), median, worst: milliseconds[milliseconds.len() - 1] })
        })
        .collect()
}

/// Of [`SEEDS`] seeds, how many give the same tune in both runtimes.
fn same_in_both(model: &TuneModel, built_in: &TuneModel) -> Result<usize> {
    let mut same = 0;
    for seed in 0..SEEDS {
        let wish = TuneSettings { seed, bars: BARS, ..TuneSettings::default() };
        let nobody = Cancellation::default();
        same += usize::from(model.write(&wish, &nobody)? == built_in.write(&wish, &nobody)?);
    }
    Ok(same)
}

/// The ids of a phrase, without a start and an end.
fn ids_of(vocabulary: &Vocabulary, phrase: &Tune) -> Vec<usize> {
    let ids = vocabulary.encode(phrase);
    ids[1..ids.len() - 1].to_vec()
}
