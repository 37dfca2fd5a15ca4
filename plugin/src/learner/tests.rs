//! What becomes of files, a folder and the remembered performance, and what stops the learner.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{LazyLock, OnceLock};
use std::thread;

use tonenet_core::style::USER_SLOTS;
use tonenet_core::timeline::{TimelineNote, TimelineSnapshot};
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::performance::Network;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_test_support::midi_from_tracks;

use super::*;

static NETWORK: LazyLock<Arc<NoteNetwork>> = LazyLock::new(|| {
    let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
    let model = EmbeddedModel::Note.load(&runtime).unwrap();
    let Network::Note(network) = model.network() else { panic!("the note model") };
    network.clone()
});

fn learner_with(open: impl Fn() -> Result<Arc<NoteNetwork>, String> + Send + Sync + 'static) -> Learner {
    Learner::new(Arc::default(), Arc::default(), Box::new(open))
}

fn learner() -> Learner {
    learner_with(|| Ok(NETWORK.clone()))
}

/// Learns, and waits for the outcome.
fn outcome(learner: &Learner, source: LearningSource) -> LearnerState {
    learner.start(source);
    wait(learner)
}

fn wait(learner: &Learner) -> LearnerState {
    while matches!(learner.state(), LearnerState::Learning { .. }) {
        thread::yield_now();
    }
    learner.state()
}

fn learned(learner: &Learner, source: LearningSource) -> Arc<LearnedStyle> {
    match outcome(learner, source) {
        LearnerState::Done(learned) => learned,
        other => panic!("{other:?}"),
    }
}

fn failure(learner: &Learner, source: LearningSource) -> Arc<LearningFailure> {
    match outcome(learner, source) {
        LearnerState::Failed(failure) => failure,
        other => panic!("{other:?}"),
    }
}

fn styles(learner: &Learner) -> usize {
    learner.shared.styles.slots().iter().flatten().count()
}

/// The keys and velocities of eighths in two voices, from a seed. The bass is loud, the other voice soft, unless all is
/// `flat`.
fn eighths(seed: u32, count: usize, flat: bool) -> Vec<[(u8, u8); 2]> {
    let mut state = seed + 1;
    let mut random = move |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) % below) as u8
    };
    let mut note = move |lowest: u8, loudness: u8| (lowest + random(12), if flat { 64 } else { loudness + random(12) });
    (0..count).map(|_| [note(36, 95), note(64, 50)]).collect()
}

/// A track of 400 notes on a channel, without its end.
fn track(seed: u32, flat: bool, channel: u8) -> Vec<u8> {
    let mut track = Vec::new();
    for [(bass, loud), (melody, soft)] in eighths(seed, 200, flat) {
        let (on, off) = (0x90 | channel, 0x80 | channel);
        // An eighth has 48 ticks.
        track.extend([0, on, bass, loud, 0, on, melody, soft, 48, off, bass, 0, 0, off, melody, 0]);
    }
    track
}

/// A MIDI file of 400 notes, on a channel.
fn file(seed: u32, flat: bool, channel: u8) -> Vec<u8> {
    midi_from_tracks(96, &[track(seed, flat, channel)])
}

/// A folder "Evenings" with three files to learn from.
fn evenings(folder: &Path) -> PathBuf {
    let evenings = folder.join("Evenings");
    fs::create_dir_all(evenings.join("late")).unwrap();
    for (seed, name) in ["one.mid", "two.mid", "late/three.mid"].into_iter().enumerate() {
        fs::write(evenings.join(name), file(seed as u32, false, 0)).unwrap();
    }
    evenings
}

/// A remembered performance of eighths.
fn remembered(count: usize, flat: bool) -> TimelineSnapshot {
    let chords = eighths(9, count, flat).into_iter().enumerate();
    let notes = chords.flat_map(|(eighth, chord)| {
        chord.map(|(key, velocity)| TimelineNote {
            beats: eighth as f64 / 2.0,
            length: 0.4,
            beat_seconds: 0.5,
            channel: 0,
            key,
            velocity,
        })
    });
    TimelineSnapshot::new(notes.collect(), Vec::new())
}

