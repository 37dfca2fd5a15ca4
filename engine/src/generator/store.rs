//! Stores the generated clips, and which of them is placed in the song.
//!
//! The generator thread, the window and the saved state share the store. The audio thread receives the latest
//! [`ClipUpdate`] instead, and reports where it placed a clip. The store owns each clip that the audio thread may hold,
//! so that the audio thread never frees one.

mod saved;

pub use saved::SavedClips;
use saved::in_a_song;

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use tonenet_core::clip::Clip;
use triple_buffer::{Input, Output, triple_buffer};

use super::GenerateSettings;
use crate::snapshots::{SnapshotReceiver, SnapshotSender};

/// The most clips kept.
const MOST_VARIATIONS: usize = 16;

/// Tells the audio thread what to play from now on.
#[derive(Debug, Clone)]
pub struct ClipUpdate {
    /// The number of the placement. A clip that is placed again gets a new number.
    pub placement: u64,
    /// The clip, or `None` to play none.
    pub clip: Option<Arc<Clip>>,
    /// Song position of its start in beats, or `None` for the next bar line.
    pub start: Option<f64>,
    /// Whether it loops.
    pub looped: bool,
    /// Whether its notes get predicted velocities.
    pub restyled: bool,
}

/// The clip placed in the song.
#[derive(Debug, Clone)]
struct PlacedClip {
    number: u64,
    clip: Arc<Clip>,
    start: Option<f64>,
}

/// The generated clips, shared by several threads.
#[derive(Debug, Default)]
pub struct ClipStore {
    contents: Mutex<Contents>,
}

/// The number of a placement, and where the audio thread began it, in beats.
type ReportedStart = (u64, f64);

/// The audio thread's side of a store.
#[derive(Debug)]
pub struct ClipLink {
    updates: SnapshotReceiver<ClipUpdate>,
    starts: Input<Option<ReportedStart>>,
    /// Keeps the owner of the clips alive.
    _store: Arc<ClipStore>,
}

impl ClipLink {
    /// The latest update, unless it was taken before.
    pub fn next_update(&mut self) -> Option<ClipUpdate> {
        self.updates.take()
    }

    /// Reports the start of a clip that was not placed yet, in beats. A new report replaces the previous one.
    pub fn report_start(&mut self, placement: u64, start: f64) {
        self.starts.write(Some((placement, start)));
    }
}

#[derive(Debug, Default)]
struct Contents {
    settings: GenerateSettings,
    /// The generated clips, the latest last.
    variations: Vec<Arc<Clip>>,
    /// Index of the clip that the window shows.
    selected: usize,
    placed: Option<PlacedClip>,
    /// The phrases captured to morph between.
    phrases: [Option<Arc<Clip>>; 2],
    /// Counts placements.
    placements: u64,
    /// Updates to the audio thread.
    updates: SnapshotSender<ClipUpdate, Clip>,
    /// Reports from the audio thread, or `None` before one connected.
    starts: Option<Output<Option<ReportedStart>>>,
}

/// The clip that the window shows, among the others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SelectedClip {
    /// The clip, if there is one.
    pub clip: Option<Arc<Clip>>,
    /// Its index in the store, from 0.
    pub index: usize,
    /// All clips in the store, the latest last.
    pub clips: Vec<Arc<Clip>>,
    /// The placement of the clip in the song.
    pub placement: Option<SongPlacement>,
    /// The number of notes in each captured phrase.
    pub phrases: [Option<usize>; 2],
}

/// One of the two captured phrases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MorphPhrase {
    /// The phrase that a morph begins with.
    First,
    /// The phrase that a morph leads to.
    Second,
}

impl MorphPhrase {
    /// Both.
    pub const ALL: [Self; 2] = [Self::First, Self::Second];
}

/// The placement of the clip in the song.
#[derive(Debug, Clone, PartialEq)]
pub struct SongPlacement {
    /// Whether the selected clip is the one in the song.
    pub is_selected: bool,
    /// The clip in the song.
    pub clip: Arc<Clip>,
    /// Its start in beats, or `None` while it waits for a bar line.
    pub start: Option<f64>,
}

impl ClipStore {
    /// The user's settings.
    pub fn settings(&self) -> GenerateSettings {
        self.contents.lock().settings
    }

    /// Changes the user's settings.
    pub fn change_settings(&self, change: impl FnOnce(&mut GenerateSettings)) {
        let mut contents = self.lock();
        let before = contents.settings;
        change(&mut contents.settings);
        contents.settings = contents.settings.in_range();
        if (before.looped, before.restyled) != (contents.settings.looped, contents.settings.restyled) {
            self.send_update(&mut contents);
        }
    }

    /// Returns the settings for the next clip, and advances the seed unless the user keeps it.
    pub fn next_settings(&self) -> GenerateSettings {
        let mut contents = self.contents.lock();
        let settings = contents.settings;
        if !settings.keeps_seed {
            contents.settings.seed = settings.next_seed();
        }
        settings
    }

    /// Adds and selects a clip. If the settings say so, it plays from the next bar line on.
    pub fn add(&self, clip: Clip) {
        let mut contents = self.lock();
        let clip = Arc::new(clip);
        if contents.variations.len() >= MOST_VARIATIONS {
            let is_placed = |clip: &Arc<Clip>| contents.placed.as_ref().is_some_and(|p| Arc::ptr_eq(&p.clip, clip));
            let oldest = contents.variations.iter().position(|clip| !is_placed(clip)).unwrap_or(0);
            contents.variations.remove(oldest);
        }
        contents.variations.push(clip);
        contents.selected = contents.variations.len() - 1;
        if contents.settings.plays_at_once {
            self.place_selected(&mut contents);
        }
    }

