//! A tune: one melody over chords, on a grid, in a metre and a key; what the SeqGAN generator reads and writes.
//!
//! `reading` takes a tune from a song, `token` writes it as the rows of numbers of the article, `vocabulary`
//! gives those their ids, `chord` knows what chords are made of; [`bleu`] tells how alike such texts are.

pub mod bleu;
mod chord;
mod reading;
mod token;
mod vocabulary;

pub use chord::{Chord, Quality};
pub use reading::TuneError;
pub use token::{Melody, Token};
pub use vocabulary::{Symbol, Vocabulary, VocabularyError};

/// Steps of the grid in a quarter note: sixteenths, 32nds and triplets of eighths and sixteenths fall on it.
pub const STEPS_PER_QUARTER: u32 = 24;

/// How a tune's time falls into bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metre {
    /// 4/4, and 2/2.
    FourFour,
    /// 2/4.
    TwoFour,
    /// 3/4; 3/2 and 6/4 in bars of half the length.
    ThreeFour,
    /// 6/8, and 12/8 in bars of half the length.
    SixEight,
    /// 9/8.
    NineEight,
}

impl Metre {
    /// All of them, in the order of their start symbols.
    pub const ALL: [Self; 5] = [Self::FourFour, Self::TwoFour, Self::ThreeFour, Self::SixEight, Self::NineEight];

    /// The metre of a time signature, where there is one.
    pub fn of_signature(numerator: u8, denominator: u8) -> Option<Self> {
        Some(match (numerator, denominator) {
            (4, 4) | (2, 2) => Self::FourFour,
            (2, 4) => Self::TwoFour,
            (3, 4) | (3, 2) | (6, 4) => Self::ThreeFour,
            (6, 8) | (12, 8) => Self::SixEight,
            (9, 8) => Self::NineEight,
            _ => return None,
        })
    }

    /// Its time signature.
    pub fn signature(self) -> (u8, u8) {
        match self {
            Self::FourFour => (4, 4),
            Self::TwoFour => (2, 4),
            Self::ThreeFour => (3, 4),
            Self::SixEight => (6, 8),
            Self::NineEight => (9, 8),
        }
    }

    /// Steps in a bar.
    pub fn bar(self) -> u32 {
        let (numerator, denominator) = self.signature();
        u32::from(numerator) * 4 * STEPS_PER_QUARTER / u32::from(denominator)
    }

    /// Its place in [`Metre::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

/// The seven notes that a tune mostly keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tonality {
    /// Pitch class of the tonic, 0 (C) to 11 (B).
    pub tonic: u8,
    /// Whether it is minor.
    pub is_minor: bool,
}

impl Tonality {
    /// Of a MIDI key signature: sharps, or flats below zero, and whether it is minor.
    pub fn of_signature(sharps: i8, is_minor: bool) -> Self {
        let major = (i32::from(sharps) * 7).rem_euclid(12);
        let tonic = if is_minor { (major + 9) % 12 } else { major };
        Self { tonic: tonic as u8, is_minor }
    }

    /// Semitones that bring it to C major or A minor, −6 to 5: the keys without signs that tunes are learned in.
    pub fn to_plain(self) -> i32 {
        let plain = if self.is_minor { 9 } else { 0 };
        (plain - i32::from(self.tonic) + 6).rem_euclid(12) - 6
    }

    /// Whether a key of the piano belongs to it; in minor with the raised sixth and seventh.
    pub fn holds(self, key: u8) -> bool {
        const MAJOR: [u8; 7] = [0, 2, 4, 5, 7, 9, 11];
        const MINOR: [u8; 9] = [0, 2, 3, 5, 7, 8, 9, 10, 11];
        let degree = (key + 12 - self.tonic) % 12;
        if self.is_minor { MINOR.contains(&degree) } else { MAJOR.contains(&degree) }
    }
}

/// A note of the melody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MelodyNote {
    /// Step it begins at.
    pub onset: u32,
    /// Steps it lasts, at least 1.
    pub steps: u32,
    /// MIDI key.
    pub key: u8,
}

/// A chord of the accompaniment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChordChange {
    /// Step it begins at.
    pub onset: u32,
    /// Steps it lasts, at least 1.
    pub steps: u32,
    /// What sounds.
    pub chord: Chord,
}

/// A melody over chords. Neither overlaps itself; both are in the order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tune {
    /// Its bars, counted from step 0; an upbeat follows a rest.
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

    /// The tune some semitones up; chords stay in their octave. `None` where the melody would leave MIDI's range.
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

    /// The first `bars` bars; what lasts longer is cut off.
    pub fn first_bars(&self, bars: u32) -> Self {
        let end = bars * self.metre.bar();
        let mut tune = self.clone();
        tune.notes.retain(|n| n.onset < end);
        tune.chords.retain(|c| c.onset < end);
        if let Some(last) = tune.notes.last_mut() {
            last.steps = last.steps.min(end - last.onset);
        }
        if let Some(last) = tune.chords.last_mut() {
            last.steps = last.steps.min(end - last.onset);
        }
        tune
    }

    /// Every note, melody and chords, as (onset, steps, key), by onset and then by key from above.
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
    fn every_key_comes_to_the_plain_one_by_the_shortest_way() {
        for sharps in -7..=7 {
            for is_minor in [false, true] {
                let tonality = Tonality::of_signature(sharps, is_minor);
                let shift = tonality.to_plain();
                assert!((-6..6).contains(&shift));
                let plain = (i32::from(tonality.tonic) + shift).rem_euclid(12);
                assert_eq!(plain, if is_minor { 9 } else { 0 });
            }
        }
        assert_eq!(Tonality::of_signature(2, false), Tonality { tonic: 2, is_minor: false });
        assert_eq!(Tonality::of_signature(-1, true), Tonality { tonic: 2, is_minor: true });
    }

    #[test]
    fn a_key_holds_its_scale() {
        let d_major = Tonality::of_signature(2, false);
        let held: Vec<u8> = (60..72).filter(|&key| d_major.holds(key)).collect();
        assert_eq!(held, [61, 62, 64, 66, 67, 69, 71]);
    }

    #[test]
    fn bars_are_as_long_as_their_signature_says() {
        let bars: Vec<u32> = Metre::ALL.iter().map(|m| m.bar()).collect();
        assert_eq!(bars, [96, 48, 72, 72, 108]);
        assert!(Metre::ALL.iter().enumerate().all(|(i, m)| m.index() == i));
        assert!(Metre::ALL.iter().all(|m| Metre::of_signature(m.signature().0, m.signature().1) == Some(*m)));
    }
}
