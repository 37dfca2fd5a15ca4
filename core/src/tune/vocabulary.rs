//! The generator's vocabulary: ids for the rows of a tune, for a start per metre and for an end.
//!
//! Rare rows have no id. Each is replaced by the closest row of the same length that has one, or by several tied rows of
//! the same total length. No row is dropped, so bars still add up.

use std::collections::HashMap;

use thiserror::Error;

use super::chord::Chord;
use super::token::{Melody, Token};
use super::{Metre, Quality, Tonality, Tune};

/// The meaning of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// The end of a tune.
    End,
    /// The start of a tune in this metre.
    Start(Metre),
    /// A row of a tune.
    Row(Token),
}

/// The mapping between symbols and ids.
///
/// Ids count from 0 without gaps: the end, a start for each of [`Metre::ALL`], then the rows from the most frequent on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    rows: Vec<Token>,
    ids: HashMap<Token, usize>,
}

/// Why a text is not a vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VocabularyError {
    /// A line is not a row.
    #[error("line {line}: {text:?} is not a row of melody steps, key, chord steps, root and quality")]
    Row {
        /// Line number, counted from 1.
        line: usize,
        /// The line.
        text: String,
    },
    /// A row occurs twice.
    #[error("line {line} occurs twice")]
    Twice {
        /// Line number, counted from 1.
        line: usize,
    },
    /// The rest or the tie of one step is missing, of which every other length can be made.
    #[error("the rest or the tie of one step is missing, of which every other length can be made")]
    NoUnit,
}

/// A rest of one step, of which a rest of any length can be made.
const UNIT: Token = Token { melody: Melody::Rest, steps: 1, chord: None };
/// The same for a note that continues.
const TIED_UNIT: Token = Token { melody: Melody::Tie, steps: 1, chord: None };

/// The id of the first row; the ids before it are the end and the starts.
const FIRST_ROW: usize = 1 + Metre::ALL.len();

impl Vocabulary {
    /// The vocabulary of the `size` most frequent symbols of some tunes, which must be in C major or A minor.
    pub fn from_tunes<'a>(tunes: impl IntoIterator<Item = &'a Tune>, size: usize) -> Self {
        let mut counts: HashMap<Token, usize> = HashMap::new();
        for token in tunes.into_iter().flat_map(Tune::tokens) {
            *counts.entry(token).or_default() += 1;
        }
        counts.remove(&UNIT);
        counts.remove(&TIED_UNIT);
        let mut rows: Vec<(Token, usize)> = counts.into_iter().collect();
        rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        rows.truncate(size.saturating_sub(FIRST_ROW + 2));
        let rows = rows.into_iter().map(|(token, _)| token).chain([UNIT, TIED_UNIT]);
        Self::from_rows(rows.collect())
    }

    fn from_rows(rows: Vec<Token>) -> Self {
        let ids = rows.iter().enumerate().map(|(place, &token)| (token, FIRST_ROW + place)).collect();
        Self { rows, ids }
    }

    /// Number of symbols.
    pub fn size(&self) -> usize {
        FIRST_ROW + self.rows.len()
    }

    /// The symbol of an id; `None` from [`Vocabulary::size`] on.
    pub fn symbol(&self, id: usize) -> Option<Symbol> {
        match id {
            0 => Some(Symbol::End),
            id if id < FIRST_ROW => Some(Symbol::Start(Metre::ALL[id - 1])),
            id => self.rows.get(id - FIRST_ROW).copied().map(Symbol::Row),
        }
    }

    /// The id that ends a tune.
    pub fn end(&self) -> usize {
        0
    }

    /// The id that begins a tune.
    pub fn start(&self, metre: Metre) -> usize {
        1 + metre.index()
    }

    /// Whether a row has an id of its own.
    pub fn knows(&self, token: &Token) -> bool {
        self.ids.contains_key(token)
    }

    /// The ids of a row: one, or several tied rows if it has no id and no close row of its length.
    pub fn ids(&self, token: &Token) -> Vec<usize> {
        if let Some(&id) = self.ids.get(token) {
            return vec![id];
        }
        let closest = |wanted: &Token| {
            let alike = self.rows.iter().filter(|row| row.steps == wanted.steps);
            // Among equally close rows the most frequent one.
            alike.min_by_key(|row| distance(row, wanted)).filter(|row| distance(row, wanted) < UNLIKE)
        };
        let mut ids = Vec::new();
        let mut rest = *token;
        while rest.steps > 0 {
            let longest = (1..=rest.steps).rev().find_map(|steps| closest(&Token { steps, ..rest }));
            // A note shorter than any in the vocabulary becomes a rest, so that the bar still adds up.
            let unit = if rest.melody == Melody::Tie { &TIED_UNIT } else { &UNIT };
            let row = longest.unwrap_or(unit);
            ids.push(self.ids[row]);
            let melody = if rest.melody == Melody::Rest { Melody::Rest } else { Melody::Tie };
            rest = Token { melody, steps: rest.steps - row.steps, chord: None };
        }
        ids
    }

    /// The ids of a tune in C major or A minor, from its start to its end.
    pub fn encode(&self, tune: &Tune) -> Vec<usize> {
        let mut ids = vec![self.start(tune.metre)];
        ids.extend(tune.tokens().iter().flat_map(|token| self.ids(token)));
        ids.push(self.end());
        ids
    }

    /// The tune of some ids, up to the first end; start symbols are ignored.
    pub fn decode(&self, metre: Metre, is_minor: bool, ids: &[usize]) -> Tune {
        let symbols = ids.iter().map_while(|&id| self.symbol(id).filter(|s| *s != Symbol::End));
        let rows: Vec<Token> =
            symbols.filter_map(|symbol| if let Symbol::Row(token) = symbol { Some(token) } else { None }).collect();
        let tonic = if is_minor { 9 } else { 0 };
        Tune::from_tokens(metre, Tonality { tonic, is_minor }, &rows)
    }

    /// The text form: one line per row with melody steps and key (or `tie`, `rest`).
    ///
    /// If a chord begins, its steps, root and quality follow.
    pub fn to_text(&self) -> String {
        self.rows.iter().map(|token| line_of(token) + "\n").collect()
    }

    /// Parses the text form that [`Vocabulary::to_text`] writes.
    ///
    /// # Errors
    /// [`VocabularyError`] if a line is not a row or occurs twice, or if a row of one step is missing.
    pub fn from_text(text: &str) -> Result<Self, VocabularyError> {
        let rows = text.lines().enumerate().map(|(place, line)| {
            token_of(line).ok_or_else(|| VocabularyError::Row { line: place + 1, text: line.into() })
        });
        let vocabulary = Self::from_rows(rows.collect::<Result<_, _>>()?);
        if vocabulary.ids.len() < vocabulary.rows.len() {
            let twice = vocabulary.rows.iter().enumerate().position(|(i, row)| vocabulary.ids[row] != FIRST_ROW + i);
            return Err(VocabularyError::Twice { line: twice.unwrap_or(0) + 1 });
        }
        if ![UNIT, TIED_UNIT].iter().all(|unit| vocabulary.ids.contains_key(unit)) {
            return Err(VocabularyError::NoUnit);
        }
        Ok(vocabulary)
    }
}

