//! What `tonenet learn` takes.

use std::path::PathBuf;

use clap::{Args, ValueHint};

const EXAMPLES: &str = "\
Examples:
  tonenet learn my-takes/ -o mine.tonestyle
      Learn a style from all MIDI files in a folder and below
  tonenet learn one.mid two.mid three.mid -o ballads.tonestyle
      Learn a style from these files
  tonenet learn my-takes/ -o mine.tonestyle --json | jq .style.r
      Report to another program

Give it recordings of real playing, at least two, with 1,000 notes or more together; five to twenty files are good.
Of each file it learns from the keyboard part with the most notes. It leaves out files that it cannot read, that have
under 50 piano notes, or whose velocities hardly vary (a standard deviation under 4). To judge a style, it predicts files
that it left out while learning. A style that predicts them no better than a built-in one plays as that one does.
It also learns the feel: timing from three files or more with a beat; lengths, chords and pedal from any.

--json reports: format, command, version, runtime, style, files, left_out, errors; and for the style: id, name, output,
notes, nearest, r, nearest_r, is_reliable, description.";

/// Learn a style of your own from MIDI files of your playing
///
/// Takes seconds. The result is one small file, which belongs to this version of the note model.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct LearnArgs {
    /// MIDI files (.mid, .midi, .kar, .rmi), or folders of them
    #[arg(required = true, value_name = "IN.mid", value_hint = ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,
    /// File to write; the style is called after it
    #[arg(short, long, value_name = "NAME.tonestyle", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
    /// Replace the file to write if it is there
    #[arg(long)]
    pub force: bool,
    /// Print a report in JSON to standard output
    #[arg(long)]
    pub json: bool,
}
