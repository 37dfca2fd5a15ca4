use super::super::ClipNote;
use super::*;
use crate::transport::Transport;
use proptest::prelude::*;

const RATE: f64 = 48_000.0;

/// A span of time in which the song plays from a position, or is stopped.
#[derive(Debug, Clone, Copy)]
struct Span {
    beats: Option<f64>,
    tempo: f64,
    samples: u64,
}

fn playing(beats: f64, tempo: f64, samples: u64) -> Span {
    Span { beats: Some(beats), tempo, samples }
}

fn clip(length: f64, notes: &[(f64, f64, u8)]) -> Arc<Clip> {
    let note = |&(onset, length, key): &(f64, f64, u8)| ClipNote { onset, length, key, velocity: 80 };
    Arc::new(Clip::new(length, (4, 4), notes.iter().map(note).collect()).unwrap())
}

fn looped(clip: &Arc<Clip>, start: f64) -> ClipPlacement {
    ClipPlacement { clip: clip.clone(), start, looped: true }
}

type Events = Vec<(u64, ClipEvent)>;

/// Plays a song in blocks, with clips placed at given samples, and stops at its end.
fn play(song: &[Span], blocks: &[u64], placings: &[(u64, Option<ClipPlacement>)]) -> Events {
    let (mut player, mut clock, mut out) = (ClipPlayer::new(), StepClock::new(RATE), Vec::new());
    let (mut now, mut sizes, mut placings) = (0, blocks.iter().cycle(), placings.iter().peekable());
    for span in song {
        player.interrupt(now);
        let (begin, end) = (now, now + span.samples);
        while now < end {
            while let Some((_, placed)) = placings.next_if(|p| p.0 <= now) {
                player.place(now, placed.clone());
            }
            let until = (now + sizes.next().unwrap()).min(end);
            let until = placings.peek().map_or(until, |p| until.min(p.0));
            let gone = (now - begin) as f64 / RATE * span.tempo / 60.0;
            let beats = span.beats.map(|beats| beats + gone);
            let tempo = Some(span.tempo);
            clock.follow(now, &Transport { playing: beats.is_some(), tempo, beats, ..Transport::default() });
            while let Some(event) = player.next(&clock, now, until) {
                out.push(event);
            }
            now = until;
        }
    }
    player.interrupt(now);
    clock.follow(now, &Transport::default());
    out.extend(std::iter::from_fn(|| player.next(&clock, now, now + 1)));
    out
}

fn ons(events: &Events) -> Vec<(u64, u8)> {
    let on = |&(time, event): &(u64, ClipEvent)| match event {
        ClipEvent::On { key, .. } => Some((time, key)),
        ClipEvent::Off { .. } => None,
    };
    events.iter().filter_map(on).collect()
}

/// Whether the events are in the order of time and each on has an off before the next on of its key.
fn is_complete(events: &Events) -> bool {
    let mut sounding = [false; KEYS];
    events.is_sorted_by_key(|e| e.0)
        && events.iter().all(|&(_, event)| match event {
            ClipEvent::On { key, .. } => !std::mem::replace(&mut sounding[usize::from(key)], true),
            ClipEvent::Off { key } => std::mem::replace(&mut sounding[usize::from(key)], false),
        })
        && !sounding.contains(&true)
}

#[test]
fn a_looped_clip_begins_at_its_start_and_repeats_from_its_end() {
    let clip = clip(2.0, &[(0.0, 0.5, 60), (1.0, 1.0, 64)]);
    let song = [playing(0.0, 120.0, 8 * 24_000)];
    let on = |beats: u64, key| (beats * 24_000, key);
    let whole = play(&song, &[512], &[(0, Some(looped(&clip, 4.0)))]);
    assert_eq!(ons(&whole), [on(4, 60), on(5, 64), on(6, 60), on(7, 64)]);
    let off = (6 * 24_000, ClipEvent::Off { key: 64 });
    assert_eq!(whole.iter().position(|e| *e == off), Some(3), "offs come before ons");
    let once = ClipPlacement { looped: false, ..looped(&clip, 4.0) };
    assert_eq!(ons(&play(&song, &[512], &[(0, Some(once))])), [on(4, 60), on(5, 64)]);
}

#[test]
fn a_clip_plays_until_the_next_one_begins() {
    let (first, second) = (clip(1.0, &[(0.0, 1.0, 60)]), clip(1.0, &[(0.0, 1.0, 72)]));
    let song = [playing(0.0, 120.0, 4 * 24_000)];
    let placings = [(0, Some(looped(&first, 0.0))), (20_000, Some(looped(&second, 2.0)))];
    let played = play(&song, &[100], &placings);
    assert_eq!(ons(&played), [(0, 60), (24_000, 60), (48_000, 72), (72_000, 72)]);
    assert!(is_complete(&played));
    let cleared = play(&song, &[100], &[(0, Some(looped(&first, 0.0))), (30_000, None)]);
    assert_eq!(cleared.last(), Some(&(30_000, ClipEvent::Off { key: 60 })));
}

#[test]
fn a_jump_ends_sounding_notes_and_the_clip_continues_at_the_new_position() {
    let clip = clip(4.0, &[(0.0, 3.0, 60), (2.0, 1.0, 64), (3.0, 1.0, 67)]);
    let song = [playing(0.0, 120.0, 30_000), playing(102.0, 60.0, 60_000), playing(-9.0, 120.0, 10_000)];
    let played = play(&song, &[64], &[(0, Some(looped(&clip, 0.0)))]);
    assert_eq!(ons(&played), [(0, 60), (30_000, 64), (78_000, 67)]);
    assert!(is_complete(&played));
    assert!(played.contains(&(30_000, ClipEvent::Off { key: 60 })));
}

