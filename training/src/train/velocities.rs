//! The loop that trains velocity models: draw, step, validate, save, plot; it stops when the valid split stops improving.

use std::fs;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use rand_chacha::ChaCha8Rng;
use tch::nn::VarStore;
use tch::{Device, Tensor};
use tonenet_inference::manifest::Sha256;

use super::adam::{Adam, gradients, mix, sorted};
use super::checkpoint::{Epoch, Learners, Progress, RunFolder, Settings};
use super::curves;
use super::log;
use super::session::{average_decay, device, schedule, seeded};
use super::task::{Network, Score, Task};
use super::warm_start;
use crate::arguments::TrainArgs;
use crate::data::genre::GenreId;
use crate::progress;

const GRADIENT_NORM: f64 = 1.0;
/// Epochs without a better r on the valid split before training stops. Models with averaged weights train to the end.
const PATIENCE: usize = 16;

/// Trains until the last epoch or until the valid split stops improving.
pub fn run<T: Task + Sync>(args: &TrainArgs, make_task: impl FnOnce() -> Result<T>) -> Result<()> {
    let device = device(&args.device)?;
    tch::set_num_threads(if T::SHARDS > 1 { 1 } else { args.threads });
    println!("reading {}", args.data.display());
    let task = make_task()?;
    let (epochs, batches_per_epoch) = args.length();
    let start_from = args.start_from();
    let start =
        start_from.as_ref().map(|path| fs::read(path).with_context(|| format!("cannot read {}", path.display())));
    let start = start.transpose()?.map(|weights| Sha256::digest(&weights).to_string());
    let settings = Settings {
        model: task.name(),
        genres: task.genres().to_vec(),
        seed: args.seed,
        epochs,
        batches_per_epoch,
        learning_rate: args.learning_rate(),
        start,
    };
    let folder = RunFolder::new(&args.run_folder())?;
    tch::manual_seed(args.seed as i64);
    let mut trainer = Trainer::new(&task, device, args.threads > 1);
    let mut progress = match folder.resumed(args.resume, &settings)? {
        Some(progress) => {
            folder.load(progress.history.len() - 1, &mut trainer.learners())?;
            println!("resuming after epoch {}", progress.history.len());
            progress
        }
        None => {
            if let Some(path) = &start_from {
                warm_start::start_from(&task, trainer.replicas[0].variables(), path)?;
            }
            if let Some(averaged) = &trainer.averaged {
                copy(trainer.replicas[0].variables(), averaged.variables());
            }
            Progress { settings: settings.clone(), history: Vec::new(), best_epoch: 0 }
        }
    };
    trainer.spread_weights();
    let weights: usize = trainer.replicas[0].variables().variables().values().map(Tensor::numel).sum();
    println!("{}; {weights} weights", task.describe());
    if start_from.is_some() && progress.history.is_empty() {
        let score = task.validate(&trainer.replicas[0]);
        println!("before training: valid {:.4}; valid r {}", score.loss, in_words(&score.r, task.genres()));
    }

    let total = epochs * batches_per_epoch;
    let bar = progress::bar(total, "{pos}/{len} batches, {eta} left  {msg}");
    bar.set_position((progress.history.len() * batches_per_epoch) as u64);
    bar.reset_eta();
    while progress.history.len() < epochs {
        let epoch = progress.history.len();
        let started = Instant::now();
        let (train_loss, learning_rate) = trainer.learn_epoch(&settings, epoch, || bar.inc(1))?;
        let score = task.validate(trainer.averaged.as_ref().unwrap_or(&trainer.replicas[0]));
        let seconds = started.elapsed().as_secs_f64();
        let Score { loss: valid_loss, r: valid_r, page_r } = score;
        progress.history.push(Epoch { epoch, learning_rate, train_loss, valid_loss, valid_r, page_r, seconds });
        let best = progress.history[progress.best_epoch].mean_r();
        if !task.keeps_best_epoch() || progress.history[epoch].mean_r() > best {
            progress.best_epoch = epoch;
        }
        folder.save(&progress, &trainer.learners())?;
        write_log(&folder, &progress)?;
        curves::draw(&folder.plot(), &progress)?;
        let last = &progress.history[epoch];
        let valid_r = in_words(&last.valid_r, task.genres());
        bar.set_message(format!("valid r {valid_r}"));
        bar.suspend(|| {
            println!(
                "epoch {:3}: loss {train_loss:.4}, valid {valid_loss:.4}; valid r {valid_r} ({seconds:.0} s)",
                epoch + 1,
            );
            if let Some(page_r) = &last.page_r {
                println!("           on the page {}", in_words(page_r, task.genres()));
            }
        });
        if epoch - progress.best_epoch >= PATIENCE {
            break;
        }
    }
    bar.finish_and_clear();
    println!(
        "best epoch {} of {}: {}\nlog {}, plot {}\nnext: {}",
        progress.best_epoch + 1,
        progress.history.len(),
        folder.best_weights().display(),
        folder.log().display(),
        folder.plot().display(),
        task.export_command(&folder.best_weights())
    );
    Ok(())
}

