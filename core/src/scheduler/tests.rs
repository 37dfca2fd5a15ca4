use super::*;
use crate::dynamics::Expected;
use proptest::prelude::*;

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

/// Makes room, which there must be afterwards.
fn emit_early(scheduler: &mut Scheduler<u32>, now: SampleTime) -> Vec<OutputEvent<u32>> {
    let leaving = std::iter::from_fn(|| scheduler.emit_early(now)).collect();
    assert!(!scheduler.is_full());
    leaving
}

fn times_and_payloads(leaving: &[OutputEvent<u32>]) -> Vec<(SampleTime, u32)> {
    leaving
        .iter()
        .filter_map(|l| match *l {
            OutputEvent::Event { time, payload, .. } => Some((time, payload)),
            OutputEvent::Release { .. } => None,
        })
        .collect()
}

fn releases(leaving: &[OutputEvent<u32>]) -> Vec<(SampleTime, u8)> {
    leaving
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
fn everything_leaves_one_latency_later_in_order() {
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
        let settles = |h: &&Hop| (h.settle_from..h.settle_to).contains(&onset);
        assert!(before.iter().chain(&after).any(|h| settles(&h)), "nothing settles what was heard at {onset}");
    }
}

#[test]
fn each_note_is_settled_by_one_hop_with_a_hop_left_to_compute_in() {
    let mut scheduler = Scheduler::<u32>::new(16, LOOK_AHEAD);
    let hops: Vec<_> = std::iter::from_fn(|| scheduler.next_hop(1000)).collect();
    for onset in 0..500 {
        let settling: Vec<_> = hops.iter().filter(|h| (h.settle_from..h.settle_to).contains(&onset)).collect();
        assert_eq!(settling.len(), 1, "onset {onset}");
        assert!(onset + 400 >= settling[0].time + 100 && onset < settling[0].time);
    }
}

#[test]
fn in_live_each_note_is_asked_about_once_before_it_is_due() {
    let mut scheduler = Scheduler::<u32>::new(16, LIVE);
    for (time, event) in [(10, on(60)), (10, Event::Other), (10, on(64)), (12, off(60)), (30, on(20)), (40, on(60))] {
        scheduler.push_event(time, event, 0);
    }
    assert_eq!(scheduler.next_hop(209), None);
    let hops: Vec<_> = std::iter::from_fn(|| scheduler.next_hop(1000)).collect();
    let about = |onset| Hop { time: onset + 200, settle_from: onset, settle_to: onset + 1 };
    assert_eq!(hops, [about(10), about(40)], "a chord once, what no model restyles never");
    scheduler.push_event(300, on(61), 0);
    scheduler.transport_jumped(310);
    scheduler.push_event(320, on(62), 0);
    assert_eq!(scheduler.next_hop(1000), Some(about(320)), "what a seek dropped needs no answer");
    assert_eq!(scheduler.next_hop(u64::MAX), None);
}

#[test]
fn an_answer_in_time_is_taken_and_a_missing_one_counts_as_late() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    let answered = scheduler.push_event(0, on(60), 0);
    let early = scheduler.push_event(0, on(62), 0);
    scheduler.push_event(0, on(64), 0);
    scheduler.push_event(0, on(20), 0);
    scheduler.set_estimate(answered, Estimate { expected: expected(30.0), settled: false });
    scheduler.set_estimate(answered, Estimate { expected: expected(40.0), settled: true });
    scheduler.set_estimate(early, Estimate { expected: expected(50.0), settled: false });
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
fn an_answer_for_a_note_that_has_left_is_forgotten() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    let first = scheduler.push_event(0, on(60), 0);
    assert_eq!(drain(&mut scheduler, 401).len(), 1);
    scheduler.push_event(500, on(61), 0);
    scheduler.set_estimate(first, Estimate { expected: expected(1.0), settled: true });
    assert!(scheduler.awaits_estimate(901));
}

