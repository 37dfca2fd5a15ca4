//! Opening a runtime never fails: for a missing or unusable library, or a second one, the report says what is used
//! instead.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{candidate, onnx_runtime, onnx_runtime_library};
use tonenet_inference::library::{Candidate, FILE_NAME, Source};
use tonenet_inference::runtime::{Runtime, RuntimePreference, RuntimeReport};

fn open(preference: RuntimePreference, paths: &[&Path]) -> RuntimeReport {
    let candidates: Vec<_> = paths.iter().map(|path| candidate(path)).collect();
    Runtime::open(preference, &candidates).1
}

/// A library of this system that is not ONNX Runtime.
fn foreign_library() -> PathBuf {
    let maps = fs::read_to_string("/proc/self/maps").expect("Linux lists what a process has loaded");
    let line = maps.lines().find(|line| line.contains("/libc.so")).expect("a test uses the C library");
    PathBuf::from(line.split_whitespace().last().unwrap_or_default())
}

#[test]
fn the_report_names_a_missing_library_and_the_built_in_runtime_is_used() {
    let missing = Path::new("/nowhere/libonnxruntime.so");
    for preference in [RuntimePreference::Auto, RuntimePreference::OnnxRuntime] {
        let report = open(preference, &[missing]);
        assert_eq!(report.runtime, "built-in (rten 0.27)");
        assert_eq!((report.provider.as_str(), report.library), ("CPU", None));
        assert!(report.notes[0].contains("/nowhere/libonnxruntime.so"), "{:?}", report.notes);
        assert!(report.notes[0].contains("the settings"), "{:?}", report.notes);
    }
}

#[test]
fn default_folders_are_reported_only_as_a_place_to_install_the_library() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let default = Candidate { path: folder.path().join(FILE_NAME), source: Source::UserData };
    let (_, report) = Runtime::open(RuntimePreference::Auto, &[default]);
    assert_eq!(report.notes.len(), 1, "{:?}", report.notes);
    assert!(report.notes[0].contains(&folder.path().display().to_string()), "{:?}", report.notes);
}

#[test]
fn choosing_the_built_in_runtime_gives_no_notes() {
    let report = open(RuntimePreference::BuiltIn, &[&onnx_runtime_library()]);
    assert_eq!((report.runtime.as_str(), report.notes), ("built-in (rten 0.27)", vec![]));
}

#[test]
#[cfg(target_os = "linux")]
fn files_that_are_not_onnx_runtime_are_skipped_with_a_note() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = folder.path().join("text.so");
    fs::write(&text, "not a library").expect("a file can be written");
    let foreign = foreign_library();
    let library = onnx_runtime_library();
    let report = open(RuntimePreference::Auto, &[&text, &foreign, &library]);
    assert!(report.runtime.starts_with("ONNX Runtime 1."), "{report:?}");
    assert!(report.notes.len() >= 2, "{report:?}");
    for (path, note) in [&text, &foreign].into_iter().zip(&report.notes) {
        assert!(note.contains(&path.display().to_string()) && note.contains("is not used"), "{note}");
    }
    let report = open(RuntimePreference::Auto, &[&text]);
    assert_eq!(report.runtime, "built-in (rten 0.27)");
}

#[test]
fn a_second_library_is_not_used_and_a_note_says_so() {
    let (_, first) = onnx_runtime();
    let folder = tempfile::tempdir().expect("a temporary folder");
    // It is loaded to look at it, from a folder with a name in other scripts.
    let folder = folder.path().join("Büchse 音楽");
    fs::create_dir(&folder).expect("a folder can be made");
    let copy = folder.join(FILE_NAME);
    fs::copy(onnx_runtime_library(), &copy).expect("the library can be copied");
    let second = open(RuntimePreference::Auto, &[&copy]);
    assert_eq!((&second.runtime, &second.library), (&first.runtime, &first.library));
    let note = &second.notes[0];
    assert!(note.contains(&copy.display().to_string()) && note.contains("restart"), "{note}");
    let same = open(RuntimePreference::Auto, &[&onnx_runtime_library()]);
    assert_eq!(same.notes, first.notes);
}
