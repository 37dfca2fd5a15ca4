//! The built `.clap` in a host that plays a piece block by block with a transport.

mod common;

use common::*;
use tonenet_core::dynamics::Expression;
use tonenet_core::genre::Genre;
use tonenet_core::midi::{MidiMessage, Song};
use tonenet_core::scheduler::{SchedulerConfig, WindowLength};
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_hosts::clap::{ClapHost, NoteExpression, NoteExpressionType};
use tonenet_hosts::host::{Input, Setup};
use tonenet_hosts::{Host, Session, check};

fn play(song: &Song, session: &Session) -> Vec<u8> {
    let mut host = ClapHost::load(&clap()).unwrap();
    let played = host.play(session, |_, _| {}).unwrap();
    assert!(!host.misbehaved());
    let velocities = check::velocities(session, &played).unwrap();
    assert_eq!(velocities.len(), song.notes().len());
    velocities
}

fn in_style(song: &Song, style: Genre) -> Session {
    Session::from_song(song, RATE).with("Style", style.index() as f64)
}

#[test]
fn every_note_arrives_one_latency_later_with_the_models_velocity() {
    let song = piece();
    for style in [Genre::Jazz, Genre::Classical] {
        assert_eq!(play(&song, &in_style(&song, style)), reference(&song, style), "{style}");
    }
}

#[test]
fn every_model_plays_with_the_engines_own_velocities() {
    let song = piece();
    for model in MODELS {
        let performance = Performance { model, ..Performance::of(Genre::Pop) };
        assert_eq!(play(&song, &performance.session(&song)), performance.velocities(&song), "{model}");
    }
}

#[test]
fn the_styles_differ() {
    let song = piece();
    let (jazz, classical) =
        (play(&song, &in_style(&song, Genre::Jazz)), play(&song, &in_style(&song, Genre::Classical)));
    assert!(distance(&jazz, &classical) >= 3.0, "mean difference {}", distance(&jazz, &classical));
}

#[test]
fn half_way_between_two_styles_lies_between_them() {
    let song = piece();
    let [classical, half, pop] = [0.0, 0.5, 1.0].map(|share_of_b| {
        let style = StyleBlend { a: Genre::Classical, b: Genre::Pop, share_of_b };
        let performance = Performance { style, ..Performance::of(Genre::Classical) };
        let velocities = play(&song, &performance.session(&song));
        assert_eq!(velocities, performance.velocities(&song), "{share_of_b}");
        velocities
    });
    for ((a, half), b) in classical.iter().zip(&half).zip(&pop) {
        assert!((a.min(b) - 1..=a.max(b) + 1).contains(half), "{half} between {a} and {b}");
    }
    assert!(distance(&half, &classical) > 0.5 && distance(&half, &pop) > 0.5);
}

#[test]
fn a_take_differs_from_the_average_and_is_the_same_every_time() {
    let song = piece();
    let take = |take| Performance { take: TakeSeed(take), ..Performance::of(Genre::Jazz) }.session(&song);
    let seventh = play(&song, &take(7));
    assert_eq!(seventh, play(&song, &take(7)));
    assert!(distance(&seventh, &play(&song, &take(0))) > 2.0);
    assert!(distance(&seventh, &play(&song, &take(8))) > 2.0);
    assert_eq!(seventh, Performance { take: TakeSeed(7), ..Performance::of(Genre::Jazz) }.velocities(&song));
}

#[test]
fn level_range_floor_and_ceiling_shape_what_comes_out() {
    let song = piece();
    let expression = Expression { level: 12.0, range: 1.5, floor: 50, ceiling: 80, ..Expression::default() };
    let performance = Performance { expression, ..Performance::of(Genre::Classical) };
    let velocities = play(&song, &performance.session(&song));
    assert_eq!(velocities, performance.velocities(&song));
    assert_eq!(velocities.iter().filter(|v| !(50..=80).contains(*v)).count(), 0);
    assert!(distance(&velocities, &reference(&song, Genre::Classical)) > 3.0);
}

