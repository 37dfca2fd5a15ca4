//! The stages of a training, and what is kept after each part of one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};
use tonenet_core::tune::bleu::{References, self_bleu};
use tonenet_core::tune::{Tune, Vocabulary};
use tonenet_files::outputs;

use super::curves;
use super::discriminator::Discriminator;
use super::generator::Generator;
use super::sequences::{Clock, Sequences};
use crate::cli::TrainArgs;
use crate::dataset::Split;
use crate::train::adam::{Adam, gradients, mix};
use crate::train::folder::Folder;
use crate::tunes;

/// Symbols of the vocabulary.
const VOCABULARY: usize = 1000;
/// Tunes in a batch of learning by likelihood, and symbols of each.
const SUNG: usize = 32;
const LONGEST: usize = 128;
/// Tunes in a batch of the adversaries.
const TUNES: usize = 64;
/// Symbols of the tunes that the adversaries see: eight bars of quavers.
const LENGTH: usize = 64;

const LIKELIHOOD_RATE: f64 = 2e-3;
const LIKELIHOOD_DECAY: f64 = 1e-2;
const POLICY_RATE: f64 = 3e-4;
/// Rounds in which the policy moves slowly, at a third of its rate, so that the discriminator gets ahead of it.
const SLOW_ROUNDS: usize = 140;
const DISCRIMINATOR_RATE: f64 = 3e-4;
const DISCRIMINATOR_DECAY: f64 = 1e-2;
const GRADIENT_NORM: f64 = 5.0;

/// Steps of the discriminator before the adversaries meet, and in each round.
const DISCRIMINATOR_FIRST: usize = 200;
const DISCRIMINATOR_STEPS: usize = 1;
/// Tunes that are finished from each beginning, and symbols between two beginnings.
const ROLLOUTS: i64 = 8;
const STRIDE: usize = 8;
/// How much of the delayed policy is replaced in a round.
const DELAY: f64 = 0.2;
/// How much learning by likelihood counts in a round, so that the policy does not forget the tunes.
const LIKELIHOOD_SHARE: f64 = 0.5;
/// Rounds between two looks at the valid tunes.
const ROUNDS_A_PART: usize = 10;
/// Tunes written for such a look.
const LOOKED_AT: usize = 256;
/// Of them those that are compared with each other.
const COMPARED: usize = 64;

/// How a run was started; a resumed run must be told the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Settings {
    seed: u64,
    epochs: usize,
    batches: usize,
    rounds: usize,
}

/// The figures of a part: an epoch of learning by likelihood, or some rounds of the adversaries.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    /// Rounds of the adversaries until then; 0 while learning by likelihood.
    pub rounds: usize,
    /// Of the batches learned from: nats a symbol.
    pub train_loss: f64,
    /// Of the valid tunes: nats a symbol.
    pub valid_loss: f64,
    /// How likely the discriminator takes written tunes for real, and the share that it tells right.
    pub reward: Option<f64>,
    pub told_right: Option<f64>,
    /// BLEU-4 against the valid tunes, and of what was written against itself.
    pub bleu: Option<f64>,
    pub self_bleu: Option<f64>,
    pub seconds: f64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    settings: Settings,
    parts: Vec<Part>,
}

/// What learns.
struct Learners {
    generator: Generator,
    delayed: Generator,
    discriminator: Discriminator,
    likelihood: Adam,
    policy: Adam,
    telling: Adam,
}

/// What it learns from.
struct Material {
    train: Sequences,
    valid: Sequences,
    /// The valid tunes as the adversaries see tunes.
    references: Vec<Vec<usize>>,
    clock: Clock,
    device: Device,
}

/// `cargo xtask train seqgan`.
pub fn run(args: &TrainArgs) -> Result<()> {
    run_with(args, DISCRIMINATOR_FIRST)
}

