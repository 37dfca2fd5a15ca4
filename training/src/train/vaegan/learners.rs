//! The networks of a VAE-GAN run and how they learn.

use std::collections::VecDeque;

use rand_chacha::ChaCha8Rng;
use tch::{Device, Tensor};

use super::images::{Source, tensor};
use super::losses;
use super::network::{Discriminator, Generator};
use super::prior::Prior;
use super::progress::{Epoch, Settings};
use crate::train::adam::{Adam, gradients, mix};
use crate::train::layers::learning_kind;
use crate::train::session::average_decay;

/// Phrases per batch, and how many of them the adversaries see.
const PHRASES: usize = 48;
const JUDGED: i64 = 16;

/// The article's learning rate, and its factor after each epoch.
const RATE: f64 = 4e-4;
const RATE_LEFT: f64 = 0.99;
/// Ranges of the learning-rate factors that the adversaries' losses set: the generator's and the discriminator's.
const GENERATOR_RATES: (f64, f64) = (0.5, 2.0);
const DISCRIMINATOR_RATES: (f64, f64) = (0.25, 2.0);
/// Decay of the moving averages of those losses.
const REMEMBERED: f64 = 0.98;
const WEIGHT_DECAY: f64 = 1e-2;
const GRADIENT_NORM: f64 = 2.0;
/// Decay of the weight average. The averaged weights are scored and kept.
const AVERAGE: f64 = 0.998;

/// Weights of the losses; the direct reconstruction loss has weight 1.
///
/// The prior's weight rises over some epochs. Otherwise little would be encoded before the decoder uses its input.
const DIVERGENCE: (f64, f64) = (0.05, 0.15);
const RISING: usize = 30;
const DISSIMILARITY: f64 = 0.03;
const ADVERSARIAL: f64 = 10.0;
/// Losses are divided by this many nats. Otherwise every gradient would be clipped.
const UNIT: f64 = 100.0;
/// Epochs before adversarial training begins. Until then generated images are noise.
const ALONE: usize = 3;

/// Latents that the prior is fitted to during adversarial training.
const FITTED_TO: usize = 3072;

/// The networks and optimisers of a run.
pub struct Learners {
    pub generator: Generator,
    pub averaged: Generator,
    pub discriminator: Discriminator,
    /// The optimisers of the generator and the discriminator.
    pub generator_adam: Adam,
    pub discriminator_adam: Adam,
    pub prior: Prior,
    /// Moving averages of the adversaries' losses, which set their learning rates.
    pub remembered: (f64, f64),
    pub device: Device,
}

impl Learners {
    /// Networks with fresh weights.
    pub fn new(device: Device) -> Self {
        let (generator, averaged) = (Generator::new(device), Generator::new(device));
        let discriminator = Discriminator::new(device);
        mix(averaged.variables(), generator.variables(), 1.0);
        Self {
            generator_adam: Adam::new(generator.variables(), WEIGHT_DECAY),
            discriminator_adam: Adam::new(discriminator.variables(), WEIGHT_DECAY),
            generator,
            averaged,
            discriminator,
            prior: Prior::standard(device),
            remembered: (1.0, 1.0),
            device,
        }
    }