#[test]
fn all_notes_off_ends_what_sounds_on_its_channel_first() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    scheduler.push_event(0, on(60), 0);
    scheduler.push_event(0, on(60), 1);
    scheduler.push_event(0, Event::NoteOn { channel: 1, key: 70 }, 2);
    scheduler.push_event(9, Event::AllNotesOff { channel: 0 }, 3);
    let leaving = drain(&mut scheduler, 500);
    assert_eq!(releases(&leaving), [(409, 60), (409, 60)]);
    assert!(matches!(leaving[5], OutputEvent::Event { payload: 3, .. }));
    assert_eq!(leaving.len(), 6);
}

#[test]
fn after_a_stop_what_still_sounds_is_released_one_latency_later() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    scheduler.push_event(0, on(60), 0);
    scheduler.push_event(1, on(61), 0);
    scheduler.transport_interrupted(50);
    scheduler.push_event(50, off(60), 0);
    scheduler.push_event(60, on(62), 0);
    let leaving = drain(&mut scheduler, 10_000);
    assert_eq!(releases(&leaving), [(450, 61)], "60 has its own off");
    assert_eq!(times_and_payloads(&leaving).len(), 4);
}

#[test]
fn a_seek_drops_notes_under_way_and_silences_the_rest_at_once() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    scheduler.push_event(0, on(60), 0);
    assert_eq!(drain(&mut scheduler, 401).len(), 1);
    scheduler.push_event(401, on(61), 1);
    scheduler.push_event(402, Event::Other, 2);
    scheduler.push_event(403, off(60), 3);
    scheduler.transport_jumped(500);
    let leaving = drain(&mut scheduler, 10_000);
    assert_eq!(releases(&leaving), [(500, 60)]);
    assert_eq!(times_and_payloads(&leaving), [(802, 2)]);
}

#[test]
fn a_reset_drops_what_is_under_way_and_releases_what_sounds() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    scheduler.push_event(0, on(60), 0);
    assert_eq!(drain(&mut scheduler, 401).len(), 1);
    scheduler.push_event(401, on(61), 1);
    scheduler.reset(LOOK_AHEAD);
    let leaving = drain(&mut scheduler, 10_000);
    assert_eq!(releases(&leaving), [(0, 60)]);
    assert_eq!(leaving.len(), 1);
}

#[test]
fn when_full_the_oldest_leaves_early_and_nothing_is_lost() {
    let mut scheduler = Scheduler::new(2, LOOK_AHEAD);
    scheduler.push_event(0, on(60), 0);
    scheduler.push_event(1, on(61), 1);
    assert!(scheduler.is_full());
    let early = emit_early(&mut scheduler, 2);
    assert_eq!(times_and_payloads(&early), [(2, 0)]);
    assert_eq!(times_and_payloads(&drain(&mut scheduler, 1000)), [(401, 1)]);
}