/// A task's networks during training.
struct Trainer<'a, T: Task> {
    task: &'a T,
    device: Device,
    /// One network per shard of a batch, all with the same weights.
    replicas: Vec<T::Network>,
    averaged: Option<T::Network>,
    optimiser: Adam,
    /// Whether shards are trained, and batches drawn, on threads of their own.
    has_threads: bool,
}

impl<'a, T: Task + Sync> Trainer<'a, T> {
    fn new(task: &'a T, device: Device, has_threads: bool) -> Self {
        let replicas: Vec<T::Network> = (0..T::SHARDS).map(|_| task.network(device)).collect();
        let averaged = T::AVERAGE.map(|_| task.network(device));
        let optimiser = Adam::new(replicas[0].variables(), T::WEIGHT_DECAY);
        Self { task, device, replicas, averaged, optimiser, has_threads }
    }

    fn learners(&mut self) -> Learners<'_> {
        Learners {
            learning: self.replicas[0].variables_mut(),
            averaged: self.averaged.as_mut().map(Network::variables_mut),
            optimiser: &mut self.optimiser,
        }
    }

    /// Copies the first replica's weights to the others.
    fn spread_weights(&self) {
        let (first, others) = self.replicas.split_at(1);
        for other in others {
            copy(first[0].variables(), other.variables());
        }
    }

    /// Trains on an epoch's batches; returns the mean loss and the last learning rate.
    fn learn_epoch(&mut self, settings: &Settings, epoch: usize, each: impl Fn()) -> Result<(f64, f64)> {
        let batches = settings.batches_per_epoch;
        let mut random = seeded(settings.seed, epoch);
        let (mut loss_sum, mut learning_rate) = (0.0, 0.0);
        let mut shards = self.task.draw(self.task.genre_of(0), &mut random, self.device);
        for batch in 0..batches {
            let step = epoch * batches + batch;
            learning_rate =
                settings.learning_rate.unwrap_or(T::LEARNING_RATE) * schedule(step, settings.epochs * batches);
            let next = (batch + 1 < batches).then(|| self.task.genre_of(batch + 1));
            let (loss, gradients, drawn) = self.learn_and_draw(shards, self.task.genre_of(batch), next, &mut random);
            shards = drawn;
            if !loss.is_finite() {
                bail!("the loss is {loss} in epoch {}; start anew with another --seed", epoch + 1);
            }
            self.optimiser.step(&gradients, learning_rate, GRADIENT_NORM);
            self.spread_weights();
            if let (Some(decay), Some(averaged)) = (T::AVERAGE, &self.averaged) {
                mix(averaged.variables(), self.replicas[0].variables(), 1.0 - average_decay(decay, step));
            }
            loss_sum += loss;
            each();
        }
        Ok((loss_sum / batches as f64, learning_rate))
    }

    /// Trains on a batch's shards and draws the next genre's batch, if any: loss, gradients, next batch.
    fn learn_and_draw(
        &mut self,
        shards: Vec<Shard<T>>,
        genre: usize,
        next: Option<usize>,
        random: &mut ChaCha8Rng,
    ) -> (f64, Vec<Tensor>, Vec<Shard<T>>) {
        let (task, device) = (self.task, self.device);
        let mut draw_next = || next.map_or_else(Vec::new, |next| task.draw(next, random, device));
        if !self.has_threads {
            let drawn = draw_next();
            let (loss, gradients) = learn(&mut self.replicas, shards, genre, false);
            return (loss, gradients, drawn);
        }
        // The next batch is drawn while the networks train on this one.
        thread::scope(|scope| {
            let drawing = scope.spawn(draw_next);
            let (loss, gradients) = learn(&mut self.replicas, shards, genre, true);
            (loss, gradients, drawing.join().expect("drawing does not panic"))
        })
    }
}

