//! Training with `tch`: everything behind `cargo xtask train`.
//!
//! [`task`] is what the loop in [`run`] asks of a velocity model, [`piano_roll`] and [`note`] are those models,
//! [`seqgan`] and [`vaegan`] train generators in loops of their own; [`layers`] is what networks share, [`adam`] is the
//! optimiser whose state a checkpoint can hold, [`checkpoint`] what a killed run resumes from,
//! [`folder`] where a generator's run is kept, [`curves`] how it is drawn, [`trained`] what an exported graph must reproduce.

mod adam;
mod checkpoint;
mod curves;
mod folder;
mod layers;
pub mod note;
pub mod piano_roll;
mod run;
pub mod seqgan;
mod task;
#[cfg(test)]
mod tests;
mod trained;
pub mod vaegan;

use anyhow::Result;

pub use checkpoint::{Epoch, RunFolder};
pub use trained::Trained;

use crate::arguments::TrainArgs;
use crate::models::TrainableModel;

/// `cargo xtask train`.
pub fn train(args: &TrainArgs) -> Result<()> {
    match args.model {
        TrainableModel::Baseline => run::run(args, || piano_roll::PianoRollTask::new(&args.data, false)),
        TrainableModel::Attention => run::run(args, || piano_roll::PianoRollTask::new(&args.data, true)),
        TrainableModel::Note => run::run(args, || note::NoteTask::new(&args.data)),
        TrainableModel::Seqgan => seqgan::run(args),
        TrainableModel::Vaegan => vaegan::run(args),
    }
}
