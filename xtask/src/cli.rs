//! The command line, as `--help` tells it.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use tonenet_core::genre::Genre;
use tonenet_files::arguments::{number, whole};

use crate::vendor::VendorArgs;

/// The most minutes that a command is left to itself.
const A_WEEK: f64 = 7.0 * 24.0 * 60.0;

/// Seconds of what follows that a note may know.
const LOOK_AHEAD: RangeInclusive<f64> = 0.0..=3600.0;

/// Everything a developer or a newcomer of ToneNet runs.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Give MIDI files another genre's velocities: `tonenet restyle`
    #[command(disable_help_flag = true)]
    Restyle(ForwardArgs),
    /// Write new material as a MIDI file: `tonenet generate`
    #[command(disable_help_flag = true)]
    Generate(ForwardArgs),
    /// Play a piece through the built plugin in a headless host and show what its velocities became
    Demo(DemoArgs),
    /// Run everything CI runs: format, lints, docs, unit tests, and the built plugin inside real hosts and a DAW
    Test,
    /// Play and host the built plugin at random, faster than real time, and keep book of every note
    Soak(SoakArgs),
    /// Time the built release plugin in a headless host, each figure beside the bar it is held to
    #[command(subcommand)]
    Bench(BenchCommand),
    /// Play the demo piece through the VST3 in a real DAW (Ardour 7, installed with apt) and check what it records
    DawTest,
    /// Feed what ToneNet reads, and its scheduler, with inputs that a fuzzer makes up (installs cargo-fuzz on the first call)
    Fuzz(FuzzArgs),
    /// Make the crates in vendor/ anew from their releases and our patches
    ///
    /// Edits in such a crate that no patch has are lost; vendor/README.md tells how to make one of them.
    Vendor(VendorArgs),
    /// Check licences, sources and advisories of all crates by the rules in deny.toml (installs cargo-deny on the first call)
    Deny,
    /// Build ToneNet.clap and ToneNet.vst3 into target/bundled, with ONNX Runtime beside them
    Bundle,
    /// Run the formats' own validators on the release bundles; each is optional, and one is needed
    Validate(ValidateArgs),
    /// Bundle, and copy the bundles to where DAWs look (~/.clap, ~/.vst3)
    Install,
    /// Train a model on a folder of human performances (installs libtorch on the first call)
    Train(TrainArgs),
    /// Turn trained weights into the ONNX files that the plugin embeds, checked against torch
    Export(ExportArgs),
    /// Print how close models and references come to human velocities on held-out performances
    Evaluate(EvaluateArgs),
    /// Compare the note model with weights in 32 bits, stored in 8 as it ships, and computed with in 8
    Quantise(QuantiseArgs),
    /// Install a pinned library into third_party/
    Setup {
        /// Which
        #[arg(value_enum)]
        library: Library,
    },
}

/// What another program is called with.
#[derive(Debug, Args)]
pub struct ForwardArgs {
    /// What it takes
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    pub arguments: Vec<OsString>,
}

/// What `setup` installs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Library {
    /// What bundles carry to run models
    Onnxruntime,
    /// What training needs
    Libtorch,
}

/// What is timed.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Each call of process() while 128 notes sound: median under 0.5 %, worst under 5 % of a block's time
    ///
    /// Blocks of 64 samples at 48 kHz come in real time, 1.333 ms apart, each with at least one event, in Live, Window,
    /// Timeline and 0 ms. An empty loop as long as the median follows every block: its worst is what the machine does
    /// to any code of that length, and a block over which the system gave the processor to another thread is counted.
    /// Where the worst block misses the bar, compare it with these two, and run again on a machine that does nothing else.
    /// The same is then played twice more: the least that each block took in the three passes is its own, and not what
    /// the machine did to it once. The bars are held to the first of the passes.
    Process(BenchProcessArgs),
    /// How soon it plays and what an instance takes: scan in 20 ms, instance ready in 50 ms, first restyled note in
    /// 500 ms, another instance in 5 MB
    ///
    /// The bundle is in the system's cache when it is scanned, as it was just built. An instance counts once it has
    /// restyled a note, with all that its model needs in memory.
    Instances(BenchInstancesArgs),
    /// Notes of a whole take restyled in a second, for takes of 100 to 100,000 notes: at least 30,000, and a time that
    /// grows with the length to the power of 1.05 at most
    Restyle,
}

