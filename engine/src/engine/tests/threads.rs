//! What becomes of the engine's other threads: full queues, threads that stand still, break or are gone.

use super::*;
use crate::generator::{GenerateSettings, Generator, GeneratorInput};
use crate::waiting::budget::PATIENCE;
use crate::waiting::budget::tests::TestClock;
use crate::waiting::budget::{Budget, Clock};
use parking_lot::MutexGuard;
use std::time::Duration;
use tonenet_core::clip::{Clip, ClipNote};
use tonenet_inference::generate::GenerateError;

const BLOCK: u32 = 480;

/// Somebody who works and can be made to stand still.
#[derive(Clone, Default)]
struct Stall {
    gate: Arc<Mutex<()>>,
    /// How often the work came as far as the gate.
    came: Arc<AtomicU64>,
}

impl Stall {
    fn model(&self) -> FakeModel {
        FakeModel { gate: self.gate.clone(), questions: self.came.clone(), ..FakeModel::default() }
    }

    fn begin(&self) -> MutexGuard<'_, ()> {
        self.gate.lock()
    }

    fn stands_still(&self) -> bool {
        self.came.load(Ordering::Acquire) > 0
    }
}

/// Writes a note when the gate is open.
struct StalledGenerator(Stall);

impl Generator for StalledGenerator {
    fn generate(&mut self, _: &GenerateSettings, _: GeneratorInput, _: &Cancellation) -> Result<Clip, GenerateError> {
        self.0.came.fetch_add(1, Ordering::Release);
        let _open = self.0.gate.lock();
        let note = ClipNote { onset: 0.0, length: 0.5, key: 61, velocity: 80 };
        Ok(Clip::new(4.0, (4, 4), vec![note]).unwrap())
    }
}

/// An engine and its host, which plays on from beat 0 at 120 beats a minute.
struct Host {
    engine: Engine<PlainEvent>,
    status: Arc<Status>,
    clock: TestClock,
    settings: Settings,
    beats: f64,
    /// Velocities that left.
    left: Vec<u8>,
    /// The generator, which goes last.
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
        let open = move |_, _: &Status| Ok(opened(model.take().unwrap_or_default()));
        let thread = InferenceThread::start(status.clone(), memory, open).unwrap();
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

    /// A block in real time.
    fn block(&mut self, events: &[PlainEvent]) {
        self.play(false, false, events);
        self.clock.advance(10);
    }

    /// A block of a bounce.
    fn bounce(&mut self, events: &[PlainEvent]) {
        self.play(true, false, events);
    }

