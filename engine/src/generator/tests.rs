use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::timeline_store::TimelineStore;
use crate::waiting::BackgroundThread;
use tonenet_core::clip::{Bars, CapturedPart, Clip, ClipNote};
use tonenet_core::scheduler::NoteId;
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_core::window::InputEvent;
use tonenet_inference::generate::{Cancellation, GenerateError};

/// Generates one note, whose key reveals the seed or the input.
struct Double;

impl Generator for Double {
    fn generate(
        &mut self,
        settings: &GenerateSettings,
        input: GeneratorInput,
        cancel: &Cancellation,
    ) -> Result<Clip, GenerateError> {
        match settings.bars {
            13 => panic!("a test"),
            // Until it is cancelled.
            32 => loop {
                cancel.check()?;
                thread::yield_now();
            },
            _ => {}
        }
        let key = match input {
            GeneratorInput::NewTune | GeneratorInput::NewTexture => settings.seed as u8,
            GeneratorInput::Continue(tune) => tune.notes.last().unwrap().key,
            GeneratorInput::Morph([from, to]) => from.notes()[0].key + to.notes()[0].key,
        };
        Ok(Clip::new(4.0, (4, 4), vec![ClipNote { onset: 0.0, length: 1.0, key, velocity: 80 }]).unwrap())
    }
}

fn generator_thread(timeline: Arc<TimelineStore>) -> (GeneratorThread, Arc<ClipStore>) {
    let store = Arc::<ClipStore>::default();
    let generator = GeneratorThread::new(store.clone(), timeline, Box::new(|| Box::new(Double)));
    (generator, store)
}

fn wait_until(is_over: impl Fn() -> bool) {
    let since = Instant::now();
    while !is_over() {
        assert!(since.elapsed() < Duration::from_secs(20), "it does not get on");
        thread::yield_now();
    }
}

fn keys(store: &ClipStore) -> Vec<u8> {
    let mut keys = Vec::new();
    while store.selected().index > 0 {
        store.step(true);
    }
    for place in 0..store.selected().clips.len() {
        keys.extend(store.selected().clip.map(|clip| clip.notes()[0].key));
        store.step(false);
        assert_eq!(store.selected().index, (place + 1).min(store.selected().clips.len() - 1));
    }
    keys
}

fn note_on(beats: f64, key: u8) -> InputEvent {
    InputEvent::NoteOn {
        id: NoteId(0),
        time: 0,
        position: 0.0,
        beats: Some(beats),
        beat_seconds: 0.5,
        channel: 0,
        key,
        velocity: 64,
        style: StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::JAZZ, share_of_b: 0.0 },
        take: TakeSeed(0),
    }
}

fn press(generator: &GeneratorThread, store: &ClipStore) {
    let count = store.selected().clips.len();
    generator.trigger();
    wait_until(|| store.selected().clips.len() > count || matches!(generator.status(), GeneratorStatus::Failed(_)));
}

#[test]
fn each_trigger_generates_the_next_clip() {
    let (generator, store) = generator_thread(Arc::default());
    press(&generator, &store);
    press(&generator, &store);
    let mut outbox = generator.link().connect();
    assert!(generator.link().is_answered() && outbox.try_send(generator.link().trigger()));
    wait_until(|| generator.link().is_answered());
    assert_eq!(keys(&store), [1, 2, 3]);
    assert_eq!(generator.status(), GeneratorStatus::Idle);
}

#[test]
fn a_continuation_uses_the_players_notes_or_else_the_timeline() {
    let timeline = Arc::<TimelineStore>::default();
    let (generator, store) = generator_thread(timeline.clone());
    store.change_settings(|settings| settings.kind = ClipKind::Continuation);
    press(&generator, &store);
    assert!(matches!(generator.status(), GeneratorStatus::Failed(reason) if reason.contains("play something first")));
    let mut captured = CapturedPart::default();
    captured.record(&note_on(2.0, 72).captured_event().unwrap());
    let song = captured.last_bars(1, &Bars::default()).unwrap().to_midi(120.0);
    timeline.replace(TimelineSnapshot::from_song(&tonenet_core::midi::Song::parse(song).unwrap(), 0.0));
    generator.clear_status();
    press(&generator, &store);
    let mut outbox = generator.link().connect();
    for input in [note_on(8.0, 60), note_on(9.0, 65)] {
        assert!(outbox.try_send(GeneratorMessage::Input(input)));
    }
    press(&generator, &store);
    assert_eq!(keys(&store), [72, 65]);
}

