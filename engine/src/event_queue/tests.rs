//! What the queue emits, when, and with which velocity.

use std::sync::atomic::Ordering;

use super::*;
use crate::block::Block;
use crate::event::{PlainEvent, Voice};
use tonenet_core::clip::Bars;
use tonenet_core::dynamics::Expected;
use tonenet_core::feel::FeelControls;
use tonenet_core::scheduler::RequestPolicy;
use tonenet_core::scope::ScopePart;
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_core::transport::Transport;
use tonenet_inference::embedded::EmbeddedModel;

const LOOK_AHEAD: SchedulerConfig = SchedulerConfig { latency: 100, policy: RequestPolicy::EveryHop(25) };
const SETTINGS: Settings = Settings {
    style: StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::JAZZ, share_of_b: 0.0 },
    take: TakeSeed(0),
    expression: Expression { amount: 1.0, keep_accents: 0.0, level: 0.0, range: 1.0, floor: 1, ceiling: 127 },
    scope: Scope::ALL,
    model: EmbeddedModel::Note,
    condition_on_player: false,
    feel: FeelControls::OFF,
    bypass: false,
    compare: false,
};
const LOUD: Expected = Expected { level: 64.0, deviation: 20.0 };

fn on(key: u8) -> PlainEvent {
    PlainEvent::note_on(Voice::new(None, 0, key), 0.5)
}

fn arrival(time: SampleTime, event: PlainEvent) -> Arrival<PlainEvent> {
    Arrival { time, event, kind: event.kind(), beats: None, beat_seconds: 0.5 }
}

fn queue() -> EventQueue<PlainEvent> {
    EventQueue::new(LOOK_AHEAD, 1000.0, 10, Arc::default())
}

fn push(queue: &mut EventQueue<PlainEvent>, time: SampleTime, event: PlainEvent, known: Option<NoteLookup>) -> NoteId {
    queue.push(arrival(time, event), &SETTINGS, known)
}

/// The events emitted in a block of 100 samples.
fn emitted(queue: &mut EventQueue<PlainEvent>, now: SampleTime, settings: &Settings) -> Vec<PlainEvent> {
    let (bars, transport) = (Bars::default(), Transport::default());
    let block = Block { samples: 100, transport, bars, trigger_held: false, offline: false };
    let mut emitted = Vec::new();
    let mut emit = |event| emitted.push(event);
    let mut context = BlockContext { block: &block, settings, emit: &mut emit };
    queue.begin_block(now);
    queue.follow_settings(&mut context);
    queue.make_room(&mut context);
    queue.emit_due(now + 100, &mut context);
    emitted
}

fn key_of(event: &PlainEvent) -> Option<u8> {
    match event.kind() {
        Event::NoteOn { key, .. } => Some(key),
        _ => None,
    }
}

fn counts(queue: &EventQueue<PlainEvent>) -> [u64; 3] {
    let Status { restyled, late, new, .. } = &*queue.status;
    [restyled, late, new].map(|count| count.load(Ordering::Relaxed))
}

/// When each event leaves, and which pedal or key it is, in blocks of 100 samples.
fn leaving(queue: &mut EventQueue<PlainEvent>, settings: &Settings) -> Vec<(u64, String)> {
    let name = |event: &PlainEvent| match (key_of(event), event.sustain()) {
        (Some(key), _) => format!("on {key}"),
        (_, Some(down)) => format!("pedal {down}"),
        _ => "off".to_owned(),
    };
    let block = |now: u64| {
        let events = emitted(queue, now, settings);
        events.iter().map(|event| (now + u64::from(event.timing()), name(event))).collect::<Vec<_>>()
    };
    (0..10).map(|block| block * 100).flat_map(block).collect()
}

#[test]
fn a_note_leaves_where_its_feel_moves_it_and_its_end_goes_with_it() {
    let settings = Settings { feel: FeelControls { timing: 1.0, ..FeelControls::OFF }, ..SETTINGS };
    // The end waits for a note that may begin at the same time, so here it does not leave early.
    for (shift, onset, end) in [(0.0, 130, 190), (0.1, 180, 240), (-0.01, 125, 190), (-0.2, 120, 190)] {
        let mut queue = queue();
        emitted(&mut queue, 0, &settings);
        let feel = Feel { shift, ..Feel::default() };
        let note = Arrival { beats: Some(0.0), ..arrival(30, on(60)) };
        let id = queue.push(note, &settings, None);
        queue.set_estimate(id, Estimate { expected: LOUD, feel, settled: true });
        queue.push(arrival(90, PlainEvent::note_off(Voice::new(None, 0, 60))), &settings, None);
        assert_eq!(leaving(&mut queue, &settings), [(onset, "on 60".into()), (end, "off".into())], "{shift}");
    }
}

