//! The loop over epochs, and what is kept after each.

use std::collections::VecDeque;
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
use tonenet_core::genre::Genre;
use tonenet_core::phrase_image::{CELLS, PhraseImage, STEPS};
use tonenet_files::outputs;

use super::curves;
use super::drawing;
use super::flow::Flow;
use super::losses;
use super::network::{Decoded, Discriminator, Generator, Posterior, ROW, ROWS};
use super::prior::Prior;
use crate::cli::TrainArgs;
use crate::dataset::Split;
use crate::phrases::scores::{Agreement, Counts};
use crate::phrases::{self, Piece, picture};
use crate::train::adam::{Adam, gradients, mix, sorted};
use crate::train::folder::Folder;
use crate::train::layers::LEARNING;

/// Where a run leaves the averaged encoder and decoder and the flow to draw with.
pub const WEIGHTS_FILE: &str = "vaegan.safetensors";

/// Phrases in a batch, and those of them that the adversaries see.
const PHRASES: usize = 48;
const JUDGED: i64 = 16;

/// The article's learning rate, and what is left of it after an epoch.
const RATE: f64 = 4e-4;
const RATE_LEFT: f64 = 0.99;
/// How far the adversaries' losses may move their rates apart: the generator's and the discriminator's.
const GENERATOR_RATES: (f64, f64) = (0.5, 2.0);
const DISCRIMINATOR_RATES: (f64, f64) = (0.25, 2.0);
/// How slowly the losses that rates go by follow the last ones.
const REMEMBERED: f64 = 0.98;
const WEIGHT_DECAY: f64 = 1e-2;
const GRADIENT_NORM: f64 = 2.0;
/// How slowly the averaged weights, which are scored and kept, follow the learning ones.
const AVERAGE: f64 = 0.998;

/// What a nat of each loss counts; a direct reconstruction's counts 1. The prior's rises over some epochs, or little would
/// be encoded before decoding has learned to listen.
const DIVERGENCE: (f64, f64) = (0.05, 0.15);
const RISING: usize = 30;
const DISSIMILARITY: f64 = 0.03;
const ADVERSARIAL: f64 = 10.0;
/// Losses are divided by so many nats, or gradients would all be clipped.
const UNIT: f64 = 100.0;
/// Epochs before the adversaries meet: until then what is drawn is noise.
const ALONE: usize = 3;

/// The longest way of a phrase from where it was cut, in beats, and its farthest transposition, in semitones.
const LATER_BEATS: i64 = (STEPS / 4) as i64;
const TRANSPOSED: std::ops::RangeInclusive<i64> = -5..=6;

/// Phrases of the valid split that are looked at after an epoch, and new images.
const LOOKED_AT: usize = 192;
const DRAWN: i64 = 96;
const SHOWN: i64 = 12;
/// Latents that what is drawn from is fitted to while the adversaries learn.
const FITTED_TO: usize = 3072;
/// Phrases that are encoded at once.
const AT_ONCE: usize = 256;

/// How a run was started; a resumed run must be told the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Settings {
    seed: u64,
    epochs: usize,
    batches: usize,
}

/// The figures of an epoch; losses in nats a phrase.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Epoch {
    /// Means over the batches learned from.
    pub cells: f64,
    pub divergence: f64,
    pub dissimilarity: f64,
    /// What the generator and the discriminator lose against each other; none before they meet.
    pub adversarial: Option<f64>,
    pub discriminator: Option<f64>,
    pub generator_rate: f64,
    pub discriminator_rate: f64,
    /// Of valid phrases, encoded and decoded without noise.
    pub valid_f1: f64,
    pub valid_velocity_error: f64,
    pub valid_divergence: f64,
    /// Of new images, over the valid phrases'.
    pub polyphony: f64,
    pub note_rate: f64,
    pub seconds: f64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    settings: Settings,
    epochs: Vec<Epoch>,
    /// The adversaries' losses as their rates remember them.
    remembered: (f64, f64),
}

/// What learns.
struct Learners {
    generator: Generator,
    averaged: Generator,
    discriminator: Discriminator,
    generating: Adam,
    telling: Adam,
    prior: Prior,
    remembered: (f64, f64),
    device: Device,
}

/// `cargo xtask train vaegan`.
pub fn run(args: &TrainArgs) -> Result<()> {
    run_with(args, &drawing::LENGTHS)
}

