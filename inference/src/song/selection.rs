//! Which notes of a song's parts are restyled.

use std::collections::BTreeSet;

use tonenet_core::midi::{NoteRef, Song, SongPart};
use tonenet_core::note::piano_key;

use super::listing::{Listing, SelectionError, Voice};

/// Which of a song's notes get other velocities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Those of keyboards.
    Keyboards,
    /// All, drums and strings too.
    All,
    /// The tracks and channels that these lists of words name, of whatever instrument.
    Tracks(Vec<String>),
}

/// What a selection takes of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartSelection {
    /// The notes that are restyled, as places in [`Song::notes`], in their order. Notes beyond the piano's keys are not.
    pub notes: Vec<usize>,
    /// Why the part is left alone, if nobody asked for any of its notes.
    pub left_alone: Option<LeftAlone>,
}

/// Why a part is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftAlone {
    /// Other parts were named.
    NotNamed,
    /// It is not played on a keyboard.
    NoKeyboard {
        /// The word that names this part and no other, if there is one.
        word: Option<String>,
    },
}

impl Selection {
    /// What is taken of each part of a song, in the order of `parts`, which are [`Song::parts`].
    ///
    /// # Errors
    /// When a track is named that the song does not have.
    pub fn select(&self, song: &Song, parts: &[SongPart]) -> Result<Vec<PartSelection>, SelectionError> {
        let listing = Listing::from_song(song, parts);
        let named = match self {
            Self::Tracks(lists) => Some(listing.chosen(lists)?),
            Self::Keyboards | Self::All => None,
        };
        let select_part = |(number, part): (usize, &SongPart)| {
            let is_asked = |place: usize| match &named {
                Some(named) => is_named(named, number, &song.notes()[place]),
                None => *self == Self::All || part.is_restylable(),
            };
            let asked: Vec<usize> = part.notes.iter().copied().filter(|&place| is_asked(place)).collect();
            let left_alone = asked.is_empty().then(|| match named {
                Some(_) => LeftAlone::NotNamed,
                None => LeftAlone::NoKeyboard { word: listing.word_for(number) },
            });
            let notes = asked.into_iter().filter(|&place| piano_key(song.notes()[place].note.key).is_some()).collect();
            PartSelection { notes, left_alone }
        };
        Ok(parts.iter().enumerate().map(select_part).collect())
    }
}

fn is_named(named: &BTreeSet<Voice>, part: usize, note: &NoteRef) -> bool {
    named.contains(&Voice { part, track: note.track, channel: note.note.channel })
}
