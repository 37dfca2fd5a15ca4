use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::event::PlainEvent;

/// Each note has an id, so that a test can match output events with input events.
fn on(timing: u32, key: u8, id: i32) -> PlainEvent {
    PlainEvent::NoteOn { timing, voice: Voice::new(Some(id), 0, key), velocity: 0.5 }
}

fn off(timing: u32, key: u8, id: i32) -> PlainEvent {
    PlainEvent::NoteOff { timing, voice: Voice::new(Some(id), 0, key), velocity: 0.25 }
}

fn pedal(timing: u32, value: f32) -> PlainEvent {
    PlainEvent::Controller { timing, channel: 0, number: 64, value }
}

/// Processes a block in place of the engine.
fn play(through: &mut PassThrough<PlainEvent>, samples: u32, events: &[PlainEvent]) -> Vec<PlainEvent> {
    let mut left = Vec::new();
    through.begin(samples);
    let mut events = events.iter().copied();
    through.play(|| events.next(), |event| left.push(event));
    left
}

/// Processes a block with an engine that emits nothing.
fn engine_holds(through: &mut PassThrough<PlainEvent>, samples: u32, events: &[PlainEvent]) {
    through.begin(samples);
    events.iter().for_each(|event| through.record_input(*event));
}

#[test]
fn events_that_the_engine_had_not_emitted_are_emitted_unchanged_when_due() {
    let mut through = PassThrough::<PlainEvent>::new(150);
    engine_holds(&mut through, 100, &[pedal(5, 1.0), on(10, 60, 1), off(90, 60, 1)]);
    through.take_over();
    assert!(through.is_active());
    assert_eq!(play(&mut through, 100, &[on(20, 62, 2)]), [pedal(55, 1.0), on(60, 60, 1)]);
    assert_eq!(play(&mut through, 100, &[off(99, 62, 2)]), [off(40, 60, 1), on(70, 62, 2)]);
    assert_eq!(play(&mut through, 100, &[]), []);
    assert_eq!(play(&mut through, 100, &[]), [off(49, 62, 2)]);
}

#[test]
fn events_that_the_engine_emitted_are_not_repeated_and_sounding_notes_end() {
    let mut through = PassThrough::<PlainEvent>::new(100);
    engine_holds(&mut through, 100, &[on(10, 60, 1), on(20, 62, 2), off(30, 60, 1), on(40, 64, 3)]);
    through.begin(100);
    let restyled = PlainEvent::NoteOn { timing: 10, voice: Voice::new(Some(1), 0, 60), velocity: 0.9 };
    for sent in [restyled, on(20, 62, 2), on(25, 99, 7), off(30, 60, 1)] {
        through.record_output(&sent);
    }
    through.take_over();
    let mut left = Vec::new();
    through.play(|| None, |event| left.push(event));
    let ended = |key, id| PlainEvent::NoteOff { timing: 30, voice: Voice::new(Some(id), 0, key), velocity: 0.0 };
    // This includes the note that the engine created, for which no note-off arrives.
    assert_eq!(left, [ended(62, 2), ended(99, 7), on(40, 64, 3)]);
}

#[test]
fn events_that_the_engine_dropped_are_removed_when_due() {
    let mut through = PassThrough::<PlainEvent>::new(0);
    engine_holds(&mut through, 100, &[on(10, 60, 1), off(20, 60, 1)]);
    through.begin(100);
    through.take_over();
    let mut left = Vec::new();
    through.play(|| None, |event| left.push(event));
    assert_eq!(left, []);
}

#[test]
fn moved_events_are_neither_lost_nor_repeated() {
    let mut through = PassThrough::<PlainEvent>::new(300);
    let bounds = DisplacementBounds { early: 50, late: 200, longer: 400, ..DisplacementBounds::NONE };
    through.set_bounds(bounds);
    // Due at 310, 320, 330, 340 and 390.
    let part = [on(10, 60, 1), on(20, 62, 2), pedal(30, 1.0), on(40, 64, 3), off(90, 60, 1)];
    engine_holds(&mut through, 100, &part);
    engine_holds(&mut through, 100, &[]);
    through.begin(100);
    through.record_output(&on(70, 60, 1));
    through.record_output(&off(90, 60, 1));
    through.record_output(&on(95, 62, 2));
    engine_holds(&mut through, 100, &[]);
    through.begin(100);
    through.record_output(&pedal(20, 1.0));
    // 64 is late, so it leaves when the engine fails; 62 ends.
    through.take_over();
    let mut left = Vec::new();
    through.play(|| None, |event| left.push(event));
    let ended = PlainEvent::NoteOff { timing: 20, voice: Voice::new(Some(2), 0, 62), velocity: 0.0 };
    assert_eq!(left, [ended, on(20, 64, 3)]);
}

#[test]
fn a_note_that_the_engine_dropped_is_forgotten_once_it_can_no_longer_be_late() {
    let mut through = PassThrough::<PlainEvent>::new(0);
    through.set_bounds(DisplacementBounds { late: 150, longer: 400, ..DisplacementBounds::NONE });
    engine_holds(&mut through, 100, &[on(10, 60, 1), on(90, 62, 2)]);
    engine_holds(&mut through, 100, &[]);
    through.begin(100);
    through.take_over();
    let mut left = Vec::new();
    through.play(|| None, |event| left.push(event));
    assert_eq!(left, [on(0, 62, 2)]);
}

