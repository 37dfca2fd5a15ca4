//! What fuzzing begins with: files that are in the repository anyway, and graphs as small as they can be.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use tonenet_files::outputs::Inputs;
use tonenet_model_export::graph::{Axis, Direction, Graph, States};
use tonenet_model_export::quantise::Precision;
use tonenet_model_export::weights::{Linear, Lstm, Matrix};

use crate::cli::{FuzzTarget, ModelName};
use crate::workspace::root;

/// Puts a target's seeds among the inputs that earlier runs found.
///
/// # Errors
/// When a seed cannot be read, or the folder cannot be written.
pub fn lay_down(target: FuzzTarget) -> Result<()> {
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
            let mut seeds = graphs();
            for model in [ModelName::Note, ModelName::Attention, ModelName::Baseline] {
                let path = root().join("assets/models").join(model.id()).join("model.json");
                seeds.push((format!("{}.json", model.id()), read(&path)?));
            }
            Ok(seeds)
        }
        // Its inputs are no files; it finds its way from nothing.
        FuzzTarget::EventStream => Ok(Vec::new()),
    }
}

/// The files of a folder that end so.
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

/// Graphs that hold, between them, every operator that model-export writes.
fn graphs() -> Vec<(String, Vec<u8>)> {
    [Precision::Float32, Precision::StoredInt8, Precision::DynamicInt8]
        .into_iter()
        .map(|precision| (format!("{precision:?}.onnx").to_lowercase(), graph(precision)))
        .collect()
}

fn graph(precision: Precision) -> Vec<u8> {
    const WIDTH: usize = 2;
    let (steps, batch) = (Axis::Dynamic("steps"), Axis::Fixed(1));
    let shape = [steps, batch, Axis::Fixed(WIDTH)];
    let numbers = |count: usize| (0..count).map(|at| at as f32 / 8.0).collect::<Vec<_>>();
    let recurrent = Lstm {
        input: WIDTH,
        hidden: WIDTH,
        input_weights: numbers(4 * WIDTH * WIDTH),
        hidden_weights: numbers(4 * WIDTH * WIDTH),
        input_bias: numbers(4 * WIDTH),
        hidden_bias: numbers(4 * WIDTH),
    };
    let layer = Linear {
        weight: Matrix { rows: WIDTH, columns: WIDTH, values: numbers(WIDTH * WIDTH) },
        bias: Some(numbers(WIDTH)),
    };
    let mut graph = Graph::new("seed", batch, precision);
    let input = graph.input("input", &shape);
    let first = States { hidden: graph.input("h", &[Axis::Fixed(1), batch, Axis::Fixed(WIDTH)]), cell: "h".into() };
    let (carried, _) = graph.lstm_from("carried", &input, &recurrent, Direction::Forward, &first);
    let back = graph.lstm("back", &carried, &recurrent, Direction::Reverse);
    let turned = graph.transpose("turned", &back, [1, 0, 2]);
    let straight = graph.transpose("straight", &turned, [1, 0, 2]);
    let joined = graph.concat("joined", &[&straight, &input]);
    let scaled = graph.scale("scaled", &joined, 0.5);
    let clipped = graph.clamp("clipped", &scaled, -1.0, 1.0);
    let bent = graph.tanh("bent", &clipped);
    let positive = graph.relu("positive", &bent);
    let grown = graph.exp("grown", &positive);
    let shares = graph.softmax("shares", &grown);
    let one = graph.linear("one", &input, &layer);
    graph.output("shares_out", &shares, &[steps, batch, Axis::Fixed(2 * WIDTH)]);
    graph.output("one_out", &one, &shape);
    graph.into_bytes()
}
