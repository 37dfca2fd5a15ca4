//! Any bytes as a model's files: as `model.json`, alone and in a folder with graphs that its checksums fit, and as an
//! ONNX file for the built-in runtime, which gets it only when the screening lets it pass. Nothing panics or hangs;
//! what is wrong is told in an [`InferenceError`].

use std::fs;
use std::panic;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use tempfile::TempDir;
use tonenet_core::genre::Genre;
use tonenet_inference::bundle::{GraphFile, ModelFiles};
use tonenet_inference::error::InferenceError;
use tonenet_inference::manifest::{FILE_NAME, Manifest, NetworkEntry, Sha256};
use tonenet_inference::performance::LoadedModel;
use tonenet_inference::runtime::{self, Runtime, RuntimePreference};
use tonenet_model_export::graph::{Axis, Graph};
use tonenet_model_export::quantise::Precision;

/// The built-in runtime: ONNX Runtime's C++ is not instrumented, and another project's to fuzz.
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

/// Bytes as a model's files.
pub fn check(bytes: &[u8]) {
    as_graph(bytes);
    match Manifest::from_json(bytes, FILE_NAME) {
        Ok(manifest) => {
            as_manifest(&manifest);
            in_a_folder(manifest);
        }
        Err(error) => check_words(&error),
    }
}

/// `inference` catches the runtime's panics and makes errors of them; the fuzzer's own hook would end the process
/// before that. Those that nobody catches still end it.
pub fn survive_the_runtimes_panics() {
    let fuzzers = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let of_runtime = info.location().is_some_and(|at| at.file().contains("/rten"));
        if !of_runtime {
            fuzzers(info);
        }
    }));
}

/// An error says what is wrong; what to do.
fn check_words(error: &InferenceError) {
    let words = error.to_string();
    assert!(words.contains("; "), "{words:?}");
}

fn as_graph(bytes: &[u8]) {
    // Held while the graph is there, so that its thread does not start again each time.
    static KEPT: LazyLock<Arc<dyn runtime::Graph>> = LazyLock::new(|| {
        RUNTIME.load(GraphFile::new("the plain graph", &GRAPH)).unwrap_or_else(|e| panic!("the plain graph: {e}"))
    });
    LazyLock::force(&KEPT);
    match RUNTIME.load(GraphFile::new("graph.onnx", bytes)) {
        Ok(graph) => assert_eq!(graph.provider(), "CPU"),
        Err(error) => check_words(&error),
    }
}

/// What was read is written, and read again to the same.
fn as_manifest(manifest: &Manifest) {
    for style in Genre::ALL {
        assert!(manifest.style(style).is_none_or(|entry| entry.id == style.id()));
    }
    for entry in manifest.graphs() {
        let inside = Path::new(&entry.file).components().count() == 1 && !Path::new(&entry.file).has_root();
        assert!(inside, "{:?} leads out of the model's folder", entry.file);
    }
    let json = serde_json::to_vec(manifest).unwrap_or_else(|e| panic!("a manifest cannot be written: {e}"));
    match Manifest::from_json(&json, FILE_NAME) {
        Ok(again) => assert_eq!(again, *manifest),
        Err(e) => panic!("what was written is refused: {e}"),
    }
}

/// The manifest in a folder with graphs that its checksums fit: the model loads, and begins a part, or says why not.
fn in_a_folder(mut manifest: Manifest) {
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
        // A name that this file system does not take stays missing, which is told.
        let _ = fs::write(FOLDER.path().join(name), bytes);
    }
    match ModelFiles::from_dir(FOLDER.path()).and_then(|files| LoadedModel::load(&RUNTIME, &files)) {
        Ok(model) => drop(model.live_model(48_000.0)),
        Err(error) => check_words(&error),
    }
    for name in &names {
        // Nor is it there then.
        let _ = fs::remove_file(FOLDER.path().join(name));
    }
}
