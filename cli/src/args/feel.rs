//! The options for timing, lengths and pedal.

use std::fmt;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use serde::{Serialize, Serializer};
use tonenet_core::feel::{FeelControls, PedalMode, Swing};
use tonenet_files::arguments::whole;

/// Where notes go, how long they last, and whose pedal is heard. Nothing of it changes by default.
#[derive(Debug, Clone, Copy, Args)]
pub struct FeelArgs {
    /// How far notes follow the style's timing, in percent (0 to 100); 0 leaves them where they are
    #[arg(long, value_name = "PERCENT", default_value_t = 0, allow_negative_numbers = true, value_parser = whole(0..=100u8), help_heading = "Feel")]
    pub timing: u8,
    /// Where the off-beat eighths go: style (as far as --timing goes), or a part of the beat in percent (50 to 75): 50 is
    /// straight, 67 a triplet
    #[arg(long, value_name = "PERCENT", default_value = "style", allow_negative_numbers = true, help_heading = "Feel")]
    pub swing: SwingArg,
    /// How far lengths follow the style's, in percent (0 to 100)
    #[arg(long, value_name = "PERCENT", default_value_t = 0, allow_negative_numbers = true, value_parser = whole(0..=100u8), help_heading = "Feel")]
    pub articulation: u8,
    /// How far the notes of a chord come apart as in the style, in percent (0 to 100)
    #[arg(long, value_name = "PERCENT", default_value_t = 0, allow_negative_numbers = true, value_parser = whole(0..=100u8), help_heading = "Feel")]
    pub chord_spread: u8,
    /// Whose sustain pedal is heard
    #[arg(long, value_enum, default_value = "mine", help_heading = "Feel")]
    pub pedal: PedalArg,
}

impl FeelArgs {
    /// The controls that the options stand for.
    pub fn controls(&self) -> FeelControls {
        let share = |percent: u8| f32::from(percent) / 100.0;
        FeelControls {
            timing: share(self.timing),
            swing: self.swing.0,
            articulation: share(self.articulation),
            chord_spread: share(self.chord_spread),
            pedal: match self.pedal {
                PedalArg::Mine => PedalMode::Mine,
                PedalArg::Fill => PedalMode::Fill,
                PedalArg::Replace => PedalMode::Replace,
            },
        }
    }
}

/// Whose pedal is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PedalArg {
    /// The file's own
    Mine,
    /// The style's, in parts that have none
    Fill,
    /// The style's in all parts
    Replace,
}

/// `style`, or a part of the beat in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SwingArg(pub Swing);

impl FromStr for SwingArg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case("style") {
            return Ok(Self(Swing::Style));
        }
        match text.trim_end_matches('%').trim().parse::<u8>() {
            // What people call 67 % is a triplet.
            Ok(67) => Ok(Self(Swing::At(2.0 / 3.0))),
            Ok(percent @ 50..=75) => Ok(Self(Swing::At(f32::from(percent) / 100.0))),
            _ => Err("give style, or a whole number from 50 to 75"),
        }
    }
}

impl fmt::Display for SwingArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Swing::Style => f.write_str("style"),
            Swing::At(part) => write!(f, "{:.0}", part * 100.0),
        }
    }
}

impl Serialize for SwingArg {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swing_is_the_styles_or_a_part_of_the_beat() {
        for (text, swing, shown) in [
            ("style", Swing::Style, "style"),
            ("50", Swing::At(0.5), "50"),
            ("67 %", Swing::At(2.0 / 3.0), "67"),
            ("75%", Swing::At(0.75), "75"),
        ] {
            let read: SwingArg = text.parse().unwrap();
            assert_eq!((read.0, read.to_string().as_str()), (swing, shown));
        }
        assert!(["", "49", "76", "jazz", "-60"].into_iter().all(|text| text.parse::<SwingArg>().is_err()));
    }
}
