//! The networks and training data of a SeqGAN run, and training by maximum likelihood.

use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};
use tonenet_core::tune::{Tune, Vocabulary};

use super::discriminator::Discriminator;
use super::generator::Generator;
use super::progress::{Part, Settings};
use super::sequences::{Batch, Clock, Sequences};
use crate::train::adam::{Adam, gradients};
use crate::train::session::schedule;

/// Tunes per batch of maximum-likelihood training, and symbols of each.
const LIKELIHOOD_TUNES: usize = 32;
const LONGEST: usize = 128;
/// Tunes per adversarial batch.
pub const TUNES: usize = 64;
/// Symbols of a tune in adversarial training: eight bars of quavers.
pub const LENGTH: usize = 64;

const LIKELIHOOD_RATE: f64 = 2e-3;
const LIKELIHOOD_DECAY: f64 = 1e-2;
const DISCRIMINATOR_DECAY: f64 = 1e-2;
pub const GRADIENT_NORM: f64 = 5.0;

/// The networks and optimisers of a run.
pub struct Learners {
    pub generator: Generator,
    pub delayed: Generator,
    pub discriminator: Discriminator,
    pub likelihood: Adam,
    pub policy: Adam,
    /// The discriminator's optimiser.
    pub discriminator_adam: Adam,
}

/// The training data.
pub struct Material {
    pub train: Sequences,
    pub valid: Sequences,
    /// The valid tunes, cut as in adversarial training.
    pub references: Vec<Vec<usize>>,
    pub clock: Clock,
    pub device: Device,
}

impl Material {
    pub fn new(vocabulary: &Vocabulary, train: &[Tune], valid: &[Tune], device: Device) -> Self {
        Self {
            train: Sequences::new(vocabulary, train),
            valid: Sequences::new(vocabulary, valid),
            references: valid.iter().map(|t| first_symbols(&vocabulary.encode(t))).collect(),
            clock: Clock::new(vocabulary, device),
            device,
        }
    }
}

/// The ids of a tune that adversarial training uses, without its start.
fn first_symbols(ids: &[usize]) -> Vec<usize> {
    ids[1..].iter().copied().take(LENGTH).collect()
}

impl Learners {
    pub fn new(vocabulary: &Vocabulary, device: Device) -> Self {
        let generator = Generator::new(vocabulary, device);
        let delayed = Generator::new(vocabulary, device);
        let discriminator = Discriminator::new(vocabulary, device);
        Self {
            likelihood: Adam::new(generator.variables(), LIKELIHOOD_DECAY),
            policy: Adam::new(generator.variables(), 0.0),
            discriminator_adam: Adam::new(discriminator.variables(), DISCRIMINATOR_DECAY),
            generator,
            delayed,
            discriminator,
        }
    }

    /// Loss of a batch in nats per symbol, and its number of symbols.
    pub fn surprise(&self, material: &Material, batch: &Batch, is_learning: bool) -> (Tensor, f64) {
        let logs = self.generator.log_likelihoods(batch, &material.clock, is_learning);
        let of_next = logs.gather(-1, &batch.next.unsqueeze(-1), false).squeeze_dim(-1);
        let symbols = batch.counts.sum(Kind::Float);
        (-(of_next * &batch.counts).sum(Kind::Float) / &symbols, symbols.double_value(&[]))
    }

    pub fn valid_loss(&self, material: &Material) -> f64 {
        tch::no_grad(|| {
            let batches = material.valid.batches(TUNES, usize::MAX, material.device);
            let sum: f64 = batches
                .iter()
                .map(|batch| {
                    let (loss, symbols) = self.surprise(material, batch, false);
                    loss.double_value(&[]) * symbols
                })
                .sum();
            sum / material.valid.symbols() as f64
        })
    }

    /// Trains one epoch by maximum likelihood.
    pub fn train_by_likelihood(
        &mut self,
        material: &Material,
        epoch: usize,
        settings: &Settings,
        random: &mut ChaCha8Rng,
    ) -> Part {
        let mut sum = 0.0;
        for batch in 0..settings.batches {
            let step = epoch * settings.batches + batch;
            let drawn = material.train.draw(LIKELIHOOD_TUNES, LONGEST, random, material.device);
            let (loss, _) = self.surprise(material, &drawn, true);
            loss.backward();
            let rate = LIKELIHOOD_RATE * schedule(step, settings.epochs * settings.batches);
            let gradients = gradients(self.generator.variables());
            self.likelihood.step(&gradients, rate, GRADIENT_NORM);
            sum += loss.double_value(&[]);
        }
        Part {
            rounds: 0,
            train_loss: sum / settings.batches as f64,
            valid_loss: self.valid_loss(material),
            reward: None,
            told_right: None,
            bleu: None,
            self_bleu: None,
            seconds: 0.0,
        }
    }
}
