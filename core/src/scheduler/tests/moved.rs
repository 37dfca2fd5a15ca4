//! Moved events: the rules one by one, then on random parts.

use std::collections::HashMap;

use super::*;
use crate::feel::Displacement;

const BOUNDS: DisplacementBounds = DisplacementBounds { early: 80, late: 300, longer: 500, moment: 10, reach: 1_000 };
const DELAY: DisplacementBounds = DisplacementBounds { early: 0, ..BOUNDS };

/// A payload with its number and how far its note is moved.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Moved {
    number: usize,
    displacement: Displacement,
}

impl Displace for Moved {
    fn displacement(&self, _: &Feel) -> Displacement {
        self.displacement
    }
}

/// When a note's estimate comes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Comes {
    InTime,
    /// In the first block after the note was decided.
    Late,
    Never,
}

#[derive(Debug, Clone, Copy)]
enum Command {
    Push(Event, Displacement, Comes),
    Interrupt,
    Jump,
}

type Commands = Vec<(SampleTime, Command)>;
type Outputs = Vec<OutputEvent<Moved>>;

fn shift(shift: i32) -> Displacement {
    Displacement { shift, ..Displacement::NONE }
}

fn in_chord(in_chord: i32) -> Displacement {
    Displacement { in_chord, ..Displacement::NONE }
}

fn stretch(stretch: f32) -> Displacement {
    Displacement { stretch, ..Displacement::NONE }
}

fn note_on(key: u8, displacement: Displacement) -> Command {
    Command::Push(on(key), displacement, Comes::InTime)
}

fn plain(event: Event) -> Command {
    Command::Push(event, Displacement::NONE, Comes::InTime)
}

/// Plays commands in blocks of these lengths; blocks also end at interruptions and jumps.
fn play_moved(config: SchedulerConfig, bounds: DisplacementBounds, commands: &Commands, blocks: &[u64]) -> Outputs {
    let mut scheduler = Scheduler::new(4_096, config);
    scheduler.set_bounds(bounds);
    let end = commands.last().map_or(0, |(time, _)| *time) + 4_000;
    let (mut at, mut next, mut out, mut late) = (0, 0, Vec::new(), Vec::new());
    let mut blocks = blocks.iter().cycle();
    while at < end {
        let is_cut = |c: &&(SampleTime, Command)| c.0 > at && !matches!(c.1, Command::Push(..));
        let cut = commands[next..].iter().take_while(|c| c.0 < at + 800).find(is_cut).map_or(end, |c| c.0);
        let block_end = (at + blocks.next().unwrap()).min(cut);
        while let Some(&(time, command)) = commands.get(next).filter(|c| c.0 < block_end) {
            match command {
                Command::Push(event, displacement, comes) => {
                    let id = scheduler.push_event(time, event, Moved { number: next, displacement });
                    let estimate = Estimate { expected: expected(64.0), feel: Feel::default(), settled: true };
                    match comes {
                        Comes::InTime => scheduler.set_estimate(id, estimate),
                        Comes::Late => late.push((time + u64::from(config.latency - bounds.early), id, estimate)),
                        Comes::Never => {}
                    }
                }
                Command::Interrupt => scheduler.transport_interrupted(time),
                Command::Jump => scheduler.transport_jumped(time),
            }
            next += 1;
        }
        late.extract_if(.., |l| l.0 < at).for_each(|(_, id, estimate)| scheduler.set_estimate(id, estimate));
        out.extend(std::iter::from_fn(|| scheduler.next_due(block_end)));
        at = block_end;
    }
    assert!(scheduler.pending.front().is_none() && scheduler.departures.is_empty(), "something is stuck");
    out
}

/// The times at which the events leave, in the order of the commands.
fn times(bounds: DisplacementBounds, commands: &[(SampleTime, Command)]) -> Vec<SampleTime> {
    let out = play_moved(LOOK_AHEAD, bounds, &commands.to_vec(), &[64]);
    let mut times: Vec<(usize, SampleTime)> = out
        .iter()
        .filter_map(|output| match output {
            OutputEvent::Event { time, payload, .. } => Some((payload.number, *time)),
            OutputEvent::Release { .. } => None,
        })
        .collect();
    times.sort_unstable();
    times.into_iter().map(|(_, time)| time).collect()
}

