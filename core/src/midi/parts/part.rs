//! One part of a song, and how it is shown to people.

use std::fmt;

/// What a part is played on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instrument {
    /// A piano or what is played like one ([`KEYBOARD_PROGRAMS`](super::KEYBOARD_PROGRAMS)), or nothing that the file tells.
    Keyboard,
    /// Drums: on their channel, or by their track's name where the file sets no program.
    Drums,
    /// Any other program, or none and a track's name that tells an instrument.
    Other(Option<u8>),
}

/// Why a part's tracks and channels are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// There is one track with one channel.
    Single,
    /// Their names tell a right and a left hand.
    HandNames,
    /// The same program on the same channel.
    Channel,
    /// One channel goes on where another ends.
    Succession,
    /// Each channel is a single voice.
    Voices,
    /// Complementary registers that begin and end together.
    Registers,
}

/// What one player plays in a song.
#[derive(Debug, Clone, PartialEq)]
pub struct SongPart {
    /// Its tracks' names, each once, or empty where none has one.
    pub name: String,
    /// Its tracks, counted from 0.
    pub tracks: Vec<usize>,
    /// Its channels, 0–15.
    pub channels: Vec<u8>,
    /// Which channels it plays in which of its tracks, as `(track, channel)`.
    pub voices: Vec<(usize, u8)>,
    /// The programs that the file sets for its notes, 0–127.
    pub programs: Vec<u8>,
    /// What it is played on.
    pub instrument: Instrument,
    /// Why its tracks and channels are one part.
    pub grouping: Grouping,
    /// Its notes, as places in [`Song::notes`](crate::midi::Song::notes), in their order.
    pub notes: Vec<usize>,
}

impl SongPart {
    /// Whether it is restyled without being asked for by name.
    pub fn is_restylable(&self) -> bool {
        self.instrument == Instrument::Keyboard
    }
}

impl fmt::Display for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The families of General MIDI's programs, eight each.
        const FAMILIES: [&str; 16] = [
            "piano",
            "chromatic percussion",
            "organ",
            "guitar",
            "bass",
            "strings",
            "ensemble",
            "brass",
            "reed",
            "pipe",
            "synth lead",
            "synth pad",
            "synth effects",
            "ethnic",
            "percussive",
            "sound effects",
        ];
        match self {
            Self::Keyboard => f.write_str("keyboard"),
            Self::Drums => f.write_str("drums"),
            Self::Other(None) => f.write_str("no keyboard by its name"),
            Self::Other(Some(program)) => {
                write!(f, "{}, program {}", FAMILIES[usize::from(*program / 8).min(15)], program + 1)
            }
        }
    }
}

impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Single => "a part of its own",
            Self::HandNames => "one part: right and left hand by name",
            Self::Channel => "one part: same program and channel",
            Self::Succession => "one part: one channel goes on where the other ends",
            Self::Voices => "one part: a single voice on each channel",
            Self::Registers => "one part: hands in complementary registers",
        })
    }
}

impl fmt::Display for SongPart {
    /// As `"Piano right + Piano left" (tracks 1, 2, channel 1; keyboard; one part: right and left hand by name)`,
    /// tracks, channels and programs counted from 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = |what: &str, numbers: &mut dyn Iterator<Item = usize>| {
            let numbers: Vec<String> = numbers.map(|n| (n + 1).to_string()).collect();
            format!("{what}{} {}", if numbers.len() == 1 { "" } else { "s" }, numbers.join(", "))
        };
        let tracks = numbers("track", &mut self.tracks.iter().copied());
        let channels = numbers("channel", &mut self.channels.iter().map(|&c| usize::from(c)));
        if !self.name.is_empty() {
            write!(f, "\"{}\" ", self.name)?;
        }
        write!(f, "({tracks}, {channels}; {}", self.instrument)?;
        if self.grouping != Grouping::Single {
            write!(f, "; {}", self.grouping)?;
        }
        f.write_str(")")
    }
}
