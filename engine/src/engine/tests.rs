use super::*;
use crate::event::{PlainEvent, Voice};
use crate::generator::{ClipStore, GeneratorThread};
use crate::inference_thread::{LoadedSession, Predictor, RestylePerformance};
use crate::timeline_store::TimelineStore;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tonenet_core::clip::Bars;
use tonenet_core::dynamics::Expression;
use tonenet_core::feel::{Drift, FeelControls, Wander};
use tonenet_core::note::midi_velocity;
use tonenet_core::scheduler::NoteId;
use tonenet_core::scope::Scope;
use tonenet_core::style::{QuantisedExpectation, StyleBlend, StyleIndex, TakeSeed, built_in_keys};
use tonenet_core::timeline::{TimelineNote, TimelineSnapshot};
use tonenet_core::transport::Transport;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::error::InferenceError;
use tonenet_inference::model::{Prediction, StyleSpread, VelocityModel};
use tonenet_inference::restyler::Restyler;
use tonenet_inference::styles::StyleList;

const RATE: f64 = 48_000.0;
const LOOK_AHEAD: SchedulerConfig =
    SchedulerConfig { latency: 2_400, policy: tonenet_core::scheduler::RequestPolicy::EveryHop(600) };

/// Predicts a deviation that depends on the note's id.
#[derive(Default)]
struct FakeModel {
    notes: Vec<(NoteId, SampleTime)>,
    panics: bool,
    /// A test locks it to stall the model.
    gate: Arc<Mutex<()>>,
    /// The notes requested so far.
    requested: Arc<Mutex<Vec<NoteId>>>,
    /// The number of requests that have reached the gate.
    requests: Arc<AtomicU64>,
    /// The input events received.
    input: Arc<Mutex<Vec<InputEvent>>>,
    /// Panics when dropped, if present.
    _last: Option<PanicsOnDrop>,
}

struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "a fault in a model that is dropped");
    }
}

impl VelocityModel for FakeModel {
    fn style(&self, _style: StyleIndex) -> Option<StyleSpread> {
        Some(StyleSpread { human: 10.0, predicted: 10.0 })
    }

    fn use_styles(&mut self, _: &Arc<StyleList>) {}

    fn reset(&mut self) {
        self.notes.clear();
    }

    fn push_event(&mut self, input: &InputEvent, _: Option<f32>) {
        self.input.lock().push(*input);
        if let InputEvent::NoteOn { id, time, .. } = *input {
            self.notes.push((id, time));
        }
    }

    fn predict(
        &mut self,
        request: &InferenceRequest,
        _style: StyleIndex,
        predictions: &mut Vec<(NoteId, Prediction)>,
    ) -> Result<(), InferenceError> {
        assert!(!self.panics, "a fault in a model");
        self.requests.fetch_add(1, Ordering::Release);
        let _open = self.gate.lock();
        let due = request.hop.settle_from..request.hop.settle_to;
        let notes = self.notes.iter().filter(|n| due.contains(&n.1));
        self.requested.lock().extend(notes.clone().map(|n| n.0));
        predictions.extend(notes.map(|n| (n.0, Prediction { deviation: (n.0.0 % 11) as f32 + 5.0, spread: 1.0 })));
        Ok(())
    }

    fn wander(&self, _style: StyleIndex) -> Option<Wander> {
        let drift = Drift { sigma: 0.02, beats: 3.0, with_dynamics: 0.0 };
        Some(Wander { shift: Some(drift), stretch: Drift { sigma: 0.2, ..drift } })
    }
}

/// An engine that starts with a model. The note model is missing, the attention model panics on requests, and the
/// baseline works.
fn engine(model: EmbeddedModel) -> (Engine<PlainEvent>, Arc<Status>) {
    engine_with(model, LOOK_AHEAD, None)
}

fn loaded_session(model: FakeModel) -> LoadedSession {
    let restyle_performance: RestylePerformance = Box::new(|performance: &TimelineSnapshot, _, _: &Cancellation| {
        let prediction = |n: &TimelineNote| QuantisedExpectation::new(f32::from(n.key) / 4.0, 2.0);
        Ok(restyled(performance, performance.notes().iter().map(prediction)))
    });
    LoadedSession { restyler: Restyler::new(Box::new(model)), restyle_performance, styles: Arc::default() }
}

