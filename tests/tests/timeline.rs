//! Timeline mode in hosts: the first pass is remembered, the next ones get what the whole take gives, without latency.

mod common;

use common::*;
use serde_json::Value;
use tonenet_core::dynamics::Expression;
use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::midi::Song;
use tonenet_core::note::Note;
use tonenet_core::style::{StyleBlend, Take};
use tonenet_core::timeline::Timeline;
use tonenet_hosts::clap::ClapHost;
use tonenet_hosts::vst3::Vst3Host;
use tonenet_hosts::{Host, Report, Session, check};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::take::{Knowledge, LoadedModel, Restyling, TakeView};

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
    let take = TakeView { notes: &notes, pedals: &pedals, grid: Grid::Sixteenths, player_level: None };
    let restyling = Restyling {
        style: StyleBlend::only(Genre::Classical),
        played_in: None,
        take: Take(0),
        expression: Expression::default(),
        knowledge: Knowledge::WholeTake,
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
    state["fields"]["timeline"] = serde_json::to_string(&Timeline::of_song(&song, 0.0)).unwrap().into();
    host.load_state(&host.state(state.to_string().into_bytes())).unwrap();
    let (first, report) = pass(&mut host, &session);
    assert_eq!((report.restyled, report.new, report.late, &report.error), (549, 0, 0, &None));
    let furthest = furthest(&first, &whole_take(&song));
    assert!(furthest <= 1, "{furthest}");
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
