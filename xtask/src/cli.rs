//! The command line, as `--help` prints it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use tonenet_core::genre::Genre;
use tonenet_files::arguments::{number, whole};

use crate::snapshots::SnapshotsArgs;
use crate::vendor::VendorArgs;

/// The most minutes that a command runs.
const A_WEEK: f64 = 7.0 * 24.0 * 60.0;

/// Builds, checks and measures ToneNet.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play a piece through the built plugin in a headless host and plot its velocities before and after
    Demo(DemoArgs),
    /// Run everything that CI runs: format, lints, docs, unit tests, and the plugin in test hosts and a DAW
    Test,
    /// Compare the window with committed pictures of it, rendered without a GPU (installs Mesa's Vulkan driver with apt)
    Snapshots(SnapshotsArgs),
    /// Run a randomised host and player session that accounts for every note, faster than real time
    Soak(SoakArgs),
    /// Measure speed, size and start, each figure next to its target (without a command: all)
    Bench {
        #[command(subcommand)]
        what: Option<BenchCommand>,
    },
    /// Play the demo piece through the VST3 in a real DAW (Ardour 7, installed with apt) and check what it records
    DawTest,
    /// Fuzz what ToneNet reads and its scheduler (installs cargo-fuzz on the first call)
    Fuzz(FuzzArgs),
    /// Restyle and train on an NVIDIA graphics card, compare with the processor, and write a report; takes under 8 minutes
    ///
    /// Fetches ONNX Runtime with CUDA and TensorRT, and libtorch with CUDA, some gigabytes, into target/gpu-check. Ends with
    /// an error if there is no card, or a step fails. The report is target/gpu-check/report.md, and report.json.
    GpuCheck(GpuCheckArgs),
    /// Recreate the crates in vendor/ from their releases and our patches
    ///
    /// Edits that no patch contains are lost. vendor/README.md says how to turn them into a patch.
    Vendor(VendorArgs),
    /// Check licences, sources and advisories of all crates by deny.toml (installs cargo-deny on the first call)
    Deny,
    /// Build ToneNet.clap and ToneNet.vst3 in target/bundled, with ONNX Runtime next to them
    Bundle,
    /// Build what users download for this platform: archive, Debian package, manual and checksums, in target/dist
    ///
    /// The same sources give the same bytes. The files' time is that of the commit, or SOURCE_DATE_EPOCH.
    Dist(DistArgs),
    /// Run the shell steps of a job in .github/workflows, as they stand in the file
    ///
    /// Steps that use an action are named and left out.
    Workflow(WorkflowArgs),
    /// Run the plugin formats' own validators on the release bundles; give at least one
    Validate(ValidateArgs),
    /// Build the bundles and copy them to the folders that DAWs scan (~/.clap, ~/.vst3)
    Install,
    /// Install a pinned library in third_party/
    Setup {
        /// Library to install
        #[arg(value_enum)]
        library: Library,
    },
    /// Train a model on a folder of human performances (installs libtorch on the first call)
    #[command(disable_help_flag = true)]
    Train(ForwardArgs),
    /// Convert trained weights to the ONNX files that the plugin embeds, and check them against libtorch
    #[command(disable_help_flag = true)]
    Export(ForwardArgs),
    /// Print how close models and references come to human velocities on held-out performances
    #[command(disable_help_flag = true)]
    Evaluate(ForwardArgs),
    /// Compare three precisions of the note model
    #[command(disable_help_flag = true)]
    Quantise(ForwardArgs),
    /// Give MIDI files another genre's velocities: `tonenet restyle`
    #[command(disable_help_flag = true)]
    Restyle(ForwardArgs),
    /// Write new material as a MIDI file: `tonenet generate`
    #[command(disable_help_flag = true)]
    Generate(ForwardArgs),
}

/// Arguments of another program, which parses them.
#[derive(Debug, Args)]
pub struct ForwardArgs {
    /// See the program's own --help
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    pub arguments: Vec<OsString>,
}

/// What `setup` installs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Library {
    /// Runs models; bundles carry it
    Onnxruntime,
    /// Trains models
    Libtorch,
}

/// What is timed.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Measure sizes, start, memory, process(), models and files in one run, and write them as JSON
    ///
    /// It compares with what a user would use instead: the same ONNX files in Python's onnxruntime, which it installs in
    /// target/bench, and the same network in libtorch. It builds what it measures, unless it is given. Everything else
    /// must rest: times next to other work are longer.
    All(BenchAllArgs),
    /// Time each call of process() while 128 notes sound, against 0.5 % (median) and 5 % (worst) of a block's time
    ///
    /// Blocks of 64 samples at 48 kHz come in real time, 1.333 ms apart, each with at least one event, in Live, Window,
    /// Timeline and 0 ms modes. An empty loop as long as the median runs after every block: its worst time is what the
    /// machine does to any code of that length. Blocks during which the system ran another thread are counted.
    ///
    /// If the worst block misses its target, compare it with these two figures and repeat on an idle machine. The
    /// same session is then played twice more. The least time of each block in the three passes is the plugin's own;
    /// the targets apply to the first pass.
    Process(BenchProcessArgs),
    /// Measure start and memory: scan in 20 ms, instance ready in 50 ms, first restyled note in 500 ms, 5 MB an instance
    ///
    /// The bundle is in the system's cache when it is scanned, because it was just built. An instance counts once it has
    /// restyled a note, with everything that its model needs in memory.
    Instances(BenchInstancesArgs),
    /// Time frames of the window without a screen, while 100 to 5,000 notes are in sight: 4 ms a frame at most
    ///
    /// A frame is drawn at 1600 × 1000 logical pixels and 200 %, from the view to triangles. The median counts.
    Window,
    /// Restyle whole performances of 100 to 1,000,000 notes, alone and four together
    #[command(disable_help_flag = true)]
    Restyle(ForwardArgs),
    /// Time a hop, whole performances and generators in every runtime
    #[command(disable_help_flag = true)]
    Models(ForwardArgs),
}

