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
/// Rounds in which the policy moves slowly, at a third of its rate, so that the discriminator gets ahead of it.
const SLOW_ROUNDS: usize = 140;
const DISCRIMINATOR_RATE: f64 = 3e-4;
/// Steps of the discriminator in each round.
const DISCRIMINATOR_STEPS: usize = 1;
/// Tunes that are finished from each beginning, and symbols between two beginnings.
const ROLLOUTS: i64 = 8;
const STRIDE: usize = 8;
/// How much of the delayed policy is replaced in a round.
const DELAY: f64 = 0.2;
/// How much learning by likelihood counts in a round, so that the policy does not forget the tunes.
const LIKELIHOOD_SHARE: f64 = 0.5;
/// Tunes written for a look at the valid tunes.
const LOOKED_AT: usize = 256;
/// Of them those that are compared with each other.
const COMPARED: usize = 64;

/// Numbers of 0–1 from our generator, not libtorch's.
fn uniform(random: &mut ChaCha8Rng, device: Device) -> impl FnMut(usize) -> Tensor {
    move |count| {
        let values: Vec<f32> = (0..count).map(|_| random.random()).collect();
        Tensor::from_slice(&values).to_device(device)
    }
}

impl Learners {
    /// The discriminator learns what the generator writes by likelihood, and the delayed policy is a copy of it.
    pub fn begin_against_each_other(&mut self, material: &Material, steps: usize, random: &mut ChaCha8Rng) {
        mix(self.delayed.variables(), self.generator.variables(), 1.0);
        for _ in 0..steps {
            self.learn_to_tell(material, random);
        }
    }

    /// Some rounds of both adversaries.
    pub fn learn_against_each_other(
        &mut self,
        material: &Material,
        done: usize,
        rounds: usize,
        random: &mut ChaCha8Rng,
    ) -> Part {
        let (mut losses, mut rewards, mut right) = (0.0, 0.0, 0.0);
        for round in done..done + rounds {
            let rate = if round < SLOW_ROUNDS { POLICY_RATE / 3.0 } else { POLICY_RATE };
            let (loss, reward) = self.follow_the_reward(material, rate, random);
            losses += loss;
            rewards += reward;
            for _ in 0..DISCRIMINATOR_STEPS {
                right += self.learn_to_tell(material, random) / DISCRIMINATOR_STEPS as f64;
            }
            mix(self.delayed.variables(), self.generator.variables(), DELAY);
        }
        let written = self.write(material, LOOKED_AT, random);
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

    /// New tunes in the metres of the training tunes: \[tunes, LENGTH\].
    fn write(&self, material: &Material, tunes: usize, random: &mut ChaCha8Rng) -> Tensor {
        tch::no_grad(|| {
            let metres = material.train.metres(tunes, random, material.device);
            let draft = self.generator.draft(&metres, &material.clock);
            let mut uniform = uniform(random, material.device);
            self.generator.finish(draft, LENGTH, &material.clock, 1.0, &mut uniform)
        })
    }

    /// A step of the discriminator; the share that it told right.
    fn learn_to_tell(&mut self, material: &Material, random: &mut ChaCha8Rng) -> f64 {
        let real = material.train.draw(TUNES, LENGTH, random, material.device);
        // Behind the end there are only ends, as in what is written.
        let real = real.next * real.counts.to_kind(Kind::Int64);
        let missing = LENGTH as i64 - real.size()[1];
        let real = real.constant_pad_nd([0, missing]);
        let written = self.write(material, TUNES, random);
        let (loss, right) = self.discriminator.loss(&real, &written);
        loss.backward();
        let gradients = gradients(self.discriminator.variables());
        self.telling.step(&gradients, DISCRIMINATOR_RATE, GRADIENT_NORM);
        right
    }

    /// A step of the generator along the policy gradient; its loss by likelihood, and the mean reward.
    fn follow_the_reward(&mut self, material: &Material, rate: f64, random: &mut ChaCha8Rng) -> (f64, f64) {
        let metres = material.train.metres(TUNES, random, material.device);
        let (written, rewards) = tch::no_grad(|| self.rewarded(material, &metres, random));
        let batch = Batch::of_written(&written, &metres, &material.clock);
        let logs = self.generator.log_likelihoods(&batch, &material.clock, false);
        let of_next = logs.gather(-1, &batch.next.unsqueeze(-1), false).squeeze_dim(-1);
        // What a place gives on average says nothing of the symbol that was chosen there.
        let weight = batch.counts.sum_dim_intlist([0i64].as_slice(), true, Kind::Float).clamp_min(1.0);
        let usual = (&rewards * &batch.counts).sum_dim_intlist([0i64].as_slice(), true, Kind::Float) / weight;
        let advantage = (&rewards - usual) * &batch.counts;
        let chosen = batch.counts.sum(Kind::Float);
        // In units of its own spread: as the discriminator learns, rewards shrink, and would be outweighed.
        let spread = (advantage.square().sum(Kind::Float) / &chosen).sqrt().clamp_min(1e-4);
        let policy = -(of_next * advantage / spread).sum(Kind::Float) / chosen;

        let real = material.train.draw(TUNES, LENGTH, random, material.device);
        let (likelihood, _) = self.surprise(material, &real, true);
        (policy + &likelihood * LIKELIHOOD_SHARE).backward();
        let gradients = gradients(self.generator.variables());
        self.policy.step(&gradients, rate, GRADIENT_NORM);
        (likelihood.double_value(&[]), rewards.mean(Kind::Float).double_value(&[]))
    }

    /// New tunes, \[tunes, LENGTH\], and what each symbol is worth: how likely, in the mean of [`ROLLOUTS`] ways in which
    /// the delayed policy goes on behind it, the whole is taken for real. One look serves [`STRIDE`] symbols.
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

/// Written tunes as texts, each up to its end.
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
