//! What the name of a track says about who plays it, in the usual spellings of several languages.

mod hands;
mod instruments;
mod players;

use hands::{BESIDE_HANDS, LEFT, RIGHT, UNSURE_HANDS};
use instruments::{GENERAL_MIDI, OTHERS, SYNTH_SOUNDS};
use players::{DRUMS, EMPTY, KEYBOARDS, KINDS, PROSE, ROLES, UNSURE_DRUMS};

/// A pianist's hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hand {
    Left,
    Right,
}

/// What a name says about the instrument, where the file sets no program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Drums,
    /// An instrument that is not played on a piano's keys.
    Other,
}

/// A track's name, as far as it is understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Name {
    /// The hand that it names, if it names one.
    pub hand: Option<Hand>,
    /// Whether the hand's word can hardly mean anything else.
    pub is_sure: bool,
    /// Everything else that tells tracks apart, numbers included.
    pub stem: Vec<String>,
}

/// Accents that stand behind their letter.
const COMBINING_ACCENTS: std::ops::RangeInclusive<char> = '\u{300}'..='\u{36F}';

impl Name {
    /// Reads a track's name.
    pub fn parse(text: &str) -> Self {
        let mut words = words(text);
        let is_hand = |word: &String| is_in(word, &[RIGHT, LEFT]);
        let places: Vec<usize> = (0..words.len()).filter(|&i| is_hand(&words[i])).collect();
        let is_sure = |i: usize| !is_in(&words[i], &[UNSURE_HANDS]);
        let place = places.iter().copied().find(|&i| is_sure(i)).or_else(|| places.last().copied());
        let is_sure = place.is_some_and(is_sure);
        let hand = place.map(|i| if is_in(&words[i], &[RIGHT]) { Hand::Right } else { Hand::Left });
        if let Some(place) = place {
            words.remove(place);
            words.retain(|word| !is_in(word, &[BESIDE_HANDS]));
        }
        words.retain(|word| !is_in(word, &[EMPTY]));
        Self { hand, is_sure, stem: words }
    }

    /// The stem without its numbers.
    pub fn words(&self) -> Vec<&str> {
        self.stem.iter().map(String::as_str).filter(|word| !is_number(word)).collect()
    }

    /// Whether two names are one but for the hand.
    pub fn is_same_player(&self, other: &Self) -> bool {
        !self.words().is_empty() && self.stem == other.stem
    }

    /// Whether two names tell two players: another role, or another instrument.
    ///
    /// The first track of many files has the piece's title; names with any other word in them tell neither.
    pub fn distinguishes(&self, other: &Self) -> bool {
        let (own, others) = (self.keyboards(), other.keyboards());
        self.roles() != other.roles() || (!own.is_empty() && !others.is_empty() && own != others)
    }

    fn is_plain(&self) -> bool {
        let is_role = |word: &str| ROLES.iter().any(|(_, words)| words.contains(&word));
        self.stem.iter().all(|word| is_number(word) || is_role(word) || is_in(word, &[KEYBOARDS, KINDS]))
    }

    /// What the player does among others.
    fn roles(&self) -> Vec<&'static str> {
        let is_keyboard = !self.keyboards().is_empty();
        // A solo piano is no soloist.
        let says = |words: &[&str]| {
            self.stem.iter().any(|word| words.contains(&word.as_str()) && !(is_keyboard && word == "solo"))
        };
        ROLES.iter().filter(|(_, words)| self.is_plain() && says(words)).map(|&(role, _)| role).collect()
    }

    fn keyboards(&self) -> Vec<&str> {
        let words = if self.is_plain() { self.words() } else { Vec::new() };
        words.into_iter().filter(|word| is_in(word, &[KEYBOARDS])).collect()
    }
}

/// The instrument that a name tells, if it tells an instrument that is not on a piano's keys.
///
/// Names are prose as often as not; one with any other word in it tells nothing, unless it is a track's among other
/// named ones.
pub(super) fn instrument(text: &str, is_among_others: bool) -> Option<Named> {
    let words = words(text);
    let says = |list| words.iter().any(|word| is_in(word, &[list]));
    if !words.iter().all(|word| is_number(word) || is_in(word, &[DRUMS, OTHERS, KINDS, EMPTY])) {
        is_among_others.then(|| instrument_among_others(text, &words)).flatten()
    } else if says(DRUMS) {
        Some(Named::Drums)
    } else {
        says(OTHERS).then_some(Named::Other)
    }
}

