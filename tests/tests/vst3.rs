//! The built `.vst3` in a host: velocities, settings, saved projects and controllers.

mod common;

use common::*;
use tonenet_core::dynamics::Expression;
use tonenet_core::midi::MidiMessage;
use tonenet_core::scheduler::{SchedulerConfig, WindowLength};
use tonenet_core::scope::{Scope, ScopePart};
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_hosts::host::{ActivationConfig, Block, BlockInput};
use tonenet_hosts::vst3::Vst3Host;
use tonenet_hosts::{Host, Session, check};

#[test]
fn every_note_leaves_one_latency_later_with_the_models_velocity() {
    let song = piece();
    let (velocities, latency) = play_velocities(&mut vst3_host(), &in_style(&song, StyleIndex::JAZZ));
    assert_eq!(latency, SchedulerConfig::window(WindowLength::OneBeat, 66.0, RATE).latency);
    assert_eq!(velocities, expected_velocities(&song, StyleIndex::JAZZ));
}

#[test]
fn at_amount_0_nothing_changes() {
    let song = piece();
    let session = in_style(&song, StyleIndex::JAZZ).with_parameter("Amount", 0.0);
    assert_eq!(play_velocities(&mut vst3_host(), &session).0, own_velocities(&song));
}

#[test]
fn every_setting_takes_effect() {
    let song = piece();
    let settings = Settings {
        model: MODELS[1],
        style: StyleBlend { a: StyleIndex::POP, b: StyleIndex::JAZZ, share_of_b: 0.25 },
        take: TakeSeed(42),
        expression: Expression { amount: 0.75, keep_accents: 0.5, level: -7.0, range: 1.25, floor: 20, ceiling: 100 },
        scope: Scope { low: 36, high: 90, part: ScopePart::Melody },
        condition_on_player: true,
    };
    let (velocities, _) = play_velocities(&mut vst3_host(), &settings.session(&song));
    assert_eq!(velocities, settings.expected_velocities(&song));
}

#[test]
fn automation_from_0_to_1_that_was_drawn_for_three_styles_plays_them() {
    let song = piece();
    for (share, style) in [(0.0, StyleIndex::CLASSICAL), (0.5, StyleIndex::JAZZ), (1.0, StyleIndex::POP)] {
        // The host divides by the number of steps.
        let session = Session::from_song(&song, RATE).with_parameter("Style", share * 26.0);
        assert_eq!(play_velocities(&mut vst3_host(), &session).0, expected_velocities(&song, style), "{share}");
    }
}

#[test]
fn changing_the_model_while_playing_loses_no_note() {
    let song = piece();
    let session = in_style(&song, StyleIndex::JAZZ).with_automation(40 * 48_000, "Model", 1.0).with_automation(
        60 * 48_000,
        "Model",
        2.0,
    );
    let mut host = vst3_host();
    host.enable_report().unwrap();
    let (velocities, _) = play_velocities(&mut host, &session);
    let report = host.report().unwrap();
    assert_eq!((report.restyled, report.late), (549, 0), "the next model predicts the pending notes");
    let note_at = |seconds: f64| song.notes().iter().position(|n| n.note.onset >= seconds).unwrap();
    // Up to shortly before a change the old model predicts every note, and some time after it the new model does.
    for (model, notes) in [
        (MODELS[0], 0..note_at(38.0)),
        (MODELS[1], note_at(50.0)..note_at(58.0)),
        (MODELS[2], note_at(80.0)..song.notes().len()),
    ] {
        let expected = Settings { model, ..Settings::for_style(StyleIndex::JAZZ) }.expected_velocities(&song);
        let difference = mean_difference(&velocities[notes.clone()], &expected[notes]);
        assert!(difference < 2.0, "{model}: {difference}");
    }
}

#[test]
fn a_saved_project_restores_its_settings_and_plays_the_same() {
    let song = piece();
    let mut first = vst3_host();
    let session = in_style(&song, StyleIndex::POP).with_parameter("Amount", 0.5);
    let before = first.play(&session, |_, _| {}).unwrap();
    assert_eq!(check::velocities(&session, &before).map(|v| v.len()), Ok(549));
    let state = first.save_state().unwrap();
    let mut second = vst3_host();
    second.load_state(&state).unwrap();
    assert_eq!(second.parameter("Amount"), Some(0.5));
    let after = second.play(&Session::from_song(&song, RATE), |_, _| {}).unwrap();
    assert!((after.latency, &after.outputs) == (before.latency, &before.outputs));
}

/// An active host in Live with the transport stopped, and its latency.
fn live_host() -> (Vst3Host, u32) {
    let mut host = vst3_host();
    let config = ActivationConfig { sample_rate: RATE, max_block_size: 512, offline: true };
    host.activate(&config).unwrap();
    let look_ahead = BlockInput::Parameter(0, host.parameter_id("Look-ahead").unwrap(), look_ahead::LIVE);
    host.process(&Block::new(512).with_inputs(&[look_ahead]), &mut |_| {}).unwrap();
    assert!(host.take_restart_request());
    host.deactivate();
    let latency = host.activate(&config).unwrap();
    (host, latency)
}

/// The output of a block with inputs and of the empty block after it.
fn output(host: &mut Vst3Host, inputs: &[BlockInput]) -> Vec<(u32, MidiMessage)> {
    let mut output = Vec::new();
    let block = Block::new(512);
    host.process(&block.with_inputs(inputs), &mut |out| output.push((out.offset, out.message))).unwrap();
    host.process(&block, &mut |out| output.push((out.offset + 512, out.message))).unwrap();
    output
}

#[test]
fn parameter_values_sent_after_loading_a_project_move_no_controller() {
    let (mut host, latency) = live_host();
    let mut all = host.send_all_parameters(512).unwrap();
    host.process(&Block::new(512), &mut |out| all.push(out)).unwrap();
    assert_eq!(all, []);
    // Later controllers pass, and so does a pitch bend that returns to its centre.
    let played = [[0xB0, 64, 64], [0xE0, 0, 100], [0xB5, 1, 63]].map(MidiMessage::Channel);
    let inputs: Vec<BlockInput> = played.iter().map(|message| BlockInput::Message(0, message)).collect();
    let mut expected: Vec<_> = played.iter().map(|message| (latency, message.clone())).collect();
    let mut passed = output(&mut host, &inputs);
    for all in [&mut expected, &mut passed] {
        all.sort_by_key(|(_, message)| format!("{message:?}"));
    }
    assert_eq!(passed, expected);
    let centre = MidiMessage::Channel([0xE0, 0, 64]);
    assert_eq!(output(&mut host, &[BlockInput::Message(7, &centre)]), [(latency + 7, centre.clone())]);
}

#[test]
fn every_controller_and_pitch_bend_value_passes_unchanged() {
    let (mut host, latency) = live_host();
    let values = (0..=127u8).map(|value| [0xBF, 64, value]).chain((0..=127u8).map(|value| [0xE3, value, value]));
    for message in values.map(MidiMessage::Channel) {
        assert_eq!(output(&mut host, &[BlockInput::Message(3, &message)]), [(latency + 3, message.clone())]);
    }
}