#[test]
fn a_note_leaves_by_its_displacement_within_the_bounds_and_keeps_its_length() {
    for (by, found) in [(50, 50), (-50, -50), (900, 300)] {
        let moved = times(BOUNDS, &[(1_000, note_on(60, shift(by))), (1_200, plain(off(60)))]);
        assert_eq!(moved, [1_400, 1_600].map(|due: u64| due.saturating_add_signed(found)));
    }
    assert_eq!(times(BOUNDS, &[(1_000, note_on(60, shift(-200)))]), [1_320]);
    let delayed = times(DELAY, &[(0, note_on(60, shift(-50))), (200, plain(off(60)))]);
    assert_eq!(delayed, [400, 600], "without time to be early a note leaves when due");
}

#[test]
fn a_note_without_a_final_estimate_when_it_is_decided_and_a_plain_note_stay() {
    for (event, comes) in [
        (on(60), Comes::Late),
        (on(60), Comes::Never),
        (on(10), Comes::InTime),
        (Event::PlainNoteOn { channel: 0, key: 60 }, Comes::InTime),
    ] {
        assert_eq!(times(BOUNDS, &[(0, Command::Push(event, shift(50), comes))]), [400]);
    }
}

#[test]
fn a_late_estimate_still_gives_the_velocity() {
    let late = vec![(0, Command::Push(on(60), shift(50), Comes::Late))];
    let out = play_moved(LOOK_AHEAD, BOUNDS, &late, &[20]);
    assert!(matches!(out[..], [OutputEvent::Event { time: 400, outcome: Outcome::Restyled(_), .. }]), "{out:?}");
}

#[test]
fn a_note_off_follows_the_note_that_begins_with_it_so_that_legato_stays_legato() {
    let legato = [(0, plain(on(60))), (200, plain(off(60))), (205, note_on(62, shift(40))), (400, plain(off(62)))];
    assert_eq!(times(BOUNDS, &legato), [400, 640, 645, 840]);
    let in_order = [(0, plain(on(60))), (200, plain(off(60))), (211, note_on(62, shift(40))), (400, plain(off(62)))];
    assert_eq!(times(BOUNDS, &in_order)[1], 600, "62 begins too late for it");
}

#[test]
fn a_stretched_note_is_held_longer_or_shorter() {
    let note = |by| times(BOUNDS, &[(0, note_on(60, stretch(by))), (200, plain(off(60)))]);
    assert_eq!(note(1.5), [400, 700]);
    assert_eq!(note(0.5), [400, 500], "although the note-off is due at 600");
    assert_eq!(note(0.01), [400, 410]);
    assert_eq!(times(BOUNDS, &[(0, note_on(60, stretch(4.0))), (600, plain(off(60)))]), [400, 1_500]);
    let arrived = times(BOUNDS, &[(0, note_on(60, stretch(0.5))), (1_000, plain(off(60)))]);
    assert_eq!(arrived, [400, 1_000], "no earlier than the note-off came");
}

#[test]
fn a_note_never_sounds_over_its_repetition() {
    let repeated =
        [(0, note_on(60, stretch(4.0))), (90, plain(off(60))), (100, note_on(60, shift(-70))), (190, plain(off(60)))];
    assert_eq!(times(BOUNDS, &repeated), [400, 450, 450, 540], "half of the distance is kept");
}

#[test]
fn notes_written_over_each_other_keep_the_order_of_their_key() {
    let over =
        [(0, note_on(60, shift(300))), (10, note_on(60, shift(-80))), (20, plain(off(60))), (30, plain(off(60)))];
    assert_eq!(times(BOUNDS, &over), [700, 705, 705, 725]);
}

#[test]
fn controllers_keep_their_distance_to_the_notes_around_them() {
    let part = [
        (0, note_on(60, Displacement { in_chord: 9, ..shift(100) })),
        (50, plain(Event::Other)),
        (1_500, plain(Event::Other)),
    ];
    assert_eq!(times(BOUNDS, &part), [509, 550, 1_900], "a distant note has no say");
    let pedal_with_note = [(100, plain(Event::Other)), (105, note_on(60, shift(-50)))];
    assert_eq!(times(BOUNDS, &pedal_with_note), [450, 455]);
    let overtaking = [(0, note_on(60, shift(100))), (50, plain(Event::Other)), (90, note_on(62, in_chord(-50)))];
    assert_eq!(times(BOUNDS, &overtaking), [500, 440, 440], "a note takes along what came before it");
}

