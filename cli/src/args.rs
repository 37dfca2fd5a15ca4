//! The command line, as `--help` tells it.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tonenet_core::genre::Genre;
use tonenet_core::tune::{Metre, Tonality};
use tonenet_files::arguments::{number, whole};
use tonenet_inference::generate::textures::TEMPERATURES;
use tonenet_inference::generate::tunes::BARS;

/// Seconds of what follows that a note may know.
const LOOK_AHEAD: RangeInclusive<f64> = 0.0..=3600.0;

/// Another genre's dynamics for MIDI files, and new material, without a host.
#[derive(Debug, Parser)]
#[command(name = "tonenet", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Give MIDI files another genre's velocities
    Restyle(RestyleArgs),
    /// Write new material as a MIDI file
    Generate(GenerateArgs),
}

#[derive(Debug, Args)]
pub struct RestyleArgs {
    /// MIDI files (.mid, .midi, .kar, .rmi), and folders of them
    #[arg(required = true, value_name = "IN.mid")]
    pub inputs: Vec<PathBuf>,
    /// File to write, or a folder where there are several inputs; never a file that is read
    #[arg(short, long, value_name = "OUT.mid")]
    pub output: PathBuf,
    /// classical, jazz or pop
    #[arg(long, default_value = "jazz")]
    pub style: Genre,
    /// The style you played in: what it expects is exchanged for the other's, all else of your dynamics stays
    #[arg(long, value_name = "STYLE", conflicts_with = "hear_player")]
    pub from: Option<Genre>,
    /// A second style to blend with
    #[arg(long, value_name = "STYLE")]
    pub style_b: Option<Genre>,
    /// How much of the second style, in percent (0 to 100)
    #[arg(long, default_value_t = 50, requires = "style_b", allow_negative_numbers = true, value_parser = whole(0..=100u8))]
    pub blend: u8,
    /// How much of the style, in percent (0 to 100); 0 leaves the file as it is
    #[arg(long, default_value_t = 100, allow_negative_numbers = true, value_parser = whole(0..=100u8))]
    pub amount: u8,
    /// How much of the player's own accents to keep, in percent (0 to 100)
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_parser = whole(0..=100u8))]
    pub keep_accents: u8,
    /// Let the model hear the player's own velocities, so that it carries what they meant into the style
    #[arg(long)]
    pub hear_player: bool,
    /// Louder or softer than the player, in velocity steps (-64 to 64)
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_parser = whole(-64..=64i8))]
    pub level: i8,
    /// Spread of the velocities, in percent of the style's own (0 to 200)
    #[arg(long, default_value_t = 100, allow_negative_numbers = true, value_parser = whole(0..=200u8))]
    pub range: u8,
    /// No note softer than this (1 to 127, and up to the ceiling); --amount 0 leaves all as they are
    #[arg(long, default_value_t = 1, allow_negative_numbers = true, value_parser = whole(1..=127u8))]
    pub floor: u8,
    /// No note louder than this (1 to 127); --amount 0 leaves all as they are
    #[arg(long, default_value_t = 127, allow_negative_numbers = true, value_parser = whole(1..=127u8))]
    pub ceiling: u8,
    /// Another performance of the same notes (0 to 65535): the same number gives the same one; 0 is what all have in common
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_parser = whole(0..=u16::MAX))]
    pub take: u16,
    /// note, attention, baseline, or a folder with a model.json
    #[arg(long, default_value = "note")]
    pub model: String,
    /// Seconds of what follows that each note may know (0 to 3600; default: the whole take)
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = number(LOOK_AHEAD))]
    pub look_ahead: Option<f64>,
    /// Restyle these tracks alone, whatever plays them: numbers or names as reported, ch10 for a channel, or 3/ch10 for a
    /// channel of a track (default: what pianos, harpsichords and clavinets play)
    #[arg(long, value_name = "TRACK,...", conflicts_with = "all")]
    pub tracks: Vec<String>,
    /// Restyle drums, guitars, strings and all others too
    #[arg(long)]
    pub all: bool,
}

