//! The trained models that are part of the program.

use std::sync::Arc;

use crate::bundle::ModelFiles;
use crate::error::InferenceError;
use crate::piano_roll::PianoRollNetwork;
use crate::runtime::Runtime;

macro_rules! files {
    ($folder:literal: $($name:literal),+) => {
        &[$(($name, include_bytes!(concat!("../../assets/models/", $folder, "/", $name)).as_slice())),+]
    };
}

static BASELINE: &[(&str, &[u8])] =
    files!("baseline": "model.json", "encoder.onnx", "decoder-classical.onnx", "decoder-jazz.onnx", "decoder-pop.onnx");

/// The article's baseline seq2seq.
///
/// # Errors
/// When the files are damaged or the runtime refuses them.
pub fn baseline(runtime: &Runtime) -> Result<Arc<PianoRollNetwork>, InferenceError> {
    let files = ModelFiles::from_static(BASELINE)?;
    Ok(Arc::new(PianoRollNetwork::load(runtime, &files)?))
}
