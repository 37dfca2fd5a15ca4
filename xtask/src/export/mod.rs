//! `cargo xtask export`: trained weights to the ONNX files, manifest, golden tensors and figures that the plugin
//! embeds.
//!
//! [`textures`] exports a generator, the rest is about models of velocities: [`golden`] is what torch says. Nothing replaces the model in `assets/` before both runtimes have
//! reproduced torch's numbers from the new one.

mod golden;
mod textures;

use std::fs;

use anyhow::{Context, Result, bail};
use tonenet_core::genre::Genre;
use tonenet_core::metrics::score_file;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::manifest::{FILE_NAME, FORMAT, GraphEntry, Manifest, Sha256, StyleEntry};
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::take::{Knowledge, LoadedModel};
use tonenet_model_export::quantise::Precision;
use tonenet_model_export::weights::Weights;

use crate::cli::{ExportArgs, ModelName, Trainee};
use crate::dataset::{self, Performance, Split};
use crate::evaluate;
use crate::graphs;
use crate::setup;
use crate::train::RunFolder;
use crate::workspace;

/// How far a runtime may be from torch, in velocity steps.
const TOLERANCE: f32 = 1e-4;

/// Training files a genre that the style's spreads are measured on.
const SPREAD_FILES: usize = 40;

/// `cargo xtask export`.
pub fn run(args: &ExportArgs) -> Result<()> {
    match (args.model.velocity_model(), args.model) {
        (Some(model), _) => velocities(args, model),
        (None, Trainee::Vaegan) => textures::run(args),
        (None, other) => bail!("{} cannot be exported", other.id()),
    }
}

fn velocities(args: &ExportArgs, model: ModelName) -> Result<()> {
    let run = RunFolder::new(&args.run_folder())?;
    let weights_file = args.weights.clone().unwrap_or_else(|| run.best_weights());
    let bytes = fs::read(&weights_file).with_context(|| {
        format!("cannot read {}; run `cargo xtask train {}` first", weights_file.display(), model.id())
    })?;
    let weights = Weights::from_bytes(&bytes)?;
    let target = workspace::root().join("assets/models").join(model.id());
    fs::create_dir_all(&target)?;
    let work = tempfile::tempdir_in(workspace::root().join("assets/models"))?;
    let put = |name: &str, bytes: &[u8]| -> Result<GraphEntry> {
        fs::write(work.path().join(name), bytes).with_context(|| format!("cannot write {name}"))?;
        Ok(GraphEntry { file: name.into(), sha256: Sha256::of(bytes) })
    };

    let exported = graphs::graphs(model, &weights, Precision::StoredInt8, &put)?;
    let styles = exported.decoders.into_iter().map(|(style, decoder)| StyleEntry {
        id: style.id().into(),
        title: style.title().into(),
        decoder,
        residual: 0.0,
        human_spread: 0.0,
        predicted_spread: 0.0,
    });
    let mut manifest = Manifest {
        format: FORMAT,
        name: model.id().into(),
        title: exported.title.into(),
        network: exported.network,
        styles: styles.collect(),
    };
    let put_manifest =
        |manifest: &Manifest| -> Result<GraphEntry> { put(FILE_NAME, &serde_json::to_vec_pretty(manifest)?) };
    put_manifest(&manifest)?;
    put("weights.safetensors", &bytes)?;
    let golden = golden::compute(model, &weights)?;
    golden.save(&work.path().join("golden.safetensors"))?;

    let files = ModelFiles::from_dir(work.path())?;
    let onnxruntime = setup::onnxruntime()?;
    for preference in [RuntimePreference::BuiltIn, RuntimePreference::OnnxRuntime] {
        let (runtime, report) = Runtime::open(preference, &library::candidates(Some(&onnxruntime)));
        if preference == RuntimePreference::OnnxRuntime && report.library.is_none() {
            bail!("ONNX Runtime could not be opened: {}", report.notes.join(" "));
        }
        let worst = golden.worst_difference(&LoadedModel::load(&runtime, &files)?)?;
        println!("{}: at most {worst:.1e} velocity steps from torch", report.runtime);
        if worst.is_nan() || worst > TOLERANCE {
            bail!("the exported graphs differ from torch by {worst} velocity steps; nothing was replaced");
        }
        if preference == RuntimePreference::OnnxRuntime {
            println!("measuring each style's spread on {SPREAD_FILES} training files");
            let loaded = LoadedModel::load(&runtime, &files)?;
            let train = dataset::load(&args.data, Split::Train)?;
            for style in Genre::ALL {
                let entry = manifest.styles.iter_mut().find(|s| s.id == style.id()).context("a style is missing")?;
                [entry.human_spread, entry.predicted_spread, entry.residual] = spreads(&loaded, &train, style)?;
            }
        }
    }
    put_manifest(&manifest)?;
    for entry in fs::read_dir(work.path())? {
        let entry = entry?;
        fs::rename(entry.path(), target.join(entry.file_name()))?;
    }
    println!("the model is in {}", target.display());
    evaluate::keep_figures(&target, model.id(), &args.data)
}

/// Standard deviations within a file, averaged over training files of a style, in velocity steps: of the humans, of
/// the model's means, and of what is left between the two.
fn spreads(model: &LoadedModel, train: &[Performance], style: Genre) -> Result<[f32; 3]> {
    let mut sums = [0.0; 3];
    let mut files = 0.0;
    for performance in train.iter().filter(|p| p.genre == style).take(SPREAD_FILES) {
        let predicted = model.predict(&performance.take(), Knowledge::WholeTake, &[style])?;
        let deviations: Vec<f32> = predicted[0].iter().map(|p| p.deviation).collect();
        let human: Vec<f32> = performance.notes.iter().map(|n| f32::from(n.velocity)).collect();
        if let Some(score) = score_file(&deviations, &human) {
            let spread = (score.variance / score.notes as f64).sqrt();
            let residual = (score.residual / score.notes as f64).sqrt();
            for (sum, value) in sums.iter_mut().zip([spread, spread * score.sd_ratio, residual]) {
                *sum += value;
            }
            files += 1.0;
        }
    }
    Ok(sums.map(|sum| (sum / f64::max(files, 1.0)) as f32))
}
