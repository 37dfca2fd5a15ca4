//! The built `.vst3` in a host that plays a piece block by block with a transport.

mod common;

use common::*;
use tonenet_core::dynamics::Expression;
use tonenet_core::genre::Genre;
use tonenet_core::scheduler::{LookAhead, WindowLength};
use tonenet_core::style::{StyleBlend, Take};
use tonenet_hosts::vst3::Vst3Host;
use tonenet_hosts::{Session, check};

fn host() -> Vst3Host {
    Vst3Host::load(&vst3(), RATE, 4096).unwrap()
}

fn in_style(style: Genre) -> Session {
    Session::of_song(&piece(), RATE).with("Style", style.index() as f64)
}

#[test]
fn every_note_arrives_one_latency_later_with_the_models_velocity() {
    let session = in_style(Genre::Jazz);
    let played = host().play(&session).unwrap();
    assert_eq!(played.latency, LookAhead::window(WindowLength::OneBeat, 66.0, RATE).latency);
    assert_eq!(check::velocities(&session, &played).unwrap(), reference(&piece(), Genre::Jazz));
}

#[test]
fn the_size_of_blocks_changes_nothing() {
    let played = |block| {
        let mut session = in_style(Genre::Classical);
        session.blocks = vec![block];
        host().play(&session).unwrap().outputs
    };
    let expected = played(512);
    for block in [32, 64, 100, 4096] {
        assert!(played(block) == expected, "blocks of {block}");
    }
}

#[test]
fn faster_than_real_time_without_a_word_is_as_complete_as_offline() {
    let mut session = in_style(Genre::Jazz);
    session.offline = false;
    let played = host().play(&session).unwrap();
    assert_eq!(check::velocities(&session, &played).unwrap(), reference(&piece(), Genre::Jazz));
}

#[test]
fn at_amount_zero_nothing_changes() {
    let session = in_style(Genre::Jazz).with("Amount", 0.0);
    let played = host().play(&session).unwrap();
    assert_eq!(check::velocities(&session, &played).unwrap(), own_velocities(&piece()));
}

#[test]
fn all_that_a_user_can_set_arrives() {
    let song = piece();
    let performance = Performance {
        model: MODELS[1],
        style: StyleBlend { a: Genre::Pop, b: Genre::Jazz, share_of_b: 0.25 },
        take: Take(42),
        expression: Expression { amount: 0.75, keep_accents: 0.5, level: -7.0, range: 1.25, floor: 20, ceiling: 100 },
    };
    let session = performance.session(&song);
    let played = host().play(&session).unwrap();
    assert_eq!(check::velocities(&session, &played).unwrap(), performance.velocities(&song));
}

#[test]
fn a_model_changed_while_playing_loses_no_note() {
    let session = in_style(Genre::Jazz).with_at(40 * 48_000, "Model", 1.0).with_at(60 * 48_000, "Model", 2.0);
    let played = host().play(&session).unwrap();
    let velocities = check::velocities(&session, &played).unwrap();
    assert_ne!(velocities, reference(&piece(), Genre::Jazz));
}

#[test]
fn a_saved_project_comes_back() {
    let mut first = host();
    let before = first.play(&in_style(Genre::Pop).with("Amount", 0.5)).unwrap();
    let state = first.save_state().unwrap();
    let mut second = host();
    second.load_state(&state).unwrap();
    assert_eq!(second.parameter("Amount"), Some(0.5));
    let after = second.play(&Session::of_song(&piece(), RATE)).unwrap();
    assert!((after.latency, &after.outputs) == (before.latency, &before.outputs));
}
