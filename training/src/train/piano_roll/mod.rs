//! Training the article's piano-roll models.
//!
//! [`excerpts`] cuts and augments training data, [`network`] learns from it, [`grid_performance`] holds the whole
//! performances that it is scored on.

mod excerpts;
mod grid_performance;
mod network;

use std::path::Path;

use crate::metrics::velocities::score_file;
use anyhow::{Context, Result};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Tensor};
use tonenet_core::note::PIANO_KEYS;
use tonenet_core::piano_roll::FRAME;

use grid_performance::{GridPerformance, grid_performances};
use network::Batch;
pub use network::PianoRollNetwork;

use super::task::{Score, Scores, Task};
use crate::data::Split;
use crate::data::genre::GenreId;
use crate::data::performances::{self, Performance};
use crate::graphs::WHOLE_PERFORMANCE_STEPS;
use crate::models::VelocityModel;
use excerpts::Excerpts;

/// Excerpts per batch.
const EXCERPTS: usize = 24;
/// Valid files per genre that each epoch is scored on.
const VALID_FILES: usize = 30;

/// The task of training one of the article's networks.
pub struct PianoRollTask {
    attention: bool,
    genres: Vec<GenreId>,
    /// In the order of the genres.
    excerpts: Vec<Excerpts>,
    valid: Vec<GridPerformance>,
    performances: usize,
}

impl PianoRollTask {
    /// Reads the data.
    pub fn new(data: &Path, attention: bool) -> Result<Self> {
        let train = performances::load(data, Split::Train)?;
        let valid = performances::load(data, Split::Valid)?;
        let genres = performances::trained_genres(data)?;
        let excerpts = genres
            .iter()
            .map(|genre| {
                Excerpts::new(&train, genre)
                    .with_context(|| format!("{} has no usable {genre} performance to train on", data.display()))
            })
            .collect::<Result<_>>()?;
        let valid = grid_performances(&valid, &genres, VALID_FILES);
        Ok(Self { attention, genres, excerpts, valid, performances: train.len() })
    }
}

impl Task for PianoRollTask {
    type Network = PianoRollNetwork;

    const LEARNING_RATE: f64 = 2e-3;
    const WEIGHT_DECAY: f64 = 1e-3;
    const SHARDS: usize = 1;
    const AVERAGE: Option<f64> = None;

    fn name(&self) -> String {
        self.model().id().into()
    }

    fn model(&self) -> VelocityModel {
        if self.attention { VelocityModel::Attention } else { VelocityModel::Baseline }
    }

    fn genres(&self) -> &[GenreId] {
        &self.genres
    }

    fn performances(&self, genre: usize) -> &[Performance] {
        self.excerpts[genre].performances()
    }

    fn network(&self, device: Device) -> PianoRollNetwork {
        PianoRollNetwork::new(device, self.attention, &self.genres)
    }

    fn draw(&self, genre: usize, random: &mut ChaCha8Rng, device: Device) -> Vec<Batch> {
        let drawn = self.excerpts[genre].draw(EXCERPTS, WHOLE_PERFORMANCE_STEPS, random);
        let tensor = |values: &[f32], width: usize| {
            let shape = [EXCERPTS as i64, WHOLE_PERFORMANCE_STEPS as i64, width as i64];
            Tensor::from_slice(values).view(shape).to_device(device)
        };
        vec![Batch {
            frames: tensor(&drawn.frames, FRAME),
            deviations: tensor(&drawn.deviations, PIANO_KEYS),
            onsets: tensor(&drawn.onsets, PIANO_KEYS),
        }]
    }

    fn validate(&self, network: &PianoRollNetwork) -> Score {
        let mut scores = Scores::new(self.genres.len());
        for performance in &self.valid {
            let deviations = network.predict(performance.roll.frames(), performance.genre);
            let predicted: Vec<f32> = performance.cells.iter().map(|&cell| deviations[cell]).collect();
            scores.add(performance.genre, score_file(&predicted, &performance.velocities));
        }
        scores.mean()
    }

    fn describe(&self) -> String {
        format!("{} performances to learn from, {} to stop by", self.performances, self.valid.len())
    }

    fn export_command(&self, _weights: &Path) -> String {
        format!("cargo xtask export {}", self.model().id())
    }
}
