//! Chords: their notes, and the chord that some keys form.

/// The type of a chord: its intervals above the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quality {
    /// Major triad.
    Major,
    /// Minor triad.
    Minor,
    /// Diminished triad.
    Diminished,
    /// Augmented triad.
    Augmented,
    /// Major triad with a minor seventh.
    Seventh,
    /// Minor triad with a minor seventh.
    MinorSeventh,
    /// Augmented triad with a minor seventh.
    AugmentedSeventh,
    /// Major triad with a sixth.
    Sixth,
    /// Minor triad with a sixth.
    MinorSixth,
    /// Seventh with a minor ninth.
    MinorNinth,
}

impl Quality {
    /// All chord types; if two fit the same keys, the first is chosen.
    pub const ALL: [Self; 10] = [
        Self::Major,
        Self::Minor,
        Self::Seventh,
        Self::MinorSeventh,
        Self::Diminished,
        Self::Augmented,
        Self::Sixth,
        Self::MinorSixth,
        Self::AugmentedSeventh,
        Self::MinorNinth,
    ];

    /// Intervals above the root in semitones, beginning with 0.
    pub fn intervals(self) -> &'static [u8] {
        match self {
            Self::Major => &[0, 4, 7],
            Self::Minor => &[0, 3, 7],
            Self::Diminished => &[0, 3, 6],
            Self::Augmented => &[0, 4, 8],
            Self::Seventh => &[0, 4, 7, 10],
            Self::MinorSeventh => &[0, 3, 7, 10],
            Self::AugmentedSeventh => &[0, 4, 8, 10],
            Self::Sixth => &[0, 4, 7, 9],
            Self::MinorSixth => &[0, 3, 7, 9],
            Self::MinorNinth => &[0, 4, 7, 10, 13],
        }
    }
}

/// A chord in root position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Chord {
    /// MIDI key of the root.
    pub root: u8,
    /// The chord type.
    pub quality: Quality,
}

impl Chord {
    /// The highest root whose chords all stay within the MIDI range.
    pub const HIGHEST_ROOT: u8 = 127 - 13;

    /// The chord that some keys form, in any inversion and spread over any octaves.
    ///
    /// The root is placed in the octave of the lowest key. `None` if the keys form no known chord.
    pub fn from_keys(keys: &[u8]) -> Option<Self> {
        let lowest = *keys.iter().min()?;
        let mut classes: Vec<u8> = keys.iter().map(|key| key % 12).collect();
        classes.sort_unstable();
        classes.dedup();
        // The lowest key is the root if it fits any chord type.
        let roots = std::iter::once(lowest % 12).chain(classes.iter().copied());
        for root in roots {
            for quality in Quality::ALL {
                let mut wanted: Vec<u8> = quality.intervals().iter().map(|i| (root + i) % 12).collect();
                wanted.sort_unstable();
                if wanted == classes {
                    let root = lowest / 12 * 12 + root;
                    return (root <= Self::HIGHEST_ROOT).then_some(Self { root, quality });
                }
            }
        }
        None
    }

    /// Its keys, the root first.
    pub fn keys(self) -> impl Iterator<Item = u8> {
        self.quality.intervals().iter().map(move |interval| self.root + interval)
    }

    /// Pitch class of the root, 0 (C) to 11 (B).
    pub fn class(self) -> u8 {
        self.root % 12
    }

    /// The chord transposed by some semitones, with its root in the same octave (from C to B).
    pub fn transposed(self, semitones: i32) -> Self {
        let class = (i32::from(self.class()) + semitones).rem_euclid(12) as u8;
        let root = self.root / 12 * 12 + class;
        // In the highest octave a whole chord may exceed the MIDI range.
        Self { root: if root > Self::HIGHEST_ROOT { root - 12 } else { root }, quality: self.quality }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chord_is_found_from_its_keys() {
        for quality in Quality::ALL {
            for root in 36..48 {
                let chord = Chord { root, quality };
                let keys: Vec<u8> = chord.keys().collect();
                assert_eq!(Chord::from_keys(&keys), Some(chord));
            }
        }
    }

    #[test]
    fn an_inverted_chord_is_found() {
        let c_major = Chord { root: 48, quality: Quality::Major };
        assert_eq!(Chord::from_keys(&[52, 55, 60]), Some(c_major));
        assert_eq!(Chord::from_keys(&[55, 64, 72, 60]), Some(c_major));
        assert_eq!(Chord::from_keys(&[60, 61, 62]), None);
        assert_eq!(Chord::from_keys(&[]), None);
    }

    #[test]
    fn transposing_up_and_down_again_changes_nothing() {
        for semitones in -6..6 {
            let chord = Chord { root: 43, quality: Quality::Seventh };
            assert_eq!(chord.transposed(semitones).transposed(-semitones), chord);
        }
    }
}
