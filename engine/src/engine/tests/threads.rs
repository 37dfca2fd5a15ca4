//! Tests full queues, and background threads that stall, panic or have ended.

use super::*;
use crate::generator::{GenerateSettings, Generator, GeneratorInput};
use crate::waiting::budget::STALL_TIMEOUT;
use crate::waiting::budget::tests::TestClock;
use crate::waiting::budget::{Budget, Clock};
use parking_lot::MutexGuard;
use std::time::Duration;
use tonenet_core::clip::{Clip, ClipNote};
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::generate::GenerateError;

const BLOCK: u32 = 480;

/// Lets a test stall a background thread.
#[derive(Clone, Default)]
struct Stall {
    gate: Arc<Mutex<()>>,
    /// How often the work has reached the gate.
    reached: Arc<AtomicU64>,
}

impl Stall {
    fn model(&self) -> FakeModel {
        FakeModel { gate: self.gate.clone(), requests: self.reached.clone(), ..FakeModel::default() }
    }

    fn begin(&self) -> MutexGuard<'_, ()> {
        self.gate.lock()
    }

    fn is_stalled(&self) -> bool {
        self.reached.load(Ordering::Acquire) > 0
    }
}

/// Generates a note when the gate is open.
struct StalledGenerator(Stall);

impl Generator for StalledGenerator {
    fn generate(&mut self, _: &GenerateSettings, _: GeneratorInput, _: &Cancellation) -> Result<Clip, GenerateError> {
        self.0.reached.fetch_add(1, Ordering::Release);
        let _open = self.0.gate.lock();
        let note = ClipNote { onset: 0.0, length: 0.5, key: 61, velocity: 80 };
        Ok(Clip::new(4.0, (4, 4), vec![note]).unwrap())
    }
}

/// An engine and its host, which plays from beat 0 at 120 beats per minute.
struct Host {
    engine: Engine<PlainEvent>,
    status: Arc<Status>,
    clock: TestClock,
    settings: Settings,
    beats: f64,
    /// The velocities of the output notes.
    left: Vec<u8>,
    /// The generator, which is dropped last.
    generator: Option<GeneratorThread>,
}

impl Host {
    fn new(model: FakeModel, look_ahead: SchedulerConfig, memory: Option<Arc<TimelineStore>>) -> Self {
        Self::with_generator(model, look_ahead, memory, Stall::default())
    }

    fn with_generator(
        model: FakeModel,
        look_ahead: SchedulerConfig,
        memory: Option<Arc<TimelineStore>>,
        generator: Stall,
    ) -> Self {
        let status = Arc::<Status>::default();
        let mut model = Some(model);
        let open = move |_, _: &Status, _: &Cancellation| Ok(loaded_session(model.take().unwrap_or_default()));
        let thread = InferenceThread::start(status.clone(), Arc::default(), memory, open).unwrap();
        let store = Arc::<ClipStore>::default();
        let open = move || Box::new(StalledGenerator(generator.clone())) as Box<dyn Generator>;
        let generator = GeneratorThread::new(store.clone(), Arc::default(), Box::new(open));
        generator.start();
        let clips = ClipTrack::new(store, generator.link().clone(), false);
        let mut engine = Engine::new(config(look_ahead, EmbeddedModel::Baseline), thread, clips, status.clone());
        let clock = TestClock::default();
        engine.waits.set_budget(Budget::new(Box::new(clock.clone())));
        Self { engine, status, clock, settings: SETTINGS, beats: 0.0, left: Vec::new(), generator: Some(generator) }
    }

    /// Processes a block in real time.
    fn block(&mut self, events: &[PlainEvent]) {
        self.play(false, false, events);
        self.clock.advance(10);
    }

    /// Processes a block offline.
    fn bounce(&mut self, events: &[PlainEvent]) {
        self.play(true, false, events);
    }

    fn play(&mut self, offline: bool, trigger_held: bool, events: &[PlainEvent]) {
        let beats = Some(self.beats);
        let transport = Transport { playing: true, tempo: Some(120.0), beats, ..Transport::default() };
        let block = Block { trigger_held, ..block_of(BLOCK, transport, offline) };
        let mut events = events.iter().copied();
        let left = &mut self.left;
        self.engine.process(
            &block,
            &self.settings,
            || events.next(),
            |event| {
                if let PlainEvent::NoteOn { velocity, .. } = event {
                    left.push(midi_velocity(velocity * 127.0));
                }
            },
        );
        self.beats += f64::from(BLOCK) / 24_000.0;
    }

    /// Plays a note and continues in real time until the model stalls over it.
    fn stall_over(&mut self, stall: &Stall, key: u8) {
        stall.reached.store(0, Ordering::Release);
        self.block(&[key_down(key)]);
        while !stall.is_stalled() {
            self.block(&[]);
            // Stale requests are dropped.
            while !self.engine.inference.is_caught_up() && !stall.is_stalled() {
                std::thread::yield_now();
            }
        }
    }

