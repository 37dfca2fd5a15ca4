//! A project embeds the user's styles: it plays the same on another computer, or says what plays in their place.

mod common;

use std::sync::Arc;

use common::*;
use tonenet_core::dynamics::Expression;
use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::midi::Song;
use tonenet_core::note::Note;
use tonenet_core::scheduler::{SchedulerConfig, WindowLength};
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_hosts::{Host, Session};
use tonenet_inference::feel::OwnFeel;
use tonenet_inference::model::StyleSpread;
use tonenet_inference::performance::{LoadedModel, LookAhead, Network, PerformanceView, RestyleSettings};
use tonenet_inference::styles::StyleSlots;
use tonenet_inference::user_style::{BuiltInWeight, Readout, StyleCard, StyleContents, UserStyle};

/// The user's fourth slot.
const SLOT: usize = 3;

fn slot() -> StyleIndex {
    StyleIndex::from_slot(SLOT).unwrap()
}

/// A style with weights as large as learned ones, for this note model or for another.
fn style(is_for_this_model: bool) -> UserStyle {
    let model = load_model(MODELS[0]);
    let Network::Note(network) = model.network() else { panic!("the note model") };
    let weights = |width: usize| (0..width).map(|i| ((i * 37 % 101) as f32 / 50.0 - 1.0) * 4.0).collect();
    let fingerprint = network.fingerprint(if is_for_this_model { &[StyleIndex::POP] } else { &[] });
    UserStyle::new(StyleContents {
        name: "Late evening".into(),
        fingerprint: fingerprint.unwrap(),
        readout: Readout {
            past: weights(network.past_width()),
            ahead: weights(network.ahead_width()),
            built_ins: vec![BuiltInWeight { style: Genre::Pop, weight: 0.5 }],
            constant: 1.0,
        },
        spread_scale: 1.0,
        spread: StyleSpread { human: 15.0, predicted: 10.0 },
        nearest: Genre::Classical,
        feel: OwnFeel::NEAREST,
        card: StyleCard {
            files: 5,
            notes: 9_000,
            r: Some(0.5),
            nearest_r: 0.4,
            learned_on: "2026-01-31".into(),
            description: "Softer than Pop.".into(),
        },
    })
    .unwrap()
}

/// A model on ONNX Runtime with the style in its slot.
fn model(name: &str) -> LoadedModel {
    let mut slots = StyleSlots::default();
    slots[SLOT] = Some(Arc::new(style(true)));
    load_model(name).with_user_styles(&slots)
}