    /// Trains one epoch; the figures of valid phrases stay 0.
    pub fn learn(&mut self, train: &Source<'_>, at: usize, settings: &Settings, random: &mut ChaCha8Rng) -> Epoch {
        let mut sums = [0.0; 5];
        let mut rates = (0.0, 0.0);
        let mut latents = VecDeque::new();
        for batch in 0..settings.batches {
            let real = tensor(&train.draw(PHRASES, random), self.device);
            let have_met = at >= ALONE;
            let base = RATE * RATE_LEFT.powi(at as i32);
            // The adversary with the higher loss gets the higher learning rate.
            let (of_generator, of_discriminator) = self.remembered;
            let ratio = of_generator / of_discriminator.max(1e-3);
            rates = (
                base * ratio.clamp(GENERATOR_RATES.0, GENERATOR_RATES.1),
                base * (1.0 / ratio).clamp(DISCRIMINATOR_RATES.0, DISCRIMINATOR_RATES.1),
            );
            if !have_met {
                rates = (base * GENERATOR_RATES.1, base);
            }
            let step = at * settings.batches + batch;
            let learned = self.step(&real, at, rates);
            mix(self.averaged.variables(), self.generator.variables(), 1.0 - average_decay(AVERAGE, step));
            for (sum, value) in sums.iter_mut().zip(learned.losses) {
                *sum += value / settings.batches as f64;
            }
            if have_met {
                let follow = |old: f64, new: f64| REMEMBERED * old + (1.0 - REMEMBERED) * new;
                self.remembered =
                    (follow(of_generator, learned.losses[3]), follow(of_discriminator, learned.losses[4]));
            }
            latents.push_back(learned.latent);
            if latents.len() * PHRASES > FITTED_TO {
                latents.pop_front();
            }
        }
        self.prior = Prior::fitted(&Tensor::cat(latents.make_contiguous(), 0), random);
        let [cells, divergence, dissimilarity, adversarial, discriminator] = sums;
        let met = |loss| (at >= ALONE).then_some(loss);
        Epoch {
            cells,
            divergence,
            dissimilarity,
            adversarial: met(adversarial),
            discriminator: met(discriminator),
            generator_rate: rates.0,
            discriminator_rate: rates.1,
            valid_f1: 0.0,
            valid_velocity_error: 0.0,
            valid_divergence: 0.0,
            polyphony: 0.0,
            note_rate: 0.0,
            seconds: 0.0,
        }
    }

    /// Trains encoder and decoder for one step, and the discriminator once adversarial training has begun.
    fn step(&mut self, real: &Tensor, at: usize, rates: (f64, f64)) -> Learned {
        let have_met = at >= ALONE;
        let kind = learning_kind(self.device);
        let (first, last) = DIVERGENCE;
        let of_divergence = first + (last - first) * (at as f64 / RISING as f64).min(1.0);
        self.discriminator.variables_mut().freeze();
        let posterior = self.generator.encode(real, kind);
        let latent = posterior.drawn();
        let again = self.generator.decode(&latent, kind);
        let cells = losses::cells(real, &again);
        let divergence = losses::divergence(&posterior);
        let mut loss = &cells + &divergence * of_divergence;
        let mut values = [cells.double_value(&[]), divergence.double_value(&[]), 0.0, 0.0, 0.0];
        let mut judged = None;
        if have_met {
            let real = real.narrow(0, 0, JUDGED);
            let reconstructed = again.thresholded().narrow(0, 0, JUDGED);
            let (features, _) = tch::no_grad(|| self.discriminator.features_and_scores(&real, kind, true));
            let (of_reconstructed, _) = self.discriminator.features_and_scores(&reconstructed, kind, true);
            let dissimilarity = losses::dissimilarity(&features, &of_reconstructed);
            let drawn = self.generator.decode(&self.prior.drawn(JUDGED), kind).thresholded();
            // From new images alone: as in the paper, the encoder gets no gradient from it.
            let adversarial = losses::adversarial(&self.discriminator.features_and_scores(&drawn, kind, true).1, true);
            loss = loss + &dissimilarity * DISSIMILARITY + &adversarial * ADVERSARIAL;
            values[2] = dissimilarity.double_value(&[]);
            values[3] = adversarial.double_value(&[]);
            judged = Some([real, reconstructed.detach(), drawn.detach()]);
        }
        (loss / UNIT).backward();
        self.generator_adam.step(&gradients(self.generator.variables()), rates.0, GRADIENT_NORM);
        self.discriminator.variables_mut().unfreeze();
        if let Some(images) = judged {
            let (_, scores) = self.discriminator.features_and_scores(&Tensor::cat(&images, 0), kind, true);
            let parts = scores.split(JUDGED, 0);
            let written = losses::adversarial(&parts[1], false) + losses::adversarial(&parts[2], false);
            let loss = (losses::adversarial(&parts[0], true) + written * 0.5) * 0.5;
            loss.backward();
            self.discriminator_adam.step(&gradients(self.discriminator.variables()), rates.1, GRADIENT_NORM);
            values[4] = loss.double_value(&[]);
        }
        Learned { losses: values, latent: latent.detach() }
    }
}

/// The figures of a training step.
struct Learned {
    /// In the order of [`Epoch`]'s fields.
    losses: [f64; 5],
    latent: Tensor,
}