#[test]
fn no_note_begins_while_the_host_is_stopped_and_passed_notes_are_skipped() {
    let clip = clip(4.0, &[(0.0, 0.1, 60), (0.2, 0.1, 62), (0.45, 2.0, 64)]);
    let mut player = ClipPlayer::new();
    let mut clock = StepClock::new(RATE);
    player.place(0, Some(looped(&clip, 0.0)));
    let mut at = |from: u64, until: u64, beats: Option<f64>| {
        let playing = beats.is_some();
        clock.follow(from, &Transport { playing, tempo: Some(120.0), beats, ..Transport::default() });
        std::iter::from_fn(|| player.next(&clock, from, until)).collect::<Events>()
    };
    assert_eq!(at(0, 100, Some(0.0)), [(0, ClipEvent::On { key: 60, velocity: 80 })]);
    assert_eq!(at(100, 12_000, None), []);
    let back = at(12_000, 12_100, Some(0.5));
    let late = [(12_000, ClipEvent::Off { key: 60 }), (12_000, ClipEvent::On { key: 64, velocity: 80 })];
    assert_eq!(back, late);
}

/// The positions are off by as much as a host's rounding.
#[test]
fn rounded_positions_neither_double_nor_lose_a_note() {
    let notes: Vec<_> = (0..16).map(|i| (f64::from(i) / 4.0, 0.25, 60 + i as u8 % 4)).collect();
    let clip = clip(4.0, &notes);
    let (mut player, mut clock) = (ClipPlayer::new(), StepClock::new(RATE));
    player.place(0, Some(looped(&clip, 0.0)));
    let mut out = Vec::new();
    for block in 0..4_000u64 {
        let (from, until) = (block * 64, block * 64 + 64);
        let beats = Some(from as f64 / 24_000.0 + [0.0, 0.002, -0.002, 0.0005][block as usize % 4]);
        clock.follow(from, &Transport { playing: true, tempo: Some(120.0), beats, ..Transport::default() });
        out.extend(std::iter::from_fn(|| player.next(&clock, from, until)));
    }
    assert_eq!(ons(&out).len(), 43, "one note every 6,000 of 256,000 samples");
    assert!(out.is_sorted_by_key(|e| e.0));
}

#[test]
fn playing_at_extreme_positions_terminates_and_ends_every_note() {
    let clip = clip(1.0 / 960.0, &[(0.0, 1.0 / 960.0, 60)]);
    let far = (1u64 << 52) as f64;
    for (start, beats) in [(0.0, far), (far, 0.0), (far, far), (-far, far), (-far, -far), (far, -far)] {
        let played = play(&[playing(beats, 120.0, 480)], &[64], &[(0, Some(looped(&clip, start)))]);
        assert!(is_complete(&played), "from {start} at {beats}");
    }
}

fn spans() -> impl Strategy<Value = Vec<Span>> {
    let span = (prop::option::weighted(0.9, 0u32..64), 40u32..300, 1u64..60_000);
    let span = span.prop_map(|(beats, tempo, samples)| Span {
        beats: beats.map(|beats| f64::from(beats) / 4.0),
        tempo: f64::from(tempo),
        samples,
    });
    prop::collection::vec(span, 1..6)
}

fn clips() -> impl Strategy<Value = Arc<Clip>> {
    let notes = prop::collection::vec((0u32..32, 1u32..12, 58u8..66), 0..24);
    (1u32..4, notes).prop_map(|(bars, notes)| {
        let notes: Vec<_> =
            notes.iter().map(|&(on, len, key)| (f64::from(on) / 4.0, f64::from(len) / 4.0, key)).collect();
        clip(f64::from(bars) * 2.0, &notes)
    })
}

proptest! {
    #[test]
    fn the_output_does_not_depend_on_the_block_lengths(
        song in spans(),
        clips in [clips(), clips()],
        starts in [0u32..12, 0u32..12],
        second_at in 0u64..100_000,
        looped in any::<bool>(),
        blocks in prop::collection::vec(1u64..3_000, 1..5),
    ) {
        let placed = |i: usize| ClipPlacement { clip: clips[i].clone(), start: f64::from(starts[i]), looped };
        let placings = [(0, Some(placed(0))), (second_at, Some(placed(1)))];
        let whole = play(&song, &[u64::MAX / 2], &placings);
        prop_assert!(is_complete(&whole));
        prop_assert_eq!(play(&song, &blocks, &placings), whole);
    }

    #[test]
    fn exactly_the_notes_that_the_song_reaches_begin_at_their_positions(
        song in spans(),
        clip in clips(),
        start in 0u32..12,
        looped in any::<bool>(),
    ) {
        let placed = ClipPlacement { clip: clip.clone(), start: f64::from(start), looped };
        let mut expected = Vec::new();
        let mut begin = 0u64;
        for span in &song {
            let end = begin + span.samples;
            for round in 0..if looped { 64u32 } else { 1 } {
                for note in clip.notes() {
                    let Some(beats) = span.beats else { continue };
                    let place = placed.start + f64::from(round) * clip.length() + note.onset;
                    let sample = (place - beats) * 60.0 / span.tempo * RATE;
                    let time = begin as f64 + (sample - 1e-3).ceil();
                    if sample >= -1.0 && time < end as f64 {
                        expected.push((time.max(begin as f64) as u64, note.key));
                    }
                }
            }
            begin = end;
        }
        expected.sort_unstable();
        let mut played = ons(&play(&song, &[777], &[(0, Some(placed))]));
        played.sort_unstable();
        prop_assert_eq!(played, expected);
    }
}
