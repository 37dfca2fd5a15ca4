//! The interface between the training loop and a velocity model: a network, batches and a score.

use std::path::Path;

use rand_chacha::ChaCha8Rng;
use tch::nn::VarStore;
use tch::{Device, Tensor};

use crate::data::genre::GenreId;
use crate::data::performances::Performance;
use crate::graphs::OUTPUT_SCALE;
use crate::metrics::velocities::FileScore;
use crate::models::VelocityModel;

/// A network to train.
pub trait Network: Send {
    /// The input of one training step.
    type Batch: Send;

    /// Its weights.
    fn variables(&self) -> &VarStore;

    /// Its weights, mutable.
    fn variables_mut(&mut self) -> &mut VarStore;

    /// The loss over a batch of one genre, by its decoder's index.
    fn loss(&self, batch: Self::Batch, genre: usize) -> Tensor;
}

/// Scores of a network on the valid split.
#[derive(Debug, Clone)]
pub struct Score {
    /// The loss pooled over notes.
    pub loss: f64,
    /// Mean r within a file, in the order of [`Task::genres`]; `None` for a genre without valid files.
    pub r: Vec<Option<f64>>,
    /// The same on the files' pages, where the model is scored on them.
    pub page_r: Option<Vec<Option<f64>>>,
}

/// Scores of valid files, one by one.
#[derive(Debug)]
pub struct Scores {
    residual: f64,
    notes: usize,
    r: Vec<Vec<f64>>,
}

impl Scores {
    /// No scores yet, of so many genres.
    pub fn new(genres: usize) -> Self {
        Self { residual: 0.0, notes: 0, r: vec![Vec::new(); genres] }
    }

    /// Adds a file's score, if it has one.
    pub fn add(&mut self, genre: usize, score: Option<FileScore>) {
        if let Some(score) = score {
            self.residual += score.residual;
            self.notes += score.notes;
            self.r[genre].push(score.r);
        }
    }

    /// The loss over all notes, and the mean r of each genre's files.
    pub fn mean(&self) -> Score {
        let loss = self.residual / self.notes.max(1) as f64 / (OUTPUT_SCALE * OUTPUT_SCALE);
        let mean = |values: &Vec<f64>| {
            let sum = values.iter().sum::<f64>();
            (!values.is_empty()).then(|| sum / values.len() as f64)
        };
        Score { loss, r: self.r.iter().map(mean).collect(), page_r: None }
    }
}

/// A model to train.
pub trait Task {
    /// Its network.
    type Network: Network;

    /// Largest learning rate.
    const LEARNING_RATE: f64;
    /// Decoupled weight decay.
    const WEIGHT_DECAY: f64;
    /// Shards per batch, trained in parallel. Their number affects the result, so it does not depend on the machine.
    const SHARDS: usize;
    /// Decay of the weight average, which is then scored and kept; `None` keeps the weights in training.
    const AVERAGE: Option<f64>;

    /// What is trained, in the run's settings.
    fn name(&self) -> String;

    /// The model whose weights these are.
    fn model(&self) -> VelocityModel;

    /// The genres that the network has decoders for, in the decoders' order.
    fn genres(&self) -> &[GenreId];

    /// The index of the genre of a batch; genres alternate.
    fn genre_of(&self, batch: usize) -> usize {
        batch % self.genres().len()
    }

    /// Whether the epoch with the best r on the valid split is kept, not the last one.
    fn keeps_best_epoch(&self) -> bool {
        // Averaged weights improve to the end. Choosing an epoch by a few valid files would be worse.
        Self::AVERAGE.is_none()
    }

    /// The performances of a genre to train on; none where its decoder is not trained.
    fn performances(&self, genre: usize) -> &[Performance];

    /// The genre whose decoder starts anew, even if the weights to start from have one.
    fn renewed(&self) -> Option<usize> {
        None
    }

    /// Its network with fresh weights.
    fn network(&self, device: Device) -> Self::Network;

    /// The shards of the next batch of a genre.
    fn draw(&self, genre: usize, random: &mut ChaCha8Rng, device: Device) -> Vec<<Self::Network as Network>::Batch>;

    /// Scores the network on the valid split.
    fn validate(&self, network: &Self::Network) -> Score;

    /// A line about the data.
    fn describe(&self) -> String;

    /// The command that exports the weights in a file.
    fn export_command(&self, weights: &Path) -> String;
}
