//! The loop over epochs: draw, step, validate, keep, plot; stop when the valid split no longer gains.

use std::fs::File;
use std::path::Path;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::nn::VarStore;
use tch::{Device, Tensor};
use tonenet_core::genre::Genre;

use super::adam::{Adam, sorted, take_gradient};
use super::checkpoint::{Epoch, Progress, RunFolder, Settings};
use super::task::{Network, Task};
use crate::arguments::TrainArgs;
use crate::plot;

const GRADIENT_NORM: f64 = 1.0;
/// Epochs without a better valid r after which a run ends that does not average its weights.
const PATIENCE: usize = 16;

/// Trains until the last epoch or until the valid split no longer gains.
pub fn run<T: Task + Sync>(args: &TrainArgs, make_task: impl FnOnce() -> Result<T>) -> Result<()> {
    let device = device(&args.device)?;
    tch::set_num_threads(if T::SHARDS > 1 { 1 } else { args.threads });
    println!("reading {}", args.data.display());
    let task = make_task()?;
    let folder_path = args.run_folder();
    let (epochs, batches_per_epoch) = args.length();
    let settings = Settings { model: task.name().into(), seed: args.seed, epochs, batches_per_epoch };
    let folder = RunFolder::new(&folder_path)?;
    tch::manual_seed(args.seed as i64);
    let mut replicas: Vec<T::Network> = (0..T::SHARDS).map(|_| task.network(device)).collect();
    let mut averaged = T::AVERAGE.map(|_| task.network(device));
    let mut optimiser = Adam::new(replicas[0].variables(), T::WEIGHT_DECAY);
    let mut progress = match folder.progress()? {
        Some(progress) if args.resume => {
            if progress.settings != settings {
                bail!(
                    "{} was trained with other settings ({:?}); give the same, or leave --resume out to start anew",
                    folder_path.display(),
                    progress.settings
                );
            }
            let last = progress.history.len() - 1;
            let averaged = averaged.as_mut().map(Network::variables_mut);
            folder.load(last, replicas[0].variables_mut(), averaged, &mut optimiser)?;
            println!("resuming after epoch {}", progress.history.len());
            progress
        }
        Some(_) => bail!(
            "{} holds a run already; add --resume to go on with it, or choose another folder with --run",
            folder_path.display()
        ),
        None => {
            if let Some(averaged) = &averaged {
                copy(replicas[0].variables(), averaged.variables());
            }
            Progress { settings: settings.clone(), history: Vec::new(), best_epoch: 0 }
        }
    };
    let (first, others) = replicas.split_at(1);
    for other in others {
        copy(first[0].variables(), other.variables());
    }
    let weights: usize = replicas[0].variables().variables().values().map(Tensor::numel).sum();
    println!("{}; {weights} weights", task.describe());

    let total = settings.epochs * settings.batches_per_epoch;
    let bar = ProgressBar::new(total as u64).with_style(
        ProgressStyle::with_template("{bar:32} {pos}/{len} batches, {eta} left  {msg}").expect("a valid template"),
    );
    bar.set_position((progress.history.len() * settings.batches_per_epoch) as u64);
    bar.reset_eta();
    while progress.history.len() < settings.epochs {
        let epoch = progress.history.len();
        let started = Instant::now();
        // Seeded by epoch, so that a resumed run draws what the killed one would have drawn.
        let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
        random.set_stream(epoch as u64 + 1);
        tch::manual_seed((settings.seed as i64).wrapping_mul(1_000_003).wrapping_add(epoch as i64));
        let mut loss_sum = 0.0;
        let mut learning_rate = 0.0;
        let genre_of = |batch: usize| Genre::ALL[batch % Genre::ALL.len()];
        let mut shards = task.draw(genre_of(0), &mut random, device);
        for batch in 0..settings.batches_per_epoch {
            let step = epoch * settings.batches_per_epoch + batch;
            learning_rate = T::LEARNING_RATE * schedule(step, total);
            let side_by_side = args.threads > 1;
            let is_last = batch + 1 == settings.batches_per_epoch;
            let mut draw_next =
                || if is_last { Vec::new() } else { task.draw(genre_of(batch + 1), &mut random, device) };
            let ready = std::mem::take(&mut shards);
            let (loss, gradients) = if side_by_side {
                // The next batch is drawn while this one is learned.
                thread::scope(|scope| {
                    let drawing = scope.spawn(draw_next);
                    let learned = learn(&mut replicas, ready, genre_of(batch), true);
                    shards = drawing.join().expect("drawing does not panic");
                    learned
                })
            } else {
                shards = draw_next();
                learn(&mut replicas, ready, genre_of(batch), false)
            };
            if !loss.is_finite() {
                bail!("the loss is {loss} in epoch {}; start anew with another --seed", epoch + 1);
            }
            optimiser.step(&gradients, learning_rate, GRADIENT_NORM);
            let (first, others) = replicas.split_at(1);
            for other in others {
                copy(first[0].variables(), other.variables());
            }
            if let (Some(decay), Some(averaged)) = (T::AVERAGE, &averaged) {
                // A short memory at first, or the average would remember the random start.
                follow(averaged.variables(), first[0].variables(), decay.min((1 + step) as f64 / (10 + step) as f64));
            }
            loss_sum += loss;
            bar.inc(1);
        }
        let score = task.validate(averaged.as_ref().unwrap_or(&replicas[0]));
        progress.history.push(Epoch {
            epoch,
            learning_rate,
            train_loss: loss_sum / settings.batches_per_epoch as f64,
            valid_loss: score.loss,
            valid_r: score.r,
            seconds: started.elapsed().as_secs_f64(),
        });
        let best = progress.history[progress.best_epoch].mean_r();
        // An average over many steps gets better to the end; a few valid files would choose worse than that.
        if averaged.is_some() || progress.history[epoch].mean_r() > best {
            progress.best_epoch = epoch;
        }
        folder.save(&progress, replicas[0].variables(), averaged.as_ref().map(Network::variables), &optimiser)?;
        write_log(&folder.log(), &progress.history)?;
        plot::loss_curves(&folder.plot(), &progress.history, progress.best_epoch)?;
        let [classical, jazz, pop] = score.r;
        bar.set_message(format!("valid r {classical:.3} classical {jazz:.3} jazz {pop:.3} pop"));
        bar.suspend(|| {
            println!(
                "epoch {:3}: loss {:.4}, valid {:.4}; valid r {classical:.3} classical, {jazz:.3} jazz, {pop:.3} pop ({:.0} s)",
                epoch + 1,
                progress.history[epoch].train_loss,
                score.loss,
                progress.history[epoch].seconds
            );
        });
        if epoch - progress.best_epoch >= PATIENCE {
            break;
        }
    }
    bar.finish_and_clear();
    println!(
        "best epoch {} of {}: {}\nlog {}, plot {}\nnext: cargo xtask export {}",
        progress.best_epoch + 1,
        progress.history.len(),
        folder.best_weights().display(),
        folder.log().display(),
        folder.plot().display(),
        task.name()
    );
    Ok(())
}