/// The performance as the baseline leaves it.
fn restyled(
    performance: &TimelineSnapshot,
    predictions: impl Iterator<Item = QuantisedExpectation>,
) -> TimelineSnapshot {
    crate::timeline_store::tests::restyled(performance, EmbeddedModel::Baseline.id(), predictions)
}

fn engine_with(
    model: EmbeddedModel,
    look_ahead: SchedulerConfig,
    memory: Option<Arc<TimelineStore>>,
) -> (Engine<PlainEvent>, Arc<Status>) {
    let status = Arc::<Status>::default();
    let open = |model, _: &Status, _: &Cancellation| match model {
        EmbeddedModel::Note => Err("decoder-jazz.onnx is damaged".into()),
        EmbeddedModel::Attention => Ok(loaded_session(FakeModel { panics: true, ..FakeModel::default() })),
        EmbeddedModel::Baseline => Ok(loaded_session(FakeModel::default())),
    };
    let thread = InferenceThread::start(status.clone(), Arc::default(), memory, open).unwrap();
    (Engine::new(config(look_ahead, model), thread, no_clips(), status.clone()), status)
}

fn config(scheduler: SchedulerConfig, model: EmbeddedModel) -> SessionConfig {
    let predictor = Predictor { model, condition_on_player: false };
    SessionConfig { sample_rate: RATE, longest_block: 480, scheduler, predictor }
}

/// A track without a clip.
fn no_clips() -> ClipTrack {
    let store = Arc::<ClipStore>::default();
    let generator = GeneratorThread::new(store.clone(), Arc::default(), Box::new(|| panic!("not opened")));
    ClipTrack::new(store, generator.link().clone(), false)
}

/// A block in bars of four beats, without a trigger.
fn block_of(samples: u32, transport: Transport, offline: bool) -> Block {
    Block { samples, transport, bars: Bars::default(), trigger_held: false, offline }
}

fn on(time: u32, key: u8, velocity: f32) -> (u64, PlainEvent) {
    (time.into(), PlainEvent::note_on(Voice::new(Some(time as i32), 0, key), velocity))
}

fn off(time: u32, key: u8) -> (u64, PlainEvent) {
    (time.into(), PlainEvent::release(0, key))
}

fn part() -> Vec<(u64, PlainEvent)> {
    let mut part: Vec<_> = (0..60).map(|i| on(i * 437, 30 + (i % 50) as u8, 0.3 + i as f32 * 0.01)).collect();
    part.push((9_000, PlainEvent::Controller { timing: 0, channel: 0, number: 64, value: 1.0 }));
    part.push((20_000, PlainEvent::Controller { timing: 0, channel: 0, number: 123, value: 0.0 }));
    part.sort_by_key(|e| e.0);
    part
}

/// Plays a part offline. Returns the output events with their absolute samples.
fn play(
    engine: &mut Engine<PlainEvent>,
    part: &[(u64, PlainEvent)],
    block: u32,
    settings: &Settings,
) -> Vec<(u64, PlainEvent)> {
    play_with(engine, part, block, |_| *settings)
}

/// The same with settings that depend on the block's first sample.
fn play_with(
    engine: &mut Engine<PlainEvent>,
    part: &[(u64, PlainEvent)],
    block: u32,
    settings: impl Fn(u64) -> Settings,
) -> Vec<(u64, PlainEvent)> {
    play_in(engine, part, block, settings, |_| Transport::default())
}

/// The same where the host has a transport at each sample.
fn play_in(
    engine: &mut Engine<PlainEvent>,
    part: &[(u64, PlainEvent)],
    block: u32,
    settings: impl Fn(u64) -> Settings,
    transport: impl Fn(u64) -> Transport,
) -> Vec<(u64, PlainEvent)> {
    let (mut now, mut next, mut out) = (0u64, 0, Vec::new());
    while now < part.last().unwrap().0 + 4_000 {
        let end = now + u64::from(block);
        let events = || {
            let (time, event) = *part.get(next).filter(|e| e.0 < end)?;
            next += 1;
            Some(event.with_timing((time - now) as u32))
        };
        let block = block_of(block, transport(now), true);
        let send = |event: PlainEvent| out.push((now + u64::from(event.timing()), event.with_timing(0)));
        engine.process(&block, &settings(now), events, send);
        now = end;
    }
    out
}

