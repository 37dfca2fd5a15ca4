//! Timeline mode in hosts: the first pass is remembered, the next ones get what the whole take gives, without latency.

mod common;

use common::*;
use serde_json::Value;
use tonenet_core::dynamics::Expression;
use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::midi::Song;
use tonenet_core::note::Note;
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_hosts::clap::ClapHost;
use tonenet_hosts::vst3::Vst3Host;
use tonenet_hosts::{Host, Report, Session, check};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::performance::{LoadedModel, LookAhead, PerformanceView, RestyleSettings};
use tonenet_inference::runtime::{Runtime, RuntimePreference};

const TIMELINE: f64 = 6.0;

fn session(song: &Song) -> Session {
    Performance::of(Genre::Classical).session(song).with("Look-ahead", TIMELINE)
}

/// Plays once more in the same project; what left, and what the instance has counted so far.
fn pass(host: &mut impl Host, session: &Session) -> (Vec<u8>, Report) {
    let played = host.play(session, |_, _| {}).unwrap();
    assert_eq!(played.latency, 0);
    (check::velocities(session, &played).unwrap(), host.report().unwrap())
}

/// What restyling the file as a whole gives.
fn whole_take(song: &Song) -> Vec<u8> {
    let library = workspace().join("third_party/onnxruntime/libonnxruntime.so");
    let (runtime, _) = Runtime::open(RuntimePreference::OnnxRuntime, &library::candidates(Some(&library)));
    let files = ModelFiles::from_dir(&workspace().join("assets/models/note")).unwrap();
    let notes: Vec<Note> = song.notes().iter().map(|n| n.note).collect();
    let pedals = song.pedal_movements();
    let take = PerformanceView { notes: &notes, pedals: &pedals, grid: Grid::Sixteenths, player_level: None };
    let restyling = RestyleSettings {
        style: StyleBlend::only(Genre::Classical),
        played_in: None,
        take: TakeSeed(0),
        expression: Expression::default(),
        look_ahead: LookAhead::WholePerformance,
    };
    restyling.velocities(&LoadedModel::load(&runtime, &files).unwrap(), &take).unwrap()
}

/// Three passes through one host, and one through another after the project was saved and opened.
fn from_the_second_pass_on_it_sounds_like_the_restyled_file<H: Host>(load: impl Fn() -> H) {
    let song = piece();
    let session = session(&song);
    let mut host = load();
    host.ask_for_report().unwrap();
    let (_, first) = pass(&mut host, &session);
    assert_eq!((first.restyled, first.new, first.late), (0, 549, 0));
    let (second, report) = pass(&mut host, &session);
    assert_eq!((report.restyled, report.new, report.late, &report.error), (549, 549, 0, &None));
    // Onsets are rounded to samples on the way in, so an expectation may fall to the other side of a half.
    let furthest = furthest(&second, &whole_take(&song));
    assert!(furthest <= 1, "{furthest}");
    assert_eq!(pass(&mut host, &session).0, second, "and the same every time");

    let state = host.save_state().unwrap();
    let mut reopened = load();
    reopened.load_state(&state).unwrap();
    let blocks = Session { blocks: vec![64, 1, 1000], ..session.clone() };
    let (third, report) = pass(&mut reopened, &blocks);
    assert!(third == second, "a saved project plays its take, whatever the blocks");
    assert_eq!((report.restyled, report.new), (549, 0));
}

#[test]
fn a_take_filled_from_a_file_is_restyled_on_the_first_pass() {
    let song = piece();
    let session = session(&song);
    let mut host = ClapHost::load(&clap()).unwrap();
    host.ask_for_report().unwrap();
    let empty = host.save_state().unwrap();
    let mut state: Value = serde_json::from_slice(host.json(&empty)).unwrap();
    state["fields"]["timeline"] = serde_json::to_string(&TimelineSnapshot::from_song(&song, 0.0)).unwrap().into();
    host.load_state(&host.state(state.to_string().into_bytes())).unwrap();
    let (first, report) = pass(&mut host, &session);
    assert_eq!((report.restyled, report.new, report.late, &report.error), (549, 0, 0, &None));
    let furthest = furthest(&first, &whole_take(&song));
    assert!(furthest <= 1, "{furthest}");
}

