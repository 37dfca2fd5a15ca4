//! The interface between the training loop and a velocity model: a network, batches and a score.

use rand_chacha::ChaCha8Rng;
use tch::nn::VarStore;
use tch::{Device, Tensor};
use tonenet_core::genre::Genre;

use crate::graphs::OUTPUT_SCALE;
use crate::metrics::velocities::FileScore;

/// A network to train.
pub trait Network: Send {
    /// The input of one training step.
    type Batch: Send;

    /// Its weights.
    fn variables(&self) -> &VarStore;

    /// Its weights, mutable.
    fn variables_mut(&mut self) -> &mut VarStore;

    /// The loss over a batch of one genre.
    fn loss(&self, batch: Self::Batch, genre: Genre) -> Tensor;
}

/// Scores of a network on the valid split.
#[derive(Debug, Clone, Copy)]
pub struct Score {
    /// The loss pooled over notes.
    pub loss: f64,
    /// Mean r within a file, in the order of `Genre::ALL`.
    pub r: [f64; 3],
    /// The same on the files' pages, where the model is scored on them.
    pub page_r: Option<[f64; 3]>,
}

/// Scores of valid files, one by one.
#[derive(Debug, Default)]
pub struct Scores {
    residual: f64,
    notes: usize,
    r: [Vec<f64>; 3],
}

impl Scores {
    /// Adds a file's score, if it has one.
    pub fn add(&mut self, genre: Genre, score: Option<FileScore>) {
        if let Some(score) = score {
            self.residual += score.residual;
            self.notes += score.notes;
            self.r[genre.index()].push(score.r);
        }
    }

    /// The loss over all notes, and the mean r of each genre's files.
    pub fn mean(&self) -> Score {
        let loss = self.residual / self.notes.max(1) as f64 / (OUTPUT_SCALE * OUTPUT_SCALE);
        let mean = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
        Score { loss, r: self.r.each_ref().map(mean), page_r: None }
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

    /// The name of the model.
    fn name(&self) -> &str;

    /// Its network with fresh weights.
    fn network(&self, device: Device) -> Self::Network;

    /// The shards of the next batch of a genre.
    fn draw(&self, genre: Genre, random: &mut ChaCha8Rng, device: Device) -> Vec<<Self::Network as Network>::Batch>;

    /// Scores the network on the valid split.
    fn validate(&self, network: &Self::Network) -> Score;

    /// A line about the data.
    fn describe(&self) -> String;
}
