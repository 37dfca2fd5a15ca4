//! What was written, and what of it is in the song: shared by the [studio](super::Studio), the window and the saved state.
//!
//! The audio thread gets the latest word of what is to play, and its last word of where it put something comes back; it
//! never comes here otherwise. A clip that it may hold is owned here too, so that it frees none.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};
use tonenet_core::clip::Clip;
use tonenet_core::timeline::Place;
use triple_buffer::{Input, Output, triple_buffer};

use super::GenerateSettings;
use crate::snapshots::{SnapshotReceiver, SnapshotSender};

/// Clips that are kept to go back to.
const MOST_VARIATIONS: usize = 16;

/// What is to play, for the audio thread.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Which placing of a clip it is: the same clip placed anew has another.
    pub placing: u64,
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
struct Placing {
    number: u64,
    clip: Arc<Clip>,
    start: Option<f64>,
}

/// What was written, and what of it is in the song.
#[derive(Debug, Default)]
pub struct ClipStore {
    kept: Mutex<Kept>,
}

/// The placing of a clip, and where the audio thread has put it, in beats.
type PlacedAt = (u64, f64);

/// The audio thread's side of a store.
#[derive(Debug)]
pub struct ClipLink {
    deliveries: SnapshotReceiver<Delivery>,
    places: Input<Option<PlacedAt>>,
    /// It owns the clips.
    _store: Arc<ClipStore>,
}

impl ClipLink {
    /// What is to play from now on, if that is news.
    pub fn next_delivery(&mut self) -> Option<Delivery> {
        self.deliveries.take()
    }

    /// Tells where something was put that had no place yet, in beats. Only the last such word counts, as the last
    /// placing does.
    pub fn is_placed(&mut self, placing: u64, start: f64) {
        self.places.write(Some((placing, start)));
    }
}

#[derive(Debug, Default)]
struct Kept {
    wish: GenerateSettings,
    /// What was written, the latest last.
    variations: Vec<Arc<Clip>>,
    /// Which of them the window shows.
    shown: usize,
    in_song: Option<Placing>,
    /// What was captured to morph between.
    phrases: [Option<Arc<Clip>>; 2],
    /// Counts placings.
    placings: u64,
    /// To the audio thread.
    deliveries: SnapshotSender<Delivery, Clip>,
    /// From it; `None` before there was one.
    places: Option<Output<Option<PlacedAt>>>,
}

/// What the window shows of clips.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shown {
    /// The clip shown, if there is one.
    pub clip: Option<Arc<Clip>>,
    /// Its place among those that are kept, from 0.
    pub place: usize,
    /// How many are kept.
    pub count: usize,
    /// What is in the song.
    pub in_song: Option<InSong>,
    /// Notes in each of the captured phrases.
    pub phrases: [Option<usize>; 2],
}

/// Which of the captured phrases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phrase {
    /// What a morph begins with.
    First,
    /// What it leads to.
    Second,
}

impl Phrase {
    /// Both.
    pub const ALL: [Self; 2] = [Self::First, Self::Second];
}

/// What the window shows of the clip that is in the song.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InSong {
    /// Whether it is the one shown.
    pub is_shown: bool,
    /// Where it begins, in beats; `None` while it waits for the host to come to a bar line.
    pub start: Option<f64>,
}

impl ClipStore {
    /// What the user wants.
    pub fn wish(&self) -> GenerateSettings {
        self.kept.lock().wish
    }

    /// Changes what the user wants.
    pub fn change_wish(&self, change: impl FnOnce(&mut GenerateSettings)) {
        let mut kept = self.kept();
        let before = kept.wish;
        change(&mut kept.wish);
        kept.wish = kept.wish.in_range();
        if (before.looped, before.restyled) != (kept.wish.looped, kept.wish.restyled) {
            self.deliver(&mut kept);
        }
    }

    /// What is to be written now; the next piece has another seed, unless the user keeps it.
    pub fn begin(&self) -> GenerateSettings {
        let mut kept = self.kept.lock();
        let wish = kept.wish;
        if !wish.keeps_seed {
            kept.wish.seed = wish.next_seed();
        }
        wish
    }

