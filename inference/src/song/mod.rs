//! A song with other velocities, each of its parts restyled by itself.

mod listing;

use std::fmt;

use thiserror::Error;
use tonenet_core::grid::Grid;
use tonenet_core::midi::{NoteRef, PartPedals, Song, SongPart};
use tonenet_core::note::{Note, piano_key};

use crate::error::InferenceError;
use crate::performance::{LoadedModel, PerformanceView, RestyleSettings};
use listing::{Listing, Staff};

pub use listing::SelectionError;

/// Why a song was not restyled.
#[derive(Debug, Error)]
pub enum RestyleSongError {
    /// What was asked for is not in it.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// The model or its runtime failed.
    #[error(transparent)]
    Inference(#[from] InferenceError),
}

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

/// What is to become of a song.
#[derive(Debug, Clone)]
pub struct SongRestyling {
    /// What is to become of each part.
    pub restyling: RestyleSettings,
    /// Whether the model is told the player's own velocities.
    pub hear_player: bool,
    /// Which notes are restyled.
    pub selection: Selection,
}

/// A restyled song.
#[derive(Debug)]
pub struct Restyled {
    /// A velocity for each of its notes.
    pub velocities: Vec<u8>,
    /// What became of its parts.
    pub parts: Vec<PartOutcome>,
}

/// What became of a part.
#[derive(Debug)]
pub struct PartOutcome {
    /// The part.
    pub part: SongPart,
    /// How many of its notes were restyled.
    pub restyled: usize,
    /// How many of these have another velocity.
    pub changed: usize,
    /// Why none was, if nobody asked for any of them.
    left_alone: Option<LeftAlone>,
}

/// Why a part was left alone.
#[derive(Debug)]
enum LeftAlone {
    /// Others were asked for.
    NotNamed,
    /// It is no keyboard's; the word, if there is one, asks for this part alone.
    NoKeyboard { word: Option<String> },
}

/// Restyles the parts of a song as whole takes, each for itself.
///
/// # Errors
/// When the song has no such track, or the model fails.
pub fn restyle_song(model: &LoadedModel, song: &Song, wanted: &SongRestyling) -> Result<Restyled, RestyleSongError> {
    let parts = song.parts();
    let listing = Listing::of(song, &parts);
    let chosen = match &wanted.selection {
        Selection::Tracks(lists) => Some(listing.chosen(lists)?),
        Selection::Keyboards | Selection::All => None,
    };
    let pedals = PartPedals::from_song(song);
    let mut velocities: Vec<u8> = song.notes().iter().map(|n| n.note.velocity).collect();
    let mut outcomes = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let is_asked = |place: usize| match &chosen {
            Some(chosen) => {
                let NoteRef { note, track, .. } = song.notes()[place];
                chosen.contains(&Staff { part: number, track, channel: note.channel })
            }
            None => wanted.selection == Selection::All || part.is_restylable(),
        };
        let is_left_alone = !part.notes.iter().any(|&place| is_asked(place));
        let (mut restyled, mut changed) = (0, 0);
        if !is_left_alone {
            // The model hears the whole part, also where one hand alone is to change.
            for (place, velocity) in part_velocities(model, song, part, &pedals, wanted)? {
                if is_asked(place) {
                    restyled += 1;
                    changed += usize::from(velocities[place] != velocity);
                    velocities[place] = velocity;
                }
            }
        }
        let left_alone = is_left_alone.then(|| match chosen {
            Some(_) => LeftAlone::NotNamed,
            None => LeftAlone::NoKeyboard { word: listing.word_for(number) },
        });
        outcomes.push(PartOutcome { part: part.clone(), restyled, changed, left_alone });
    }
    Ok(Restyled { velocities, parts: outcomes })
}

/// New velocities of a part's notes on the piano's keys, by their places in the song.
fn part_velocities(
    model: &LoadedModel,
    song: &Song,
    part: &SongPart,
    pedals: &PartPedals,
    wanted: &SongRestyling,
) -> Result<Vec<(usize, u8)>, InferenceError> {
    let on_keys = |place: &usize| piano_key(song.notes()[*place].note.key).is_some();
    let places: Vec<usize> = part.notes.iter().copied().filter(on_keys).collect();
    // Models leave the drums' channel alone; drums that are asked for are notes like others.
    let notes: Vec<Note> = places.iter().map(|&place| Note { channel: 0, ..song.notes()[place].note }).collect();
    let level = notes.iter().map(|n| f32::from(n.velocity)).sum::<f32>() / notes.len().max(1) as f32;
    let take = PerformanceView {
        notes: &notes,
        pedals: &pedals.movements(part),
        grid: Grid::from_notes(&notes, song.tempo()),
        player_level: wanted.hear_player.then_some(level),
    };
    let velocities = wanted.restyling.velocities(model, &take)?;
    Ok(places.into_iter().zip(velocities).collect())
}

impl fmt::Display for PartOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, restyled, changed, left_alone } = self;
        write!(f, "{part}: ")?;
        match left_alone {
            Some(LeftAlone::NotNamed) => f.write_str("left alone, as --tracks does not name it"),
            Some(LeftAlone::NoKeyboard { word: Some(word) }) => {
                write!(f, "left alone; --all or --tracks {word} restyles it")
            }
            Some(LeftAlone::NoKeyboard { word: None }) => f.write_str("left alone; --all restyles it"),
            None => write!(f, "{restyled} of {} notes restyled, {changed} changed", part.notes.len()),
        }
    }
}
