//! The command line of `tonenet`, as `--help` tells it.

mod generate;
mod others;
mod restyle;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};
use tonenet_core::genre::Genre;

pub use generate::{GenerateArgs, GeneratorName};
pub use others::{CompletionsArgs, DoctorArgs, InspectArgs, ManArgs};
pub use restyle::{RestyleArgs, SelectionArgs};

const EXAMPLES: &str = "\
Examples:
  tonenet restyle song.mid --style jazz   Write song-jazz.mid beside song.mid
  tonenet inspect song.mid                Show parts, tempo, velocities and what restyle would do
  tonenet generate seqgan --key Em        Write a new tune in E minor
  tonenet doctor                          Check that everything works

Exit status:
  0  everything was done
  1  something could not be done; standard error says what
  2  the command line is wrong; nothing was done";

/// Gives piano parts in MIDI files the dynamics of another genre
///
/// Only velocities change; notes, timing and pedal stay as they are. The new velocities come from a neural network that
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
    Inspect(InspectArgs),
    Doctor(DoctorArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Reads the name of a style, and offers all of them.
fn style() -> impl TypedValueParser<Value = Genre> {
    PossibleValuesParser::new(Genre::ALL.map(Genre::id)).try_map(|name| name.parse::<Genre>())
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
        assert_eq!(numbers.len(), 16, "{numbers:?}");
        for (name, help) in numbers {
            let is_digit = |c: char| c.is_ascii_digit();
            let mut between = help.match_indices(" to ").map(|(at, to)| (&help[..at], &help[at + to.len()..]));
            let has_range = between.any(|(low, high)| low.ends_with(is_digit) && high.starts_with(is_digit));
            assert!(has_range, "{name}: {help}");
        }
    }
}
