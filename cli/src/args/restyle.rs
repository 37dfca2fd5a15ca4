//! What `tonenet restyle` takes.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use tonenet_files::arguments::{number, whole};

use super::{FeelArgs, ProviderArgs, StyleName, StyleNameParser};

/// Seconds of what follows that a note may know.
const LOOK_AHEAD: RangeInclusive<f64> = 0.0..=3600.0;

const EXAMPLES: &str = "\
Examples:
  tonenet restyle song.mid --style jazz
      Write song-jazz.mid beside song.mid
  tonenet restyle song.mid -o out.mid --style jazz --style-b pop --blend 30 --take 7 --amount 80
      Blend two styles, choose another performance, and keep a fifth of your own dynamics
  tonenet restyle song.mid --style jazz --timing 60 --articulation 80 --pedal fill
      Also move notes as the style does, change their lengths, and play the pedal where the file has none
  tonenet restyle song.mid --style evening.tonestyle
      Play in a style of your own
  tonenet restyle songs/ --style classical
      Write a result beside each MIDI file in a folder and below
  tonenet restyle songs/ more.mid -o restyled/
      Write the results into another folder
  tonenet restyle - < song.mid > jazz.mid
      Read standard input and write standard output
  tonenet restyle song.mid --json | jq '.files[].parts'
      Report what became of each part to another program

Results of earlier runs are neither restyled again nor replaced, unless --force says so.
--json reports: format, command, version, model, runtime, settings, styles, files, left_out, errors; and
for each of the files: input, output, notes, restyled, changed, moved, parts, warnings, errors.";

/// Give MIDI files the dynamics of another genre
///
/// Restyles each part of a song as one performance: by default those played on pianos, harpsichords and clavinets.
/// Without -o the result of song.mid is song-jazz.mid beside it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct RestyleArgs {
    /// MIDI files (.mid, .midi, .kar, .rmi), folders of them, or - for standard input
    #[arg(required = true, value_name = "IN.mid", value_hint = ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,
    /// File to write, a folder if there are several inputs, or - for standard output (default: beside each input)
    #[arg(short, long, value_name = "OUT.mid", value_hint = ValueHint::AnyPath)]
    pub output: Option<PathBuf>,
    /// Replace results that earlier runs left beside their originals; no other file is replaced
    #[arg(long, conflicts_with = "output")]
    pub force: bool,
    /// Print a report in JSON to standard output
    #[arg(long)]
    pub json: bool,
    /// Whose dynamics: a style of the model, or a .tonestyle file with one of your own
    #[arg(long, default_value = "jazz", ignore_case = true, value_parser = StyleNameParser, value_hint = ValueHint::FilePath, help_heading = "Style")]
    pub style: StyleName,
    /// The style you played in: its expected dynamics are exchanged for the other's, all else of yours stays
    #[arg(long, value_name = "STYLE", conflicts_with = "hear_player", ignore_case = true, value_parser = StyleNameParser, value_hint = ValueHint::FilePath, help_heading = "Style")]
    pub from: Option<StyleName>,
    /// A second style to blend with
    #[arg(long, value_name = "STYLE", ignore_case = true, value_parser = StyleNameParser, value_hint = ValueHint::FilePath, help_heading = "Style")]
    pub style_b: Option<StyleName>,
    /// How much of the second style, in percent (0 to 100)
    #[arg(long, value_name = "PERCENT", default_value_t = 50, requires = "style_b", allow_negative_numbers = true, value_parser = whole(0..=100u8), help_heading = "Style")]
    pub blend: u8,
    /// Another performance of the same notes (0 to 65535): the same number gives the same one; 0 is what all have in common
    #[arg(long, value_name = "NUMBER", default_value_t = 0, allow_negative_numbers = true, value_parser = whole(0..=u16::MAX), help_heading = "Style")]
    pub take: u16,
    /// How much of the style, in percent (0 to 100); 0 leaves the file as it is
    #[arg(long, value_name = "PERCENT", default_value_t = 100, allow_negative_numbers = true, value_parser = whole(0..=100u8), help_heading = "Dynamics")]
    pub amount: u8,
    /// How much of the player's own accents to keep, in percent (0 to 100)
    #[arg(long, value_name = "PERCENT", default_value_t = 0, allow_negative_numbers = true, value_parser = whole(0..=100u8), help_heading = "Dynamics")]
    pub keep_accents: u8,
    /// Louder or softer than the player, in velocity steps (-64 to 64)
    #[arg(long, value_name = "STEPS", default_value_t = 0, allow_negative_numbers = true, value_parser = whole(-64..=64i8), help_heading = "Dynamics")]
    pub level: i8,
    /// Spread of the velocities, in percent of the style's own (0 to 200)
    #[arg(long, value_name = "PERCENT", default_value_t = 100, allow_negative_numbers = true, value_parser = whole(0..=200u8), help_heading = "Dynamics")]
    pub range: u8,
    /// No note softer than this (1 to 127, and up to the ceiling); --amount 0 leaves all as they are
    #[arg(long, value_name = "VELOCITY", default_value_t = 1, allow_negative_numbers = true, value_parser = whole(1..=127u8), help_heading = "Dynamics")]
    pub floor: u8,
    /// No note louder than this (1 to 127); --amount 0 leaves all as they are
    #[arg(long, value_name = "VELOCITY", default_value_t = 127, allow_negative_numbers = true, value_parser = whole(1..=127u8), help_heading = "Dynamics")]
    pub ceiling: u8,
    #[command(flatten)]
    pub feel: FeelArgs,
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// note, attention, baseline, or a folder with a model.json
    #[arg(long, default_value = "note", value_hint = ValueHint::DirPath, help_heading = "Model")]
    pub model: String,
    /// Show the model the player's own velocities, so that it carries what they meant into the style
    #[arg(long, help_heading = "Model")]
    pub hear_player: bool,
    /// Seconds of what follows that each note may know (0 to 3600; default: the whole piece)
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = number(LOOK_AHEAD), help_heading = "Model")]
    pub look_ahead: Option<f64>,
    #[command(flatten)]
    pub computing: ProviderArgs,
}

/// Which parts are restyled.
#[derive(Debug, Args)]
pub struct SelectionArgs {
    /// Restyle these tracks alone, whatever plays them: numbers or names as reported, ch10 for a channel, or 3/ch10 for a
    /// channel of a track (default: what pianos, harpsichords and clavinets play)
    #[arg(long, value_name = "TRACK,...", conflicts_with = "all", help_heading = "Parts")]
    pub tracks: Vec<String>,
    /// Restyle drums, guitars, strings and all others too
    #[arg(long, help_heading = "Parts")]
    pub all: bool,
}