    /// Continues in real time until the inference thread's queue is full.
    fn fill_queue(&mut self) {
        let pedal = |value| PlainEvent::Controller { timing: 0, channel: 0, number: 64, value };
        let pedals = [1.0, 0.0].map(pedal).repeat(512);
        while self.status.overloads.load(Ordering::Relaxed) == 0 {
            self.block(&pedals);
        }
    }

    /// Continues until the model stalls over a note and the generator over a trigger.
    fn stall(&mut self, model: &Stall, generator: &Stall) {
        self.play(false, true, &[]);
        while !generator.is_stalled() {
            std::thread::yield_now();
        }
        self.stall_over(model, 60);
    }

    fn catch_up(&mut self) {
        while !self.engine.inference.is_caught_up() || self.engine.inference.is_snapshot_pending() {
            std::thread::yield_now();
        }
    }
}

fn key_down(key: u8) -> PlainEvent {
    on(0, key, 0.5).1
}

fn key_up(key: u8) -> PlainEvent {
    PlainEvent::release(0, key)
}

fn window() -> (Host, Stall) {
    let stall = Stall::default();
    (Host::new(stall.model(), LOOK_AHEAD, None), stall)
}

#[test]
fn notes_are_restyled_after_a_reset_while_the_queue_was_full() {
    let (mut host, stall) = window();
    let closed = stall.begin();
    host.stall_over(&stall, 60);
    host.fill_queue();
    host.engine.reset();
    host.engine.reset();
    drop(closed);
    host.catch_up();
    host.status.restyled.store(0, Ordering::Relaxed);
    (0..20).for_each(|key| host.bounce(&[key_down(60 + key)]));
    (0..10).for_each(|_| host.bounce(&[]));
    assert_eq!(host.status.restyled.load(Ordering::Relaxed), 20);
}

#[test]
fn a_model_chosen_while_the_queue_was_full_is_opened_later() {
    let (mut host, stall) = window();
    let closed = stall.begin();
    host.stall_over(&stall, 60);
    host.fill_queue();
    host.settings.model = EmbeddedModel::Note;
    host.block(&[]);
    drop(closed);
    host.catch_up();
    assert_eq!(host.status.info.lock().model, EmbeddedModel::Note.title());
}

#[test]
fn the_model_receives_every_key_and_pedal_release_after_the_queue_was_full() {
    let stall = Stall::default();
    let (model, input) = (stall.model(), Arc::<Mutex<Vec<InputEvent>>>::default());
    let mut host = Host::new(FakeModel { input: input.clone(), ..model }, LOOK_AHEAD, None);
    let closed = stall.begin();
    host.block(&[64, 67].map(key_down));
    host.stall_over(&stall, 60);
    host.fill_queue();
    let pedal = |value| PlainEvent::Controller { timing: 0, channel: 0, number: 64, value };
    host.block(&[pedal(1.0), key_up(64), key_up(60), key_down(72), pedal(0.0)]);
    drop(closed);
    host.catch_up();
    host.block(&[key_down(60)]);
    host.catch_up();
    let input = input.lock();
    let of_keys = input.iter().filter_map(|input| match *input {
        InputEvent::NoteOn { key, .. } => Some((key, true)),
        InputEvent::NoteOff { key, .. } => Some((key, false)),
        InputEvent::Pedal { .. } => None,
    });
    let all = [(64, true), (67, true), (60, true), (60, false), (64, false), (60, true)];
    assert_eq!(of_keys.collect::<Vec<_>>(), all, "67 is still held, and 72 is lost");
    let pedals: Vec<bool> =
        input.iter().filter_map(|h| if let InputEvent::Pedal { down, .. } = h { Some(*down) } else { None }).collect();
    assert_eq!(pedals.last(), Some(&false));
    assert!(input.is_sorted_by_key(|input| match *input {
        InputEvent::NoteOn { time, .. } | InputEvent::NoteOff { time, .. } | InputEvent::Pedal { time, .. } => time,
    }));
}

#[test]
fn recorded_notes_stay_where_input_was_lost_to_a_full_queue() {
    let store = Arc::<TimelineStore>::default();
    let stall = Stall::default();
    let mut host = Host::new(stall.model(), SchedulerConfig::zero_latency(RATE, BLOCK), Some(store.clone()));
    let keys = |host: &mut Host, from: u8| {
        (0..50).for_each(|block| match block % 10 {
            0 => host.bounce(&[key_down(from + block)]),
            5 => host.bounce(&[key_up(from + block - 5)]),
            _ => host.bounce(&[]),
        })
    };
    keys(&mut host, 40);
    host.beats = 100.0;
    host.bounce(&[]);
    assert_eq!(store.summary().notes, 5);
    // The model stalls elsewhere in the song.
    let closed = stall.begin();
    host.stall_over(&stall, 90);
    host.fill_queue();
    // The first note is played again and lost. There is room for the notes after it.
    host.beats = 0.0;
    host.block(&[key_down(40)]);
    drop(closed);
    host.catch_up();
    (1..50).for_each(|block| match block % 10 {
        0 => host.bounce(&[key_down(40 + block)]),
        5 if block > 5 => host.bounce(&[key_up(40 + block - 5)]),
        _ => host.bounce(&[]),
    });
    host.beats = 200.0;
    host.bounce(&[]);
    host.catch_up();
    let keys: Vec<u8> = store.get().0.notes().iter().map(|note| note.key).collect();
    assert_eq!(keys, [40, 50, 60, 70, 80, 90]);
}

