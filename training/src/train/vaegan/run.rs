//! The loop over epochs of a VAE-GAN run, and the flow that it ends with.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use tch::Tensor;
use tch::nn::VarStore;
use tonenet_core::phrase_image::PhraseImage;

use super::curves;
use super::drawing;
use super::images::Source;
use super::learners::Learners;
use super::network::Posterior;
use super::progress::{Progress, Settings};
use super::review::AT_ONCE;
use crate::arguments::TrainArgs;
use crate::data::Split;
use crate::data::phrases::{self, Piece};
use crate::progress;
use crate::train::adam::sorted;
use crate::train::folder::Folder;
use crate::train::session::{device, seeded};

/// The result of a run: the averaged encoder and decoder, and the flow.
pub const WEIGHTS_FILE: &str = "vaegan.safetensors";

/// Valid phrases that are scored after each epoch, and new images that are plotted.
const SCORED: usize = 192;
const SHOWN: i64 = 12;

/// `cargo xtask train vaegan`.
pub fn run(args: &TrainArgs) -> Result<()> {
    run_with(args, &drawing::LENGTHS)
}

/// The same with another length of the second stage.
pub fn run_with(args: &TrainArgs, drawing: &drawing::Lengths) -> Result<()> {
    let device = device(&args.device)?;
    tch::set_num_threads(args.threads);
    println!("reading {}", args.data.display());
    if let Some(left_out) = phrases::left_out(&args.data)? {
        println!("{left_out}");
    }
    let (train, valid) = (phrases::load(&args.data, Split::Train)?, phrases::load(&args.data, Split::Valid)?);
    let count = |pieces: &[Piece]| pieces.iter().map(Piece::phrases).sum::<usize>();
    println!("{} phrases to learn from, {} to look at", count(&train), count(&valid));
    let train = Source::new(&train);
    let valid = phrases::spread(&valid, SCORED);
    let folder = Folder::new(&args.run_folder())?;
    let (epochs, batches) = args.length();
    let settings = Settings { seed: args.seed, epochs, batches };

    tch::manual_seed(args.seed as i64);
    let mut learners = Learners::new(device);
    let mut progress = match folder.resumed::<Progress>(args.resume, &settings)? {
        Some(progress) => {
            learners.load(&folder, &progress)?;
            println!("resuming after epoch {}", progress.epochs.len());
            progress
        }
        None => Progress { settings: settings.clone(), epochs: Vec::new(), remembered: learners.remembered },
    };
    let weights = |variables: &VarStore| variables.variables().values().map(Tensor::numel).sum::<usize>();
    println!(
        "{} weights in encoder and decoder, {} in the discriminator",
        weights(learners.generator.variables()),
        weights(learners.discriminator.variables())
    );

    let bar = progress::bar(settings.epochs, "{pos}/{len} epochs, {eta} left  {msg}");
    bar.set_position(progress.epochs.len() as u64);
    bar.reset_eta();
    while progress.epochs.len() < settings.epochs {
        let at = progress.epochs.len();
        let mut random = seeded(settings.seed, at);
        let started = Instant::now();
        let mut epoch = learners.learn(&train, at, &settings, &mut random);
        learners.score(&valid, &mut epoch);
        epoch.seconds = started.elapsed().as_secs_f64();
        if !epoch.cells.is_finite() {
            bail!("the loss is {} in epoch {}; start anew with another --seed", epoch.cells, at + 1);
        }
        bar.suspend(|| println!("{}", epoch.summary(at + 1)));
        progress.epochs.push(epoch);
        progress.remembered = learners.remembered;
        learners.save(&folder, &progress)?;
        curves::draw(&folder.path("loss.png"), &progress.epochs)?;
        learners.plot(&folder, &valid, &learners.prior.drawn(SHOWN))?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    learners.finish(&train, &folder, &valid, &settings, drawing)?;
    println!("weights, log.csv and pictures are in {}\nnext: cargo xtask export vaegan", folder.root().display());
    Ok(())
}

impl Learners {
    /// Trains the flow and writes the result.
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
        let encoded = drawing::Encoded { train: Posterior::joined(&groups), valid: self.encoded(valid) };
        let flow = drawing::learn(folder, settings.seed, lengths, &encoded, self.device)?;
        let path = folder.path(WEIGHTS_FILE);
        let mut tensors = sorted(self.averaged.variables());
        tensors.extend(sorted(flow.variables()));
        Tensor::write_safetensors(&tensors, &path).with_context(|| format!("cannot write {}", path.display()))?;
        self.plot(folder, valid, &flow.drawn(SHOWN, self.device))
    }
}