const FULL: Expression = Expression { amount: 1.0, keep_accents: 0.0, level: 0.0, range: 1.0, floor: 1, ceiling: 127 };
const SETTINGS: Settings = Settings {
    style: StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::JAZZ, share_of_b: 0.0 },
    take: TakeSeed(0),
    expression: FULL,
    scope: Scope::ALL,
    model: EmbeddedModel::Baseline,
    condition_on_player: false,
    feel: FeelControls::OFF,
    bypass: false,
    compare: false,
};

fn ons(events: &[(u64, PlainEvent)]) -> Vec<f32> {
    let velocity = |e: &(u64, PlainEvent)| match e.1 {
        PlainEvent::NoteOn { velocity, .. } => Some(velocity),
        _ => None,
    };
    events.iter().filter_map(velocity).collect()
}

#[test]
fn output_does_not_depend_on_the_block_size() {
    let reference = play(&mut engine(EmbeddedModel::Baseline).0, &part(), 512, &SETTINGS);
    let changed = ons(&reference).iter().zip(ons(&part())).filter(|(a, b)| *a != b).count();
    assert_eq!((ons(&reference).len(), changed), (60, 60), "every note has a new velocity");
    for block in [1, 32, 64, 100, 4096] {
        assert_eq!(
            play(&mut engine(EmbeddedModel::Baseline).0, &part(), block, &SETTINGS),
            reference,
            "blocks of {block}"
        );
    }
}

#[test]
fn a_take_moves_and_stretches_notes_by_the_same_at_every_block_size() {
    let note = |i: u32| [on(i * 900, 30 + (i % 50) as u8, 0.5), off(i * 900 + 700, 30 + (i % 50) as u8)];
    let part: Vec<_> = (0..60).flat_map(note).collect();
    let played = |take, share, block| {
        let feel = FeelControls { timing: share, articulation: share, ..FeelControls::OFF };
        let settings = Settings { take: TakeSeed(take), feel, ..SETTINGS };
        let beats = |sample: u64| Some(sample as f64 / 24_000.0);
        let transport =
            |sample| Transport { playing: true, tempo: Some(120.0), beats: beats(sample), ..Default::default() };
        play_in(&mut engine(EmbeddedModel::Baseline).0, &part, block, |_| settings, transport)
    };
    let times = |events: &[(u64, PlainEvent)]| events.iter().map(|event| event.0).collect::<Vec<_>>();
    let written: Vec<u64> = part.iter().map(|event| event.0 + u64::from(LOOK_AHEAD.latency)).collect();
    assert_eq!(times(&played(0, 1.0, 512)), written, "Take 0 plays what is predicted: nothing");
    assert_eq!(times(&played(7, 0.0, 512)), written, "at 0 %");
    let reference = played(7, 1.0, 512);
    let moved = times(&reference).iter().zip(&written).filter(|(a, b)| a != b).count();
    assert!(moved > 40, "{moved} of 120; those that would be earlier may have to stay");
    assert_ne!(times(&reference), times(&played(8, 1.0, 512)));
    for block in [1, 32, 100, 4096] {
        assert_eq!(played(7, 1.0, block), reference, "blocks of {block}");
    }
}

#[test]
fn every_event_is_emitted_one_latency_later_and_controller_123_ends_notes() {
    let (mut engine, status) = engine(EmbeddedModel::Baseline);
    let out = play(&mut engine, &part(), 100, &SETTINGS);
    let latency = u64::from(LOOK_AHEAD.latency);
    let times: Vec<u64> = out.iter().filter(|e| !matches!(e.1, PlainEvent::NoteOff { .. })).map(|e| e.0).collect();
    assert_eq!(times, part().iter().map(|e| e.0 + latency).collect::<Vec<_>>());
    let released = out.iter().filter(|e| matches!(e.1, PlainEvent::NoteOff { .. })).count();
    assert_eq!(released, 46, "controller 123 ends the notes before it");
    assert_eq!(status.restyled.load(Ordering::Relaxed), 60);
    assert_eq!(status.late.load(Ordering::Relaxed), 0);
}