/// Distance from which a row cannot replace another.
const UNLIKE: u32 = 1000;

/// The distance between two rows of the same length; 0 for equal rows.
fn distance(row: &Token, wanted: &Token) -> u32 {
    let melody = match (row.melody, wanted.melody) {
        (Melody::Note(a), Melody::Note(b)) if a == b => 0,
        // The same pitch class in another octave is closer than most other keys.
        (Melody::Note(a), Melody::Note(b)) if a % 12 == b % 12 => 12 + u32::from(a.abs_diff(b)),
        (Melody::Note(a), Melody::Note(b)) => 20 + 4 * u32::from(a.abs_diff(b)),
        (a, b) if a == b => 0,
        _ => return UNLIKE,
    };
    let chord = match (row.chord, wanted.chord) {
        (None, None) => 0,
        (Some((long, a)), Some((wanted_long, b))) => {
            let duration = if long == wanted_long { 0 } else { 2 + long.abs_diff(wanted_long) / 24 };
            let root = if a.class() != b.class() { 30 } else { u32::from(a.root != b.root) };
            let third = |quality: Quality| quality.intervals()[1];
            let quality = match (a.quality == b.quality, third(a.quality) == third(b.quality)) {
                (true, _) => 0,
                (false, true) => 4,
                (false, false) => 12,
            };
            duration + root + quality
        }
        // Omitting a chord is better than a wrong root; adding one is worse.
        (None, Some(_)) => 25,
        (Some(_), None) => 40,
    };
    melody + chord
}

fn line_of(token: &Token) -> String {
    let melody = match token.melody {
        Melody::Note(key) => key.to_string(),
        Melody::Tie => "tie".into(),
        Melody::Rest => "rest".into(),
    };
    match token.chord {
        None => format!("{} {melody}", token.steps),
        Some((steps, chord)) => {
            format!("{} {melody} {steps} {} {}", token.steps, chord.root, quality_id(chord.quality))
        }
    }
}

