//! The clips that were generated, and which of them is in the song.
//!
//! The generator's thread, the window and the saved state share the store. The audio thread never comes here: it gets the
//! latest [`ClipUpdate`], and reports where it began to play a clip. The store also owns each clip that the audio thread
//! may hold, so that the audio thread frees none.

mod saved;

pub use saved::SavedClips;

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use tonenet_core::clip::Clip;
use triple_buffer::{Input, Output, triple_buffer};

use super::GenerateSettings;
use crate::snapshots::{SnapshotReceiver, SnapshotSender};

/// Clips that are kept to go back to.
const MOST_VARIATIONS: usize = 16;

/// What the audio thread is to play from now on.
#[derive(Debug, Clone)]
pub struct ClipUpdate {
    /// Counts placements: the same clip placed anew has another number.
    pub placement: u64,
    /// The clip; `None` to play none.
    pub clip: Option<Arc<Clip>>,
    /// Where it begins, in beats of the song; `None` from the next bar line on.
    pub start: Option<f64>,
    /// Whether it begins anew where it ends.
    pub looped: bool,
    /// Whether its notes are restyled.
    pub restyled: bool,
}

/// A clip that is in the song.
#[derive(Debug, Clone)]
struct PlacedClip {
    number: u64,
    clip: Arc<Clip>,
    start: Option<f64>,
}

/// See the [module](self).
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
    /// It owns the clips.
    _store: Arc<ClipStore>,
}

impl ClipLink {
    /// The latest update, if it has not been taken yet.
    pub fn next_update(&mut self) -> Option<ClipUpdate> {
        self.updates.take()
    }

    /// Reports where a clip begins that had no place yet, in beats. Only the last report counts, as the last placement
    /// does.
    pub fn report_start(&mut self, placement: u64, start: f64) {
        self.starts.write(Some((placement, start)));
    }
}

#[derive(Debug, Default)]
struct Contents {
    settings: GenerateSettings,
    /// What was generated, the latest last.
    variations: Vec<Arc<Clip>>,
    /// Which of them the window shows.
    selected: usize,
    placed: Option<PlacedClip>,
    /// What was captured to morph between.
    phrases: [Option<Arc<Clip>>; 2],
    /// Counts placements.
    placements: u64,
    /// To the audio thread.
    updates: SnapshotSender<ClipUpdate, Clip>,
    /// From it; `None` before there was one.
    starts: Option<Output<Option<ReportedStart>>>,
}

/// The clip that the window shows, and what it says of the others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SelectedClip {
    /// The clip, if there is one.
    pub clip: Option<Arc<Clip>>,
    /// Its place among those in the store, from 0.
    pub index: usize,
    /// How many there are.
    pub count: usize,
    /// The clip in the song.
    pub placement: Option<SongPlacement>,
    /// Notes in each of the captured phrases.
    pub phrases: [Option<usize>; 2],
}

/// Which of the captured phrases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MorphPhrase {
    /// What a morph begins with.
    First,
    /// What it leads to.
    Second,
}

impl MorphPhrase {
    /// Both.
    pub const ALL: [Self; 2] = [Self::First, Self::Second];
}

/// Where the clip in the song begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SongPlacement {
    /// Whether it is the selected one.
    pub is_selected: bool,
    /// Where it begins, in beats; `None` while it waits for the host to come to a bar line.
    pub start: Option<f64>,
}

impl ClipStore {
    /// What the user wants generated.
    pub fn settings(&self) -> GenerateSettings {
        self.contents.lock().settings
    }

    /// Changes what the user wants generated.
    pub fn change_settings(&self, change: impl FnOnce(&mut GenerateSettings)) {
        let mut contents = self.lock();
        let before = contents.settings;
        change(&mut contents.settings);
        contents.settings = contents.settings.in_range();
        if (before.looped, before.restyled) != (contents.settings.looped, contents.settings.restyled) {
            self.send_update(&mut contents);
        }
    }

    /// Settings for the clip that is generated now; the next one has another seed, unless the user keeps it.
    pub fn next_settings(&self) -> GenerateSettings {
        let mut contents = self.contents.lock();
        let settings = contents.settings;
        if !settings.keeps_seed {
            contents.settings.seed = settings.next_seed();
        }
        settings
    }

    /// Adds and selects a clip; it plays from the next bar line on where the user wants that.
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

    /// Keeps a phrase to morph from, the first, or to, the second.
    pub fn capture(&self, which: MorphPhrase, phrase: Clip) {
        self.contents.lock().phrases[which as usize] = Some(Arc::new(phrase));
    }

    /// The captured phrases, where there are both.
    pub fn phrases(&self) -> Option<[Arc<Clip>; 2]> {
        let [first, second] = self.contents.lock().phrases.clone();
        Some([first?, second?])
    }

    /// Selects the variation before or after. Where the selected one is in the song, the other takes its place there.
    pub fn step(&self, back: bool) {
        let mut contents = self.lock();
        let to = if back { contents.selected.checked_sub(1) } else { Some(contents.selected + 1) };
        let Some((to, clip)) = to.and_then(|to| Some((to, contents.variations.get(to)?.clone()))) else { return };
        let selected = contents.variations[contents.selected].clone();
        contents.selected = to;
        if let Some(placed) = contents.placed.as_mut().filter(|placed| Arc::ptr_eq(&placed.clip, &selected)) {
            placed.clip = clip;
            self.send_update(&mut contents);
        }
    }

    /// Puts the selected clip into the song, from the next bar line on.
    pub fn place(&self) {
        self.place_selected(&mut self.lock());
    }

    /// Takes the clip that is in the song out of it.
    pub fn clear(&self) {
        let mut contents = self.lock();
        contents.placed = None;
        self.send_update(&mut contents);
    }

    /// What the window is to show.
    pub fn selected(&self) -> SelectedClip {
        let contents = self.lock();
        let clip = contents.variations.get(contents.selected).cloned();
        let is_selected = |placed: &PlacedClip| clip.as_ref().is_some_and(|clip| Arc::ptr_eq(clip, &placed.clip));
        let placement = contents.placed.as_ref().map(|p| SongPlacement { is_selected: is_selected(p), start: p.start });
        let phrases = contents.phrases.each_ref().map(|phrase| phrase.as_ref().map(|phrase| phrase.notes().len()));
        SelectedClip { clip, index: contents.selected, count: contents.variations.len(), placement, phrases }
    }

    /// Connects a new audio thread, which gets first what is in the song. One that was connected before gets nothing
    /// more.
    pub fn connect(store: Arc<Self>) -> ClipLink {
        let mut contents = store.lock();
        let updates = contents.updates.connect();
        let (starts, reported) = triple_buffer(&None);
        contents.starts = Some(reported);
        store.send_update(&mut contents);
        drop(contents);
        ClipLink { updates, starts, _store: store }
    }

    /// Locks the contents, brought up to date with what the audio thread has reported.
    fn lock(&self) -> MutexGuard<'_, Contents> {
        let mut contents = self.contents.lock();
        if let Some((number, start)) = contents.starts.as_mut().and_then(|starts| *starts.read())
            && let Some(placed) = contents.placed.as_mut().filter(|placed| placed.number == number)
        {
            placed.start = Some(start);
        }
        contents
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