#[test]
fn at_amount_zero_and_in_bypass_velocities_stay_bit_identical() {
    for settings in
        [Settings { expression: Expression { amount: 0.0, ..FULL }, ..SETTINGS }, Settings { bypass: true, ..SETTINGS }]
    {
        let out = play(&mut engine(EmbeddedModel::Baseline).0, &part(), 64, &settings);
        assert_eq!(ons(&out), ons(&part()));
    }
}

#[test]
fn without_a_working_model_notes_are_unchanged_and_count_as_late() {
    for (model, error) in [
        (EmbeddedModel::Note, "decoder-jazz.onnx is damaged"),
        (EmbeddedModel::Attention, "the model stopped unexpectedly; choose another or reload the plugin"),
    ] {
        let (mut engine, status) = engine(model);
        let out = play(&mut engine, &part(), 64, &Settings { model, ..SETTINGS });
        assert_eq!(ons(&out), ons(&part()));
        assert_eq!(status.late.load(Ordering::Relaxed), 60);
        assert_eq!(status.info.lock().error.as_deref(), Some(error));
    }
}

#[test]
fn changing_the_model_while_playing_loses_no_note() {
    let (mut engine, status) = engine(EmbeddedModel::Baseline);
    let without_model = 9_600..15_360;
    let out = play_with(&mut engine, &part(), 64, |sample| match without_model.contains(&sample) {
        true => Settings { model: EmbeddedModel::Note, ..SETTINGS },
        false => SETTINGS,
    });
    let notes = |events: &[(u64, PlainEvent)]| -> Vec<(u64, PlainEvent)> {
        events.iter().copied().filter(|e| matches!(e.1, PlainEvent::NoteOn { .. })).collect()
    };
    let (played, came) = (notes(&part()), notes(&out));
    assert_eq!(played.len(), came.len());
    // A hop settles notes from three hops before it, so the new model predicts the notes pending at the change.
    let mut late = 0;
    for ((time, own), (left, came)) in played.into_iter().zip(came) {
        let in_time = !(7_800..13_800).contains(&time);
        assert_eq!((left, came != own), (time + u64::from(LOOK_AHEAD.latency), in_time), "the note at {time}");
        late += u64::from(!in_time);
    }
    assert_eq!((status.late.load(Ordering::Relaxed), status.restyled.load(Ordering::Relaxed)), (late, 60 - late));
    let words = status.info.lock();
    assert_eq!((words.model.as_str(), &words.error), (EmbeddedModel::Baseline.title(), &None));
}

#[test]
fn a_reset_releases_sounding_notes_and_restarts_the_clock() {
    let (mut engine, _) = engine(EmbeddedModel::Baseline);
    let first = play(&mut engine, &[on(0, 60, 0.5)], 64, &SETTINGS);
    engine.reset();
    let second = play(&mut engine, &[on(0, 62, 0.5)], 64, &SETTINGS);
    assert_eq!(first.len(), 1);
    assert!(matches!(second[0], (0, PlainEvent::NoteOff { voice: Voice { key: Some(60), .. }, .. })));
    assert_eq!(second[1].0, u64::from(LOOK_AHEAD.latency));
}

