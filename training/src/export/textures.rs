//! Exports the texture generator: its graphs, checked against libtorch, and the thresholds at which notes are read.
//!
//! A threshold of ½ gives the likeliest image cell by cell. For reconstructed images, the threshold with the best F1 of
//! onsets on training phrases is better. In new images the decoder is less certain: there, thresholds are chosen so that
//! images have as many onsets and sounding cells as training phrases.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use rayon::prelude::*;
use tch::{Device, Kind, Tensor};
use tonenet_core::phrase_image::PhraseImage;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::generate::Cancellation;
use tonenet_inference::generate::textures::{Decoded, TextureModel};
use tonenet_inference::manifest::{FILE_NAME, FORMAT, Manifest, NetworkEntry};
use tonenet_inference::manifest::{TexturesEntry, Thresholds};
use tonenet_model_export::quantise::Precision;
use tonenet_model_export::vaegan;
use tonenet_model_export::weights::Weights;

use super::{NewFolder, for_each_runtime};
use crate::arguments::ExportArgs;
use crate::data::Split;
use crate::data::phrases;
use crate::metrics::phrases::{Agreement, Counts};
use crate::train::vaegan::{Flow, Generator, ROW, ROWS, STEPS, WEIGHTS_FILE};

/// Largest difference of a runtime from torch, in logits; for velocities, as a share of the whole range.
const TOLERANCE: f32 = 1e-3;

/// Training phrases, and new images, that thresholds are chosen on.
const CHOSEN_ON: usize = 900;

/// Phrases in the golden tensors, and the moment at which directions are computed.
const GOLDEN: usize = 4;
const HALFWAY: f32 = 0.5;

/// Thresholds that are tried, in steps, and a step in logits.
const TRIED: std::ops::RangeInclusive<i32> = -60..=30;
const TRIED_STEP: f32 = 0.1;

/// Bisections of an interval of logits, to its last digit.
const HALVINGS: usize = 24;
const LOGITS: (f32, f32) = (-12.0, 12.0);

/// Exports the run's model to `assets/models/vaegan`.
pub fn run(args: &ExportArgs) -> Result<()> {
    let path = args.weights.clone().unwrap_or_else(|| args.run_folder().join(WEIGHTS_FILE));
    let bytes = fs::read(&path)
        .with_context(|| format!("cannot read {}; run `cargo xtask train vaegan` first", path.display()))?;
    let weights = Weights::from_bytes(&bytes)?;
    let folder = NewFolder::for_model(args.model.id())?;
    let put = |name: &str, bytes: &[u8]| folder.put(name, bytes);
    let precision = Precision::StoredInt8;
    let undecided = Thresholds { onset: 0.0, sounding: 0.0 };
    let entry = TexturesEntry {
        latent: vaegan::widths(&weights)?.latent,
        steps: STEPS,
        reconstruction: undecided,
        generation: undecided,
        encoder: put("encoder.onnx", &vaegan::encoder(&weights, precision)?)?,
        decoder: put("decoder.onnx", &vaegan::decoder(&weights, precision)?)?,
        flow: put("flow.onnx", &vaegan::flow(&weights, precision)?)?,
    };
    put("weights.safetensors", &bytes)?;
    let put_manifest = |entry: &TexturesEntry| {
        let network = NetworkEntry::Textures(entry.clone());
        let (name, title) = (args.model.id().into(), "VAE-GAN".into());
        put(
            FILE_NAME,
            &serde_json::to_vec_pretty(&Manifest { format: FORMAT, name, title, network, styles: Vec::new() })?,
        )
    };
    put_manifest(&entry)?;

    println!("reading {}", args.data.display());
    if let Some(left_out) = phrases::left_out(&args.data)? {
        println!("{left_out}");
    }
    let train = phrases::spread(&phrases::load(&args.data, Split::Train)?, CHOSEN_ON);
    let golden = Golden::compute(&weights, &train)?;
    golden.save(&folder.path().join("golden.safetensors"))?;
    let files = ModelFiles::from_dir(folder.path())?;
    let mut model = None;
    for_each_runtime(|runtime, name, _| {
        let loaded = TextureModel::load(runtime, &files)?;
        let worst = golden.worst_difference(&loaded)?;
        println!("{name}: at most {worst:.1e} from torch");
        if worst.is_nan() || worst > TOLERANCE {
            bail!("the exported graphs differ from torch by {worst}; nothing was replaced");
        }
        model = Some(loaded);
        Ok(())
    })?;
    let model = model.context("no runtime was opened")?;
    println!("choosing thresholds on {} training phrases", train.len());
    let read = for_reading(&model, &train)?;
    let drawn = for_drawing(&model, &train)?;
    println!("read {read:?}, drawn {drawn:?}");
    put_manifest(&TexturesEntry { reconstruction: read, generation: drawn, ..entry })?;
    folder.replace()?;
    println!("score it with `cargo xtask evaluate vaegan --keep`");
    Ok(())
}