    fn play(&mut self, offline: bool, pressed: bool, events: &[PlainEvent]) {
        let beats = Some(self.beats);
        let transport = Transport { playing: true, tempo: Some(120.0), beats, ..Transport::default() };
        let block = Block { pressed, ..block_of(BLOCK, transport, offline) };
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

    /// Plays a note and goes on in real time until the model stands still over it.
    fn stall_over(&mut self, stall: &Stall, key: u8) {
        stall.came.store(0, Ordering::Release);
        self.block(&[key_down(key)]);
        while !stall.stands_still() {
            self.block(&[]);
            // Questions that come late are left out.
            while !self.engine.inference.is_caught_up() && !stall.stands_still() {
                std::thread::yield_now();
            }
        }
    }

    /// Plays on in real time until nothing more finds room in the inference thread's queue.
    fn fill_queue(&mut self) {
        let pedal = |value| PlainEvent::Controller { timing: 0, channel: 0, number: 64, value };
        let pedals = [1.0, 0.0].map(pedal).repeat(512);
        while self.status.overloads.load(Ordering::Relaxed) == 0 {
            self.block(&pedals);
        }
    }

    /// Goes on until model and generator stand still, the one over a note, the other over a press.
    fn stall(&mut self, model: &Stall, generator: &Stall) {
        self.play(false, true, &[]);
        while !generator.stands_still() {
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
fn after_a_reset_that_found_no_room_notes_are_restyled_as_ever() {
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
fn a_model_that_was_chosen_while_there_was_no_room_answers() {
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
fn the_model_hears_every_key_and_the_pedal_come_up_whatever_found_no_room() {
    let stall = Stall::default();
    let (model, heard) = (stall.model(), Arc::<Mutex<Vec<InputEvent>>>::default());
    let mut host = Host::new(FakeModel { heard: heard.clone(), ..model }, LOOK_AHEAD, None);
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
    let heard = heard.lock();
    let of_keys = heard.iter().filter_map(|heard| match *heard {
        InputEvent::NoteOn { key, .. } => Some((key, true)),
        InputEvent::NoteOff { key, .. } => Some((key, false)),
        InputEvent::Pedal { .. } => None,
    });
    let all = [(64, true), (67, true), (60, true), (60, false), (64, false), (60, true)];
    assert_eq!(of_keys.collect::<Vec<_>>(), all, "67 is still held, and 72 is lost");
    let pedals: Vec<bool> =
        heard.iter().filter_map(|h| if let InputEvent::Pedal { down, .. } = h { Some(*down) } else { None }).collect();
    assert_eq!(pedals.last(), Some(&false));
    assert!(heard.is_sorted_by_key(|heard| match *heard {
        InputEvent::NoteOn { time, .. } | InputEvent::NoteOff { time, .. } | InputEvent::Pedal { time, .. } => time,
    }));
}

#[test]
fn what_is_remembered_stays_where_what_was_played_there_found_no_room() {
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
    assert_eq!(store.remembered().notes, 5);
    // Elsewhere in the song the model stands still.
    let closed = stall.begin();
    host.stall_over(&stall, 90);
    host.fill_queue();
    // The first note is played again and lost; what comes after it finds room.
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

/// A host whose model and generator both stand still over something.
fn stalled(look_ahead: SchedulerConfig, store: Option<Arc<TimelineStore>>) -> (Host, Stall, Stall) {
    let (model, generator) = (Stall::default(), Stall::default());
    (Host::with_generator(model.model(), look_ahead, store, generator.clone()), model, generator)
}

#[test]
fn offline_all_waits_of_a_block_share_one_patience_and_it_is_lost_once() {
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
            // The generator, the snapshot, the queue and the results.
            host.beats = 40.0;
            let events: Vec<PlainEvent> = (40..80).map(key_down).collect();
            host.bounce(&events);
            assert_eq!(host.clock.now() - begin, PATIENCE, "full: {is_full}");
            (0..20).for_each(|_| host.bounce(&events));
            assert_eq!(host.clock.now() - begin, PATIENCE, "nothing has got on since; full: {is_full}");
            drop((closed, shut));
            host.catch_up();
            let restyled =
                |host: &Host| host.status.restyled.load(Ordering::Relaxed) + host.status.new.load(Ordering::Relaxed);
            let before = restyled(&host);
            (0..20).for_each(|key| host.bounce(&[key_down(60 + key)]));
            (0..10).for_each(|_| host.bounce(&[]));
            assert!(restyled(&host) >= before + 20, "what gets on is waited for again");
        }
    }
}

#[test]
fn ahead_of_the_wall_clock_all_waits_together_never_make_the_host_late() {
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
    for pressed in [true, false, true, false] {
        host.play(true, pressed, &[]);
    }
    assert!(!host.engine.clips.link().is_answered());
    (0..10).for_each(|key| host.bounce(&[key_down(60 + key)]));
    (0..10).for_each(|_| host.bounce(&[]));
    assert_eq!(host.status.restyled.load(Ordering::Relaxed), 10);
    assert!(host.clock.now() < PATIENCE);
}

#[test]
fn a_model_that_breaks_and_breaks_again_as_it_goes_can_be_changed_for_another() {
    let broken = FakeModel { breaks: true, _last: Some(BreaksAsItGoes), ..FakeModel::default() };
    let mut host = Host::new(broken, LOOK_AHEAD, None);
    (0..10).for_each(|key| host.bounce(&[key_down(60 + key)]));
    assert!(host.engine.inference.background().is_running());
    let told = host.status.info.lock().error.clone();
    assert!(told.is_some_and(|error| error.contains("stopped unexpectedly")));
    host.settings.model = EmbeddedModel::Note;
    (0..10).for_each(|_| host.bounce(&[]));
    host.status.restyled.store(0, Ordering::Relaxed);
    (0..10).for_each(|key| host.bounce(&[key_down(60 + key)]));
    (0..10).for_each(|_| host.bounce(&[]));
    assert_eq!((host.status.restyled.load(Ordering::Relaxed), host.left.len()), (10, 20));
}