fn token_of(line: &str) -> Option<Token> {
    let parts: Vec<&str> = line.split_whitespace().collect();
    let steps = |text: &str| text.parse::<u32>().ok().filter(|steps| (1..=96 * 64).contains(steps));
    let melody = match *parts.get(1)? {
        "tie" => Melody::Tie,
        "rest" => Melody::Rest,
        key => Melody::Note(key.parse().ok().filter(|key| *key < 128)?),
    };
    let chord = match parts.get(2..)? {
        [] => None,
        [long, root, quality] => {
            let quality = Quality::ALL.into_iter().find(|q| quality_id(*q) == *quality)?;
            let root = root.parse().ok().filter(|root| *root <= Chord::HIGHEST_ROOT)?;
            Some((steps(long)?, Chord { root, quality }))
        }
        _ => return None,
    };
    Some(Token { melody, steps: steps(parts[0])?, chord })
}

/// The name of a chord type in files.
fn quality_id(quality: Quality) -> &'static str {
    match quality {
        Quality::Major => "major",
        Quality::Minor => "minor",
        Quality::Diminished => "diminished",
        Quality::Augmented => "augmented",
        Quality::Seventh => "7",
        Quality::MinorSeventh => "minor7",
        Quality::AugmentedSeventh => "augmented7",
        Quality::Sixth => "6",
        Quality::MinorSixth => "minor6",
        Quality::MinorNinth => "7b9",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tune::{ChordChange, MelodyNote};

    fn tune() -> Tune {
        let major = |root| Chord { root, quality: Quality::Major };
        Tune {
            metre: Metre::FourFour,
            tonality: Tonality { tonic: 0, is_minor: false },
            notes: (0..16)
                .map(|i| MelodyNote { onset: i * 12, steps: 12, key: [60, 62, 64][i as usize % 3] })
                .collect(),
            chords: vec![
                ChordChange { onset: 0, steps: 96, chord: major(36) },
                ChordChange { onset: 96, steps: 96, chord: major(43) },
            ],
        }
    }

    #[test]
    fn encoding_and_decoding_a_tune_of_known_rows_changes_nothing() {
        let tune = tune();
        let vocabulary = Vocabulary::from_tunes([&tune], 1000);
        let ids = vocabulary.encode(&tune);
        assert_eq!((ids[0], ids[ids.len() - 1]), (vocabulary.start(Metre::FourFour), vocabulary.end()));
        assert_eq!(vocabulary.decode(tune.metre, false, &ids), tune);
        assert!(ids.iter().all(|&id| id < vocabulary.size() && vocabulary.symbol(id).is_some()));
        assert_eq!(vocabulary.symbol(vocabulary.size()), None);
    }

    #[test]
    fn a_rare_row_is_replaced_by_one_of_the_same_length_with_the_same_melody() {
        let vocabulary = Vocabulary::from_tunes([&tune()], 1000);
        let rare = Chord { root: 36, quality: Quality::Sixth };
        let token = Token { melody: Melody::Note(60), steps: 12, chord: Some((48, rare)) };
        let ids = vocabulary.ids(&token);
        let Some(Symbol::Row(found)) = vocabulary.symbol(ids[0]) else { panic!("no row") };
        let plain = Chord { root: 36, quality: Quality::Major };
        assert_eq!((ids.len(), found), (1, Token { chord: Some((96, plain)), ..token }));
    }

    #[test]
    fn a_rare_length_is_made_of_tied_rows() {
        let mut known = tune();
        known
            .notes
            .extend([MelodyNote { onset: 192, steps: 96, key: 60 }, MelodyNote { onset: 288, steps: 48, key: 60 }]);
        let vocabulary = Vocabulary::from_tunes([&known], 1000);
        let token = Token { melody: Melody::Note(60), steps: 62, chord: None };
        let ids = vocabulary.ids(&token);
        let tune = vocabulary.decode(Metre::FourFour, false, &ids);
        assert_eq!(tune.notes, [MelodyNote { onset: 0, steps: 62, key: 60 }]);
    }

    #[test]
    fn the_text_form_reads_back_and_invalid_texts_are_refused() {
        let vocabulary = Vocabulary::from_tunes([&tune()], 1000);
        assert_eq!(Vocabulary::from_text(&vocabulary.to_text()), Ok(vocabulary.clone()));
        let twice = vocabulary.to_text() + "1 tie\n";
        assert_eq!(Vocabulary::from_text(&twice), Err(VocabularyError::Twice { line: twice.lines().count() - 1 }));
        assert_eq!(Vocabulary::from_text("12 60\n"), Err(VocabularyError::NoUnit));
        for bad in ["", "12", "x 60", "0 60", "12 128", "12 60 48", "12 60 48 36 loud", "12 60 48 120 major"] {
            let text = format!("{bad}\n");
            assert!(matches!(Vocabulary::from_text(&text), Err(VocabularyError::Row { line: 1, .. })), "{bad:?}");
        }
    }
}