/// The thresholds with the best F1 for reconstructed training phrases, and with the phrases' polyphony.
fn for_reading(model: &TextureModel, phrases: &[PhraseImage]) -> Result<Thresholds> {
    let again: Vec<Decoded> =
        phrases.par_iter().map(|image| Ok(model.decode(&model.encode(image)?)?)).collect::<Result<_>>()?;
    let f1 = |step: i32| {
        let at = Thresholds { onset: step as f32 * TRIED_STEP, sounding: LOGITS.1 };
        let mut agreement = Agreement::default();
        phrases.iter().zip(&again).for_each(|(real, decoded)| agreement.add(real, &decoded.image(at)));
        agreement.f1()
    };
    let scores: Vec<(i32, f64)> = TRIED.into_par_iter().map(|step| (step, f1(step))).collect();
    let best = scores.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(step, _)| step);
    let onset = best as f32 * TRIED_STEP;
    let sounding = where_it_sounds(&again, onset, phrases);
    Ok(Thresholds { onset, sounding })
}

/// The thresholds at which new images have training phrases' note rate and polyphony.
fn for_drawing(model: &TextureModel, phrases: &[PhraseImage]) -> Result<Thresholds> {
    let drawn: Vec<Decoded> = (0..phrases.len() as u64)
        .into_par_iter()
        // Seeds that users do not reach, since they count up from 0.
        .map(|seed| Ok(model.decode(&model.sample_latent(u64::MAX - seed, 1.0, &Cancellation::default())?)?))
        .collect::<Result<_>>()?;
    let wanted = Counts::summary(phrases, |counts| counts.note_rate).0;
    let onset = halved(|onset| {
        let images = images(&drawn, Thresholds { onset, sounding: LOGITS.1 });
        Counts::summary(&images, |counts| counts.note_rate).0 > wanted
    });
    Ok(Thresholds { onset, sounding: where_it_sounds(&drawn, onset, phrases) })
}

/// The threshold of sounding at which decoded images have phrases' polyphony.
fn where_it_sounds(decoded: &[Decoded], onset: f32, phrases: &[PhraseImage]) -> f32 {
    let wanted = Counts::summary(phrases, |counts| counts.polyphony).0;
    halved(|sounding| {
        let images = images(decoded, Thresholds { onset, sounding });
        Counts::summary(&images, |counts| counts.polyphony).0 > wanted
    })
}

fn images(decoded: &[Decoded], at: Thresholds) -> Vec<PhraseImage> {
    decoded.par_iter().map(|decoded| decoded.image(at)).collect()
}

/// Finds by bisection the threshold below which `is_too_much` holds.
fn halved(is_too_much: impl Fn(f32) -> bool) -> f32 {
    let (mut low, mut high) = LOGITS;
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        if is_too_much(middle) { low = middle } else { high = middle }
    }
    high
}

/// Torch's outputs with the weights as rounded to the graphs' 8 bits.
struct Golden {
    phrases: Vec<PhraseImage>,
    /// Of each phrase.
    latents: Vec<Vec<f32>>,
    /// Of each latent.
    decoded: Vec<Decoded>,
    /// The direction of each latent at [`HALFWAY`].
    directions: Vec<Vec<f32>>,
}

