//! Converts a tune to rows of (melody: duration, octave, key; chord: duration, octave, key) and back.
//!
//! The rows follow arXiv 1710.11418, whose own encoding is not published. A row begins at every note, rest, chord and
//! bar line and lasts until the next row. A note that continues across a chord or bar line gets a further row, tied to
//! the one before. The rows of a bar therefore add up to the bar, and converting back restores the tune.

use super::chord::Chord;
use super::{ChordChange, MelodyNote, Metre, Tonality, Tune};

/// The melody of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Melody {
    /// A note of this MIDI key begins.
    Note(u8),
    /// The note of the row before continues.
    Tie,
    /// Nothing sounds.
    Rest,
}

/// A row of a tune.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token {
    /// The melody.
    pub melody: Melody,
    /// Length in steps, at least 1.
    pub steps: u32,
    /// Length in steps and type of a chord that begins with the row; `None` if the chord before continues.
    pub chord: Option<(u32, Chord)>,
}

impl Tune {
    /// The tune's rows, from its first bar to its last note.
    pub fn tokens(&self) -> Vec<Token> {
        let bar = self.metre.bar();
        let end = self.notes.iter().map(|n| n.onset + n.steps).chain(self.chords.iter().map(|c| c.onset + 1)).max();
        let end = end.unwrap_or(0);
        let mut edges: Vec<u32> = (0..end).step_by(bar as usize).collect();
        edges.extend(self.notes.iter().flat_map(|n| [n.onset, n.onset + n.steps]));
        edges.extend(self.chords.iter().map(|c| c.onset));
        edges.push(end);
        edges.sort_unstable();
        edges.dedup();

        let (mut notes, mut chords) = (self.notes.iter().peekable(), self.chords.iter().peekable());
        let mut sounding_until = 0;
        let rows = edges.windows(2).map(|edge| {
            let onset = edge[0];
            let melody = if let Some(note) = notes.next_if(|n| n.onset == onset) {
                sounding_until = onset + note.steps;
                Melody::Note(note.key)
            } else if onset < sounding_until {
                Melody::Tie
            } else {
                Melody::Rest
            };
            let chord = chords.next_if(|c| c.onset == onset).map(|c| (c.steps, c.chord));
            Token { melody, steps: edge[1] - onset, chord }
        });
        rows.collect()
    }

    /// The tune of some rows.
    ///
    /// Any rows are valid: a tie without a note before it is a rest, and a chord ends where the next begins.
    pub fn from_tokens(metre: Metre, tonality: Tonality, tokens: &[Token]) -> Self {
        let mut tune = Self { metre, tonality, notes: Vec::new(), chords: Vec::new() };
        let mut onset = 0;
        for token in tokens {
            match token.melody {
                Melody::Note(key) => tune.notes.push(MelodyNote { onset, steps: token.steps, key }),
                Melody::Tie => {
                    if let Some(last) = tune.notes.last_mut().filter(|n| n.onset + n.steps == onset) {
                        last.steps += token.steps;
                    }
                }
                Melody::Rest => {}
            }
            if let Some((steps, chord)) = token.chord {
                if let Some(last) = tune.chords.last_mut() {
                    last.steps = last.steps.min(onset - last.onset);
                }
                tune.chords.push(ChordChange { onset, steps, chord });
            }
            onset += token.steps;
        }
        tune
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::tune::Quality;

    /// Tunes made of lines of (rest before, steps, pitch class).
    fn tunes() -> impl Strategy<Value = Tune> {
        let line = || vec((prop_oneof![3 => Just(0u32), 1 => 1u32..60], 1u32..100, 0u8..12), 1..40);
        (0usize..5, line(), line()).prop_map(|(metre, melody, chords)| {
            let laid = |line: Vec<(u32, u32, u8)>| {
                line.into_iter().scan(0, |end, (rest, steps, class)| {
                    let onset = *end + rest;
                    *end = onset + steps;
                    Some((onset, steps, class))
                })
            };
            Tune {
                metre: Metre::ALL[metre],
                tonality: Tonality { tonic: 0, is_minor: false },
                notes: laid(melody).map(|(onset, steps, class)| MelodyNote { onset, steps, key: 60 + class }).collect(),
                chords: laid(chords)
                    .map(|(onset, steps, class)| {
                        let chord = Chord { root: 36 + class, quality: Quality::Minor };
                        ChordChange { onset, steps, chord }
                    })
                    .collect(),
            }
        })
    }

    proptest! {
        #[test]
        fn converting_a_tune_to_tokens_and_back_changes_nothing(tune in tunes()) {
            prop_assert_eq!(Tune::from_tokens(tune.metre, tune.tonality, &tune.tokens()), tune);
        }

        #[test]
        fn no_token_crosses_a_bar_line(tune in tunes()) {
            let mut at = 0;
            for token in tune.tokens() {
                prop_assert!(token.steps >= 1 && at % tune.metre.bar() + token.steps <= tune.metre.bar());
                at += token.steps;
            }
        }
    }
}
