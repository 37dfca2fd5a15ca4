//! Turns trained weights into the ONNX graphs that ToneNet's runtimes execute.
//!
//! Training writes a safetensors file; the plugin reads ONNX. Exporting is plain Rust and needs neither libtorch, Python
//! nor protoc:
//!
//! - [`weights`] reads tensors from the safetensors file,
//! - [`piano_roll`], [`note`], [`tunes`] and [`vaegan`] each know one kind of network,
//! - [`graph`] builds an ONNX graph from their layers,
//! - [`quantise`] converts matrices to 8 bits.
//!
//! The graphs use only what both ONNX Runtime and the built-in runtime execute: opset 17, IR 8, LSTMs over
//! \[steps, batch, width\] without sequence lengths or peepholes. [`quantise::Precision::DynamicInt8`] also needs ONNX
//! Runtime's `DynamicQuantizeLSTM`, which the built-in runtime has too.

#![forbid(unsafe_code)]

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
        /// The reader's message.
        reason: String,
    },
    /// The file lacks a tensor that the network needs.
    #[error("the weights have no tensor `{tensor}`; they belong to another kind of model, or training was cut short")]
    MissingTensor {
        /// Name of the tensor.
        tensor: String,
    },
    /// A tensor's shape is not the one that the network needs.
    #[error("tensor `{tensor}` has shape {found:?} where {wanted} is needed; the weights belong to another network")]
    WrongShape {
        /// Name of the tensor.
        tensor: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Shape needed, as text. `4H` and the like stand for lengths read from other tensors.
        wanted: String,
    },
    /// A tensor's values are not 32-bit floats.
    #[error("tensor `{tensor}` holds {found} numbers; save the weights as 32-bit floats (F32)")]
    WrongType {
        /// Name of the tensor.
        tensor: String,
        /// Its type in the file.
        found: String,
    },
    /// A tensor contains NaN or infinity.
    #[error("tensor `{tensor}` holds a number that is not finite: training diverged; use an earlier checkpoint")]
    NotFinite {
        /// Name of the tensor.
        tensor: String,
    },
}
