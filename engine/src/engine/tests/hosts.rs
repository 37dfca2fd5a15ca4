//! Tests hosts with unusual transports: no note is lost, and each sounds as long as it was held.

use std::collections::HashMap;

use tonenet_core::scheduler::RequestPolicy;

use super::*;

const LIVE: SchedulerConfig = SchedulerConfig { latency: 480, policy: RequestPolicy::PerNote(96) };
const TIMELINE: SchedulerConfig = SchedulerConfig { latency: 0, policy: RequestPolicy::Deferred(480) };
const BLOCKS: [u32; 5] = [64, 480, 1_024, 2_048, 4_096];
/// Length of each note in samples: 450 ms.
const LENGTH: u64 = 21_600;
const NOTES: u64 = 80;
const BEAT: u64 = 24_000;

/// Notes and their ends by sample, in order.
type Part = Vec<(u64, PlainEvent)>;

fn off(key: u8) -> PlainEvent {
    PlainEvent::release(0, key)
}

fn part_of(onsets: impl Iterator<Item = u64>) -> Part {
    let key = |note: usize| 30 + (note % 60) as u8;
    let mut part: Part = onsets
        .enumerate()
        .flat_map(|(note, time)| [on(time as u32, key(note), 0.5), (time + LENGTH, off(key(note)))])
        .collect();
    part.sort_by_key(|event| (event.0, matches!(event.1, PlainEvent::NoteOn { .. })));
    part
}

/// Eighty notes, one every quarter of a beat.
fn eighty_notes() -> Part {
    part_of((0..NOTES).map(|note| 1_000 + note * BEAT / 4))
}

/// Plays a part in a host with this transport at each sample. Returns each output note as (begin, length).
fn lengths(
    look_ahead: SchedulerConfig,
    samples: u32,
    part: &Part,
    transport: &dyn Fn(u64) -> Transport,
) -> Vec<(u64, Option<u64>)> {
    let memory = (look_ahead == TIMELINE).then(Arc::<TimelineStore>::default);
    let (mut engine, _) = engine_with(EmbeddedModel::Baseline, look_ahead, memory);
    let settings = SETTINGS;
    let end = part.last().unwrap().0 + u64::from(look_ahead.latency) + 4_096;
    let (mut notes, mut sounding) = (Vec::new(), HashMap::<Option<u8>, usize>::new());
    let mut events = part.iter().peekable();
    while engine.now < end {
        let now = engine.now;
        let block = block_of(samples, transport(now), true);
        let next = || {
            let (time, event) = events.next_if(|event| event.0 < now + u64::from(samples))?;
            Some(event.with_timing((time - now) as u32))
        };
        engine.process(&block, &settings, next, |event| match event {
            PlainEvent::NoteOn { timing, voice: Voice { key, .. }, .. } => {
                sounding.insert(key, notes.len());
                notes.push((now + u64::from(timing), None));
            }
            PlainEvent::NoteOff { timing, voice: Voice { key, .. }, .. } => {
                if let Some(note) = sounding.remove(&key) {
                    notes[note].1 = Some(now + u64::from(timing) - notes[note].0);
                }
            }
            _ => {}
        });
    }
    notes
}

/// Asserts that all notes are emitted one latency later, with their original lengths.
fn assert_untouched(host: &str, part: &Part, transport: &dyn Fn(u64) -> Transport) {
    for look_ahead in [LOOK_AHEAD, LIVE, TIMELINE] {
        for samples in BLOCKS {
            let onsets = part.iter().filter(|event| matches!(event.1, PlainEvent::NoteOn { .. }));
            let expected: Vec<_> =
                onsets.map(|event| (event.0 + u64::from(look_ahead.latency), Some(LENGTH))).collect();
            let found = lengths(look_ahead, samples, part, transport);
            assert_eq!(found, expected, "{host}, {look_ahead:?}, blocks of {samples}");
        }
    }
}

fn at_120(beats: f64) -> Transport {
    Transport { playing: true, tempo: Some(120.0), beats: Some(beats), ..Default::default() }
}

fn beats_at(time: u64) -> f64 {
    time as f64 / BEAT as f64
}

#[test]
fn a_loop_that_wraps_within_a_block_shortens_no_note() {
    // A loop of one beat. Its first note begins at the wrap or shortly after it, and ends within the loop.
    for after in [0, 1, 300] {
        let part = part_of((0..12).map(|pass| pass * BEAT + after));
        for reported in [true, false] {
            let loop_beats = reported.then_some((8.0, 9.0));
            // The second loop begins between beats.
            for start in [8.0, 4.5] {
                let loop_beats = loop_beats.map(|_| (start, start + 1.0));
                let transport = |time| Transport { loop_beats, ..at_120(start + beats_at(time).fract()) };
                assert_untouched(
                    &format!("a loop from {start}, reported: {reported}, {after} samples after"),
                    &part,
                    &transport,
                );
            }
        }
    }
}

