//! `cargo xtask evaluate seqgan`: how close generated tunes are to held-out ones, how varied, and how new.
//!
//! [`writer`] generates, [`likeness`] compares tunes, [`report`] holds the figures and their targets, [`plot`] plots
//! likeness over sameness at several temperatures.

mod likeness;
mod plot;
mod report;
mod writer;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use tonenet_core::tune::Tune;
use tonenet_files::outputs::Inputs;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::generate::Cancellation;
use tonenet_inference::generate::tunes::{TuneModel, TuneSettings};
use tonenet_inference::runtime::Runtime;

use crate::arguments::EvaluateArgs;
use crate::data::tunes;
use crate::data::{self, Split};
use crate::evaluate::card::FigureFiles;
use crate::models::{SEQGAN, SEQGAN_BY_LIKELIHOOD};
use crate::progress;
use crate::runtimes;
use crate::workspace;
use likeness::{BARS, Phrases};
use report::{ComparedWith, Report, SEEDS, Speed, Trade, WriterReport};
use writer::{TuneRequest, Writer};

/// Tunes from each generator at each temperature.
const TUNES: usize = 1024;

/// Temperatures at which likeness and sameness are measured.
const TEMPERATURES: [f32; 7] = [0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2];

/// Scores the generator of tunes on the tunes of a split.
pub fn run(args: &EvaluateArgs, data: &Path) -> Result<()> {
    let mut outputs = Inputs::default().files(data::files(data, tunes::LIST)?).outputs();
    let folder = workspace::evaluations();
    let json = outputs.file(&folder.join("seqgan.json"))?;
    let png = outputs.file(&folder.join("seqgan.png"))?;
    let target = workspace::shipped_model(SEQGAN);
    let kept = args.keep.then(|| FigureFiles::plan(&mut outputs, &target)).transpose()?;
    workspace::onnxruntime()?;
    let train = tunes::load(data, Split::Train)?;
    let held_out = tunes::load(data, args.split)?;
    let (runtime, opened) = runtimes::open_onnxruntime()?;
    println!("runtime: {} · {}", opened.runtime, opened.provider);
    let load = |runtime: &Runtime, id: &str| -> Result<TuneModel> {
        let folder = workspace::shipped_model(id);
        let files = ModelFiles::from_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        Ok(TuneModel::load(runtime, &files)?)
    };
    let model = load(&runtime, SEQGAN)?;
    let by_likelihood = load(&runtime, SEQGAN_BY_LIKELIHOOD)?;
    let built_in = load(&runtimes::open_built_in()?.0, SEQGAN)?;
    let vocabulary = model.vocabulary().clone();
    if by_likelihood.vocabulary() != &vocabulary {
        bail!("{SEQGAN} and {SEQGAN_BY_LIKELIHOOD} have other vocabularies; export both from one run");
    }

    let phrases = Phrases::new(&vocabulary, &train, &held_out);
    let requests = TuneRequest::draw(&train, TUNES);
    let nats = |model: &TuneModel| surprise(model, &held_out);
    let (model_nats, likelihood_nats) = (nats(&model)?, nats(&by_likelihood)?);
    let (speed, same) = (measured_speed(&model, &built_in)?, same_in_both(&model, &built_in)?);

    let compared = ComparedWith { vocabulary: &vocabulary, phrases: &phrases, requests: &requests };
    let steps = 2 * TEMPERATURES.len() + 2;
    let bar = progress::bar(steps, "{pos}/{len} {msg}, {eta} left");
    let write = |writer: &Writer, temperature: f32| -> Result<Vec<Vec<usize>>> {
        bar.set_message(format!("{} at {temperature}", writer.title()));
        let written = writer.write_all(&requests, temperature)?;
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
                writers.push(WriterReport::new(&compared, writer.title(), nats, &written));
            }
        }
        trades.push(Trade { writer: writer.title().into(), points });
    }
    for writer in [Writer::unigram(&vocabulary, &train), Writer::random(&vocabulary)] {
        let written = write(&writer, 1.0)?;
        writers.push(WriterReport::new(&compared, writer.title(), None, &written));
    }
    bar.finish_and_clear();

    let people = phrases.held_out_bleu();
    let report = Report { split: args.split, tunes: TUNES, people, writers, trades, speed, same };
    report.print();
    json.write(&serde_json::to_vec_pretty(&report)?)?;
    png.make(|path| plot::draw(path, &report.trades).map_err(anyhow::Error::from))?;
    println!("{}\n{}", json.name().display(), png.name().display());
    if let Some(kept) = kept {
        kept.write(&report, &report.to_markdown())?;
    }
    Ok(())
}

/// Loss on tunes in nats per symbol, each from its first bar to its end.
fn surprise(model: &TuneModel, tunes: &[Tune]) -> Result<f64> {
    let (mut sum, mut symbols) = (0.0, 0);
    for tune in tunes {
        let surprises = model.surprisals(tune)?;
        sum += surprises.iter().sum::<f64>();
        symbols += surprises.len();
    }
    Ok(sum / symbols.max(1) as f64)
}

/// The time for eight bars in ONNX Runtime and in the built-in runtime.
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

/// How many of [`SEEDS`] seeds give the same tune in both runtimes.
fn same_in_both(model: &TuneModel, built_in: &TuneModel) -> Result<usize> {
    let mut same = 0;
    for seed in 0..SEEDS {
        let wish = TuneSettings { seed, bars: BARS, ..TuneSettings::default() };
        let nobody = Cancellation::default();
        same += usize::from(model.write(&wish, &nobody)? == built_in.write(&wish, &nobody)?);
    }
    Ok(same)
}
