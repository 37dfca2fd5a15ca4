//! The loop over epochs: draw, step, validate, keep, plot; stop when the valid split no longer gains.

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};
use tonenet_core::genre::Genre;
use tonenet_core::grid::GridNote;
use tonenet_core::metrics::score_file;
use tonenet_core::note::PIANO_KEYS;
use tonenet_core::piano_roll::{FRAME, PianoRoll};

use super::adam::Adam;
use super::baseline::{Baseline, OUTPUT_SCALE};
use super::checkpoint::{Epoch, Progress, RunFolder, Settings};
use super::excerpts::Excerpts;
use crate::cli::TrainArgs;
use crate::dataset::{self, Performance, Split};
use crate::plot;

const LEARNING_RATE: f64 = 2e-3;
const WEIGHT_DECAY: f64 = 1e-3;
const GRADIENT_NORM: f64 = 1.0;
/// Epochs without a better valid r after which a run ends.
const PATIENCE: usize = 8;
/// Valid files a genre that each epoch is scored on.
const VALID_FILES: usize = 30;

/// `cargo xtask train baseline`.
pub fn baseline(args: &TrainArgs) -> Result<()> {
    let device = device(&args.device)?;
    tch::set_num_threads(args.threads);
    let settings =
        Settings { seed: args.seed, epochs: args.epochs, batches_per_epoch: args.batches, excerpts: 24, steps: 160 };
    let folder = RunFolder::new(&args.run)?;
    tch::manual_seed(args.seed as i64);
    let mut model = Baseline::new(device);
    let mut optimiser = Adam::new(&model.variables, WEIGHT_DECAY);
    let mut progress = match folder.progress()? {
        Some(progress) if args.resume => {
            if progress.settings != settings {
                bail!(
                    "{} was trained with other settings ({:?}); give the same, or leave --resume out to start anew",
                    args.run.display(),
                    progress.settings
                );
            }
            folder.load(progress.history.len() - 1, &mut model, &mut optimiser)?;
            println!("resuming after epoch {}", progress.history.len());
            progress
        }
        Some(_) => bail!(
            "{} holds a run already; add --resume to go on with it, or choose another folder with --run",
            args.run.display()
        ),
        None => Progress { settings: settings.clone(), history: Vec::new(), best_epoch: 0 },
    };

    println!("reading {}", args.data.display());
    let train = dataset::load(&args.data, Split::Train)?;
    let valid = takes(&dataset::load(&args.data, Split::Valid)?, VALID_FILES);
    let mut excerpts = Vec::new();
    for genre in Genre::ALL {
        let drawn = Excerpts::new(&train, genre)
            .with_context(|| format!("{} has no {genre} performance to train on", args.data.display()))?;
        excerpts.push((genre, drawn));
    }
    println!(
        "{} performances to learn from, {} to stop by; {} weights",
        train.len(),
        valid.len(),
        model.variables.variables().values().map(Tensor::numel).sum::<usize>()
    );

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
        for batch in 0..settings.batches_per_epoch {
            learning_rate = learning_rate_at(epoch * settings.batches_per_epoch + batch, total);
            let (genre, excerpts) = &excerpts[batch % excerpts.len()];
            let drawn = excerpts.draw(settings.excerpts, settings.steps, &mut random);
            let tensor = |values: &[f32], width: usize| {
                let shape = [settings.excerpts as i64, settings.steps as i64, width as i64];
                Tensor::from_slice(values).view(shape).to_device(device)
            };
            let memory = model.encode(&tensor(&drawn.frames, FRAME), true);
            let deviations = model.decode(&memory, *genre, true);
            let loss =
                masked_loss(&deviations, &tensor(&drawn.deviations, PIANO_KEYS), &tensor(&drawn.onsets, PIANO_KEYS));
            optimiser.step(&loss, learning_rate, GRADIENT_NORM);
            let loss = loss.double_value(&[]);
            if !loss.is_finite() {
                bail!("the loss is {loss} in epoch {}; resume with another --seed", epoch + 1);
            }
            loss_sum += loss;
            bar.inc(1);
        }
        let (valid_loss, valid_r) = validate(&model, &valid);
        progress.history.push(Epoch {
            epoch,
            learning_rate,
            train_loss: loss_sum / settings.batches_per_epoch as f64,
            valid_loss,
            valid_r,
            seconds: started.elapsed().as_secs_f64(),
        });
        let best = progress.history[progress.best_epoch].mean_r();
        if progress.history[epoch].mean_r() > best {
            progress.best_epoch = epoch;
        }
        folder.save(&progress, &model, &optimiser)?;
        write_log(&folder.log(), &progress.history)?;
        plot::loss_curves(&folder.plot(), &progress.history, progress.best_epoch)?;
        let [classical, jazz, pop] = valid_r;
        bar.set_message(format!("valid r {classical:.3} classical {jazz:.3} jazz {pop:.3} pop"));
        bar.suspend(|| {
            println!(
                "epoch {:3}: loss {:.4}, valid {valid_loss:.4}; valid r {classical:.3} classical, {jazz:.3} jazz, {pop:.3} pop ({:.0} s)",
                epoch + 1,
                progress.history[epoch].train_loss,
                progress.history[epoch].seconds
            );
        });
        if epoch - progress.best_epoch >= PATIENCE {
            break;
        }
    }
    bar.finish_and_clear();
    println!(
        "best epoch {} of {}: {}\nlog {}, plot {}\nnext: cargo xtask export baseline",
        progress.best_epoch + 1,
        progress.history.len(),
        folder.best_weights().display(),
        folder.log().display(),
        folder.plot().display()
    );
    Ok(())
}

