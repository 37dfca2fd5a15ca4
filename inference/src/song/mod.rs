//! Restyles the parts of a song, each by itself: its keyboard parts, all parts, or named tracks and channels.

mod listing;
mod selection;

use thiserror::Error;
use tonenet_core::dynamics::Expression;
use tonenet_core::grid::Grid;
use tonenet_core::midi::{PartPedals, Song, SongPart};
use tonenet_core::note::{Note, piano_key};
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};

use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::performance::{LoadedModel, LookAhead, PerformanceView, RestyleSettings};

pub use listing::SelectionError;
pub use selection::{LeftAlone, PartSelection, Selection};

/// Why a song was not restyled.
#[derive(Debug, Error)]
pub enum RestyleSongError {
    /// The selection names a track or channel that the song does not have.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// The model or its runtime failed.
    #[error(transparent)]
    Inference(#[from] InferenceError),
}

/// How a song is restyled.
#[derive(Debug, Clone)]
pub struct SongRestyling {
    /// How each part is restyled.
    pub restyling: RestyleSettings,
    /// Whether the model is conditioned on the player's velocities.
    pub condition_on_player: bool,
    /// Which notes are restyled.
    pub selection: Selection,
}

impl SongRestyling {
    /// Restyles the keyboard parts in one style, with defaults for everything else.
    pub fn in_style(style: impl Into<StyleIndex>, take: TakeSeed) -> Self {
        let restyling = RestyleSettings {
            style: StyleBlend::only(style),
            source_style: None,
            take,
            expression: Expression::default(),
            look_ahead: LookAhead::WholePerformance,
        };
        Self { restyling, condition_on_player: false, selection: Selection::Keyboards }
    }
}

/// A restyled song.
#[derive(Debug)]
pub struct Restyled {
    /// The velocity of each note, in the order of [`Song::notes`].
    pub velocities: Vec<u8>,
    /// The outcome of each part, in the order of [`Song::parts`].
    pub parts: Vec<PartOutcome>,
}

/// The outcome of a part.
#[derive(Debug)]
pub struct PartOutcome {
    /// The part.
    pub part: SongPart,
    /// How many of its notes were restyled.
    pub restyled: usize,
    /// How many of these have a different velocity than before.
    pub changed: usize,
    /// Why the part was left alone, if none of its notes was selected.
    pub left_alone: Option<LeftAlone>,
}

/// Restyles the selected parts of a song, each as a whole performance.
///
/// # Errors
/// When the song has no such track or channel, or when the model fails.
pub fn restyle_song(model: &LoadedModel, song: &Song, settings: &SongRestyling) -> Result<Restyled, RestyleSongError> {
    restyle_song_with(model, song, settings, &Cancellation::default(), &mut |_| {})
}

/// [`restyle_song`] that can be cancelled, and reports each part as soon as it is done.
///
/// # Errors
/// As [`restyle_song`], and [`InferenceError::Cancelled`].
pub fn restyle_song_with(
    model: &LoadedModel,
    song: &Song,
    settings: &SongRestyling,
    cancellation: &Cancellation,
    on_part: &mut dyn FnMut(&PartOutcome),
) -> Result<Restyled, RestyleSongError> {
    let parts = song.parts();
    let selected = settings.selection.select(song, &parts)?;
    let pedals = PartPedals::from_song(song);
    let mut velocities: Vec<u8> = song.notes().iter().map(|n| n.note.velocity).collect();
    let mut outcomes = Vec::with_capacity(parts.len());
    for (part, PartSelection { notes, left_alone }) in parts.into_iter().zip(selected) {
        let mut changed = 0;
        if !notes.is_empty() {
            // The model reads the whole part, even if only one hand is to change.
            let performance = PartPerformance::new(song, &part, &pedals);
            for (place, velocity) in performance.velocities(model, settings, cancellation)? {
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

/// A part's notes on piano keys, with their indices in the song.
struct PartPerformance {
    places: Vec<usize>,
    notes: Vec<Note>,
    pedals: Vec<(f64, bool)>,
    grid: Grid,
}

impl PartPerformance {
    fn new(song: &Song, part: &SongPart, pedals: &PartPedals) -> Self {
        let on_keys = |place: &usize| piano_key(song.notes()[*place].note.key).is_some();
        let places: Vec<usize> = part.notes.iter().copied().filter(on_keys).collect();
        // Models do not restyle the drum channel; here, selected drums are notes like others.
        let notes: Vec<Note> = places.iter().map(|&place| Note { channel: 0, ..song.notes()[place].note }).collect();
        let grid = Grid::from_notes(&notes, song.tempo());
        Self { places, notes, pedals: pedals.movements(part), grid }
    }

    /// The new velocities, with the notes' indices in the song.
    fn velocities(
        &self,
        model: &LoadedModel,
        settings: &SongRestyling,
        cancellation: &Cancellation,
    ) -> Result<Vec<(usize, u8)>, InferenceError> {
        let level = self.notes.iter().map(|n| f32::from(n.velocity)).sum::<f32>() / self.notes.len().max(1) as f32;
        let performance = PerformanceView {
            notes: &self.notes,
            pedals: &self.pedals,
            grid: self.grid,
            player_level: settings.condition_on_player.then_some(level),
        };
        let velocities = settings.restyling.velocities_unless_cancelled(model, &performance, cancellation)?;
        Ok(self.places.iter().copied().zip(velocities).collect())
    }
}