#[test]
fn what_a_seek_dropped_makes_room_and_nothing_leaves_early() {
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
fn a_stop_takes_no_room_and_what_it_ends_goes_before_what_must_make_room() {
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
fn a_wrap_that_shows_late_ends_only_what_began_before_it() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    scheduler.push_event(0, on(60), 0);
    scheduler.push_event(100, on(61), 1);
    scheduler.push_event(130, on(60), 2);
    scheduler.transport_interrupted(100);
    let leaving = drain(&mut scheduler, 10_000);
    assert_eq!(releases(&leaving), [(500, 60)]);
    assert_eq!(times_and_payloads(&leaving), [(400, 0), (500, 1), (530, 2)]);
}

#[test]
fn without_latency_a_wrap_that_shows_late_ends_at_once_what_began_before_it() {
    let mut scheduler = Scheduler::new(16, SchedulerConfig { latency: 0, policy: RequestPolicy::Deferred(100) });
    scheduler.push_event(0, on(60), 0);
    scheduler.push_event(0, on(62), 0);
    scheduler.push_event(100, on(61), 1);
    scheduler.push_event(130, on(62), 2);
    assert_eq!(drain(&mut scheduler, 200).len(), 4);
    scheduler.transport_interrupted(100);
    scheduler.push_event(200, on(63), 3);
    let leaving = drain(&mut scheduler, 300);
    assert_eq!(releases(&leaving), [(130, 60)], "when it shows: nothing leaves before what has left");
    assert_eq!(times_and_payloads(&leaving), [(200, 3)]);
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

/// Plays through a scheduler as a host would, block by block; every hop is answered `delay` samples later.
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
    let mut heard: Vec<(SampleTime, NoteId)> = Vec::new();
    let mut answers: VecDeque<(SampleTime, NoteId)> = VecDeque::new();
    for size in blocks.iter().cycle() {
        if at >= end {
            break;
        }
        let block_end = at + size;
        loop {
            let event = events.get(next).filter(|e| e.0 < block_end);
            while let Some(hop) = scheduler.next_hop(event.map_or(block_end - 1, |e| e.0)) {
                let settled = heard.iter().filter(|h| (hop.settle_from..hop.settle_to).contains(&h.0));
                answers.extend(settled.map(|h| (hop.time + delay, h.1)));
            }
            let Some(&(time, event)) = event else { break };
            let id = scheduler.push_event(time, event, next as u32);
            heard.push((time, id));
            next += 1;
        }
        while answers.front().is_some_and(|a| a.0 <= at) {
            let id = answers.pop_front().unwrap().1;
            scheduler.set_estimate(id, Estimate { expected: expected(1.0 + (id.0 % 120) as f32), settled: true });
        }
        out.extend(std::iter::from_fn(|| scheduler.next_due(block_end)));
        at = block_end;
    }
    out
}

proptest! {
    #[test]
    fn whatever_comes_in_leaves_once_at_its_time(part in played(), blocks in prop::collection::vec(1u64..700, 1..6)) {
        let out = play(&part, &blocks, 0);
        let mut time = 0;
        let expected: Vec<_> = part.iter().enumerate().map(|(i, p)| { time += p.gap; (time + 400, i as u32) }).collect();
        prop_assert_eq!(times_and_payloads(&out), expected);
    }

    #[test]
    fn times_never_go_back_and_what_ends_has_begun(part in played(), blocks in prop::collection::vec(1u64..700, 1..6)) {
        let mut sounding = std::collections::HashMap::<(u8, u8), u32>::new();
        let mut last = 0;
        for leaving in play(&part, &blocks, 0) {
            let time = match leaving {
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

    /// Blocks up to a hop long: an answer is then there before its note is due, whatever the partition.
    #[test]
    fn the_partition_into_blocks_changes_nothing(part in played(), blocks in prop::collection::vec(1u64..=100, 1..6)) {
        prop_assert_eq!(play(&part, &blocks, 0), play(&part, &[100], 0));
        let live = play_at(LIVE, &part, &blocks, 0);
        prop_assert_eq!(&live, &play_at(LIVE, &part, &[100], 0));
        let late = live.iter().any(|l| matches!(l, OutputEvent::Event { outcome: Outcome::Late(_), .. }));
        prop_assert!(!late);
    }

    #[test]
    fn a_slow_network_makes_notes_late_but_delays_none(part in played(), blocks in prop::collection::vec(1u64..700, 1..6)) {
        let slow = play(&part, &blocks, 5_000);
        prop_assert_eq!(times_and_payloads(&slow), times_and_payloads(&play(&part, &blocks, 0)));
        let restyled = slow.iter().any(|l| matches!(l, OutputEvent::Event { outcome: Outcome::Restyled(_), .. }));
        prop_assert!(!restyled);
    }
}

#[test]
fn a_transport_that_starts_in_mid_hop_has_no_note_asked_about_twice() {
    let mut scheduler = Scheduler::<u32>::new(16, LOOK_AHEAD);
    let mut hops: Vec<_> = std::iter::from_fn(|| scheduler.next_hop(730)).collect();
    scheduler.transport_started(740);
    hops.extend(std::iter::from_fn(|| scheduler.next_hop(2_000)));
    assert!(hops.iter().any(|hop| hop.time == 740), "hops are counted from the start");
    for onset in 0..1_000 {
        let asked: Vec<_> = hops.iter().filter(|h| (h.settle_from..h.settle_to).contains(&onset)).collect();
        assert_eq!(asked.len(), 1, "onset {onset}");
        assert!(asked[0].time > onset && asked[0].time <= onset + 300, "in time");
    }
}

#[test]
fn a_note_that_is_to_stay_as_it_is_is_never_asked_about_and_ends_like_any_other() {
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
