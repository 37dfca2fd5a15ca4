use super::*;

const RATE: f64 = 48_000.0;
const BLOCK: u32 = 480;
const STARTED: (usize, TransportChange) = (0, TransportChange::Started);

fn at_120(beats: f64) -> Transport {
    Transport { playing: true, tempo: Some(120.0), beats: Some(beats), ..Transport::default() }
}

/// The beats in a number of samples at 120 beats a minute.
fn beats_in(samples: u64) -> f64 {
    samples as f64 / 24_000.0
}

/// The changes detected in blocks of one length, each with the number of its block.
fn changes(samples: u32, blocks: impl IntoIterator<Item = Transport>) -> Vec<(usize, TransportChange)> {
    let mut watch = TransportWatch::new(RATE);
    let observe = |(i, transport): (usize, Transport)| {
        let change = watch.observe(i as u64 * u64::from(samples), samples, &transport);
        change.map(|change| (i, change))
    };
    blocks.into_iter().enumerate().filter_map(observe).collect()
}

/// Plays ten blocks of 10 ms up to a position, then blocks at the given positions.
fn after_playing_up_to(
    place: f64,
    then: &[Option<f64>],
    loop_beats: Option<(f64, f64)>,
) -> Vec<(usize, TransportChange)> {
    let before = (0..10).map(|i| Some(place - 0.02 * f64::from(10 - i)));
    let transport = |beats: Option<f64>| Transport { playing: beats.is_some(), beats, loop_beats, ..at_120(0.0) };
    changes(BLOCK, before.chain(then.iter().copied()).map(transport))
}

fn wrapped(block: usize) -> (usize, TransportChange) {
    (block, TransportChange::Wrapped { at: block as u64 * u64::from(BLOCK), foretold: false })
}

#[test]
fn playing_is_no_change() {
    assert_eq!(changes(BLOCK, (0..20).map(|i| at_120(f64::from(i) * 0.02))), [STARTED]);
}

#[test]
fn a_stop_is_detected_after_50_ms() {
    let stopped = TransportChange::Stopped { at: 10 * 480 + 2_400 };
    let then = [None, None, None, None, None, None, None, Some(0.0)];
    let expected = [STARTED, (15, stopped), (17, TransportChange::Started)];
    assert_eq!(after_playing_up_to(1.0, &then, None), expected);
}

#[test]
fn a_stop_is_detected_at_the_same_sample_for_all_block_lengths() {
    for block in [1u32, 37, 480, 2_400, 2_401, 4_096] {
        let mut watch = TransportWatch::new(RATE);
        watch.observe(0, 1_000, &Transport { playing: true, ..Transport::default() });
        let blocks = (0..).map(|i| 1_000 + i * u64::from(block)).take_while(|time| *time < 10_000);
        let changes: Vec<_> = blocks.filter_map(|time| watch.observe(time, block, &Transport::default())).collect();
        assert_eq!(changes, [TransportChange::Stopped { at: 3_400 }], "blocks of {block}");
    }
}

#[test]
fn a_short_pause_is_no_change_whether_or_not_the_song_moves() {
    for back in [1.0, 1.02, 1.04] {
        assert_eq!(after_playing_up_to(1.0, &[None, None, Some(back), Some(back + 0.02)], None), [STARTED], "{back}");
    }
    assert_eq!(after_playing_up_to(1.0, &[None, None, None, None, Some(1.08)], None), [STARTED]);
    let sought = (12, TransportChange::Sought);
    assert_eq!(after_playing_up_to(1.0, &[None, None, Some(1.5)], None), [STARTED, sought]);
}

#[test]
fn a_jump_back_is_a_wrap_with_or_without_a_loop_and_a_jump_ahead_is_a_seek() {
    for loop_beats in [None, Some((4.0, 8.0)), Some((20.0, 24.0))] {
        for back in [4.0, 0.0, -0.1, 6.5] {
            assert_eq!(after_playing_up_to(8.0, &[Some(back)], loop_beats), [STARTED, wrapped(10)], "to {back}");
        }
        let sought = (10, TransportChange::Sought);
        assert_eq!(after_playing_up_to(8.0, &[Some(40.0)], loop_beats), [STARTED, sought]);
    }
}

#[test]
fn seconds_without_beats_show_jumps_at_any_tempo() {
    let seconds =
        |seconds: f64, tempo: f64| Transport { beats: None, seconds: Some(seconds), tempo: Some(tempo), ..at_120(0.0) };
    let playing = (0..20).map(|i| seconds(100.0 + 0.01 * f64::from(i), if i < 10 { 120.0 } else { 60.0 }));
    assert_eq!(changes(BLOCK, playing.clone()), [STARTED]);
    let jumps = [seconds(7.0, 60.0), seconds(7.01, 60.0)];
    // Seconds do not show where in the block before the jump was.
    let wrapped = TransportChange::Wrapped { at: 19 * 480, foretold: false };
    assert_eq!(changes(BLOCK, playing.clone().chain(jumps)), [STARTED, (20, wrapped)]);
    assert_eq!(changes(BLOCK, playing.chain([seconds(140.0, 60.0)])), [STARTED, (20, TransportChange::Sought)]);
}