impl Golden {
    fn compute(weights: &Weights<'_>, phrases: &[PhraseImage]) -> Result<Self> {
        // The extension tells torch the format.
        let rounded = tempfile::Builder::new().suffix(".safetensors").tempfile()?;
        fs::write(rounded.path(), weights.rounded()?)?;
        let mut generator = Generator::new(Device::Cpu);
        generator.variables_mut().load(rounded.path()).context("the weights are not a VAE-GAN's")?;
        let mut flow = Flow::new(Device::Cpu);
        flow.variables_mut().load(rounded.path()).context("the weights have no flow")?;
        let count = GOLDEN.min(phrases.len());
        let phrases: Vec<PhraseImage> = (0..count).map(|n| phrases[n * phrases.len() / count].clone()).collect();
        let flat = |tensor: &Tensor| -> Result<Vec<f32>> { Ok(Vec::try_from(tensor.flatten(0, -1))?) };
        let (mut latents, mut decoded, mut directions) = (Vec::new(), Vec::new(), Vec::new());
        for image in &phrases {
            let channel = |values: &[f32]| Tensor::from_slice(values).view([1, ROWS, ROW]);
            let input = Tensor::cat(&[channel(image.velocities()), channel(image.onsets())], -1);
            let (latent, out, direction) = tch::no_grad(|| {
                let latent = generator.encode(&input, Kind::Float).mean;
                let out = generator.decode(&latent, Kind::Float);
                let direction = flow.direction(&latent, &[HALFWAY], Kind::Float);
                (latent, out, direction)
            });
            latents.push(flat(&latent)?);
            directions.push(flat(&direction)?);
            let velocities = flat(&out.velocities.clamp(0.0, 1.0))?;
            decoded.push(Decoded { onsets: flat(&out.onsets)?, sounding: flat(&out.sounding)?, velocities });
        }
        Ok(Self { phrases, latents, decoded, directions })
    }

    /// The largest difference between a model and torch.
    fn worst_difference(&self, model: &TextureModel) -> Result<f32> {
        let mut worst = 0f32;
        let mut compare = |found: &[f32], wanted: &[f32]| -> Result<()> {
            ensure!(found.len() == wanted.len(), "a graph answers with another number of numbers than torch");
            for (found, wanted) in found.iter().zip(wanted) {
                // A NaN must not pass for 0.
                let difference = (found - wanted).abs();
                worst = if difference.is_nan() { f32::NAN } else { worst.max(difference) };
            }
            Ok(())
        };
        for (at, image) in self.phrases.iter().enumerate() {
            let (latent, wanted) = (&self.latents[at], &self.decoded[at]);
            compare(&model.encode(image)?, latent)?;
            compare(&model.direction(latent, HALFWAY)?, &self.directions[at])?;
            let found = model.decode(latent)?;
            compare(&found.onsets, &wanted.onsets)?;
            compare(&found.sounding, &wanted.sounding)?;
            compare(&found.velocities, &wanted.velocities)?;
        }
        Ok(worst)
    }

    /// Writes them as safetensors, phrase by phrase.
    fn save(&self, path: &Path) -> Result<()> {
        let mut tensors = Vec::new();
        for (at, image) in self.phrases.iter().enumerate() {
            let (latent, decoded) = (&self.latents[at], &self.decoded[at]);
            let named = [
                ("image.velocities", image.velocities()),
                ("image.onsets", image.onsets()),
                ("latent", latent.as_slice()),
                ("direction", &self.directions[at]),
                ("onsets", &decoded.onsets),
                ("sounding", &decoded.sounding),
                ("velocities", &decoded.velocities),
            ];
            tensors.extend(named.map(|(name, values)| (format!("{at}.{name}"), Tensor::from_slice(values))));
        }
        Tensor::write_safetensors(&tensors, path).with_context(|| format!("cannot write {}", path.display()))
    }
}
