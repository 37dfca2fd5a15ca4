//! Turns trained weights into ONNX graphs that ToneNet's runtimes read.
//!
//! Training leaves a safetensors file; the plugin wants ONNX. Everything between the two is plain Rust here, so that
//! exporting needs neither libtorch nor Python nor protoc: [`weights`] reads the tensors, [`graph`] builds a graph from
//! them, [`piano_roll`], [`note`], [`tunes`] and [`vaegan`] know the networks, [`quantise`] makes 8-bit weights of theirs.
//!
//! The graphs keep to what ONNX Runtime and the built-in runtime both execute: opset 17, IR 8, sequences first, no
//! sequence lengths and no peepholes. Matrices are stored in 8 bits where that is asked for; multiplied in 8 bits they
//! also need ONNX Runtime's `DynamicQuantizeLSTM`, which the built-in runtime has too.

pub mod graph;
pub mod note;
mod onnx;
pub mod piano_roll;
pub mod quantise;
pub mod tunes;
pub mod vaegan;
pub mod weights;

use thiserror::Error;

/// Why weights could not be exported.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The bytes are not a safetensors file.
    #[error("the weights are not a readable safetensors file ({reason}); train the model again or pick another file")]
    NotSafetensors {
        /// What the reader objected to.
        reason: String,
    },
    /// A tensor that the network needs is not in the file.
    #[error("the weights have no tensor `{tensor}`; they belong to another kind of model, or training was cut short")]
    MissingTensor {
        /// Name of the tensor.
        tensor: String,
    },
    /// A tensor has another shape than the network needs.
    #[error("tensor `{tensor}` has shape {found:?} where {wanted} is needed; the weights belong to another network")]
    WrongShape {
        /// Name of the tensor.
        tensor: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Shape needed, as text: `4H` and the like stand for lengths read from other tensors.
        wanted: String,
    },
    /// A tensor's numbers are not 32-bit floats.
    #[error("tensor `{tensor}` holds {found} numbers; save the weights as 32-bit floats (F32)")]
    WrongType {
        /// Name of the tensor.
        tensor: String,
        /// Its type in the file.
        found: String,
    },
    /// A tensor holds NaN or an infinity.
    #[error("tensor `{tensor}` holds a number that is not finite: training diverged; use an earlier checkpoint")]
    NotFinite {
        /// Name of the tensor.
        tensor: String,
    },
}
