//! Fuzzes model files: nothing panics or hangs, and every fault becomes an [`InferenceError`].
//!
//! The input is read as `model.json`, alone and in a folder with graphs that match its checksums, and as an ONNX file for
//! the built-in runtime. The runtime gets the file only if it passes validation.

use std::fs;
use std::panic;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use tempfile::TempDir;
use tonenet_inference::bundle::{GraphFile, ModelFiles};
use tonenet_inference::error::InferenceError;
use tonenet_inference::manifest::{FILE_NAME, Manifest, NetworkEntry, Sha256};
use tonenet_inference::performance::LoadedModel;
use tonenet_inference::runtime::{self, Runtime, RuntimePreference};
use tonenet_model_export::graph::{Axis, Graph};
use tonenet_model_export::quantise::Precision;

/// The built-in runtime. ONNX Runtime's C++ is not instrumented; its own project fuzzes it.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::open(RuntimePreference::BuiltIn, &[]).0);

/// A graph that every runtime loads.
static GRAPH: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let shape = [Axis::Dynamic("steps"), Axis::Fixed(1), Axis::Fixed(3)];
    let mut graph = Graph::new("bend", Axis::Fixed(1), Precision::Float32);
    let input = graph.input("x", &shape);
    let bent = graph.tanh("bent", &input);
    graph.output("y", &bent, &shape);
    graph.into_bytes()
});

/// Reads bytes as a graph and as a manifest, and checks the results.
pub fn check(bytes: &[u8]) {
    check_graph(bytes);
    match Manifest::from_json(bytes, FILE_NAME) {
        Ok(manifest) => {
            check_manifest(&manifest);
            check_model(manifest);
        }
        Err(error) => check_message(&error),
    }
}

/// Keeps the fuzzer's panic hook from ending the process when the built-in runtime panics.
///
/// `inference` catches these panics and turns them into errors. A panic that nobody catches still ends the process.
pub fn ignore_runtime_panics() {
    let fuzzers_hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let is_in_runtime = info.location().is_some_and(|at| at.file().contains("/rten"));
        if !is_in_runtime {
            fuzzers_hook(info);
        }
    }));
}

/// An error says what is wrong and, after a semicolon, what to do.
fn check_message(error: &InferenceError) {
    let words = error.to_string();
    assert!(words.contains("; "), "{words:?}");
}

fn check_graph(bytes: &[u8]) {
    // A loaded graph keeps the runtime's thread running, which would otherwise start anew for each input.
    static KEPT: LazyLock<Arc<dyn runtime::Graph>> = LazyLock::new(|| {
        RUNTIME.load(GraphFile::new("the plain graph", &GRAPH)).unwrap_or_else(|e| panic!("the plain graph: {e}"))
    });
    LazyLock::force(&KEPT);
    match RUNTIME.load(GraphFile::new("graph.onnx", bytes)) {
        Ok(graph) => assert_eq!(graph.provider(), "CPU"),
        Err(error) => check_message(&error),
    }
}

/// A manifest survives being written and read again.
fn check_manifest(manifest: &Manifest) {
    match manifest.placed_styles() {
        Ok(placed) => assert_eq!(placed.len(), manifest.styles.len()),
        Err(error) => check_message(&error),
    }
    for entry in manifest.graphs() {
        let inside = Path::new(&entry.file).components().count() == 1 && !Path::new(&entry.file).has_root();
        assert!(inside, "{:?} leads out of the model's folder", entry.file);
    }
    let json = serde_json::to_vec(manifest).unwrap_or_else(|e| panic!("a manifest cannot be written: {e}"));
    match Manifest::from_json(&json, FILE_NAME) {
        Ok(again) => assert_eq!(again, *manifest),
        Err(e) => panic!("the written manifest is refused: {e}"),
    }
}

/// Loads a model from a folder with the manifest and graphs that match its checksums.
fn check_model(mut manifest: Manifest) {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
        TempDir::new().unwrap_or_else(|e| panic!("no temporary folder ({e}); set TMPDIR to one that can be written"))
    });
    let checksum = Sha256::digest(&GRAPH);
    match &mut manifest.network {
        NetworkEntry::PianoRoll { encoder, .. } => encoder.sha256 = checksum,
        NetworkEntry::Note { past, ahead, .. } => (past.sha256, ahead.sha256) = (checksum, checksum),
        NetworkEntry::Tunes { step, .. } => step.sha256 = checksum,
        NetworkEntry::Textures(entry) => {
            let graphs = [&mut entry.encoder, &mut entry.decoder, &mut entry.flow];
            graphs.into_iter().for_each(|graph| graph.sha256 = checksum);
        }
    }
    manifest.styles.iter_mut().for_each(|style| style.decoder.sha256 = checksum);
    let mut names: Vec<String> = manifest.graphs().map(|entry| entry.file.clone()).collect();
    names.push(FILE_NAME.into());
    let json = serde_json::to_vec(&manifest).unwrap_or_else(|e| panic!("a manifest cannot be written: {e}"));
    for name in &names {
        let bytes = if name == FILE_NAME { &json } else { &*GRAPH };
        // A name that the file system does not accept stays missing, which loading reports.
        let _ = fs::write(FOLDER.path().join(name), bytes);
    }
    match ModelFiles::from_dir(FOLDER.path()).and_then(|files| LoadedModel::load(&RUNTIME, &files)) {
        Ok(model) => drop(model.live_model(48_000.0)),
        Err(error) => check_message(&error),
    }
    for name in &names {
        // Such a name has no file to remove.
        let _ = fs::remove_file(FOLDER.path().join(name));
    }
}
