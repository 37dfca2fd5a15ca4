//! The command line of `tonenet`, as `--help` tells it.

mod feel;
mod generate;
mod learn;
mod others;
mod provider;
mod restyle;
mod style;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};
use tonenet_core::genre::Genre;

pub use feel::{FeelArgs, PedalArg, SwingArg};
pub use generate::{GenerateArgs, GeneratorName};
pub use learn::LearnArgs;
pub use others::{CompletionsArgs, DoctorArgs, InspectArgs, ManArgs};
pub use provider::ProviderArgs;
pub use restyle::{RestyleArgs, SelectionArgs};
pub use style::{StyleName, StyleNameParser};

const EXAMPLES: &str = "\
Examples:
  tonenet restyle song.mid --style jazz   Write song-jazz.mid beside song.mid
  tonenet inspect song.mid                Show parts, tempo, velocities and what restyle would do
  tonenet generate seqgan --key Em        Write a new tune in E minor
  tonenet learn my-takes/ -o mine.tonestyle
                                          Learn a style of your own from your recordings
  tonenet doctor                          Check that everything works

Exit status:
  0  everything was done
  1  something could not be done; standard error says what
  2  the command line is wrong; nothing was done";

/// Gives piano parts in MIDI files the dynamics of another genre
///
/// Velocities change; timing, lengths and pedal do so only if you ask for it. What changes comes from a neural network that
/// is part of this program. Nothing is downloaded, and no file that is read is ever overwritten.
#[derive(Debug, Parser)]
#[command(name = "tonenet", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    Restyle(Box<RestyleArgs>),
    Generate(Box<GenerateArgs>),
    Learn(LearnArgs),
    Inspect(InspectArgs),
    Doctor(DoctorArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Reads the name of a built-in style, and offers all of them.
fn style() -> impl TypedValueParser<Value = Genre> {
    PossibleValuesParser::new(Genre::ALL.map(Genre::id)).try_map(|name| name.parse::<Genre>())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use tonenet_test_support::assert_help_names_ranges;

    use super::Cli;

    #[test]
    fn the_help_of_every_number_names_its_range() {
        // `tests/numbers.rs` tries each of them; add a new one there.
        assert_help_names_ranges(&Cli::command(), 19);
    }
}
