//! Tunes: a melody with chords on a grid, in a metre and a key, as the SeqGAN generator reads and writes them.
//!
//! `reading` extracts a tune from a song. `token` converts it to the article's rows. `vocabulary` assigns ids to the
//! rows. `chord` recognises chords.

mod chord;
mod reading;
mod token;
mod vocabulary;

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

pub use chord::{Chord, Quality};
pub use reading::TuneError;
pub use token::{Melody, Token};
pub use vocabulary::{Symbol, Vocabulary, VocabularyError};

/// Grid steps in a quarter note. Sixteenths, 32nds and triplets of eighths and sixteenths are whole numbers of steps.
pub const STEPS_PER_QUARTER: u32 = 24;

/// The metre of a tune.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metre {
    /// 4/4; also 2/2.
    FourFour,
    /// 2/4.
    TwoFour,
    /// 3/4; also 3/2 and 6/4 in bars of half the length.
    ThreeFour,
    /// 6/8; also 12/8 in bars of half the length.
    SixEight,
    /// 9/8.
    NineEight,
}

impl Metre {
    /// All metres, in the order of their start symbols.
    pub const ALL: [Self; 5] = [Self::FourFour, Self::TwoFour, Self::ThreeFour, Self::SixEight, Self::NineEight];

    /// The metre of a time signature; `None` if there is none.
    pub fn from_signature(numerator: u8, denominator: u8) -> Option<Self> {
        Some(match (numerator, denominator) {
            (4, 4) | (2, 2) => Self::FourFour,
            (2, 4) => Self::TwoFour,
            (3, 4) | (3, 2) | (6, 4) => Self::ThreeFour,
            (6, 8) | (12, 8) => Self::SixEight,
            (9, 8) => Self::NineEight,
            _ => return None,
        })
    }

    /// Its time signature, as numerator and denominator.
    pub fn signature(self) -> (u8, u8) {
        match self {
            Self::FourFour => (4, 4),
            Self::TwoFour => (2, 4),
            Self::ThreeFour => (3, 4),
            Self::SixEight => (6, 8),
            Self::NineEight => (9, 8),
        }
    }

    /// Parses a time signature such as `6/8`.
    pub fn from_text(text: &str) -> Option<Self> {
        let (numerator, denominator) = text.split_once('/')?;
        Self::from_signature(numerator.trim().parse().ok()?, denominator.trim().parse().ok()?)
    }

    /// Steps in a bar.
    pub fn bar(self) -> u32 {
        let (numerator, denominator) = self.signature();
        u32::from(numerator) * 4 * STEPS_PER_QUARTER / u32::from(denominator)
    }

    /// Its index in [`Metre::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

/// The key of a tune.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tonality {
    /// Pitch class of the tonic, 0 (C) to 11 (B).
    pub tonic: u8,
    /// Whether it is minor.
    pub is_minor: bool,
}

impl Tonality {
    /// The key of a MIDI key signature: the number of sharps (negative for flats), and whether it is minor.
    pub fn from_signature(sharps: i8, is_minor: bool) -> Self {
        let major = (i32::from(sharps) * 7).rem_euclid(12);
        let tonic = if is_minor { (major + 9) % 12 } else { major };
        Self { tonic: tonic as u8, is_minor }
    }

    /// Semitones that transpose it to C major or A minor, −6 to 5; models are trained in these two keys.
    pub fn to_plain(self) -> i32 {
        let plain = if self.is_minor { 9 } else { 0 };
        (plain - i32::from(self.tonic) + 6).rem_euclid(12) - 6
    }

    /// Whether a MIDI key belongs to its scale; minor includes the raised sixth and seventh.
    pub fn holds(self, key: u8) -> bool {
        const MAJOR: [u8; 7] = [0, 2, 4, 5, 7, 9, 11];
        const MINOR: [u8; 9] = [0, 2, 3, 5, 7, 8, 9, 10, 11];
        let degree = (key + 12 - self.tonic) % 12;
        if self.is_minor { MINOR.contains(&degree) } else { MAJOR.contains(&degree) }
    }
}