/// Changes of a song that loops from beat 0 to 4 within blocks; `tell` says whether the host tells the loop.
fn spanning(samples: u32, tell: bool) -> Vec<TransportChange> {
    let mut watch = TransportWatch::new(RATE);
    let loop_beats = tell.then_some((0.0, 4.0));
    let blocks = (0..u64::MAX).map(|i| i * u64::from(samples)).take_while(|time| *time < 4 * 96_000 + 48_000);
    let transport = |time: u64| Transport { loop_beats, ..at_120(beats_in(time).rem_euclid(4.0)) };
    blocks.filter_map(|time| watch.observe(time, samples, &transport(time))).skip(1).collect()
}

#[test]
fn a_wrap_within_a_block_is_located_at_its_sample() {
    for samples in [480, 500, 1_024, 2_048, 4_096] {
        let at: Vec<_> = spanning(samples, true)
            .into_iter()
            .map(|change| match change {
                TransportChange::Wrapped { at, .. } => at,
                other => panic!("{other:?} in blocks of {samples}"),
            })
            .collect();
        assert_eq!(at, [96_000, 192_000, 288_000, 384_000], "blocks of {samples}");
    }
}

#[test]
fn no_wrap_is_missed_for_any_loop_length_and_tempo() {
    for length in [0.25, 0.5, 1.0, 1.5, 4.0] {
        for tempo in [60.0, 120.0, 140.0, 97.3] {
            for samples in [64u64, 512, 1_024, 2_048] {
                let (mut watch, mut wraps) = (TransportWatch::new(RATE), 0u64);
                let beats = |time: u64| time as f64 / RATE * tempo / 60.0;
                let blocks = 30 * 48_000 / samples;
                for time in (0..blocks).map(|block| block * samples) {
                    let place = 8.0 + beats(time) % length;
                    let transport =
                        Transport { tempo: Some(tempo), loop_beats: Some((8.0, 8.0 + length)), ..at_120(place) };
                    let change = watch.observe(time, samples as u32, &transport);
                    wraps += u64::from(matches!(change, Some(TransportChange::Wrapped { .. })));
                    assert_eq!(watch.believed(&transport), transport, "a loop of {length} at {tempo}");
                }
                let last = beats((blocks - 1) * samples);
                assert!(
                    wraps.abs_diff((last / length) as u64) <= 1,
                    "{wraps}: a loop of {length} at {tempo}, {samples}"
                );
            }
        }
    }
}

#[test]
fn a_false_wrap_confirmed_by_a_split_block_gives_no_seek() {
    let mut watch = TransportWatch::new(RATE);
    let transport = |beats| Transport { loop_beats: Some((0.0, 4.0)), ..at_120(beats) };
    let mut seen = Vec::new();
    for time in (0..24_000).step_by(480) {
        seen.extend(watch.observe(time, 480, &transport(2.995 + beats_in(time))));
    }
    // The wrapper splits the block at 3.995 after the loop's end and computes a wrap, but the host does not wrap.
    let time = 24_000;
    seen.extend(watch.observe(time, 300, &transport(3.995)));
    seen.extend(watch.observe(time + 300, 180, &transport(0.0075)));
    seen.extend(watch.observe(time + 480, 480, &transport(3.995 + beats_in(480))));
    seen.extend(watch.observe(time + 960, 480, &transport(3.995 + beats_in(960))));
    let wrapped = TransportChange::Wrapped { at: time + 120, foretold: true };
    assert_eq!(seen, [TransportChange::Started, wrapped, TransportChange::RanOn]);
}

#[test]
fn a_wrap_without_a_loop_is_located_at_the_sixteenth_before_the_position() {
    for samples in [480, 500, 1_024, 2_048, 4_096] {
        let changes = spanning(samples, false);
        assert_eq!(changes.len(), 4, "blocks of {samples}");
        for (change, wrap) in changes.into_iter().zip([96_000, 192_000, 288_000, 384_000]) {
            let TransportChange::Wrapped { at, foretold: false } = change else { panic!("{change:?}") };
            assert!((wrap - 1..=wrap).contains(&at), "{at} in blocks of {samples}");
        }
    }
}

#[test]
fn after_a_song_passes_its_loop_end_no_wrap_is_predicted_there_again() {
    let mut watch = TransportWatch::new(RATE);
    let transport = |time: u64| Transport { loop_beats: Some((0.0, 4.0)), ..at_120(3.0 + beats_in(time)) };
    let blocks = (0..100).map(|i| i * 1_000);
    let changes: Vec<_> = blocks.filter_map(|time| watch.observe(time, 1_000, &transport(time))).collect();
    assert_eq!(changes, [TransportChange::Started]);
    // The loop ends within a block: 24,000 is not a multiple of 1,100.
    let mut watch = TransportWatch::new(RATE);
    let blocks = (0..100).map(|i| i * 1_100);
    let changes: Vec<_> = blocks.filter_map(|time| watch.observe(time, 1_100, &transport(time))).collect();
    assert_eq!(changes, [TransportChange::Started, TransportChange::RanOn]);
    assert_eq!(watch.wrap_in(0, 4_096, &transport(23_000)), None, "the song has passed the loop end before");
}

