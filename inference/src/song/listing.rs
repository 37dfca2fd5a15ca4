//! Finds the tracks, channels and parts of a song from the words of a user.

use std::collections::{BTreeSet, HashMap};

use thiserror::Error;
use tonenet_core::midi::{Song, SongPart};

/// Why a list of tracks selects nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SelectionError {
    /// The list has an empty word.
    #[error("the list of tracks \"{list}\" has an empty word; give numbers, names or channels, separated by commas")]
    EmptyWord {
        /// The list.
        list: String,
    },
    /// A word matches no track, channel or part.
    #[error("it has no track or channel \"{word}\" with notes; it has {}", parts.join(", "))]
    NoSuchTrack {
        /// The word.
        word: String,
        /// The parts of the song, as users see them.
        parts: Vec<String>,
    },
}

/// The notes of a part on one channel of one track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Voice {
    /// The part's index in [`Song::parts`].
    pub part: usize,
    /// The track, counted from 0.
    pub track: usize,
    /// The channel, 0–15.
    pub channel: u8,
}

/// The voices that each word selects.
///
/// A word is the name of a track or part, a track (`3`), a channel (`ch10`) or a channel of a track (`3/ch10`), counted
/// from 1. A name wins over a number.
#[derive(Debug)]
pub struct Listing<'a> {
    parts: &'a [SongPart],
    words: HashMap<String, BTreeSet<Voice>>,
}

impl<'a> Listing<'a> {
    /// Lists the parts of a song.
    pub fn from_song(song: &Song, parts: &'a [SongPart]) -> Self {
        let (mut words, mut numbers) = (HashMap::new(), HashMap::new());
        for (index, part) in parts.iter().enumerate() {
            for voice in voices(index, part) {
                for name in [&song.track_names()[voice.track], &part.name].map(|name| normalised(name)) {
                    // An unnamed track or part cannot be selected by name.
                    if !name.is_empty() {
                        words.entry(name).or_insert_with(BTreeSet::new).insert(voice);
                    }
                }
                for word in number_words(voice) {
                    numbers.entry(word).or_insert_with(BTreeSet::new).insert(voice);
                }
            }
        }
        for (word, voices) in numbers {
            words.entry(word).or_insert(voices);
        }
        Self { parts, words }
    }

    /// The voices that comma-separated lists of words select. A name that contains commas counts as one word.
    ///
    /// # Errors
    /// When a word is empty or matches nothing; the error lists the song's parts.
    pub fn chosen(&self, lists: &[String]) -> Result<BTreeSet<Voice>, SelectionError> {
        let mut chosen = BTreeSet::new();
        for list in lists {
            let mut rest = Some(list.as_str());
            while let Some(text) = rest {
                let Some((voices, remaining)) = self.longest_word(text) else {
                    let word = text.split(',').next().unwrap_or(text).trim();
                    if word.is_empty() {
                        return Err(SelectionError::EmptyWord { list: list.clone() });
                    }
                    let parts = self.parts.iter().map(ToString::to_string).collect();
                    return Err(SelectionError::NoSuchTrack { word: word.into(), parts });
                };
                chosen.extend(voices);
                rest = remaining;
            }
        }
        Ok(chosen)
    }

    /// The voices of the longest word that starts a text, and the text after its comma.
    fn longest_word<'t>(&self, text: &'t str) -> Option<(&BTreeSet<Voice>, Option<&'t str>)> {
        let commas = text.rmatch_indices(',').map(|(at, _)| (&text[..at], Some(&text[at + 1..])));
        let mut words = std::iter::once((text, None)).chain(commas);
        words.find_map(|(word, remaining)| Some((self.find(word)?, remaining)))
    }

    fn find(&self, word: &str) -> Option<&BTreeSet<Voice>> {
        let word = normalised(word);
        self.words.get(&word).or_else(|| self.words.get(&normalised_number(&word)?))
    }

    /// A number word that selects exactly one part, by the part's index; `None` if there is none.
    pub fn word_for(&self, index: usize) -> Option<String> {
        let own: BTreeSet<Voice> = voices(index, &self.parts[index]).collect();
        let words = own.first().copied().map(number_words)?;
        words.into_iter().find(|word| self.words.get(word) == Some(&own))
    }
}

fn voices(index: usize, part: &SongPart) -> impl Iterator<Item = Voice> {
    part.voices.iter().map(move |&(track, channel)| Voice { part: index, track, channel })
}

/// The number words of a voice, the shortest first.
fn number_words(Voice { track, channel, .. }: Voice) -> [String; 3] {
    let (track, channel) = (track + 1, channel + 1);
    [format!("{track}"), format!("ch{channel}"), format!("{track}/ch{channel}")]
}

/// A name in the form that is compared: trimmed and in lower case.
fn normalised(name: &str) -> String {
    name.trim_matches(|c: char| c.is_control() || c.is_whitespace()).to_lowercase()
}

/// A number word in the form of [`number_words`], from variants such as "03" and "ch 10".
fn normalised_number(word: &str) -> Option<String> {
    let number = |text: &str| text.trim().parse::<usize>().ok();
    let channel = |text: &str| text.trim().strip_prefix("ch").and_then(number);
    match word.split_once('/') {
        Some((track, of_track)) => Some(format!("{}/ch{}", number(track)?, channel(of_track)?)),
        None => number(word).map(|n| n.to_string()).or_else(|| Some(format!("ch{}", channel(word)?))),
    }
}