#[test]
fn generation_can_be_cancelled_and_ends_with_the_instance() {
    let (generator, store) = generator_thread(Arc::default());
    store.change_settings(|settings| settings.bars = 32);
    generator.trigger();
    wait_until(|| generator.status() == GeneratorStatus::Generating);
    generator.cancel();
    wait_until(|| generator.status() == GeneratorStatus::Idle);
    assert_eq!(store.selected().clips.len(), 0);
    generator.trigger();
    wait_until(|| generator.status() == GeneratorStatus::Generating);
    drop(generator);
}

#[test]
fn a_panic_is_reported_and_the_next_trigger_generates_again() {
    let (generator, store) = generator_thread(Arc::default());
    store.change_settings(|settings| settings.bars = 13);
    press(&generator, &store);
    assert!(matches!(generator.status(), GeneratorStatus::Failed(reason) if reason.contains("unexpectedly")));
    store.change_settings(|settings| settings.bars = 8);
    generator.trigger();
    wait_until(|| store.selected().clips.len() == 1);
}

/// Panics for each clip, and again when dropped.
struct Broken;

impl Generator for Broken {
    fn generate(&mut self, _: &GenerateSettings, _: GeneratorInput, _: &Cancellation) -> Result<Clip, GenerateError> {
        panic!("a test")
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        assert!(thread::panicking(), "another test");
    }
}

#[test]
fn a_generator_that_panics_when_dropped_leaves_the_thread_running() {
    let (store, mut is_first) = (Arc::<ClipStore>::default(), true);
    let open = move || -> Box<dyn Generator> {
        if std::mem::take(&mut is_first) { Box::new(Broken) } else { Box::new(Double) }
    };
    let generator = GeneratorThread::new(store.clone(), Arc::default(), Box::new(open));
    generator.start();
    let mut outbox = generator.link().connect();
    assert!(outbox.try_send(generator.link().trigger()));
    wait_until(|| generator.link().is_answered());
    assert!(matches!(generator.status(), GeneratorStatus::Failed(reason) if reason.contains("unexpectedly")));
    assert!(generator.link().is_running() && outbox.try_send(generator.link().trigger()));
    wait_until(|| generator.link().is_answered());
    assert_eq!((store.selected().clips.len(), generator.status()), (1, GeneratorStatus::Idle));
}

#[test]
fn deferred_messages_are_sent_later_and_two_triggers_are_answered_together() {
    let (generator, store) = generator_thread(Arc::default());
    let mut outbox = generator.link().connect();
    let on = |key| GeneratorMessage::Input(note_on(1.0, key));
    while outbox.try_send(on(60)) {}
    for message in [generator.link().trigger(), on(61), generator.link().trigger()] {
        outbox.defer(message);
    }
    assert!(!generator.link().is_answered() && !generator.link().is_running());
    generator.start();
    let since = Instant::now();
    while !(outbox.flush() && generator.link().is_answered()) {
        assert!(since.elapsed() < Duration::from_secs(20), "it does not get on");
        thread::yield_now();
    }
    assert_eq!(keys(&store), [1]);
}

#[test]
fn phrases_are_captured_and_morphed_between() {
    let (generator, store) = generator_thread(Arc::default());
    generator.capture(MorphPhrase::First);
    wait_until(
        || matches!(generator.status(), GeneratorStatus::Failed(reason) if reason.contains("play something first")),
    );
    store.change_settings(|settings| settings.kind = ClipKind::Morph);
    let mut outbox = generator.link().connect();
    for (place, key) in [(MorphPhrase::First, 40), (MorphPhrase::Second, 60)] {
        assert!(outbox.try_send(GeneratorMessage::Input(note_on(key.into(), key))));
        generator.capture(place);
        wait_until(|| store.selected().phrases[place as usize].is_some());
        if place == MorphPhrase::First {
            press(&generator, &store);
            assert!(
                matches!(generator.status(), GeneratorStatus::Failed(reason) if reason.contains("capture A and B"))
            );
        }
    }
    generator.clear_status();
    press(&generator, &store);
    assert_eq!((store.selected().phrases, keys(&store)), ([Some(1), Some(1)], vec![100]));
}
