//! `cargo xtask bench models`: times of a hop, of whole performances and of generators, in every runtime there is.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::generate::textures::TextureModel;
use tonenet_inference::generate::tunes::{TuneModel, TuneSettings};
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::performance::LoadedModel;
use tonenet_inference::runtime::{Runtime, RuntimePreference};

use super::restyle::{self, Speeds};
use super::{Figure, median};
use crate::arguments::BenchModelsArgs;
use crate::models::velocity_model_folder;
use crate::quantise::hop_micros;
use crate::{runtimes, workspace};

/// New notes of a hop.
const HOP: usize = 16;
/// Notes of a whole take.
pub const TAKE: usize = 2_500;
/// How often generators are timed.
const ROUNDS: u64 = 40;

/// The figures of one run.
#[derive(Default)]
pub struct Figures(Vec<Figure>);

impl Figures {
    /// Prints and keeps a figure.
    pub fn add(&mut self, name: &str, unit: &'static str, found: f64) {
        println!("  {name:<44} {found:>12.2} {unit}");
        self.0.push(Figure { name: name.into(), unit, found });
    }
}

/// Measures, and writes the figures as JSON if asked to.
///
/// # Errors
/// When a model cannot be loaded or fails.
pub fn run(args: &BenchModelsArgs) -> Result<()> {
    if args.torch && cfg!(not(feature = "torch")) {
        return Err(workspace::Missing::Libtorch.into());
    }
    let mut figures = Figures::default();
    for preference in [RuntimePreference::OnnxRuntime, RuntimePreference::BuiltIn] {
        let (runtime, report) = runtimes::open(preference)?;
        println!("{} · {}", report.runtime, report.provider);
        let name = match preference {
            RuntimePreference::BuiltIn => "built-in",
            _ => "onnxruntime",
        };
        measure(&runtime, name, &mut figures)?;
    }
    let (runtime, _) = runtimes::open(RuntimePreference::OnnxRuntime)?;
    let Speeds { alone, together } = restyle::measure(&velocity_model(&runtime, "note")?)?;
    for (size, seconds) in &alone {
        figures.add(&format!("alone.{size}"), "notes/s", *size as f64 / seconds);
    }
    figures.add("together", "notes/s", together);
    figures.add("growth", "exponent", restyle::growth(&alone));
    #[cfg(feature = "torch")]
    if args.torch {
        println!("libtorch");
        super::torch::measure(&mut figures)?;
    }
    if let Some(path) = &args.json {
        fs::write(path, serde_json::to_vec(&figures.0)?).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn measure(runtime: &Runtime, name: &str, figures: &mut Figures) -> Result<()> {
    let files = ModelFiles::from_dir(&velocity_model_folder("note")?)?;
    let network = NoteNetwork::load(runtime, &files)?;
    let micros = hop_micros(std::slice::from_ref(&network), HOP)?;
    figures.add(&format!("hop.{name}"), "µs", micros[0]);
    let take = restyle::repeated(&restyle::piece()?, TAKE);
    for model in ["note", "baseline", "attention"] {
        let seconds = restyle::seconds_per_performance(&velocity_model(runtime, model)?, &[&take])?;
        figures.add(&format!("take.{model}.{name}"), "notes/s", TAKE as f64 / seconds);
    }
    let tunes = TuneModel::load(runtime, &ModelFiles::from_dir(&workspace::shipped_model("seqgan"))?)?;
    let eight_bars = |seed| {
        tunes.generate(&TuneSettings { seed, bars: 8, ..TuneSettings::default() }, &Cancellation::default())?;
        Ok(())
    };
    figures.add(&format!("tune.{name}"), "ms", millis(eight_bars)?);
    let textures = TextureModel::load(runtime, &ModelFiles::from_dir(&workspace::shipped_model("vaegan"))?)?;
    let image = |seed| {
        textures.generate(seed, 1.0, &Cancellation::default())?;
        Ok(())
    };
    figures.add(&format!("texture.{name}"), "ms", millis(image)?);
    Ok(())
}

fn velocity_model(runtime: &Runtime, name: &str) -> Result<LoadedModel> {
    Ok(LoadedModel::load(runtime, &ModelFiles::from_dir(&velocity_model_folder(name)?)?)?)
}

/// The median time of something that depends on a seed, in ms.
fn millis(run: impl Fn(u64) -> Result<()>) -> Result<f64> {
    run(0)?;
    let mut times = Vec::new();
    for seed in 0..ROUNDS {
        let started = Instant::now();
        run(seed)?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(times))
}
