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
use tonenet_hosts::{Report, Session, check};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::take::{Knowledge, LoadedModel, Restyling, TakeView};

const TIMELINE: f64 = 6.0;

fn session(song: &Song) -> Session {
    Performance::of(Genre::Classical).session(song).with("Look-ahead", TIMELINE)
}

/// Plays once more in the same project; what left, and what the instance has counted so far.
fn pass(host: &mut ClapHost, session: &Session) -> (Vec<u8>, Report) {
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

#[test]
fn from_the_second_pass_on_a_song_sounds_as_if_its_file_were_restyled() {
    let song = piece();
    let session = session(&song);
    let mut host = ClapHost::load(&clap()).unwrap();
    host.ask_for_report().unwrap();
    let (_, first) = pass(&mut host, &session);
    assert_eq!((first.restyled, first.new, first.late), (0, 549, 0));
    let (second, report) = pass(&mut host, &session);
    assert_eq!((report.restyled, report.new, report.late, &report.error), (549, 549, 0, &None));
    // Onsets are rounded to samples on the way in, so an expectation may fall to the other side of a half.
    let furthest = second.iter().zip(whole_take(&song)).map(|(a, b)| a.abs_diff(b)).max();
    assert!(furthest <= Some(1), "{furthest:?}");
    assert_eq!(pass(&mut host, &session).0, second, "and the same every time");

    let state = host.save_state().unwrap();
    let mut reopened = ClapHost::load(&clap()).unwrap();
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
    let mut state: Value = serde_json::from_slice(&host.save_state().unwrap()).unwrap();
    state["fields"]["timeline"] = serde_json::to_string(&Timeline::of_song(&song, 0.0)).unwrap().into();
    host.load_state(&serde_json::to_vec(&state).unwrap()).unwrap();
    let (first, report) = pass(&mut host, &session);
    assert_eq!((report.restyled, report.new, report.late, &report.error), (549, 0, 0, &None));
    let furthest = first.iter().zip(whole_take(&song)).map(|(a, b)| a.abs_diff(b)).max();
    assert!(furthest <= Some(1), "{furthest:?}");
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
