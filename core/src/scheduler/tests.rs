use super::*;
use crate::dynamics::Expected;
use crate::feel::Feel;
use proptest::prelude::*;

mod moved;

const LOOK_AHEAD: SchedulerConfig = SchedulerConfig { latency: 400, policy: RequestPolicy::EveryHop(100) };
/// Live's, with blocks of up to 100 samples.
const LIVE: SchedulerConfig = SchedulerConfig { latency: 400, policy: RequestPolicy::PerNote(200) };

fn on(key: u8) -> Event {
    Event::NoteOn { channel: 0, key }
}

fn off(key: u8) -> Event {
    Event::NoteOff { channel: 0, key }
}

fn drain(scheduler: &mut Scheduler<u32>, until: SampleTime) -> Vec<OutputEvent<u32>> {
    std::iter::from_fn(|| scheduler.next_due(until)).collect()
}

/// Emits events early until there is room.
fn emit_early(scheduler: &mut Scheduler<u32>, now: SampleTime) -> Vec<OutputEvent<u32>> {
    let emitted = std::iter::from_fn(|| scheduler.emit_early(now)).collect();
    assert!(!scheduler.is_full());
    emitted
}

fn times_and_payloads(emitted: &[OutputEvent<u32>]) -> Vec<(SampleTime, u32)> {
    emitted
        .iter()
        .filter_map(|l| match *l {
            OutputEvent::Event { time, payload, .. } => Some((time, payload)),
            OutputEvent::Release { .. } => None,
        })
        .collect()
}

fn releases(emitted: &[OutputEvent<u32>]) -> Vec<(SampleTime, u8)> {
    emitted
        .iter()
        .filter_map(|l| match *l {
            OutputEvent::Release { time, key, .. } => Some((time, key)),
            OutputEvent::Event { .. } => None,
        })
        .collect()
}

fn expected(level: f32) -> Expected {
    Expected { level, deviation: 0.0 }
}

#[test]
fn every_event_is_emitted_one_latency_later_in_order() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    scheduler.push_event(5, on(60), 1);
    scheduler.push_event(5, Event::Other, 2);
    scheduler.push_event(9, off(60), 3);
    assert_eq!(drain(&mut scheduler, 405), []);
    assert_eq!(times_and_payloads(&drain(&mut scheduler, 406)), [(405, 1), (405, 2)]);
    assert_eq!(times_and_payloads(&drain(&mut scheduler, 1000)), [(409, 3)]);
}

#[test]
fn hops_are_counted_from_where_the_transport_starts_and_leave_no_note_out() {
    let mut scheduler = Scheduler::<u32>::new(16, LOOK_AHEAD);
    let before: Vec<_> = std::iter::from_fn(|| scheduler.next_hop(730)).collect();
    scheduler.transport_started(731);
    let after: Vec<_> = std::iter::from_fn(|| scheduler.next_hop(1000)).collect();
    assert_eq!(after.iter().map(|h| h.time).collect::<Vec<_>>(), [731, 831, 931]);
    for onset in 0..731 {
        let covers = |h: &&Hop| (h.settle_from..h.settle_to).contains(&onset);
        assert!(before.iter().chain(&after).any(|h| covers(&h)), "no hop predicts the note at {onset}");
    }
}

#[test]
fn each_note_is_predicted_by_one_hop_with_a_hop_left_for_computing() {
    let mut scheduler = Scheduler::<u32>::new(16, LOOK_AHEAD);
    let hops: Vec<_> = std::iter::from_fn(|| scheduler.next_hop(1000)).collect();
    for onset in 0..500 {
        let covering: Vec<_> = hops.iter().filter(|h| (h.settle_from..h.settle_to).contains(&onset)).collect();
        assert_eq!(covering.len(), 1, "onset {onset}");
        assert!(onset + 400 >= covering[0].time + 100 && onset < covering[0].time);
    }
}

