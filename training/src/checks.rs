//! Checks the inputs and outputs of training and export before anything is installed or built.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use tonenet_files::outputs::{Identity, Inputs};

use crate::arguments::{ExportArgs, TrainArgs};
use crate::data::{self, DataError, performances, tunes};
use crate::models::{SEQGAN_BY_LIKELIHOOD, TrainableModel};
use crate::workspace;

/// Checks that a run's data is there and that the run overwrites nothing it reads.
///
/// # Errors
/// When a file is missing or would be overwritten.
pub fn check_run(args: &TrainArgs) -> Result<()> {
    let read = Inputs::default().files(training_files(args.model, &args.data)?);
    Ok(read.outputs().folder(&args.run_folder())?)
}

/// Checks that an export's data and weights are there and that it overwrites nothing it reads.
///
/// # Errors
/// When a file is missing or would be overwritten.
pub fn check_export(args: &ExportArgs) -> Result<()> {
    let read = Inputs::default().files(training_files(args.model, &args.data)?);
    let run = args.run_folder();
    let source = args.weights.as_ref().unwrap_or(&run);
    if !source.exists() {
        bail!("{} is not there; run `cargo xtask train {}` first", source.display(), args.model.id());
    }
    let target = workspace::shipped_model(args.model.id());
    // Shipped weights may be exported again: they are written back unchanged.
    let shipped = Identity::from_path(&target.join("weights.safetensors")).ok();
    let weights = args.weights.iter().filter(|weights| Identity::from_path(weights).ok() != shipped);
    let mut outputs = read.files(weights).folders([&run]).outputs();
    outputs.folder(&target)?;
    if args.model == TrainableModel::Seqgan {
        outputs.folder(&workspace::shipped_model(SEQGAN_BY_LIKELIHOOD))?;
    }
    Ok(())
}

/// The list of a model's data and the files in it, all of which exist.
fn training_files(model: TrainableModel, folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let list = if model == TrainableModel::Seqgan { tunes::LIST } else { performances::LIST };
    data::existing_files(folder, list)
}
