//! Selects the notes of a song that are restyled.

use std::collections::BTreeSet;

use tonenet_core::midi::{NoteRef, Song, SongPart};
use tonenet_core::note::piano_key;

use super::listing::{Listing, SelectionError, Voice};

/// The notes of a song that are restyled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// The notes of keyboard parts.
    Keyboards,
    /// The notes of all parts, drums included.
    All,
    /// The notes of named tracks and channels, in comma-separated lists, whatever the instrument.
    Tracks(Vec<String>),
}

/// The selected notes of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartSelection {
    /// The notes to restyle, as ascending indices in [`Song::notes`]. Notes outside the piano's keys are left out.
    pub notes: Vec<usize>,
    /// Why the part is left alone, if none of its notes is selected.
    pub left_alone: Option<LeftAlone>,
}

/// Why a part is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftAlone {
    /// Only other parts were named.
    NotNamed,
    /// Its instrument is no keyboard.
    NoKeyboard {
        /// A word that selects this part and no other, if there is one.
        word: Option<String>,
    },
}

impl Selection {
    /// Selects the notes of each part, in the order of `parts`, which must be [`Song::parts`].
    ///
    /// # Errors
    /// When a word is empty, or names no track or channel of the song.
    pub fn select(&self, song: &Song, parts: &[SongPart]) -> Result<Vec<PartSelection>, SelectionError> {
        let listing = Listing::from_song(song, parts);
        let named = match self {
            Self::Tracks(lists) => Some(listing.chosen(lists)?),
            Self::Keyboards | Self::All => None,
        };
        let select_part = |(index, part): (usize, &SongPart)| {
            let is_selected = |note: usize| match &named {
                Some(named) => is_named(named, index, &song.notes()[note]),
                None => *self == Self::All || part.is_restylable(),
            };
            let selected: Vec<usize> = part.notes.iter().copied().filter(|&note| is_selected(note)).collect();
            let left_alone = selected.is_empty().then(|| match named {
                Some(_) => LeftAlone::NotNamed,
                None => LeftAlone::NoKeyboard { word: listing.word_for(index) },
            });
            let notes = selected.into_iter().filter(|&note| piano_key(song.notes()[note].note.key).is_some()).collect();
            PartSelection { notes, left_alone }
        };
        Ok(parts.iter().enumerate().map(select_part).collect())
    }
}

fn is_named(named: &BTreeSet<Voice>, part: usize, note: &NoteRef) -> bool {
    named.contains(&Voice { part, track: note.track, channel: note.note.channel })
}