#[test]
fn in_live_the_model_runs_once_for_each_note_before_it_is_due() {
    let mut scheduler = Scheduler::<u32>::new(16, LIVE);
    for (time, event) in [(10, on(60)), (10, Event::Other), (10, on(64)), (12, off(60)), (30, on(20)), (40, on(60))] {
        scheduler.push_event(time, event, 0);
    }
    assert_eq!(scheduler.next_hop(209), None);
    let hops: Vec<_> = std::iter::from_fn(|| scheduler.next_hop(1000)).collect();
    let about = |onset| Hop { time: onset + 200, settle_from: onset, settle_to: onset + 1 };
    assert_eq!(hops, [about(10), about(40)], "once for a chord, never for notes that no model restyles");
    scheduler.push_event(300, on(61), 0);
    scheduler.transport_jumped(310);
    scheduler.push_event(320, on(62), 0);
    assert_eq!(scheduler.next_hop(1000), Some(about(320)), "notes that a seek dropped need no prediction");
    assert_eq!(scheduler.next_hop(u64::MAX), None);
}

#[test]
fn a_final_prediction_in_time_is_used_and_a_missing_one_counts_as_late() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    let answered = scheduler.push_event(0, on(60), 0);
    let early = scheduler.push_event(0, on(62), 0);
    scheduler.push_event(0, on(64), 0);
    scheduler.push_event(0, on(20), 0);
    scheduler.set_estimate(answered, Estimate { feel: Feel::default(), expected: expected(30.0), settled: false });
    scheduler.set_estimate(answered, Estimate { feel: Feel::default(), expected: expected(40.0), settled: true });
    scheduler.set_estimate(early, Estimate { feel: Feel::default(), expected: expected(50.0), settled: false });
    assert!(scheduler.awaits_estimate(401));
    let outcomes: Vec<_> = drain(&mut scheduler, 401)
        .iter()
        .map(|l| match l {
            OutputEvent::Event { outcome, .. } => *outcome,
            OutputEvent::Release { .. } => panic!("nothing is released"),
        })
        .collect();
    let right = [
        Outcome::Restyled(expected(40.0)),
        Outcome::Late(Some(expected(50.0))),
        Outcome::Late(None),
        Outcome::Untouched,
    ];
    assert_eq!(outcomes, right);
}

#[test]
fn a_prediction_for_an_emitted_note_is_ignored() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    let first = scheduler.push_event(0, on(60), 0);
    assert_eq!(drain(&mut scheduler, 401).len(), 1);
    scheduler.push_event(500, on(61), 0);
    scheduler.set_estimate(first, Estimate { feel: Feel::default(), expected: expected(1.0), settled: true });
    assert!(scheduler.awaits_estimate(901));
}

#[test]
fn all_notes_off_releases_the_sounding_notes_of_its_channel_first() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    scheduler.push_event(0, on(60), 0);
    scheduler.push_event(0, on(60), 1);
    scheduler.push_event(0, Event::NoteOn { channel: 1, key: 70 }, 2);
    scheduler.push_event(9, Event::AllNotesOff { channel: 0 }, 3);
    let emitted = drain(&mut scheduler, 500);
    assert_eq!(releases(&emitted), [(409, 60), (409, 60)]);
    assert!(matches!(emitted[5], OutputEvent::Event { payload: 3, .. }));
    assert_eq!(emitted.len(), 6);
}

#[test]
fn after_a_stop_sounding_notes_are_released_one_latency_later() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    scheduler.push_event(0, on(60), 0);
    scheduler.push_event(1, on(61), 0);
    scheduler.transport_interrupted(50);
    scheduler.push_event(50, off(60), 0);
    scheduler.push_event(60, on(62), 0);
    let emitted = drain(&mut scheduler, 10_000);
    assert_eq!(releases(&emitted), [(450, 61)], "60 has its own off");
    assert_eq!(times_and_payloads(&emitted).len(), 4);
}

