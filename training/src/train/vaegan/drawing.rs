//! The second stage of a VAE-GAN run: a [`Flow`] learns to draw latent values like those of encoded phrases.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result};
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind};
use tonenet_files::outputs;

use super::flow::Flow;
use super::network::Posterior;
use crate::progress;
use crate::train::adam::{Adam, gradients, mix};
use crate::train::folder::{Folder, load_weights, save_weights};
use crate::train::layers::learning_kind;
use crate::train::log;
use crate::train::session::{average_decay, schedule};

/// The length of the stage.
pub struct Lengths {
    /// Phrases that are encoded as training data.
    pub phrases: usize,
    pub epochs: usize,
    /// Batches per epoch.
    pub batches: usize,
}

/// The length for the shipped model.
pub const LENGTHS: Lengths = Lengths { phrases: 16_384, epochs: 10, batches: 200 };

/// Phrases per batch.
const PHRASES: usize = 96;

const RATE: f64 = 1.5e-3;
const WEIGHT_DECAY: f64 = 1e-2;
const GRADIENT_NORM: f64 = 1.0;
/// Decay of the weight average. The averaged weights are the result.
const AVERAGE: f64 = 0.998;

/// The figures of an epoch: squared errors of the predicted directions.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Epoch {
    train_loss: f64,
    valid_loss: f64,
    seconds: f64,
}

/// The encoder's output for phrases.
pub struct Encoded {
    pub train: Posterior,
    pub valid: Posterior,
}

/// Trains a flow; resumes an interrupted stage.
///
/// # Errors
/// When the saved state cannot be read or written.
pub fn learn(folder: &Folder, seed: u64, lengths: &Lengths, encoded: &Encoded, device: Device) -> Result<Flow> {
    let kept = Kept(folder);
    let Encoded { train, valid } = encoded;
    tch::manual_seed(seed as i64);
    let (mut learning, mut averaged) = (Flow::new(device), Flow::new(device));
    mix(averaged.variables(), learning.variables(), 1.0);
    let mut optimiser = Adam::new(learning.variables(), WEIGHT_DECAY);
    let mut epochs = kept.epochs()?;
    if !epochs.is_empty() {
        kept.load(epochs.len(), &mut learning, &mut averaged, &mut optimiser)?;
        println!("resuming drawing after epoch {}", epochs.len());
    }
    let bar = progress::bar(lengths.epochs, "{pos}/{len} epochs of drawing, {eta} left");
    bar.set_position(epochs.len() as u64);
    bar.reset_eta();
    while epochs.len() < lengths.epochs {
        let at = epochs.len();
        let started = Instant::now();
        // Seeded by epoch, so that a resumed run draws the same numbers as an uninterrupted one.
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(u64::MAX - at as u64);
        tch::manual_seed((seed as i64).wrapping_mul(1_000_003).wrapping_sub(at as i64 + 1));
        let mut train_loss = 0.0;
        for batch in 0..lengths.batches {
            let phrases = train.mean.size()[0];
            let chosen: Vec<i64> = (0..PHRASES).map(|_| random.random_range(0..phrases)).collect();
            let moments: Vec<f32> = (0..PHRASES).map(|_| random.random()).collect();
            let latents = train.chosen(&chosen).drawn();
            let loss = learning.loss(&latents, &moments, learning_kind(device));
            loss.backward();
            let step = at * lengths.batches + batch;
            let rate = RATE * schedule(step, lengths.epochs * lengths.batches);
            optimiser.step(&gradients(learning.variables()), rate, GRADIENT_NORM);
            mix(averaged.variables(), learning.variables(), 1.0 - average_decay(AVERAGE, step));
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
        kept.save(&epochs, &learning, &averaged, &optimiser)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(averaged)
}

/// The stage's saved state in the run's folder: `drawing.json`, `drawing.csv` and the state for the next epoch.
struct Kept<'a>(&'a Folder);

impl Kept<'_> {
    fn epochs(&self) -> Result<Vec<Epoch>> {
        let path = self.0.path("drawing.json");
        if !path.exists() {
            return Ok(Vec::new());
        }
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged; remove it to draw anew", path.display()))
    }

    fn save(&self, epochs: &[Epoch], learning: &Flow, averaged: &Flow, optimiser: &Adam) -> Result<()> {
        let folder = self.0.make(&epoch(epochs.len()))?;
        save_weights(learning.variables(), &folder.join("flow.safetensors"))?;
        save_weights(averaged.variables(), &folder.join("averaged.safetensors"))?;
        optimiser.save(&folder.join("moments.safetensors"))?;
        let rows = epochs.iter().enumerate().map(|(at, Epoch { train_loss, valid_loss, seconds })| {
            [(at + 1).to_string(), format!("{train_loss:.5}"), format!("{valid_loss:.5}"), format!("{seconds:.1}")]
        });
        log::write(&self.0.path("drawing.csv"), &["epoch", "train_loss", "valid_loss", "seconds"], rows)?;
        outputs::replace(&self.0.path("drawing.json"), &serde_json::to_vec_pretty(epochs)?)?;
        if epochs.len() > 1 {
            self.0.remove(&epoch(epochs.len() - 1));
        }
        Ok(())
    }

    fn load(&self, epochs: usize, learning: &mut Flow, averaged: &mut Flow, optimiser: &mut Adam) -> Result<()> {
        let folder = self.0.path(&epoch(epochs));
        load_weights(learning.variables_mut(), &folder.join("flow.safetensors"))?;
        load_weights(averaged.variables_mut(), &folder.join("averaged.safetensors"))?;
        optimiser.load(&folder.join("moments.safetensors"))
    }
}

/// The folder with the state after so many epochs.
fn epoch(epochs: usize) -> String {
    format!("drawing-{epochs}")
}
