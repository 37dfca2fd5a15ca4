use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use super::*;
use tonenet_core::clip::{Clip, ClipNote};
use tonenet_core::genre::Genre;
use tonenet_core::midi::Song;
use tonenet_core::timeline::{MAX_NOTES, TimelineNote, TimelineSnapshot};
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::feel::OwnFeel;
use tonenet_inference::model::StyleSpread;
use tonenet_inference::performance::Network;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::user_style::{Readout, StyleCard, StyleContents};
use tonenet_test_support::midi_from_tracks;

use crate::learner::LearnerState;

const PIECE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/demo/bach-prelude-bwv-846.mid");

/// Opens a file where a performance of one note is recorded. Returns the dialog's state, and the store.
fn filled(path: Option<PathBuf>, start: f64) -> (DialogState<String>, Arc<TimelineStore>) {
    let store = Arc::<TimelineStore>::default();
    store.replace(before());
    let dialogs = FileDialogs::new(store.clone(), Arc::default());
    dialogs.open_from(start, || || path);
    while dialogs.opening() == DialogState::Choosing {
        thread::yield_now();
    }
    (dialogs.opening(), store)
}

fn before() -> TimelineSnapshot {
    let note = TimelineNote { beats: 1.0, length: 0.5, beat_seconds: 0.5, channel: 0, key: 60, velocity: 64 };
    TimelineSnapshot::new(vec![note], Vec::new())
}

#[test]
fn a_chosen_file_replaces_the_performance_and_undo_restores_it() {
    let (opening, store) = filled(Some(PIECE.into()), 32.0);
    let performance = store.get().0;
    assert_eq!((opening, performance.notes().len()), (DialogState::Idle, 549));
    assert!(performance.notes()[0].beats >= 32.0);
    store.undo();
    assert_eq!(*store.get().0, before());
}

#[test]
fn without_a_choice_nothing_changes() {
    let (opening, store) = filled(None, 0.0);
    assert_eq!((opening, &*store.get().0), (DialogState::Idle, &before()));
}

#[test]
fn an_invalid_file_is_named_and_the_performance_stays() {
    for path in [concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), "/no/such.mid"] {
        let (opening, store) = filled(Some(path.into()), 0.0);
        assert!(matches!(&opening, DialogState::Failed(text) if text.contains(path)), "{opening:?}");
        assert_eq!(*store.get().0, before());
    }
}

#[test]
fn a_file_with_too_many_notes_is_refused_and_not_truncated() {
    let mut events = Vec::new();
    for _ in 0..=MAX_NOTES {
        events.extend([0x01, 0x90, 60, 80, 0x01, 60, 0]);
    }
    let path = std::env::temp_dir().join(format!("tonenet-fill-{}.mid", std::process::id()));
    std::fs::write(&path, midi_from_tracks(96, &[events])).unwrap();
    let (opening, store) = filled(Some(path.clone()), 0.0);
    std::fs::remove_file(path).unwrap();
    assert!(matches!(&opening, DialogState::Failed(text) if text.contains("200001 notes")), "{opening:?}");
    assert_eq!(*store.get().0, before());
}

#[test]
fn an_invalid_start_places_the_file_at_the_start_of_the_song() {
    for start in [f64::NAN, f64::INFINITY, 1e300] {
        let [found, expected] = [start, 0.0].map(|start| {
            let (opening, store) = filled(Some(PIECE.into()), start);
            (opening, store.get().0)
        });
        assert_eq!(found, expected);
    }
}

#[test]
fn a_second_dialog_does_not_open_while_the_first_is_open() {
    let dialogs = FileDialogs::new(Arc::default(), Arc::default());
    let (release, wait) = std::sync::mpsc::channel::<()>();
    dialogs.open_from(0.0, || {
        move || {
            let _ = wait.recv();
            None
        }
    });
    dialogs.open_from(0.0, || -> fn() -> Option<PathBuf> { panic!("a second dialog") });
    assert_eq!(dialogs.opening(), DialogState::Choosing);
    drop(release);
    while dialogs.opening() == DialogState::Choosing {
        thread::yield_now();
    }
}

fn saved(path: Option<PathBuf>) -> DialogState<PathBuf> {
    let clip = Clip::new(4.0, (4, 4), vec![ClipNote { onset: 1.0, length: 1.0, key: 60, velocity: 80 }]).unwrap();
    let dialogs = FileDialogs::new(Arc::default(), Arc::default());
    dialogs.save_to(Arc::new(clip), 90.0, || || path);
    while dialogs.saving() == DialogState::Choosing {
        thread::yield_now();
    }
    dialogs.saving()
}