#[test]
fn a_seek_drops_pending_notes_and_releases_sounding_ones_at_once() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    scheduler.push_event(0, on(60), 0);
    assert_eq!(drain(&mut scheduler, 401).len(), 1);
    scheduler.push_event(401, on(61), 1);
    scheduler.push_event(402, Event::Other, 2);
    scheduler.push_event(403, off(60), 3);
    scheduler.transport_jumped(500);
    let emitted = drain(&mut scheduler, 10_000);
    assert_eq!(releases(&emitted), [(500, 60)]);
    assert_eq!(times_and_payloads(&emitted), [(802, 2)]);
}

#[test]
fn a_reset_drops_pending_events_and_releases_sounding_notes() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    scheduler.push_event(0, on(60), 0);
    assert_eq!(drain(&mut scheduler, 401).len(), 1);
    scheduler.push_event(401, on(61), 1);
    scheduler.reset(LOOK_AHEAD);
    let emitted = drain(&mut scheduler, 10_000);
    assert_eq!(releases(&emitted), [(0, 60)]);
    assert_eq!(emitted.len(), 1);
}

#[test]
fn a_full_scheduler_emits_the_oldest_event_early_and_loses_none() {
    let mut scheduler = Scheduler::new(2, LOOK_AHEAD);
    scheduler.push_event(0, on(60), 0);
    scheduler.push_event(1, on(61), 1);
    assert!(scheduler.is_full());
    let early = emit_early(&mut scheduler, 2);
    assert_eq!(times_and_payloads(&early), [(2, 0)]);
    assert_eq!(times_and_payloads(&drain(&mut scheduler, 1000)), [(401, 1)]);
}

#[test]
fn events_that_a_seek_dropped_make_room_and_none_is_emitted_early() {
    let mut scheduler = Scheduler::new(3, LOOK_AHEAD);
    scheduler.push_event(0, on(60), 0);
    scheduler.push_event(1, off(60), 1);
    scheduler.push_event(2, Event::Other, 2);
    scheduler.transport_jumped(3);
    assert!(scheduler.is_full());
    assert_eq!(emit_early(&mut scheduler, 4), []);
    scheduler.push_event(4, on(61), 3);
    assert_eq!(times_and_payloads(&drain(&mut scheduler, 1000)), [(402, 2), (404, 3)]);
}

#[test]
fn a_stop_takes_no_capacity_and_its_releases_come_before_events_emitted_early() {
    let mut scheduler = Scheduler::new(2, LOOK_AHEAD);
    scheduler.push_event(0, on(60), 0);
    scheduler.push_event(0, on(61), 1);
    assert_eq!(drain(&mut scheduler, 401).len(), 2);
    scheduler.transport_interrupted(401);
    scheduler.push_event(402, Event::Other, 2);
    assert_eq!(emit_early(&mut scheduler, 500), [], "there is room");
    scheduler.push_event(403, Event::Other, 3);
    assert!(scheduler.is_full());
    let early = emit_early(&mut scheduler, 500);
    assert_eq!(releases(&early), [(500, 60), (500, 61)]);
    assert_eq!(times_and_payloads(&early), [(500, 2)]);
    assert_eq!(times_and_payloads(&drain(&mut scheduler, 1000)), [(803, 3)]);
}

#[test]
fn a_wrap_detected_late_releases_only_notes_that_began_before_it() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    scheduler.push_event(0, on(60), 0);
    scheduler.push_event(100, on(61), 1);
    scheduler.push_event(130, on(60), 2);
    scheduler.transport_interrupted(100);
    let emitted = drain(&mut scheduler, 10_000);
    assert_eq!(releases(&emitted), [(500, 60)]);
    assert_eq!(times_and_payloads(&emitted), [(400, 0), (500, 1), (530, 2)]);
}

