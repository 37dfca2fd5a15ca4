//! The second stage of a SeqGAN: the generator against the discriminator.

use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use super::learners::{GRADIENT_NORM, LENGTH, Learners, Material, TUNES};
use super::progress::Part;
use super::sequences::Batch;
use crate::metrics::bleu::{References, self_bleu};
use crate::train::adam::{gradients, mix};

const POLICY_RATE: f64 = 3e-4;
/// Rounds in which the generator trains at a third of its rate, so that the discriminator gets ahead of it.
const SLOW_ROUNDS: usize = 140;
const DISCRIMINATOR_RATE: f64 = 3e-4;
/// Discriminator steps per round.
const DISCRIMINATOR_STEPS: usize = 1;
/// Rollouts from each prefix, and symbols between two prefixes.
const ROLLOUTS: i64 = 8;
const STRIDE: usize = 8;
/// Share of the delayed policy that is replaced in a round.
const DELAY: f64 = 0.2;
/// Weight of the likelihood loss in a round. It keeps the policy from forgetting the tunes.
const LIKELIHOOD_SHARE: f64 = 0.5;
/// Tunes generated to score against the valid tunes.
const SCORED: usize = 256;
/// How many of them are compared with each other.
const COMPARED: usize = 64;

/// Uniform numbers of 0–1 from our generator, not libtorch's.
fn uniform(random: &mut ChaCha8Rng, device: Device) -> impl FnMut(usize) -> Tensor {
    move |count| {
        let values: Vec<f32> = (0..count).map(|_| random.random()).collect();
        Tensor::from_slice(&values).to_device(device)
    }
}

impl Learners {
    /// Trains the discriminator on tunes of the maximum-likelihood generator, and copies that as the delayed policy.
    pub fn begin_adversarial(&mut self, material: &Material, steps: usize, random: &mut ChaCha8Rng) {
        mix(self.delayed.variables(), self.generator.variables(), 1.0);
        for _ in 0..steps {
            self.train_discriminator(material, random);
        }
    }

    /// Runs some adversarial rounds.
    pub fn train_adversarially(
        &mut self,
        material: &Material,
        done: usize,
        rounds: usize,
        random: &mut ChaCha8Rng,
    ) -> Part {
        let (mut losses, mut rewards, mut right) = (0.0, 0.0, 0.0);
        for round in done..done + rounds {
            let rate = if round < SLOW_ROUNDS { POLICY_RATE / 3.0 } else { POLICY_RATE };
            let (loss, reward) = self.train_policy(material, rate, random);
            losses += loss;
            rewards += reward;
            for _ in 0..DISCRIMINATOR_STEPS {
                right += self.train_discriminator(material, random) / DISCRIMINATOR_STEPS as f64;
            }
            mix(self.delayed.variables(), self.generator.variables(), DELAY);
        }
        let written = self.write(material, SCORED, random);
        let texts: Vec<Vec<usize>> = texts(&written);
        let references = References::new(material.references.iter().map(Vec::as_slice));
        let bleu = texts.iter().map(|text| references.score(text)).sum::<f64>() / texts.len() as f64;
        let compared: Vec<&[usize]> = texts.iter().take(COMPARED).map(Vec::as_slice).collect();
        let self_bleu = self_bleu(&compared).iter().sum::<f64>() / compared.len() as f64;
        let mean = |sum: f64| sum / rounds as f64;
        Part {
            rounds: done + rounds,
            train_loss: mean(losses),
            valid_loss: self.valid_loss(material),
            reward: Some(mean(rewards)),
            told_right: Some(mean(right)),
            bleu: Some(bleu),
            self_bleu: Some(self_bleu),
            seconds: 0.0,
        }
    }

    /// Generates tunes in the metres of the training tunes: \[tunes, LENGTH\].
    fn write(&self, material: &Material, tunes: usize, random: &mut ChaCha8Rng) -> Tensor {
        tch::no_grad(|| {
            let metres = material.train.metres(tunes, random, material.device);
            let draft = self.generator.draft(&metres, &material.clock);
            let mut uniform = uniform(random, material.device);
            self.generator.finish(draft, LENGTH, &material.clock, 1.0, &mut uniform)
        })
    }

    /// Trains the discriminator for one step; returns its accuracy.
    fn train_discriminator(&mut self, material: &Material, random: &mut ChaCha8Rng) -> f64 {
        let real = material.train.draw(TUNES, LENGTH, random, material.device);
        // After the end there are only ends, as in generated tunes.
        let real = real.next * real.counts.to_kind(Kind::Int64);
        let missing = LENGTH as i64 - real.size()[1];
        let real = real.constant_pad_nd([0, missing]);
        let written = self.write(material, TUNES, random);
        let (loss, right) = self.discriminator.loss(&real, &written);
        loss.backward();
        let gradients = gradients(self.discriminator.variables());
        self.discriminator_adam.step(&gradients, DISCRIMINATOR_RATE, GRADIENT_NORM);
        right
    }

