//! The built `.clap` in a host: velocities, settings, latency, saved states and events other than notes.

mod common;

use common::*;
use tonenet_core::dynamics::Expression;
use tonenet_core::midi::{MidiMessage, Song};
use tonenet_core::scheduler::{SchedulerConfig, WindowLength};
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_hosts::clap::{NoteExpression, NoteExpressionType};
use tonenet_hosts::host::{ActivationConfig, Block, BlockInput};
use tonenet_hosts::{Host, Session, check};
use tonenet_inference::embedded::EmbeddedModel;

/// Plays a session in a new instance and returns the velocities of all of the song's notes.
fn play(song: &Song, session: &Session) -> Vec<u8> {
    let mut host = clap_host();
    let (velocities, _) = play_velocities(&mut host, session);
    assert!(!host.misbehaved());
    assert_eq!(velocities.len(), song.notes().len());
    velocities
}

#[test]
fn every_note_leaves_one_latency_later_with_the_models_velocity() {
    let song = piece();
    for style in [StyleIndex::JAZZ, StyleIndex::CLASSICAL] {
        assert_eq!(play(&song, &in_style(&song, style)), expected_velocities(&song, style), "{style}");
    }
}

#[test]
fn every_model_plays_the_velocities_that_it_predicts_without_a_host() {
    let song = piece();
    for model in MODELS {
        let settings = Settings { model, ..Settings::for_style(StyleIndex::POP) };
        assert_eq!(play(&song, &settings.session(&song)), settings.expected_velocities(&song), "{model}");
    }
}

#[test]
fn the_styles_differ() {
    let song = piece();
    let (jazz, classical) =
        (play(&song, &in_style(&song, StyleIndex::JAZZ)), play(&song, &in_style(&song, StyleIndex::CLASSICAL)));
    assert!(mean_difference(&jazz, &classical) >= 3.0, "mean difference {}", mean_difference(&jazz, &classical));
}

#[test]
fn a_blend_half_way_between_two_styles_lies_between_them() {
    let song = piece();
    let [classical, half, pop] = [0.0, 0.5, 1.0].map(|share_of_b| {
        let style = StyleBlend { a: StyleIndex::CLASSICAL, b: StyleIndex::POP, share_of_b };
        let settings = Settings { style, ..Settings::for_style(StyleIndex::CLASSICAL) };
        let velocities = play(&song, &settings.session(&song));
        assert_eq!(velocities, settings.expected_velocities(&song), "{share_of_b}");
        velocities
    });
    for ((a, half), b) in classical.iter().zip(&half).zip(&pop) {
        assert!((a.min(b) - 1..=a.max(b) + 1).contains(half), "{half} between {a} and {b}");
    }
    assert!(mean_difference(&half, &classical) > 0.5 && mean_difference(&half, &pop) > 0.5);
}

#[test]
fn a_take_differs_from_take_0_and_from_others_and_repeats_exactly() {
    let song = piece();
    let take = |take| Settings { take: TakeSeed(take), ..Settings::for_style(StyleIndex::JAZZ) }.session(&song);
    let seventh = play(&song, &take(7));
    assert_eq!(seventh, play(&song, &take(7)));
    assert!(mean_difference(&seventh, &play(&song, &take(0))) > 2.0);
    assert!(mean_difference(&seventh, &play(&song, &take(8))) > 2.0);
    assert_eq!(
        seventh,
        Settings { take: TakeSeed(7), ..Settings::for_style(StyleIndex::JAZZ) }.expected_velocities(&song)
    );
}

#[test]
fn level_range_floor_and_ceiling_shape_the_velocities() {
    let song = piece();
    let expression = Expression { level: 12.0, range: 1.5, floor: 50, ceiling: 80, ..Expression::default() };
    let settings = Settings { expression, ..Settings::for_style(StyleIndex::CLASSICAL) };
    let velocities = play(&song, &settings.session(&song));
    assert_eq!(velocities, settings.expected_velocities(&song));
    assert_eq!(velocities.iter().filter(|v| !(50..=80).contains(*v)).count(), 0);
    assert!(mean_difference(&velocities, &expected_velocities(&song, StyleIndex::CLASSICAL)) > 3.0);
}