/// The same with a second stage of another length.
pub fn run_with(args: &TrainArgs, drawing: &drawing::Lengths) -> Result<()> {
    let device = crate::train::run::device(&args.device)?;
    tch::set_num_threads(args.threads);
    println!("reading {}", args.data.display());
    let (train, valid) = (phrases::load(&args.data, Split::Train)?, phrases::load(&args.data, Split::Valid)?);
    let count = |pieces: &[Piece]| pieces.iter().map(Piece::phrases).sum::<usize>();
    println!("{} phrases to learn from, {} to look at", count(&train), count(&valid));
    let train = Source::new(&train);
    let valid = phrases::spread(&valid, LOOKED_AT);
    let folder = Folder::new(&args.run_folder())?;
    let (epochs, batches) = args.length();
    let settings = Settings { seed: args.seed, epochs, batches };

    tch::manual_seed(args.seed as i64);
    let mut learners = Learners::new(device);
    let mut progress = match folder.progress::<Progress>()? {
        Some(progress) if args.resume => {
            if progress.settings != settings {
                bail!(
                    "{} was trained with other settings ({:?}); give the same",
                    folder.root().display(),
                    progress.settings
                );
            }
            learners.load(&folder, &progress)?;
            println!("resuming after epoch {}", progress.epochs.len());
            progress
        }
        Some(_) => bail!(
            "{} holds a run already; add --resume to go on with it, or choose another folder with --run",
            folder.root().display()
        ),
        None => Progress { settings: settings.clone(), epochs: Vec::new(), remembered: learners.remembered },
    };
    let weights = |variables: &VarStore| variables.variables().values().map(Tensor::numel).sum::<usize>();
    println!(
        "{} weights in encoder and decoder, {} in the discriminator",
        weights(learners.generator.variables()),
        weights(learners.discriminator.variables())
    );

    let bar = ProgressBar::new(settings.epochs as u64).with_style(
        ProgressStyle::with_template("{bar:32} {pos}/{len} epochs, {eta} left  {msg}").expect("a valid template"),
    );
    bar.set_position(progress.epochs.len() as u64);
    bar.reset_eta();
    while progress.epochs.len() < settings.epochs {
        let at = progress.epochs.len();
        // Seeded by epoch, so that a resumed run draws what the killed one would have drawn.
        let mut random = seeded(settings.seed, at);
        let started = Instant::now();
        let mut epoch = learners.learn(&train, at, &settings, &mut random);
        learners.look(&valid, &mut epoch);
        epoch.seconds = started.elapsed().as_secs_f64();
        if !epoch.cells.is_finite() {
            bail!("the loss is {} in epoch {}; start anew with another --seed", epoch.cells, at + 1);
        }
        bar.suspend(|| println!("{}", told(at + 1, &epoch)));
        progress.epochs.push(epoch);
        progress.remembered = learners.remembered;
        learners.save(&folder, &progress)?;
        curves::draw(&folder.path("loss.png"), &progress.epochs)?;
        learners.show(&folder, &valid, &learners.prior.drawn(SHOWN))?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    learners.finish(&train, &folder, &valid, &settings, drawing)?;
    println!("weights, log.csv and pictures are in {}\nnext: cargo xtask export vaegan", folder.root().display());
    Ok(())
}

fn seeded(seed: u64, epoch: usize) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(epoch as u64 + 1);
    tch::manual_seed((seed as i64).wrapping_mul(1_000_003).wrapping_add(epoch as i64));
    random
}

fn told(number: usize, epoch: &Epoch) -> String {
    let Epoch { cells, divergence, dissimilarity, seconds, .. } = epoch;
    let mut line = format!("epoch {number:3}: cells {cells:.1}, KL {divergence:.1}, features {dissimilarity:.0}");
    if let (Some(adversarial), Some(discriminator)) = (epoch.adversarial, epoch.discriminator) {
        line += &format!(", generator {adversarial:.2}, discriminator {discriminator:.2}");
    }
    let Epoch { valid_f1, valid_velocity_error, valid_divergence, polyphony, note_rate, .. } = epoch;
    line + &format!(
        "; valid F1 {valid_f1:.3}, velocity {valid_velocity_error:.1}, KL {valid_divergence:.0}; drawn: polyphony {polyphony:.2}, notes {note_rate:.2} ({seconds:.0} s)"
    )
}

/// Phrases to learn from, by genre.
struct Source<'a>([Vec<(&'a Piece, usize)>; 3]);

