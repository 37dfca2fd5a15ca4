//! A model's folder is read completely, or refused with the name of the wrong file.

mod common;

use std::fs;
use std::path::Path;

use common::{FRAME, HIDDEN, KEYS, Network, built_in, frames};
use tempfile::TempDir;
use tonenet_inference::bundle::{GraphFile, ModelFiles};
use tonenet_inference::error::InferenceError;
use tonenet_inference::manifest::{FILE_NAME, FORMAT, GraphEntry, Manifest, NetworkEntry, Sha256, StyleEntry};

fn entry(file: &str, bytes: &[u8]) -> GraphEntry {
    GraphEntry { file: file.into(), sha256: Sha256::digest(bytes) }
}

/// A folder with a small model that has the style jazz.
fn model() -> TempDir {
    let network = Network::new();
    let (encoder, decoder) = (network.encoder(), network.decoder());
    let manifest = Manifest {
        format: FORMAT,
        name: "small".into(),
        title: "Small".into(),
        network: NetworkEntry::PianoRoll {
            frame: FRAME,
            keys: KEYS,
            memory: 2 * HIDDEN,
            context_steps: 8,
            max_steps: None,
            encoder: entry("encoder.onnx", &encoder),
        },
        styles: vec![StyleEntry {
            id: "jazz".into(),
            title: "Jazz".into(),
            decoder: entry("decoder-jazz.onnx", &decoder),
            residual: 12.1,
            human_spread: 15.9,
            predicted_spread: 8.3,
        }],
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("encoder.onnx"), encoder).expect("a file can be written");
    fs::write(folder.path().join("decoder-jazz.onnx"), decoder).expect("a file can be written");
    let json = serde_json::to_vec_pretty(&manifest).expect("a manifest is JSON");
    fs::write(folder.path().join(FILE_NAME), json).expect("a file can be written");
    folder
}

fn encoder(files: &ModelFiles) -> GraphFile<'_> {
    files.shared().next().expect("an encoder")
}

fn refusal(folder: &Path) -> InferenceError {
    ModelFiles::from_dir(folder).expect_err("the model is invalid")
}

#[test]
fn a_complete_folder_is_read_and_its_graphs_run() {
    let folder = model();
    let files = ModelFiles::from_dir(folder.path()).expect("a complete model");
    assert_eq!(files.manifest().title, "Small");
    let runtime = built_in();
    let encoder = runtime.load(encoder(&files)).expect("the encoder loads");
    let decoder = runtime.load(files.decoder("jazz").expect("it has jazz")).expect("the decoder loads");
    let memory = encoder.run(&[("frames", frames(4).view())], &["memory"]).expect("the encoder runs");
    let deviations = decoder.run(&[("memory", memory[0].view())], &["deviations"]).expect("the decoder runs");
    assert_eq!(deviations[0].shape, [4, 1, KEYS]);
}

#[test]
fn the_error_for_a_missing_style_names_it() {
    let folder = model();
    let files = ModelFiles::from_dir(folder.path()).expect("a complete model");
    let error = files.decoder("pop").expect_err("it has only jazz");
    assert!(matches!(error, InferenceError::NoSuchStyle { .. }), "{error:?}");
    assert!(error.to_string().contains("no decoder for pop"), "{error}");
}

#[test]
fn the_error_for_a_missing_file_names_it() {
    for name in [FILE_NAME, "encoder.onnx", "decoder-jazz.onnx"] {
        let folder = model();
        let path = folder.path().join(name);
        fs::remove_file(&path).expect("the file is there");
        let error = refusal(folder.path());
        assert!(matches!(error, InferenceError::Missing { .. }), "{error:?}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

#[test]
fn a_graph_with_one_changed_byte_is_refused() {
    for name in ["encoder.onnx", "decoder-jazz.onnx"] {
        let folder = model();
        let path = folder.path().join(name);
        let mut bytes = fs::read(&path).expect("the file is there");
        bytes[100] ^= 1;
        fs::write(&path, bytes).expect("a file can be written");
        let text = refusal(folder.path()).to_string();
        let message = "is damaged (its checksum does not match model.json); export or download the model again";
        assert_eq!(text, format!("{} {message}", path.display()));
    }
}

#[test]
fn the_error_for_an_invalid_manifest_names_it() {
    let folder = model();
    let path = folder.path().join(FILE_NAME);
    for json in ["", "{", "[]", "{\"format\": 1}", "\u{0}"] {
        fs::write(&path, json).expect("a file can be written");
        let error = refusal(folder.path());
        assert!(matches!(error, InferenceError::BadManifest { .. }), "{error:?}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
    fs::write(&path, "{\"format\": 2}").expect("a file can be written");
    assert!(refusal(folder.path()).to_string().contains("update the plugin"));
}

#[test]
fn files_compiled_into_the_program_are_checked_as_those_in_a_folder() {
    let folder = model();
    let table: Vec<(&'static str, &'static [u8])> = [FILE_NAME, "encoder.onnx", "decoder-jazz.onnx"]
        .map(|name| (name, &*fs::read(folder.path().join(name)).expect("the file is there").leak()))
        .into();
    let table: &'static [_] = table.leak();
    let files = ModelFiles::from_static(table).expect("a complete model");
    let from_folder = ModelFiles::from_dir(folder.path()).expect("a complete model");
    assert_eq!(files.manifest(), from_folder.manifest());
    assert_eq!(encoder(&files).bytes(), encoder(&from_folder).bytes());
    let text = ModelFiles::from_static(&table[..2]).expect_err("a decoder is missing").to_string();
    assert!(text.starts_with("decoder-jazz.onnx inside the plugin is missing"), "{text}");
}
