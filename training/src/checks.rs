//! Checks the inputs and outputs of training and export before anything is installed or built.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use tonenet_files::outputs::{Identity, Inputs};

use crate::arguments::{ExportArgs, TrainArgs};
use crate::data::{self, DataError, Split, genre, performances, tunes};
use crate::graphs;
use crate::models::{SEQGAN_BY_LIKELIHOOD, TrainableModel, Trainee};
use crate::workspace;

/// Checks that a run's data is there and that the run overwrites nothing it reads.
///
/// # Errors
/// When a file is missing or would be overwritten, or the genres do not fit the model.
pub fn check_run(args: &TrainArgs) -> Result<()> {
    let read = match args.model {
        Trainee::Model(model) => {
            if args.name.is_some() || args.force {
                bail!("--name and --force belong to `cargo xtask train style`");
            }
            let files = training_files(model, &args.data)?;
            if !matches!(model, TrainableModel::Seqgan | TrainableModel::Vaegan) {
                performances::trained_genres(&args.data)?;
            }
            files
        }
        Trainee::Style => {
            check_style(args)?;
            training_files(TrainableModel::Note, &args.data)?
        }
        Trainee::Feel => {
            let is_other = args.force || args.resume || args.start_from.is_some();
            if is_other {
                bail!("feel takes --data, --run and --name alone; it is solved at once, from the shipped note model");
            }
            training_files(TrainableModel::Note, &args.data)?
        }
    };
    let read = Inputs::default().files(read).files(&args.start_from);
    Ok(read.outputs().folder(&args.run_folder())?)
}

/// Checks that a style has data, and that the weights have not got the style yet.
fn check_style(args: &TrainArgs) -> Result<()> {
    let Some(name) = &args.name else { bail!("--name is missing") };
    let listed = performances::genres(&args.data, Split::Train)?;
    if !listed.contains(name) {
        let (path, genre) = (args.data.join(performances::LIST), name.clone());
        return Err(DataError::NoSuchGenre { path, genre, listed: genre::list(&listed) }.into());
    }
    let weights = args.style_weights();
    let known = graphs::genres_in(&weights)?;
    if known.contains(name) && !args.force {
        bail!(
            "{} has a style {name} already; add --force to train another in its place, or call the genre by another name",
            weights.display()
        );
    }
    genre::check_places(&genre::distinct(known.into_iter().chain([name.clone()])))?;
    Ok(())
}

/// Checks that an export's data and weights are there and that it overwrites nothing it reads.
///
/// # Errors
/// When a file is missing or would be overwritten.
pub fn check_export(args: &ExportArgs) -> Result<()> {
    let read = Inputs::default().files(training_files(args.model, &args.data)?);
    let run = args.run_folder();
    for source in [args.weights.as_ref().unwrap_or(&run)].into_iter().chain(&args.mean_with) {
        if !source.exists() {
            bail!("{} is not there; run `cargo xtask train {}` first", source.display(), args.model.id());
        }
    }
    if matches!(args.model, TrainableModel::Seqgan | TrainableModel::Vaegan) {
        if args.output.is_some() {
            bail!("--output is for models of velocities; {} goes to assets/models", args.model.id());
        }
        if !args.mean_with.is_empty() {
            bail!("--mean-with is for models of velocities; {} has one file of weights", args.model.id());
        }
    }
    let target = args.target();
    if args.output.is_some() && !args.force && holds_files(&target) {
        bail!("{} is not empty; add --force to replace a model in it, or choose another folder", target.display());
    }
    // Weights may be exported again from where an export left them: they are written back unchanged.
    let exported = Identity::from_path(&target.join("weights.safetensors")).ok();
    let weights =
        args.weights.iter().chain(&args.mean_with).filter(|weights| Identity::from_path(weights).ok() != exported);
    let mut outputs = read.files(weights).folders([&run]).outputs();
    outputs.folder(&target)?;
    if args.model == TrainableModel::Seqgan {
        outputs.folder(&workspace::shipped_model(SEQGAN_BY_LIKELIHOOD))?;
    }
    Ok(())
}

/// Whether a folder is there and has something in it.
fn holds_files(folder: &Path) -> bool {
    folder.read_dir().is_ok_and(|mut entries| entries.next().is_some())
}

/// The list of a model's data and the files in it, all of which exist.
fn training_files(model: TrainableModel, folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let list = if model == TrainableModel::Seqgan { tunes::LIST } else { performances::LIST };
    data::existing_files(folder, list)
}
