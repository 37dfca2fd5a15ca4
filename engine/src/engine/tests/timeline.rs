//! Tests Timeline mode over edits, reloaded projects, undo and files.

use std::sync::atomic::AtomicUsize;

use super::*;

/// An instance in Timeline mode, which counts how often a whole performance is restyled.
struct Instance {
    engine: Engine<PlainEvent>,
    restylings: Arc<AtomicUsize>,
    store: Arc<TimelineStore>,
}

impl Instance {
    fn new(store: Arc<TimelineStore>) -> Self {
        let (status, restylings) = (Arc::<Status>::default(), Arc::<AtomicUsize>::default());
        let counter = restylings.clone();
        let open = move |_: EmbeddedModel, _: &Status, _: &Cancellation| {
            let counter = counter.clone();
            let restyle_performance: RestylePerformance = Box::new(move |performance: &TimelineSnapshot, _, _| {
                counter.fetch_add(1, Ordering::Relaxed);
                let (notes, _) = performance.performance();
                let predictions = notes.iter().map(|n| QuantisedExpectation::new((n.onset + n.release) as f32, 2.0));
                Ok(restyled(performance, predictions))
            });
            let restyler = Restyler::new(Box::new(FakeModel::default()));
            Ok(LoadedSession { restyler, restyle_performance, styles: Arc::default() })
        };
        let thread = InferenceThread::start(status.clone(), Arc::default(), Some(store.clone()), open).unwrap();
        let look_ahead = SchedulerConfig::zero_latency(RATE, 480);
        let engine = Engine::new(config(look_ahead, EmbeddedModel::Baseline), thread, no_clips(), status);
        Self { engine, restylings, store }
    }

    /// Saves the project and opens it again.
    fn opened_again(self) -> Self {
        drop(self.engine);
        let json = serde_json::to_string(&*self.store.get().0).unwrap();
        let store = Arc::<TimelineStore>::default();
        store.load(serde_json::from_str(&json).unwrap());
        Self::new(store)
    }

    /// Deactivates and activates the plugin.
    fn activated_again(self) -> Self {
        drop(self.engine);
        Self::new(self.store)
    }

    /// Plays offline from a position, then some silence. Returns the output by beat, and the number of restylings.
    fn pass(&mut self, from: f64, song: &[(f64, PlainEvent)]) -> (Vec<(f64, PlainEvent)>, usize) {
        let before = self.restylings.load(Ordering::Relaxed);
        let beats = |block: u32| from + f64::from(block) * 480.0 / 24_000.0;
        let (mut left, mut song) = (Vec::new(), song.iter().copied().peekable());
        for index in 0..420 {
            let playing = index < 400;
            let place = Some(beats(index.min(400)));
            let transport = Transport { playing, tempo: Some(120.0), beats: place, ..Default::default() };
            let events = || {
                let (beat, event) = song.next_if(|e| e.0 < beats(index + 1))?;
                Some(event.with_timing(((beat - beats(index)) * 24_000.0).round() as u32))
            };
            self.engine.process(&block_of(480, transport, true), &SETTINGS, events, |event| {
                left.push((beats(index) + f64::from(event.timing()) / 24_000.0, event.with_timing(0)));
            });
        }
        assert!(song.next().is_none(), "all of it was played");
        // Changes of a pass are restyled at the latest when the next pass begins.
        let mut nothing = std::iter::empty::<PlainEvent>();
        for beats in [-100.0, -200.0] {
            let transport = Transport { playing: true, tempo: Some(120.0), beats: Some(beats), ..Default::default() };
            self.engine.process(&block_of(1, transport, true), &SETTINGS, || nothing.next(), |_| ());
        }
        (left, self.restylings.load(Ordering::Relaxed) - before)
    }

    fn restylings(&mut self, song: &[(f64, PlainEvent)]) -> usize {
        self.pass(0.0, song).1
    }
}

/// A note: position, length, key and velocity.
type Struck = (f64, f64, u8, f32);