fn device(name: &str) -> Result<Device> {
    match name {
        "cpu" => Ok(Device::Cpu),
        "cuda" if tch::Cuda::is_available() => Ok(Device::Cuda(0)),
        "cuda" => bail!(
            "this libtorch finds no CUDA device; export LIBTORCH to a CUDA build of libtorch 2.13.0, or use --device cpu"
        ),
        other => bail!("there is no device {other:?}; use cpu or cuda"),
    }
}

/// A short warm-up, then a half cosine down to a hundredth.
fn learning_rate_at(step: usize, total: usize) -> f64 {
    let warm_up = (step + 1) as f64 / 200.0;
    let cosine = 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / total.max(1) as f64).cos());
    LEARNING_RATE * warm_up.min(1.0) * cosine.max(0.01)
}

/// Mean squared error over the onsets alone: 97 % of the matrix is silence.
fn masked_loss(deviations: &Tensor, target: &Tensor, onsets: &Tensor) -> Tensor {
    let error = (deviations - target) / OUTPUT_SCALE * onsets;
    error.square().sum(Kind::Float) / (onsets.sum(Kind::Float) + 1e-6)
}

/// A whole take on its grid.
pub struct Take {
    pub genre: Genre,
    pub roll: PianoRoll,
    /// Cell of each note in the roll.
    pub cells: Vec<usize>,
    /// Human velocity of each note.
    pub velocities: Vec<f32>,
}

/// Whole takes of the first `files` performances of each genre.
pub fn takes(performances: &[Performance], files: usize) -> Vec<Take> {
    let mut left = [files; 3];
    let mut takes = Vec::new();
    for performance in performances {
        if left[performance.genre.index()] == 0 {
            continue;
        }
        left[performance.genre.index()] -= 1;
        let notes: Vec<GridNote> = performance.notes.iter().filter_map(|n| performance.grid.place(n)).collect();
        let first = notes.iter().map(|n| n.onset).min().unwrap_or(0);
        let end = notes.iter().map(|n| n.onset).max().unwrap_or(0) + 1;
        let roll = PianoRoll::new(first, (end - first) as usize, &notes);
        takes.push(Take {
            genre: performance.genre,
            cells: notes.iter().filter_map(|n| roll.cell(n)).collect(),
            velocities: notes.iter().map(|n| f32::from(n.velocity)).collect(),
            roll,
        });
    }
    takes
}

/// The loss pooled over notes, and the mean r of each genre's files.
fn validate(model: &Baseline, takes: &[Take]) -> (f64, [f64; 3]) {
    let (mut residual, mut notes) = (0.0, 0);
    let mut r = [const { Vec::new() }; 3];
    for take in takes {
        let deviations = model.predict(take.roll.frames(), take.genre);
        let predicted: Vec<f32> = take.cells.iter().map(|&cell| deviations[cell]).collect();
        if let Some(score) = score_file(&predicted, &take.velocities) {
            residual += score.residual;
            notes += score.notes;
            r[take.genre.index()].push(score.r);
        }
    }
    let mean = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
    (residual / notes.max(1) as f64 / (OUTPUT_SCALE * OUTPUT_SCALE), [mean(&r[0]), mean(&r[1]), mean(&r[2])])
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
