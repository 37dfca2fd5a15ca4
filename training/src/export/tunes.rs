//! Exports the tune generator, and the one trained by likelihood alone for comparison.

use std::fs;

use anyhow::{Context, Result, bail};
use tch::Tensor;
use tonenet_core::tune::{Tune, Vocabulary};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::generate::Cancellation;
use tonenet_inference::generate::tunes::{TuneModel, TuneSettings};
use tonenet_inference::manifest::{FILE_NAME, FORMAT, Manifest, NetworkEntry};
use tonenet_model_export::quantise::Precision;
use tonenet_model_export::tunes;
use tonenet_model_export::weights::Weights;

use super::{NewFolder, for_each_runtime};
use crate::arguments::ExportArgs;
use crate::models::{SEQGAN, SEQGAN_BY_LIKELIHOOD};
use crate::train::seqgan;

/// Largest difference of a runtime from torch, in nats of any symbol.
const TOLERANCE: f64 = 1e-3;

/// Exports both tune generators.
pub fn run(args: &ExportArgs) -> Result<()> {
    let run = args.run_folder();
    let read = |name: &str| {
        let path = run.join(name);
        fs::read(&path).with_context(|| format!("cannot read {}; run `cargo xtask train seqgan` first", path.display()))
    };
    let vocabulary = String::from_utf8(read("vocabulary.txt")?).context("the vocabulary is not text")?;
    let adversary = match &args.weights {
        Some(file) => fs::read(file).with_context(|| format!("cannot read {}", file.display()))?,
        None => read("adversary.safetensors")?,
    };
    export(SEQGAN, "SeqGAN", &adversary, &vocabulary)?;
    export(SEQGAN_BY_LIKELIHOOD, "SeqGAN before the adversaries met", &read("likelihood.safetensors")?, &vocabulary)
}

fn export(id: &str, title: &str, bytes: &[u8], vocabulary: &str) -> Result<()> {
    let weights = Weights::from_bytes(bytes)?;
    let widths = tunes::widths(&weights)?;
    let folder = NewFolder::for_model(id)?;
    let network = NetworkEntry::Tunes {
        steps: widths.steps,
        bars: widths.bars,
        hidden: widths.hidden,
        vocabulary: vocabulary.into(),
        step: folder.put("step.onnx", &tunes::step(&weights, Precision::StoredInt8)?)?,
    };
    let manifest = Manifest { format: FORMAT, name: id.into(), title: title.into(), network, styles: Vec::new() };
    folder.put(FILE_NAME, &serde_json::to_vec_pretty(&manifest)?)?;
    folder.put("weights.safetensors", bytes)?;

    // Torch reads the weights as rounded to the graph's 8 bits. The extension tells it the format.
    let rounded = tempfile::Builder::new().suffix(".safetensors").tempfile()?;
    fs::write(rounded.path(), tunes::rounded(&weights)?)?;
    let files = ModelFiles::from_dir(folder.path())?;
    let mut golden: Option<(Tune, Vec<f64>)> = None;
    for_each_runtime(|runtime, name, _| {
        let model = TuneModel::load(runtime, &files)?;
        let (tune, wanted) = match &golden {
            Some(golden) => golden,
            None => {
                let tune = model.write(&TuneSettings::default(), &Cancellation::default())?;
                let wanted = seqgan::surprises(model.vocabulary(), rounded.path(), &tune)?;
                golden.insert((tune, wanted))
            }
        };
        let found = model.surprisals(tune)?;
        // A NaN must not pass for 0.
        let off = found.iter().zip(wanted).map(|(found, wanted)| (found - wanted).abs());
        let worst = off.fold(0.0, |worst: f64, off| if off.is_nan() { off } else { worst.max(off) });
        println!("{title}, {name}: at most {worst:.1e} nats from torch");
        if found.len() != wanted.len() || worst.is_nan() || worst > TOLERANCE {
            bail!("the exported graph differs from torch by {worst} nats; nothing was replaced");
        }
        Ok(())
    })?;
    let (tune, wanted) = golden.context("no runtime was opened")?;
    let vocabulary = Vocabulary::from_text(vocabulary)?;
    let ids: Vec<i64> = vocabulary.encode(&tune).into_iter().map(|id| id as i64).collect();
    let tensors = [("ids", Tensor::from_slice(&ids)), ("surprises", Tensor::from_slice(&wanted))];
    let path = folder.path().join("golden.safetensors");
    Tensor::write_safetensors(&tensors, &path).with_context(|| format!("cannot write {}", path.display()))?;
    folder.replace()?;
    Ok(())
}
