//! The folder of a generator's run: what is written there is whole, so that a killed run goes on.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

/// See the [module](self).
pub struct Folder(PathBuf);

impl Folder {
    /// Makes it where there is none.
    pub fn new(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("cannot make the run's folder {}", path.display()))?;
        Ok(Self(path.to_owned()))
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// A file or folder in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// How far the run has come: `progress.json`, which is replaced once all that it speaks of is written.
    pub fn progress<P: DeserializeOwned>(&self) -> Result<Option<P>> {
        let path = self.path("progress.json");
        if !path.exists() {
            return Ok(None);
        }
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let progress = serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is damaged; train without --resume to start anew", path.display()))?;
        Ok(Some(progress))
    }
}