/// The transport of a host at a sample.
type Host = Box<dyn Fn(u64) -> Transport>;

/// Hosts whose positions do not follow their tempo.
fn odd_hosts() -> Vec<(&'static str, Host)> {
    let at = |place: fn(u64) -> f64| Box::new(move |time| at_120(place(time)).plausible()) as Host;
    vec![
        ("never set", at(|_| 0.0)),
        ("stands still", at(|_| 17.3)),
        ("no number", at(|_| f64::NAN)),
        ("endless", at(|_| f64::INFINITY)),
        ("half the rate", at(|time| 0.5 * beats_in(time))),
        ("four times the rate", at(|time| 4.0 * beats_in(time))),
        ("backwards", at(|time| 100.0 - beats_in(time))),
        ("at random", at(|time| (time.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as f64 % 400.0)),
        ("tempo 0", Box::new(|time| Transport { tempo: Some(0.0), ..at_120(beats_in(time)) }.plausible())),
        ("tempo no number", Box::new(|time| Transport { tempo: Some(f64::NAN), ..at_120(beats_in(time)) }.plausible())),
        ("neither", Box::new(|_| Transport { tempo: None, beats: None, ..at_120(0.0) })),
    ]
}

#[test]
fn positions_that_do_not_follow_the_tempo_give_no_seek_and_few_wraps() {
    for (host, transport) in odd_hosts() {
        for blocks in [&[64u32][..], &[480], &[1_024], &[4_096], &[64, 1_024, 37, 2_048], &[0, 1, 4_096]] {
            let mut watch = TransportWatch::new(RATE);
            let (mut time, mut wraps) = (0u64, Vec::new());
            for &samples in blocks.iter().cycle() {
                if time > 4 * 48_000 {
                    break;
                }
                match watch.observe(time, samples, &transport(time)) {
                    None => {}
                    Some(TransportChange::Started) => assert_eq!(time, 0),
                    Some(TransportChange::Wrapped { .. }) => wraps.push(time),
                    Some(change) => panic!("{host}, blocks of {blocks:?}: {change:?} at {time}"),
                }
                time += u64::from(samples);
            }
            assert!(wraps.len() <= 3, "{host}, blocks of {blocks:?}: wraps at {wraps:?}");
        }
    }
}

#[test]
fn positions_that_vary_with_the_block_length_give_no_seek() {
    // The host tells the position of each block's end.
    let (mut watch, mut time) = (TransportWatch::new(RATE), 0);
    for samples in [4_096u32, 64, 4_096, 4_096, 458, 4_096, 1, 4_096, 738].into_iter().cycle().take(200) {
        let change = watch.observe(time, samples, &at_120(beats_in(time + u64::from(samples))));
        assert!(time == 0 || !matches!(change, Some(TransportChange::Sought)), "at {time}");
        time += u64::from(samples);
    }
}

#[test]
fn a_stuck_position_is_not_trusted_until_it_moves_again() {
    let mut watch = TransportWatch::new(RATE);
    for block in 0..200 {
        watch.observe(block * 480, 480, &at_120(3.0));
    }
    assert_eq!(watch.believed(&at_120(3.0)).beats, None);
    for block in 200..300 {
        watch.observe(block * 480, 480, &at_120(beats_in(block * 480)));
    }
    assert_eq!(watch.believed(&at_120(3.0)).beats, Some(3.0));
}

#[test]
fn a_tempo_change_within_a_block_is_no_jump() {
    for samples in [64u64, 1_024, 2_048, 4_096, 8_192] {
        for (first, second) in [(120.0, 60.0), (60.0, 120.0), (40.0, 240.0), (240.0, 40.0)] {
            for changes_at in (0..2 * samples).step_by(samples as usize / 4 + 1) {
                let changes_at = 20 * samples + changes_at;
                let (mut watch, mut seen) = (TransportWatch::new(RATE), Vec::new());
                for block in 0..40 {
                    let time = block * samples;
                    let tempo = if time < changes_at { first } else { second };
                    let seconds = |samples: u64| samples as f64 / RATE;
                    let before = seconds(time.min(changes_at)) * first / 60.0;
                    let beats = before + seconds(time.saturating_sub(changes_at)) * second / 60.0;
                    let transport = Transport { tempo: Some(tempo), ..at_120(beats) };
                    seen.extend(watch.observe(time, samples as u32, &transport));
                }
                assert_eq!(
                    seen,
                    [TransportChange::Started],
                    "{first} to {second} at {changes_at}, blocks of {samples}"
                );
            }
        }
    }
}
