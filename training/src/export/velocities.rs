//! Exports a velocity model: its graphs, and the spread of its styles.

use std::fs;

use crate::metrics::velocities::score_file;
use anyhow::{Context, Result, bail};
use tonenet_core::genre::Genre;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::manifest::{FILE_NAME, FORMAT, GraphEntry, Manifest, StyleEntry};
use tonenet_inference::performance::{LoadedModel, LookAhead};
use tonenet_inference::runtime::RuntimePreference;
use tonenet_model_export::quantise::Precision;
use tonenet_model_export::weights::Weights;

use super::golden;
use super::{NewFolder, for_each_runtime};
use crate::arguments::ExportArgs;
use crate::data::Split;
use crate::data::performances::{self, Performance};
use crate::evaluate;
use crate::graphs;
use crate::models::VelocityModel;
use crate::train::RunFolder;

/// Largest difference of a runtime from torch, in velocity steps.
const TOLERANCE: f32 = 1e-4;

/// Training files per genre that the style's spreads are measured on.
const SPREAD_FILES: usize = 40;

/// Exports a model of velocities.
pub fn run(args: &ExportArgs, model: VelocityModel) -> Result<()> {
    let run = RunFolder::new(&args.run_folder())?;
    let weights_file = args.weights.clone().unwrap_or_else(|| run.best_weights());
    let bytes = fs::read(&weights_file).with_context(|| {
        format!("cannot read {}; run `cargo xtask train {}` first", weights_file.display(), model.id())
    })?;
    let weights = Weights::from_bytes(&bytes)?;
    let folder = NewFolder::for_model(model.id())?;
    let put = |name: &str, bytes: &[u8]| folder.put(name, bytes);

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
    golden.save(&folder.path().join("golden.safetensors"))?;

    let files = ModelFiles::from_dir(folder.path())?;
    for_each_runtime(|runtime, name, preference| {
        let loaded = LoadedModel::load(runtime, &files)?;
        let worst = golden.worst_difference(&loaded)?;
        println!("{name}: at most {worst:.1e} velocity steps from torch");
        if worst.is_nan() || worst > TOLERANCE {
            bail!("the exported graphs differ from torch by {worst} velocity steps; nothing was replaced");
        }
        if preference == RuntimePreference::OnnxRuntime {
            println!("measuring each style's spread on {SPREAD_FILES} training files");
            let train = performances::load(&args.data, Split::Train)?;
            for style in Genre::ALL {
                let entry = manifest.styles.iter_mut().find(|s| s.id == style.id()).context("a style is missing")?;
                [entry.human_spread, entry.predicted_spread, entry.residual] = spreads(&loaded, &train, style)?;
            }
        }
        Ok(())
    })?;
    put_manifest(&manifest)?;
    let target = folder.replace()?;
    evaluate::keep_figures(&target, model.id(), &args.data)
}

/// Standard deviations within a file, averaged over training files of a style, in velocity steps.
///
/// They are those of human velocities, of the predicted means, and of the residuals.
fn spreads(model: &LoadedModel, train: &[Performance], style: Genre) -> Result<[f32; 3]> {
    let mut sums = [0.0; 3];
    let mut files = 0.0;
    for performance in train.iter().filter(|p| p.genre == style).take(SPREAD_FILES) {
        let predicted = model.predict(&performance.view(), LookAhead::WholePerformance, &[style])?;
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
