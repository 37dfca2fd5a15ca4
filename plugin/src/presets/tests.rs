//! Presets: their files, the user's folder, and those that ToneNet comes with.

mod figures;

use std::fs;
use std::thread;

use nice_plug::prelude::Params;
use proptest::prelude::*;
use tonenet_core::feel::{FeelControls, PedalMode, Swing};
use tonenet_core::style::StyleIndex;

use super::folder::file_name;
use super::*;
use crate::dialogs::tests::style;
use crate::history::tests::Session;
use crate::params::{ToneNetParams, UserParam};

fn params() -> ToneNetParams {
    ToneNetParams::new(Default::default())
}

fn preset(name: &str) -> Preset {
    Preset::new(name, SavedSettings::from_params(&params(), UserParam::is_in_presets)).unwrap()
}

/// Loads a preset into a new instance.
fn loaded(preset: &Preset) -> Session {
    let session = Session::new();
    let read = preset.settings.read(&session.params, UserParam::is_in_presets);
    assert_eq!(read.problems, Vec::<String>::new());
    session.edit(|edit| edit.load(preset.name.clone(), read.values, Default::default()));
    session
}

#[test]
fn every_shipped_preset_says_what_it_does_and_sets_every_parameter_of_presets() {
    let mut names: Vec<&str> = shipped().iter().map(|preset| preset.name.as_str()).collect();
    assert_eq!(names.len(), 12);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 12, "names differ");
    for preset in shipped() {
        let json: serde_json::Value = serde_json::from_slice(&preset.to_bytes()).unwrap();
        let ids: Vec<&str> = json["settings"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut all: Vec<&str> =
            UserParam::ALL.into_iter().filter(|param| param.is_in_presets()).map(UserParam::id).collect();
        all.sort_unstable();
        assert_eq!(ids, all, "{}", preset.name);
        assert!(preset.description.ends_with('.') && preset.description.len() > 20, "{}", preset.name);
        let session = loaded(preset);
        let settings = session.params.settings();
        assert!(settings.expression.floor < settings.expression.ceiling, "{}", preset.name);
        let again = SavedSettings::from_params(&session.params, UserParam::is_in_presets);
        assert_eq!(again, preset.settings, "{} sets what it says", preset.name);
    }
}

#[test]
fn a_preset_changes_neither_model_nor_look_ahead_nor_bypass() {
    let session = Session::new();
    for param in [UserParam::Model, UserParam::LookAhead, UserParam::TimelineLookAhead, UserParam::Bypass] {
        session.edit(|edit| edit.set(param, 1.0));
    }
    let read = shipped()[0].settings.read(&session.params, UserParam::is_in_presets);
    session.edit(|edit| edit.load("a preset".into(), read.values, Default::default()));
    for param in [UserParam::Model, UserParam::LookAhead, UserParam::TimelineLookAhead, UserParam::Bypass] {
        assert_eq!(session.value(param), 1.0, "{param:?}");
    }
}

