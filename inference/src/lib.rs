//! Runs ToneNet's models: reads and checks their files, finds ONNX Runtime or falls back to the built-in runtime, and
//! shares what is loaded among all instances in a process.

pub mod bundle;
pub mod cancellation;
mod dequantise;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod error;
pub mod generate;
mod guard;
pub mod library;
pub mod manifest;
pub mod model;
pub mod note;
pub mod offline;
pub mod performance;
pub mod piano_roll;
pub mod restyler;
pub mod runtime;
pub mod song;
pub mod timeline;
mod validate;
mod wire;
