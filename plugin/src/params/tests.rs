//! The defaults of the parameters, their texts, and the upgrade of saved states.

use super::upgrade::{choices, defaults};
use super::*;
use crate::history::tests::Session;
use nice_plug::plugin::ParamValue;
use tonenet_core::feel::{FeelControls, PedalMode, Swing};
use tonenet_core::scope::ScopePart;
use tonenet_core::style::StyleIndex;
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_engine::generator::SavedClips;
use tonenet_engine::model_versions::ModelVersions;
use tonenet_inference::embedded::EmbeddedModel;

fn params() -> ToneNetParams {
    ToneNetParams::new(Arc::default())
}

#[test]
fn by_default_the_average_take_of_jazz_plays() {
    let expected = Settings {
        style: StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::CLASSICAL, share_of_b: 0.0 },
        take: TakeSeed(0),
        expression: Expression::default(),
        scope: Scope { low: 21, high: 108, part: ScopePart::All },
        model: EmbeddedModel::Note,
        condition_on_player: false,
        feel: FeelControls::OFF,
        bypass: false,
        compare: false,
    };
    assert_eq!(params().settings(), expected);
}

#[test]
fn a_parameter_parses_the_text_that_it_shows() {
    fn check<P: Param>(param: &P, texts: &[(f32, &str)]) {
        for &(normalized, text) in texts {
            assert_eq!(param.normalized_value_to_string(normalized, true), text);
            let read = param.string_to_normalized_value(text).unwrap();
            assert!((read - normalized).abs() < 1e-3, "{text}: {read}");
        }
    }
    let p = params();
    check(&p.level, &[(0.0, "-40 steps"), (0.5, "0 steps"), (0.65, "+12 steps")]);
    check(&p.take, &[(0.0, "Average"), (7.0 / 99.0, "Take 7")]);
    check(&p.range, &[(0.0, "0 %"), (0.5, "100 %"), (1.0, "200 %")]);
    check(&p.floor, &[(0.0, "1"), (1.0, "127")]);
    check(&p.key_low, &[(0.0, "A0"), (39.0 / 87.0, "C4"), (1.0, "C8")]);
    check(&p.part, &[(0.0, "All notes"), (1.0, "Inner voices")]);
    check(&p.timing, &[(0.0, "0 %"), (0.6, "60 %"), (1.0, "100 %")]);
    check(&p.swing, &[(0.0, "Style"), (1.0 / 26.0, "50 % (straight)"), (18.0 / 26.0, "67 % (triplet)")]);
    check(&p.articulation, &[(0.0, "0 %"), (0.8, "80 %")]);
    check(&p.chord_spread, &[(0.0, "0 %"), (0.25, "25 %")]);
    check(&p.pedal, &[(0.0, "Mine"), (0.5, "Fill"), (1.0, "Replace")]);
    check(&p.timeline_delay, &[(0.0, "Off"), (1.0, "30 ms")]);
    assert_eq!(parse_take("12"), Some(12));
}

#[test]
fn hosts_show_the_users_styles_by_name_and_every_place_by_a_text_of_its_own() {
    let p = params();
    let shown = |value: u8| p.style.normalized_value_to_string(f32::from(value) / 26.0, true);
    assert_eq!(p.style.step_count(), Some(26));
    assert_eq!([0, 1, 2, 3, 8].map(shown), ["Classical", "Jazz", "Pop", "(reserved 4)", "(user style 1 is empty)"]);
    let place = |text: &str| p.style_b.string_to_normalized_value(text).map(|value| (value * 26.0).round());
    for value in (0..26).filter(|value| *value != 13) {
        assert_eq!(place(&shown(value)), Some(f32::from(value)));
    }
    assert_eq!([13, 26].map(shown), ["Jazz", "Pop"], "where automation of three styles has them");
    assert_eq!((place("pop"), place("bossa")), (Some(2.0), None));
}

#[test]
fn an_older_state_gets_defaults_for_what_it_lacks() {
    let mut state = PluginState {
        version: "0.1.0".into(),
        params: [("amount".to_owned(), ParamValue::F32(0.25))].into(),
        fields: [("state_version".to_owned(), "1".to_owned())].into(),
    };
    upgrade(&mut state);
    let ids: Vec<&str> = state.params.keys().map(String::as_str).collect();
    let mut all: Vec<String> = params().param_map().into_iter().map(|(id, ..)| id).collect();
    all.sort();
    assert_eq!(ids, all);
    assert!(matches!(state.params["amount"], ParamValue::F32(0.25)));
    assert!(matches!(state.params["ceiling"], ParamValue::I32(127)));
    assert_eq!(state.fields["state_version"], "9");
    let versions: ModelVersions = serde_json::from_str(&state.fields["model_versions"]).unwrap();
    assert_eq!(versions, ModelVersions::default(), "made before versions were kept");
    assert_eq!(serde_json::from_str::<SavedClips>(&state.fields["clips"]).unwrap(), SavedClips::default());
    assert!(serde_json::from_str::<TimelineSnapshot>(&state.fields["timeline"]).unwrap().notes().is_empty());
}

