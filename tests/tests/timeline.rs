//! Timeline mode: the first pass fills the memory; later passes are restyled as a whole, without latency.

mod common;

use common::*;
use tonenet_core::dynamics::Expression;
use tonenet_core::grid::Grid;
use tonenet_core::midi::Song;
use tonenet_core::note::Note;
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_hosts::{Host, Report, Session};
use tonenet_inference::performance::{LookAhead, PerformanceView, RestyleSettings};

fn session(song: &Song) -> Session {
    Settings::for_style(StyleIndex::CLASSICAL).session(song).with_parameter("Look-ahead", look_ahead::TIMELINE)
}

/// Plays a pass without latency; returns the velocities and the instance's counts so far.
fn play_pass(host: &mut impl Host, session: &Session) -> (Vec<u8>, Report) {
    let (velocities, latency) = play_velocities(host, session);
    assert_eq!(latency, 0);
    (velocities, host.report().unwrap())
}

/// The velocities of the file, restyled as a whole.
fn restyled_file(song: &Song) -> Vec<u8> {
    let notes: Vec<Note> = song.notes().iter().map(|n| n.note).collect();
    let pedals = song.pedal_movements();
    let performance = PerformanceView { notes: &notes, pedals: &pedals, grid: Grid::Sixteenths, player_level: None };
    let settings = RestyleSettings {
        style: StyleBlend::only(StyleIndex::CLASSICAL),
        source_style: None,
        take: TakeSeed(0),
        expression: Expression::default(),
        look_ahead: LookAhead::WholePerformance,
    };
    settings.velocities(&load_model(MODELS[0]), &performance).unwrap()
}

/// Plays three passes through one host, and one through another that loads the saved project.
fn assert_later_passes_match_the_restyled_file<H: Host>(load: impl Fn() -> H) {
    let song = piece();
    let session = session(&song);
    let mut host = load();
    host.enable_report().unwrap();
    let (_, first) = play_pass(&mut host, &session);
    assert_eq!((first.restyled, first.new, first.late), (0, 549, 0));
    let (second, report) = play_pass(&mut host, &session);
    assert_eq!((report.restyled, report.new, report.late, &report.error), (549, 549, 0, &None));
    // Hosts round onsets to samples, so a prediction may round to the neighbouring step.
    let difference = max_difference(&second, &restyled_file(&song));
    assert!(difference <= 1, "{difference}");
    assert_eq!(play_pass(&mut host, &session).0, second, "every later pass is the same");

    let state = host.save_state().unwrap();
    let mut reopened = load();
    reopened.load_state(&state).unwrap();
    let blocks = Session { blocks: vec![64, 1, 1000], ..session.clone() };
    let (third, report) = play_pass(&mut reopened, &blocks);
    assert!(third == second, "a loaded project plays its memory at any block size");
    assert_eq!((report.restyled, report.new), (549, 0));
}

#[test]
fn a_memory_filled_from_a_file_is_restyled_on_the_first_pass() {
    let song = piece();
    let session = session(&song);
    let mut host = clap_host();
    host.enable_report().unwrap();
    let timeline = serde_json::to_string(&TimelineSnapshot::from_song(&song, 0.0)).unwrap();
    edit_state(&mut host, |state| state["fields"]["timeline"] = timeline.into());
    let (first, report) = play_pass(&mut host, &session);
    assert_eq!((report.restyled, report.new, report.late, &report.error), (549, 0, 0, &None));
    let difference = max_difference(&first, &restyled_file(&song));
    assert!(difference <= 1, "{difference}");
}

#[test]
fn a_project_whose_memory_has_a_note_days_away_loads_and_plays() {
    let song = piece();
    // The article's models read the memory on a grid, where 268,435,455 beats would take 756 GB.
    for model in [0.0, 1.0, 2.0] {
        let session = session(&song).with_parameter("Model", model);
        let mut host = clap_host();
        host.enable_report().unwrap();
        let far = r#"{"model":"","gains":[1,1,1],"notes":[[-8.0,1.0,0.5,0,60,80,null],[268435455.0,1.0,0.5,0,64,80,null]],"pedals":[]}"#;
        edit_state(&mut host, |state| state["fields"]["timeline"] = far.into());
        assert_eq!(host.remembered_notes().unwrap(), 2);
        play_pass(&mut host, &session);
        let (_, report) = play_pass(&mut host, &session);
        assert_eq!((report.restyled, report.late, &report.error), (549, 0, &None), "model {model}");
        assert_eq!(host.remembered_notes().unwrap(), 2 + 549);
    }
}

#[test]
fn from_the_second_pass_on_clap_plays_the_restyled_file() {
    assert_later_passes_match_the_restyled_file(clap_host);
}

#[test]
fn from_the_second_pass_on_vst3_plays_the_restyled_file() {
    assert_later_passes_match_the_restyled_file(vst3_host);
}