    /// Keeps and shows what was written; it plays from the next bar line on where the user wants that.
    pub fn add(&self, clip: Clip) {
        let mut kept = self.kept();
        let clip = Arc::new(clip);
        if kept.variations.len() >= MOST_VARIATIONS {
            let in_song = |clip: &Arc<Clip>| kept.in_song.as_ref().is_some_and(|p| Arc::ptr_eq(&p.clip, clip));
            let oldest = kept.variations.iter().position(|clip| !in_song(clip)).unwrap_or(0);
            kept.variations.remove(oldest);
        }
        kept.variations.push(clip);
        kept.shown = kept.variations.len() - 1;
        if kept.wish.plays_at_once {
            self.place_shown(&mut kept);
        }
    }

    /// Keeps a phrase to morph from, the first, or to, the second.
    pub fn capture(&self, place: Phrase, phrase: Clip) {
        self.kept.lock().phrases[place as usize] = Some(Arc::new(phrase));
    }

    /// The captured phrases, where there are both.
    pub fn phrases(&self) -> Option<[Arc<Clip>; 2]> {
        let [first, second] = self.kept.lock().phrases.clone();
        Some([first?, second?])
    }

    /// Shows the variation before or after; where the one shown is in the song, the other takes its place there.
    pub fn step(&self, back: bool) {
        let mut kept = self.kept();
        let to = if back { kept.shown.checked_sub(1) } else { Some(kept.shown + 1) };
        let Some((to, clip)) = to.and_then(|to| Some((to, kept.variations.get(to)?.clone()))) else { return };
        let shown = kept.variations[kept.shown].clone();
        kept.shown = to;
        if let Some(placing) = kept.in_song.as_mut().filter(|placing| Arc::ptr_eq(&placing.clip, &shown)) {
            placing.clip = clip;
            self.deliver(&mut kept);
        }
    }

    /// Puts the clip shown into the song, from the next bar line on.
    pub fn place(&self) {
        self.place_shown(&mut self.kept());
    }

    /// Takes the clip that is in the song out of it.
    pub fn clear(&self) {
        let mut kept = self.kept();
        kept.in_song = None;
        self.deliver(&mut kept);
    }

    /// What there is to show.
    pub fn shown(&self) -> Shown {
        let kept = self.kept();
        let clip = kept.variations.get(kept.shown).cloned();
        let is_shown = |placing: &Placing| clip.as_ref().is_some_and(|clip| Arc::ptr_eq(clip, &placing.clip));
        let in_song = kept.in_song.as_ref().map(|p| InSong { is_shown: is_shown(p), start: p.start });
        let phrases = kept.phrases.each_ref().map(|phrase| phrase.as_ref().map(|phrase| phrase.notes().len()));
        Shown { clip, place: kept.shown, count: kept.variations.len(), in_song, phrases }
    }

    /// Connects a new audio thread, which is told first what is in the song; one that was connected before hears
    /// nothing more.
    pub fn connect(store: Arc<Self>) -> ClipLink {
        let mut kept = store.kept();
        let deliveries = kept.deliveries.connect();
        let (places, placed) = triple_buffer(&None);
        kept.places = Some(placed);
        store.deliver(&mut kept);
        drop(kept);
        ClipLink { deliveries, places, _store: store }
    }

    /// What is kept, with what the audio thread has said.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        let mut kept = self.kept.lock();
        if let Some((number, start)) = kept.places.as_mut().and_then(|places| *places.read())
            && let Some(placing) = kept.in_song.as_mut().filter(|placing| placing.number == number)
        {
            placing.start = Some(start);
        }
        kept
    }

    fn place_shown(&self, kept: &mut Kept) {
        let Some(clip) = kept.variations.get(kept.shown).cloned() else { return };
        kept.placings += 1;
        kept.in_song = Some(Placing { number: kept.placings, clip, start: None });
        self.deliver(kept);
    }

    fn deliver(&self, kept: &mut Kept) {
        let (looped, restyled) = (kept.wish.looped, kept.wish.restyled);
        let (placing, clip, start) = match &kept.in_song {
            Some(Placing { number, clip, start }) => (*number, Some(clip.clone()), *start),
            None => (kept.placings, None, None),
        };
        let delivery = Delivery { placing, clip: clip.clone(), start, looped, restyled };
        kept.deliveries.send(delivery, clip.as_ref());
    }
}

/// What a project keeps of clips.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedClips {
    /// What the user wants.
    pub wish: GenerateSettings,
    /// What was written, the latest last.
    pub variations: Vec<Clip>,
    /// Which of them the window shows.
    pub shown: usize,
    /// What is in the song: which of them, and where it begins in beats, `None` from the next bar line on.
    pub in_song: Option<(usize, Option<f64>)>,
    /// What was captured to morph between.
    pub phrases: [Option<Clip>; 2],
}