#[test]
fn all_notes_off_comes_after_the_notes_of_its_channel_and_ends_them() {
    let part = vec![
        (0, note_on(60, shift(300))),
        (10, Command::Push(on(62), Displacement::NONE, Comes::Never)),
        (20, plain(Event::AllNotesOff { channel: 0 })),
    ];
    let out = play_moved(LOOK_AHEAD, BOUNDS, &part, &[64]);
    assert_eq!(releases(&numbered(&out)), [(420, 60), (420, 62)]);
    assert_eq!(times(BOUNDS, &part), [420, 410, 420]);
}

#[test]
fn after_a_stop_late_notes_are_released_and_those_with_a_pending_note_off_keep_it() {
    let part = vec![
        (0, note_on(60, shift(300))),
        (1, note_on(62, stretch(4.0))),
        (300, plain(off(62))),
        (310, Command::Interrupt),
    ];
    let out = play_moved(LOOK_AHEAD, BOUNDS, &part, &[64]);
    assert_eq!(releases(&numbered(&out)), [(1_010, 60)]);
    assert_eq!(times(BOUNDS, &part), [700, 401, 1_200]);
}

#[test]
fn a_note_of_the_next_pass_that_leaves_before_the_wrap_is_not_released_by_it() {
    let part = vec![(500, Command::Interrupt), (500, note_on(60, shift(-50))), (2_500, plain(off(60)))];
    let out = play_moved(LOOK_AHEAD, BOUNDS, &part, &[64]);
    assert_eq!(releases(&numbered(&out)), []);
    assert_eq!(times(BOUNDS, &part), [850, 2_850]);
}

#[test]
fn a_seek_drops_moved_notes_too() {
    let part = vec![(0, note_on(60, shift(-80))), (5, note_on(62, shift(300))), (400, Command::Jump)];
    let out = play_moved(LOOK_AHEAD, BOUNDS, &part, &[64]);
    assert_eq!(releases(&numbered(&out)), [(400, 60)]);
    assert_eq!(out.len(), 2);
}

#[test]
fn a_note_is_awaited_until_it_is_decided() {
    let mut scheduler = Scheduler::<u32>::new(16, LOOK_AHEAD);
    scheduler.set_bounds(BOUNDS);
    scheduler.push_event(0, on(60), 0);
    assert!(!scheduler.awaits_estimate(320) && scheduler.awaits_estimate(321));
}

#[test]
fn a_full_scheduler_emits_moved_events_early_and_goes_on() {
    let mut scheduler = Scheduler::new(8, LOOK_AHEAD);
    scheduler.set_bounds(BOUNDS);
    let (mut sounding, mut left) = (0, 0);
    for number in 0..1_000 {
        let time = number as u64 * 20;
        let event = if number % 2 == 0 { on(60) } else { off(60) };
        let mut out = Vec::new();
        if scheduler.is_full() {
            out.extend(std::iter::from_fn(|| scheduler.emit_early(time)));
        }
        let id = scheduler.push_event(time, event, Moved { number, displacement: shift((number % 300) as i32) });
        let estimate = Estimate { expected: expected(64.0), feel: Feel::default(), settled: true };
        scheduler.set_estimate(id, estimate);
        out.extend(std::iter::from_fn(|| scheduler.next_due(time + 20)));
        for output in out {
            let OutputEvent::Event { event, .. } = output else { panic!("nothing is released") };
            sounding += if event.is_on() { 1 } else { -1 };
            assert!((0..=1).contains(&sounding));
            left += 1;
        }
    }
    assert!(left >= 992, "{left}");
}

#[test]
fn bounds_may_change_at_any_time_and_without_bounds_events_are_due_again() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    scheduler.set_bounds(BOUNDS);
    let estimate = Estimate { expected: expected(64.0), feel: Feel::default(), settled: true };
    let late = scheduler.push_event(0, on(60), Moved { number: 0, displacement: shift(200) });
    scheduler.set_estimate(late, estimate);
    assert_eq!(scheduler.next_due(350), None);
    scheduler.set_bounds(DisplacementBounds::NONE);
    let other = scheduler.push_event(100, on(62), Moved { number: 1, displacement: shift(200) });
    scheduler.set_estimate(other, estimate);
    let out: Vec<_> = std::iter::from_fn(|| scheduler.next_due(2_000)).collect();
    assert_eq!(times_and_payloads(&numbered(&out)), [(500, 1), (600, 0)]);
    assert!(scheduler.is_unmoved());
}