/// Plays keys at beats of a song, in blocks of 480 samples at 120 beats per minute. Returns the time and velocity of
/// each output note.
fn pass(engine: &mut Engine<PlainEvent>, song: &[(f64, u8)], offline: bool) -> Vec<(u64, f32)> {
    let settings = Settings { model: engine.inference.model().unwrap(), ..SETTINGS };
    let mut left = Vec::new();
    let start = engine.now;
    let last = song.last().unwrap().0 + 1.0;
    let block = 480;
    let blocks = (last * 24_000.0) as u64 / block;
    for index in 0..blocks + 20 {
        let (from, to) = (index * block, (index + 1) * block);
        let mut events: Vec<(u64, PlainEvent)> = Vec::new();
        for &(beats, key) in song {
            let (begin, end) = ((beats * 24_000.0) as u64, ((beats + 0.25) * 24_000.0) as u64);
            if (from..to).contains(&begin) {
                events.push((begin - from, on(begin as u32, key, 0.5).1));
            }
            if (from..to).contains(&end) {
                events.push((end - from, PlainEvent::release(0, key)));
            }
        }
        events.sort_by_key(|e| e.0);
        let mut events = events.into_iter();
        let playing = index < blocks;
        let transport = Transport {
            playing,
            tempo: Some(120.0),
            beats: Some(from.min(blocks * block) as f64 / 24_000.0),
            ..Default::default()
        };
        let block = block_of(block as u32, transport, offline);
        let next = || events.next().map(|(sample, event)| event.with_timing(sample as u32));
        engine.process(&block, &settings, next, |event| {
            if let PlainEvent::NoteOn { timing, velocity, .. } = event {
                left.push((from + u64::from(timing), velocity * 127.0));
            }
        });
    }
    assert_eq!(engine.now - start, (blocks + 20) * block);
    left
}

const SONG: [(f64, u8); 5] = [(0.0, 40), (1.0, 60), (1.5, 72), (2.0, 50), (3.25, 100)];

/// The velocities that [`loaded_session`] predicts for a whole performance: a quarter of the key, centred on its level.
fn whole_performance_velocities(song: &[(f64, u8)]) -> Vec<f32> {
    let mean = song.iter().map(|n| f32::from(n.1) / 4.0).sum::<f32>() / song.len() as f32;
    let level = 64.0;
    song.iter().map(|n| (level + f32::from(n.1) / 4.0 - mean).round()).collect()
}

fn timeline(store: &Arc<TimelineStore>) -> (Engine<PlainEvent>, Arc<Status>) {
    engine_with(EmbeddedModel::Baseline, SchedulerConfig::zero_latency(RATE, 480), Some(store.clone()))
}

fn velocities(left: &[(u64, f32)]) -> Vec<f32> {
    left.iter().map(|n| n.1.round()).collect()
}

#[test]
fn in_timeline_the_second_pass_gets_the_whole_performances_predictions_without_latency() {
    let store = Arc::<TimelineStore>::default();
    let (mut engine, status) = timeline(&store);
    let first = pass(&mut engine, &SONG, true);
    let times: Vec<u64> = SONG.iter().map(|n| (n.0 * 24_000.0) as u64).collect();
    assert_eq!(first.iter().map(|n| n.0).collect::<Vec<_>>(), times, "without latency");
    assert_eq!(status.new.load(Ordering::Relaxed), 5);
    let second = pass(&mut engine, &SONG, true);
    assert_eq!(second.iter().map(|n| n.0).collect::<Vec<_>>(), times);
    assert_eq!(velocities(&second), whole_performance_velocities(&SONG));
    assert_eq!((status.restyled.load(Ordering::Relaxed), status.late.load(Ordering::Relaxed)), (5, 0));
    assert_eq!(pass(&mut engine, &SONG, true), second, "every later pass is the same");

    // The same holds after a project is loaded.
    drop(engine);
    let (mut engine, status) = timeline(&store);
    assert_eq!(pass(&mut engine, &SONG, true), second);
    assert_eq!(status.new.load(Ordering::Relaxed), 0);
}

#[test]
fn in_timeline_a_moved_note_is_new_for_one_pass() {
    let store = Arc::<TimelineStore>::default();
    let (mut engine, status) = timeline(&store);
    pass(&mut engine, &SONG, true);
    let mut edited = SONG;
    edited[2].0 = 1.75;
    pass(&mut engine, &edited, true);
    assert_eq!(status.new.load(Ordering::Relaxed), 6);
    assert_eq!(velocities(&pass(&mut engine, &edited, true)), whole_performance_velocities(&edited));
    assert_eq!((status.new.load(Ordering::Relaxed), store.summary().notes), (6, 5), "the old one is gone");
}

