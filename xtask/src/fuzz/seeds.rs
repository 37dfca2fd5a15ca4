//! The seeds of fuzzing: files from the repository, and the smallest graphs possible.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use tonenet_files::outputs::Inputs;

use crate::cli::FuzzTarget;
use crate::workspace::{cargo, root, run};

/// Models whose manifests are seeds.
const MODELS: [&str; 3] = ["note", "attention", "baseline"];

/// Copies a target's seeds to the inputs that earlier runs found.
///
/// # Errors
/// When a seed cannot be read, or the folder cannot be written.
pub fn copy(target: FuzzTarget) -> Result<()> {
    let corpus = root().join("fuzz/corpus").join(target.name());
    // The seeds have the names of the files that they are copies of.
    let mut outputs = Inputs::default().outputs();
    for (name, bytes) in seeds(target)? {
        outputs.file(&corpus.join(format!("seed-{name}")))?.write(&bytes)?;
    }
    Ok(())
}

fn seeds(target: FuzzTarget) -> Result<Vec<(String, Vec<u8>)>> {
    match target {
        FuzzTarget::MidiFile => files(&root().join("assets/demo"), "mid"),
        FuzzTarget::State => files(&root().join("tests/states"), "json"),
        FuzzTarget::ModelMetadata => {
            let mut seeds = graphs()?;
            for model in MODELS {
                let path = root().join("assets/models").join(model).join("model.json");
                seeds.push((format!("{model}.json"), read(&path)?));
            }
            Ok(seeds)
        }
        FuzzTarget::UserStyle => files(&root().join("fuzz/fuzz_targets/seeds"), "tonestyle"),
        // Its inputs are not files; fuzzing starts from nothing.
        FuzzTarget::EventStream => Ok(Vec::new()),
    }
}

/// The files in a folder with an extension.
fn files(folder: &Path, extension: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let entries = folder.read_dir().with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        if path.extension().is_some_and(|its| its == extension) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, read(&path)?));
        }
    }
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}; check the repository out again", path.display()))
}

/// Graphs that contain between them every operator that model-export writes; its example `fuzz_seeds` makes them.
fn graphs() -> Result<Vec<(String, Vec<u8>)>> {
    let folder = tempfile::tempdir()?;
    let mut example = cargo();
    example.args(["run", "--locked", "--package", "tonenet-model-export", "--example", "fuzz_seeds", "--"]);
    run(example.arg(folder.path()))?;
    files(folder.path(), "onnx")
}