#[test]
fn a_project_whose_take_has_a_note_days_away_opens_plays_and_is_saved() {
    let song = piece();
    // The article's models read takes on a grid, where 268,435,455 beats would be 756 GB.
    for model in [0.0, 1.0, 2.0] {
        let session = session(&song).with("Model", model);
        let mut host = ClapHost::load(&clap()).unwrap();
        host.ask_for_report().unwrap();
        let saved = host.save_state().unwrap();
        let mut state: Value = serde_json::from_slice(host.json(&saved)).unwrap();
        let far = r#"{"model":"","gains":[1,1,1],"notes":[[-8.0,1.0,0.5,0,60,80,null],[268435455.0,1.0,0.5,0,64,80,null]],"pedals":[]}"#;
        state["fields"]["timeline"] = far.into();
        host.load_state(&host.state(state.to_string().into_bytes())).unwrap();
        assert_eq!(host.remembered().unwrap(), 2);
        pass(&mut host, &session);
        let (_, report) = pass(&mut host, &session);
        assert_eq!((report.restyled, report.late, &report.error), (549, 0, &None), "model {model}");
        assert_eq!(host.remembered().unwrap(), 2 + 549);
    }
}

#[test]
fn from_the_second_pass_on_a_song_sounds_as_if_its_file_were_restyled() {
    from_the_second_pass_on_it_sounds_like_the_restyled_file(|| ClapHost::load(&clap()).unwrap());
}

#[test]
fn so_it_does_in_vst3() {
    from_the_second_pass_on_it_sounds_like_the_restyled_file(|| Vst3Host::load(&vst3()).unwrap());
}

#[test]
fn live_without_latency_follows_the_style_at_once() {
    let song = piece();
    let session = Performance::of(Genre::Classical).session(&song).with("Look-ahead", 5.0);
    let mut host = ClapHost::load(&clap()).unwrap();
    host.ask_for_report().unwrap();
    let (velocities, report) = pass(&mut host, &session);
    assert!(report.restyled > 530 && report.late == 0 && report.restyled + report.new == 549, "{report:?}");
    assert!(distance(&velocities, &own_velocities(&song)) > 1.0);
    assert_eq!(pass(&mut host, &session).0, velocities, "the same every time");
}

/// What was played into the takes in `tests/states`: 24 notes of our own, with the pedal.
fn played_into_states() -> Song {
    let mut events = vec![0x00, 0xFF, 0x51, 0x03, 0x09, 0x27, 0xC0];
    for i in 0..24u8 {
        let (key, velocity) = (48 + i * 7 % 36, 50 + i * 5 % 40);
        if i % 6 == 0 {
            events.extend([0x00, 0xB0, 64, if i % 12 == 0 { 127 } else { 0 }]);
        }
        events.extend([i % 5, 0x90, key, velocity, 29 + i % 7, 0x80, key, 0]);
    }
    events.extend([0x00, 0xFF, 0x2F, 0x00]);
    let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
    bytes.extend((events.len() as u32).to_be_bytes());
    bytes.extend(events);
    Song::parse(bytes).unwrap()
}

/// What left the plugin of version 4 for `version-4-take.json`: Take 7 of three parts jazz and one classical.
const AS_IT_SOUNDED: [u8; 24] =
    [61, 74, 63, 80, 77, 86, 69, 63, 72, 62, 73, 70, 54, 54, 65, 70, 52, 61, 67, 64, 77, 59, 56, 76];

#[test]
fn a_take_of_any_version_sounds_as_it_did() {
    let song = played_into_states();
    for version in ["version-4-take", "version-5"] {
        let json = std::fs::read(workspace().join(format!("tests/states/{version}.json"))).unwrap();
        let mut host = ClapHost::load(&clap()).unwrap();
        host.load_state(&host.state(json)).unwrap();
        let saved = host.save_state().unwrap();
        host.load_state(&saved).unwrap();
        assert_eq!(host.save_state().unwrap(), saved, "{version}");
        let session = Session::from_song(&song, RATE);
        for pass in 0..2 {
            let played = host.play(&session, |_, _| {}).unwrap();
            assert_eq!(check::velocities(&session, &played).unwrap(), AS_IT_SOUNDED, "{version}, pass {pass}");
        }
    }
}
