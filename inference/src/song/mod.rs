//! Restyles the parts of a song, each by itself: its keyboard parts, all parts, or named tracks and channels.
//!
//! `moving` moves their notes and plays their pedal.

mod listing;
mod moving;
mod selection;

use std::cmp::Reverse;
use std::collections::BTreeSet;

use thiserror::Error;
use tonenet_core::dynamics::Expression;
use tonenet_core::feel::{Feel, FeelControls, PedalMode};
use tonenet_core::grid::Grid;
use tonenet_core::midi::{MidiError, PartPedals, Song, SongEdits, SongPart};
use tonenet_core::note::{Note, piano_key};
use tonenet_core::scope::{Scope, ScopeNote, voices};
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};

use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::note::LANES;
use crate::performance::{LoadedModel, LookAhead, PerformanceView, RestyleSettings};

pub use listing::SelectionError;
pub use moving::MovedMessages;
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
    /// Which parts are restyled.
    pub selection: Selection,
    /// Which of their notes.
    pub scope: Scope,
    /// How far notes move, and whose pedal is heard.
    pub feel: FeelControls,
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
        Self {
            restyling,
            condition_on_player: false,
            selection: Selection::Keyboards,
            scope: Scope::ALL,
            feel: FeelControls::OFF,
        }
    }
}

/// A restyled song.
#[derive(Debug)]
pub struct Restyled {
    /// The velocity of each note, in the order of [`Song::notes`].
    pub velocities: Vec<u8>,
    /// Where its messages go, if any note may have moved or a pedal was played.
    pub moved: Option<MovedMessages>,
    /// The outcome of each part, in the order of [`Song::parts`].
    pub parts: Vec<PartOutcome>,
}

impl Restyled {
    /// The song's file with the new velocities. If nothing may have moved, all other bytes are unchanged.
    ///
    /// # Errors
    /// When it is not the song that was restyled.
    pub fn to_midi(&self, song: &Song) -> Result<Vec<u8>, MidiError> {
        match &self.moved {
            None => song.with_velocities(&self.velocities),
            Some(MovedMessages { ticks, added, .. }) => {
                song.with_edits(&SongEdits { ticks, velocities: &self.velocities, added })
            }
        }
    }
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
    let mut planned = [PlannedSong::new(song, settings)?];
    restyle_planned(model, &mut planned, settings, cancellation, &mut |_, outcome| on_part(outcome))?;
    let [planned] = planned;
    Ok(planned.restyled())
}

/// Restyles several songs, which takes less time than one after another. The velocities of each are the same as alone.
///
/// It reports each part with the index of its song as soon as it is done.
///
/// # Errors
/// When the model fails, or on cancellation. A song that does not have a selected track or channel fails by itself.
pub fn restyle_songs(
    model: &LoadedModel,
    songs: &[&Song],
    settings: &SongRestyling,
    cancellation: &Cancellation,
    on_part: &mut dyn FnMut(usize, &PartOutcome),
) -> Result<Vec<Result<Restyled, SelectionError>>, InferenceError> {
    let mut errors = Vec::new();
    let (mut planned, mut indices) = (Vec::new(), Vec::new());
    for (index, song) in songs.iter().enumerate() {
        match PlannedSong::new(song, settings) {
            Ok(song) => {
                planned.push(song);
                indices.push(index);
            }
            Err(error) => errors.push((index, error)),
        }
    }
    restyle_planned(model, &mut planned, settings, cancellation, &mut |song, outcome| on_part(indices[song], outcome))?;
    let mut results: Vec<_> = planned.into_iter().map(|song| Ok(song.restyled())).collect();
    errors.into_iter().for_each(|(index, error)| results.insert(index, Err(error)));
    Ok(results)
}

/// Restyles the parts of all songs, as many at a time as share the model's runs.
fn restyle_planned(
    model: &LoadedModel,
    songs: &mut [PlannedSong<'_>],
    settings: &SongRestyling,
    cancellation: &Cancellation,
    on_part: &mut dyn FnMut(usize, &PartOutcome),
) -> Result<(), InferenceError> {
    let mut selected = Vec::new();
    for (index, song) in songs.iter().enumerate() {
        for (part, outcome) in song.outcomes.iter().enumerate() {
            match outcome.restyled {
                0 => on_part(index, outcome),
                _ => selected.push((index, part)),
            }
        }
    }
    selected.sort_by_key(|&(song, part)| Reverse(songs[song].outcomes[part].part.notes.len()));
    for group in selected.chunks(LANES) {
        let performances: Vec<_> = group.iter().map(|&(song, part)| songs[song].performance(part)).collect();
        let views: Vec<_> = performances.iter().map(|part| part.view(settings.condition_on_player)).collect();
        let styled = settings.restyling.styled_of_each(model, &views, cancellation)?;
        for (&(song, part), (performance, styled)) in group.iter().zip(performances.iter().zip(styled)) {
            let places = || performance.places.iter().copied();
            songs[song].set_velocities(part, places().zip(styled.velocities));
            if settings.feel != FeelControls::OFF {
                songs[song].move_part(part, performance.grid, settings.feel, places().zip(styled.feel));
            }
            on_part(song, &songs[song].outcomes[part]);
        }
    }
    Ok(())
}

/// A song whose selected parts are to be restyled.
struct PlannedSong<'a> {
    song: &'a Song,
    pedals: PartPedals,
    /// The selected notes of each part, as ascending indices in the song.
    selected: Vec<Vec<usize>>,
    velocities: Vec<u8>,
    moved: Option<MovedMessages>,
    outcomes: Vec<PartOutcome>,
}

