//! Recognises hands, players and instruments in track names, in the usual spellings of several languages.

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

/// An instrument found in a name, for tracks without a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Drums,
    /// An instrument without a keyboard.
    Other,
}

/// A parsed track name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Name {
    /// The hand in the name.
    pub hand: Option<Hand>,
    /// Whether the word for the hand is unambiguous.
    pub is_sure: bool,
    /// All other words that distinguish tracks, numbers included.
    pub stem: Vec<String>,
}

/// Accents that are separate characters after their letter.
const COMBINING_ACCENTS: std::ops::RangeInclusive<char> = '\u{300}'..='\u{36F}';

impl Name {
    /// Parses a track's name.
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

    /// Whether two names are equal apart from the hand.
    pub fn is_same_player(&self, other: &Self) -> bool {
        !self.words().is_empty() && self.stem == other.stem
    }

    /// Whether two names belong to different players, by role or keyboard.
    ///
    /// The first track of many files is named after the piece. A name with any other word therefore has neither.
    pub fn distinguishes(&self, other: &Self) -> bool {
        let (own, others) = (self.keyboards(), other.keyboards());
        self.roles() != other.roles() || (!own.is_empty() && !others.is_empty() && own != others)
    }

    fn is_plain(&self) -> bool {
        let is_role = |word: &str| ROLES.iter().any(|(_, words)| words.contains(&word));
        self.stem.iter().all(|word| is_number(word) || is_role(word) || is_in(word, &[KEYBOARDS, KINDS]))
    }

    /// The player's roles, such as melody or accompaniment.
    fn roles(&self) -> Vec<&'static str> {
        let is_keyboard = !self.keyboards().is_empty();
        // "Solo piano" is not a soloist among others.
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

/// The instrument without a keyboard in a name, if there is one.
///
/// Names are often titles. A name with any other word therefore counts only if other tracks have names too.
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

/// The instrument in a name with other words: a word for drums anywhere, or an instrument at the end.
fn instrument_among_others(text: &str, words: &[String]) -> Option<Named> {
    let name = Name::parse(text);
    let says = |list| words.iter().any(|word| is_in(word, &[list]));
    if says(KEYBOARDS) || says(PROSE) || (name.hand.is_some() && name.is_sure) {
        return None;
    }
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !is_number(word)).collect();
    // Words that describe an instrument may follow it: "Horn section".
    let is_named = |list| {
        let last = words.iter().rev().find(|word| is_in(word, &[list]) || !is_in(word, &[KINDS, EMPTY]));
        last.is_some_and(|word| is_in(word, &[list]))
    };
    if words.iter().any(|word| is_in(word, &[DRUMS]) && !is_in(word, &[UNSURE_DRUMS])) || is_named(DRUMS) {
        return Some(Named::Drums);
    }
    let is_general_midi = GENERAL_MIDI.contains(&words.join(" ").as_str()) || is_synth(&words);
    // A word for a clef may also be an instrument, but means a hand.
    (is_general_midi || (is_named(OTHERS) && !says(BESIDE_HANDS))).then_some(Named::Other)
}

/// Whether words name a synthesizer sound such as "Pad 2 (warm)" or "Saw Lead"; "Lead" alone may be any melody.
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

/// The words and numbers of a name in lower case, without accents; "RightHand" and "ピアノ右手" are split into words.
fn words(text: &str) -> Vec<String> {
    /// Words that are written without spaces around them.
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
    // Initials form one word ("R.H.", "m. d."), and so does "hi-hat".
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