/// The names of pitch classes from C on, in ASCII.
pub const PITCH_CLASSES: [&str; 12] = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];

impl fmt::Display for Tonality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = if self.is_minor { "minor" } else { "major" };
        write!(f, "{} {mode}", PITCH_CLASSES[usize::from(self.tonic % 12)])
    }
}

/// The error for a text that is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a key; write for example C, F#, Bb, or Am for a minor key")]
pub struct NoTonality(String);

impl FromStr for Tonality {
    type Err = NoTonality;

    /// Parses `C`, `F#`, `Bb`, `Am` and the displayed form of a [`Tonality`].
    fn from_str(text: &str) -> Result<Self, NoTonality> {
        let none = || NoTonality(text.into());
        let mut letters = text.trim().chars();
        let class: i32 = match letters.next().map(|letter| letter.to_ascii_uppercase()) {
            Some('C') => 0,
            Some('D') => 2,
            Some('E') => 4,
            Some('F') => 5,
            Some('G') => 7,
            Some('A') => 9,
            Some('B') => 11,
            _ => return Err(none()),
        };
        let rest = letters.as_str();
        let (sign, mode) = match rest.chars().next() {
            Some('#' | '♯') => (1, &rest[rest.chars().next().map_or(0, char::len_utf8)..]),
            Some('b' | '♭') => (-1, &rest[rest.chars().next().map_or(0, char::len_utf8)..]),
            _ => (0, rest),
        };
        let is_minor = match mode.trim() {
            "" | "major" => false,
            "m" | "minor" => true,
            _ => return Err(none()),
        };
        Ok(Self { tonic: (class + sign).rem_euclid(12) as u8, is_minor })
    }
}

/// A note of the melody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MelodyNote {
    /// Onset, in steps.
    pub onset: u32,
    /// Length in steps, at least 1.
    pub steps: u32,
    /// MIDI key.
    pub key: u8,
}

/// A chord of the accompaniment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChordChange {
    /// Onset, in steps.
    pub onset: u32,
    /// Length in steps, at least 1.
    pub steps: u32,
    /// The chord.
    pub chord: Chord,
}

/// A melody with chords.
///
/// Notes and chords are in the order of time. Notes do not overlap each other, and neither do chords.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tune {
    /// The metre; bars begin at step 0, and an upbeat comes after a rest.
    pub metre: Metre,
    /// Its key.
    pub tonality: Tonality,
    /// The melody.
    pub notes: Vec<MelodyNote>,
    /// The accompaniment.
    pub chords: Vec<ChordChange>,
}

impl Tune {
    /// The step at which the last note ends.
    pub fn steps(&self) -> u32 {
        let notes = self.notes.last().map_or(0, |n| n.onset + n.steps);
        notes.max(self.chords.last().map_or(0, |c| c.onset + c.steps))
    }

    /// The tune transposed by some semitones; chords stay in their octave.
    ///
    /// `None` if the melody would leave the MIDI range.
    pub fn transposed(&self, semitones: i32) -> Option<Self> {
        let mut tune = self.clone();
        for note in &mut tune.notes {
            note.key = u8::try_from(i32::from(note.key) + semitones).ok().filter(|key| *key < 128)?;
        }
        for change in &mut tune.chords {
            change.chord = change.chord.transposed(semitones);
        }
        tune.tonality.tonic = (i32::from(tune.tonality.tonic) + semitones).rem_euclid(12) as u8;
        Some(tune)
    }

    /// A range of its bars, counted from 0: the notes and chords that begin in them, cut at their end.
    pub fn bars(&self, bars: Range<u32>) -> Self {
        let bar = self.metre.bar();
        let steps = bars.start.saturating_mul(bar)..bars.end.saturating_mul(bar);
        let cut = |onset: u32, length: u32| (onset - steps.start, length.min(steps.end - onset));
        let notes = self.notes.iter().filter(|n| steps.contains(&n.onset)).map(|n| {
            let (onset, steps) = cut(n.onset, n.steps);
            MelodyNote { onset, steps, ..*n }
        });
        let chords = self.chords.iter().filter(|c| steps.contains(&c.onset)).map(|c| {
            let (onset, steps) = cut(c.onset, c.steps);
            ChordChange { onset, steps, ..*c }
        });
        Self { notes: notes.collect(), chords: chords.collect(), ..*self }
    }

