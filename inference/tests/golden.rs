//! The models in `assets/` give torch's own numbers in both runtimes.

use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use tonenet_core::genre::Genre;
use tonenet_core::piano_roll::FRAME;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::runtime::{Runtime, RuntimePreference, TensorRef};

/// In velocity steps.
const TOLERANCE: f32 = 1e-4;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn values(tensors: &SafeTensors, name: &str) -> Vec<f32> {
    let data = tensors.tensor(name).unwrap().data();
    data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

fn agrees_with_torch(preference: RuntimePreference) {
    let library = workspace().join("third_party/onnxruntime/libonnxruntime.so");
    let (runtime, report) = Runtime::open(preference, &library::candidates(Some(&library)));
    let wants_library = preference == RuntimePreference::OnnxRuntime;
    assert_eq!(
        report.library.is_some(),
        wants_library,
        "run `cargo xtask setup onnxruntime` first: {:?}",
        report.notes
    );
    let folder = workspace().join("assets/models/baseline");
    let files = ModelFiles::from_dir(&folder).unwrap();
    let golden = std::fs::read(folder.join("golden.safetensors")).unwrap();
    let golden = SafeTensors::deserialize(&golden).unwrap();

    let frames = values(&golden, "frames");
    let input = TensorRef { shape: &[frames.len() / FRAME, 1, FRAME], data: &frames };
    let memory =
        runtime.load(files.shared().next().unwrap()).unwrap().run(&[("frames", input)], &["memory"]).unwrap().remove(0);
    for style in Genre::ALL {
        let decoder = runtime.load(files.decoder(style).unwrap()).unwrap();
        let found = decoder.run(&[("memory", memory.view())], &["deviations"]).unwrap().remove(0).data;
        let expected = values(&golden, &format!("deviations.{style}"));
        assert_eq!(found.len(), expected.len());
        let worst = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst <= TOLERANCE, "{style}: {worst} velocity steps from torch");
        assert!(expected.iter().any(|v| v.abs() > 1.0), "the golden numbers say something");
    }
}

#[test]
fn onnx_runtime_gives_torchs_numbers() {
    agrees_with_torch(RuntimePreference::OnnxRuntime);
}

#[test]
fn the_built_in_runtime_gives_torchs_numbers() {
    agrees_with_torch(RuntimePreference::BuiltIn);
}