#[test]
fn kept_accents_stand_out_and_others_do_not() {
    let song = piece();
    let accented: Vec<u8> = (0..song.notes().len()).map(|i| if i % 8 == 0 { 90 } else { 60 }).collect();
    let song = Song::parse(song.with_velocities(&accented).unwrap()).unwrap();
    let with = |keep_accents| {
        let expression = Expression { keep_accents, ..Expression::default() };
        let performance = Performance { expression, ..Performance::of(Genre::Jazz) };
        let velocities = play(&song, &performance.session(&song));
        assert_eq!(velocities, performance.velocities(&song), "{keep_accents}");
        let mean = |accents: bool| {
            let notes = velocities.iter().zip(&accented).filter(|(_, own)| (**own == 90) == accents);
            let notes: Vec<f64> = notes.map(|(v, _)| f64::from(*v)).collect();
            notes.iter().sum::<f64>() / notes.len() as f64
        };
        mean(true) - mean(false)
    };
    let (without, kept) = (with(0.0), with(1.0));
    assert!((28.0..32.0).contains(&(kept - without)), "{without} and {kept}");
}

#[test]
fn a_model_changed_while_playing_loses_no_note() {
    let song = piece();
    let performance = Performance::of(Genre::Jazz);
    let changed = 40 * 48_000;
    let mut host = ClapHost::load(&clap()).unwrap();
    host.ask_for_report().unwrap();
    let session = performance.session(&song).with_at(changed, "Model", 2.0);
    let played = host.play(&session, |_, _| {}).unwrap();
    let velocities = check::velocities(&session, &played).unwrap();
    let report = host.report().unwrap();
    assert_eq!((report.restyled, report.late), (549, 0), "the next model answers for the notes under way");
    assert_eq!(report.model, "Baseline seq2seq");
    // Within a bar of the change the first model still answers for all.
    let note_at = |seconds: f64| song.notes().iter().position(|n| n.note.onset >= seconds).unwrap();
    let before = ..note_at(38.0);
    assert_eq!(velocities[before], performance.velocities(&song)[before]);
    let other = Performance { model: MODELS[2], ..performance };
    let after = note_at(60.0)..;
    assert!(distance(&velocities[after.clone()], &other.velocities(&song)[after]) < 2.0);
}

#[test]
fn at_amount_zero_nothing_changes_and_at_100_percent_nearly_all_notes_do() {
    let song = piece();
    let own = own_velocities(&song);
    assert_eq!(play(&song, &in_style(&song, Genre::Pop).with("Amount", 0.0)), own);
    let restyled = play(&song, &in_style(&song, Genre::Pop));
    let changed = restyled.iter().zip(&own).filter(|(a, b)| a != b).count();
    assert!(changed * 100 >= own.len() * 85, "{changed} of {}", own.len());
}

#[test]
fn the_size_of_blocks_changes_nothing() {
    let song = piece();
    let played = |blocks: &[u32]| {
        let mut session = in_style(&song, Genre::Jazz);
        session.blocks = blocks.to_vec();
        let played = ClapHost::load(&clap()).unwrap().play(&session, |_, _| {}).unwrap();
        assert_eq!(check::velocities(&session, &played).map(|v| v.len()), Ok(549), "blocks of {blocks:?}");
        played.outputs
    };
    let expected = played(&[512]);
    for blocks in [&[32][..], &[64], &[100], &[4096], &[1, 480, 77, 2048]] {
        assert!(played(blocks) == expected, "blocks of {blocks:?}");
    }
}

#[test]
fn faster_than_real_time_without_a_word_is_as_complete_as_offline() {
    let song = piece();
    let mut session = in_style(&song, Genre::Jazz);
    session.offline = false;
    assert_eq!(play(&song, &session), reference(&song, Genre::Jazz));
}

