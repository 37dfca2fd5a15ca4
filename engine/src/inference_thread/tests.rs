use std::thread;

use super::*;
use crate::timeline_store::tests::{performance, restyled};
use crate::waiting::WaitPolicy;
use crate::waiting::budget::Budget;
use tonenet_core::scheduler::{Hop, NoteId};
use tonenet_core::style::{QuantisedExpectation, StyleBlend, StyleIndex, TakeSeed};
use tonenet_core::timeline::TimelineEvent;
use tonenet_core::window::{InferenceRequest, InputEvent};
use tonenet_inference::model::{Prediction, StyleSpread, VelocityModel};
use tonenet_inference::styles::StyleList;

/// A model that receives no requests.
struct Silent;

impl VelocityModel for Silent {
    fn style(&self, _: StyleIndex) -> Option<StyleSpread> {
        None
    }

    fn use_styles(&mut self, _: &Arc<StyleList>) {}

    fn reset(&mut self) {}

    fn push_event(&mut self, _: &InputEvent, _: Option<f32>) {}

    fn predict(
        &mut self,
        _: &InferenceRequest,
        style: StyleIndex,
        _: &mut Vec<(NoteId, Prediction)>,
    ) -> Result<(), InferenceError> {
        Err(InferenceError::no_such_style(style))
    }
}

#[test]
fn a_stop_cancels_restyling_between_two_chunks_and_keeps_the_performance() {
    let (store, pieces) = (Arc::<TimelineStore>::default(), Arc::<AtomicU64>::default());
    let begun = pieces.clone();
    let open = move |_, _: &Status, _: &Cancellation| {
        let begun = begun.clone();
        let restyle_performance: RestylePerformance = Box::new(move |performance, _, cancellation| {
            for _ in 0..3 {
                cancellation.check()?;
                begun.fetch_add(1, Ordering::AcqRel);
                // A chunk lasts until the stop. The limit ends the test if no stop comes.
                let mut turns = 0;
                while turns < 10_000_000 && !cancellation.is_cancelled() {
                    turns += 1;
                    thread::yield_now();
                }
            }
            Ok(performance.clone())
        });
        Ok(LoadedSession { restyler: Restyler::new(Box::new(Silent)), restyle_performance, styles: Arc::default() })
    };
    let mut inference = InferenceThread::start(Arc::default(), Arc::default(), Some(store.clone()), open).unwrap();
    let played = TimelineEvent::NoteOn { beats: 1.0, beat_seconds: 0.5, channel: 0, key: 60, velocity: 64 };
    for message in [
        InferenceMessage::UseModel(EmbeddedModel::Note),
        InferenceMessage::Record(played),
        InferenceMessage::Record(TimelineEvent::PassEnded),
    ] {
        assert!(inference.messages.try_send(message));
    }
    while pieces.load(Ordering::Acquire) == 0 {
        thread::yield_now();
    }
    drop(inference);
    assert_eq!(pieces.load(Ordering::Acquire), 1, "no chunk began after the stop");
    assert_eq!(store.summary().notes, 1);
}

#[test]
fn a_stop_while_a_model_opens_is_waited_for_no_longer_and_is_no_fault() {
    let status = Arc::<Status>::default();
    // A driver that hangs: only a stop ends it.
    let open = |_, _: &Status, stop: &Cancellation| {
        while stop.check().is_ok() {
            thread::yield_now();
        }
        Err("cancelled".into())
    };
    let mut inference = InferenceThread::start(status.clone(), Arc::default(), None, open).unwrap();
    let before = inference.shared.progress();
    assert!(inference.messages.try_send(InferenceMessage::UseModel(EmbeddedModel::Note)));
    while inference.shared.progress() < before + 10 {
        thread::yield_now();
    }
    drop(inference);
    assert_eq!((status.info().error, status.info().model), (None, String::new()));
}

#[test]
fn progress_increases_while_a_performance_is_restyled() {
    let (store, gate) = (Arc::<TimelineStore>::default(), Arc::<AtomicBool>::default());
    store.replace(performance(3));
    let is_open = gate.clone();
    let open = move |_, _: &Status, _: &Cancellation| {
        let is_open = is_open.clone();
        let restyle_performance: RestylePerformance = Box::new(move |performance, _, cancellation| {
            while !is_open.load(Ordering::Acquire) {
                cancellation.check()?;
                thread::yield_now();
            }
            let predictions = performance.notes().iter().map(|_| QuantisedExpectation::new(1.0, 1.0));
            Ok(restyled(performance, "note", predictions))
        });
        Ok(LoadedSession { restyler: Restyler::new(Box::new(Silent)), restyle_performance, styles: Arc::default() })
    };
    let mut inference = InferenceThread::start(Arc::default(), Arc::default(), Some(store.clone()), open).unwrap();
    assert!(inference.messages.try_send(InferenceMessage::UseModel(EmbeddedModel::Note)));
    while !inference.is_caught_up() {
        thread::yield_now();
    }
    assert!(inference.is_snapshot_pending());
    let before = inference.shared.progress();
    while inference.shared.progress() < before + 10 {
        thread::yield_now();
    }
    gate.store(true, Ordering::Release);
    while inference.is_snapshot_pending() {
        thread::yield_now();
    }
    assert_eq!(store.summary().waiting, 0);
}