#[test]
fn the_styles_pedal_replaces_the_players_and_is_lifted_where_the_transport_stops() {
    let feel = Feel { pedal_down: 1.0, ..Feel::default() };
    let own = PlainEvent::sustain_pedal(0, true);
    let controls = |pedal| Settings { feel: FeelControls { pedal, ..FeelControls::OFF }, ..SETTINGS };
    let leaving = |pedal| {
        let (mut queue, settings) = (queue(), controls(pedal));
        queue.push(arrival(20, own), &settings, None);
        let id = queue.push(arrival(30, on(60)), &settings, None);
        queue.set_estimate(id, Estimate { expected: LOUD, feel, settled: true });
        queue.interrupt(400);
        leaving(&mut queue, &settings)
    };
    let mine = [(120, "pedal true".to_owned()), (130, "on 60".into()), (500, "off".into())];
    assert_eq!(leaving(PedalMode::Mine), mine);
    assert_eq!(leaving(PedalMode::Fill), mine, "the player uses it");
    let replaced = leaving(PedalMode::Replace);
    assert_eq!(replaced[..2], [(130, "on 60".into()), (190, "pedal true".to_owned())]);
    assert!(replaced.contains(&(500, "pedal false".into())), "{replaced:?}");
}

#[test]
fn a_note_that_leaves_after_its_passage_does_not_press_the_styles_pedal() {
    let feel = FeelControls { timing: 1.0, pedal: PedalMode::Replace, ..FeelControls::OFF };
    let (mut queue, settings) = (queue(), Settings { feel, ..SETTINGS });
    emitted(&mut queue, 0, &settings);
    let late = Feel { shift: 0.4, pedal_down: 1.0, ..Feel::default() };
    for (time, feel) in [(30, late), (50, Feel { shift: 0.0, ..late })] {
        let note = Arrival { beats: Some(0.0), ..arrival(time, on(60)) };
        let id = queue.push(note, &settings, None);
        queue.set_estimate(id, Estimate { expected: LOUD, feel, settled: true });
    }
    queue.interrupt(40);
    let left = leaving(&mut queue, &settings);
    let before = |time| left.iter().filter(move |(at, _)| *at < time).map(|(at, what)| (*at, what.as_str()));
    assert_eq!(before(600).collect::<Vec<_>>(), [(330, "on 60"), (340, "on 60"), (400, "pedal true")]);
}

#[test]
fn a_note_is_emitted_one_latency_later_with_the_predicted_velocity() {
    let mut queue = queue();
    let id = push(&mut queue, 30, on(60), None);
    queue.set_estimate(id, Estimate { expected: LOUD, feel: Feel::default(), settled: true });
    assert_eq!(emitted(&mut queue, 0, &SETTINGS), []);
    let restyled = on(60).with_velocity(84.0 / 127.0).with_timing(30);
    assert_eq!((emitted(&mut queue, 100, &SETTINGS), counts(&queue)), (vec![restyled], [1, 0, 0]));
}

#[test]
fn without_a_prediction_a_note_keeps_its_velocity_and_counts_as_late() {
    let mut queue = queue();
    push(&mut queue, 30, on(60), None);
    assert_eq!((emitted(&mut queue, 100, &SETTINGS), counts(&queue)), (vec![on(60).with_timing(30)], [0, 1, 0]));
}

#[test]
fn a_note_that_a_zero_latency_mode_does_not_know_counts_as_new() {
    let mut queue = queue();
    for known in [
        NoteLookup { expected: None, feel: Feel::default(), settled: true, voice: None },
        NoteLookup { expected: Some(LOUD), feel: Feel::default(), settled: false, voice: None },
        NoteLookup { expected: Some(LOUD), feel: Feel::default(), settled: true, voice: None },
    ] {
        push(&mut queue, 0, on(60), Some(known));
    }
    let loud = on(60).with_velocity(84.0 / 127.0);
    assert_eq!((emitted(&mut queue, 100, &SETTINGS), counts(&queue)), (vec![on(60), loud, loud], [1, 0, 2]));
}