/// The same where the discriminator takes so many steps before the adversaries meet.
pub fn run_with(args: &TrainArgs, discriminator_first: usize) -> Result<()> {
    let device = crate::train::run::device(&args.device)?;
    tch::set_num_threads(args.threads);
    println!("reading {}", args.data.display());
    let (train, valid) = (tunes::load(&args.data, Split::Train)?, tunes::load(&args.data, Split::Valid)?);
    let folder = Folder::new(&args.run_folder())?;
    let (epochs, batches) = args.length();
    let settings = Settings { seed: args.seed, epochs, batches, rounds: args.rounds };
    let vocabulary = Vocabulary::from_tunes(&train, VOCABULARY);
    println!("{}", described(&vocabulary, &train, &valid));
    outputs::replace(&folder.path("vocabulary.txt"), vocabulary.to_text().as_bytes())?;

    let material = Material::new(&vocabulary, &train, &valid, device);
    tch::manual_seed(args.seed as i64);
    let mut learners = Learners::new(&vocabulary, device);
    let mut progress = match folder.progress::<Progress>()? {
        Some(progress) if args.resume => {
            if progress.settings != settings {
                bail!(
                    "{} was trained with other settings ({:?}); give the same",
                    folder.root().display(),
                    progress.settings
                );
            }
            learners.load(&folder, progress.parts.len())?;
            println!("resuming after part {}", progress.parts.len());
            progress
        }
        Some(_) => bail!(
            "{} holds a run already; add --resume to go on with it, or choose another folder with --run",
            folder.root().display()
        ),
        None => Progress { settings: settings.clone(), parts: Vec::new() },
    };

    let parts = settings.epochs + settings.rounds.div_ceil(ROUNDS_A_PART);
    let bar = ProgressBar::new(parts as u64).with_style(
        ProgressStyle::with_template("{bar:32} {pos}/{len} parts, {eta} left  {msg}").expect("a valid template"),
    );
    while progress.parts.len() < parts {
        let at = progress.parts.len();
        bar.set_position(at as u64);
        // Seeded by part, so that a resumed run draws what the killed one would have drawn.
        let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
        random.set_stream(at as u64 + 1);
        tch::manual_seed((settings.seed as i64).wrapping_mul(1_000_003).wrapping_add(at as i64));
        let started = Instant::now();
        let mut part = if at < settings.epochs {
            learners.learn_by_likelihood(&material, at, &settings, &mut random)
        } else {
            if at == settings.epochs {
                learners.take_up_best(&folder, &progress.parts)?;
                learners.begin_against_each_other(&material, discriminator_first, &mut random);
            }
            let done = (at - settings.epochs) * ROUNDS_A_PART;
            let rounds = ROUNDS_A_PART.min(settings.rounds - done);
            learners.learn_against_each_other(&material, done, rounds, &mut random)
        };
        part.seconds = started.elapsed().as_secs_f64();
        bar.suspend(|| println!("{}", told(at + 1, &part)));
        progress.parts.push(part);
        learners.save(&folder, &progress, settings.epochs)?;
        curves::draw(&folder.path("loss.png"), &progress.parts)?;
    }
    bar.finish_and_clear();
    println!("weights, log.csv and loss.png are in {}", folder.root().display());
    Ok(())
}

fn described(vocabulary: &Vocabulary, train: &[Tune], valid: &[Tune]) -> String {
    let known = |tunes: &[Tune]| {
        let tokens = || tunes.iter().flat_map(|t| t.tokens());
        let known = tokens().filter(|token| vocabulary.knows(token)).count();
        100.0 * known as f64 / tokens().count() as f64
    };
    format!(
        "{} tunes to learn from, {} to stop by; {} symbols, which are {:.1} % of the rows of the former and {:.1} % of the latter",
        train.len(),
        valid.len(),
        vocabulary.size(),
        known(train),
        known(valid)
    )
}

