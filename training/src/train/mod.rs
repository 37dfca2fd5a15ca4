//! Training with libtorch: what `cargo xtask train` runs.
//!
//! `velocities` is the loop that trains velocity models, and `task` its interface to one. `piano_roll` and `note` are
//! those models; `trained` runs their weights. `seqgan` and `vaegan` train generators in loops of their own.
//! `warm_start` begins with trained weights.
//! All loops share `layers`, `adam` (the optimiser, whose state a checkpoint holds), `folder` (a run's files),
//! `session` (seeds, device, schedule) and `log`.

mod adam;
mod checkpoint;
mod curves;
mod folder;
mod layers;
mod log;
mod note;
mod piano_roll;
pub(crate) mod seqgan;
mod session;
mod task;
#[cfg(test)]
mod tests;
mod trained;
pub(crate) mod vaegan;
mod velocities;
mod warm_start;

use anyhow::{Context, Result};

pub(crate) use checkpoint::RunFolder;
pub(crate) use note::NoteNetwork;
pub(crate) use task::Network;
pub(crate) use trained::Trained;

use crate::arguments::TrainArgs;
use crate::models::{TrainableModel, Trainee};

/// Trains a model.
///
/// # Errors
/// When the data cannot be read, the folder holds another run, or the loss is not finite.
pub fn train(args: &TrainArgs) -> Result<()> {
    let model = match args.model {
        Trainee::Model(model) => model,
        Trainee::Style => {
            let name = args.name.as_ref().context("--name is missing")?;
            return velocities::run(args, || note::NoteTask::for_style(&args.data, name, &args.style_weights()));
        }
        Trainee::Feel => return crate::feel::train(args),
    };
    match model {
        TrainableModel::Baseline => velocities::run(args, || piano_roll::PianoRollTask::new(&args.data, false)),
        TrainableModel::Attention => velocities::run(args, || piano_roll::PianoRollTask::new(&args.data, true)),
        TrainableModel::Note => velocities::run(args, || note::NoteTask::new(&args.data)),
        TrainableModel::Seqgan => seqgan::run(args),
        TrainableModel::Vaegan => vaegan::run(args),
    }
}