impl SavedClips {
    /// Whether it is the same, rounding in a file aside.
    fn plays_like(&self, other: &Self) -> bool {
        let start = |saved: &Self| saved.in_song.and_then(|in_song| in_song.1);
        let in_the_same_place = match (start(self), start(other)) {
            (Some(one), Some(other)) => (one - other).abs() < 1e-6,
            (one, other) => one == other,
        };
        let others = |saved: &Self| (saved.wish, saved.shown, saved.in_song.map(|in_song| in_song.0));
        in_the_same_place
            && others(self) == others(other)
            && (&self.variations, &self.phrases) == (&other.variations, &other.phrases)
    }
}

/// Where something begins, as a project keeps it; `None` where no song has such a place.
fn in_a_song(beats: f64) -> Option<f64> {
    Place::new(beats).map(Place::beats)
}

impl ClipStore {
    /// What a project is to keep of it.
    pub fn saved(&self) -> SavedClips {
        let kept = self.kept();
        let place = |placing: &Placing| kept.variations.iter().position(|clip| Arc::ptr_eq(clip, &placing.clip));
        SavedClips {
            wish: kept.wish,
            variations: kept.variations.iter().map(|clip| (**clip).clone()).collect(),
            shown: kept.shown,
            in_song: kept
                .in_song
                .as_ref()
                .and_then(|placing| Some((place(placing)?, placing.start.and_then(in_a_song)))),
            phrases: kept.phrases.each_ref().map(|phrase| phrase.as_deref().cloned()),
        }
    }

