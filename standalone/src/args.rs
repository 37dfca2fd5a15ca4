//! What `tonenet-standalone` takes.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Parser, ValueHint};
use tonenet_files::arguments::{number, whole};

use crate::backend::Kind;

/// Tempi in beats per minute.
const TEMPO: RangeInclusive<f64> = 20.0..=400.0;

const EXAMPLES: &str = "\
Examples:
  tonenet-standalone
      Play a keyboard into a synthesizer: the first of each that is found
  tonenet-standalone song.mid --style jazz
      Play a file in jazz. Its keyboard parts are restyled, all others pass untouched
  tonenet-standalone song.mid --output FluidSynth --no-window
      Play a file to a synthesizer by name, and end with the file
  tonenet-standalone --list-ports
      Show the names of all ports
  tonenet-standalone --virtual
      Open the ports \"ToneNet in\" and \"ToneNet out\", and connect them in another program

A synthesizer makes the sound: a hardware one, or a program such as FluidSynth (Linux), GarageBand (macOS), or any
that has a MIDI input. On Windows a program needs a loopback driver, such as loopMIDI, to have one.

In the window the space bar plays and pauses. Drop a MIDI file on it to play that file.
Without a window, Ctrl-C ends all notes and the program.";

/// ToneNet without a DAW: play a keyboard or a MIDI file in another style
///
/// Opens ToneNet's window. Notes come from a MIDI keyboard or a file, and go restyled to a synthesizer.
#[derive(Debug, Parser)]
#[command(name = "tonenet-standalone", version, after_help = EXAMPLES)]
pub struct Args {
    /// A MIDI file to play (.mid, .midi, .kar, .rmi)
    #[arg(value_name = "SONG.mid", value_hint = ValueHint::FilePath)]
    pub song: Option<PathBuf>,
    /// Begin again at the end
    #[arg(long = "loop", requires = "song")]
    pub is_looping: bool,
    /// Restyle guitars, strings and all others of the file, too, but no drums
    #[arg(long)]
    pub all: bool,
    /// Do not open the window. With a file, the program ends with it
    #[arg(long)]
    pub no_window: bool,
    /// Whose dynamics: classical, jazz, pop, or a .tonestyle file with one of your own
    #[arg(long, value_name = "STYLE", value_hint = ValueHint::FilePath, help_heading = "Style")]
    pub style: Option<String>,
    /// Another performance of the same notes (0 to 99): the same number gives the same one; 0 is what all have in common
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true, value_parser = whole(0..=99u8), help_heading = "Style")]
    pub take: Option<u8>,
    /// How much of the style, in percent (0 to 100)
    #[arg(long, value_name = "PERCENT", allow_negative_numbers = true, value_parser = whole(0..=100u8), help_heading = "Style")]
    pub amount: Option<u8>,
    /// A preset by its name, such as "Late-night trio" or one of yours, or a preset's file
    #[arg(long, value_name = "PRESET", value_hint = ValueHint::FilePath, help_heading = "Style")]
    pub preset: Option<String>,
    /// How long notes are held: 0 ms, Live, 1/2 beat, 1 beat, 2 beats, 4 beats or Timeline (default: Live for a keyboard,
    /// 1 beat for a file)
    #[arg(long, value_name = "MODE", help_heading = "Style")]
    pub look_ahead: Option<String>,
    /// Beats per minute for a keyboard (20 to 400); a file has its own tempo
    #[arg(long, value_name = "BPM", default_value_t = 120.0, allow_negative_numbers = true, value_parser = number(TEMPO), help_heading = "Style")]
    pub tempo: f64,
    /// List the ports that there are, and end
    #[arg(long, help_heading = "Ports")]
    pub list_ports: bool,
    /// The kind of ports
    #[arg(long, value_enum, default_value = "auto", help_heading = "Ports")]
    pub ports: Kind,
    /// The keyboard: a part of its port's name (default: the first that is found)
    #[arg(long, value_name = "NAME", help_heading = "Ports")]
    pub input: Option<String>,
    /// The synthesizer: a part of its port's name (default: the first that is found)
    #[arg(long, value_name = "NAME", help_heading = "Ports")]
    pub output: Option<String>,
    /// Connect to nothing: open ports of ToneNet's own, which other programs connect to (not on Windows)
    #[arg(long = "virtual", conflicts_with_all = ["input", "output"], help_heading = "Ports")]
    pub is_virtual: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use tonenet_test_support::assert_help_names_ranges;

    use super::*;

    #[test]
    fn the_help_of_every_number_names_its_range() {
        assert_help_names_ranges(&Args::command(), 3);
    }

    #[test]
    fn what_excludes_or_needs_something_else_is_refused() {
        for arguments in [&["--loop"][..], &["--virtual", "--input", "keys"], &["--amount", "-5"], &["--tempo", "1000"]]
        {
            let all = [&["tonenet-standalone"], arguments].concat();
            assert!(Args::try_parse_from(all).is_err(), "{arguments:?}");
        }
        Args::command().debug_assert();
    }
}
