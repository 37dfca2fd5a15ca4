//! The command line of the training program, as `--help` prints it.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use tonenet_files::arguments::{number, whole};

use crate::data::Split;
use crate::data::genre::GenreId;
use crate::models::{FEEL, TrainableModel, Trainee, VelocityModel};
use crate::workspace;

/// Seconds of following notes that a prediction may use.
const LOOK_AHEAD: RangeInclusive<f64> = 0.0..=3600.0;

/// Learning rates.
const LEARNING_RATE: RangeInclusive<f64> = 1e-6..=1.0;

/// The largest learning rate for a style, whose decoder is trained already.
const STYLE_LEARNING_RATE: f64 = 5e-4;

/// Trains, exports, evaluates and measures ToneNet's models.
#[derive(Debug, Parser)]
#[command(name = "tonenet-training", bin_name = "cargo xtask", max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a model on a folder of human performances
    ///
    /// The first call installs libtorch in third_party/ unless LIBTORCH names another one.
    Train(TrainArgs),
    /// Convert trained weights to the ONNX files that the plugin embeds, and check them against libtorch
    ///
    /// A model in assets/models is replaced only after both runtimes have reproduced libtorch's numbers.
    Export(ExportArgs),
    /// Print how close models and references come to human velocities on held-out performances
    Evaluate(EvaluateArgs),
    /// Compare three precisions of the note model: 32-bit, stored in 8 bits as it ships, computed in 8 bits
    Quantise(QuantiseArgs),
    /// Measure how fast models run
    #[command(subcommand)]
    Bench(BenchCommand),
}

/// What is timed.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Restyle whole performances of 100 to 1,000,000 notes, alone and four together
    ///
    /// Targets: at least 20,000 notes a second together, and a time that grows at most with the length to the power of
    /// 1.05.
    Restyle,
    /// Time a hop, whole performances and generators in every runtime
    Models(BenchModelsArgs),
}

/// Options of `bench models`.
#[derive(Debug, Args)]
pub struct BenchModelsArgs {
    /// Also time the note model's network in libtorch
    #[arg(long)]
    pub torch: bool,
    /// Write the figures to this file
    #[arg(long, value_name = "FILE.json")]
    pub json: Option<PathBuf>,
}

/// Options of `train`.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Model to train, or style for one more style of the note model
    pub model: Trainee,
    /// Folder with performances.csv (seqgan: nottingham.csv) and the MIDI files it lists
    #[arg(long)]
    pub data: PathBuf,
    /// Genre in performances.csv to train a decoder for (style), or built-in style to learn anew in the run's model.json (feel)
    #[arg(long, value_name = "GENRE", required_if_eq("model", "style"))]
    pub name: Option<GenreId>,
    /// Folder for checkpoints, log.csv and loss.png; feel: for model.json (default: runs/MODEL, style runs/style-GENRE)
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
    /// Random seed; the same seed, data and threads give the same weights (0 to 18446744073709551615)
    #[arg(long, default_value_t = 1, allow_negative_numbers = true, value_parser = whole(0..=u64::MAX))]
    pub seed: u64,
    /// Most epochs, 1 to 100000; training stops early when the valid split no longer improves (default: 36, seqgan 24, vaegan 30, style 6)
    #[arg(long, allow_negative_numbers = true, value_parser = whole(1..=100_000usize))]
    pub epochs: Option<usize>,
    /// Batches in each epoch, 1 to 100000 (default: 300, seqgan 80, vaegan 100, style 40)
    #[arg(long, allow_negative_numbers = true, value_parser = whole(1..=100_000usize))]
    pub batches: Option<usize>,
    /// Weights to start from instead of random ones (attention, baseline, note; style: instead of the shipped note model's)
    ///
    /// A genre that they have no decoder for starts from the decoder that predicts its files best.
    #[arg(long, visible_alias = "weights", value_name = "FILE.safetensors")]
    pub start_from: Option<PathBuf>,
    /// Largest learning rate, 0.000001 to 1 (attention, baseline, note: 0.002 unless given; style: 0.0005)
    #[arg(long, value_name = "RATE", allow_negative_numbers = true, value_parser = number(LEARNING_RATE))]
    pub learning_rate: Option<f64>,
    /// Rounds of generator against discriminator after the epochs, 0 to 100000 (seqgan)
    #[arg(long, default_value_t = 200, allow_negative_numbers = true, value_parser = whole(0..=100_000usize))]
    pub rounds: usize,
    /// Threads for libtorch (1 to 1024)
    #[arg(long, default_value_t = 2, allow_negative_numbers = true, value_parser = whole(1..=1024i32))]
    pub threads: i32,
    /// cpu, or cuda with a CUDA build of libtorch in LIBTORCH
    #[arg(long, default_value = "cpu", value_parser = ["cpu", "cuda"])]
    pub device: String,
    /// Train the style anew though the weights to start from have it (style)
    #[arg(long)]
    pub force: bool,
    /// Continue the interrupted run in the folder
    #[arg(long)]
    pub resume: bool,
}

impl TrainArgs {
    /// Epochs, and batches in each.
    pub fn length(&self) -> (usize, usize) {
        let (epochs, batches) = match self.model {
            Trainee::Model(TrainableModel::Seqgan) => (24, 80),
            Trainee::Model(TrainableModel::Vaegan) => (30, 100),
            Trainee::Model(_) => (36, 300),
            Trainee::Style | Trainee::Feel => (6, 40),
        };
        (self.epochs.unwrap_or(epochs), self.batches.unwrap_or(batches))
    }