#[test]
fn controllers_and_bypassed_notes_are_emitted_unchanged() {
    let mut queue = queue();
    let pedal = PlainEvent::Controller { timing: 0, channel: 0, number: 64, value: 1.0 };
    push(&mut queue, 0, pedal, None);
    push(
        &mut queue,
        0,
        on(60),
        Some(NoteLookup { expected: Some(LOUD), feel: Feel::default(), settled: true, voice: None }),
    );
    let bypass = Settings { bypass: true, ..SETTINGS };
    assert_eq!((emitted(&mut queue, 100, &bypass), counts(&queue)), (vec![pedal, on(60)], [0; 3]));
    push(
        &mut queue,
        100,
        on(62),
        Some(NoteLookup { expected: Some(LOUD), feel: Feel::default(), settled: true, voice: None }),
    );
    let compare = Settings { compare: true, ..SETTINGS };
    assert_eq!((emitted(&mut queue, 200, &compare), counts(&queue)), (vec![on(62)], [0; 3]));
}

#[test]
fn notes_outside_the_scope_keep_their_velocity() {
    let part = |part| Settings { scope: Scope { low: 40, high: 72, part }, ..SETTINGS };
    let restyled = |settings: &Settings| -> Vec<u8> {
        let mut queue = queue();
        for (time, key) in [(0, 36), (0, 48), (20, 60), (30, 72), (31, 76)] {
            let (event, known) =
                (on(key), NoteLookup { expected: Some(LOUD), feel: Feel::default(), settled: true, voice: None });
            queue.push(arrival(time, event), settings, Some(known));
        }
        let emitted = emitted(&mut queue, 100, settings);
        let restyled: Vec<u8> = emitted.iter().filter(|e| e.velocity() != Some(0.5)).filter_map(key_of).collect();
        assert_eq!((emitted.len(), counts(&queue)), (5, [restyled.len() as u64, 0, 0]));
        restyled
    };
    assert_eq!(restyled(&part(ScopePart::All)), [48, 60, 72]);
    assert_eq!(restyled(&part(ScopePart::Inner)), [48, 60, 72]);
    assert_eq!(restyled(&part(ScopePart::Melody)), [0_u8; 0], "the melody lies above the range");
    let melody = Settings { scope: Scope { part: ScopePart::Melody, ..Scope::ALL }, ..SETTINGS };
    assert_eq!(restyled(&melody), [76], "one rolled chord");
    let bass = Settings { scope: Scope { part: ScopePart::Bass, ..Scope::ALL }, ..SETTINGS };
    assert_eq!(restyled(&bass), [36]);
}

#[test]
fn a_recorded_voice_counts_more_than_what_was_heard_so_far() {
    let melody = Settings { scope: Scope { part: ScopePart::Melody, ..Scope::ALL }, ..SETTINGS };
    let mut queue = queue();
    for (key, is_highest) in [(60, false), (48, true)] {
        let voice = Some(VoicePosition { is_highest, is_lowest: !is_highest });
        let known = NoteLookup { expected: Some(LOUD), feel: Feel::default(), settled: true, voice };
        queue.push(arrival(0, on(key)), &melody, Some(known));
    }
    let restyled = emitted(&mut queue, 100, &melody);
    let restyled: Vec<_> = restyled.iter().filter(|event| event.velocity() != Some(0.5)).filter_map(key_of).collect();
    assert_eq!(restyled, [48]);
}

#[test]
fn a_full_queue_emits_its_oldest_events_early_and_in_order() {
    let mut queue = queue();
    for key in 0..EVENTS {
        push(&mut queue, 10, on((key % 128) as u8), None);
    }
    assert!(queue.scheduler().is_full());
    let emitted = emitted(&mut queue, 20, &SETTINGS);
    assert_eq!(emitted.len(), EVENTS, "one early, the others when due");
    assert!(emitted.is_sorted_by_key(HostEvent::timing), "timing never decreases");
    assert_eq!((emitted[0].timing(), queue.status.overloads.load(Ordering::Relaxed)), (0, 1));
}