/// The models that write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GeneratorName {
    /// Melodies over chords, after tunes of Nottingham
    Seqgan,
    /// Piano textures of 22 beats, after human performances
    Vaegan,
}

#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// What writes
    #[arg(value_enum)]
    pub model: GeneratorName,
    /// File to write; of a continuation it holds what is new
    #[arg(short, long, value_name = "OUT.mid")]
    pub output: PathBuf,
    /// Bars to write, 1 to 64 (seqgan; default: 8)
    #[arg(long, allow_negative_numbers = true, value_parser = whole(BARS))]
    pub bars: Option<u32>,
    /// C, F#, Bb, or Am for a minor key (seqgan; default: C, or that of what is continued)
    #[arg(long)]
    pub key: Option<Tonality>,
    /// 4/4, 2/4, 3/4, 6/8 or 9/8 (seqgan; default: 4/4, or that of what is continued)
    #[arg(long, value_parser = metre)]
    pub metre: Option<Metre>,
    /// Keep the melody to the notes of the key (seqgan)
    #[arg(long)]
    pub in_key: bool,
    /// The same number gives the same notes (0 to 18446744073709551615)
    #[arg(long, default_value_t = 1, allow_negative_numbers = true, value_parser = whole(0..=u64::MAX))]
    pub seed: u64,
    /// 1 is as learned; less keeps to what is usual, more dares (0 to 2)
    #[arg(long, default_value_t = 1.0, value_name = "T", allow_negative_numbers = true, value_parser = number(TEMPERATURES))]
    pub temperature: f32,
    /// Draw only from the likeliest symbols that together have this share, 0.01 to 1 (seqgan; default: 1)
    #[arg(long, value_name = "P", allow_negative_numbers = true, value_parser = number(0.01..=1.0f32))]
    pub top_p: Option<f32>,
    /// Go on from this piece, in its key and metre (seqgan)
    #[arg(long, value_name = "FILE.mid", conflicts_with_all = ["key", "metre"])]
    pub prime: Option<PathBuf>,
    /// Lead from the beginning of one piece to that of another instead of writing (vaegan)
    #[arg(long, num_args = 2, value_names = ["FROM.mid", "TO.mid"], conflicts_with_all = ["seed", "temperature"])]
    pub morph: Option<Vec<PathBuf>>,
    /// How far to lead, in percent, 0 to 100 (vaegan)
    #[arg(long, default_value_t = 50, requires = "morph", allow_negative_numbers = true, value_parser = whole(0..=100u8))]
    pub share: u8,
    /// classical, jazz or pop: velocities of that style, by the note model (default: 80 for every note of a tune, a texture's own)
    #[arg(long)]
    pub style: Option<Genre>,
    /// Another performance in that style (0 to 65535): the same number gives the same one; 0 is what all have in common
    #[arg(long, default_value_t = 0, requires = "style", allow_negative_numbers = true, value_parser = whole(0..=u16::MAX))]
    pub take: u16,
    /// Tempo of the file, in beats a minute (4 to 1000)
    #[arg(long, default_value_t = 120.0, value_name = "BPM", allow_negative_numbers = true, value_parser = number(4.0..=1000.0))]
    pub tempo: f64,
}

fn metre(text: &str) -> Result<Metre, String> {
    // A metre that tunes have in bars of another length, 12/8 for example, would not be what is written.
    let metre = Metre::from_text(text).ok_or("choose 4/4, 2/4, 3/4, 6/8 or 9/8")?;
    let (upper, lower) = metre.signature();
    let written = format!("{upper}/{lower}");
    if text != written {
        return Err(format!("tunes in {text} are written in {written}; choose 4/4, 2/4, 3/4, 6/8 or 9/8"));
    }
    Ok(metre)
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
