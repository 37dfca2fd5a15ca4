//! Exports a velocity model: its graphs, and the spread of its styles.

use std::fs;
use std::path::Path;

use crate::metrics::velocities::score_file;
use anyhow::{Context, Result, bail};
use tonenet_core::style::StyleIndex;
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
use crate::data::genre;
use crate::data::performances::{self, Performance};
use crate::evaluate;
use crate::graphs;
use crate::models::VelocityModel;
use crate::train::RunFolder;
use crate::workspace;

/// Largest difference of a runtime from torch, in velocity steps.
const TOLERANCE: f32 = 1e-4;

/// Training files per genre that the style's spreads are measured on.
const SPREAD_FILES: usize = 40;

/// Exports a model of velocities.
pub fn run(args: &ExportArgs, model: VelocityModel) -> Result<()> {
    let run = RunFolder::new(&args.run_folder())?;
    let weights_file = args.weights.clone().unwrap_or_else(|| run.best_weights());
    let read = |file: &Path| {
        fs::read(file)
            .with_context(|| format!("cannot read {}; run `cargo xtask train {}` first", file.display(), model.id()))
    };
    let first = read(&weights_file)?;
    let others = args.mean_with.iter().map(|file| read(file)).collect::<Result<Vec<_>>>()?;
    let others = others.iter().map(|bytes| Weights::from_bytes(bytes)).collect::<Result<Vec<_>, _>>()?;
    let bytes = match others.as_slice() {
        [] => first,
        others => Weights::from_bytes(&first)?.mean_with(others)?,
    };
    let weights = Weights::from_bytes(&bytes)?;
    let genres = graphs::genres(&weights)?;
    if args.output.is_none() && genres != genre::built_in() {
        bail!(
            "{} has the styles {}, and the model that ships has {} alone; name a folder of your own with --output",
            weights_file.display(),
            genre::list(&genres),
            genre::list(&genre::built_in())
        );
    }
    let folder = NewFolder::at(args.target())?;
    let put = |name: &str, bytes: &[u8]| folder.put(name, bytes);

    let exported = graphs::graphs(model, &weights, Precision::StoredInt8, &put)?;
    let styles = exported.decoders.into_iter().map(|(style, decoder)| StyleEntry {
        id: style.as_str().into(),
        title: style.title(),
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
    manifest.placed_styles()?;
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
            let shipped = ModelFiles::from_dir(&workspace::shipped_model(model.id())).ok();
            let shipped = shipped.as_ref().map(ModelFiles::manifest).filter(|m| m.network == manifest.network);
            for entry in &mut manifest.styles {
                let of_style: Vec<&Performance> = train.iter().filter(|p| p.genre.as_str() == entry.id).collect();
                let same = shipped.and_then(|m| m.style(&entry.id)).filter(|same| same.decoder == entry.decoder);
                [entry.human_spread, entry.predicted_spread, entry.residual] = match same {
                    _ if !of_style.is_empty() => spreads(&loaded, &of_style, loaded.style_by_id(&entry.id)?)?,
                    Some(same) => {
                        println!("{} keeps the spread that it ships with; the data has no file of it", entry.id);
                        [same.human_spread, same.predicted_spread, same.residual]
                    }
                    None => bail!(
                        "{} has no file of {} to train on, so its spread cannot be measured; add some and export again",
                        args.data.join(performances::LIST).display(),
                        entry.id
                    ),
                };
            }
        }
        Ok(())
    })?;
    put_manifest(&manifest)?;
    let target = folder.replace()?;
    // The targets are those of the models that ship.
    let id = if args.output.is_none() { model.id() } else { "" };
    evaluate::keep_figures(&target, id, &args.data)
}

/// Standard deviations within a file, averaged over training files of a style, in velocity steps.
///
/// They are those of human velocities, of the predicted means, and of the residuals.
fn spreads(model: &LoadedModel, train: &[&Performance], style: StyleIndex) -> Result<[f32; 3]> {
    let mut sums = [0.0; 3];
    let mut files = 0.0;
    for performance in train.iter().take(SPREAD_FILES) {
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