    /// The largest learning rate, if not the model's own.
    pub fn learning_rate(&self) -> Option<f64> {
        let of_style = (self.model == Trainee::Style).then_some(STYLE_LEARNING_RATE);
        self.learning_rate.or(of_style)
    }

    /// The weights to start from, if not random ones.
    pub fn start_from(&self) -> Option<PathBuf> {
        let of_style = || (self.model == Trainee::Style).then(|| self.style_weights());
        self.start_from.clone().or_else(of_style)
    }

    /// The weights that get one more style.
    pub fn style_weights(&self) -> PathBuf {
        let shipped = || workspace::shipped_model(VelocityModel::Note.id()).join("weights.safetensors");
        self.start_from.clone().unwrap_or_else(shipped)
    }

    /// Folder of the run.
    pub fn run_folder(&self) -> PathBuf {
        let style = || PathBuf::from("runs").join(format!("style-{}", self.name.as_ref().map_or("", GenreId::as_str)));
        match self.model {
            Trainee::Model(model) => model.run_folder(self.run.as_ref()),
            Trainee::Style => self.run.clone().unwrap_or_else(style),
            Trainee::Feel => self.run.clone().unwrap_or_else(|| PathBuf::from("runs").join(FEEL)),
        }
    }
}

/// Options of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Model to export
    pub model: TrainableModel,
    /// Folder with performances.csv (seqgan: nottingham.csv), used to measure the styles' spreads and to evaluate
    #[arg(long)]
    pub data: PathBuf,
    /// Folder of the training run (default: runs/MODEL)
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
    /// Weights to export instead of the run's best
    #[arg(long, value_name = "FILE.safetensors")]
    pub weights: Option<PathBuf>,
    /// Export the mean of the weights and these; several times for more files (note, attention, baseline)
    #[arg(long, value_name = "FILE.safetensors")]
    pub mean_with: Vec<PathBuf>,
    /// Folder for the model instead of the shipped one's in assets/models (note, attention, baseline)
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Replace the model in the folder that --output names
    #[arg(long, requires = "output")]
    pub force: bool,
}

impl ExportArgs {
    /// The folder that gets the model.
    pub fn target(&self) -> PathBuf {
        self.output.clone().unwrap_or_else(|| workspace::shipped_model(self.model.id()))
    }

    /// Folder of the run.
    pub fn run_folder(&self) -> PathBuf {
        self.model.run_folder(self.run.as_ref())
    }
}

/// Options of `evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// note, attention, baseline, a folder with a model.json, or a reference: flat, lookup or linear (default: all but
    /// folders); seqgan or vaegan alone
    #[arg(value_name = "MODEL")]
    pub models: Vec<String>,
    /// Folder with performances.csv (seqgan: nottingham.csv) and the MIDI files it lists
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Part of the data to score on
    #[arg(long, value_enum, default_value = "valid")]
    pub split: Split,
    /// Look-aheads in seconds, 0 to 3600, in addition to the whole performance (default: 0.01, 0.1 and 0.5)
    #[arg(long, value_name = "SECONDS", num_args = 1.., value_delimiter = ',', allow_negative_numbers = true, value_parser = number(LOOK_AHEAD))]
    pub look_ahead: Vec<f64>,
    /// Save the figures in the models' folders in assets/models: evaluation.json and the tables in README.md
    #[arg(long, requires = "data")]
    pub keep: bool,
    /// Score files with several tracks or channels, each part restyled alone as `tonenet restyle` does (default model: note)
    #[arg(long, requires = "data", conflicts_with_all = ["keep", "look_ahead"])]
    pub as_shipped: bool,
    /// Score styles that are learned from a few training files of a genre, with its own decoder taken away (default model: note)
    #[arg(long, requires = "data", conflicts_with_all = ["keep", "look_ahead", "as_shipped"])]
    pub own_styles: bool,
    /// Score timing, lengths and pedal on pages, beside what was played (MODEL: a folder with a feel's model.json)
    #[arg(long, requires = "data", conflicts_with_all = ["keep", "look_ahead", "as_shipped", "own_styles"])]
    pub feel: bool,
    /// With --feel: draw excerpts in this folder, written, in the style and as they were played
    #[arg(long, value_name = "DIR", requires = "feel")]
    pub pictures: Option<PathBuf>,
    /// Try kinds of performances, such as ballads, as built-in styles of their own (default model: note)
    #[arg(long, requires = "data", conflicts_with_all = ["keep", "look_ahead", "as_shipped", "own_styles", "feel"])]
    pub candidates: bool,
    /// Score the MIDI files in one folder against those of the same name in another, instead of a model
    #[arg(
        long,
        num_args = 2,
        value_names = ["PREDICTED", "ORIGINAL"],
        conflicts_with_all = ["models", "data", "split", "look_ahead", "keep", "as_shipped", "own_styles", "feel", "candidates"]
    )]
    pub pairs: Option<Vec<PathBuf>>,
    /// Score a model on the scores in a copy of (n)ASAP, next to how well pianists agree (default model: note); --data
    /// tells which of the pieces the model was trained on
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with_all = ["split", "look_ahead", "keep", "as_shipped", "own_styles", "feel", "candidates", "pairs"]
    )]
    pub scores: Option<PathBuf>,
}

/// Options of `quantise`.
#[derive(Debug, Args)]
pub struct QuantiseArgs {
    /// Folder for one model of each precision (default: target/quantise)
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Folder with performances.csv, to score each precision on the valid split
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

#[cfg(test)]
mod tests;
