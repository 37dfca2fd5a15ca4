//! Saves the clips to a project, and loads them from it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tonenet_core::clip::Clip;
use tonenet_core::timeline::Place;

use super::{ClipStore, MOST_VARIATIONS, PlacedClip};
use crate::generator::GenerateSettings;

/// The clips and settings, as a project saves them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedClips {
    /// The user's settings.
    #[serde(rename = "wish")]
    pub settings: GenerateSettings,
    /// The generated clips, the latest last.
    pub variations: Vec<Clip>,
    /// Index of the clip that the window shows.
    #[serde(rename = "shown")]
    pub selected: usize,
    /// The clip in the song: its index, and its start in beats or `None` for the next bar line.
    #[serde(rename = "in_song")]
    pub placement: Option<(usize, Option<f64>)>,
    /// The phrases captured to morph between.
    pub phrases: [Option<Clip>; 2],
}

impl SavedClips {
    /// Whether both are equal, except for rounding in a file.
    fn plays_like(&self, other: &Self) -> bool {
        let start = |saved: &Self| saved.placement.and_then(|placement| placement.1);
        let in_the_same_place = match (start(self), start(other)) {
            (Some(one), Some(other)) => (one - other).abs() < 1e-6,
            (one, other) => one == other,
        };
        let others = |saved: &Self| (saved.settings, saved.selected, saved.placement.map(|placement| placement.0));
        in_the_same_place
            && others(self) == others(other)
            && (&self.variations, &self.phrases) == (&other.variations, &other.phrases)
    }
}

/// A start as a project saves it. `None` for a position that no song can have.
pub(super) fn in_a_song(beats: f64) -> Option<f64> {
    Place::new(beats).map(Place::beats)
}

impl ClipStore {
    /// The clips and settings for a project to save.
    pub fn saved(&self) -> SavedClips {
        let contents = self.lock();
        let place = |placed: &PlacedClip| contents.variations.iter().position(|clip| Arc::ptr_eq(clip, &placed.clip));
        SavedClips {
            settings: contents.settings,
            variations: contents.variations.iter().map(|clip| (**clip).clone()).collect(),
            selected: contents.selected,
            placement: contents
                .placed
                .as_ref()
                .and_then(|placed| Some((place(placed)?, placed.start.and_then(in_a_song)))),
            phrases: contents.phrases.each_ref().map(|phrase| phrase.as_deref().cloned()),
        }
    }

    /// Loads the clips and settings from a project. An equal state changes nothing.
    pub fn load(&self, mut loaded: SavedClips) {
        loaded.settings = loaded.settings.in_range();
        // Hosts load states often, for instance for their own undo. An equal state must not interrupt the clip.
        if self.saved().plays_like(&loaded) {
            return;
        }
        let mut contents = self.lock();
        contents.settings = loaded.settings;
        contents.variations = loaded.variations.into_iter().take(MOST_VARIATIONS).map(Arc::new).collect();
        contents.phrases = loaded.phrases.map(|phrase| phrase.map(Arc::new));
        contents.selected = loaded.selected.min(contents.variations.len().saturating_sub(1));
        contents.placements += 1;
        let number = contents.placements;
        contents.placed = loaded.placement.and_then(|(place, start)| {
            let clip = contents.variations.get(place)?.clone();
            Some(PlacedClip { number, clip, start: start.and_then(in_a_song) })
        });
        self.send_update(&mut contents);
    }
}