#[test]
fn the_latency_is_the_look_ahead_at_the_songs_tempo() {
    let song = piece();
    for (index, length) in WindowLength::ALL.into_iter().enumerate() {
        let session = Session::from_song(&song, RATE).with("Look-ahead", index as f64);
        let played = ClapHost::load(&clap()).unwrap().play(&session, |_, _| {}).unwrap();
        assert_eq!(played.latency, SchedulerConfig::window(length, 66.0, RATE).latency, "{length:?}");
        assert_eq!(check::velocities(&session, &played).map(|v| v.len()), Ok(549));
    }
}

#[test]
fn live_plays_the_models_velocities_10_ms_later_whatever_the_blocks() {
    let song = piece();
    let performance = Performance::of(Genre::Jazz);
    let expected = performance.velocities_at(&song, SchedulerConfig::live(RATE, 64));
    for (blocks, latency) in [(&[64][..], 480), (&[32, 240, 1], 480), (&[1024], 1024 + 240)] {
        let mut session = performance.session(&song).with("Look-ahead", 4.0);
        session.blocks = blocks.to_vec();
        let mut host = ClapHost::load(&clap()).unwrap();
        host.ask_for_report().unwrap();
        let played = host.play(&session, |_, _| {}).unwrap();
        let report = host.report().unwrap();
        assert_eq!((report.restyled, report.late), (549, 0), "blocks of {blocks:?}");
        assert_eq!(played.latency, latency);
        assert_eq!(check::velocities(&session, &played).unwrap(), expected, "blocks of {blocks:?}");
    }
}

#[test]
fn a_saved_project_comes_back() {
    let song = piece();
    let session = in_style(&song, Genre::Pop).with("Amount", 0.6).with("Look-ahead", 2.0);
    let mut first = ClapHost::load(&clap()).unwrap();
    let before = first.play(&session, |_, _| {}).unwrap();
    assert_eq!(check::velocities(&session, &before).map(|v| v.len()), Ok(549));
    let state = first.save_state().unwrap();

    let mut second = ClapHost::load(&clap()).unwrap();
    second.load_state(&state).unwrap();
    let after = second.play(&Session::from_song(&song, RATE), |_, _| {}).unwrap();
    assert_eq!(after.restarts, 0, "the tempo is part of the project");
    assert!((after.latency, &after.outputs) == (before.latency, &before.outputs));
}

/// A state in `tests/states`, as CLAP hosts keep it.
fn saved(version: u32) -> Vec<u8> {
    let json = std::fs::read(workspace().join(format!("tests/states/version-{version}.json"))).unwrap();
    [&(json.len() as u64).to_le_bytes()[..], &json].concat()
}