    /// Takes in what a project kept; the same again changes nothing.
    pub fn load(&self, mut loaded: SavedClips) {
        loaded.wish = loaded.wish.in_range();
        // A host that undoes its own changes loads states often; what plays need not be cut off for the same.
        if self.saved().plays_like(&loaded) {
            return;
        }
        let mut kept = self.kept();
        kept.wish = loaded.wish;
        kept.variations = loaded.variations.into_iter().take(MOST_VARIATIONS).map(Arc::new).collect();
        kept.phrases = loaded.phrases.map(|phrase| phrase.map(Arc::new));
        kept.shown = loaded.shown.min(kept.variations.len().saturating_sub(1));
        kept.placings += 1;
        let number = kept.placings;
        kept.in_song = loaded.in_song.and_then(|(place, start)| {
            let clip = kept.variations.get(place)?.clone();
            Some(Placing { number, clip, start: start.and_then(in_a_song) })
        });
        self.deliver(&mut kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip_track::ClipTrack;
    use crate::generator::Studio;
    use tonenet_core::clip::{Bars, ClipNote};
    use tonenet_core::transport::Transport;

    fn clip(key: u8) -> Clip {
        Clip::new(4.0, (4, 4), vec![ClipNote { onset: 0.0, length: 1.0, key, velocity: 80 }]).unwrap()
    }

    fn connected() -> (Arc<ClipStore>, ClipLink) {
        let store = Arc::<ClipStore>::default();
        (store.clone(), ClipStore::connect(store))
    }

    /// The key of a clip, and where it begins.
    fn next(audio: &mut ClipLink) -> Option<(Option<u8>, Option<f64>)> {
        let delivery = audio.next_delivery()?;
        Some((delivery.clip.map(|clip| clip.notes()[0].key), delivery.start))
    }

    #[test]
    fn what_is_written_plays_from_the_bar_line_that_the_audio_thread_finds() {
        let (store, mut audio) = connected();
        store.add(clip(60));
        let delivery = audio.next_delivery().unwrap();
        assert_eq!(delivery.start, None);
        audio.is_placed(delivery.placing, 16.0);
        assert_eq!(store.shown().in_song, Some(InSong { is_shown: true, start: Some(16.0) }));
        store.change_wish(|wish| wish.looped = false);
        assert_eq!(next(&mut audio), Some((Some(60), Some(16.0))), "it stays where it is");
        store.clear();
        assert_eq!((next(&mut audio), store.shown().in_song), (Some((None, None)), None));
        audio.is_placed(delivery.placing, 20.0);
        assert_eq!(store.shown().in_song, None);
    }

    #[test]
    fn variations_are_gone_through_and_back_in_the_song_too() {
        let (store, mut audio) = connected();
        [60, 62, 64].into_iter().for_each(|key| store.add(clip(key)));
        let delivery = audio.next_delivery().unwrap();
        audio.is_placed(delivery.placing, 8.0);
        store.step(true);
        assert_eq!(next(&mut audio), Some((Some(62), Some(8.0))));
        store.step(false);
        store.step(false);
        assert_eq!((next(&mut audio), store.shown().place), (Some((Some(64), Some(8.0))), 2));
        store.change_wish(|wish| wish.plays_at_once = false);
        store.add(clip(65));
        store.step(true);
        store.step(true);
        assert_eq!(next(&mut audio), Some((Some(62), Some(8.0))), "only what is in the song takes its place");
        store.step(true);
        store.step(true);
        assert_eq!(store.shown().place, 0);
    }

    #[test]
    fn sixteen_are_kept_and_the_one_in_the_song_is_among_them() {
        let store = ClipStore::default();
        store.add(clip(40));
        store.change_wish(|wish| wish.plays_at_once = false);
        for key in 41..80 {
            store.add(clip(key));
        }
        let saved = store.saved();
        assert_eq!(saved.variations.len(), 16);
        assert_eq!((saved.in_song, saved.shown), (Some((0, None)), 15));
        assert_eq!(saved.variations[0], clip(40));
    }

    #[test]
    fn each_piece_has_the_next_seed_unless_it_is_kept() {
        let store = ClipStore::default();
        assert_eq!((store.begin().seed, store.begin().seed), (1, 2));
        store.change_wish(|wish| wish.keeps_seed = true);
        assert_eq!((store.begin().seed, store.begin().seed), (3, 3));
    }

    #[test]
    fn a_project_brings_back_what_was_in_the_song() {
        let (store, mut audio) = connected();
        [60, 62].into_iter().for_each(|key| store.add(clip(key)));
        store.capture(Phrase::Second, clip(70));
        assert_eq!(store.phrases(), None, "there is one only");
        store.capture(Phrase::First, clip(72));
        let delivery = audio.next_delivery().unwrap();
        audio.is_placed(delivery.placing, 12.0);
        let json = serde_json::to_string(&store.saved()).unwrap();
        let loaded: SavedClips = serde_json::from_str(&json).unwrap();
        let (other, mut audio) = connected();
        other.load(loaded.clone());
        assert_eq!(next(&mut audio), Some((Some(62), Some(12.0))));
        assert_eq!(other.phrases().map(|phrases| phrases.map(|p| p.notes()[0].key)), Some([72, 70]));
        other.load(loaded);
        assert_eq!(next(&mut audio), None, "the same again is no news");
        let broken = SavedClips { in_song: Some((7, Some(1e300))), shown: 9, ..SavedClips::default() };
        other.load(broken);
        assert_eq!(other.shown(), Shown::default());
    }

    #[test]
    fn the_audio_thread_never_frees_a_clip() {
        let (store, mut audio) = connected();
        store.add(clip(60));
        let held = audio.next_delivery().unwrap().clip.unwrap();
        store.load(SavedClips::default());
        // Whatever the project has and the link still carries.
        for _ in 0..4 {
            store.clear();
            audio.next_delivery();
        }
        assert_eq!(Arc::strong_count(&held), 2, "the store owns it as long as it is held");
        drop(held);
        store.clear();
        assert_eq!(store.kept.lock().deliveries.owned(), 0);
    }

    #[test]
    fn few_clips_are_owned_however_often_a_host_activates() {
        let store = Arc::<ClipStore>::default();
        let link = Studio::new(store.clone(), Arc::default(), Box::new(|| panic!("nobody writes"))).link().clone();
        let transport = Transport { playing: true, tempo: Some(120.0), beats: Some(0.0), ..Transport::default() };
        let mut most = 0;
        for activation in 0..10_000u32 {
            if activation.is_multiple_of(3) {
                store.add(clip(60 + (activation % 12) as u8));
            }
            let mut track = ClipTrack::new(store.clone(), link.clone(), false);
            for _ in 0..activation % 4 {
                store.step(activation.is_multiple_of(2));
                store.change_wish(|wish| wish.looped = !wish.looped);
                track.take_delivery(0, &transport, &Bars::default());
            }
            most = most.max(store.kept.lock().deliveries.owned());
        }
        // The link carries three; the track plays one, then another, and a third waits for its place.
        assert!((2..=MOST_VARIATIONS + 6).contains(&most), "{most} clips");
        store.clear();
        let kept = store.kept.lock();
        assert!(kept.deliveries.owned() <= MOST_VARIATIONS, "what is kept to go back to: {}", kept.deliveries.owned());
    }
}