#[test]
fn without_latency_a_wrap_detected_late_releases_at_once_the_notes_that_began_before_it() {
    let mut scheduler = Scheduler::new(16, SchedulerConfig { latency: 0, policy: RequestPolicy::Deferred(100) });
    scheduler.push_event(0, on(60), 0);
    scheduler.push_event(0, on(62), 0);
    scheduler.push_event(100, on(61), 1);
    scheduler.push_event(130, on(62), 2);
    assert_eq!(drain(&mut scheduler, 200).len(), 4);
    scheduler.transport_interrupted(100);
    scheduler.push_event(200, on(63), 3);
    let emitted = drain(&mut scheduler, 300);
    assert_eq!(releases(&emitted), [(130, 60)], "when it is detected: no event goes before one already emitted");
    assert_eq!(times_and_payloads(&emitted), [(200, 3)]);
    scheduler.transport_interrupted(300);
    assert_eq!(releases(&drain(&mut scheduler, 400)).len(), 4, "61, both of 62, and 63");
}

#[derive(Debug, Clone)]
struct TimedEvent {
    gap: u64,
    event: Event,
}

fn played() -> impl Strategy<Value = Vec<TimedEvent>> {
    let event = prop_oneof![
        4 => (0u8..3, 58u8..64).prop_map(|(channel, key)| Event::NoteOn { channel, key }),
        3 => (0u8..3, 58u8..64).prop_map(|(channel, key)| Event::NoteOff { channel, key }),
        1 => (0u8..3).prop_map(|channel| Event::AllNotesOff { channel }),
        1 => Just(Event::Other),
    ];
    prop::collection::vec((0u64..150, event).prop_map(|(gap, event)| TimedEvent { gap, event }), 0..120)
}

/// Plays a part through a scheduler block by block; each prediction arrives `delay` samples after its hop.
fn play(part: &[TimedEvent], blocks: &[u64], delay: u64) -> Vec<OutputEvent<u32>> {
    play_at(LOOK_AHEAD, part, blocks, delay)
}

fn play_at(look_ahead: SchedulerConfig, part: &[TimedEvent], blocks: &[u64], delay: u64) -> Vec<OutputEvent<u32>> {
    let mut scheduler = Scheduler::new(256, look_ahead);
    let mut time = 0;
    let events: Vec<_> = part
        .iter()
        .map(|p| {
            time += p.gap;
            (time, p.event)
        })
        .collect();
    let end = time + 1_000;
    let (mut at, mut next, mut out) = (0, 0, Vec::new());
    let mut arrived: Vec<(SampleTime, NoteId)> = Vec::new();
    let mut answers: VecDeque<(SampleTime, NoteId)> = VecDeque::new();
    for size in blocks.iter().cycle() {
        if at >= end {
            break;
        }
        let block_end = at + size;
        loop {
            let event = events.get(next).filter(|e| e.0 < block_end);
            while let Some(hop) = scheduler.next_hop(event.map_or(block_end - 1, |e| e.0)) {
                let settled = arrived.iter().filter(|h| (hop.settle_from..hop.settle_to).contains(&h.0));
                answers.extend(settled.map(|h| (hop.time + delay, h.1)));
            }
            let Some(&(time, event)) = event else { break };
            let id = scheduler.push_event(time, event, next as u32);
            arrived.push((time, id));
            next += 1;
        }
        while answers.front().is_some_and(|a| a.0 <= at) {
            let id = answers.pop_front().unwrap().1;
            scheduler.set_estimate(
                id,
                Estimate { feel: Feel::default(), expected: expected(1.0 + (id.0 % 120) as f32), settled: true },
            );
        }
        out.extend(std::iter::from_fn(|| scheduler.next_due(block_end)));
        at = block_end;
    }
    out
}

