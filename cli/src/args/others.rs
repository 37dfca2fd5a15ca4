//! What `tonenet inspect`, `doctor`, `completions` and `man` take.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use clap_complete::Shell;

use super::{ProviderArgs, SelectionArgs};

const INSPECT: &str = "\
Examples:
  tonenet inspect song.mid                 Show its parts, tempo, metre and velocities
  tonenet inspect song.mid --tracks 2      Show what restyle --tracks 2 would change
  tonenet inspect songs/ --json            Report on all MIDI files in a folder and below

Plots use plain ASCII unless the locale is UTF-8. NO_COLOR switches emphasis off.
--json reports: format, command, version, files, errors; and for each of the files: input, seconds,
notes, tempo, metre, parts, warnings, errors.";

/// Show what is in MIDI files: parts, notes, tempo, metre, velocities, and what restyle would change
#[derive(Debug, Args)]
#[command(after_help = INSPECT)]
pub struct InspectArgs {
    /// MIDI files (.mid, .midi, .kar, .rmi), folders of them, or - for standard input
    #[arg(required = true, value_name = "IN.mid", value_hint = ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,
    /// Print a report in JSON to standard output
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub selection: SelectionArgs,
}

const DOCTOR: &str = "\
Examples:
  tonenet doctor                       Check everything, and time each provider that computes here
  tonenet doctor --provider cuda       Check that CUDA computes
  tonenet doctor --measure-again       Time the providers again and choose anew, also those that failed

--json reports: format, command, version, system, models, runtime, providers, libraries, self_tests, folders, plugins,
advice, errors.";

/// Check that ToneNet works here: models, runtimes, providers, a test restyling, folders, and installed plugins
///
/// Says where ONNX Runtime is looked for, what else could compute, and which plugins are found. Times a hop, one run of the
/// model in a DAW, and restyles a small piece with each provider that computes. Ends with 1 if something has to be mended.
#[derive(Debug, Args)]
#[command(after_help = DOCTOR)]
pub struct DoctorArgs {
    /// Print a report in JSON to standard output
    #[arg(long)]
    pub json: bool,
    /// Try and time the providers again, instead of keeping what is remembered of them
    #[arg(long, conflicts_with = "provider")]
    pub measure_again: bool,
    #[command(flatten)]
    pub computing: ProviderArgs,
}

const COMPLETIONS: &str = "\
Examples:
  tonenet completions bash > ~/.local/share/bash-completion/completions/tonenet
  tonenet completions zsh > ~/.zfunc/_tonenet
  tonenet completions fish > ~/.config/fish/completions/tonenet.fish";

/// Print what a shell needs to complete this program's commands and options
#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Print this program's manual page, or write one for each command into a folder
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Folder for tonenet.1, tonenet-restyle.1 and so on, for example ~/.local/share/man/man1
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub output: Option<PathBuf>,
}
