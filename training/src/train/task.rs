//! What the training loop asks of a model: a network, batches to learn from, and a score.

use rand_chacha::ChaCha8Rng;
use tch::nn::VarStore;
use tch::{Device, Tensor};
use tonenet_core::genre::Genre;

/// A network whose weights are to be learned.
pub trait Network: Send {
    /// What it learns from in one go.
    type Batch: Send;

    /// Its weights.
    fn variables(&self) -> &VarStore;

    /// Its weights, to be replaced.
    fn variables_mut(&mut self) -> &mut VarStore;

    /// The loss over a batch of one genre.
    fn loss(&self, batch: Self::Batch, genre: Genre) -> Tensor;
}

/// What the valid split says of a network.
#[derive(Debug, Clone, Copy)]
pub struct Score {
    /// The loss pooled over notes.
    pub loss: f64,
    /// Mean r within a file, in the order of `Genre::ALL`.
    pub r: [f64; 3],
}

impl Score {
    /// From the loss and the r of each genre's files.
    pub fn new(loss: f64, r: &[Vec<f64>; 3]) -> Self {
        let mean = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
        Self { loss, r: [mean(&r[0]), mean(&r[1]), mean(&r[2])] }
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
    /// Parts that a batch is learned in, side by side; their number belongs to the result, not to the machine.
    const SHARDS: usize;
    /// How slowly the averaged weights, which are scored and kept, follow the learning ones; `None` keeps the latter.
    const AVERAGE: Option<f64>;

    /// The name of the model.
    fn name(&self) -> &str;

    /// Its network with fresh weights.
    fn network(&self, device: Device) -> Self::Network;

    /// The shards of the next batch of a genre.
    fn draw(&self, genre: Genre, random: &mut ChaCha8Rng, device: Device) -> Vec<<Self::Network as Network>::Batch>;

    /// How close the network comes to the valid split.
    fn validate(&self, network: &Self::Network) -> Score;

    /// A line about the data.
    fn describe(&self) -> String;
}
