//! The built `.vst3` in a host that plays a piece block by block with a transport.

mod common;

use common::*;
use tonenet_core::dynamics::Expression;
use tonenet_core::genre::Genre;
use tonenet_core::midi::MidiMessage;
use tonenet_core::scheduler::{SchedulerConfig, WindowLength};
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_hosts::host::{Input, Setup};
use tonenet_hosts::vst3::Vst3Host;
use tonenet_hosts::{Host, Session, check};

fn host() -> Vst3Host {
    Vst3Host::load(&vst3()).unwrap()
}

fn in_style(style: Genre) -> Session {
    Session::from_song(&piece(), RATE).with("Style", style.index() as f64)
}

#[test]
fn every_note_arrives_one_latency_later_with_the_models_velocity() {
    let session = in_style(Genre::Jazz);
    let played = host().play(&session, |_, _| {}).unwrap();
    assert_eq!(played.latency, SchedulerConfig::window(WindowLength::OneBeat, 66.0, RATE).latency);
    assert_eq!(check::velocities(&session, &played).unwrap(), reference(&piece(), Genre::Jazz));
}

#[test]
fn the_size_of_blocks_changes_nothing() {
    let played = |block| {
        let mut session = in_style(Genre::Classical);
        session.blocks = vec![block];
        let played = host().play(&session, |_, _| {}).unwrap();
        assert_eq!(check::velocities(&session, &played).map(|v| v.len()), Ok(549), "blocks of {block}");
        played.outputs
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
    let played = host().play(&session, |_, _| {}).unwrap();
    assert_eq!(check::velocities(&session, &played).unwrap(), reference(&piece(), Genre::Jazz));
}

#[test]
fn at_amount_zero_nothing_changes() {
    let session = in_style(Genre::Jazz).with("Amount", 0.0);
    let played = host().play(&session, |_, _| {}).unwrap();
    assert_eq!(check::velocities(&session, &played).unwrap(), own_velocities(&piece()));
}

#[test]
fn all_that_a_user_can_set_arrives() {
    let song = piece();
    let performance = Performance {
        model: MODELS[1],
        style: StyleBlend { a: Genre::Pop, b: Genre::Jazz, share_of_b: 0.25 },
        take: TakeSeed(42),
        expression: Expression { amount: 0.75, keep_accents: 0.5, level: -7.0, range: 1.25, floor: 20, ceiling: 100 },
    };
    let session = performance.session(&song);
    let played = host().play(&session, |_, _| {}).unwrap();
    assert_eq!(check::velocities(&session, &played).unwrap(), performance.velocities(&song));
}

#[test]
fn a_model_changed_while_playing_loses_no_note() {
    let song = piece();
    let session = in_style(Genre::Jazz).with_at(40 * 48_000, "Model", 1.0).with_at(60 * 48_000, "Model", 2.0);
    let mut host = host();
    host.ask_for_report().unwrap();
    let played = host.play(&session, |_, _| {}).unwrap();
    let velocities = check::velocities(&session, &played).unwrap();
    let report = host.report().unwrap();
    assert_eq!((report.restyled, report.late), (549, 0), "the next model answers for the notes under way");
    let note_at = |seconds: f64| song.notes().iter().position(|n| n.note.onset >= seconds).unwrap();
    // Within a bar of a change the model before still answers for all; a while after it the next one does.
    for (model, notes) in [
        (MODELS[0], 0..note_at(38.0)),
        (MODELS[1], note_at(50.0)..note_at(58.0)),
        (MODELS[2], note_at(80.0)..song.notes().len()),
    ] {
        let whole = Performance { model, ..Performance::of(Genre::Jazz) }.velocities(&song);
        let apart = distance(&velocities[notes.clone()], &whole[notes]);
        assert!(apart < 2.0, "{model}: {apart}");
    }
}

#[test]
fn a_saved_project_comes_back() {
    let mut first = host();
    let session = in_style(Genre::Pop).with("Amount", 0.5);
    let before = first.play(&session, |_, _| {}).unwrap();
    assert_eq!(check::velocities(&session, &before).map(|v| v.len()), Ok(549));
    let state = first.save_state().unwrap();
    let mut second = host();
    second.load_state(&state).unwrap();
    assert_eq!(second.parameter("Amount"), Some(0.5));
    let after = second.play(&Session::from_song(&piece(), RATE), |_, _| {}).unwrap();
    assert!((after.latency, &after.outputs) == (before.latency, &before.outputs));
}

/// Active with the latency of Live, at rest.
fn live() -> (Vst3Host, u32) {
    let mut host = host();
    let setup = Setup { sample_rate: RATE, longest_block: 512, offline: true };
    host.activate(&setup).unwrap();
    let look_ahead = Input::Parameter(0, host.parameter_id("Look-ahead").unwrap(), 4.0);
    host.block(None, 512, &[look_ahead], &mut |_| {}).unwrap();
    assert!(host.wants_restart());
    host.deactivate();
    let latency = host.activate(&setup).unwrap();
    (host, latency)
}

/// What leaves within two blocks.
fn left(host: &mut Vst3Host, inputs: &[Input]) -> Vec<(u32, MidiMessage)> {
    let mut left = Vec::new();
    host.block(None, 512, inputs, &mut |out| left.push((out.sample, out.message))).unwrap();
    host.block(None, 512, &[], &mut |out| left.push((out.sample + 512, out.message))).unwrap();
    left
}

#[test]
fn what_a_host_sends_when_it_loads_a_project_moves_no_controller() {
    let (mut host, latency) = live();
    let mut all = host.send_all_parameters(512).unwrap();
    host.block(None, 512, &[], &mut |out| all.push(out)).unwrap();
    assert_eq!(all, []);
    // What a player does afterwards passes, and so does a wheel that comes back to its middle.
    let played = [[0xB0, 64, 64], [0xE0, 0, 100], [0xB5, 1, 63]].map(MidiMessage::Channel);
    let inputs: Vec<Input> = played.iter().map(|message| Input::Message(0, message)).collect();
    let mut expected: Vec<_> = played.iter().map(|message| (latency, message.clone())).collect();
    let mut passed = left(&mut host, &inputs);
    for all in [&mut expected, &mut passed] {
        all.sort_by_key(|(_, message)| format!("{message:?}"));
    }
    assert_eq!(passed, expected);
    let middle = MidiMessage::Channel([0xE0, 0, 64]);
    assert_eq!(left(&mut host, &[Input::Message(7, &middle)]), [(latency + 7, middle.clone())]);
}

#[test]
fn every_value_of_a_controller_and_of_the_wheel_passes_as_it_is() {
    let (mut host, latency) = live();
    let values = (0..=127u8).map(|value| [0xBF, 64, value]).chain((0..=127u8).map(|value| [0xE3, value, value]));
    for message in values.map(MidiMessage::Channel) {
        assert_eq!(left(&mut host, &[Input::Message(3, &message)]), [(latency + 3, message.clone())]);
    }
}
