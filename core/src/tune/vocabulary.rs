//! The ids of symbols: a tune's rows, a start for each metre, an end.
//!
//! Rows that are seldom met have no id of their own. Each is backed off to the one that is closest to it among those
//! that have one and last as long, or to several tied ones that last as long together; none is dropped, so bars still
//! add up.

use std::collections::HashMap;

use thiserror::Error;

use super::chord::Chord;
use super::token::{Melody, Token};
use super::{Metre, Quality, Tonality, Tune};

/// What an id stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// The tune is over.
    End,
    /// A tune in this metre begins.
    Start(Metre),
    /// The next row.
    Row(Token),
}

/// Ids, from 0 and without gaps: the end, a start for each of [`Metre::ALL`], then rows from the most frequent on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    rows: Vec<Token>,
    ids: HashMap<Token, usize>,
}

/// Why a list of rows is no vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VocabularyError {
    /// A row does not read as one.
    #[error("line {line}: {text:?} is no row of melody steps, key, chord steps, root and quality")]
    Row {
        /// Counted from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// A row stands there twice.
    #[error("line {line} stands there twice")]
    Twice {
        /// Counted from 1.
        line: usize,
    },
    /// Every duration can be made of rests of one step, so there must be one.
    #[error("there is no rest of one step, which every other duration can be made of")]
    NoUnit,
}

/// What every duration can be made of.
const UNIT: Token = Token { melody: Melody::Rest, steps: 1, chord: None };
/// The same for a note that goes on.
const TIED_UNIT: Token = Token { melody: Melody::Tie, steps: 1, chord: None };

/// Symbols that are no rows.
const SIGNS: usize = 1 + Metre::ALL.len();