#[test]
fn a_reset_drops_pending_events_and_ends_sounding_notes() {
    let mut through = PassThrough::<PlainEvent>::new(50);
    through.take_over();
    assert_eq!(play(&mut through, 100, &[on(0, 60, 1), on(80, 62, 2)]), [on(50, 60, 1)]);
    through.reset();
    let ends = off(0, 60, 1);
    let left = play(&mut through, 100, &[]);
    assert_eq!(
        left.iter().map(|event| event.with_timing(0)).map(|event| is_off_of(&event, &ends)).collect::<Vec<_>>(),
        [true]
    );
    assert_eq!(play(&mut through, 100, &[]), []);
}

fn is_off_of(event: &PlainEvent, other: &PlainEvent) -> bool {
    match (*event, *other) {
        (PlainEvent::NoteOff { voice, .. }, PlainEvent::NoteOff { voice: other, .. }) => voice == other,
        _ => false,
    }
}

#[test]
fn a_full_queue_emits_events_early_and_loses_none() {
    let mut through = PassThrough::<PlainEvent>::new(1_000_000);
    through.take_over();
    let many: Vec<PlainEvent> = (0..EVENTS as i32 + 10).map(|id| on(id as u32 % 7, 60, id)).collect();
    let mut left = play(&mut through, 64, &many);
    assert_eq!(left.len(), 10);
    left.extend(play(&mut through, 2_000_000, &[]));
    let ids: Vec<i32> = left.iter().map(id).collect();
    assert_eq!(ids, (0..many.len() as i32).collect::<Vec<_>>());
}

fn id(event: &PlainEvent) -> i32 {
    match event {
        PlainEvent::NoteOn { voice: Voice { id: Some(id), .. }, .. }
        | PlainEvent::NoteOff { voice: Voice { id: Some(id), .. }, .. } => *id,
        _ => panic!("no note with an id: {event:?}"),
    }
}

/// Start, length and key.
type Notes = Vec<(u64, u64, u8)>;

fn notes() -> impl Strategy<Value = Notes> {
    prop::collection::vec((0u64..2_000, 1u64..600, 60u8..64), 1..40)
}

proptest! {
    /// The engine fails at any time, also within a block. Each note is emitted once, in order, one latency later, and
    /// ends.
    #[test]
    fn each_note_is_emitted_once_and_ends_whenever_the_engine_fails(
        notes in notes(),
        blocks in prop::collection::vec(1u32..300, 1..6),
        latency in 0u32..500,
        fails_after in 0usize..160,
    ) {
        let mut input: Vec<(u64, PlainEvent)> = Vec::new();
        for (id, (start, length, key)) in (0i32..).zip(&notes) {
            input.push((*start, on(0, *key, id)));
            input.push((start + length, off(0, *key, id)));
        }
        input.sort_by_key(|(time, _)| *time);
        let came: HashMap<i32, (u64, u64)> =
            (0i32..).zip(&notes).map(|(id, (start, length, _))| (id, (*start, start + length))).collect();

        let mut through = PassThrough::<PlainEvent>::new(latency);
        // This stand-in emits due events in order, like the engine. It fails between any two events.
        let mut engine: VecDeque<(u64, PlainEvent)> = VecDeque::new();
        let (mut left, mut now, mut events, mut next) = (Vec::new(), 0u64, 0, 0);
        for &samples in blocks.iter().cycle() {
            if now > 2_600 + u64::from(latency) {
                break;
            }
            let end = now + u64::from(samples);
            let from = next;
            next += input[from..].iter().take_while(|(time, _)| *time < end).count();
            let mut incoming = input[from..next].iter().map(|(time, event)| event.with_timing((time - now) as u32));
            through.begin(samples);
            let mut works = |through: &mut PassThrough<PlainEvent>| {
                if !through.is_active() && events == fails_after {
                    through.take_over();
                }
                events += 1;
                !through.is_active()
            };
            while works(&mut through) && let Some(event) = incoming.next() {
                through.record_input(event);
                engine.push_back((now + u64::from(event.timing()) + u64::from(latency), event));
            }
            while let Some((due, event)) = engine.pop_front_if(|(due, _)| *due < end) {
                if !works(&mut through) {
                    break;
                }
                let sent = event.with_timing((due - now) as u32);
                through.record_output(&sent);
                left.push((due, sent));
            }
            if through.is_active() {
                through.play(|| incoming.next(), |event| left.push((now + u64::from(event.timing()), event)));
            }
            now = end;
        }

        prop_assert!(left.is_sorted_by_key(|(time, _)| *time));
        let mut sounding = Vec::new();
        let mut begun = 0;
        for (time, event) in &left {
            let (start, end) = came[&id(event)];
            match event {
                PlainEvent::NoteOn { velocity, .. } => {
                    prop_assert_eq!((*time, *velocity), (start + u64::from(latency), 0.5));
                    sounding.push(id(event));
                    begun += 1;
                }
                _ => {
                    // The note's own end comes when it is due. The end at the failure comes before that.
                    prop_assert!(*time <= end + u64::from(latency));
                    sounding.retain(|sounding| *sounding != id(event));
                }
            }
        }
        prop_assert_eq!(begun, notes.len());
        prop_assert_eq!(sounding, Vec::<i32>::new());
    }
}