/// Back-propagates each shard in a replica of its own; the mean loss and its gradient by each variable, in the order
/// of [`sorted`].
///
/// The sum does not depend on whether the shards run side by side.
fn learn<N: Network>(
    replicas: &mut [N],
    shards: Vec<N::Batch>,
    genre: Genre,
    side_by_side: bool,
) -> (f64, Vec<Tensor>) {
    fn one<N: Network>(network: &N, batch: N::Batch, genre: Genre, shards: usize) -> f64 {
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
                        // libtorch counts threads for each of ours anew.
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
        let mut of_each = replicas.iter().map(|r| sorted(r.variables()).iter().map(|v| take_gradient(&v.1)).collect());
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

/// Moves `average` towards `latest`.
fn follow(average: &VarStore, latest: &VarStore, decay: f64) {
    tch::no_grad(|| {
        for ((_, mut average), (_, latest)) in sorted(average).into_iter().zip(sorted(latest)) {
            let _ = average.lerp_(&latest, 1.0 - decay);
        }
    });
}

/// What `--device` names.
pub fn device(name: &str) -> Result<Device> {
    match name {
        "cpu" => Ok(Device::Cpu),
        "cuda" if tch::Cuda::is_available() => Ok(Device::Cuda(0)),
        "cuda" => bail!(
            "this libtorch finds no CUDA device; export LIBTORCH to a CUDA build of libtorch 2.13.0, or use --device cpu"
        ),
        other => bail!("there is no device {other:?}; use cpu or cuda"),
    }
}

/// The share of the largest learning rate: a short warm-up, then a half cosine down to a hundredth.
pub fn schedule(step: usize, total: usize) -> f64 {
    let warm_up = (step + 1) as f64 / 200.0;
    let cosine = 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / total.max(1) as f64).cos());
    warm_up.min(1.0) * cosine.max(0.01)
}

fn write_log(path: &Path, history: &[Epoch]) -> Result<()> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut log = csv::Writer::from_writer(file);
    let mut header = vec!["epoch".into(), "learning_rate".into(), "train_loss".into(), "valid_loss".into()];
    header.extend(Genre::ALL.iter().map(|g| format!("valid_r_{g}")));
    header.push("seconds".into());
    log.write_record(&header)?;
    for epoch in history {
        let mut row = vec![
            (epoch.epoch + 1).to_string(),
            format!("{:.3e}", epoch.learning_rate),
            format!("{:.5}", epoch.train_loss),
            format!("{:.5}", epoch.valid_loss),
        ];
        row.extend(epoch.valid_r.iter().map(|r| format!("{r:.4}")));
        row.push(format!("{:.1}", epoch.seconds));
        log.write_record(&row)?;
    }
    log.flush().with_context(|| format!("cannot write {}", path.display()))
}
