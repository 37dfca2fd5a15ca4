//! `cargo xtask export`: trained weights become the ONNX files, manifest, golden tensors and figures that the plugin
//! embeds.
//!
//! `velocities`, `tunes` and `textures` export one kind of model each. `golden` holds libtorch's results for velocity
//! models. A model in `assets/` is replaced only after both runtimes have reproduced libtorch's numbers.

mod golden;
mod textures;
mod tunes;
mod velocities;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;
use tonenet_inference::manifest::{GraphEntry, Sha256};
use tonenet_inference::runtime::{Runtime, RuntimePreference, RuntimeReport};

use crate::arguments::ExportArgs;
use crate::models::{TrainableModel, VelocityModel};
use crate::runtimes;
use crate::workspace;

/// `cargo xtask export`.
pub fn run(args: &ExportArgs) -> Result<()> {
    // Checked before minutes of work.
    workspace::onnxruntime()?;
    match args.model {
        TrainableModel::Baseline => velocities::run(args, VelocityModel::Baseline),
        TrainableModel::Attention => velocities::run(args, VelocityModel::Attention),
        TrainableModel::Note => velocities::run(args, VelocityModel::Note),
        TrainableModel::Seqgan => tunes::run(args),
        TrainableModel::Vaegan => textures::run(args),
    }
}

/// A new model folder, built beside the one that it will replace.
struct NewFolder {
    work: TempDir,
    target: PathBuf,
}

impl NewFolder {
    fn for_model(id: &str) -> Result<Self> {
        Self::at(workspace::shipped_model(id))
    }

    /// A new folder that will be at a path.
    fn at(target: PathBuf) -> Result<Self> {
        // The working folder must be on the target's disk, or its files could not be moved.
        let absolute = std::path::absolute(&target)?;
        let above = absolute.parent().context("a model has a folder above it")?;
        fs::create_dir_all(above).with_context(|| format!("cannot make {}", above.display()))?;
        Ok(Self { work: tempfile::tempdir_in(above)?, target })
    }

    fn path(&self) -> &Path {
        self.work.path()
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<GraphEntry> {
        fs::write(self.path().join(name), bytes).with_context(|| format!("cannot write {name}"))?;
        Ok(GraphEntry { file: name.into(), sha256: Sha256::digest(bytes) })
    }

    /// Replaces the files of the same names in the model's folder; returns the folder.
    fn replace(&self) -> Result<PathBuf> {
        fs::create_dir_all(&self.target)?;
        for entry in fs::read_dir(self.path())? {
            let entry = entry?;
            fs::rename(entry.path(), self.target.join(entry.file_name()))?;
        }
        println!("the model is in {}", self.target.display());
        Ok(self.target.clone())
    }
}

/// Runs a task with the built-in runtime and with ONNX Runtime; the task gets the runtime's name.
fn for_each_runtime(mut task: impl FnMut(&Runtime, &str, RuntimePreference) -> Result<()>) -> Result<()> {
    for (open, preference) in [
        (runtimes::open_built_in as fn() -> _, RuntimePreference::BuiltIn),
        (runtimes::open_onnxruntime, RuntimePreference::OnnxRuntime),
    ] {
        let (runtime, report): (Runtime, RuntimeReport) = open()?;
        task(&runtime, &report.runtime, preference)?;
    }
    Ok(())
}