#[derive(Debug, Args)]
pub struct BenchProcessArgs {
    /// Seconds to time each mode (1 to 3600), three times as long again to warm it up and to repeat it
    #[arg(long, default_value_t = 20.0, value_name = "S", allow_negative_numbers = true, value_parser = number(1.0..=3600.0))]
    pub seconds: f64,
    /// Time this plugin instead of building one
    #[arg(long, value_name = "FILE.clap")]
    pub plugin: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct BenchInstancesArgs {
    /// How many more instances to make beside the first (1 to 1000)
    #[arg(long, default_value_t = 8, value_name = "N", allow_negative_numbers = true, value_parser = whole(1..=1000u32))]
    pub more: u32,
    /// Measure this plugin instead of building one
    #[arg(long, value_name = "FILE.clap")]
    pub plugin: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct FuzzArgs {
    /// Which (default: all, one after the other)
    #[arg(value_enum)]
    pub target: Option<FuzzTarget>,
    /// Minutes for each (0 to 10080)
    #[arg(long, default_value_t = 1.0, allow_negative_numbers = true, value_parser = number(0.0..=A_WEEK))]
    pub minutes: f64,
}

/// What is fuzzed; see `fuzz/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum FuzzTarget {
    /// MIDI files, read and written back
    MidiFile,
    /// The plugin's saved state
    State,
    /// Models' manifests and ONNX files
    ModelMetadata,
    /// Events, blocks and transports through the scheduler and the engine
    EventStream,
}

impl FuzzTarget {
    /// The name of its program in `fuzz/`.
    pub fn name(self) -> &'static str {
        match self {
            Self::MidiFile => "midi_file",
            Self::State => "state",
            Self::ModelMetadata => "model_metadata",
            Self::EventStream => "event_stream",
        }
    }
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// MIDI file to play (default: Bach's Prelude in C major with flat velocities)
    #[arg(long, value_name = "FILE.mid")]
    pub input: Option<PathBuf>,
    /// classical, jazz or pop
    #[arg(long, default_value = "jazz")]
    pub style: Genre,
    /// How much of the style, in percent (0 to 100)
    #[arg(long, default_value_t = 100, allow_negative_numbers = true, value_parser = whole(0..=100u8))]
    pub amount: u8,
    /// Folder for the restyled file and the picture (default: target/demo)
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Which model
    pub model: Trainee,
    /// Folder with performances.csv (seqgan: nottingham.csv): the styles' spreads and the evaluation are measured on it
    #[arg(long)]
    pub data: PathBuf,
    /// Folder of the training run (default: runs/ and the model's name)
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
    /// Weights to export instead of the run's best
    #[arg(long, value_name = "FILE.safetensors")]
    pub weights: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[group(skip)]
#[command(group(ArgGroup::new("validators").required(true).multiple(true).args(["clap_validator", "vst3_validator", "pluginval"])))]
pub struct ValidateArgs {
    /// The program built from github.com/free-audio/clap-validator
    #[arg(long, value_name = "PROGRAM")]
    pub clap_validator: Option<PathBuf>,
    /// The program `validator` built from github.com/steinbergmedia/vst3sdk
    #[arg(long, value_name = "PROGRAM")]
    pub vst3_validator: Option<PathBuf>,
    /// The program built from github.com/Tracktion/pluginval
    #[arg(long, value_name = "PROGRAM")]
    pub pluginval: Option<PathBuf>,
    /// Folder with ToneNet.clap and ToneNet.vst3 to validate, instead of building them
    #[arg(long, value_name = "DIR")]
    pub bundles: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct SoakArgs {
    /// Minutes to play (0 to 10080)
    #[arg(long, default_value_t = 2.0, value_name = "N", allow_negative_numbers = true, value_parser = number(0.0..=A_WEEK))]
    pub minutes: f64,
    /// Until so many notes were played (1 to 1000000000), however long that takes
    #[arg(long, value_name = "N", conflicts_with = "minutes", allow_negative_numbers = true, value_parser = whole(1..=1_000_000_000u64))]
    pub notes: Option<u64>,
    /// The same seed plays the same notes and has the host do the same (0 to 18446744073709551615)
    #[arg(long, default_value_t = 1, allow_negative_numbers = true, value_parser = whole(0..=u64::MAX))]
    pub seed: u64,
    /// Have the allocator give large freed blocks back at once, to see what the plugin keeps rather than what glibc does
    #[arg(long)]
    pub give_back: bool,
}

#[derive(Debug, Args)]
pub struct QuantiseArgs {
    /// Folder for a model of each form (default: target/quantise)
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Folder with performances.csv, to tell what each form reaches on the valid split
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// note, attention, baseline, a folder with a model.json, or one of the references flat, lookup and linear
    /// (default: all but folders); or seqgan or vaegan by itself, beside its own references
    #[arg(value_name = "MODEL")]
    pub models: Vec<String>,
    /// Folder with performances.csv (seqgan: nottingham.csv) and the MIDI files it lists
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The part of the data to score on
    #[arg(long, value_enum, default_value = "valid")]
    pub split: crate::dataset::Split,
    /// Look-aheads in seconds, 0 to 3600, beside the whole take (default: 0.01, 0.1 and 0.5)
    #[arg(long, value_name = "SECONDS", num_args = 1.., value_delimiter = ',', allow_negative_numbers = true, value_parser = number(LOOK_AHEAD))]
    pub look_ahead: Vec<f64>,
    /// Keep the figures in the models' folders in assets/models: evaluation.json and the tables of their cards
    #[arg(long, requires = "data")]
    pub keep: bool,
    /// Score files of several tracks or channels as they ship, each restyled by itself as `restyle` does (default model: note)
    #[arg(long, requires = "data", conflicts_with_all = ["keep", "look_ahead"])]
    pub as_shipped: bool,
    /// Score the MIDI files in one folder and below against those of the same name in another, instead of a model
    #[arg(
        long,
        num_args = 2,
        value_names = ["PREDICTED", "ORIGINAL"],
        conflicts_with_all = ["models", "data", "split", "look_ahead", "keep", "as_shipped"]
    )]
    pub pairs: Option<Vec<PathBuf>>,
}