#[test]
fn keep_my_accents_adds_the_players_accents() {
    let song = piece();
    let accented: Vec<u8> = (0..song.notes().len()).map(|i| if i % 8 == 0 { 90 } else { 60 }).collect();
    let song = Song::parse(song.with_velocities(&accented).unwrap()).unwrap();
    let with = |keep_accents| {
        let expression = Expression { keep_accents, ..Expression::default() };
        let settings = Settings { expression, ..Settings::for_style(StyleIndex::JAZZ) };
        let velocities = play(&song, &settings.session(&song));
        assert_eq!(velocities, settings.expected_velocities(&song), "{keep_accents}");
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
fn changing_the_model_while_playing_loses_no_note() {
    let song = piece();
    let settings = Settings::for_style(StyleIndex::JAZZ);
    let changed = 40 * 48_000;
    let mut host = clap_host();
    host.enable_report().unwrap();
    let session = settings.session(&song).with_automation(changed, "Model", 2.0);
    let (velocities, _) = play_velocities(&mut host, &session);
    let report = host.report().unwrap();
    assert_eq!((report.restyled, report.late), (549, 0), "the next model predicts the pending notes");
    assert_eq!(report.model, "Baseline seq2seq");
    // Up to shortly before the change the first model predicts every note.
    let note_at = |seconds: f64| song.notes().iter().position(|n| n.note.onset >= seconds).unwrap();
    let before = ..note_at(38.0);
    assert_eq!(velocities[before], settings.expected_velocities(&song)[before]);
    let other = Settings { model: MODELS[2], ..settings };
    let after = note_at(60.0)..;
    assert!(mean_difference(&velocities[after.clone()], &other.expected_velocities(&song)[after]) < 2.0);
}

#[test]
fn at_amount_0_nothing_changes_and_at_100_percent_nearly_every_note_does() {
    let song = piece();
    let own = own_velocities(&song);
    assert_eq!(play(&song, &in_style(&song, StyleIndex::POP).with_parameter("Amount", 0.0)), own);
    let restyled = play(&song, &in_style(&song, StyleIndex::POP));
    let changed = restyled.iter().zip(&own).filter(|(a, b)| a != b).count();
    assert!(changed * 100 >= own.len() * 85, "{changed} of {}", own.len());
}

#[test]
fn the_latency_is_the_look_ahead_at_the_songs_tempo() {
    let song = piece();
    for (index, length) in WindowLength::ALL.into_iter().enumerate() {
        let session = Session::from_song(&song, RATE).with_parameter("Look-ahead", index as f64);
        let (velocities, latency) = play_velocities(&mut clap_host(), &session);
        assert_eq!(latency, SchedulerConfig::window(length, 66.0, RATE).latency, "{length:?}");
        assert_eq!(velocities.len(), 549);
    }
}

#[test]
fn live_plays_the_models_velocities_one_live_latency_later_at_any_block_size() {
    let song = piece();
    let settings = Settings::for_style(StyleIndex::JAZZ);
    let expected = settings.expected_velocities_at(&song, SchedulerConfig::live(RATE, 64));
    for (blocks, latency) in [(&[64][..], 480), (&[32, 240, 1], 480), (&[1024], 1024 + 240)] {
        let mut session = settings.session(&song).with_parameter("Look-ahead", look_ahead::LIVE);
        session.blocks = blocks.to_vec();
        let mut host = clap_host();
        host.enable_report().unwrap();
        let (velocities, reported_latency) = play_velocities(&mut host, &session);
        let report = host.report().unwrap();
        assert_eq!((report.restyled, report.late), (549, 0), "blocks of {blocks:?}");
        assert_eq!(reported_latency, latency);
        assert_eq!(velocities, expected, "blocks of {blocks:?}");
    }
}

#[test]
fn a_saved_project_restores_its_settings_and_plays_the_same() {
    let song = piece();
    let session = in_style(&song, StyleIndex::POP).with_parameter("Amount", 0.6).with_parameter("Look-ahead", 2.0);
    let mut first = clap_host();
    let before = first.play(&session, |_, _| {}).unwrap();
    assert_eq!(check::velocities(&session, &before).map(|v| v.len()), Ok(549));
    let state = first.save_state().unwrap();

    let mut second = clap_host();
    second.load_state(&state).unwrap();
    let after = second.play(&Session::from_song(&song, RATE), |_, _| {}).unwrap();
    assert_eq!(after.restarts, 0, "the project includes the tempo");
    assert!((after.latency, &after.outputs) == (before.latency, &before.outputs));
}

/// A state of a version in `tests/states`, as CLAP hosts store it.
fn saved_state(version: u32) -> Vec<u8> {
    clap_state(&saved_state_json(&format!("version-{version}")))
}

fn clap_state(json: &[u8]) -> Vec<u8> {
    [&(json.len() as u64).to_le_bytes()[..], json].concat()
}

#[test]
fn projects_of_every_version_load_with_defaults_for_missing_settings() {
    let song = piece();
    let names = ["Style", "Blend", "Amount", "Look-ahead", "Level", "Ceiling", "Take", "Model"];
    let saved_states = [
        (1, [2.0, 0.0, 0.6, 2.0, 40.0, 126.0, 0.0, 0.0], SchedulerConfig::window(WindowLength::TwoBeats, 66.0, RATE)),
        (2, [0.0, 0.25, 0.8, 4.0, 40.0, 126.0, 7.0, 1.0], SchedulerConfig::live(RATE, 512)),
        (3, [1.0, 0.0, 1.0, 6.0, 40.0, 126.0, 0.0, 0.0], SchedulerConfig::zero_latency(RATE, 512)),
        (4, [1.0, 0.0, 1.0, 1.0, 40.0, 126.0, 0.0, 0.0], SchedulerConfig::window(WindowLength::OneBeat, 66.0, RATE)),
        (5, [1.0, 0.25, 1.0, 6.0, 40.0, 126.0, 7.0, 0.0], SchedulerConfig::zero_latency(RATE, 512)),
        (6, [1.0, 0.25, 1.0, 6.0, 40.0, 126.0, 7.0, 0.0], SchedulerConfig::zero_latency(RATE, 512)),
        (7, [1.0, 0.25, 1.0, 6.0, 40.0, 126.0, 7.0, 0.0], SchedulerConfig::zero_latency(RATE, 512)),
        (8, [1.0, 0.25, 1.0, 6.0, 40.0, 126.0, 7.0, 0.0], SchedulerConfig::zero_latency(RATE, 512)),
        (9, [1.0, 0.25, 1.0, 6.0, 40.0, 126.0, 7.0, 0.0], SchedulerConfig::zero_latency(RATE, 512)),
    ];
    for (version, values, look_ahead) in saved_states {
        let mut host = clap_host();
        // Earlier settings must not remain where the state has none.
        let other =
            Settings { take: TakeSeed(3), model: MODELS[2], ..Settings::for_style(StyleIndex::JAZZ) }.session(&song);
        host.play(&other.truncated(48_000), |_, _| {}).unwrap();
        host.load_state(&saved_state(version)).unwrap();
        // The plugin stores normalised values as 32-bit numbers, so a step can return with a small error.
        let restored = names.map(|name| host.parameter(name).map(|value| (value * 1e3).round() / 1e3));
        assert_eq!(restored, values.map(Some), "version {version}");
        let played = host.play(&Session::from_song(&song, RATE), |_, _| {}).unwrap();
        assert_eq!(played.latency, look_ahead.latency, "version {version}");
        assert!(String::from_utf8_lossy(&host.save_state().unwrap()).contains(r#""state_version":"9""#));
    }
}

#[test]
fn a_project_goes_on_naming_the_weights_that_it_was_made_with() {
    let versions = |state: &[u8]| {
        let state: serde_json::Value = serde_json::from_slice(&state[8..]).unwrap();
        state["fields"]["model_versions"].as_str().unwrap().to_owned()
    };
    let mut host = clap_host();
    let current = versions(&host.save_state().unwrap());
    assert!(
        EmbeddedModel::ALL.iter().all(|model| current.contains(&format!("{:?}:{}", model.id(), model.version()))),
        "{current}"
    );
    host.load_state(&saved_state(6)).unwrap();
    assert_eq!(versions(&host.save_state().unwrap()), "{}", "made before versions were kept");
    let later = String::from_utf8(saved_state_json("version-7")).unwrap().replace(r#"note\":1"#, r#"note\":999"#);
    host.load_state(&clap_state(later.as_bytes())).unwrap();
    assert!(versions(&host.save_state().unwrap()).contains(r#""note":999"#));
}

#[test]
fn a_truncated_or_corrupted_state_is_refused_or_loads_and_the_plugin_keeps_working() {
    let mut host = clap_host();
    let whole = saved_state(2);
    let json = &whole[8..];
    for length in (0..json.len()).step_by(7) {
        assert!(host.load_state(&clap_state(&json[..length])).is_err(), "cut after {length} bytes");
    }
    // A state with one changed byte is either refused and changes nothing, or loads and can be saved and loaded again.
    host.load_state(&whole).unwrap();
    let mut before = host.save_state().unwrap();
    let (mut refused, mut loaded) = (0, 0);
    for place in (0..json.len()).step_by(5) {
        let mut noisy = json.to_vec();
        noisy[place] = b'7';
        let outcome = host.load_state(&clap_state(&noisy));
        let saved = host.save_state().unwrap();
        if outcome.is_ok() {
            loaded += 1;
            host.load_state(&saved)
                .unwrap_or_else(|error| panic!("noise at {place}: the saved state is refused: {error}"));
        } else {
            refused += 1;
            assert!(saved == before, "noise at {place}: the refused state changes something");
        }
        before = host.save_state().unwrap();
    }
    assert!(refused > 50 && loaded > 20, "{refused} refused, {loaded} loaded");
    host.load_state(&whole).unwrap();
    let song = piece();
    let session = in_style(&song, StyleIndex::JAZZ)
        .with_parameter("Look-ahead", 1.0)
        .with_parameter("Take", 0.0)
        .with_parameter("Model", 0.0);
    let session = session.with_parameter("Amount", 1.0).with_parameter("Blend", 0.0);
    let played = host.play(&session, |_, _| {}).unwrap();
    assert_eq!(check::velocities(&session, &played).unwrap(), expected_velocities(&song, StyleIndex::JAZZ));
}

#[test]
fn the_report_counts_restyled_notes_and_names_runtime_and_model() {
    let song = piece();
    let mut host = clap_host();
    host.enable_report().unwrap();
    host.play(&in_style(&song, StyleIndex::JAZZ), |_, _| {}).unwrap();
    let report = host.report().unwrap();
    assert_eq!((report.restyled, report.late, &report.error), (549, 0, &None));
    assert!(report.runtime.starts_with("ONNX Runtime 1.") && report.runtime.ends_with(" · CPU"), "{report:?}");
    assert!(!report.model.is_empty());
}

#[test]
fn a_saved_project_contains_nothing_about_the_computer() {
    let mut host = clap_host();
    let before = host.save_state().unwrap();
    let session = Session::from_song(&piece(), RATE).truncated(48_000);
    host.play(&session, |_, _| {}).unwrap();
    assert!(host.report().is_err());
    let without_tempo = |state: &[u8]| String::from_utf8_lossy(&state[8..]).replace("66000", "120000");
    assert_eq!(without_tempo(&host.save_state().unwrap()), without_tempo(&before));
}

#[test]
fn garbage_in_place_of_a_state_is_refused_and_the_plugin_keeps_working() {
    let song = piece();
    let mut host = clap_host();
    for garbage in [&b""[..], b"garbage", b"{\"version\":", &[0xFF; 4096]] {
        assert!(host.load_state(garbage).is_err());
    }
    let session = in_style(&song, StyleIndex::JAZZ);
    let played = host.play(&session, |_, _| {}).unwrap();
    assert_eq!(check::velocities(&session, &played).unwrap(), expected_velocities(&song, StyleIndex::JAZZ));
}

/// A song with every kind of message: controllers, pitch bend, programs, pressure, drums, keys beyond a piano's, and
/// overlapping notes of one key.
fn song_with_every_kind_of_message() -> Song {
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
    song_of_track(&track)
}

#[test]
fn only_velocities_of_piano_notes_change_and_everything_passes_in_order() {
    let song = song_with_every_kind_of_message();
    let velocities = play(&song, &in_style(&song, StyleIndex::JAZZ));
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
fn note_expressions_leave_one_latency_later_with_their_ids_and_wildcards() {
    let mut host = clap_host();
    let config = ActivationConfig { sample_rate: RATE, max_block_size: 512, offline: true };
    let latency = host.activate(&config).unwrap();
    let on = MidiMessage::Channel([0x91, 60, 80]);
    let note = [BlockInput::Note(10, &on, 7)];
    // Every kind but CLAP's "expression", which clack can send but not read.
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
            let expression = move |(kind, value)| NoteExpression { offset: 20, kind, channel, key, id, value };
            kinds.map(expression)
        })
        .collect();
    let block = Block::new(512);
    let mut output = host.process_expressions(&block.with_inputs(&note), &expressions).unwrap();
    for index in 1..=latency / 512 + 1 {
        assert!(output.is_empty() || index > latency / 512, "an expression left too early");
        let start = index * 512;
        let left = host.process_expressions(&block, &[]).unwrap();
        output.extend(left.into_iter().map(|e| NoteExpression { offset: e.offset + start - latency, ..e }));
    }
    assert_eq!(output, expressions);
}
