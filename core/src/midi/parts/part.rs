//! A part of a song and its one-line description.

use std::fmt;

/// The instrument of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instrument {
    /// A piano or similar ([`KEYBOARD_PROGRAMS`](super::KEYBOARD_PROGRAMS)), or unknown.
    Keyboard,
    /// Drums: on the drum channel, or by the track's name if the file sets no program.
    Drums,
    /// Another program (0–127), or `None` for an instrument by the track's name.
    Other(Option<u8>),
}

/// Why tracks and channels form one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// It has only one track and channel.
    Single,
    /// Their names give a right and a left hand.
    HandNames,
    /// They have the same program on the same channel.
    Channel,
    /// One channel begins where another ends.
    Succession,
    /// Each channel is a single voice.
    Voices,
    /// They begin and end together in complementary registers.
    Registers,
}

/// The part of one player in a song.
#[derive(Debug, Clone, PartialEq)]
pub struct SongPart {
    /// The names of its tracks, each once; empty if none has a name.
    pub name: String,
    /// Its tracks, counted from 0.
    pub tracks: Vec<usize>,
    /// Its channels, 0–15.
    pub channels: Vec<u8>,
    /// Its `(track, channel)` pairs.
    pub voices: Vec<(usize, u8)>,
    /// The programs that the file sets for its notes, 0–127.
    pub programs: Vec<u8>,
    /// Its instrument.
    pub instrument: Instrument,
    /// Why its tracks and channels are one part.
    pub grouping: Grouping,
    /// Its notes, as ascending indices into [`Song::notes`](crate::midi::Song::notes).
    pub notes: Vec<usize>,
}

impl SongPart {
    /// Whether it is restyled by default.
    pub fn is_restylable(&self) -> bool {
        self.instrument == Instrument::Keyboard
    }
}

impl fmt::Display for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The families of General MIDI programs, eight programs each.
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
    /// Writes, for example,
    /// `"Piano right + Piano left" (tracks 1, 2, channel 1; keyboard; one part: right and left hand by name)`.
    ///
    /// Tracks, channels and programs are counted from 1.
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