/// The models that can be trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModelName {
    /// The article's seq2seq over the piano-roll: a shared encoder and a decoder a genre
    Baseline,
    /// The article's second model: the same with attention in each decoder
    Attention,
    /// ToneNet's own, the plugin's default: a row a note, any look-ahead
    Note,
}

impl ModelName {
    /// The name of its folder in `assets/models` and `runs`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Attention => "attention",
            Self::Note => "note",
        }
    }
}

/// What can be trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Trainee {
    /// The article's seq2seq over the piano-roll: a shared encoder and a decoder a genre
    Baseline,
    /// The article's second model: the same with attention in each decoder
    Attention,
    /// ToneNet's own, the plugin's default: a row a note, any look-ahead
    Note,
    /// The article's generator of tunes: an LSTM by likelihood, then against a discriminator
    Seqgan,
    /// The article's generator of textures: an autoencoder of images of phrases, with a discriminator
    Vaegan,
}

impl Trainee {
    /// The name of its folder in `assets/models` and `runs`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Baseline => ModelName::Baseline.id(),
            Self::Attention => ModelName::Attention.id(),
            Self::Note => ModelName::Note.id(),
            Self::Seqgan => "seqgan",
            Self::Vaegan => "vaegan",
        }
    }

    /// The model of velocities that it is, if it is one.
    #[cfg(feature = "train")]
    pub fn velocity_model(self) -> Option<ModelName> {
        match self {
            Self::Baseline => Some(ModelName::Baseline),
            Self::Attention => Some(ModelName::Attention),
            Self::Note => Some(ModelName::Note),
            Self::Seqgan | Self::Vaegan => None,
        }
    }
}

