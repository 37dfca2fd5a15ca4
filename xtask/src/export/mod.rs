//! `cargo xtask export`: trained weights to the ONNX files, manifest, golden tensors and figures that the plugin
//! embeds.
//!
//! [`velocities`], [`tunes`] and [`textures`] know their models, [`golden`] is what torch says of the former. Nothing replaces a model in
//! `assets/` before both runtimes have reproduced torch's numbers from the new one.

mod golden;
mod textures;
mod tunes;
mod velocities;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use tonenet_inference::library;
use tonenet_inference::manifest::{GraphEntry, Sha256};
use tonenet_inference::runtime::{Runtime, RuntimePreference};

use crate::cli::{ExportArgs, Trainee};
use crate::setup;
use crate::workspace;

/// `cargo xtask export`.
pub fn run(args: &ExportArgs) -> Result<()> {
    match (args.model.velocity_model(), args.model) {
        (Some(model), _) => velocities::run(args, model),
        (None, Trainee::Vaegan) => textures::run(args),
        (None, _) => tunes::run(args),
    }
}

/// A model's folder in the making, beside the one it will replace.
struct NewFolder {
    work: TempDir,
    target: PathBuf,
}

impl NewFolder {
    fn of(id: &str) -> Result<Self> {
        let models = workspace::root().join("assets/models");
        let target = models.join(id);
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
    let onnxruntime = setup::onnxruntime()?;
    for preference in [RuntimePreference::BuiltIn, RuntimePreference::OnnxRuntime] {
        let (runtime, report) = Runtime::open(preference, &library::candidates(Some(&onnxruntime)));
        if preference == RuntimePreference::OnnxRuntime && report.library.is_none() {
            bail!("ONNX Runtime could not be opened: {}", report.notes.join(" "));
        }
        task(&runtime, &report.runtime, preference)?;
    }
    Ok(())
}