#[test]
fn a_note_held_over_a_wrap_ends_one_latency_after_the_wrap() {
    for samples in BLOCKS {
        for look_ahead in [SchedulerConfig { latency: 4_800, ..LOOK_AHEAD }, SchedulerConfig::live(RATE, samples)] {
            // The note is held over the wrap, and the host never ends it.
            let part = vec![
                on(BEAT as u32 - 500, 50, 0.5),
                (3 * BEAT / 2, PlainEvent::Controller { timing: 0, channel: 0, number: 1, value: 0.0 }),
            ];
            let transport = |time| Transport { loop_beats: Some((8.0, 9.0)), ..at_120(8.0 + beats_at(time).fract()) };
            let found = lengths(look_ahead, samples, &part, &transport);
            let expected = (BEAT - 500 + u64::from(look_ahead.latency), Some(500));
            assert_eq!(found, [expected], "{look_ahead:?}, blocks of {samples}");
        }
    }
}

#[test]
fn positions_that_do_not_fit_the_tempo_lose_no_note() {
    let part = eighty_notes();
    let place = |place: fn(u64) -> f64| move |time| at_120(place(time));
    assert_untouched("never set", &part, &place(|_| 0.0));
    assert_untouched("not a number", &part, &place(|_| f64::NAN));
    assert_untouched("half the rate", &part, &place(|time| 0.5 * beats_at(time)));
    assert_untouched("four times the rate", &part, &place(|time| 4.0 * beats_at(time)));
    for tempo in [0.0, -120.0, f64::NAN, f64::INFINITY] {
        let transport = |time| Transport { tempo: Some(tempo), ..at_120(beats_at(time)) };
        assert_untouched("an invalid tempo", &part, &transport);
    }
}

#[test]
fn a_tempo_change_within_a_block_loses_no_note() {
    let part = eighty_notes();
    // The tempo halves at this sample.
    let change = 300_500;
    let beats = |time: u64| beats_at(time.min(change)) + beats_at(time.saturating_sub(change)) / 2.0;
    let tempo = |time| if time < change { 120.0 } else { 60.0 };
    let with_beats = |time| Transport { tempo: Some(tempo(time)), ..at_120(beats(time)) };
    assert_untouched("beats", &part, &with_beats);
    let seconds =
        |time| Transport { tempo: Some(tempo(time)), beats: None, seconds: Some(time as f64 / RATE), ..at_120(0.0) };
    assert_untouched("seconds only", &part, &seconds);
    let tempo_alone = |time| Transport { tempo: Some(tempo(time)), beats: None, ..at_120(0.0) };
    assert_untouched("tempo only", &part, &tempo_alone);
}

#[test]
fn a_jump_back_without_a_reported_loop_loses_no_pending_note() {
    // The song jumps back at a block start, about every two beats.
    let every = 2 * 23_040;
    for to in [4.0, 3.5, 0.0, -0.1] {
        let part = part_of((0..20).map(|note| note * every / 4 + 100));
        for look_ahead in [LOOK_AHEAD, LIVE] {
            for samples in [64, 480, 1_152] {
                let transport = |time: u64| at_120(to + beats_at(time % every));
                let found = lengths(look_ahead, samples, &part, &transport);
                let begins: Vec<u64> = found.iter().map(|note| note.0 - u64::from(look_ahead.latency)).collect();
                let expected: Vec<u64> = (0..20).map(|note| note * every / 4 + 100).collect();
                assert_eq!(begins, expected, "to {to}, {look_ahead:?}, blocks of {samples}");
                assert!(found.iter().all(|note| note.1.is_some()), "all end");
            }
        }
    }
}

#[test]
fn a_seek_ahead_drops_pending_notes() {
    let part = eighty_notes();
    let transport = |time: u64| at_120(beats_at(time) + if time >= 50_400 { 100.0 } else { 0.0 });
    let found = lengths(LOOK_AHEAD, 480, &part, &transport);
    let under_way = (50_400 - u64::from(LOOK_AHEAD.latency)..50_400).filter(|time| (time + 5_000) % 6_000 == 0).count();
    assert!(under_way > 0);
    assert_eq!(found.len(), NOTES as usize - under_way);
}

#[test]
fn a_song_that_runs_past_its_loop_end_shortens_no_note() {
    let part = eighty_notes();
    let transport = |time| Transport { loop_beats: Some((2.0, 4.0)), ..at_120(beats_at(time)) };
    assert_untouched("past the loop end", &part, &transport);
}