#[test]
fn a_clip_is_saved_where_the_user_chooses() {
    let folder = std::env::temp_dir().join(format!("tonenet-save-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let DialogState::Done(path) = saved(Some(folder.join("a clip"))) else { panic!("it is not saved") };
    assert_eq!(path, folder.join("a clip.mid"));
    let song = Song::parse(std::fs::read(&path).unwrap()).unwrap();
    assert_eq!((song.notes().len(), song.notes()[0].note.key), (1, 60));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn without_a_choice_nothing_is_saved_and_an_invalid_path_is_named() {
    assert_eq!(saved(None), DialogState::Idle);
    assert!(
        matches!(saved(Some("/no/such/clip.mid".into())), DialogState::Failed(text) if text.contains("/no/such/clip.mid"))
    );
}

pub(crate) fn style() -> UserStyle {
    let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
    let model = EmbeddedModel::Note.load(&runtime).unwrap();
    let Network::Note(network) = model.network() else { panic!("the note model") };
    let readout = Readout {
        past: vec![0.1; network.past_width()],
        ahead: vec![0.0; network.ahead_width()],
        built_ins: Vec::new(),
        constant: 1.0,
    };
    let card = StyleCard {
        files: 1,
        notes: 1_000,
        r: None,
        nearest_r: 0.5,
        learned_on: "2026-01-31".into(),
        description: "Softer than Jazz.".into(),
    };
    let spread = StyleSpread { human: 15.0, predicted: 10.0 };
    let (fingerprint, nearest) = (network.fingerprint(&[]).unwrap(), Genre::Jazz);
    UserStyle::new(StyleContents {
        name: "Late evening".into(),
        fingerprint,
        readout,
        spread_scale: 1.0,
        spread,
        nearest,
        feel: OwnFeel::NEAREST,
        card,
    })
    .unwrap()
}

#[test]
fn a_style_that_was_exported_is_imported_into_an_empty_slot() {
    let folder = std::env::temp_dir().join(format!("tonenet-style-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let store = Arc::<StyleStore>::default();
    let dialogs = FileDialogs::new(Arc::default(), store.clone());
    let chosen = folder.join("evening");
    dialogs.export_to(Arc::new(style()), || || Some(chosen));
    while dialogs.exporting() == DialogState::Choosing {
        thread::yield_now();
    }
    let file = folder.join("evening.tonestyle");
    assert_eq!(dialogs.exporting(), DialogState::Done(file.clone()));
    let import = |path: PathBuf| {
        dialogs.import_from(|| || Some(path));
        while dialogs.importing() == DialogState::Choosing {
            thread::yield_now();
        }
        dialogs.importing()
    };
    assert_eq!(import(file.clone()), DialogState::Done("Late evening".into()));
    assert_eq!(store.style(0).as_deref(), Some(&style()));
    std::fs::write(&file, "{").unwrap();
    for path in [file, folder.join("no.tonestyle")] {
        let name = path.display().to_string();
        assert!(matches!(import(path), DialogState::Failed(text) if text.contains(&name)), "{name}");
    }
    assert_eq!(store.choices().len(), 4, "the style stays");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_style_is_learned_from_what_the_user_chooses() {
    let dialogs = FileDialogs::new(Arc::default(), Arc::default());
    let open = || Err("a test".into());
    let learner = Arc::new(Learner::new(Arc::default(), Arc::default(), Box::new(open)));
    let choose = |choice: Option<LearningSource>| {
        dialogs.learn_from(learner.clone(), || || choice);
        while dialogs.learning() == DialogState::Choosing {
            thread::yield_now();
        }
        assert_eq!(dialogs.learning(), DialogState::Idle);
    };
    choose(None);
    assert_eq!(learner.state(), LearnerState::Idle);
    choose(Some(LearningSource::Folder("/no/such/folder".into())));
    while matches!(learner.state(), LearnerState::Learning { .. }) {
        thread::yield_now();
    }
    let LearnerState::Failed(failure) = learner.state() else { panic!("{:?}", learner.state()) };
    assert!(failure.reason.contains("/no/such/folder"), "{failure:?}");
}

#[test]
fn of_several_dropped_files_timeline_takes_the_first_and_says_so() {
    let store = Arc::<TimelineStore>::default();
    let dialogs = FileDialogs::new(store.clone(), Arc::default());
    let drop_files = |files: &[&str]| {
        dialogs.open_dropped(files.iter().map(PathBuf::from).collect(), 0.0);
        while dialogs.opening() == DialogState::Choosing {
            thread::yield_now();
        }
        dialogs.opening()
    };
    let text = "Timeline remembers bach-prelude-bwv-846.mid";
    assert_eq!(drop_files(&[PIECE]), DialogState::Done(text.into()));
    assert_eq!(store.get().0.notes().len(), 549);
    let text = "Timeline remembers bach-prelude-bwv-846.mid, the first one only";
    assert_eq!(drop_files(&[PIECE, "/no/such.mid"]), DialogState::Done(text.into()));
    let toml = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    assert!(matches!(drop_files(&[toml]), DialogState::Failed(text) if text.contains("Cargo.toml")));
    assert_eq!(store.get().0.notes().len(), 549, "the performance stays");
}

#[test]
fn a_restyled_performance_is_saved_where_the_user_chooses() {
    let folder = tempfile::tempdir().unwrap();
    let dialogs = FileDialogs::new(Arc::default(), Arc::default());
    let chosen = folder.path().join("evening");
    dialogs.save_performance_to(|| before().written(|_, note| note.velocity + 10), || || Some(chosen));
    while dialogs.saving_performance() == DialogState::Choosing {
        thread::yield_now();
    }
    let file = folder.path().join("evening.mid");
    assert_eq!(dialogs.saving_performance(), DialogState::Done(file.clone()));
    let song = Song::parse(std::fs::read(file).unwrap()).unwrap();
    assert_eq!(song.notes().iter().map(|n| (n.note.key, n.note.velocity)).collect::<Vec<_>>(), [(60, 74)]);
}

#[test]
fn a_preset_is_exported_and_imported() {
    use crate::presets::{PresetFolder, PresetStore, shipped};
    let folder = tempfile::tempdir().unwrap();
    let dialogs = FileDialogs::new(Arc::default(), Arc::default());
    let file = folder.path().join("ballad.tonepreset");
    let chosen = file.clone();
    dialogs.export_preset_to(shipped()[0].clone(), || || Some(chosen));
    while dialogs.exporting_preset() == DialogState::Choosing {
        thread::yield_now();
    }
    assert_eq!(dialogs.exporting_preset(), DialogState::Done(file.clone()));
    let store = Arc::new(PresetStore::new(PresetFolder::at(folder.path().join("presets"))));
    dialogs.import_preset_from(store.clone(), || || Some(file));
    while store.list().presets.is_empty() {
        thread::yield_now();
    }
    assert_eq!(store.list().presets[0], shipped()[0]);
}