fn told(number: usize, part: &Part) -> String {
    let Part { rounds, train_loss, valid_loss, seconds, .. } = part;
    let mut line = if *rounds == 0 {
        format!("epoch {number:3}: loss {train_loss:.4}, valid {valid_loss:.4}")
    } else {
        format!("round {rounds:3}: loss {train_loss:.4}, valid {valid_loss:.4}")
    };
    if let (Some(reward), Some(right)) = (part.reward, part.told_right) {
        line += &format!("; reward {reward:.3}, told right {right:.2}");
    }
    if let (Some(bleu), Some(own)) = (part.bleu, part.self_bleu) {
        line += &format!("; BLEU-4 {bleu:.4}, of itself {own:.4}");
    }
    line + &format!(" ({seconds:.0} s)")
}

impl Material {
    fn new(vocabulary: &Vocabulary, train: &[Tune], valid: &[Tune], device: Device) -> Self {
        Self {
            train: Sequences::new(vocabulary, train),
            valid: Sequences::new(vocabulary, valid),
            references: valid.iter().map(|t| first_symbols(&vocabulary.encode(t))).collect(),
            clock: Clock::new(vocabulary, device),
            device,
        }
    }
}

/// What the adversaries see of a tune's ids, without its start.
fn first_symbols(ids: &[usize]) -> Vec<usize> {
    ids[1..].iter().copied().take(LENGTH).collect()
}

/// Numbers of 0–1, by a seed of ours rather than torch's.
fn uniform(random: &mut ChaCha8Rng, device: Device) -> impl FnMut(usize) -> Tensor {
    move |count| {
        let values: Vec<f32> = (0..count).map(|_| random.random()).collect();
        Tensor::from_slice(&values).to_device(device)
    }
}

impl Learners {
    fn new(vocabulary: &Vocabulary, device: Device) -> Self {
        let generator = Generator::new(vocabulary, device);
        let delayed = Generator::new(vocabulary, device);
        let discriminator = Discriminator::new(vocabulary, device);
        Self {
            likelihood: Adam::new(generator.variables(), LIKELIHOOD_DECAY),
            policy: Adam::new(generator.variables(), 0.0),
            telling: Adam::new(discriminator.variables(), DISCRIMINATOR_DECAY),
            generator,
            delayed,
            discriminator,
        }
    }

    /// Nats a symbol of a batch.
    fn surprise(&self, material: &Material, batch: &super::sequences::Batch, is_learning: bool) -> (Tensor, f64) {
        let logs = self.generator.log_likelihoods(batch, &material.clock, is_learning);
        let of_next = logs.gather(-1, &batch.next.unsqueeze(-1), false).squeeze_dim(-1);
        let symbols = batch.counts.sum(Kind::Float);
        (-(of_next * &batch.counts).sum(Kind::Float) / &symbols, symbols.double_value(&[]))
    }