    /// Trains the generator for one step of policy gradient; returns its likelihood loss and the mean reward.
    fn train_policy(&mut self, material: &Material, rate: f64, random: &mut ChaCha8Rng) -> (f64, f64) {
        let metres = material.train.metres(TUNES, random, material.device);
        let (written, rewards) = tch::no_grad(|| self.rewarded(material, &metres, random));
        let batch = Batch::from_generated(&written, &metres, &material.clock);
        let logs = self.generator.log_likelihoods(&batch, &material.clock, false);
        let of_next = logs.gather(-1, &batch.next.unsqueeze(-1), false).squeeze_dim(-1);
        // The mean reward at a position says nothing about the symbol chosen there.
        let weight = batch.counts.sum_dim_intlist([0i64].as_slice(), true, Kind::Float).clamp_min(1.0);
        let usual = (&rewards * &batch.counts).sum_dim_intlist([0i64].as_slice(), true, Kind::Float) / weight;
        let advantage = (&rewards - usual) * &batch.counts;
        let chosen = batch.counts.sum(Kind::Float);
        // In units of its own spread: rewards shrink as the discriminator learns, and the other loss would outweigh
        // them.
        let spread = (advantage.square().sum(Kind::Float) / &chosen).sqrt().clamp_min(1e-4);
        let policy = -(of_next * advantage / spread).sum(Kind::Float) / chosen;

        let real = material.train.draw(TUNES, LENGTH, random, material.device);
        let (likelihood, _) = self.surprise(material, &real, true);
        (policy + &likelihood * LIKELIHOOD_SHARE).backward();
        let gradients = gradients(self.generator.variables());
        self.policy.step(&gradients, rate, GRADIENT_NORM);
        (likelihood.double_value(&[]), rewards.mean(Kind::Float).double_value(&[]))
    }

    /// Generates tunes, \[tunes, LENGTH\], with the reward of each symbol.
    ///
    /// The delayed policy continues each prefix in [`ROLLOUTS`] ways. The reward is the mean probability that the whole
    /// tune is real. One evaluation serves [`STRIDE`] symbols.
    fn rewarded(&self, material: &Material, metres: &Tensor, random: &mut ChaCha8Rng) -> (Tensor, Tensor) {
        let clock = &material.clock;
        let written = {
            let mut uniform = uniform(random, material.device);
            let draft = self.generator.draft(metres, clock);
            self.generator.finish(draft, LENGTH, clock, 1.0, &mut uniform)
        };
        let tunes = written.size()[0];
        let mut rewards = Vec::with_capacity(LENGTH);
        let mut reading = self.delayed.draft(metres, clock);
        for from in (0..LENGTH).step_by(STRIDE) {
            let to = (from + STRIDE).min(LENGTH);
            for at in from..to {
                self.delayed.read(&mut reading, clock, &written.select(1, at as i64));
            }
            let begun = written.narrow(1, 0, to as i64);
            let reward = if to == LENGTH {
                self.discriminator.likelihoods(&written)
            } else {
                let mut uniform = uniform(random, material.device);
                let rest = self.delayed.finish(reading.repeated(ROLLOUTS), LENGTH - to, clock, 1.0, &mut uniform);
                let whole = Tensor::cat(&[begun.repeat_interleave_self_int(ROLLOUTS, 0, None), rest], 1);
                self.discriminator.likelihoods(&whole).view([tunes, ROLLOUTS]).mean_dim(1, false, Kind::Float)
            };
            rewards.extend((from..to).map(|_| reward.shallow_clone()));
        }
        (written, Tensor::stack(&rewards, 1))
    }
}

/// Generated tunes as sequences of ids, each up to its end.
fn texts(written: &Tensor) -> Vec<Vec<usize>> {
    let (tunes, length) = written.size2().expect("tunes of symbols");
    let flat: Vec<i64> = Vec::try_from(written.flatten(0, -1)).expect("whole numbers");
    (0..tunes as usize)
        .map(|tune| {
            let symbols = &flat[tune * length as usize..(tune + 1) * length as usize];
            let end = symbols.iter().position(|&id| id == 0).map_or(symbols.len(), |end| end + 1);
            symbols[..end].iter().map(|&id| id as usize).collect()
        })
        .collect()
}
