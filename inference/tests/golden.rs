//! The shipped models give torch's numbers in both runtimes: the deviation of every note in every style, over the
//! beginning of the demo piece.

use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use tonenet_core::grid::Grid;
use tonenet_core::note::Note;
use tonenet_core::style::StyleIndex;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::performance::{LoadedModel, LookAhead, PerformanceView};
use tonenet_inference::runtime::{Runtime, RuntimePreference};

/// In velocity steps.
const TOLERANCE: f32 = 1e-4;

const MODELS: [&str; 3] = ["note", "attention", "baseline"];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The numbers of a tensor, which torch saved as f64 or f32.
fn column(tensors: &SafeTensors, name: &str) -> Vec<f64> {
    let tensor = tensors.tensor(name).unwrap();
    match tensor.dtype() {
        safetensors::Dtype::F64 => {
            tensor.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
        }
        safetensors::Dtype::F32 => {
            tensor.data().chunks_exact(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap()))).collect()
        }
        other => panic!("{name} is {other:?}"),
    }
}

fn notes(golden: &SafeTensors) -> Vec<Note> {
    let columns =
        ["onset", "release", "onset_sixteenths", "release_sixteenths", "key"].map(|name| column(golden, name));
    let [onset, release, onset_sixteenths, release_sixteenths, key] = columns;
    (0..onset.len())
        .map(|i| Note {
            onset: onset[i],
            release: release[i],
            onset_sixteenths: onset_sixteenths[i],
            release_sixteenths: release_sixteenths[i],
            channel: 0,
            key: key[i] as u8,
            velocity: 64,
        })
        .collect()
}

fn assert_agreement_with_torch(preference: RuntimePreference) {
    let library = workspace().join("third_party/onnxruntime/libonnxruntime.so");
    let (runtime, report) = Runtime::open(preference, &library::candidates(Some(&library)));
    let wants_library = preference == RuntimePreference::OnnxRuntime;
    assert_eq!(
        report.library.is_some(),
        wants_library,
        "run `cargo xtask setup onnxruntime` first: {:?}",
        report.notes
    );
    for name in MODELS {
        let folder = workspace().join("assets/models").join(name);
        let model = LoadedModel::load(&runtime, &ModelFiles::from_dir(&folder).unwrap()).unwrap();
        let golden = std::fs::read(folder.join("golden.safetensors")).unwrap();
        let golden = SafeTensors::deserialize(&golden).unwrap();
        let notes = notes(&golden);
        assert!(notes.len() >= 64, "{name}: enough notes for the states to matter");
        let performance = PerformanceView { notes: &notes, pedals: &[], grid: Grid::Sixteenths, player_level: None };
        for style in StyleIndex::BUILT_IN {
            let found = model.predict(&performance, LookAhead::WholePerformance, &[style]).unwrap().remove(0);
            let expected = column(&golden, &format!("deviation.{}", style.built_in().unwrap().id));
            assert_eq!(found.len(), expected.len());
            let differences = found.iter().zip(&expected).map(|(a, &b)| (a.deviation - b as f32).abs());
            let worst = differences.fold(0.0, |worst: f32, d| if d.is_nan() { f32::NAN } else { worst.max(d) });
            assert!(worst <= TOLERANCE, "{name}, {style}: {worst} velocity steps from torch");
            assert!(expected.iter().any(|v| v.abs() > 1.0), "the golden numbers are not all near 0");
        }
    }
}

#[test]
fn onnx_runtime_gives_torchs_numbers() {
    assert_agreement_with_torch(RuntimePreference::OnnxRuntime);
}

#[test]
fn the_built_in_runtime_gives_torchs_numbers() {
    assert_agreement_with_torch(RuntimePreference::BuiltIn);
}