fn song(notes: &[Struck]) -> Vec<(f64, PlainEvent)> {
    let mut events = Vec::new();
    for &(beats, length, key, velocity) in notes {
        events.push((beats, on(0, key, velocity).1));
        events.push((beats + length, PlainEvent::release(0, key)));
    }
    events.sort_by(|a, b| a.0.total_cmp(&b.0));
    events
}

fn pedal(beats: f64, value: u8) -> (f64, PlainEvent) {
    let value = f32::from(value) / 127.0;
    (beats, PlainEvent::Controller { timing: 0, channel: 0, number: 64, value })
}

const PART: [Struck; 4] = [(0.5, 0.5, 60, 0.5), (1.0, 0.25, 64, 0.6), (2.0, 1.0, 67, 0.7), (4.0, 0.5, 72, 0.5)];

#[test]
fn every_edit_is_restyled_once_whatever_the_origin_of_the_performance() {
    let went_on = |mut instance: Instance| {
        instance.restylings(&song(&PART));
        instance
    };
    let ways: [(&str, &dyn Fn() -> Instance); 5] = [
        ("played", &|| went_on(Instance::new(Arc::default()))),
        ("opened again", &|| went_on(Instance::new(Arc::default())).opened_again()),
        ("activated again", &|| went_on(Instance::new(Arc::default())).activated_again()),
        ("taken back", &|| {
            let instance = went_on(Instance::new(Arc::default()));
            instance.store.replace(TimelineSnapshot::default());
            instance.store.undo();
            instance
        }),
        ("filled in", &|| {
            let played = went_on(Instance::new(Arc::default()));
            let filled = Instance::new(Arc::default());
            let (performance, _) = played.store.get();
            filled.store.replace(TimelineSnapshot::new(performance.notes().to_vec(), Vec::new()));
            went_on(filled)
        }),
    ];
    let mut performances = Vec::new();
    for (way, create) in ways {
        let mut instance = create();
        assert_eq!(instance.restylings(&song(&PART)), 0, "{way}: nothing was edited");
        let mut part = PART;
        part[1].1 = 0.5;
        assert_eq!(instance.restylings(&song(&part)), 1, "{way}: a length");
        part[1].3 = 0.9;
        assert_eq!(instance.restylings(&song(&part)), 1, "{way}: a velocity");
        assert_eq!(instance.restylings(&song(&part[1..])), 1, "{way}: a deletion");
        let pedalled = [song(&part[1..]), vec![pedal(5.0, 127), pedal(6.0, 0)]].concat();
        assert_eq!(instance.restylings(&pedalled), 1, "{way}: the pedal");
        assert_eq!(instance.restylings(&pedalled), 0, "{way}: the same again");
        performances.push(instance.store.get().0);
    }
    assert_eq!(performances[0].notes().len(), 3);
    assert!(performances.iter().all(|performance| *performance == performances[0]), "{performances:?}");
}

#[test]
fn an_edit_just_before_deactivation_is_restyled_after_the_next_activation() {
    let mut instance = Instance::new(Arc::default());
    instance.restylings(&song(&PART));
    let mut part = PART;
    part[0].3 = 0.9;
    let edit = part[0];
    let transport = Transport { playing: true, tempo: Some(120.0), beats: Some(edit.0), ..Default::default() };
    let mut events = vec![on(0, edit.2, edit.3).1].into_iter();
    instance.engine.process(&block_of(480, transport, false), &SETTINGS, || events.next(), |_| ());
    let instance = instance.activated_again();
    assert!(instance.store.get().0.needs_any_model(&built_in_keys()));
    let mut instance = instance.opened_again();
    assert_eq!(instance.restylings(&song(&part)), 1);
    assert!(!instance.store.get().0.needs_any_model(&built_in_keys()));
}