impl Vocabulary {
    /// The vocabulary of the `size` most frequent symbols of tunes in their plain key.
    pub fn from_tunes<'a>(tunes: impl IntoIterator<Item = &'a Tune>, size: usize) -> Self {
        let mut counts: HashMap<Token, usize> = HashMap::new();
        for token in tunes.into_iter().flat_map(Tune::tokens) {
            *counts.entry(token).or_default() += 1;
        }
        counts.remove(&UNIT);
        counts.remove(&TIED_UNIT);
        let mut rows: Vec<(Token, usize)> = counts.into_iter().collect();
        rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        rows.truncate(size.saturating_sub(SIGNS + 2));
        let rows = rows.into_iter().map(|(token, _)| token).chain([UNIT, TIED_UNIT]);
        Self::of_rows(rows.collect())
    }

    fn of_rows(rows: Vec<Token>) -> Self {
        let ids = rows.iter().enumerate().map(|(place, &token)| (token, SIGNS + place)).collect();
        Self { rows, ids }
    }

    /// How many symbols there are.
    pub fn size(&self) -> usize {
        SIGNS + self.rows.len()
    }

    /// What an id stands for; `None` from [`Vocabulary::size`] on.
    pub fn symbol(&self, id: usize) -> Option<Symbol> {
        match id {
            0 => Some(Symbol::End),
            id if id < SIGNS => Some(Symbol::Start(Metre::ALL[id - 1])),
            id => self.rows.get(id - SIGNS).copied().map(Symbol::Row),
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

    /// The ids of a row: one, or several where it is backed off to tied ones.
    pub fn ids(&self, token: &Token) -> Vec<usize> {
        if let Some(&id) = self.ids.get(token) {
            return vec![id];
        }
        let closest = |wanted: &Token| {
            let alike = self.rows.iter().filter(|row| row.steps == wanted.steps);
            // Of equally close ones the most frequent.
            alike.min_by_key(|row| distance(row, wanted)).filter(|row| distance(row, wanted) < UNLIKE)
        };
        let mut ids = Vec::new();
        let mut rest = *token;
        while rest.steps > 0 {
            let longest = (1..=rest.steps).rev().find_map(|steps| closest(&Token { steps, ..rest }));
            // A note shorter than any that is known gives way to silence, so that the bar still adds up.
            let unit = if rest.melody == Melody::Tie { &TIED_UNIT } else { &UNIT };
            let row = longest.unwrap_or(unit);
            ids.push(self.ids[row]);
            let melody = if rest.melody == Melody::Rest { Melody::Rest } else { Melody::Tie };
            rest = Token { melody, steps: rest.steps - row.steps, chord: None };
        }
        ids
    }

    /// The ids of a tune in its plain key, from its start to its end.
    pub fn encode(&self, tune: &Tune) -> Vec<usize> {
        let mut ids = vec![self.start(tune.metre)];
        ids.extend(tune.tokens().iter().flat_map(|token| self.ids(token)));
        ids.push(self.end());
        ids
    }

    /// The tune that ids tell, up to the first end; signs within it say nothing.
    pub fn decode(&self, metre: Metre, is_minor: bool, ids: &[usize]) -> Tune {
        let symbols = ids.iter().map_while(|&id| self.symbol(id).filter(|s| *s != Symbol::End));
        let rows: Vec<Token> =
            symbols.filter_map(|symbol| if let Symbol::Row(token) = symbol { Some(token) } else { None }).collect();
        let tonic = if is_minor { 9 } else { 0 };
        Tune::from_tokens(metre, Tonality { tonic, is_minor }, &rows)
    }

    /// A line for each row: melody steps, key (or `tie`, `rest`), then chord steps, root and quality where one begins.
    pub fn to_text(&self) -> String {
        self.rows.iter().map(|token| line_of(token) + "\n").collect()
    }

    /// The vocabulary that [`Vocabulary::to_text`] wrote.
    ///
    /// # Errors
    /// [`VocabularyError`] where a line is no row.
    pub fn from_text(text: &str) -> Result<Self, VocabularyError> {
        let rows = text.lines().enumerate().map(|(place, line)| {
            token_of(line).ok_or_else(|| VocabularyError::Row { line: place + 1, text: line.into() })
        });
        let vocabulary = Self::of_rows(rows.collect::<Result<_, _>>()?);
        if vocabulary.ids.len() < vocabulary.rows.len() {
            let twice = vocabulary.rows.iter().enumerate().position(|(i, row)| vocabulary.ids[row] != SIGNS + i);
            return Err(VocabularyError::Twice { line: twice.unwrap_or(0) + 1 });
        }
        if ![UNIT, TIED_UNIT].iter().all(|unit| vocabulary.ids.contains_key(unit)) {
            return Err(VocabularyError::NoUnit);
        }
        Ok(vocabulary)
    }
}

/// Rows this far apart do not stand for each other.
const UNLIKE: u32 = 1000;

/// How badly a row of the same duration stands for another.
fn distance(row: &Token, wanted: &Token) -> u32 {
    let melody = match (row.melody, wanted.melody) {
        (Melody::Note(a), Melody::Note(b)) if a == b => 0,
        // The same key in another octave is closer than any other key but the next.
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
        // A chord that goes on is better than a wrong one; one out of nothing is not.
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

/// What a chord is called in files.
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
    fn a_tune_of_known_rows_comes_back() {
        let tune = tune();
        let vocabulary = Vocabulary::from_tunes([&tune], 1000);
        let ids = vocabulary.encode(&tune);
        assert_eq!((ids[0], ids[ids.len() - 1]), (vocabulary.start(Metre::FourFour), vocabulary.end()));
        assert_eq!(vocabulary.decode(tune.metre, false, &ids), tune);
        assert!(ids.iter().all(|&id| id < vocabulary.size() && vocabulary.symbol(id).is_some()));
        assert_eq!(vocabulary.symbol(vocabulary.size()), None);
    }

    #[test]
    fn a_rare_row_is_backed_off_to_one_as_long_with_the_same_melody() {
        let vocabulary = Vocabulary::from_tunes([&tune()], 1000);
        let rare = Chord { root: 36, quality: Quality::Sixth };
        let token = Token { melody: Melody::Note(60), steps: 12, chord: Some((48, rare)) };
        let ids = vocabulary.ids(&token);
        let Some(Symbol::Row(found)) = vocabulary.symbol(ids[0]) else { panic!("no row") };
        let plain = Chord { root: 36, quality: Quality::Major };
        assert_eq!((ids.len(), found), (1, Token { chord: Some((96, plain)), ..token }));
    }

    #[test]
    fn a_rare_duration_is_made_of_tied_rows() {
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
    fn it_is_read_as_it_was_written() {
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