/// A policy that never waits and never wakes a thread.
fn no_waits(thread: &InferenceThread) -> WaitPolicy {
    WaitPolicy::new(Budget::default(), thread.background(), thread.background())
}

/// Predicts the same for every requested note.
struct Steady(Vec<NoteId>);

impl VelocityModel for Steady {
    fn style(&self, _: StyleIndex) -> Option<StyleSpread> {
        Some(StyleSpread { human: 10.0, predicted: 10.0 })
    }

    fn use_styles(&mut self, _: &Arc<StyleList>) {}

    fn reset(&mut self) {
        self.0.clear();
    }

    fn push_event(&mut self, input: &InputEvent, _: Option<f32>) {
        if let InputEvent::NoteOn { id, .. } = *input {
            self.0.push(id);
        }
    }

    fn predict(
        &mut self,
        _: &InferenceRequest,
        _: StyleIndex,
        predictions: &mut Vec<(NoteId, Prediction)>,
    ) -> Result<(), InferenceError> {
        predictions.extend(self.0.drain(..).map(|id| (id, Prediction { deviation: 5.0, spread: 1.0 })));
        Ok(())
    }
}

fn steady_link() -> (InferenceLink, WaitPolicy, Arc<Status>) {
    let open = |_, _: &Status, _: &Cancellation| {
        let restyle_performance: RestylePerformance = Box::new(|performance, _, _| Ok(performance.clone()));
        Ok(LoadedSession {
            restyler: Restyler::new(Box::new(Steady(Vec::new()))),
            restyle_performance,
            styles: Arc::default(),
        })
    };
    let status = Arc::<Status>::default();
    let thread = InferenceThread::start(status.clone(), Arc::default(), None, open).unwrap();
    let waits = no_waits(&thread);
    (InferenceLink::new(thread, status.clone()), waits, status)
}

fn note(id: u64) -> InferenceMessage {
    InferenceMessage::Input(
        InputEvent::NoteOn {
            id: NoteId(id),
            time: 10,
            position: 0.0,
            beats: None,
            beat_seconds: 0.5,
            channel: 0,
            key: 60,
            velocity: 64,
            style: StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::JAZZ, share_of_b: 0.0 },
            take: TakeSeed(0),
        },
        None,
    )
}

fn request() -> InferenceMessage {
    let hop = Hop { time: 20, settle_from: 0, settle_to: 20 };
    InferenceMessage::Request(InferenceRequest { hop, position: 0.0 }, SampleTime::MAX)
}

/// Sends messages, and waits until all are handled. Returns the notes of the results.
fn results(link: &mut InferenceLink, waits: &mut WaitPolicy, messages: &[InferenceMessage]) -> Vec<NoteId> {
    let mut notes = Vec::new();
    let mut accept = |result: InferenceResult| notes.push(result.note);
    messages.iter().for_each(|message| assert!(link.send(*message, waits, &mut accept)));
    while !link.is_caught_up() {
        thread::yield_now();
    }
    link.take_results(&mut accept);
    notes
}

#[test]
fn a_model_is_requested_only_when_it_changes() {
    let (mut link, ..) = steady_link();
    assert_eq!(link.change_model(EmbeddedModel::Note), Some(InferenceMessage::UseModel(EmbeddedModel::Note)));
    assert_eq!(link.change_model(EmbeddedModel::Note), None);
    assert!(link.change_model(EmbeddedModel::Baseline).is_some());
}

#[test]
fn results_from_before_a_reset_are_dropped() {
    let (mut link, mut waits, _) = steady_link();
    let model = link.change_model(EmbeddedModel::Note).unwrap();
    assert_eq!(results(&mut link, &mut waits, &[model, note(1), request()]), [NoteId(1)]);
    let ask = [note(2), request()];
    ask.iter().for_each(|message| assert!(link.send(*message, &mut waits, &mut |_| ())));
    let reset = link.begin_epoch();
    assert_eq!(results(&mut link, &mut waits, &[reset, note(3), request()]), [NoteId(3)]);
}

#[test]
fn in_real_time_a_message_without_room_counts_as_an_overload() {
    let (gate, opening) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let (is_open, has_begun) = (gate.clone(), opening.clone());
    let open = move |_, _: &Status, _: &Cancellation| {
        has_begun.store(true, Ordering::Release);
        while !is_open.load(Ordering::Acquire) {
            thread::yield_now();
        }
        Err("a test".to_owned())
    };
    let status = Arc::<Status>::default();
    let thread = InferenceThread::start(status.clone(), Arc::default(), None, open).unwrap();
    let mut waits = no_waits(&thread);
    let mut link = InferenceLink::new(thread, status.clone());
    let model = link.change_model(EmbeddedModel::Note).unwrap();
    assert!(link.send(model, &mut waits, &mut |_| ()));
    while !opening.load(Ordering::Acquire) {
        thread::yield_now();
    }
    let sent = (0..2 * MESSAGES as u64).take_while(|id| link.send(note(*id), &mut waits, &mut |_| ())).count();
    assert_eq!((sent, status.overloads.load(Ordering::Relaxed)), (MESSAGES, 1));
    gate.store(true, Ordering::Release);
}
