//! Restyles a song: each of its parts by itself, those of keyboards or those that somebody names.

mod listing;
mod selection;

use thiserror::Error;
use tonenet_core::dynamics::Expression;
use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::midi::{PartPedals, Song, SongPart};
use tonenet_core::note::{Note, piano_key};
use tonenet_core::style::{StyleBlend, TakeSeed};

use crate::error::InferenceError;
use crate::performance::{LoadedModel, LookAhead, PerformanceView, RestyleSettings};

pub use listing::SelectionError;
pub use selection::{LeftAlone, PartSelection, Selection};

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

impl SongRestyling {
    /// The parts of keyboards in one style, with nothing else asked for.
    pub fn in_style(style: Genre, take: TakeSeed) -> Self {
        let restyling = RestyleSettings {
            style: StyleBlend { a: style, b: style, share_of_b: 0.0 },
            source_style: None,
            take,
            expression: Expression::default(),
            look_ahead: LookAhead::WholePerformance,
        };
        Self { restyling, hear_player: false, selection: Selection::Keyboards }
    }
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
    pub left_alone: Option<LeftAlone>,
}

/// Restyles the parts of a song as whole takes, each for itself.
///
/// # Errors
/// When the song has no such track, or the model fails.
pub fn restyle_song(model: &LoadedModel, song: &Song, wanted: &SongRestyling) -> Result<Restyled, RestyleSongError> {
    restyle_song_with(model, song, wanted, &mut |_| {})
}

/// [`restyle_song`] for somebody who is told of each part once it is done.
///
/// # Errors
/// As [`restyle_song`].
pub fn restyle_song_with(
    model: &LoadedModel,
    song: &Song,
    wanted: &SongRestyling,
    on_part: &mut dyn FnMut(&PartOutcome),
) -> Result<Restyled, RestyleSongError> {
    let parts = song.parts();
    let selected = wanted.selection.select(song, &parts)?;
    let pedals = PartPedals::from_song(song);
    let mut velocities: Vec<u8> = song.notes().iter().map(|n| n.note.velocity).collect();
    let mut outcomes = Vec::with_capacity(parts.len());
    for (part, PartSelection { notes, left_alone }) in parts.into_iter().zip(selected) {
        let mut changed = 0;
        if !notes.is_empty() {
            // The model hears the whole part, also where one hand alone is to change.
            for (place, velocity) in part_velocities(model, song, &part, &pedals, wanted)? {
                if notes.binary_search(&place).is_ok() {
                    changed += usize::from(velocities[place] != velocity);
                    velocities[place] = velocity;
                }
            }
        }
        let outcome = PartOutcome { part, restyled: notes.len(), changed, left_alone };
        on_part(&outcome);
        outcomes.push(outcome);
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
    let performance = PerformanceView {
        notes: &notes,
        pedals: &pedals.movements(part),
        grid: Grid::from_notes(&notes, song.tempo()),
        player_level: wanted.hear_player.then_some(level),
    };
    let velocities = wanted.restyling.velocities(model, &performance)?;
    Ok(places.into_iter().zip(velocities).collect())
}
