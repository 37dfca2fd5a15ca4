//! Files as the player reads them.

use tonenet_test_support::midi_from_tracks;

use super::*;

/// The sample rate of [`playable`] songs, in Hz.
pub const RATE: f64 = 48_000.0;

/// A file with 480 ticks a beat; each track is its events as bytes.
pub fn file(tracks: &[&[u8]]) -> Song {
    Song::parse(midi_from_tracks(480, tracks)).expect("a file")
}

/// A song whose keyboards are restyled.
pub fn playable(song: &Song) -> PlayableSong {
    PlayableSong::new("song.mid".into(), song, &Selection::Keyboards, RATE)
}

/// A piano on channel 1 with its pedal, and a bass on channel 2 with its volume.
fn piano_and_bass() -> Song {
    file(&[
        &[0, 0xC0, 0, 0, 0x90, 60, 80, 0, 0xB0, 64, 127, 0x83, 0x60, 0x80, 60, 0],
        &[0, 0xC1, 33, 0, 0xB1, 7, 90, 0, 0x91, 36, 70, 0x83, 0x60, 0x91, 36, 0],
    ])
}

#[test]
fn notes_of_pianos_and_their_controllers_go_through_the_plugin() {
    let song = playable(&piano_and_bass());
    let route = |status| song.events().iter().find(|e| matches!(e.message, Message::Channel([s, ..]) if s == status));
    for (status, expected) in [
        (0x90, Route::Plugin),
        (0x80, Route::Plugin),
        (0xB0, Route::Plugin),
        (0xC0, Route::Plugin),
        (0x91, Route::Around),
        (0xB1, Route::Around),
        (0xC1, Route::Around),
    ] {
        assert_eq!(route(status).expect("a message").route, expected, "{status:#x}");
    }
    assert_eq!(song.parts(), Parts { restyled: 1, untouched: 1 });
}

#[test]
fn a_note_ends_on_the_way_that_it_began_on() {
    // Two tracks on one channel: the bass holds the key that the piano plays, too.
    let song = file(&[
        &[0, 0xC0, 0, 0, 0x90, 60, 80, 0x60, 0x80, 60, 0],
        &[0, 0xC0, 33, 0x10, 0x90, 60, 70, 0x10, 0x80, 60, 0],
    ]);
    let song = playable(&song);
    let routes = |on| {
        let is = |e: &&SongEvent| matches!(e.message, Message::Channel([status, ..]) if status & 0xF0 == on);
        song.events().iter().filter(is).map(|e| e.route).collect::<Vec<_>>()
    };
    assert_eq!(routes(0x90).len(), 2);
    for route in [Route::Plugin, Route::Around] {
        let count = |on| routes(on).into_iter().filter(|r| *r == route).count();
        assert_eq!(count(0x90), count(0x80), "{route:?}");
    }
}

#[test]
fn a_message_is_at_the_sample_nearest_to_its_time() {
    let song = playable(&piano_and_bass());
    let off = song.events().iter().find(|e| e.message == Message::Channel([0x80, 60, 0])).expect("an off");
    assert_eq!(off.sample, 24_000, "a beat at 120");
}

#[test]
fn the_song_ends_with_its_last_bar() {
    assert_eq!(playable(&piano_and_bass()).end(), Some(96_000));
}

#[test]
fn the_transport_follows_tempo_and_metre() {
    // 6/8 and 60 beats a minute; from beat 3 on 120.
    let song = file(&[
        &[
            0, 0xFF, 0x58, 4, 6, 3, 24, 8, 0, 0xFF, 0x51, 3, 0x0F, 0x42, 0x40, 0x8B, 0x20, 0xFF, 0x51, 3, 0x07, 0xA1,
            0x20,
        ],
        &[0, 0x90, 60, 80, 0x96, 0x40, 0x80, 60, 0],
    ]);
    let song = playable(&song);
    let transport = song.transport(168_000, true, true);
    assert_eq!(transport.tempo, Some(120.0));
    assert_eq!(transport.pos_beats, Some(4.0));
    assert_eq!((transport.time_sig_numerator, transport.time_sig_denominator), (Some(6), Some(8)));
    assert_eq!((transport.bar_start_pos_beats, transport.bar_number), (Some(3.0), Some(1)));
    assert_eq!(transport.loop_range_beats, Some((0.0, 6.0)));
    assert_eq!(song.bar(0), 1);
}

/// The bytes that set a synthesizer up at a sample.
fn setup(song: &PlayableSong, sample: u64) -> Vec<[u8; 3]> {
    let channel = |event: SongEvent| match event.message {
        Message::Channel(bytes) => bytes,
        Message::SysEx(_) => panic!("no setting"),
    };
    song.setup(sample, 0).into_iter().map(channel).collect()
}