#[test]
fn a_continuous_pedal_is_emitted_unchanged_and_is_no_edit() {
    // 500 messages per second at 120 beats per minute, around the pedal's threshold.
    let stream = |from: f64| -> Vec<(f64, PlainEvent)> {
        let value = |i: u32| (64.0 + 40.0 * (f64::from(i) / 80.0).sin() + f64::from(i % 3)) as u8;
        let stream = (0..1_900).map(|i| pedal(f64::from(i) / 250.0 + 0.001, value(i))).filter(|e| e.0 >= from);
        let mut events: Vec<_> = song(&PART).into_iter().filter(|e| e.0 >= from).chain(stream).collect();
        events.sort_by(|a, b| a.0.total_cmp(&b.0));
        events
    };
    let controllers = |events: &[(f64, PlainEvent)]| -> Vec<(i64, PlainEvent)> {
        let pedal = events.iter().filter(|e| matches!(e.1, PlainEvent::Controller { .. }));
        pedal.map(|e| ((e.0 * 24_000.0).round() as i64, e.1)).collect()
    };
    let mut instance = Instance::new(Arc::default());
    let (left, restylings) = instance.pass(0.0, &stream(0.0));
    assert!(controllers(&left) == controllers(&stream(0.0)));
    assert_eq!(controllers(&left).len(), 1_900);
    assert!(restylings <= 2, "{restylings}");
    let stored = instance.store.get().0.pedals().len();
    assert!((2..40).contains(&stored), "{stored}");
    let mut instance = instance.opened_again();
    for from in [0.0, 3.02, 1.5] {
        let song: Vec<_> = stream(from).into_iter().filter(|e| e.0 < from + 7.9).collect();
        let (left, restylings) = instance.pass(from, &song);
        let differs = controllers(&left).into_iter().zip(controllers(&song)).find(|(left, came)| left != came);
        assert_eq!((differs, left.len() >= song.len(), restylings), (None, true, 0), "from {from}");
    }
    assert_eq!(instance.store.get().0.pedals().len(), stored);
}

#[test]
fn a_performance_with_extreme_positions_loads_plays_and_is_saved() {
    let far = (1u64 << 52) as f64;
    let notes = [0.5, 268_435_455.0, far, -far, 1e12, -1e9];
    let json = |beats: f64| format!("[{beats:?},1.0,0.5,0,60,80,null]");
    let notes = notes.map(json).join(",");
    let performance =
        format!(r#"{{"model":"","gains":[1,1,1],"notes":[{notes},[1e300,1.0,0.5,0,60,80,null]],"pedals":[]}}"#);
    let store = Arc::<TimelineStore>::default();
    store.load(serde_json::from_str(&performance).unwrap());
    let mut instance = Instance::new(store);
    assert_eq!(instance.store.summary().notes, 6, "an invalid position is left out");
    let (left, _) = instance.pass(0.0, &song(&PART));
    assert_eq!(left.len(), 8);
    for place in [268_435_454.0, far - 400.0, -far, 1e12 - 1.0, 1e15] {
        instance.pass(place, &[]);
    }
    let before = instance.store.get().0;
    let opened = instance.opened_again();
    assert_eq!(opened.store.get().0, before);
    assert_eq!(opened.store.summary().waiting, 0);
}

#[test]
fn a_continuous_pedal_does_not_displace_the_pending_notes_that_a_new_model_receives() {
    let (mut engine, status) = engine(EmbeddedModel::Note);
    let mut part = vec![on(0, 60, 0.5)];
    part.extend((0..2_100).map(|i| (10 + i / 2, pedal(0.0, 64 + (i % 60) as u8).1)));
    part.push(on(4_000, 62, 0.5));
    let out = play_with(&mut engine, &part, 64, |sample| match sample < 1_280 {
        true => Settings { model: EmbeddedModel::Note, ..SETTINGS },
        false => SETTINGS,
    });
    assert_eq!(out.len(), part.len());
    assert_eq!((status.restyled.load(Ordering::Relaxed), status.late.load(Ordering::Relaxed)), (2, 0));
}
