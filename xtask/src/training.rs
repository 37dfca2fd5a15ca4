//! What training and export read and write, settled before anything is installed or built for them.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use tonenet_files::outputs::{Identity, Inputs};

use crate::cli::{ExportArgs, TrainArgs, Trainee};
use crate::dataset;
use crate::tunes;
use crate::workspace;

/// Refuses a run whose data is not there, or that would write over what it reads.
pub fn check_run(args: &TrainArgs) -> Result<()> {
    Ok(Inputs::default().files(data(args.model, &args.data)?).outputs().folder(&args.run_folder())?)
}

/// Refuses an export whose data or weights are not there, or that would write over what it reads.
pub fn check_export(args: &ExportArgs) -> Result<()> {
    let mut read = Inputs::default().files(data(args.model, &args.data)?);
    let run = args.run_folder();
    if !args.weights.as_ref().unwrap_or(&run).exists() {
        let missing = args.weights.as_ref().unwrap_or(&run);
        bail!("{} is not there; run `cargo xtask train {}` first", missing.display(), args.model.id());
    }
    let models = workspace::root().join("assets/models");
    let target = models.join(args.model.id());
    // Shipped weights may be exported again: they are written back as they are.
    let shipped = Identity::from_path(&target.join("weights.safetensors")).ok();
    let weights = args.weights.iter().filter(|weights| Identity::from_path(weights).ok() != shipped);
    read = read.files(weights).folders([&run]);
    let mut outputs = read.outputs();
    outputs.folder(&target)?;
    if args.model == Trainee::Seqgan {
        outputs.folder(&models.join("seqgan-likelihood"))?;
    }
    Ok(())
}

/// The data of a model: its list, and the files that are listed.
///
/// # Errors
/// When one is not there.
fn data(model: Trainee, folder: &Path) -> Result<Vec<PathBuf>> {
    let list = if model == Trainee::Seqgan { tunes::LIST } else { dataset::LIST };
    let files = dataset::files(folder, list)?;
    if let Some(missing) = files.iter().find(|file| !file.exists()) {
        bail!("{} lists {}, which is not there", folder.join(list).display(), missing.display());
    }
    Ok(files)
}