#[test]
fn a_place_is_set_up_with_the_last_of_each_setting_and_no_note() {
    let song = playable(&piano_and_bass());
    let (reset, settings) = ([[0xB0, 121, 0], [0xE0, 0, 64]], [[0xC0, 0, 0], [0xB0, 64, 127]]);
    let (bass_reset, bass) = ([[0xB1, 121, 0], [0xE1, 0, 64]], [[0xC1, 33, 0], [0xB1, 7, 90]]);
    assert_eq!(setup(&song, 1), [reset, settings, bass_reset, bass].concat());
    assert_eq!(setup(&song, 0), [reset, bass_reset].concat(), "what was bent before is straight");
    let routes: Vec<_> = song.setup(0, 1 << 4).iter().map(|event| event.route).collect();
    assert_eq!(routes, [Route::Plugin, Route::Plugin, Route::Around, Route::Around, Route::Around, Route::Around]);
}

#[test]
fn the_value_of_a_parameter_follows_its_number() {
    // The range of the bend is 12, then no parameter is chosen; a bank with its programme; a reset of what came before.
    let song = playable(&file(&[&[
        0, 0xB0, 1, 99, 0, 0xE0, 0, 100, 0, 0xB0, 121, 0, 0, 0xB0, 101, 0, 0, 0xB0, 100, 0, 0, 0xB0, 6, 12, 0, 0xB0,
        101, 127, 0, 0xB0, 100, 127, 0, 0xC0, 5, 0, 0xB0, 0, 1, 0, 0xC0, 3, 0, 0xD0, 9, 0x60, 0x90, 60, 80, 0x60, 0x80,
        60, 0,
    ]]));
    let parameter = [[0xB0, 101, 0], [0xB0, 100, 0], [0xB0, 6, 12], [0xB0, 101, 127], [0xB0, 100, 127]];
    let before = [[0xB0, 121, 0], [0xE0, 0, 64], [0xB0, 0, 1], [0xC0, 3, 0]];
    assert_eq!(setup(&song, 1), [&before[..], &parameter, &[[0xD0, 9, 0]]].concat());
}

#[test]
fn drums_are_never_restyled_nor_counted_as_such() {
    let song = file(&[&[0, 0x99, 36, 80, 0x60, 0x89, 36, 0], &[0, 0xC0, 40, 0, 0x90, 60, 80, 0x60, 0x80, 60, 0]]);
    let song = PlayableSong::new("song.mid".into(), &song, &Selection::All, RATE);
    assert_eq!(song.parts(), Parts { restyled: 1, untouched: 1 });
    let drum = song.events().iter().find(|event| event.message == Message::Channel([0x99, 36, 80]));
    assert_eq!(drum.expect("it plays").route, Route::Around);
}

#[test]
fn a_part_of_a_system_exclusive_message_is_left_out() {
    let song = playable(&file(&[&[
        0, 0xF0, 3, 1, 2, 3, 0, 0xF7, 2, 4, 0xF7, 0, 0xF0, 2, 9, 0xF7, 0, 0x90, 60, 80, 0x60, 0x80, 60, 0,
    ]]));
    let long: Vec<_> = song.events().iter().filter(|event| matches!(event.message, Message::SysEx(_))).collect();
    assert_eq!(long.len(), 1);
    assert_eq!(long[0].message, Message::SysEx([0xF0, 9, 0xF7].into()));
}

#[test]
fn at_the_end_the_tempo_is_that_of_the_beginning() {
    let song = file(&[
        &[0, 0xFF, 0x51, 3, 0x07, 0xA1, 0x20, 0x83, 0x60, 0xFF, 0x51, 3, 0x0F, 0x42, 0x40],
        &[0, 0x90, 60, 80, 0x87, 0x40, 0x80, 60, 0],
    ]);
    let song = playable(&song);
    let end = song.end().expect("a file ends");
    let tempo = |sample, plays| song.transport(sample, plays, false).tempo.map(f64::round);
    assert_eq!((tempo(end - 1, false), tempo(end, true), tempo(end, false)), (Some(60.0), Some(60.0), Some(120.0)));
}

#[test]
fn no_song_is_shorter_than_a_tenth_of_a_second() {
    // A beat lasts a microsecond.
    let song = playable(&file(&[&[0, 0xFF, 0x51, 3, 0, 0, 1, 0, 0x90, 60, 80, 1, 0x80, 60, 0]]));
    assert_eq!(song.end(), Some(4_800));
}

#[test]
fn faults_of_a_file_are_named_with_it() {
    assert_eq!(playable(&piano_and_bass()).warnings(), [""; 0]);
    let song = playable(&file(&[&[]]));
    assert!(song.warnings()[0].starts_with("song.mid: "), "{:?}", song.warnings());
}

#[test]
fn time_without_a_file_does_not_end() {
    let song = PlayableSong::without_file(90.0, RATE);
    assert_eq!((song.end(), song.name()), (None, None));
    let transport = song.transport(64_000, true, true);
    assert_eq!((transport.tempo.map(f64::round), transport.loop_range_beats), (Some(90.0), None));
    assert!((transport.pos_beats.expect("beats") - 2.0).abs() < 1e-3);
}