#[test]
fn projects_of_every_version_come_back_with_defaults_for_what_they_lack() {
    let song = piece();
    let names = ["Style", "Blend", "Amount", "Look-ahead", "Level", "Ceiling", "Take", "Model"];
    let saved_states = [
        (1, [2.0, 0.0, 0.6, 2.0, 40.0, 126.0, 0.0, 0.0], SchedulerConfig::window(WindowLength::TwoBeats, 66.0, RATE)),
        (2, [0.0, 0.25, 0.8, 4.0, 40.0, 126.0, 7.0, 1.0], SchedulerConfig::live(RATE, 512)),
        (3, [1.0, 0.0, 1.0, 6.0, 40.0, 126.0, 0.0, 0.0], SchedulerConfig::zero_latency(RATE, 512)),
        (4, [1.0, 0.0, 1.0, 1.0, 40.0, 126.0, 0.0, 0.0], SchedulerConfig::window(WindowLength::OneBeat, 66.0, RATE)),
        (5, [1.0, 0.25, 1.0, 6.0, 40.0, 126.0, 7.0, 0.0], SchedulerConfig::zero_latency(RATE, 512)),
    ];
    for (version, values, look_ahead) in saved_states {
        let mut host = ClapHost::load(&clap()).unwrap();
        // What was set before must not stay where the state says nothing of it.
        let mut other =
            Performance { take: TakeSeed(3), model: MODELS[2], ..Performance::of(Genre::Jazz) }.session(&song);
        other.messages.retain(|m| m.time < 48_000);
        host.play(&other, |_, _| {}).unwrap();
        host.load_state(&saved(version)).unwrap();
        // The host's share of a range is a 32-bit number, so a choice can come back a hair off.
        let told = names.map(|name| host.parameter(name).map(|value| (value * 1e3).round() / 1e3));
        assert_eq!(told, values.map(Some), "version {version}");
        let played = host.play(&Session::from_song(&song, RATE), |_, _| {}).unwrap();
        assert_eq!(played.latency, look_ahead.latency, "version {version}");
        assert!(String::from_utf8_lossy(&host.save_state().unwrap()).contains(r#""state_version":"5""#));
    }
}

#[test]
fn a_state_cut_short_anywhere_is_refused_or_loads_and_the_plugin_plays_on() {
    let mut host = ClapHost::load(&clap()).unwrap();
    let whole = saved(2);
    let json = &whole[8..];
    for length in (0..json.len()).step_by(7) {
        let cut = [&(length as u64).to_le_bytes()[..], &json[..length]].concat();
        assert!(host.load_state(&cut).is_err(), "cut after {length} bytes");
    }
    // A byte of noise anywhere: it is refused and changes nothing, or what it makes of the numbers is saved and opened.
    host.load_state(&whole).unwrap();
    let mut before = host.save_state().unwrap();
    let (mut refused, mut loaded) = (0, 0);
    for place in (0..json.len()).step_by(5) {
        let mut noisy = json.to_vec();
        noisy[place] = b'7';
        let outcome = host.load_state(&[&(noisy.len() as u64).to_le_bytes()[..], &noisy].concat());
        let saved = host.save_state().unwrap();
        if outcome.is_ok() {
            loaded += 1;
            host.load_state(&saved).unwrap_or_else(|error| panic!("noise at {place} is saved and refused: {error}"));
        } else {
            refused += 1;
            assert!(saved == before, "noise at {place} is refused and changes something");
        }
        before = host.save_state().unwrap();
    }
    assert!(refused > 50 && loaded > 20, "{refused} refused, {loaded} loaded");
    host.load_state(&whole).unwrap();
    let song = piece();
    let session = in_style(&song, Genre::Jazz).with("Look-ahead", 1.0).with("Take", 0.0).with("Model", 0.0);
    let session = session.with("Amount", 1.0).with("Blend", 0.0);
    let played = host.play(&session, |_, _| {}).unwrap();
    assert_eq!(check::velocities(&session, &played).unwrap(), reference(&song, Genre::Jazz));
}

#[test]
fn a_host_that_asks_is_told_what_the_plugin_did() {
    let song = piece();
    let mut host = ClapHost::load(&clap()).unwrap();
    host.ask_for_report().unwrap();
    host.play(&in_style(&song, Genre::Jazz), |_, _| {}).unwrap();
    let report = host.report().unwrap();
    assert_eq!((report.restyled, report.late, &report.error), (549, 0, &None));
    assert!(report.runtime.starts_with("ONNX Runtime 1.") && report.runtime.ends_with(" · CPU"), "{report:?}");
    assert!(!report.model.is_empty());
}

#[test]
fn a_project_says_nothing_of_the_computer_it_was_saved_on() {
    let mut host = ClapHost::load(&clap()).unwrap();
    let before = host.save_state().unwrap();
    let mut session = in_style(&piece(), Genre::Jazz);
    session.parameters.clear();
    session.messages.retain(|m| m.time < 48_000);
    host.play(&session, |_, _| {}).unwrap();
    assert!(host.report().is_err());
    let without_tempo = |state: &[u8]| String::from_utf8_lossy(&state[8..]).replace("66000", "120000");
    assert_eq!(without_tempo(&host.save_state().unwrap()), without_tempo(&before));
}

#[test]
fn a_state_that_is_none_is_refused_and_the_plugin_plays_on() {
    let song = piece();
    let mut host = ClapHost::load(&clap()).unwrap();
    for garbage in [&b""[..], b"garbage", b"{\"version\":", &[0xFF; 4096]] {
        assert!(host.load_state(garbage).is_err());
    }
    let session = in_style(&song, Genre::Jazz);
    let played = host.play(&session, |_, _| {}).unwrap();
    assert_eq!(check::velocities(&session, &played).unwrap(), reference(&song, Genre::Jazz));
}

/// Controllers, bends, programmes, pressure, drums, keys beyond the piano and overlapping equal pitches.
fn everything() -> Song {
    let mut track = Vec::new();
    let mut put = |delta: u8, bytes: &[u8]| {
        track.push(delta);
        track.extend_from_slice(bytes);
    };
    for i in 0..40u8 {
        put(30, &[0xB0, 64, if i % 2 == 0 { 127 } else { i }]);
        put(0, &[0x90, 48 + i % 24, 40 + i]);
        put(0, &[0x91, 12, 70]);
        put(5, &[0x99, 36, 100]);
        put(3, &[0xE0, i, 64 + i % 2]);
        put(0, &[0xC0, i]);
        put(0, &[0xD1, i]);
        put(0, &[0xA0, 48 + i % 24, i]);
        put(7, &[0x90, 48 + i % 24, 41 + i]);
        put(40, &[0x80, 48 + i % 24, 3]);
        put(2, &[0x90, 48 + i % 24, 0]);
        put(0, &[0x81, 12, 0]);
        put(0, &[0x89, 36, 0]);
        put(0, &[0x9F, 120, 9]);
        put(9, &[0x8F, 120, 0]);
    }
    put(0, &[0xFF, 0x2F, 0]);
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
    file.extend_from_slice(&(track.len() as u32).to_be_bytes());
    file.extend_from_slice(&track);
    Song::parse(file).unwrap()
}

#[test]
fn everything_but_velocities_of_piano_notes_passes_in_order() {
    let song = everything();
    let velocities = play(&song, &in_style(&song, Genre::Jazz));
    let mut changed = 0;
    for (note, &velocity) in song.notes().iter().zip(&velocities) {
        if note.note.is_restylable() {
            changed += usize::from(velocity != note.note.velocity);
        } else {
            assert_eq!(velocity, note.note.velocity, "{note:?}");
        }
    }
    assert!(changed > 40, "{changed}");
}

#[test]
fn note_expressions_leave_with_the_delay_of_their_notes_ids_and_wildcards_as_they_were() {
    let mut host = ClapHost::load(&clap()).unwrap();
    let setup = Setup { sample_rate: RATE, longest_block: 512, offline: true };
    let latency = host.activate(&setup).unwrap();
    let on = MidiMessage::Channel([0x91, 60, 80]);
    let note = [Input::Note(10, &on, 7)];
    // All but CLAP's "expression", which clack can send and cannot read.
    let kinds = [
        (NoteExpressionType::Volume, 1.5),
        (NoteExpressionType::Pan, 0.25),
        (NoteExpressionType::Tuning, -0.5),
        (NoteExpressionType::Vibrato, 0.75),
        (NoteExpressionType::Brightness, 0.5),
        (NoteExpressionType::Pressure, 1.0),
    ];
    let voices = [(Some(1), Some(60), Some(7)), (Some(1), Some(60), None), (Some(1), None, None), (None, None, None)];
    let expressions: Vec<NoteExpression> = voices
        .iter()
        .flat_map(|&(channel, key, id)| {
            let of = move |(kind, value)| NoteExpression { sample: 20, kind, channel, key, id, value };
            kinds.map(of)
        })
        .collect();
    let mut left = host.express(512, &note, &expressions).unwrap();
    for block in 1..=u64::from(latency / 512) + 1 {
        assert!(left.is_empty() || block > u64::from(latency / 512), "not before their time");
        let block = block as u32 * 512;
        let came = host.express(512, &[], &[]).unwrap();
        left.extend(came.into_iter().map(|e| NoteExpression { sample: e.sample + block - latency, ..e }));
    }
    assert_eq!(left, expressions);
}
