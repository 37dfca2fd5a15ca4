//! The command line, as `--help` tells it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Everything a developer or a newcomer of ToneNet runs.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a model on a folder of human performances (installs libtorch on the first call)
    Train(TrainArgs),
}

/// The models that can be trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModelName {
    /// The article's seq2seq over the piano-roll: a shared encoder and a decoder a genre
    Baseline,
}

#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Which model
    pub model: ModelName,
    /// Folder with performances.csv and the MIDI files it lists
    #[arg(long)]
    pub data: PathBuf,
    /// Folder of the run: checkpoints, log.csv and loss.png
    #[arg(long, default_value = "runs/baseline")]
    pub run: PathBuf,
    /// The same seed, data and threads give the same weights
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Epochs at most; a run ends early when the valid split no longer gains
    #[arg(long, default_value_t = 36)]
    pub epochs: usize,
    /// Batches in an epoch, the genres in turn
    #[arg(long, default_value_t = 300)]
    pub batches: usize,
    /// Threads for libtorch
    #[arg(long, default_value_t = 2)]
    pub threads: i32,
    /// cpu, or cuda with a CUDA libtorch in LIBTORCH
    #[arg(long, default_value = "cpu")]
    pub device: String,
    /// Go on with the run in the folder where it was interrupted
    #[arg(long)]
    pub resume: bool,
}