/// The states of every version, as the plugin saved them.
const SAVED_STATES: [&str; 10] = [
    include_str!("../../../tests/states/version-1.json"),
    include_str!("../../../tests/states/version-2.json"),
    include_str!("../../../tests/states/version-3.json"),
    include_str!("../../../tests/states/version-4.json"),
    include_str!("../../../tests/states/version-4-take.json"),
    include_str!("../../../tests/states/version-5.json"),
    include_str!("../../../tests/states/version-6.json"),
    include_str!("../../../tests/states/version-7.json"),
    include_str!("../../../tests/states/version-8.json"),
    include_str!("../../../tests/states/version-9.json"),
];

#[test]
fn in_every_saved_state_the_feel_is_off() {
    for json in SAVED_STATES {
        let mut state: PluginState = serde_json::from_str(json).unwrap();
        upgrade(&mut state);
        let version = &state.fields["state_version"];
        for id in ["timing", "articulation", "chord_spread"] {
            assert!(matches!(state.params[id], ParamValue::F32(0.0)), "{version}: {id}");
        }
        assert!(matches!(state.params["swing"], ParamValue::I32(STYLE_SWING)), "{version}");
        for (id, off) in [("pedal", "mine"), ("timeline_delay", "off")] {
            let is_off = match &state.params[id] {
                ParamValue::I32(choice) => *choice == 0,
                ParamValue::String(choice) => choice == off,
                _ => false,
            };
            assert!(is_off, "{version}: {id}");
        }
    }
}

#[test]
fn settings_hold_the_feel() {
    let session = Session::new();
    for (param, text) in [
        (UserParam::Timing, "60 %"),
        (UserParam::Swing, "67 %"),
        (UserParam::Articulation, "80"),
        (UserParam::ChordSpread, "100 %"),
        (UserParam::Pedal, "Fill"),
        (UserParam::TimelineLookAhead, "30 ms"),
    ] {
        let value = param.of(&session.params).read_text(text).unwrap();
        session.edit(|edit| edit.set(param, value));
    }
    let expected = FeelControls {
        timing: 0.6,
        swing: Swing::At(2.0 / 3.0),
        articulation: 0.8,
        chord_spread: 1.0,
        pedal: PedalMode::Fill,
    };
    assert_eq!((session.params.settings().feel, session.params.timeline_look_ahead()), (expected, 0.03));
}

#[test]
fn the_places_of_styles_in_a_state_of_version_6_become_values() {
    for (version, place, value) in [("6", 12, 12), ("6", 13, 14), ("6", 23, 24), ("6", i32::MAX, 1), ("7", 13, 13)] {
        let mut state = PluginState {
            version: "0.1.0".into(),
            params: [("style".to_owned(), ParamValue::I32(place))].into(),
            fields: [("state_version".to_owned(), version.to_owned())].into(),
        };
        upgrade(&mut state);
        assert!(matches!(state.params["style"], ParamValue::I32(found) if found == value), "{version}: {place}");
    }
}

#[test]
fn a_number_beyond_32_bits_becomes_the_default_so_that_the_next_save_opens() {
    let json = r#"{"version":"0.1.0","params":{"amount":{"f32":6e99},"blend":{"f32":0.25}},"fields":{}}"#;
    let mut state: PluginState = serde_json::from_str(json).unwrap();
    assert!(matches!(state.params["amount"], ParamValue::F32(value) if value.is_infinite()));
    upgrade(&mut state);
    assert!(matches!(state.params["amount"], ParamValue::F32(1.0)));
    let saved = serde_json::to_string(&state).unwrap();
    let opened: PluginState = serde_json::from_str(&saved).unwrap();
    assert!(matches!(opened.params["blend"], ParamValue::F32(0.25)));
}

#[test]
fn an_unknown_choice_or_a_value_of_the_wrong_kind_becomes_the_default() {
    for id in ["style", "style_b", "part", "model", "look_ahead", "pedal", "timeline_delay"] {
        for value in [-1, 27, i32::MAX] {
            let json = format!(r#"{{"version":"0.1.0","params":{{"{id}":{{"i32":{value}}}}},"fields":{{}}}}"#);
            let mut state: PluginState = serde_json::from_str(&json).unwrap();
            upgrade(&mut state);
            let defaults = defaults();
            let (_, default) = defaults.iter().find(|d| d.0 == id).unwrap();
            assert_eq!(format!("{:?}", state.params[id]), format!("{default:?}"), "{value}");
        }
    }
    for (id, value) in
        [("style", r#"{"string":"bossa"}"#), ("amount", r#"{"string":"jazz"}"#), ("take", r#"{"bool":true}"#)]
    {
        let json =
            format!(r#"{{"version":"9.9.9","params":{{"{id}":{value},"style_b":{{"string":"pop"}}}},"fields":{{}}}}"#);
        let mut state: PluginState = serde_json::from_str(&json).unwrap();
        upgrade(&mut state);
        let defaults = defaults();
        let (_, default) = defaults.iter().find(|d| d.0 == id).unwrap();
        assert_eq!(format!("{:?}", state.params[id]), format!("{default:?}"), "{value}");
        assert!(matches!(state.params["style_b"], ParamValue::I32(2)), "pop, in a state up to version 5");
    }
    let all_choices = defaults().into_iter().filter_map(|(id, _)| choices(id)).count();
    let enums = params().param_map().into_iter().filter(|p| matches!(p.1, ParamPtr::EnumParam(_))).count();
    assert_eq!(all_choices, enums, "every choice is checked");
}