    /// Stores a captured phrase to morph from or to.
    pub fn capture(&self, which: MorphPhrase, phrase: Clip) {
        self.contents.lock().phrases[which as usize] = Some(Arc::new(phrase));
    }

    /// The captured phrases, if there are both.
    pub fn phrases(&self) -> Option<[Arc<Clip>; 2]> {
        let [first, second] = self.contents.lock().phrases.clone();
        Some([first?, second?])
    }

    /// Selects the previous or next clip, as [`select`](Self::select) does.
    pub fn step(&self, back: bool) {
        let mut contents = self.lock();
        let to = if back { contents.selected.checked_sub(1) } else { Some(contents.selected + 1) };
        if let Some(to) = to {
            self.select_in(&mut contents, to);
        }
    }

    /// Selects the clip at an index. If the selected clip is in the song, the new one replaces it there. Without a clip
    /// at that index nothing happens.
    pub fn select(&self, index: usize) {
        self.select_in(&mut self.lock(), index);
    }

    /// Places the selected clip in the song, from the next bar line on.
    pub fn place(&self) {
        self.place_selected(&mut self.lock());
    }

    /// Has the selected clip play in style: from the next bar line on, or from where it is in the song.
    pub fn audition(&self) {
        let mut contents = self.lock();
        contents.settings.restyled = true;
        let selected = contents.variations.get(contents.selected);
        if contents.placed.as_ref().is_some_and(|placed| selected.is_some_and(|clip| Arc::ptr_eq(clip, &placed.clip))) {
            self.send_update(&mut contents);
        } else {
            self.place_selected(&mut contents);
        }
    }

    /// Moves the clip in the song to another start, in beats. Where a song cannot be, it is not moved.
    pub fn move_to(&self, start: f64) {
        let mut contents = self.lock();
        // A new number, because the audio thread may still report the start of the old one.
        let number = contents.placements + 1;
        let (Some(start), Some(placed)) = (in_a_song(start), &mut contents.placed) else { return };
        (placed.number, placed.start) = (number, Some(start));
        contents.placements = number;
        self.send_update(&mut contents);
    }

    /// Removes the clip from the song.
    pub fn clear(&self) {
        let mut contents = self.lock();
        contents.placed = None;
        self.send_update(&mut contents);
    }

    /// The selected clip and the summary, for the window.
    pub fn selected(&self) -> SelectedClip {
        let contents = self.lock();
        let (clips, index) = (contents.variations.clone(), contents.selected);
        let clip = clips.get(index).cloned();
        let placement = contents.placed.as_ref().map(|placed| SongPlacement {
            is_selected: clip.as_ref().is_some_and(|clip| Arc::ptr_eq(clip, &placed.clip)),
            clip: placed.clip.clone(),
            start: placed.start,
        });
        let phrases = contents.phrases.each_ref().map(|phrase| phrase.as_ref().map(|phrase| phrase.notes().len()));
        SelectedClip { clip, index, clips, placement, phrases }
    }

    /// Connects a new audio thread. It first receives the clip in the song. A thread connected before gets no more
    /// updates.
    pub fn connect(store: Arc<Self>) -> ClipLink {
        let mut contents = store.lock();
        let updates = contents.updates.connect();
        let (starts, reported) = triple_buffer(&None);
        contents.starts = Some(reported);
        store.send_update(&mut contents);
        drop(contents);
        ClipLink { updates, starts, _store: store }
    }

    /// Locks the contents, and applies the audio thread's latest report.
    fn lock(&self) -> MutexGuard<'_, Contents> {
        let mut contents = self.contents.lock();
        if let Some((number, start)) = contents.starts.as_mut().and_then(|starts| *starts.read())
            && let Some(placed) = contents.placed.as_mut().filter(|placed| placed.number == number)
        {
            placed.start = Some(start);
        }
        contents
    }

    fn select_in(&self, contents: &mut Contents, index: usize) {
        let Some(clip) = contents.variations.get(index).cloned() else { return };
        let selected = contents.variations[contents.selected].clone();
        contents.selected = index;
        if let Some(placed) = contents.placed.as_mut().filter(|placed| Arc::ptr_eq(&placed.clip, &selected)) {
            placed.clip = clip;
            self.send_update(contents);
        }
    }

    fn place_selected(&self, contents: &mut Contents) {
        let Some(clip) = contents.variations.get(contents.selected).cloned() else { return };
        contents.placements += 1;
        contents.placed = Some(PlacedClip { number: contents.placements, clip, start: None });
        self.send_update(contents);
    }

    fn send_update(&self, contents: &mut Contents) {
        let (looped, restyled) = (contents.settings.looped, contents.settings.restyled);
        let (placement, clip, start) = match &contents.placed {
            Some(PlacedClip { number, clip, start }) => (*number, Some(clip.clone()), *start),
            None => (contents.placements, None, None),
        };
        let update = ClipUpdate { placement, clip: clip.clone(), start, looped, restyled };
        contents.updates.send(update, clip.as_ref());
    }
}

#[cfg(test)]
mod tests;