#[test]
fn a_note_that_is_held_until_nothing_moves_any_more_ends_when_due() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    scheduler.set_bounds(BOUNDS);
    let held = scheduler.push_event(0, on(60), Moved { number: 0, displacement: stretch(0.5) });
    scheduler.set_estimate(held, Estimate { expected: expected(64.0), feel: Feel::default(), settled: true });
    let mut out: Vec<_> = std::iter::from_fn(|| scheduler.next_due(900)).collect();
    scheduler.set_bounds(DisplacementBounds::NONE);
    scheduler.push_event(900, off(60), Moved { number: 1, displacement: Displacement::NONE });
    out.extend(std::iter::from_fn(|| scheduler.next_due(2_000)));
    assert_eq!(times_and_payloads(&numbered(&out)), [(400, 0), (1_300, 1)]);
}

#[test]
fn a_release_is_not_earlier_than_the_one_before_where_notes_no_longer_move() {
    let mut scheduler = Scheduler::new(16, LOOK_AHEAD);
    scheduler.set_bounds(BOUNDS);
    for (time, number) in [(0, 60), (150, 62)] {
        scheduler.push_event(time, on(number), u32::from(number));
    }
    scheduler.transport_interrupted(100);
    scheduler.transport_interrupted(250);
    let mut out = drain(&mut scheduler, 810);
    scheduler.set_bounds(DisplacementBounds::NONE);
    out.extend(drain(&mut scheduler, 2_000));
    assert_eq!(releases(&out), [(800, 60), (800, 62)]);
}

fn numbered(out: &Outputs) -> Vec<OutputEvent<u32>> {
    let number = |output: &OutputEvent<Moved>| match *output {
        OutputEvent::Event { time, id, event, payload, outcome } => {
            OutputEvent::Event { time, id, event, payload: payload.number as u32, outcome }
        }
        OutputEvent::Release { time, channel, key } => OutputEvent::Release { time, channel, key },
    };
    out.iter().map(number).collect()
}

/// Checks the rules for an output that are free of exceptions.
fn check(bounds: DisplacementBounds, latency: u64, commands: &Commands, out: &Outputs) {
    let jumps: Vec<SampleTime> =
        commands.iter().filter(|c| matches!(c.1, Command::Jump)).map(|(time, _)| *time).collect();
    let mut seen = vec![false; commands.len()];
    let mut last_of_key = HashMap::<(u8, u8), usize>::new();
    let mut sounding = HashMap::<(u8, u8), usize>::new();
    let (mut last_other, mut last_time) = (None, 0);
    for output in out {
        let (time, event, number) = match *output {
            OutputEvent::Event { time, event, payload, .. } => (time, event, payload.number),
            OutputEvent::Release { time, channel, key } => {
                let notes = sounding.get_mut(&(channel, key)).filter(|notes| **notes > 0);
                *notes.expect("a release of a note that does not sound") -= 1;
                assert!(time >= last_time);
                last_time = time;
                continue;
            }
        };
        assert!(time >= last_time, "time goes back");
        last_time = time;
        assert!(!std::mem::replace(&mut seen[number], true), "an event is emitted twice");
        let due = commands[number].0 + latency;
        let (early, late, longer) = (u64::from(bounds.early), u64::from(bounds.late), u64::from(bounds.longer));
        let allowed = match event {
            Event::NoteOff { .. } => due - latency..=due + late + longer,
            _ => due - early..=due + late,
        };
        assert!(allowed.contains(&time), "{event:?} due at {due} leaves at {time}");
        if let Some(key) = event.key() {
            let last = last_of_key.insert(key, number);
            assert!(last.is_none_or(|last| last < number), "the order of a key changes");
            let notes = sounding.entry(key).or_default();
            *notes = if event.is_on() { *notes + 1 } else { notes.saturating_sub(1) };
        } else {
            assert!(last_other < Some(number), "the order of controllers changes");
            last_other = Some(number);
        }
        if let Event::AllNotesOff { channel } = event {
            assert!(sounding.iter().all(|((its, _), notes)| *its != channel || *notes == 0));
        }
    }
    for (number, (time, command)) in commands.iter().enumerate() {
        let Command::Push(event, ..) = command else { continue };
        let is_dropped =
            event.key().is_some() && jumps.iter().any(|jump| jump >= time && *jump <= time + latency + 800);
        assert!(seen[number] || is_dropped, "{event:?} of {time} is lost");
    }
    assert!(sounding.values().all(|notes| *notes == 0), "a note is stuck");
    check_overtaking(out);
}