    /// Number of bars; a last incomplete bar counts.
    pub fn bar_count(&self) -> u32 {
        self.steps().div_ceil(self.metre.bar())
    }

    /// The notes of melody and chords as (onset, steps, key), by onset, then from the highest key down.
    pub fn all_notes(&self) -> Vec<(u32, u32, u8)> {
        let melody = self.notes.iter().map(|n| (n.onset, n.steps, n.key));
        let chords = self.chords.iter().flat_map(|c| c.chord.keys().map(|key| (c.onset, c.steps, key)));
        let mut all: Vec<_> = melody.chain(chords).collect();
        all.sort_by_key(|&(onset, _, key)| (onset, std::cmp::Reverse(key)));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_transposed_to_c_major_or_a_minor_by_the_smallest_interval() {
        for sharps in -7..=7 {
            for is_minor in [false, true] {
                let tonality = Tonality::from_signature(sharps, is_minor);
                let shift = tonality.to_plain();
                assert!((-6..6).contains(&shift));
                let plain = (i32::from(tonality.tonic) + shift).rem_euclid(12);
                assert_eq!(plain, if is_minor { 9 } else { 0 });
            }
        }
        assert_eq!(Tonality::from_signature(2, false), Tonality { tonic: 2, is_minor: false });
        assert_eq!(Tonality::from_signature(-1, true), Tonality { tonic: 2, is_minor: true });
    }

    #[test]
    fn a_displayed_key_parses_to_itself_and_other_texts_are_refused() {
        for tonic in 0..12 {
            for is_minor in [false, true] {
                let tonality = Tonality { tonic, is_minor };
                assert_eq!(tonality.to_string().parse(), Ok(tonality));
            }
        }
        assert_eq!("f#m".parse(), Ok(Tonality { tonic: 6, is_minor: true }));
        assert_eq!("Cb".parse(), Ok(Tonality { tonic: 11, is_minor: false }));
        assert_eq!("B major".parse(), Ok(Tonality { tonic: 11, is_minor: false }));
        for text in ["", "H", "C##", "Amm", "C dorian", "♯"] {
            assert!(text.parse::<Tonality>().is_err(), "{text:?}");
        }
        assert_eq!(Metre::from_text("6/8"), Some(Metre::SixEight));
        assert_eq!(Metre::from_text("5/4"), None);
    }

    #[test]
    fn a_key_contains_the_notes_of_its_scale() {
        let d_major = Tonality::from_signature(2, false);
        let held: Vec<u8> = (60..72).filter(|&key| d_major.holds(key)).collect();
        assert_eq!(held, [61, 62, 64, 66, 67, 69, 71]);
    }

    #[test]
    fn a_range_of_bars_has_the_notes_that_begin_in_it() {
        let note = |onset, steps| MelodyNote { onset, steps, key: 60 };
        let tonality = Tonality { tonic: 0, is_minor: false };
        let notes = vec![note(0, 100), note(100, 20), note(192, 24)];
        let tune = Tune { metre: Metre::FourFour, tonality, notes, chords: Vec::new() };
        assert_eq!(tune.bar_count(), 3);
        assert_eq!(tune.bars(0..1).notes, [note(0, 96)]);
        assert_eq!(tune.bars(1..3).notes, [note(4, 20), note(96, 24)]);
        assert_eq!(tune.bars(0..u32::MAX), tune);
    }

    #[test]
    fn the_length_of_a_bar_follows_from_its_time_signature() {
        let bars: Vec<u32> = Metre::ALL.iter().map(|m| m.bar()).collect();
        assert_eq!(bars, [96, 48, 72, 72, 108]);
        assert!(Metre::ALL.iter().enumerate().all(|(i, m)| m.index() == i));
        assert!(Metre::ALL.iter().all(|m| Metre::from_signature(m.signature().0, m.signature().1) == Some(*m)));
    }
}