/// One shard of a task's batch.
type Shard<T> = <<T as Task>::Network as Network>::Batch;

/// Figures of genres as text; a genre without one is left out.
fn in_words(r: &[Option<f64>], genres: &[GenreId]) -> String {
    let figures = r.iter().zip(genres).filter_map(|(r, genre)| Some(format!("{:.3} {genre}", (*r)?)));
    figures.collect::<Vec<_>>().join(", ")
}

/// Back-propagates each shard in its own replica.
///
/// Returns the mean loss and its gradient for each variable that is trained. The sum does not depend on
/// whether the shards run in parallel.
fn learn<N: Network>(
    replicas: &mut [N],
    shards: Vec<N::Batch>,
    genre: usize,
    side_by_side: bool,
) -> (f64, Vec<Tensor>) {
    fn one<N: Network>(network: &N, batch: N::Batch, genre: usize, shards: usize) -> f64 {
        let loss = network.loss(batch, genre) / shards as f64;
        loss.backward();
        loss.double_value(&[])
    }
    let count = shards.len();
    let losses: Vec<f64> = if side_by_side && count > 1 {
        thread::scope(|scope| {
            let running: Vec<_> = replicas
                .iter_mut()
                .zip(shards)
                .map(|(network, batch)| {
                    scope.spawn(move || {
                        // libtorch keeps one thread count for each calling thread.
                        tch::set_num_threads(1);
                        one(network, batch, genre, count)
                    })
                })
                .collect();
            running.into_iter().map(|r| r.join().expect("training threads do not panic")).collect()
        })
    } else {
        replicas.iter_mut().zip(shards).map(|(network, batch)| one(network, batch, genre, count)).collect()
    };
    let gradients = tch::no_grad(|| {
        let mut of_each = replicas.iter().map(|replica| gradients(replica.variables()));
        let first: Vec<Tensor> = of_each.next().unwrap_or_default();
        of_each.fold(first, |sums, part: Vec<Tensor>| sums.iter().zip(part).map(|(sum, part)| sum + part).collect())
    });
    (losses.iter().sum(), gradients)
}

fn copy(from: &VarStore, to: &VarStore) {
    tch::no_grad(|| {
        for ((_, from), (_, mut to)) in sorted(from).into_iter().zip(sorted(to)) {
            to.copy_(&from);
        }
    });
}

fn write_log(folder: &RunFolder, progress: &Progress) -> Result<()> {
    let Progress { settings, history, .. } = progress;
    let names = |what: &str| settings.genres.iter().map(|genre| format!("{what}_{genre}")).collect::<Vec<_>>();
    let mut columns = names("valid_r");
    if history.iter().any(|epoch| epoch.page_r.is_some()) {
        columns.extend(names("page_r"));
    }
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let header = [&["epoch", "learning_rate", "train_loss", "valid_loss"][..], &columns, &["seconds"]];
    let rows = history.iter().map(|epoch| {
        let first = [
            (epoch.epoch + 1).to_string(),
            format!("{:.3e}", epoch.learning_rate),
            format!("{:.5}", epoch.train_loss),
            format!("{:.5}", epoch.valid_loss),
        ];
        let r = epoch.valid_r.iter().chain(epoch.page_r.iter().flatten()).map(|&r| log::optional(r, 4));
        first.into_iter().chain(r).chain([format!("{:.1}", epoch.seconds)])
    });
    log::write(&folder.log(), &header.concat(), rows)
}