#[test]
fn a_folder_becomes_a_style_of_its_name_and_what_does_not_fit_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let evenings = evenings(folder.path());
    fs::write(evenings.join("flat.mid"), file(9, true, 0)).unwrap();
    fs::write(evenings.join("broken.mid"), b"MThd and nothing").unwrap();
    let learner = learner();
    let learned = learned(&learner, LearningSource::Folder(evenings));
    assert_eq!((learned.name.as_str(), learned.slot, learned.files, learned.notes), ("Evenings", 0, 3, 1_200));
    assert!(!learned.was_there && learned.description.contains("louder bass (+"), "{learned:?}");
    assert!(learned.reliability.starts_with("Tested on playing that it was not learned from: r 0.9"), "{learned:?}");
    let [broken, flat] = &learned.left_out[..] else { panic!("{:?}", learned.left_out) };
    assert!(broken.name == "broken.mid" && !broken.reason.contains("broken.mid"), "{broken:?}");
    assert!(flat.name == "flat.mid" && flat.reason.contains("velocities hardly vary"), "{flat:?}");
    let style = learner.shared.styles.style(0).unwrap();
    assert_eq!((style.id(), style.contents().card.files), (learned.id, 3));
    assert_eq!(style.check(&NETWORK), Ok(()));
}

#[test]
fn a_style_is_called_after_its_file_or_the_folder_of_its_files() {
    let name = |files: &[&str]| LearningSource::Files(files.iter().map(Into::into).collect()).style_name();
    assert_eq!(name(&["/takes/Late night.mid"]), "Late night");
    assert_eq!(name(&["/takes/one.mid", "/takes/two.mid"]), "takes");
    assert_eq!(name(&["/one.mid", "/two.mid"]), "", "the store names it");
    assert_eq!(LearningSource::Folder("/takes/..".into()).style_name(), "");
}

#[test]
fn a_single_file_plays_as_the_nearest_built_in_style_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = midi_from_tracks(96, &[track(1, false, 0).repeat(3)]);
    let path = folder.path().join("Long.mid");
    fs::write(&path, bytes).unwrap();
    let learned = learned(&learner(), LearningSource::Files(vec![path]));
    assert_eq!((learned.name.as_str(), learned.files, learned.notes), ("Long", 1, 1_200));
    assert!(learned.reliability.starts_with("One performance cannot show a style of its own"), "{learned:?}");
}

#[test]
fn what_was_played_becomes_a_style_and_the_same_again_takes_no_second_slot() {
    let learner = learner();
    learner.shared.timeline.replace(remembered(500, false));
    let first = learned(&learner, LearningSource::Remembered);
    assert_eq!((first.name.as_str(), first.slot, first.files, first.notes), ("My playing", 0, 0, 1_000));
    assert!(!first.was_there && first.reliability.starts_with("Tested on"), "{first:?}");
    let card = learner.shared.styles.style(0).unwrap().contents().card.clone();
    assert_eq!((card.files, card.notes), (1, 1_000), "its sections are no files");
    learner.shared.styles.rename(0, "Mine").unwrap();
    let again = learned(&learner, LearningSource::Remembered);
    assert_eq!((again.slot, again.was_there, styles(&learner)), (0, true, 1));
    assert_eq!(learner.shared.styles.style(0).unwrap().name(), "Mine");
    learner.shared.timeline.replace(remembered(600, false));
    assert_eq!(learned(&learner, LearningSource::Remembered).name, "My playing");
    learner.shared.timeline.replace(remembered(700, false));
    assert_eq!(learned(&learner, LearningSource::Remembered).name, "My playing 2");
}

#[test]
fn what_cannot_be_learned_from_is_refused_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let write = |name: &str, bytes: Vec<u8>| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let flat = [1, 2, 3].map(|seed| write(&format!("flat {seed}.mid"), file(seed, true, 0))).to_vec();
    let drums = vec![write("drums.mid", file(1, false, 9))];
    let short = vec![write("one.mid", file(1, false, 0))];
    let missing = folder.join("missing");
    fs::create_dir(folder.join("empty")).unwrap();
    let learner = learner();
    for (source, words) in [
        (LearningSource::Files(flat), "choose performances that were played on a keyboard with dynamics"),
        (LearningSource::Files(drums), "there are no piano notes; choose piano performances"),
        (LearningSource::Files(short), "there are 400 notes to learn from, and at least 1000 are needed"),
        (LearningSource::Files(vec![missing.clone()]), "there are no piano notes"),
        (LearningSource::Folder(missing), "cannot read the folder"),
        (LearningSource::Folder(folder.join("empty")), "there is no MIDI file"),
        (LearningSource::Remembered, "there are no piano notes"),
    ] {
        let failure = failure(&learner, source.clone());
        assert!(failure.reason.contains(words), "{source:?}: {}", failure.reason);
    }
    learner.shared.timeline.replace(remembered(600, true));
    assert!(failure(&learner, LearningSource::Remembered).reason.starts_with("the velocities hardly vary"));
    assert_eq!(learner.shared.styles.edition(), 0, "the list of styles stays");
}