#[derive(Debug, Args)]
pub struct BenchAllArgs {
    /// Write the figures to this file (default: target/bench/bench.json)
    #[arg(long, value_name = "FILE.json")]
    pub json: Option<PathBuf>,
    /// Measure the bundles in this folder instead of building them
    #[arg(long, value_name = "DIR")]
    pub bundles: Option<PathBuf>,
    /// Measure this program instead of building it
    #[arg(long, value_name = "PROGRAM")]
    pub tonenet: Option<PathBuf>,
    /// Seconds to time process() in each mode (1 to 3600); warm-up and repeats take three times as long again
    #[arg(long, default_value_t = 5.0, value_name = "S", allow_negative_numbers = true, value_parser = number(1.0..=3600.0))]
    pub seconds: f64,
    /// Leave out the comparison with libtorch
    #[arg(long)]
    pub without_torch: bool,
    /// Leave out the comparison with Python's onnxruntime
    #[arg(long)]
    pub without_python: bool,
}

impl Default for BenchAllArgs {
    fn default() -> Self {
        Self { json: None, bundles: None, tonenet: None, seconds: 5.0, without_torch: false, without_python: false }
    }
}

#[derive(Debug, Args)]
pub struct BenchProcessArgs {
    /// Seconds to time each mode (1 to 3600); warm-up and repeats take three times as long again
    #[arg(long, default_value_t = 20.0, value_name = "S", allow_negative_numbers = true, value_parser = number(1.0..=3600.0))]
    pub seconds: f64,
    /// Time this plugin instead of building one
    #[arg(long, value_name = "FILE.clap")]
    pub plugin: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct BenchInstancesArgs {
    /// How many instances to make in addition to the first (1 to 1000)
    #[arg(long, default_value_t = 8, value_name = "N", allow_negative_numbers = true, value_parser = whole(1..=1000u32))]
    pub more: u32,
    /// Measure this plugin instead of building one
    #[arg(long, value_name = "FILE.clap")]
    pub plugin: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct FuzzArgs {
    /// Target to fuzz (default: all, one after the other)
    #[arg(value_enum)]
    pub target: Option<FuzzTarget>,
    /// Minutes for each target (0 to 10080)
    #[arg(long, default_value_t = 1.0, allow_negative_numbers = true, value_parser = number(0.0..=A_WEEK))]
    pub minutes: f64,
}

#[derive(Debug, Args)]
pub struct GpuCheckArgs {
    /// Only download and build, which needs no card; the check then takes less time
    #[arg(long)]
    pub prepare: bool,
}

/// What is fuzzed; see `fuzz/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum FuzzTarget {
    /// MIDI files, read and written back
    MidiFile,
    /// The plugin's saved state
    State,
    /// Manifests and ONNX files of models
    ModelMetadata,
    /// The files of users' styles
    UserStyle,
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
            Self::UserStyle => "user_style",
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
    /// Amount of the style in percent (0 to 100)
    #[arg(long, default_value_t = 100, allow_negative_numbers = true, value_parser = whole(0..=100u8))]
    pub amount: u8,
    /// Folder for the restyled file and the plot (default: target/demo)
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Also write the piece before and after as WAV files, with a SoundFont's piano
    #[arg(long)]
    pub render: bool,
    /// SoundFont 2 to render with (default: an installed one, else Debian's timgm6mb-soundfont by apt)
    #[arg(long, value_name = "FILE.sf2", requires = "render")]
    pub soundfont: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct DistArgs {
    /// Folder for the files (default: target/dist)
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Then install them on a bare Debian 12 without Rust, restyle a file there and play the VST3 in its Ardour
    ///
    /// Needs root, Debian's package debootstrap, a network, 3 GB of disk and about 10 minutes.
    #[arg(long)]
    pub check: bool,
}

#[derive(Debug, Args)]
pub struct WorkflowArgs {
    /// Name of the file in .github/workflows, without its ending
    #[arg(default_value = "test")]
    pub workflow: String,
    /// Job to run
    #[arg(default_value = "linux")]
    pub job: String,
    /// Values of its matrix or inputs, as they are named in the file: matrix.name=linux-x86_64
    #[arg(long = "value", value_name = "NAME=VALUE")]
    pub values: Vec<String>,
    /// Step to leave out, by its name
    #[arg(long, value_name = "STEP")]
    pub skip: Vec<String>,
    /// Print the steps instead of running them
    #[arg(long)]
    pub list: bool,
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
    /// Play until this many notes were played (1 to 1000000000), instead of for some minutes
    #[arg(long, value_name = "N", conflicts_with = "minutes", allow_negative_numbers = true, value_parser = whole(1..=1_000_000_000u64))]
    pub notes: Option<u64>,
    /// Random seed; the same seed repeats the same session (0 to 18446744073709551615)
    #[arg(long, default_value_t = 1, allow_negative_numbers = true, value_parser = whole(0..=u64::MAX))]
    pub seed: u64,
    /// Make the allocator return large freed blocks at once, to measure the plugin's memory and not glibc's reserves
    #[arg(long)]
    pub give_back: bool,
}

#[cfg(test)]
mod tests;
