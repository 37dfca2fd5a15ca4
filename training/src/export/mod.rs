//! `cargo xtask export`: trained weights become the ONNX files, manifest, golden tensors and figures that the plugin
//! embeds.
//!
//! `velocities`, `tunes` and `textures` export one kind of model each. `golden` is what libtorch computes with the weights
//! of velocity models. A model in `assets/` is replaced only after both runtimes have reproduced libtorch's numbers.

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
    // Before minutes of work.
    workspace::onnxruntime()?;
    match args.model {
        TrainableModel::Baseline => velocities::run(args, VelocityModel::Baseline),
        TrainableModel::Attention => velocities::run(args, VelocityModel::Attention),
        TrainableModel::Note => velocities::run(args, VelocityModel::Note),
        TrainableModel::Seqgan => tunes::run(args),
        TrainableModel::Vaegan => textures::run(args),
    }
}

/// A model's folder in the making, beside the one it will replace.
struct NewFolder {
    work: TempDir,
    target: PathBuf,
}

impl NewFolder {
    fn of(id: &str) -> Result<Self> {
        let target = workspace::shipped_model(id);
        let models = target.parent().context("a model has a folder above it")?;
        Ok(Self { work: tempfile::tempdir_in(models)?, target })
    }

    fn path(&self) -> &Path {
        self.work.path()
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<GraphEntry> {
        fs::write(self.path().join(name), bytes).with_context(|| format!("cannot write {name}"))?;
        Ok(GraphEntry { file: name.into(), sha256: Sha256::digest(bytes) })
    }

    /// Puts its files in the place of those of the same names, and tells where.
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

/// Does something with the built-in runtime and with ONNX Runtime, which it is told by name.
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