/// A host with a model and a generator that can be stalled.
fn stalled(look_ahead: SchedulerConfig, store: Option<Arc<TimelineStore>>) -> (Host, Stall, Stall) {
    let (model, generator) = (Stall::default(), Stall::default());
    (Host::with_generator(model.model(), look_ahead, store, generator.clone()), model, generator)
}

#[test]
fn offline_all_waits_of_a_block_share_one_timeout_which_expires_once() {
    for (look_ahead, store) in [(LOOK_AHEAD, None), (SchedulerConfig::zero_latency(RATE, BLOCK), Some(Arc::default()))]
    {
        for is_full in [false, true] {
            let (mut host, model, generator) = stalled(look_ahead, store.clone());
            let (closed, shut) = (model.begin(), generator.begin());
            host.stall(&model, &generator);
            if is_full {
                host.fill_queue();
            }
            let begin = host.clock.now();
            // The block waits for the generator, the snapshot, the queue and the results.
            host.beats = 40.0;
            let events: Vec<PlainEvent> = (40..80).map(key_down).collect();
            host.bounce(&events);
            assert_eq!(host.clock.now() - begin, STALL_TIMEOUT, "full: {is_full}");
            (0..20).for_each(|_| host.bounce(&events));
            assert_eq!(host.clock.now() - begin, STALL_TIMEOUT, "no progress since; full: {is_full}");
            drop((closed, shut));
            host.catch_up();
            let restyled =
                |host: &Host| host.status.restyled.load(Ordering::Relaxed) + host.status.new.load(Ordering::Relaxed);
            let before = restyled(&host);
            (0..20).for_each(|key| host.bounce(&[key_down(60 + key)]));
            (0..10).for_each(|_| host.bounce(&[]));
            assert!(restyled(&host) >= before + 20, "blocks wait again after progress");
        }
    }
}

#[test]
fn ahead_of_the_wall_clock_the_total_wait_never_makes_the_host_late() {
    for (look_ahead, store) in [(LOOK_AHEAD, None), (SchedulerConfig::zero_latency(RATE, BLOCK), Some(Arc::default()))]
    {
        let (mut host, model, generator) = stalled(look_ahead, store);
        let (closed, shut) = (model.begin(), generator.begin());
        host.stall(&model, &generator);
        let begin = host.clock.now();
        for block in 1..=200 {
            host.play(false, block % 2 == 0, &[key_down(60)]);
            let waited = host.clock.now() - begin;
            assert!(waited < block * Duration::from_millis(10), "{waited:?} in {block} blocks");
        }
        assert!(host.clock.now() - begin > Duration::from_secs(1), "it waited");
        drop((closed, shut));
    }
}

#[test]
fn a_generator_whose_thread_has_ended_is_not_waited_for() {
    let (mut host, ..) = stalled(LOOK_AHEAD, None);
    drop(host.generator.take());
    for trigger_held in [true, false, true, false] {
        host.play(true, trigger_held, &[]);
    }
    assert!(!host.engine.clips.link().is_answered());
    (0..10).for_each(|key| host.bounce(&[key_down(60 + key)]));
    (0..10).for_each(|_| host.bounce(&[]));
    assert_eq!(host.status.restyled.load(Ordering::Relaxed), 10);
    assert!(host.clock.now() < STALL_TIMEOUT);
}

#[test]
fn a_model_that_panics_again_when_dropped_can_be_replaced() {
    let broken = FakeModel { panics: true, _last: Some(PanicsOnDrop), ..FakeModel::default() };
    let mut host = Host::new(broken, LOOK_AHEAD, None);
    (0..10).for_each(|key| host.bounce(&[key_down(60 + key)]));
    assert!(host.engine.inference.background().is_running());
    let error = host.status.info.lock().error.clone();
    assert!(error.is_some_and(|error| error.contains("stopped unexpectedly")));
    host.settings.model = EmbeddedModel::Note;
    (0..10).for_each(|_| host.bounce(&[]));
    host.status.restyled.store(0, Ordering::Relaxed);
    (0..10).for_each(|key| host.bounce(&[key_down(60 + key)]));
    (0..10).for_each(|_| host.bounce(&[]));
    assert_eq!((host.status.restyled.load(Ordering::Relaxed), host.left.len()), (10, 20));
}