impl<'a> Source<'a> {
    fn new(pieces: &'a [Piece]) -> Self {
        Self(Genre::ALL.map(|genre| {
            let of_genre = pieces.iter().filter(|piece| piece.genre == genre);
            of_genre.flat_map(|piece| (0..piece.phrases()).map(move |index| (piece, index))).collect()
        }))
    }

    /// Phrases, the genres in turn, at other beats and pitches than they were cut.
    fn draw(&self, count: usize, random: &mut ChaCha8Rng) -> Vec<PhraseImage> {
        let genres: Vec<_> = self.0.iter().filter(|genre| !genre.is_empty()).collect();
        (0..count)
            .map(|n| {
                let genre = genres[n % genres.len()];
                let (piece, index) = genre[random.random_range(0..genre.len())];
                let beats = random.random_range(0..LATER_BEATS);
                piece.varied(index, beats * 4, random.random_range(TRANSPOSED))
            })
            .collect()
    }
}

/// Images as the networks read them: \[images, ROWS, 2 ROW\].
fn tensor(images: &[PhraseImage], device: Device) -> Tensor {
    let channel = |values: fn(&PhraseImage) -> &[f32]| {
        let flat: Vec<f32> = images.iter().flat_map(|image| values(image).iter().copied()).collect();
        Tensor::from_slice(&flat).view([images.len() as i64, ROWS, ROW])
    };
    Tensor::cat(&[channel(PhraseImage::velocities), channel(PhraseImage::onsets)], -1).to_device(device)
}

/// What was decoded as images.
fn images(decoded: &Decoded) -> Vec<PhraseImage> {
    let flat: Vec<f32> = Vec::try_from(decoded.written().flatten(0, -1)).expect("32-bit floats");
    let row = ROW as usize;
    flat.chunks(2 * CELLS)
        .map(|image| {
            let channel = |at: usize| image.chunks(row).skip(at).step_by(2).flatten().copied().collect();
            PhraseImage::from_channels(channel(0), channel(1)).expect("as many cells as an image has")
        })
        .collect()
}

impl Learners {
    fn new(device: Device) -> Self {
        let (generator, averaged) = (Generator::new(device), Generator::new(device));
        let discriminator = Discriminator::new(device);
        mix(averaged.variables(), generator.variables(), 1.0);
        Self {
            generating: Adam::new(generator.variables(), WEIGHT_DECAY),
            telling: Adam::new(discriminator.variables(), WEIGHT_DECAY),
            generator,
            averaged,
            discriminator,
            prior: Prior::standard(device),
            remembered: (1.0, 1.0),
            device,
        }
    }