proptest! {
    #[test]
    fn every_event_is_emitted_once_when_it_is_due(part in played(), blocks in prop::collection::vec(1u64..700, 1..6)) {
        let out = play(&part, &blocks, 0);
        let mut time = 0;
        let expected: Vec<_> = part.iter().enumerate().map(|(i, p)| { time += p.gap; (time + 400, i as u32) }).collect();
        prop_assert_eq!(times_and_payloads(&out), expected);
    }

    #[test]
    fn output_times_never_decrease_and_only_sounding_notes_end(part in played(), blocks in prop::collection::vec(1u64..700, 1..6)) {
        let mut sounding = std::collections::HashMap::<(u8, u8), u32>::new();
        let mut last = 0;
        for emitted in play(&part, &blocks, 0) {
            let time = match emitted {
                OutputEvent::Event { time, event: Event::NoteOn { channel, key }, .. } => {
                    *sounding.entry((channel, key)).or_default() += 1;
                    time
                }
                OutputEvent::Event { time, event: Event::NoteOff { channel, key }, .. } => {
                    let count = sounding.entry((channel, key)).or_default();
                    *count = count.saturating_sub(1);
                    time
                }
                OutputEvent::Event { time, event: Event::AllNotesOff { channel }, .. } => {
                    prop_assert!(sounding.iter().all(|((c, _), &n)| *c != channel || n == 0));
                    time
                }
                OutputEvent::Event { time, .. } => time,
                OutputEvent::Release { time, channel, key } => {
                    let count = sounding.entry((channel, key)).or_default();
                    prop_assert!(*count > 0, "a release of a note that does not sound");
                    *count -= 1;
                    time
                }
            };
            prop_assert!(time >= last);
            last = time;
        }
    }

    /// Blocks are at most one hop long, so every prediction arrives before its note is due.
    #[test]
    fn the_block_lengths_do_not_change_the_output(part in played(), blocks in prop::collection::vec(1u64..=100, 1..6)) {
        prop_assert_eq!(play(&part, &blocks, 0), play(&part, &[100], 0));
        let live = play_at(LIVE, &part, &blocks, 0);
        prop_assert_eq!(&live, &play_at(LIVE, &part, &[100], 0));
        let late = live.iter().any(|l| matches!(l, OutputEvent::Event { outcome: Outcome::Late(_), .. }));
        prop_assert!(!late);
    }

    #[test]
    fn a_slow_model_makes_predictions_late_but_delays_no_note(part in played(), blocks in prop::collection::vec(1u64..700, 1..6)) {
        let slow = play(&part, &blocks, 5_000);
        prop_assert_eq!(times_and_payloads(&slow), times_and_payloads(&play(&part, &blocks, 0)));
        let restyled = slow.iter().any(|l| matches!(l, OutputEvent::Event { outcome: Outcome::Restyled(_), .. }));
        prop_assert!(!restyled);
    }
}

#[test]
fn no_note_is_requested_twice_if_the_transport_starts_within_a_hop() {
    let mut scheduler = Scheduler::<u32>::new(16, LOOK_AHEAD);
    let mut hops: Vec<_> = std::iter::from_fn(|| scheduler.next_hop(730)).collect();
    scheduler.transport_started(740);
    hops.extend(std::iter::from_fn(|| scheduler.next_hop(2_000)));
    assert!(hops.iter().any(|hop| hop.time == 740), "hops are counted from the start");
    for onset in 0..1_000 {
        let requests: Vec<_> = hops.iter().filter(|h| (h.settle_from..h.settle_to).contains(&onset)).collect();
        assert_eq!(requests.len(), 1, "onset {onset}");
        assert!(requests[0].time > onset && requests[0].time <= onset + 300, "in time");
    }
}

#[test]
fn a_plain_note_is_never_requested_and_ends_like_any_other() {
    let mut scheduler = Scheduler::new(16, LIVE);
    let plain = Event::PlainNoteOn { channel: 0, key: 60 };
    scheduler.push_event(0, plain, 1);
    assert_eq!(scheduler.next_hop(1000), None);
    assert!(!scheduler.awaits_estimate(1000));
    scheduler.transport_interrupted(100);
    let left = drain(&mut scheduler, 1000);
    assert!(matches!(left[0], OutputEvent::Event { time: 400, outcome: Outcome::Untouched, .. }));
    assert_eq!(releases(&left), [(500, 60)]);
    scheduler.push_event(1000, plain, 2);
    scheduler.transport_jumped(1001);
    assert_eq!(drain(&mut scheduler, 2000), []);
}