#[test]
fn what_a_preset_does_not_say_has_its_default() {
    let preset = Preset::from_bytes(br#"{"version":1,"name":"Soft","settings":{"level":-9}}"#, "soft").unwrap();
    let session = loaded(&preset);
    assert_eq!(session.params.settings().expression.level, -9.0);
    for param in UserParam::ALL.into_iter().filter(|param| *param != UserParam::Level) {
        assert_eq!(session.value(param), param.of(&session.params).default_value(), "{param:?}");
    }
}

#[test]
fn a_preset_holds_the_feel_and_one_from_before_it_has_none() {
    let json = br#"{"version":1,"name":"Old","settings":{"amount":0.5,"part":"melody"}}"#;
    let session = loaded(&Preset::from_bytes(json, "old").unwrap());
    assert_eq!(session.params.settings().feel, FeelControls::OFF);
    let json = br#"{"version":1,"name":"New","settings":
        {"timing":0.5,"swing":67,"articulation":0.25,"chord_spread":1.0,"pedal":"replace"}}"#;
    let session = loaded(&Preset::from_bytes(json, "new").unwrap());
    let expected = FeelControls {
        timing: 0.5,
        swing: Swing::At(2.0 / 3.0),
        articulation: 0.25,
        chord_spread: 1.0,
        pedal: PedalMode::Replace,
    };
    assert_eq!(session.params.settings().feel, expected);
    assert!(Preset::from_bytes(br#"{"version":1,"name":"No","settings":{"pedal":3}}"#, "no").is_err());
}

#[test]
fn what_this_version_does_not_know_stays_in_the_file() {
    let json = br#"{"version":1,"name":"Mine","colour":"blue","settings":{"amount":0.5,"warmth":3}}"#;
    let renamed = Preset::from_bytes(json, "mine").unwrap().renamed("Yours").unwrap();
    let json: serde_json::Value = serde_json::from_slice(&renamed.to_bytes()).unwrap();
    assert_eq!(
        (&json["name"], &json["colour"], &json["settings"]["warmth"]),
        (&"Yours".into(), &"blue".into(), &3.into())
    );
}

#[test]
fn a_file_that_holds_no_preset_is_refused_by_its_name() {
    for (bytes, reason) in [
        ("", "does not hold a preset"),
        ("[]", "it has no version"),
        ("{\"version\":\"1\"}", "it has no version"),
        ("{\"version\":0,\"name\":\"x\"}", "it has no version"),
        ("{\"version\":1}", "missing field `name`"),
        ("{\"version\":1,\"name\":\"  \"}", "a preset needs a name"),
        ("{\"version\":1,\"name\":\"a\\nb\"}", "cannot be shown"),
        ("{\"version\":1,\"name\":\"x\",\"settings\":{\"amount\":\"loud\"}}", "its setting amount"),
        ("{\"version\":1,\"name\":\"x\",\"settings\":{\"style\":7}}", "its setting style"),
        ("{\"version\":2,\"name\":\"x\"}", "made by a newer ToneNet (preset version 2, this one reads 1)"),
    ] {
        let refusal = Preset::from_bytes(bytes.as_bytes(), "song.tonepreset").unwrap_err().to_string();
        assert!(refusal.contains(reason) && refusal.starts_with("song.tonepreset "), "{bytes}: {refusal}");
    }
    let large = vec![b' '; 100_000];
    assert!(matches!(Preset::from_bytes(&large, "large"), Err(PresetError::TooLarge { .. })));
}

#[test]
fn a_style_of_the_user_is_found_by_its_key_then_by_its_title_and_is_named_if_it_is_missing() {
    let session = Session::new();
    let (styles, key) = (session.params.styles(), style());
    styles.put(3, key.clone());
    let place = |session: &Session| session.params.settings().style.a;
    let fourth = StyleIndex::from_slot(3).unwrap();
    session.edit(|edit| {
        let value = crate::params::style_value::of(fourth) as f32 / crate::params::style_value::LARGEST as f32;
        edit.set(UserParam::Style, value);
    });
    assert_eq!(place(&session), fourth);
    let settings = SavedSettings::from_params(&session.params, UserParam::is_in_presets);
    let json = serde_json::to_value(&settings).unwrap();
    assert_eq!(json["style"]["title"], "Late evening");

    let other = Session::new();
    other.params.styles().put(7, key.clone());
    let read = settings.read(&other.params, UserParam::is_in_presets);
    other.edit(|edit| edit.load("a preset".into(), read.values, Default::default()));
    assert_eq!((place(&other), read.problems), (StyleIndex::from_slot(7).unwrap(), vec![]), "by its key");

    let mut learned_again = json.clone();
    learned_again["style"]["key"] = "user:another".into();
    let learned_again: SavedSettings = serde_json::from_value(learned_again).unwrap();
    let read = learned_again.read(&other.params, UserParam::is_in_presets);
    assert_eq!(read.problems, Vec::<String>::new(), "by its title");

    let without = Session::new();
    let read = settings.read(&without.params, UserParam::is_in_presets);
    assert!(read.values.iter().all(|(param, _)| *param != UserParam::Style), "the style stays");
    assert!(read.problems[0].contains("Late evening") && read.problems[0].contains("Import"), "{:?}", read.problems);
}

/// A store in a temporary folder.
fn store(folder: &tempfile::TempDir) -> PresetStore {
    PresetStore::new(PresetFolder::at(folder.path().join("presets")))
}

/// What came of the task that was begun last.
fn outcome(store: &PresetStore) -> PresetTask {
    while store.task() == PresetTask::Working {
        thread::yield_now();
    }
    store.task()
}

fn names(store: &PresetStore) -> Vec<String> {
    store.list().presets.iter().map(|preset| preset.name.clone()).collect()
}

#[test]
fn presets_are_kept_in_a_folder_and_under_names_of_any_script() {
    let folder = tempfile::tempdir().unwrap();
    let store = PresetStore::new(PresetFolder::at(folder.path().join("Voreinstellungen für 音楽")));
    for name in ["Späte Nacht 夜", "Чайка №1", "COM¹"] {
        store.save(preset(name), false);
        assert_eq!(outcome(&store), PresetTask::Done(Some(name.into())));
    }
    assert_eq!(names(&store), ["COM¹", "Späte Nacht 夜", "Чайка №1"]);
    store.rename("Чайка №1".into(), "Ноты".into());
    assert_eq!(outcome(&store), PresetTask::Done(Some("Ноты".into())));
    store.delete("Späte Nacht 夜".into());
    assert_eq!((outcome(&store), names(&store)), (PresetTask::Done(None), vec!["COM¹".into(), "Ноты".into()]));
}

#[test]
fn a_preset_is_saved_renamed_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    store.save(preset("Evening: 1/2?"), false);
    assert_eq!(outcome(&store), PresetTask::Done(Some("Evening: 1/2?".into())));
    store.save(preset("Evening: 1/2?"), false);
    assert_eq!(outcome(&store), PresetTask::Taken("Evening: 1/2?".into()));
    store.save(preset("Evening: 1/2?"), true);
    assert_eq!(outcome(&store), PresetTask::Done(Some("Evening: 1/2?".into())));
    store.rename("Evening: 1/2?".into(), " Morning ".into());
    assert_eq!(outcome(&store), PresetTask::Done(Some("Morning".into())));
    assert_eq!(names(&store), ["Morning"]);
    store.rename("Evening: 1/2?".into(), "Noon".into());
    assert!(matches!(outcome(&store), PresetTask::Failed(text) if text.contains("no longer there")));
    store.delete("Morning".into());
    assert_eq!((outcome(&store), names(&store)), (PresetTask::Done(None), vec![]));
}

#[test]
fn two_instances_lose_none_of_each_others_presets() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (store(&folder), store(&folder));
    for number in 0..10 {
        one.save(preset(&format!("one {number}")), false);
        other.save(preset(&format!("other {number}")), false);
        outcome(&one);
        outcome(&other);
    }
    one.save(preset("both"), false);
    other.save(preset("both"), false);
    let taken = [outcome(&one), outcome(&other)].iter().filter(|task| matches!(task, PresetTask::Taken(_))).count();
    assert_eq!(taken, 1, "the second is asked about");
    one.delete("none".into());
    outcome(&one);
    assert_eq!(names(&one).len(), 21);
}

