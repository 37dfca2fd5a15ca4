//! Training with `tch`: everything behind `cargo xtask train`.
//!
//! [`excerpts`] cuts batches out of the performances, [`baseline`] is the network, [`adam`] the optimiser whose
//! state a checkpoint can hold, [`checkpoint`] what a killed run resumes from, [`run`] the loop over epochs.

mod adam;
mod baseline;
mod checkpoint;
mod excerpts;
pub mod golden;
mod run;

pub use baseline::OUTPUT_SCALE;
pub use checkpoint::{Epoch, RunFolder};
pub use run::{baseline as train_baseline, takes};