/// The same of a name with any words in it: one for drums decides, and an instrument's at the end.
fn instrument_among_others(text: &str, words: &[String]) -> Option<Named> {
    let name = Name::parse(text);
    let says = |list| words.iter().any(|word| is_in(word, &[list]));
    if says(KEYBOARDS) || says(PROSE) || (name.hand.is_some() && name.is_sure) {
        return None;
    }
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !is_number(word)).collect();
    // What may stand beside an instrument's word does so behind it too: "Horn section".
    let is_named = |list| {
        let last = words.iter().rev().find(|word| is_in(word, &[list]) || !is_in(word, &[KINDS, EMPTY]));
        last.is_some_and(|word| is_in(word, &[list]))
    };
    if words.iter().any(|word| is_in(word, &[DRUMS]) && !is_in(word, &[UNSURE_DRUMS])) || is_named(DRUMS) {
        return Some(Named::Drums);
    }
    let is_general_midi = GENERAL_MIDI.contains(&words.join(" ").as_str()) || is_synth(&words);
    // A clef has an instrument's name, and is a hand.
    (is_general_midi || (is_named(OTHERS) && !says(BESIDE_HANDS))).then_some(Named::Other)
}

/// Whether words are a synthesizer's sound, as "Pad 2 (warm)" or "Saw Lead"; a lead alone may be any melody.
fn is_synth(words: &[&str]) -> bool {
    let is_role = |word: &str| ROLES.iter().any(|(_, words)| words.contains(&word));
    match words {
        ["lead" | "pad" | "fx", sounds @ ..] if !sounds.is_empty() => sounds.iter().all(|w| is_in(w, &[SYNTH_SOUNDS])),
        [.., before, "lead" | "leads"] => !is_role(before) && !is_in(before, &[KINDS, EMPTY]),
        _ => false,
    }
}

fn is_in(word: &str, lists: &[&[&str]]) -> bool {
    lists.iter().any(|list| list.contains(&word))
}

fn is_number(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_digit())
}

/// A name's words and numbers in lower case, without accents; "R.H.", "RightHand" and "ピアノ右手" are taken apart.
fn words(text: &str) -> Vec<String> {
    /// What is written without spaces around it.
    const UNSPACED: [(&str, &str); 8] = [
        ("右手", " rh "),
        ("左手", " lh "),
        ("右", " rh "),
        ("左", " lh "),
        ("오른손", " rh "),
        ("왼손", " lh "),
        ("ピアノ", " piano "),
        ("피아노", " piano "),
    ];
    let mut spaced = text.to_owned();
    for (written, word) in UNSPACED {
        spaced = spaced.replace(written, word);
    }
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    for c in spaced.chars().filter(|c| !COMBINING_ACCENTS.contains(c)) {
        let joins = (last.is_alphabetic() && c.is_alphabetic() && !(last.is_lowercase() && c.is_uppercase()))
            || (last.is_ascii_digit() && c.is_ascii_digit());
        if c.is_alphanumeric() {
            if !joins {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase().map(without_accent));
            }
        }
        last = c;
    }
    // Initials belong together: "R.H.", "m. d."; and a hi-hat is one word.
    let mut joined: Vec<String> = Vec::new();
    for word in words {
        let is_initial = |word: &str| word.len() == 1 && word.chars().all(char::is_alphabetic);
        match joined.last_mut() {
            Some(before) if is_initial(&word) && before.len() == 1 && is_initial(before) => before.push_str(&word),
            Some(before) if before == "hi" && matches!(word.as_str(), "hat" | "hats") => before.push_str(&word),
            _ => joined.push(word),
        }
    }
    joined
}

fn without_accent(c: char) -> char {
    match c {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' | 'ą' => 'a',
        'é' | 'è' | 'ê' | 'ë' | 'ę' | 'ě' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ø' => 'o',
        'ú' | 'ù' | 'û' | 'ü' | 'ů' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        'ğ' => 'g',
        _ => c,
    }
}