#[test]
fn files_that_hold_no_preset_are_named_and_the_others_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    store.save(preset("good"), false);
    outcome(&store);
    let inside = folder.path().join("presets");
    fs::write(inside.join("bad.tonepreset"), "{").unwrap();
    fs::write(inside.join("notes.txt"), "no preset").unwrap();
    fs::create_dir(inside.join("a folder.tonepreset")).unwrap();
    store.delete("none".into());
    outcome(&store);
    assert_eq!(names(&store), ["good"]);
    let problems = store.list().problems;
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("bad.tonepreset "), "{problems:?}");
}

#[test]
fn a_preset_that_was_exported_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let file = folder.path().join("from a friend.tonepreset");
    fs::write(&file, preset("Theirs").to_bytes()).unwrap();
    store.import(file.clone());
    assert_eq!((outcome(&store), names(&store)), (PresetTask::Done(Some("Theirs".into())), vec!["Theirs".into()]));
    store.import(folder.path().join("no such.tonepreset"));
    assert!(matches!(outcome(&store), PresetTask::Failed(text) if text.contains("no such.tonepreset")));
    store.acknowledge();
    assert_eq!(store.task(), PresetTask::Idle);
}

#[test]
fn a_state_without_slots_opens_with_equal_ones() {
    let used = Session::new();
    used.edit(|edit| edit.switch_slot());
    used.params.deserialize_fields(&[("slots".to_owned(), "{}".to_owned())].into());
    assert_eq!(used.params.slots().get(), Default::default());
}

proptest! {
    #[test]
    fn names_are_safe_as_file_names_and_never_share_one(one in "\\PC{1,40}", other in "\\PC{1,40}") {
        let file = file_name(&one);
        prop_assert!(!file.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|', '\0']), "{}", file);
        prop_assert!(file.len() <= 255 && !file.starts_with('.'), "{}", file);
        prop_assert_eq!(one == other, file == file_name(&other));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0usize..900, put in any::<u8>()) {
        let _ = Preset::from_bytes(&bytes, "file");
        let mut damaged = shipped()[0].to_bytes();
        let place = cut % damaged.len();
        damaged[place] = put;
        if let Ok(read) = Preset::from_bytes(&damaged, "file") {
            let read = read.settings.read(&params(), UserParam::is_in_presets);
            prop_assert!(read.values.iter().all(|(_, value)| (0.0..=1.0).contains(value)));
        }
    }
}