    fn learn(&mut self, train: &Source<'_>, at: usize, settings: &Settings, random: &mut ChaCha8Rng) -> Epoch {
        let mut sums = [0.0; 5];
        let mut rates = (0.0, 0.0);
        let mut latents = VecDeque::new();
        for batch in 0..settings.batches {
            let real = tensor(&train.draw(PHRASES, random), self.device);
            let have_met = at >= ALONE;
            let base = RATE * RATE_LEFT.powi(at as i32);
            // Whoever loses more learns faster.
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
            // A short memory at first, or the average would remember the random start.
            let decay = AVERAGE.min((1 + step) as f64 / (10 + step) as f64);
            mix(self.averaged.variables(), self.generator.variables(), 1.0 - decay);
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

    /// A step of encoder and decoder, and of the discriminator once they have met.
    fn step(&mut self, real: &Tensor, at: usize, rates: (f64, f64)) -> Learned {
        let have_met = at >= ALONE;
        let (first, last) = DIVERGENCE;
        let of_divergence = first + (last - first) * (at as f64 / RISING as f64).min(1.0);
        self.discriminator.variables_mut().freeze();
        let posterior = self.generator.encode(real, LEARNING);
        let latent = posterior.drawn();
        let again = self.generator.decode(&latent, LEARNING);
        let cells = losses::of_cells(real, &again);
        let divergence = losses::divergence(&posterior);
        let mut loss = &cells + &divergence * of_divergence;
        let mut values = [cells.double_value(&[]), divergence.double_value(&[]), 0.0, 0.0, 0.0];
        let mut judged = None;
        if have_met {
            let real = real.narrow(0, 0, JUDGED);
            let reconstructed = again.written().narrow(0, 0, JUDGED);
            let (features, _) = tch::no_grad(|| self.discriminator.look(&real, LEARNING, true));
            let (of_reconstructed, _) = self.discriminator.look(&reconstructed, LEARNING, true);
            let dissimilarity = losses::dissimilarity(&features, &of_reconstructed);
            let drawn = self.generator.decode(&self.prior.drawn(JUDGED), LEARNING).written();
            // By new images alone, so that the encoder learns nothing from it, as in the paper.
            let adversarial = losses::verdict(&self.discriminator.look(&drawn, LEARNING, true).1, true);
            loss = loss + &dissimilarity * DISSIMILARITY + &adversarial * ADVERSARIAL;
            values[2] = dissimilarity.double_value(&[]);
            values[3] = adversarial.double_value(&[]);
            judged = Some([real, reconstructed.detach(), drawn.detach()]);
        }
        (loss / UNIT).backward();
        self.generating.step(&gradients(self.generator.variables()), rates.0, GRADIENT_NORM);
        self.discriminator.variables_mut().unfreeze();
        if let Some(images) = judged {
            let (_, scores) = self.discriminator.look(&Tensor::cat(&images, 0), LEARNING, true);
            let parts = scores.split(JUDGED, 0);
            let written = losses::verdict(&parts[1], false) + losses::verdict(&parts[2], false);
            let loss = (losses::verdict(&parts[0], true) + written * 0.5) * 0.5;
            loss.backward();
            self.telling.step(&gradients(self.discriminator.variables()), rates.1, GRADIENT_NORM);
            values[4] = loss.double_value(&[]);
        }
        Learned { losses: values, latent: latent.detach() }
    }

    /// What the averaged networks make of valid phrases, and draw.
    fn look(&self, valid: &[PhraseImage], epoch: &mut Epoch) {
        let (again, divergence) = self.reconstructed(valid);
        let mut agreement = Agreement::default();
        valid.iter().zip(&again).for_each(|(real, again)| agreement.add(real, again));
        let drawn = self.decoded(&self.prior.drawn(DRAWN));
        let ratio = |value: fn(&Counts) -> f64| Counts::summary(&drawn, value).0 / Counts::summary(valid, value).0;
        epoch.valid_f1 = agreement.f1();
        epoch.valid_velocity_error = agreement.velocity_error();
        epoch.valid_divergence = divergence;
        epoch.polyphony = ratio(|counts| counts.polyphony);
        epoch.note_rate = ratio(|counts| counts.note_rate);
    }

    fn reconstructed(&self, phrases: &[PhraseImage]) -> (Vec<PhraseImage>, f64) {
        tch::no_grad(|| {
            let posterior = self.averaged.encode(&tensor(phrases, self.device), Kind::Float);
            let divergence = losses::divergence(&posterior).double_value(&[]);
            (images(&self.averaged.decode(&posterior.mean, Kind::Float)), divergence)
        })
    }

    fn decoded(&self, latents: &Tensor) -> Vec<PhraseImage> {
        tch::no_grad(|| images(&self.averaged.decode(latents, Kind::Float)))
    }

    /// Pictures of valid phrases and what comes back of them, and of new images.
    fn show(&self, folder: &Folder, valid: &[PhraseImage], latents: &Tensor) -> Result<()> {
        let shown: Vec<PhraseImage> = (0..6).map(|n| valid[n * valid.len() / 6].clone()).collect();
        let again = self.reconstructed(&shown).0;
        let mut drawn = self.decoded(latents);
        let more = drawn.split_off(drawn.len() / 2);
        picture::draw(
            &folder.path("images.png"),
            &[
                ("valid phrases".into(), shown),
                ("reconstructed".into(), again),
                ("drawn".into(), drawn),
                ("drawn".into(), more),
            ],
        )
    }

    /// What the averaged encoder says of phrases.
    fn encoded(&self, phrases: &[PhraseImage]) -> Posterior {
        let groups: Vec<Posterior> = phrases
            .chunks(AT_ONCE)
            .map(|phrases| tch::no_grad(|| self.averaged.encode(&tensor(phrases, self.device), Kind::Float)))
            .collect();
        Posterior::joined(&groups)
    }

    /// Has a flow learn to draw, and writes the result.
    fn finish(
        &self,
        train: &Source<'_>,
        folder: &Folder,
        valid: &[PhraseImage],
        settings: &Settings,
        lengths: &drawing::Lengths,
    ) -> Result<()> {
        println!("encoding {} phrases for drawing", lengths.phrases);
        let mut random = seeded(settings.seed, settings.epochs);
        let groups: Vec<Posterior> =
            (0..lengths.phrases).step_by(AT_ONCE).map(|_| self.encoded(&train.draw(AT_ONCE, &mut random))).collect();
        let train = Posterior::joined(&groups);
        let flow: Flow =
            drawing::learn(folder.root(), settings.seed, lengths, &train, &self.encoded(valid), self.device)?;
        let path = folder.path(WEIGHTS_FILE);
        let mut tensors = sorted(self.averaged.variables());
        tensors.extend(sorted(flow.variables()));
        Tensor::write_safetensors(&tensors, &path).with_context(|| format!("cannot write {}", path.display()))?;
        self.show(folder, valid, &flow.drawn(SHOWN, self.device))
    }
}

/// What came of a step.
struct Learned {
    /// In the order of [`Epoch`]'s fields.
    losses: [f64; 5],
    latent: Tensor,
}

/// What is kept in the folder of a run beside its pictures and, at last, [`WEIGHTS_FILE`]: `log.csv` and what the next epoch
/// needs.
impl Learners {
    fn save(&self, kept: &Folder, progress: &Progress) -> Result<()> {
        let epochs = progress.epochs.len();
        let folder = epoch(kept, epochs);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let save = |variables: &VarStore, name: &str| {
            let path = folder.join(name);
            variables.save(&path).with_context(|| format!("cannot write {}", path.display()))
        };
        save(self.generator.variables(), "generator.safetensors")?;
        save(self.averaged.variables(), "averaged.safetensors")?;
        save(self.discriminator.variables(), "discriminator.safetensors")?;
        self.generating.save(&folder.join("generating.safetensors"))?;
        self.telling.save(&folder.join("telling.safetensors"))?;
        self.prior.save(&folder.join("prior.safetensors"))?;
        write_log(&kept.path("log.csv"), &progress.epochs)?;
        outputs::replace(&kept.path("progress.json"), &serde_json::to_vec_pretty(progress)?)?;
        if epochs > 1 {
            // Left over only if the run was killed between the two; harmless then.
            let _ = fs::remove_dir_all(epoch(kept, epochs - 1));
        }
        Ok(())
    }

    fn load(&mut self, kept: &Folder, progress: &Progress) -> Result<()> {
        let folder = epoch(kept, progress.epochs.len());
        let load = |variables: &mut VarStore, name: &str| {
            let path = folder.join(name);
            variables.load(&path).with_context(|| format!("cannot resume from {}", path.display()))
        };
        load(self.generator.variables_mut(), "generator.safetensors")?;
        load(self.averaged.variables_mut(), "averaged.safetensors")?;
        load(self.discriminator.variables_mut(), "discriminator.safetensors")?;
        self.generating.load(&folder.join("generating.safetensors"))?;
        self.telling.load(&folder.join("telling.safetensors"))?;
        self.prior = Prior::load(&folder.join("prior.safetensors"), self.device)?;
        self.remembered = progress.remembered;
        Ok(())
    }
}

/// The folder of what the epoch after so many needs.
fn epoch(kept: &Folder, epochs: usize) -> PathBuf {
    kept.path(&format!("epoch-{epochs}"))
}

fn write_log(path: &Path, epochs: &[Epoch]) -> Result<()> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut log = csv::Writer::from_writer(file);
    log.write_record([
        "epoch",
        "cells",
        "divergence",
        "dissimilarity",
        "adversarial",
        "discriminator",
        "generator_rate",
        "discriminator_rate",
        "valid_f1",
        "valid_velocity_error",
        "valid_divergence",
        "drawn_polyphony",
        "drawn_note_rate",
        "seconds",
    ])?;
    for (at, epoch) in epochs.iter().enumerate() {
        let met = |value: Option<f64>| value.map_or_else(String::new, |v| format!("{v:.4}"));
        log.write_record([
            (at + 1).to_string(),
            format!("{:.3}", epoch.cells),
            format!("{:.3}", epoch.divergence),
            format!("{:.2}", epoch.dissimilarity),
            met(epoch.adversarial),
            met(epoch.discriminator),
            format!("{:.3e}", epoch.generator_rate),
            format!("{:.3e}", epoch.discriminator_rate),
            format!("{:.4}", epoch.valid_f1),
            format!("{:.3}", epoch.valid_velocity_error),
            format!("{:.2}", epoch.valid_divergence),
            format!("{:.3}", epoch.polyphony),
            format!("{:.3}", epoch.note_rate),
            format!("{:.1}", epoch.seconds),
        ])?;
    }
    log.flush().with_context(|| format!("cannot write {}", path.display()))
}
