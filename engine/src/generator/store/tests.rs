use super::*;
use crate::clip_track::ClipTrack;
use crate::generator::GeneratorThread;
use tonenet_core::clip::{Bars, ClipNote};
use tonenet_core::transport::Transport;

fn clip(key: u8) -> Clip {
    Clip::new(4.0, (4, 4), vec![ClipNote { onset: 0.0, length: 1.0, key, velocity: 80 }]).unwrap()
}

fn connected() -> (Arc<ClipStore>, ClipLink) {
    let store = Arc::<ClipStore>::default();
    (store.clone(), ClipStore::connect(store))
}

/// The clip's key, and its start.
fn next(audio: &mut ClipLink) -> Option<(Option<u8>, Option<f64>)> {
    let update = audio.next_update()?;
    Some((update.clip.map(|clip| clip.notes()[0].key), update.start))
}

#[test]
fn a_new_clip_starts_where_the_audio_thread_reports() {
    let (store, mut audio) = connected();
    store.add(clip(60));
    let update = audio.next_update().unwrap();
    assert_eq!(update.start, None);
    audio.report_start(update.placement, 16.0);
    let placement = store.selected().placement.unwrap();
    assert_eq!((placement.is_selected, placement.start), (true, Some(16.0)));
    store.change_settings(|settings| settings.looped = false);
    assert_eq!(next(&mut audio), Some((Some(60), Some(16.0))), "its start stays");
    store.clear();
    assert_eq!((next(&mut audio), store.selected().placement), (Some((None, None)), None));
    audio.report_start(update.placement, 20.0);
    assert_eq!(store.selected().placement, None);
}

#[test]
fn stepping_through_variations_also_replaces_the_clip_in_the_song() {
    let (store, mut audio) = connected();
    [60, 62, 64].into_iter().for_each(|key| store.add(clip(key)));
    let update = audio.next_update().unwrap();
    audio.report_start(update.placement, 8.0);
    store.step(true);
    assert_eq!(next(&mut audio), Some((Some(62), Some(8.0))));
    store.step(false);
    store.step(false);
    assert_eq!((next(&mut audio), store.selected().index), (Some((Some(64), Some(8.0))), 2));
    store.change_settings(|settings| settings.plays_at_once = false);
    store.add(clip(65));
    store.step(true);
    store.step(true);
    assert_eq!(next(&mut audio), Some((Some(62), Some(8.0))), "only stepping from the clip in the song replaces it");
    store.step(true);
    store.step(true);
    assert_eq!(store.selected().index, 0);
}

#[test]
fn any_clip_can_be_selected() {
    let (store, mut audio) = connected();
    [60, 62, 64].into_iter().for_each(|key| store.add(clip(key)));
    let update = audio.next_update().unwrap();
    audio.report_start(update.placement, 8.0);
    store.select(0);
    assert_eq!(next(&mut audio), Some((Some(60), Some(8.0))), "it takes the place of the one in the song");
    let selected = store.selected();
    assert_eq!((selected.index, selected.clip), (0, Some(selected.clips[0].clone())));
    assert_eq!(selected.clips.iter().map(|clip| clip.notes()[0].key).collect::<Vec<_>>(), [60, 62, 64]);
    store.select(3);
    assert_eq!((store.selected().index, next(&mut audio)), (0, None), "there is none");
    ClipStore::default().select(0);
}

#[test]
fn an_audition_plays_the_selected_clip_in_style() {
    let (store, mut audio) = connected();
    store.audition();
    assert!(audio.next_update().is_none_or(|update| update.clip.is_none()), "there is no clip");
    store.change_settings(|settings| (settings.plays_at_once, settings.restyled) = (false, false));
    [60, 62].into_iter().for_each(|key| store.add(clip(key)));
    store.audition();
    let update = audio.next_update().unwrap();
    assert_eq!((update.clip.map(|clip| clip.notes()[0].key), update.start, update.restyled), (Some(62), None, true));
    audio.report_start(update.placement, 8.0);
    store.change_settings(|settings| settings.restyled = false);
    store.audition();
    let update = audio.next_update().unwrap();
    assert_eq!((update.start, update.restyled), (Some(8.0), true), "it stays where it is");
}

