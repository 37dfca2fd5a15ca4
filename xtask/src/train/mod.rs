//! Training with `tch`: everything behind `cargo xtask train`.
//!
//! [`excerpts`] cuts batches out of the performances, [`baseline`] is the network, [`adam`] the optimiser whose
//! state a checkpoint can hold, [`checkpoint`] what a killed run resumes from, [`run`] the loop over epochs.

mod adam;
mod baseline;
mod checkpoint;
mod excerpts;
mod run;

pub use checkpoint::Epoch;
pub use run::baseline as train_baseline;