#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Which model
    pub model: Trainee,
    /// Folder with performances.csv (seqgan: nottingham.csv) and the MIDI files it lists
    #[arg(long)]
    pub data: PathBuf,
    /// Folder of the run: checkpoints, log.csv and loss.png (default: runs/ and the model's name)
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
    /// The same seed, data and threads give the same weights (0 to 18446744073709551615)
    #[arg(long, default_value_t = 1, allow_negative_numbers = true, value_parser = whole(0..=u64::MAX))]
    pub seed: u64,
    /// Epochs at most, 1 to 100000; a run ends early when the valid split no longer gains (default: 36, seqgan 24, vaegan 30)
    #[arg(long, allow_negative_numbers = true, value_parser = whole(1..=100_000usize))]
    pub epochs: Option<usize>,
    /// Batches in an epoch, 1 to 100000, the genres in turn (default: 300, seqgan 80, vaegan 100)
    #[arg(long, allow_negative_numbers = true, value_parser = whole(1..=100_000usize))]
    pub batches: Option<usize>,
    /// Rounds of generator against discriminator after the epochs, 0 to 100000 (seqgan)
    #[arg(long, default_value_t = 200, allow_negative_numbers = true, value_parser = whole(0..=100_000usize))]
    pub rounds: usize,
    /// Threads for libtorch (1 to 1024)
    #[arg(long, default_value_t = 2, allow_negative_numbers = true, value_parser = whole(1..=1024i32))]
    pub threads: i32,
    /// cpu, or cuda with a CUDA libtorch in LIBTORCH
    #[arg(long, default_value = "cpu", value_parser = ["cpu", "cuda"])]
    pub device: String,
    /// Go on with the run in the folder where it was interrupted
    #[arg(long)]
    pub resume: bool,
}

impl TrainArgs {
    /// Epochs, and batches in each.
    #[cfg(feature = "train")]
    pub fn length(&self) -> (usize, usize) {
        let (epochs, batches) = match self.model {
            Trainee::Seqgan => (24, 80),
            Trainee::Vaegan => (30, 100),
            _ => (36, 300),
        };
        (self.epochs.unwrap_or(epochs), self.batches.unwrap_or(batches))
    }

    /// Folder of the run.
    pub fn run_folder(&self) -> PathBuf {
        self.run.clone().unwrap_or_else(|| PathBuf::from("runs").join(self.model.id()))
    }
}

impl ExportArgs {
    /// Folder of the run.
    pub fn run_folder(&self) -> PathBuf {
        self.run.clone().unwrap_or_else(|| PathBuf::from("runs").join(self.model.id()))
    }
}

#[cfg(test)]
mod tests {
    use std::any::TypeId;

    use clap::CommandFactory;

    use super::*;

    /// Options that take a number, each with its command's name and its help.
    fn numbers(command: &clap::Command) -> Vec<(String, String)> {
        let types = [
            TypeId::of::<u8>(),
            TypeId::of::<i8>(),
            TypeId::of::<u16>(),
            TypeId::of::<u32>(),
            TypeId::of::<i32>(),
            TypeId::of::<u64>(),
            TypeId::of::<usize>(),
            TypeId::of::<f32>(),
            TypeId::of::<f64>(),
        ];
        let of_command = command.get_arguments().filter(|arg| {
            let parsed = arg.get_value_parser().type_id();
            types.iter().any(|kind| parsed == *kind)
        });
        let told = |arg: &clap::Arg| {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            (format!("{} --{}", command.get_name(), arg.get_id()), help)
        };
        of_command.map(told).chain(command.get_subcommands().flat_map(numbers)).collect()
    }

    #[test]
    fn the_help_of_every_number_tells_a_range() {
        let numbers = numbers(&Cli::command());
        // As many as `tests/numbers.rs` tries; add a new one there.
        assert_eq!(numbers.len(), 13, "{numbers:?}");
        for (name, help) in numbers {
            let is_digit = |c: char| c.is_ascii_digit();
            let mut between = help.match_indices(" to ").map(|(at, to)| (&help[..at], &help[at + to.len()..]));
            let has_range = between.any(|(low, high)| low.ends_with(is_digit) && high.starts_with(is_digit));
            assert!(has_range, "{name}: {help}");
        }
    }
}