    fn valid_loss(&self, material: &Material) -> f64 {
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

    fn learn_by_likelihood(
        &mut self,
        material: &Material,
        epoch: usize,
        settings: &Settings,
        random: &mut ChaCha8Rng,
    ) -> Part {
        let mut sum = 0.0;
        for batch in 0..settings.batches {
            let step = epoch * settings.batches + batch;
            let drawn = material.train.draw(SUNG, LONGEST, random, material.device);
            let (loss, _) = self.surprise(material, &drawn, true);
            loss.backward();
            let rate = LIKELIHOOD_RATE * crate::train::run::schedule(step, settings.epochs * settings.batches);
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

    /// The discriminator learns what the generator writes by likelihood, and the delayed policy is a copy of it.
    fn begin_against_each_other(&mut self, material: &Material, steps: usize, random: &mut ChaCha8Rng) {
        mix(self.delayed.variables(), self.generator.variables(), 1.0);
        for _ in 0..steps {
            self.learn_to_tell(material, random);
        }
    }

    fn learn_against_each_other(
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
        let batch = super::sequences::Batch::of_written(&written, &metres, &material.clock);
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

/// What is kept in the folder of a run beside the vocabulary and `loss.png`: `log.csv`, `likelihood.safetensors` (the best
/// generator by likelihood), `adversary.safetensors` (the last one of the adversaries), and what the next part needs.
impl Learners {
    fn save(&self, kept: &Folder, progress: &Progress, epochs: usize) -> Result<()> {
        let parts = progress.parts.len();
        let folder = part(kept, parts);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let save = |variables: &VarStore, path: PathBuf| {
            variables.save(&path).with_context(|| format!("cannot write {}", path.display()))
        };
        save(self.generator.variables(), folder.join("generator.safetensors"))?;
        save(self.delayed.variables(), folder.join("delayed.safetensors"))?;
        save(self.discriminator.variables(), folder.join("discriminator.safetensors"))?;
        self.likelihood.save(&folder.join("likelihood.safetensors"))?;
        self.policy.save(&folder.join("policy.safetensors"))?;
        self.telling.save(&folder.join("telling.safetensors"))?;
        if parts > epochs {
            save(self.generator.variables(), kept.path("adversary.safetensors"))?;
        } else if best_epoch(&progress.parts) == Some(parts - 1) {
            save(self.generator.variables(), kept.path("likelihood.safetensors"))?;
        }
        write_log(&kept.path("log.csv"), &progress.parts)?;
        outputs::replace(&kept.path("progress.json"), &serde_json::to_vec_pretty(progress)?)?;
        if parts > 1 {
            // Left over only if the run was killed between the two; harmless then.
            let _ = fs::remove_dir_all(part(kept, parts - 1));
        }
        Ok(())
    }

    fn load(&mut self, kept: &Folder, parts: usize) -> Result<()> {
        let folder = part(kept, parts);
        let load = |variables: &mut VarStore, name: &str| {
            let path = folder.join(name);
            variables.load(&path).with_context(|| format!("cannot resume from {}", path.display()))
        };
        load(self.generator.variables_mut(), "generator.safetensors")?;
        load(self.delayed.variables_mut(), "delayed.safetensors")?;
        load(self.discriminator.variables_mut(), "discriminator.safetensors")?;
        self.likelihood.load(&folder.join("likelihood.safetensors"))?;
        self.policy.load(&folder.join("policy.safetensors"))?;
        self.telling.load(&folder.join("telling.safetensors"))
    }

    /// The adversaries begin with the generator that the valid tunes surprise least.
    fn take_up_best(&mut self, kept: &Folder, parts: &[Part]) -> Result<()> {
        if best_epoch(parts).is_none() {
            return Ok(());
        }
        let path = kept.path("likelihood.safetensors");
        self.generator.variables_mut().load(&path).with_context(|| format!("cannot read {}", path.display()))
    }
}

/// The folder of what the part after so many needs.
fn part(kept: &Folder, parts: usize) -> PathBuf {
    kept.path(&format!("part-{parts}"))
}

/// The epoch of learning by likelihood that the valid tunes surprise least after.
fn best_epoch(parts: &[Part]) -> Option<usize> {
    let epochs = parts.iter().enumerate().filter(|(_, part)| part.rounds == 0);
    epochs.min_by(|a, b| a.1.valid_loss.total_cmp(&b.1.valid_loss)).map(|(epoch, _)| epoch)
}

fn write_log(path: &Path, parts: &[Part]) -> Result<()> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut log = csv::Writer::from_writer(file);
    log.write_record([
        "part",
        "rounds",
        "train_loss",
        "valid_loss",
        "reward",
        "told_right",
        "bleu4",
        "self_bleu4",
        "seconds",
    ])?;
    for (at, part) in parts.iter().enumerate() {
        let number = |value: Option<f64>| value.map_or_else(String::new, |v| format!("{v:.4}"));
        log.write_record([
            (at + 1).to_string(),
            part.rounds.to_string(),
            format!("{:.5}", part.train_loss),
            format!("{:.5}", part.valid_loss),
            number(part.reward),
            number(part.told_right),
            number(part.bleu),
            number(part.self_bleu),
            format!("{:.1}", part.seconds),
        ])?;
    }
    log.flush().with_context(|| format!("cannot write {}", path.display()))
}
