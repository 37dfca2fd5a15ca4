//! Training with `tch`: everything behind `cargo xtask train`.
//!
//! [`task`] is what the loop in [`run`] asks of a model, [`piano_roll`] and [`note`] are the models, [`adam`] is the
//! optimiser whose state a checkpoint can hold, [`checkpoint`] what a killed run resumes from,
//! [`trained`] what an exported graph must reproduce.

mod adam;
mod checkpoint;
pub mod note;
pub mod piano_roll;
mod run;
mod task;
mod trained;

use anyhow::Result;

pub use checkpoint::{Epoch, RunFolder};
pub use trained::Trained;

use crate::cli::{ModelName, TrainArgs};

/// `cargo xtask train`.
pub fn train(args: &TrainArgs) -> Result<()> {
    match args.model {
        ModelName::Baseline => run::run(args, || piano_roll::PianoRollTask::new(&args.data, false)),
        ModelName::Attention => run::run(args, || piano_roll::PianoRollTask::new(&args.data, true)),
        ModelName::Note => run::run(args, || note::NoteTask::new(&args.data)),
    }
}
