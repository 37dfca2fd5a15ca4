//! Saves and restores the state of a velocity model's run after each epoch. A resumed run gives the same result.
//!
//! The folder holds `progress.json`, the folder of the last complete epoch, `best.safetensors`, `log.csv` and `loss.png`.
//! `progress.json` is replaced in one step, after everything that it refers to is written.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use tch::nn::VarStore;

use super::adam::Adam;
use super::folder::{self, Folder, load_weights, save_weights};
use crate::data::genre::{self, GenreId};

/// The settings of a run; a resumed run must have the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub model: String,
    /// The genres of its decoders.
    #[serde(default = "genre::built_in")]
    pub genres: Vec<GenreId>,
    pub seed: u64,
    pub epochs: usize,
    pub batches_per_epoch: usize,
    /// The largest learning rate, if not the model's own.
    #[serde(default)]
    pub learning_rate: Option<f64>,
    /// The checksum of the weights that it started from; `None` for random ones.
    #[serde(default)]
    pub start: Option<String>,
}

/// One epoch's figures; genres in the order of [`Settings::genres`], `None` for one without valid files.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Epoch {
    pub epoch: usize,
    pub learning_rate: f64,
    pub train_loss: f64,
    pub valid_loss: f64,
    pub valid_r: Vec<Option<f64>>,
    /// On the pages of the valid performances, where the model is scored on them.
    #[serde(default)]
    pub page_r: Option<Vec<Option<f64>>>,
    pub seconds: f64,
}

impl Epoch {
    /// The mean r of the genres, by which training stops early.
    pub fn mean_r(&self) -> f64 {
        let r = || self.valid_r.iter().flatten();
        r().sum::<f64>() / r().count().max(1) as f64
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Progress {
    pub settings: Settings,
    pub history: Vec<Epoch>,
    pub best_epoch: usize,
}

impl folder::Progress for Progress {
    type Settings = Settings;

    fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// The folder of a velocity model's run.
pub struct RunFolder(Folder);

/// The networks of a run and their optimiser.
pub struct Learners<'a> {
    /// The network in training.
    pub learning: &'a mut VarStore,
    /// The averaged network, which is scored, if the task has one.
    pub averaged: Option<&'a mut VarStore>,
    pub optimiser: &'a mut Adam,
}

impl RunFolder {
    /// Opens a folder, and creates it if it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(path: &Path) -> Result<Self> {
        Folder::new(path).map(Self)
    }

    /// The weights of the best epoch.
    pub fn best_weights(&self) -> PathBuf {
        self.0.path("best.safetensors")
    }

    pub fn log(&self) -> PathBuf {
        self.0.path("log.csv")
    }

    pub fn plot(&self) -> PathBuf {
        self.0.path("loss.png")
    }

    /// See [`Folder::resumed`].
    pub fn resumed(&self, resume: bool, settings: &Settings) -> Result<Option<Progress>> {
        self.0.resumed(resume, settings)
    }

    /// Saves the state for the next epoch.
    pub fn save(&self, progress: &Progress, learners: &Learners<'_>) -> Result<()> {
        let Some(last) = progress.history.last() else { bail!("there is no epoch to save") };
        let folder = self.0.make(&epoch(last.epoch))?;
        let Learners { learning, averaged, optimiser } = learners;
        save_weights(learning, &folder.join("weights.safetensors"))?;
        if let Some(averaged) = averaged {
            save_weights(averaged, &folder.join("averaged.safetensors"))?;
        }
        optimiser.save(&folder.join("moments.safetensors"))?;
        if progress.best_epoch == last.epoch {
            let new = self.0.path("best.new.safetensors");
            save_weights(averaged.as_deref().unwrap_or(&**learning), &new)?;
            fs::rename(&new, self.best_weights())?;
        }
        self.0.keep(progress)?;
        if last.epoch > 0 {
            self.0.remove(&epoch(last.epoch - 1));
        }
        Ok(())
    }

    /// Restores the state that [`RunFolder::save`] saved after an epoch.
    pub fn load(&self, last: usize, learners: &mut Learners<'_>) -> Result<()> {
        let folder = self.0.path(&epoch(last));
        load_weights(learners.learning, &folder.join("weights.safetensors"))?;
        if let Some(averaged) = &mut learners.averaged {
            load_weights(averaged, &folder.join("averaged.safetensors"))?;
        }
        learners.optimiser.load(&folder.join("moments.safetensors"))
    }
}

/// The folder with the state after epoch `last`.
fn epoch(last: usize) -> String {
    format!("epoch-{last}")
}
