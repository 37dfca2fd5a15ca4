//! Finds the tracks, channels and parts of a song by the words that a user names them with.

use std::collections::{BTreeSet, HashMap};

use thiserror::Error;
use tonenet_core::midi::{Song, SongPart};

/// Why words ask for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SelectionError {
    /// A word is empty.
    #[error(
        "the list of tracks \"{list}\" has an empty word; give numbers, names or channels with a comma between each two"
    )]
    EmptyWord {
        /// The list that it is in.
        list: String,
    },
    /// A word is the name of nothing.
    #[error("it has no track or channel \"{word}\" with notes; it has {}", parts.join(", "))]
    NoSuchTrack {
        /// The word.
        word: String,
        /// What there is.
        parts: Vec<String>,
    },
}

/// What a part plays on one channel of one track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Voice {
    /// The part, by its place in [`Song::parts`].
    pub part: usize,
    /// The track, counted from 0.
    pub track: usize,
    /// The channel, 0–15.
    pub channel: u8,
}

/// What each word asks for: the names of tracks and parts, tracks by number (`3`), channels (`ch10`), and channels of
/// tracks (`3/ch10`), counted from 1. A name goes before a number.
#[derive(Debug)]
pub struct Listing<'a> {
    parts: &'a [SongPart],
    words: HashMap<String, BTreeSet<Voice>>,
}

impl<'a> Listing<'a> {
    /// Lists the parts of a song.
    pub fn from_song(song: &Song, parts: &'a [SongPart]) -> Self {
        let (mut words, mut numbers) = (HashMap::new(), HashMap::new());
        for (place, part) in parts.iter().enumerate() {
            for voice in voices(place, part) {
                for name in [&song.track_names()[voice.track], &part.name].map(|name| spelt(name)) {
                    // What has no name cannot be named.
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

    /// What lists of words, with commas between them, ask for. A name with commas in it is one word.
    ///
    /// # Errors
    /// When a word is empty or asks for nothing; what there is is told then.
    pub fn chosen(&self, lists: &[String]) -> Result<BTreeSet<Voice>, SelectionError> {
        let mut chosen = BTreeSet::new();
        for list in lists {
            let mut rest = Some(list.as_str());
            while let Some(text) = rest {
                let Some((voices, behind)) = self.longest_word(text) else {
                    let word = text.split(',').next().unwrap_or(text).trim();
                    if word.is_empty() {
                        return Err(SelectionError::EmptyWord { list: list.clone() });
                    }
                    let parts = self.parts.iter().map(ToString::to_string).collect();
                    return Err(SelectionError::NoSuchTrack { word: word.into(), parts });
                };
                chosen.extend(voices);
                rest = behind;
            }
        }
        Ok(chosen)
    }

    /// The longest word that a text begins with, and what is behind its comma.
    fn longest_word<'t>(&self, text: &'t str) -> Option<(&BTreeSet<Voice>, Option<&'t str>)> {
        let commas = text.rmatch_indices(',').map(|(at, _)| (&text[..at], Some(&text[at + 1..])));
        let mut words = std::iter::once((text, None)).chain(commas);
        words.find_map(|(word, behind)| Some((self.find(word)?, behind)))
    }

    fn find(&self, word: &str) -> Option<&BTreeSet<Voice>> {
        let word = spelt(word);
        self.words.get(&word).or_else(|| self.words.get(&numbered(&word)?))
    }

    /// A number that asks for the part at a place and for nothing else, if there is one.
    pub fn word_for(&self, place: usize) -> Option<String> {
        let own: BTreeSet<Voice> = voices(place, &self.parts[place]).collect();
        let words = own.first().copied().map(number_words)?;
        words.into_iter().find(|word| self.words.get(word) == Some(&own))
    }
}

fn voices(place: usize, part: &SongPart) -> impl Iterator<Item = Voice> {
    part.voices.iter().map(move |&(track, channel)| Voice { part: place, track, channel })
}

/// What asks for a voice by number, the shortest first.
fn number_words(Voice { track, channel, .. }: Voice) -> [String; 3] {
    let (track, channel) = (track + 1, channel + 1);
    [format!("{track}"), format!("ch{channel}"), format!("{track}/ch{channel}")]
}

/// A name as it is compared: as it is reported, but for capitals.
fn spelt(name: &str) -> String {
    name.trim_matches(|c: char| c.is_control() || c.is_whitespace()).to_lowercase()
}

/// A word as [`number_words`] has it, where it is written otherwise ("03", "ch 10").
fn numbered(word: &str) -> Option<String> {
    let number = |text: &str| text.trim().parse::<usize>().ok();
    let channel = |text: &str| text.trim().strip_prefix("ch").and_then(number);
    match word.split_once('/') {
        Some((track, of_track)) => Some(format!("{}/ch{}", number(track)?, channel(of_track)?)),
        None => number(word).map(|n| n.to_string()).or_else(|| Some(format!("ch{}", channel(word)?))),
    }
}
