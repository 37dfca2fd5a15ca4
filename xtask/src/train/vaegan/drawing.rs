//! The second stage: once encoder and decoder have learned, a [`Flow`] learns to draw what the encoder gives phrases.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use tch::nn::VarStore;
use tch::{Device, Kind};
use tonenet_files::outputs;

use super::flow::Flow;
use super::network::Posterior;
use crate::train::adam::{Adam, gradients, mix};
use crate::train::layers::LEARNING;
use crate::train::run::schedule;

/// How long the stage is.
pub struct Lengths {
    /// Phrases that the encoder is asked about, to learn from.
    pub phrases: usize,
    pub epochs: usize,
    /// Batches in an epoch.
    pub batches: usize,
}

/// What the shipped model was made with.
pub const LENGTHS: Lengths = Lengths { phrases: 16_384, epochs: 10, batches: 200 };

/// Phrases in a batch.
const PHRASES: usize = 96;

const RATE: f64 = 1.5e-3;
const WEIGHT_DECAY: f64 = 1e-2;
const GRADIENT_NORM: f64 = 1.0;
/// How slowly the averaged weights, which are kept, follow the learning ones.
const AVERAGE: f64 = 0.998;

/// The figures of an epoch: squared errors of directions.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Epoch {
    train_loss: f64,
    valid_loss: f64,
    seconds: f64,
}

/// Learns in `folder`, which holds `drawing.json`, `drawing.csv` and what the next epoch needs, and goes on where it was
/// interrupted. `train` and `valid` are what the encoder says of phrases.
pub fn learn(
    folder: &Path,
    seed: u64,
    lengths: &Lengths,
    train: &Posterior,
    valid: &Posterior,
    device: Device,
) -> Result<Flow> {
    let folder = Folder(folder);
    tch::manual_seed(seed as i64);
    let (mut learning, mut averaged) = (Flow::new(device), Flow::new(device));
    mix(averaged.variables(), learning.variables(), 1.0);
    let mut optimiser = Adam::new(learning.variables(), WEIGHT_DECAY);
    let mut epochs = folder.epochs()?;
    if !epochs.is_empty() {
        folder.load(epochs.len(), &mut learning, &mut averaged, &mut optimiser)?;
        println!("resuming drawing after epoch {}", epochs.len());
    }
    let bar = ProgressBar::new(lengths.epochs as u64).with_style(
        ProgressStyle::with_template("{bar:32} {pos}/{len} epochs of drawing, {eta} left").expect("a valid template"),
    );
    bar.set_position(epochs.len() as u64);
    bar.reset_eta();
    while epochs.len() < lengths.epochs {
        let at = epochs.len();
        let started = Instant::now();
        // Seeded by epoch, so that a resumed run draws what the killed one would have drawn.
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(u64::MAX - at as u64);
        tch::manual_seed((seed as i64).wrapping_mul(1_000_003).wrapping_sub(at as i64 + 1));
        let mut train_loss = 0.0;
        for batch in 0..lengths.batches {
            let phrases = train.mean.size()[0];
            let chosen: Vec<i64> = (0..PHRASES).map(|_| random.random_range(0..phrases)).collect();
            let moments: Vec<f32> = (0..PHRASES).map(|_| random.random()).collect();
            let latents = train.chosen(&chosen).drawn();
            let loss = learning.loss(&latents, &moments, LEARNING);
            loss.backward();
            let step = at * lengths.batches + batch;
            let rate = RATE * schedule(step, lengths.epochs * lengths.batches);
            optimiser.step(&gradients(learning.variables()), rate, GRADIENT_NORM);
            let decay = AVERAGE.min((1 + step) as f64 / (10 + step) as f64);
            mix(averaged.variables(), learning.variables(), 1.0 - decay);
            train_loss += loss.double_value(&[]) / lengths.batches as f64;
        }
        let valid_loss = tch::no_grad(|| {
            let count = valid.mean.size()[0] as usize;
            let moments: Vec<f32> = (0..count).map(|n| (n as f32 + 0.5) / count as f32).collect();
            averaged.loss(&valid.drawn(), &moments, Kind::Float).double_value(&[])
        });
        let seconds = started.elapsed().as_secs_f64();
        bar.suspend(|| {
            println!("drawing, epoch {:3}: loss {train_loss:.4}, valid {valid_loss:.4} ({seconds:.0} s)", at + 1);
        });
        epochs.push(Epoch { train_loss, valid_loss, seconds });
        folder.save(&epochs, &learning, &averaged, &optimiser)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(averaged)
}

struct Folder<'a>(&'a Path);

impl Folder<'_> {
    fn epochs(&self) -> Result<Vec<Epoch>> {
        let path = self.0.join("drawing.json");
        if !path.exists() {
            return Ok(Vec::new());
        }
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged; remove it to draw anew", path.display()))
    }

    fn epoch(&self, epochs: usize) -> PathBuf {
        self.0.join(format!("drawing-{epochs}"))
    }

    fn save(&self, epochs: &[Epoch], learning: &Flow, averaged: &Flow, optimiser: &Adam) -> Result<()> {
        let folder = self.epoch(epochs.len());
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let save = |variables: &VarStore, name: &str| {
            let path = folder.join(name);
            variables.save(&path).with_context(|| format!("cannot write {}", path.display()))
        };
        save(learning.variables(), "flow.safetensors")?;
        save(averaged.variables(), "averaged.safetensors")?;
        optimiser.save(&folder.join("moments.safetensors"))?;
        let path = self.0.join("drawing.csv");
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut log = csv::Writer::from_writer(file);
        log.write_record(["epoch", "train_loss", "valid_loss", "seconds"])?;
        for (at, Epoch { train_loss, valid_loss, seconds }) in epochs.iter().enumerate() {
            let row =
                [(at + 1).to_string(), format!("{train_loss:.5}"), format!("{valid_loss:.5}"), format!("{seconds:.1}")];
            log.write_record(row)?;
        }
        log.flush().with_context(|| format!("cannot write {}", path.display()))?;
        outputs::replace(&self.0.join("drawing.json"), &serde_json::to_vec_pretty(epochs)?)?;
        if epochs.len() > 1 {
            // Left over only if the run was killed between the two; harmless then.
            let _ = fs::remove_dir_all(self.epoch(epochs.len() - 1));
        }
        Ok(())
    }

    fn load(&self, epochs: usize, learning: &mut Flow, averaged: &mut Flow, optimiser: &mut Adam) -> Result<()> {
        let folder = self.epoch(epochs);
        let load = |variables: &mut VarStore, name: &str| {
            let path = folder.join(name);
            variables.load(&path).with_context(|| format!("cannot resume from {}", path.display()))
        };
        load(learning.variables_mut(), "flow.safetensors")?;
        load(averaged.variables_mut(), "averaged.safetensors")?;
        optimiser.load(&folder.join("moments.safetensors"))
    }
}