/// No note-on leaves before a controller that came before it; no all-notes-off before an event of its channel.
fn check_overtaking(out: &Outputs) {
    let mut on = HashMap::<u8, usize>::new();
    for output in out {
        let OutputEvent::Event { event, payload: Moved { number, .. }, .. } = *output else { continue };
        match event {
            Event::NoteOn { channel, .. } | Event::PlainNoteOn { channel, .. } => {
                let last = on.entry(channel).or_default();
                *last = number.max(*last);
            }
            Event::Other | Event::AllNotesOff { .. } => {
                assert!(on.values().all(|on| *on < number), "a note overtakes a controller");
            }
            Event::NoteOff { .. } => {}
        }
    }
    let mut silenced = HashMap::<u8, usize>::new();
    for output in out {
        let OutputEvent::Event { event, payload: Moved { number, .. }, .. } = *output else { continue };
        if let Event::AllNotesOff { channel } = event {
            silenced.insert(channel, number);
        } else if let Some((channel, _)) = event.key() {
            assert!(silenced.get(&channel).is_none_or(|silenced| *silenced < number), "after its all-notes-off");
        }
    }
}

/// In a part of notes alone, each note has one end after it, and its shortest length where the next leaves room.
fn check_ends(bounds: DisplacementBounds, commands: &Commands, out: &Outputs) {
    let mut keys = HashMap::<(u8, u8), [Vec<(usize, SampleTime)>; 2]>::new();
    for output in out {
        let OutputEvent::Event { time, event, payload, .. } = output else { panic!("nothing is released") };
        let Some(key) = event.key() else { continue };
        keys.entry(key).or_default()[usize::from(!event.is_on())].push((payload.number, *time));
    }
    for [ons, offs] in keys.values() {
        assert_eq!(ons.len(), offs.len());
        for (index, ((on, begins), (off, ends))) in ons.iter().zip(offs).enumerate() {
            let is_alone =
                ons.get(index + 1).is_none_or(|next| next.0 > *off) && (index == 0 || offs[index - 1].0 < *on);
            let written = commands[*off].0 - commands[*on].0;
            let shortest = if is_alone { written.min(bounds.moment.into()) } else { 0 };
            assert!(*ends >= begins + shortest, "a note of {written} lasts from {begins} to {ends}");
        }
    }
}

fn displacement() -> impl Strategy<Value = Displacement> {
    let shift = prop_oneof![Just(0), -120i32..400];
    let stretch = prop_oneof![Just(1.0f32), 0.1f32..4.0];
    (shift, -40i32..40, stretch).prop_map(|(shift, in_chord, stretch)| Displacement { shift, in_chord, stretch })
}

#[derive(Debug, Clone)]
enum Part {
    Note { channel: u8, key: u8, length: u64, displacement: Displacement, comes: Comes, is_plain: bool },
    Alone(Command),
}

fn notes() -> impl Strategy<Value = Part> {
    let comes = prop_oneof![6 => Just(Comes::InTime), 1 => Just(Comes::Late), 1 => Just(Comes::Never)];
    let is_plain = prop::bool::weighted(0.1);
    (0u8..2, 58u8..63, 0u64..500, displacement(), comes, is_plain).prop_map(
        |(channel, key, length, displacement, comes, is_plain)| Part::Note {
            channel,
            key,
            length,
            displacement,
            comes,
            is_plain,
        },
    )
}

fn anything() -> impl Strategy<Value = Part> {
    let event = |event| Part::Alone(plain(event));
    prop_oneof![
        12 => notes(),
        3 => Just(event(Event::Other)),
        1 => (0u8..2).prop_map(move |channel| event(Event::AllNotesOff { channel })),
        1 => (0u8..2, 58u8..63).prop_map(move |(channel, key)| event(Event::NoteOff { channel, key })),
        1 => (0u8..2, 58u8..63).prop_map(move |(channel, key)| event(Event::NoteOn { channel, key })),
        1 => Just(Part::Alone(Command::Interrupt)),
        1 => Just(Part::Alone(Command::Jump)),
    ]
}

/// The commands of a part; a stop ends it.
fn commands(parts: &[(u64, Part)]) -> Commands {
    let (mut time, mut all) = (0, Commands::new());
    for (gap, part) in parts {
        time += gap;
        match *part {
            Part::Alone(command) => all.push((time, command)),
            Part::Note { channel, key, length, displacement, comes, is_plain } => {
                let on = if is_plain { Event::PlainNoteOn { channel, key } } else { Event::NoteOn { channel, key } };
                all.push((time, Command::Push(on, displacement, comes)));
                all.push((time + length, plain(Event::NoteOff { channel, key })));
            }
        }
    }
    all.push((time + 1_000, Command::Interrupt));
    all.sort_by_key(|(time, _)| *time);
    all
}