/// Puts a style into the project of a host.
fn embed(host: &mut dyn Host, style: &UserStyle) {
    let file = String::from_utf8(style.to_bytes()).unwrap();
    edit_state(host, |state| state["fields"]["styles"] = format!(r#"{{"{SLOT}":{file}}}"#).into());
}

/// What is played: the user's style with a quarter of jazz.
fn settings() -> Settings {
    Settings {
        style: StyleBlend { a: slot(), b: StyleIndex::JAZZ, share_of_b: 0.25 },
        ..Settings::for_style(StyleIndex::JAZZ)
    }
}

fn assert_a_project_plays_the_same_elsewhere<H: Host>(load: impl Fn() -> H) {
    let song = piece();
    let window = SchedulerConfig::window(WindowLength::OneBeat, 66.0, RATE);
    let expected = settings().expected_velocities_of(&model(MODELS[0]), &song, window);
    let mut host = load();
    host.enable_report().unwrap();
    embed(&mut host, &style(true));
    let (velocities, _) = play_velocities(&mut host, &settings().session(&song));
    assert_eq!(velocities, expected);
    assert!(mean_difference(&expected, &expected_velocities(&song, StyleIndex::JAZZ)) > 3.0, "another style");
    assert!(host.report().unwrap().styles.is_empty(), "nothing plays in its place");

    let state = host.save_state().unwrap();
    let mut elsewhere = load();
    elsewhere.load_state(&state).unwrap();
    assert_eq!(play_velocities(&mut elsewhere, &Session::from_song(&song, RATE)).0, expected);
    assert_eq!(state_json(&mut elsewhere)["fields"]["styles"], state_json(&mut host)["fields"]["styles"]);
    // Without the style, its slot is empty and plays as the style before it.
    let mut without = load();
    without.load_state(&state).unwrap();
    edit_state(&mut without, |state| state["fields"]["styles"] = "{}".into());
    let pop = Settings { style: StyleBlend { a: StyleIndex::POP, ..settings().style }, ..settings() };
    assert_eq!(
        play_velocities(&mut without, &Session::from_song(&song, RATE)).0,
        pop.expected_velocities_at(&song, window)
    );
}

#[test]
fn a_clap_project_with_a_style_of_the_user_plays_the_same_after_it_was_saved_moved_and_opened() {
    assert_a_project_plays_the_same_elsewhere(clap_host);
}

#[test]
fn a_vst3_project_with_a_style_of_the_user_plays_the_same_after_it_was_saved_moved_and_opened() {
    assert_a_project_plays_the_same_elsewhere(vst3_host);
}

/// The velocities of the file, restyled as a whole.
fn restyled_file(song: &Song) -> Vec<u8> {
    let notes: Vec<Note> = song.notes().iter().map(|n| n.note).collect();
    let pedals = song.pedal_movements();
    let performance = PerformanceView { notes: &notes, pedals: &pedals, grid: Grid::Sixteenths, player_level: None };
    let restyling = RestyleSettings {
        style: settings().style,
        source_style: None,
        take: TakeSeed(0),
        expression: Expression::default(),
        look_ahead: LookAhead::WholePerformance,
    };
    restyling.velocities(&model(MODELS[0]), &performance).unwrap()
}

#[test]
fn timeline_remembers_the_predictions_of_a_style_of_the_user() {
    let song = piece();
    let session = settings().session(&song).with_parameter("Look-ahead", look_ahead::TIMELINE);
    let mut host = clap_host();
    host.enable_report().unwrap();
    embed(&mut host, &style(true));
    play_velocities(&mut host, &session);
    let second = play_velocities(&mut host, &session).0;
    assert!(max_difference(&second, &restyled_file(&song)) <= 1);
    let restyled = host.report().unwrap().restyled;
    assert_eq!(restyled, 549, "the first pass knew nothing");
    let state = host.save_state().unwrap();
    let mut reopened = clap_host();
    reopened.load_state(&state).unwrap();
    assert_eq!(play_velocities(&mut reopened, &Session::from_song(&song, RATE)).0, second, "from its first pass on");
    // The style in another slot: what the slot of old plays now is not what was predicted for the style.
    edit_state(&mut reopened, |state| {
        let styles = state["fields"]["styles"].as_str().unwrap().replace(&format!(r#"{{"{SLOT}":"#), r#"{"7":"#);
        state["fields"]["styles"] = styles.into();
    });
    let moved = StyleIndex::from_slot(7).unwrap();
    let moved = Settings { style: StyleBlend { a: moved, ..settings().style }, ..settings() };
    let session = moved.session(&song).with_parameter("Look-ahead", look_ahead::TIMELINE);
    assert_eq!(play_velocities(&mut reopened, &session).0, second, "its predictions follow it");
}

#[test]
fn a_style_that_cannot_play_is_named_with_the_cure_and_the_nearest_built_in_style_plays() {
    let song = piece();
    let nearest = Settings { style: StyleBlend { a: StyleIndex::CLASSICAL, ..settings().style }, ..settings() };
    let window = SchedulerConfig::window(WindowLength::OneBeat, 66.0, RATE);
    for (model, is_for_this_model, cure) in
        [(0, false, "learn it again from its files"), (1, true, "choose the note model")]
    {
        let mut host = clap_host();
        host.enable_report().unwrap();
        embed(&mut host, &style(is_for_this_model));
        let settings = Settings { model: MODELS[model], ..settings() };
        let velocities = play_velocities(&mut host, &settings.session(&song)).0;
        let nearest = Settings { model: MODELS[model], ..nearest };
        assert_eq!(velocities, nearest.expected_velocities_at(&song, window), "model {model}");
        let said = host.report().unwrap().styles;
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0].contains("Late evening") && said[0].contains(cure) && said[0].contains("Classical"),
            "{said:?}"
        );
    }
}
