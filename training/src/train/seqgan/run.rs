//! The two stages of a SeqGAN run: by likelihood, then against the discriminator.

use std::time::Instant;

use anyhow::Result;
use tonenet_core::tune::{Tune, Vocabulary};
use tonenet_files::outputs;

use super::curves;
use super::learners::{Learners, Material};
use super::progress::{Progress, Settings};
use crate::arguments::TrainArgs;
use crate::data::{Split, tunes};
use crate::progress;
use crate::train::folder::Folder;
use crate::train::session::{device, seeded};

/// Symbols in the vocabulary.
const VOCABULARY: usize = 1000;
/// Discriminator steps before the second stage.
const DISCRIMINATOR_FIRST: usize = 200;
/// Adversarial rounds in a part, after which the valid tunes are scored.
const ROUNDS_A_PART: usize = 10;

/// `cargo xtask train seqgan`.
pub fn run(args: &TrainArgs) -> Result<()> {
    run_with(args, DISCRIMINATOR_FIRST)
}

/// The same with another number of steps of the discriminator before the second stage.
pub fn run_with(args: &TrainArgs, discriminator_first: usize) -> Result<()> {
    let device = device(&args.device)?;
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
    let mut progress = match folder.resumed::<Progress>(args.resume, &settings)? {
        Some(progress) => {
            learners.load(&folder, progress.parts.len())?;
            println!("resuming after part {}", progress.parts.len());
            progress
        }
        None => Progress { settings: settings.clone(), parts: Vec::new() },
    };

    let parts = settings.epochs + settings.rounds.div_ceil(ROUNDS_A_PART);
    let bar = progress::bar(parts, "{pos}/{len} parts, {eta} left  {msg}");
    while progress.parts.len() < parts {
        let at = progress.parts.len();
        bar.set_position(at as u64);
        let mut random = seeded(settings.seed, at);
        let started = Instant::now();
        let mut part = if at < settings.epochs {
            learners.train_by_likelihood(&material, at, &settings, &mut random)
        } else {
            if at == settings.epochs {
                learners.load_best(&folder, &progress.parts)?;
                learners.begin_adversarial(&material, discriminator_first, &mut random);
            }
            let done = (at - settings.epochs) * ROUNDS_A_PART;
            let rounds = ROUNDS_A_PART.min(settings.rounds - done);
            learners.train_adversarially(&material, done, rounds, &mut random)
        };
        part.seconds = started.elapsed().as_secs_f64();
        bar.suspend(|| println!("{}", part.summary(at + 1)));
        progress.parts.push(part);
        learners.save(&folder, &progress)?;
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
