//! Files that are restyled from the window: what is written, what is refused, and that no original is touched.

use std::fs;
use std::path::Path;
use std::thread;

use tonenet_core::scope::Scope;
use tonenet_core::style::{StyleBlend, StyleIndex};
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::song::restyle_song;

use super::*;
use crate::dialogs::tests::style;
use crate::params::ToneNetParams;

const PIECE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/demo/bach-prelude-bwv-846.mid");

fn model() -> LoadedModel {
    let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
    EmbeddedModel::Note.load(&runtime).unwrap()
}

fn restyler() -> FileRestyler {
    FileRestyler::new(Arc::default(), Box::new(|_, _| Ok(model())))
}

fn settings() -> Settings {
    ToneNetParams::new(Arc::default()).settings()
}

/// What comes of files.
fn restyled(files: Vec<PathBuf>) -> RestyledFiles {
    let restyler = restyler();
    restyler.start(files, settings());
    while matches!(restyler.state(), RestylerState::Working { .. }) {
        thread::yield_now();
    }
    match restyler.state() {
        RestylerState::Done(restyled) => (*restyled).clone(),
        other => panic!("{other:?}"),
    }
}

fn copied(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    fs::copy(PIECE, &path).unwrap();
    path
}

#[test]
fn a_file_is_restyled_beside_its_original_as_the_program_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = copied(folder.path(), "evening.mid");
    let done = restyled(vec![file.clone()]);
    assert_eq!((done.refused, done.is_cancelled), (vec![], false));
    let [(original, outcome)] = &done.written[..] else { panic!("{:?}", done.written) };
    assert_eq!((original.as_str(), outcome.result.as_str()), ("evening.mid", "evening-jazz.mid"));
    assert!(outcome.notes == 549 && outcome.changed > 400, "{outcome:?}");
    assert_eq!(fs::read(&file).unwrap(), fs::read(PIECE).unwrap(), "the original stays");
    let song = tonenet_core::midi::Song::parse(fs::read(PIECE).unwrap()).unwrap();
    let expected = restyle_song(
        &model(),
        &song,
        &tonenet_inference::song::SongRestyling::in_style(StyleIndex::JAZZ, settings().take),
    );
    let expected = song.with_velocities(&expected.unwrap().velocities).unwrap();
    assert_eq!(fs::read(folder.path().join("evening-jazz.mid")).unwrap(), expected);
}

#[test]
fn notes_outside_the_scope_keep_their_velocity() {
    let folder = tempfile::tempdir().unwrap();
    let restyler = restyler();
    let scope = Scope { low: 60, ..Scope::ALL };
    restyler.start(vec![copied(folder.path(), "evening.mid")], Settings { scope, ..settings() });
    while matches!(restyler.state(), RestylerState::Working { .. }) {
        thread::yield_now();
    }
    let song = |path: &Path| tonenet_core::midi::Song::parse(fs::read(path).unwrap()).unwrap();
    let (own, new) = (song(Path::new(PIECE)), song(&folder.path().join("evening-jazz.mid")));
    let changed = |is_in: bool| {
        let both = own.notes().iter().zip(new.notes()).filter(|(own, _)| (own.note.key >= 60) == is_in);
        both.filter(|(own, new)| own.note.velocity != new.note.velocity).count()
    };
    assert!(changed(true) > 100 && changed(false) == 0);
}

#[test]
fn a_result_that_is_there_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let file = copied(folder.path(), "evening.mid");
    fs::write(folder.path().join("evening-jazz.mid"), "somebody's").unwrap();
    let names: Vec<String> = [file.clone(), file].map(|file| restyled(vec![file]).written[0].1.result.clone()).into();
    assert_eq!(names, ["evening-jazz-2.mid", "evening-jazz-3.mid"]);
    assert_eq!(fs::read(folder.path().join("evening-jazz.mid")).unwrap(), b"somebody's");
}

#[test]
fn files_that_are_no_midi_are_refused_by_name_and_the_others_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let (picture, inside, song) =
        (folder.path().join("a.png"), folder.path().join("songs"), copied(folder.path(), "b.mid"));
    fs::write(&picture, [0x89, b'P', b'N', b'G']).unwrap();
    fs::create_dir(&inside).unwrap();
    let done = restyled(vec![picture, inside, folder.path().join("none.mid"), song]);
    assert_eq!(done.written.len(), 1);
    for (refusal, begins) in done.refused.iter().zip(["a.png: ", "songs is a folder", "cannot read none.mid"]) {
        assert!(refusal.starts_with(begins), "{refusal}");
    }
    assert_eq!(done.refused.len(), 3);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "nothing half written");
}

#[test]
fn a_cancelled_restyler_writes_no_more_files() {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = (0..50).map(|number| copied(folder.path(), &format!("{number}.mid"))).collect();
    let restyler = restyler();
    restyler.start(files, settings());
    restyler.cancel();
    while matches!(restyler.state(), RestylerState::Working { .. }) {
        thread::yield_now();
    }
    let RestylerState::Done(done) = restyler.state() else { panic!("{:?}", restyler.state()) };
    assert!(done.is_cancelled);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 50 + done.written.len());
    restyler.acknowledge();
    assert_eq!(restyler.state(), RestylerState::Idle);
}

#[test]
fn a_restyler_that_is_cancelled_while_its_model_opens_is_no_failure() {
    // A driver that hangs: only a stop ends it.
    let open = |_: EmbeddedModel, stop: &Cancellation| {
        while stop.check().is_ok() {
            thread::yield_now();
        }
        Err("cancelled".into())
    };
    let restyler = FileRestyler::new(Arc::default(), Box::new(open));
    restyler.start(vec![PIECE.into()], settings());
    restyler.cancel();
    while matches!(restyler.state(), RestylerState::Working { .. }) {
        thread::yield_now();
    }
    let done = RestyledFiles { is_cancelled: true, ..RestyledFiles::default() };
    assert_eq!(restyler.state(), RestylerState::Done(Arc::new(done)));
}

#[test]
fn a_model_that_does_not_open_is_said_and_nothing_is_written() {
    let restyler = FileRestyler::new(Arc::default(), Box::new(|_, _| Err("the model is missing".into())));
    restyler.start(vec![PIECE.into()], settings());
    while matches!(restyler.state(), RestylerState::Working { .. }) {
        thread::yield_now();
    }
    assert_eq!(restyler.state(), RestylerState::Failed("the model is missing".into()));
}

#[test]
fn results_are_called_after_the_styles_that_count() {
    let store = StyleStore::default();
    store.put(0, style());
    let own = StyleIndex::from_slot(0).unwrap();
    let label = |a, b, share_of_b| file::label(&store, StyleBlend { a, b, share_of_b });
    let (jazz, pop) = (StyleIndex::JAZZ, StyleIndex::POP);
    assert_eq!(label(jazz, pop, 0.0), "jazz");
    assert_eq!(label(jazz, pop, 0.5), "jazz-pop");
    assert_eq!(label(jazz, pop, 1.0), "pop");
    assert_eq!(label(jazz, jazz, 0.5), "jazz");
    assert_eq!(label(own, pop, 0.25), "late-evening-pop");
}
