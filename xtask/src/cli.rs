//! The command line, as `--help` tells it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tonenet_core::genre::Genre;

/// Everything a developer or a newcomer of ToneNet runs.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play a piece through the built plugin in a headless host and show what its velocities became
    Demo(DemoArgs),
    /// Run everything CI runs: format, lints, docs, unit tests, and the built plugin inside real hosts
    Test,
    /// Build ToneNet.clap and ToneNet.vst3 into target/bundled, with ONNX Runtime beside them
    Bundle,
    /// Bundle, and copy the bundles to where DAWs look (~/.clap, ~/.vst3)
    Install,
    /// Train a model on a folder of human performances (installs libtorch on the first call)
    Train(TrainArgs),
    /// Turn trained weights into the ONNX files that the plugin embeds, checked against torch
    Export(ExportArgs),
    /// Print how close the exported model comes to human velocities on the valid split
    Evaluate(EvaluateArgs),
    /// Install a pinned library into third_party/
    Setup {
        /// Which
        #[arg(value_enum)]
        library: Library,
    },
}

/// What `setup` installs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Library {
    /// What bundles carry to run models
    Onnxruntime,
    /// What training needs
    Libtorch,
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// MIDI file to play (default: Bach's Prelude in C major with flat velocities)
    #[arg(long, value_name = "FILE.mid")]
    pub input: Option<PathBuf>,
    /// classical, jazz or pop
    #[arg(long, default_value = "jazz")]
    pub style: Genre,
    /// How much of the style, in percent
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub amount: u8,
    /// Folder for the restyled file and the picture (default: target/demo)
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Which model
    pub model: ModelName,
    /// Folder with performances.csv: the styles' spreads and the evaluation are measured on it
    #[arg(long)]
    pub data: PathBuf,
    /// Folder of the training run
    #[arg(long, default_value = "runs/baseline")]
    pub run: PathBuf,
    /// Weights to export instead of the run's best
    #[arg(long, value_name = "FILE.safetensors")]
    pub weights: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// Which model
    pub model: ModelName,
    /// Folder with performances.csv and the MIDI files it lists
    #[arg(long)]
    pub data: PathBuf,
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