#[test]
fn the_clip_in_the_song_moves_to_another_start() {
    let (store, mut audio) = connected();
    store.move_to(4.0);
    store.add(clip(60));
    let update = audio.next_update().unwrap();
    assert_eq!(update.start, None, "what is not in the song does not move");
    audio.report_start(update.placement, 16.0);
    store.move_to(32.0);
    assert_eq!(next(&mut audio), Some((Some(60), Some(32.0))));
    audio.report_start(update.placement, 20.0);
    assert_eq!(store.selected().placement.unwrap().start, Some(32.0), "a report of the old start comes too late");
    for nowhere in [f64::NAN, f64::INFINITY, 1e300] {
        store.move_to(nowhere);
        assert_eq!((store.selected().placement.unwrap().start, next(&mut audio)), (Some(32.0), None), "{nowhere}");
    }
    assert_eq!(store.saved().placement, Some((0, Some(32.0))));
}

#[test]
fn the_store_keeps_sixteen_clips_including_the_one_in_the_song() {
    let store = ClipStore::default();
    store.add(clip(40));
    store.change_settings(|settings| settings.plays_at_once = false);
    for key in 41..80 {
        store.add(clip(key));
    }
    let saved = store.saved();
    assert_eq!(saved.variations.len(), 16);
    assert_eq!((saved.placement, saved.selected), (Some((0, None)), 15));
    assert_eq!(saved.variations[0], clip(40));
}

#[test]
fn each_clip_gets_the_next_seed_unless_the_user_keeps_it() {
    let store = ClipStore::default();
    assert_eq!((store.next_settings().seed, store.next_settings().seed), (1, 2));
    store.change_settings(|settings| settings.keeps_seed = true);
    assert_eq!((store.next_settings().seed, store.next_settings().seed), (3, 3));
}

#[test]
fn a_loaded_project_restores_the_clip_in_the_song() {
    let (store, mut audio) = connected();
    [60, 62].into_iter().for_each(|key| store.add(clip(key)));
    store.capture(MorphPhrase::Second, clip(70));
    assert_eq!(store.phrases(), None, "only one is captured");
    store.capture(MorphPhrase::First, clip(72));
    let update = audio.next_update().unwrap();
    audio.report_start(update.placement, 12.0);
    let json = serde_json::to_string(&store.saved()).unwrap();
    let loaded: SavedClips = serde_json::from_str(&json).unwrap();
    let (other, mut audio) = connected();
    other.load(loaded.clone());
    assert_eq!(next(&mut audio), Some((Some(62), Some(12.0))));
    assert_eq!(other.phrases().map(|phrases| phrases.map(|p| p.notes()[0].key)), Some([72, 70]));
    other.load(loaded);
    assert_eq!(next(&mut audio), None, "an equal state sends no update");
    let broken = SavedClips { placement: Some((7, Some(1e300))), selected: 9, ..SavedClips::default() };
    other.load(broken);
    assert_eq!(other.selected(), SelectedClip::default());
}

#[test]
fn the_audio_thread_never_frees_a_clip() {
    let (store, mut audio) = connected();
    store.add(clip(60));
    let held = audio.next_update().unwrap().clip.unwrap();
    store.load(SavedClips::default());
    // The link may still carry clips from before.
    for _ in 0..4 {
        store.clear();
        audio.next_update();
    }
    assert_eq!(Arc::strong_count(&held), 2, "the store owns it while the audio thread holds it");
    drop(held);
    store.clear();
    assert_eq!(store.contents.lock().updates.owned(), 0);
}

#[test]
fn few_clips_are_owned_after_many_activations() {
    let store = Arc::<ClipStore>::default();
    let link = GeneratorThread::new(store.clone(), Arc::default(), Box::new(|| panic!("not opened"))).link().clone();
    let transport = Transport { playing: true, tempo: Some(120.0), beats: Some(0.0), ..Transport::default() };
    let mut most = 0;
    for activation in 0..10_000u32 {
        if activation.is_multiple_of(3) {
            store.add(clip(60 + (activation % 12) as u8));
        }
        let mut track = ClipTrack::new(store.clone(), link.clone(), false);
        for _ in 0..activation % 4 {
            store.step(activation.is_multiple_of(2));
            store.change_settings(|settings| settings.looped = !settings.looped);
            track.take_update(0, &transport, &Bars::default());
        }
        most = most.max(store.contents.lock().updates.owned());
    }
    // The link carries three. The track plays one, then another, and a third waits to be placed.
    assert!((2..=MOST_VARIATIONS + 6).contains(&most), "{most} clips");
    store.clear();
    let contents = store.contents.lock();
    assert!(contents.updates.owned() <= MOST_VARIATIONS, "only the stored clips: {}", contents.updates.owned());
}
