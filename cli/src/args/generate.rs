//! What `tonenet generate` takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use tonenet_core::genre::Genre;
use tonenet_core::tune::{Metre, Tonality};
use tonenet_files::arguments::{number, whole};
use tonenet_inference::generate::textures::TEMPERATURES;
use tonenet_inference::generate::tunes::BARS;

use super::style;

const EXAMPLES: &str = "\
Examples:
  tonenet generate seqgan --key Em --metre 6/8 --bars 16 --seed 7 --style jazz
      Write a tune over chords, seqgan-seed7-jazz.mid
  tonenet generate seqgan --prime mine.mid -o more.mid
      Go on from your own tune
  tonenet generate vaegan --seed 3
      Write a piano texture of 22 beats, vaegan-seed3.mid
  tonenet generate vaegan --morph from.mid to.mid --share 50
      Write what lies half-way between two phrases

The same seed writes the same notes on every machine.
--json reports: format, command, version, model, runtime, output, notes, beats, tempo, seed, tune,
style, errors.";

/// The models that write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GeneratorName {
    /// Melodies over chords, after tunes of Nottingham
    Seqgan,
    /// Piano textures of 22 beats, after human performances
    Vaegan,
}

/// Write new material as a MIDI file: a tune over chords, or a piano texture
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct GenerateArgs {
    /// What writes
    #[arg(value_enum)]
    pub model: GeneratorName,
    /// File to write, or - for standard output; of a continuation it holds what is new (default: named after model, seed
    /// and style, in this folder)
    #[arg(short, long, value_name = "OUT.mid", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Replace the file if it is there and nobody named it with -o
    #[arg(long, conflicts_with = "output")]
    pub force: bool,
    /// Print a report in JSON to standard output
    #[arg(long)]
    pub json: bool,
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
    #[arg(long, value_name = "FILE.mid", value_hint = ValueHint::FilePath, conflicts_with_all = ["key", "metre"])]
    pub prime: Option<PathBuf>,
    /// Lead from the beginning of one piece to that of another instead of writing (vaegan)
    #[arg(long, num_args = 2, value_names = ["FROM.mid", "TO.mid"], value_hint = ValueHint::FilePath, conflicts_with_all = ["seed", "temperature"])]
    pub morph: Option<Vec<PathBuf>>,
    /// How far to lead, in percent, 0 to 100 (vaegan)
    #[arg(long, default_value_t = 50, requires = "morph", allow_negative_numbers = true, value_parser = whole(0..=100u8))]
    pub share: u8,
    /// Velocities of that style, by the note model (default: 80 for every note of a tune, a texture's own)
    #[arg(long, ignore_case = true, value_parser = style())]
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
