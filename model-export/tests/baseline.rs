//! The graphs in `assets/models/baseline` are what its weights give, byte for byte.

use std::fs;
use std::path::{Path, PathBuf};

use tonenet_model_export::piano_roll::{decoder, encoder};
use tonenet_model_export::quantise::Precision::StoredInt8;
use tonenet_model_export::weights::Weights;

/// The factor of the network's outputs in training, in velocity steps.
const SCALE: f32 = 16.0;

fn asset(name: &str) -> Vec<u8> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/models/baseline").join(name);
    fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn the_shipped_graphs_are_reproduced() {
    let bytes = asset("weights.safetensors");
    let weights = Weights::from_bytes(&bytes).expect("a safetensors file");
    // No `assert_eq`: it would print megabytes.
    assert!(encoder(&weights, StoredInt8).expect("an encoder") == asset("encoder.onnx"), "the encoder has changed");
    for style in ["classical", "jazz", "pop"] {
        let graph = decoder(&weights, style, SCALE, StoredInt8).expect("a decoder");
        assert!(graph == asset(&format!("decoder-{style}.onnx")), "the decoder for {style} has changed");
    }
}