#[test]
fn files_that_cannot_be_read_are_named_although_nothing_was_learned() {
    let gone: Vec<PathBuf> = (0..=500).map(|index| format!("/no/{index}.mid").into()).collect();
    let failure = failure(&learner(), LearningSource::Files(gone));
    assert_eq!(failure.left_out.len(), 501);
    assert_eq!(failure.left_out.iter().filter(|left| left.reason == "500 files are enough").count(), 1);
    assert_eq!(failure.left_out[7].name, "7.mid");
}

#[test]
fn without_an_empty_slot_nothing_is_learned() {
    let learner = learner_with(|| panic!("no model is needed"));
    learner.shared.timeline.replace(remembered(500, false));
    let style = |slot: usize| format!(r#""{slot}":{{"format":99}}"#);
    let project = format!("{{{}}}", (0..USER_SLOTS).map(style).collect::<Vec<_>>().join(","));
    learner.shared.styles.load(serde_json::from_str(&project).unwrap());
    assert_eq!(failure(&learner, LearningSource::Remembered).reason, "all slots are taken; remove a style first");
}

#[test]
fn a_model_that_does_not_open_and_a_panic_are_said_and_the_next_one_is_learned() {
    let refused = learner_with(|| Err("model.json is damaged; install the plugin again".into()));
    refused.shared.timeline.replace(remembered(500, false));
    assert_eq!(failure(&refused, LearningSource::Remembered).reason, "model.json is damaged; install the plugin again");
    let has_panicked = OnceLock::new();
    let learner = learner_with(move || match has_panicked.set(()) {
        Ok(()) => panic!("a test"),
        Err(()) => Ok(NETWORK.clone()),
    });
    learner.shared.timeline.replace(remembered(500, false));
    assert!(failure(&learner, LearningSource::Remembered).reason.starts_with("learning stopped unexpectedly; try"));
    assert_eq!(learned(&learner, LearningSource::Remembered).slot, 0);
}

/// A learner whose model opens only when the sender sends or is dropped. The receiver hears of each that begins.
fn held_learner() -> (Learner, Receiver<()>, Sender<()>) {
    let ((began, begun), (release, released)) = (channel(), channel());
    let released = Mutex::new(released);
    let learner = learner_with(move || {
        began.send(()).unwrap();
        // It fails once the sender is dropped.
        let _ = released.lock().recv();
        Ok(NETWORK.clone())
    });
    learner.shared.timeline.replace(remembered(500, false));
    (learner, begun, release)
}

#[test]
fn it_learns_one_style_at_a_time_and_a_cancelled_one_leaves_nothing() {
    let (learner, begun, release) = held_learner();
    learner.start(LearningSource::Remembered);
    begun.recv().unwrap();
    assert_eq!(learner.state(), LearnerState::Learning { share: 0.0 });
    learner.start(LearningSource::Remembered);
    learner.cancel();
    drop(release);
    assert_eq!((wait(&learner), styles(&learner)), (LearnerState::Idle, 0));
    assert!(begun.try_recv().is_err(), "the second one did not begin");
    assert_eq!(learned(&learner, LearningSource::Remembered).slot, 0, "the next one is not cancelled");
}

#[test]
fn closing_stops_what_runs_and_lets_nothing_else_begin() {
    let (learner, begun, release) = held_learner();
    learner.start(LearningSource::Remembered);
    begun.recv().unwrap();
    thread::scope(|scope| {
        let closing = scope.spawn(|| learner.close());
        // The thread that closes holds the lock, or has set the flag already.
        while !learner.worker.is_closing() {
            thread::yield_now();
        }
        drop(release);
        closing.join().unwrap();
    });
    assert_eq!((learner.state(), styles(&learner)), (LearnerState::Idle, 0));
    learner.start(LearningSource::Remembered);
    assert_eq!(learner.state(), LearnerState::Idle);
    assert!(begun.try_recv().is_err());
}

#[test]
fn progress_never_goes_back() {
    let shared = Shared {
        styles: Arc::default(),
        timeline: Arc::default(),
        open: Box::new(|| Ok(NETWORK.clone())),
        state: Mutex::new(LearnerState::Learning { share: 0.0 }),
    };
    for (reported, shown) in [(0.25, 0.25), (0.5, 0.5), (0.25, 0.5)] {
        shared.report(reported);
        assert_eq!(*shared.state.lock(), LearnerState::Learning { share: shown });
    }
    shared.set(LearnerState::Idle);
    shared.report(1.0);
    assert_eq!(*shared.state.lock(), LearnerState::Idle);
}