impl<'a> PlannedSong<'a> {
    fn new(song: &'a Song, settings: &SongRestyling) -> Result<Self, SelectionError> {
        let parts = song.parts();
        let selections = settings.selection.select(song, &parts)?;
        let outcome = |(part, PartSelection { mut notes, left_alone }): (SongPart, _)| {
            keep_in_scope(&mut notes, song, &part, &settings.scope);
            let outcome = PartOutcome { part, restyled: notes.len(), changed: 0, left_alone };
            (notes, outcome)
        };
        let (selected, outcomes) = parts.into_iter().zip(selections).map(outcome).unzip();
        let velocities = song.notes().iter().map(|n| n.note.velocity).collect();
        let moved = (settings.feel != FeelControls::OFF).then(|| MovedMessages::new(song));
        Ok(Self { song, pedals: PartPedals::from_song(song), selected, velocities, moved, outcomes })
    }

    /// The whole of a part, even if only one hand is to change.
    fn performance(&self, part: usize) -> PartPerformance {
        PartPerformance::new(self.song, &self.outcomes[part].part, &self.pedals)
    }

    /// Gives the selected notes of a part their new velocities.
    fn set_velocities(&mut self, part: usize, velocities: impl Iterator<Item = (usize, u8)>) {
        for (place, velocity) in velocities {
            if self.selected[part].binary_search(&place).is_ok() {
                self.outcomes[part].changed += usize::from(self.velocities[place] != velocity);
                self.velocities[place] = velocity;
            }
        }
    }

    /// Moves the selected notes of a part, and what belongs to them.
    fn move_part(
        &mut self,
        part: usize,
        grid: Grid,
        controls: FeelControls,
        feel: impl Iterator<Item = (usize, Feel)>,
    ) {
        let Some(moved) = &mut self.moved else { return };
        let voices: BTreeSet<(usize, u8)> = self.song.notes().iter().map(|n| (n.track, n.note.channel)).collect();
        let outcome = &self.outcomes[part];
        let mut feel: Vec<(usize, Feel)> =
            feel.filter(|(place, _)| self.selected[part].binary_search(place).is_ok()).collect();
        feel.sort_unstable_by_key(|(place, _)| *place);
        let has_pedal = !self.pedals.movements(&outcome.part).is_empty();
        let pedal = match controls.pedal {
            PedalMode::Fill if has_pedal => PedalMode::Mine,
            PedalMode::Fill => PedalMode::Replace,
            mode => mode,
        };
        let part = moving::MovedPart { part: &outcome.part, grid, voices: &voices };
        moved.move_part(self.song, &part, FeelControls { pedal, ..controls }, &feel);
    }

    fn restyled(self) -> Restyled {
        Restyled { velocities: self.velocities, moved: self.moved, parts: self.outcomes }
    }
}

/// Keeps the notes of a part that the scope includes, as indices in the song.
fn keep_in_scope(notes: &mut Vec<usize>, song: &Song, part: &SongPart, scope: &Scope) {
    if *scope == Scope::ALL {
        return;
    }
    let scope_note = |&place: &usize| {
        let Note { onset, release, channel, key, .. } = song.notes()[place].note;
        ScopeNote { onset, release, channel, key }
    };
    let voices = voices(&part.notes.iter().map(scope_note).collect::<Vec<_>>());
    notes.retain(|place| {
        let voice = part.notes.binary_search(place).map(|index| voices[index]);
        voice.is_ok_and(|voice| scope.includes(song.notes()[*place].note.key, voice))
    });
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

    fn view(&self, condition_on_player: bool) -> PerformanceView<'_> {
        let level = self.notes.iter().map(|n| f32::from(n.velocity)).sum::<f32>() / self.notes.len().max(1) as f32;
        PerformanceView {
            notes: &self.notes,
            pedals: &self.pedals,
            grid: self.grid,
            player_level: condition_on_player.then_some(level),
        }
    }
}