#[test]
fn live_without_latency_restyles_nearly_all_notes_on_the_first_pass() {
    let song = piece();
    let session = Settings::for_style(StyleIndex::CLASSICAL)
        .session(&song)
        .with_parameter("Look-ahead", look_ahead::ZERO_LATENCY);
    let mut host = clap_host();
    host.enable_report().unwrap();
    let (velocities, report) = play_pass(&mut host, &session);
    assert!(report.restyled > 530 && report.late == 0 && report.restyled + report.new == 549, "{report:?}");
    assert!(mean_difference(&velocities, &own_velocities(&song)) > 1.0);
    assert_eq!(play_pass(&mut host, &session).0, velocities, "every pass is the same");
}

/// The song in the memories of `tests/states`: 24 notes of our own, with the pedal.
fn song_of_saved_states() -> Song {
    let mut events = vec![0x00, 0xFF, 0x51, 0x03, 0x09, 0x27, 0xC0];
    for i in 0..24u8 {
        let (key, velocity) = (48 + i * 7 % 36, 50 + i * 5 % 40);
        if i % 6 == 0 {
            events.extend([0x00, 0xB0, 64, if i % 12 == 0 { 127 } else { 0 }]);
        }
        events.extend([i % 5, 0x90, key, velocity, 29 + i % 7, 0x80, key, 0]);
    }
    song_of_track(&events)
}

/// The output of the plugin that saved `version-4-take.json`: Take 7, three quarters jazz and one quarter classical.
const SAVED_VELOCITIES: [u8; 24] =
    [61, 74, 63, 80, 77, 86, 69, 63, 72, 62, 73, 70, 54, 54, 65, 70, 52, 61, 67, 64, 77, 59, 56, 76];

#[test]
fn a_saved_memory_of_any_version_plays_as_when_it_was_saved() {
    let song = song_of_saved_states();
    for version in ["version-4-take", "version-5", "version-6", "version-7", "version-8", "version-9"] {
        let mut host = clap_host();
        host.load_state(&host.state_from_json(saved_state_json(version))).unwrap();
        let saved = host.save_state().unwrap();
        host.load_state(&saved).unwrap();
        assert_eq!(host.save_state().unwrap(), saved, "{version}");
        let session = Session::from_song(&song, RATE);
        for pass in 0..2 {
            assert_eq!(play_velocities(&mut host, &session).0, SAVED_VELOCITIES, "{version}, pass {pass}");
        }
    }
}

/// What leaves in a pass: the sample, and the message as in a session's transcript.
fn leaves(host: &mut impl Host, session: &Session) -> String {
    let outputs = host.play(session, |_, _| {}).unwrap().outputs;
    outputs.iter().map(|output| format!("{} {:?}\n", output.time, output.message)).collect()
}

/// `TONENET_BLESS=1` saves the project and what it plays where they are not there yet.
#[test]
fn a_saved_memory_with_feel_plays_as_when_it_was_saved() {
    let song = song_of_saved_states();
    let session = Session::from_song(&song, RATE);
    let (state, transcript) =
        ["json", "leaves"].map(|ending| workspace().join("tests/states/version-9-feel").with_extension(ending)).into();
    if std::env::var_os("TONENET_BLESS").is_some_and(|value| value == "1") && !state.exists() {
        let mut host = clap_host();
        let settings = [
            ("Timing", 0.75),
            ("Swing", 18.0),
            ("Articulation", 0.5),
            ("Chord spread", 0.5),
            ("Pedal", 2.0),
            ("Take", 7.0),
            ("Style", style_value(StyleIndex::JAZZ)),
            ("Look-ahead", look_ahead::TIMELINE),
            ("Timeline look-ahead", 1.0),
        ];
        let with_feel =
            settings.into_iter().fold(session.clone(), |session, (name, value)| session.with_parameter(name, value));
        // The second pass has what was predicted after the first.
        (0..2).for_each(|_| drop(leaves(&mut host, &with_feel)));
        std::fs::write(&state, state_json(&mut host).to_string()).unwrap();
        std::fs::write(&transcript, leaves(&mut host, &session)).unwrap();
    }
    let expected = std::fs::read_to_string(transcript).unwrap();
    assert!(expected.contains("[176, 64, 127]"), "the style pedals: {expected}");
    assert!(
        String::from_utf8(saved_state_json("version-9-feel")).unwrap().contains(r#"\"feel\":"#),
        "its feel is saved"
    );
    for blocks in [vec![512], vec![64, 1, 1000]] {
        let mut host = clap_host();
        host.load_state(&host.state_from_json(saved_state_json("version-9-feel"))).unwrap();
        let session = Session { blocks, ..session.clone() };
        for pass in 0..2 {
            assert_eq!(leaves(&mut host, &session), expected, "pass {pass}");
        }
    }
}
