//! The folder of a run. Whatever is written there is complete, so that an interrupted run can be resumed.

use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tch::nn::VarStore;
use tonenet_files::outputs;

/// The saved progress of a run.
pub trait Progress: Serialize + DeserializeOwned {
    /// The settings that the run was started with.
    type Settings: PartialEq + Debug;

    /// The settings that the run was started with.
    fn settings(&self) -> &Self::Settings;
}

/// A run's folder.
pub struct Folder(PathBuf);

impl Folder {
    /// Opens a folder, and creates it if it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("cannot make the run's folder {}", path.display()))?;
        Ok(Self(path.to_owned()))
    }

    /// The folder's path.
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// The path of a file or folder in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The progress to resume from, or `None` in a new folder.
    ///
    /// # Errors
    /// When the folder holds a run and `resume` is not given, or one with other settings.
    pub fn resumed<P: Progress>(&self, resume: bool, settings: &P::Settings) -> Result<Option<P>> {
        let Some(progress) = self.progress::<P>()? else { return Ok(None) };
        if !resume {
            bail!(
                "{} holds a run already; add --resume to go on with it, or choose another folder with --run",
                self.0.display()
            );
        }
        if progress.settings() != settings {
            bail!(
                "{} was trained with other settings ({:?}); give the same, or choose another folder with --run",
                self.0.display(),
                progress.settings()
            );
        }
        Ok(Some(progress))
    }

    fn progress<P: DeserializeOwned>(&self) -> Result<Option<P>> {
        let path = self.path(PROGRESS);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let progress = serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is damaged; choose another folder with --run", path.display()))?;
        Ok(Some(progress))
    }

    /// Replaces the saved progress. Everything that it refers to must be written first.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep<P: Progress>(&self, progress: &P) -> Result<()> {
        outputs::replace(&self.path(PROGRESS), &serde_json::to_vec_pretty(progress)?)?;
        Ok(())
    }

    /// Creates a subfolder for the state after one part of the run.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make(&self, name: &str) -> Result<PathBuf> {
        let folder = self.path(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }

    /// Removes the state after an earlier part. A leftover is harmless, so errors are ignored.
    pub fn remove(&self, name: &str) {
        let _ = fs::remove_dir_all(self.path(name));
    }
}

const PROGRESS: &str = "progress.json";

/// Writes a network's weights.
///
/// # Errors
/// When the file cannot be written.
pub fn save_weights(variables: &VarStore, path: &Path) -> Result<()> {
    variables.save(path).with_context(|| format!("cannot write {}", path.display()))
}

/// Reads a network's weights.
///
/// # Errors
/// When the file cannot be read or holds other weights.
pub fn load_weights(variables: &mut VarStore, path: &Path) -> Result<()> {
    variables.load(path).with_context(|| format!("cannot start from {}", path.display()))
}