fn gaps() -> impl Strategy<Value = u64> {
    prop_oneof![2 => Just(0), 2 => 0u64..15, 3 => 0u64..150]
}

fn parts(of: impl Strategy<Value = Part>) -> impl Strategy<Value = Commands> {
    prop::collection::vec((gaps(), of), 0..60).prop_map(|parts| commands(&parts))
}

proptest! {
    #[test]
    fn nothing_is_lost_stuck_or_crossed(
        part in parts(anything()), blocks in prop::collection::vec(1u64..700, 1..6), delays in any::<bool>(),
    ) {
        let bounds = if delays { DELAY } else { BOUNDS };
        check(bounds, 400, &part, &play_moved(LOOK_AHEAD, bounds, &part, &blocks));
        let at_once = SchedulerConfig { latency: 0, policy: RequestPolicy::Deferred(100) };
        check(DELAY, 0, &part, &play_moved(at_once, DELAY, &part, &blocks));
    }

    #[test]
    fn every_note_has_one_end_after_it(part in parts(notes()), blocks in prop::collection::vec(1u64..700, 1..6)) {
        let part: Commands = part.into_iter().filter(|c| matches!(c.1, Command::Push(..))).collect();
        check_ends(BOUNDS, &part, &play_moved(LOOK_AHEAD, BOUNDS, &part, &blocks));
    }

    #[test]
    fn block_lengths_do_not_change_where_events_move(
        part in parts(anything()), blocks in prop::collection::vec(1u64..=700, 1..6),
    ) {
        let in_time = |c: &(SampleTime, Command)| match c.1 {
            Command::Push(event, displacement, Comes::Late) => (c.0, Command::Push(event, displacement, Comes::Never)),
            _ => *c,
        };
        let part: Commands = part.iter().map(in_time).collect();
        for bounds in [BOUNDS, DELAY] {
            let in_blocks = play_moved(LOOK_AHEAD, bounds, &part, &blocks);
            prop_assert_eq!(in_blocks, play_moved(LOOK_AHEAD, bounds, &part, &[1]));
        }
    }

    #[test]
    fn without_bounds_or_displacements_every_event_leaves_when_due(part in parts(anything())) {
        let part: Commands = part.into_iter().filter(|c| !matches!(c.1, Command::Jump)).collect();
        let still: Commands = part.iter().map(|c| match c.1 {
            Command::Push(event, _, comes) => (c.0, Command::Push(event, Displacement::NONE, comes)),
            _ => *c,
        }).collect();
        let due = |c: (usize, &(SampleTime, Command))| {
            matches!(c.1.1, Command::Push(..)).then_some((c.1.0 + 400, c.0 as u32))
        };
        let right: Vec<_> = part.iter().enumerate().filter_map(due).collect();
        let unbound = play_moved(LOOK_AHEAD, DisplacementBounds::NONE, &part, &[64]);
        prop_assert_eq!(&times_and_payloads(&numbered(&unbound)), &right);
        prop_assert_eq!(&times_and_payloads(&numbered(&play_moved(LOOK_AHEAD, DELAY, &still, &[64]))), &right);
    }
}

/// `cargo test -p tonenet-core --release --locked million -- --ignored`
#[test]
#[ignore = "slow without optimisation"]
fn a_million_notes_lose_nothing() {
    let mut state = 1u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut parts = Vec::new();
    for _ in 0..1_000_000 {
        let displacement = Displacement {
            shift: random(520) as i32 - 120,
            in_chord: random(80) as i32 - 40,
            stretch: 0.1 + random(39) as f32 / 10.0,
        };
        let (channel, key, length) = (random(2) as u8, 40 + random(40) as u8, random(500));
        let note = Part::Note { channel, key, length, displacement, comes: Comes::InTime, is_plain: false };
        parts.push((random(3) * random(60), note));
        if random(5) == 0 {
            parts.push((random(20), Part::Alone(plain(Event::Other))));
        }
    }
    let part = commands(&parts);
    let out = play_moved(LOOK_AHEAD, BOUNDS, &part, &[64, 511, 7]);
    check(BOUNDS, 400, &part, &out);
    check_ends(BOUNDS, &part, &out);
}