#[test]
fn clearing_the_performance_removes_it_and_undo_restores_it() {
    let store = Arc::<TimelineStore>::default();
    let (mut engine, status) = timeline(&store);
    pass(&mut engine, &SONG, true);
    let recorded = pass(&mut engine, &SONG, true);
    store.replace(TimelineSnapshot::default());
    pass(&mut engine, &[(8.0, 40)], true);
    assert_eq!(store.summary().notes, 1);
    store.undo();
    pass(&mut engine, &[(8.0, 40)], true);
    assert_eq!(pass(&mut engine, &SONG, true).len(), recorded.len());
    assert!(status.new.load(Ordering::Relaxed) >= 6);
}

#[test]
fn in_timeline_a_model_that_panics_leaves_notes_unchanged_without_latency() {
    let store = Arc::<TimelineStore>::default();
    let (mut engine, _) = engine_with(EmbeddedModel::Attention, SchedulerConfig::zero_latency(RATE, 480), Some(store));
    for _ in 0..2 {
        assert_eq!(velocities(&pass(&mut engine, &SONG, true)), [64.0; SONG.len()]);
    }
}

#[test]
fn notes_played_just_before_deactivation_are_recorded() {
    let store = Arc::<TimelineStore>::default();
    let (mut engine, _) = timeline(&store);
    let playing = Transport { playing: true, tempo: Some(120.0), beats: Some(4.0), ..Default::default() };
    let mut events = vec![on(0, 60, 0.5).1].into_iter();
    engine.process(&block_of(480, playing, false), &SETTINGS, || events.next(), |_| ());
    drop(engine);
    assert_eq!(store.summary().notes, 1);
}

#[test]
fn notes_played_before_a_reset_are_recorded_when_the_next_pass_begins() {
    let store = Arc::<TimelineStore>::default();
    let (mut engine, _) = timeline(&store);
    let mut play_at = |beats, events: Vec<PlainEvent>| {
        let transport = Transport { playing: true, tempo: Some(120.0), beats: Some(beats), ..Default::default() };
        let mut events = events.into_iter();
        engine.process(&block_of(480, transport, true), &SETTINGS, || events.next(), |_| ());
        engine.reset();
    };
    play_at(4.0, vec![on(0, 60, 0.5).1]);
    play_at(8.0, Vec::new());
    assert_eq!(store.summary().notes, 1);
}

#[test]
fn offline_every_request_runs_even_for_notes_that_a_seek_dropped() {
    let (gate, requested) = (Arc::<Mutex<()>>::default(), Arc::<Mutex<Vec<NoteId>>>::default());
    let model = FakeModel { gate: gate.clone(), requested: requested.clone(), ..FakeModel::default() };
    let mut model = Some(loaded_session(model));
    let status = Arc::<Status>::default();
    let open = move |_, _: &Status, _: &Cancellation| model.take().ok_or_else(|| "there is only one".to_owned());
    let thread = InferenceThread::start(status.clone(), Arc::default(), None, open).unwrap();
    let mut engine = Engine::new(config(LOOK_AHEAD, EmbeddedModel::Baseline), thread, no_clips(), status);
    let mut left = 0;
    let mut play = |samples: std::ops::Range<u32>, beats: f64| {
        for now in samples.step_by(100) {
            let beats = Some(beats + f64::from(now) / 24_000.0);
            let transport = Transport { playing: true, tempo: Some(120.0), beats, ..Default::default() };
            let block = block_of(100, transport, true);
            let mut event = matches!(now, 4_500 | 4_700 | 25_000).then(|| on(0, 60, 0.5).1);
            engine.process(&block, &SETTINGS, || event.take(), |_| left += 1);
        }
    };
    play(0..4_500, 0.0);
    let closed = gate.lock();
    play(4_500..4_800, 0.0);
    // No block waits for dropped notes. By the end of this call their requests are long overdue.
    play(4_800..25_000, 100.0);
    drop(closed);
    play(25_000..29_000, 100.0);
    assert_eq!(left, 1);
    assert_eq!(*requested.lock(), [0, 1, 2].map(NoteId), "earlier requests influence later predictions");
}

mod clips;
mod hosts;
mod threads;
mod timeline;
