//! What a run leaves behind after each epoch, so that a killed one goes on as if nothing had happened.
//!
//! A run's folder holds `progress.json`, the folder of the last whole epoch that it names, `best.safetensors`,
//! `log.csv` and `loss.png`. `progress.json` is replaced in one step after everything it speaks of is written.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tch::nn::VarStore;
use tonenet_files::outputs;

use super::adam::Adam;

/// How a run was started; a resumed run must be told the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub model: String,
    pub seed: u64,
    pub epochs: usize,
    pub batches_per_epoch: usize,
}

/// One epoch's figures; genres in the order of `Genre::ALL`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Epoch {
    pub epoch: usize,
    pub learning_rate: f64,
    pub train_loss: f64,
    pub valid_loss: f64,
    pub valid_r: [f64; 3],
    pub seconds: f64,
}

impl Epoch {
    /// What early stopping looks at.
    pub fn mean_r(&self) -> f64 {
        self.valid_r.iter().sum::<f64>() / 3.0
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Progress {
    pub settings: Settings,
    pub history: Vec<Epoch>,
    pub best_epoch: usize,
}

pub struct RunFolder(PathBuf);

impl RunFolder {
    pub fn new(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("cannot make the run's folder {}", path.display()))?;
        Ok(Self(path.to_owned()))
    }

    pub fn best_weights(&self) -> PathBuf {
        self.0.join("best.safetensors")
    }

    pub fn log(&self) -> PathBuf {
        self.0.join("log.csv")
    }

    pub fn plot(&self) -> PathBuf {
        self.0.join("loss.png")
    }

    pub fn progress(&self) -> Result<Option<Progress>> {
        let path = self.0.join("progress.json");
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let progress = serde_json::from_slice(&text)
            .with_context(|| format!("{} is damaged; train without --resume to start anew", path.display()))?;
        Ok(Some(progress))
    }

    /// Keeps what the next epoch needs; `averaged` is the network that is scored, where it is another than the
    /// one that learns.
    pub fn save(
        &self,
        progress: &Progress,
        learning: &VarStore,
        averaged: Option<&VarStore>,
        optimiser: &Adam,
    ) -> Result<()> {
        let Some(last) = progress.history.last() else { bail!("there is no epoch to save") };
        let folder = self.epoch_folder(last.epoch);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let save_weights = |variables: &VarStore, path: &Path| {
            variables.save(path).with_context(|| format!("cannot write {}", path.display()))
        };
        save_weights(learning, &folder.join("weights.safetensors"))?;
        if let Some(averaged) = averaged {
            save_weights(averaged, &folder.join("averaged.safetensors"))?;
        }
        optimiser.save(&folder.join("moments.safetensors"))?;
        if progress.best_epoch == last.epoch {
            let new = self.0.join("best.new.safetensors");
            save_weights(averaged.unwrap_or(learning), &new)?;
            fs::rename(&new, self.best_weights())?;
        }
        outputs::replace(&self.0.join("progress.json"), &serde_json::to_vec_pretty(progress)?)?;
        if last.epoch > 0 {
            // Left over only if the run was killed between the two; harmless then.
            let _ = fs::remove_dir_all(self.epoch_folder(last.epoch - 1));
        }
        Ok(())
    }

    /// Puts back what [`RunFolder::save`] kept of an epoch.
    pub fn load(
        &self,
        epoch: usize,
        learning: &mut VarStore,
        averaged: Option<&mut VarStore>,
        optimiser: &mut Adam,
    ) -> Result<()> {
        let folder = self.epoch_folder(epoch);
        let load_weights = |variables: &mut VarStore, path: &Path| {
            variables.load(path).with_context(|| format!("cannot resume from {}", path.display()))
        };
        load_weights(learning, &folder.join("weights.safetensors"))?;
        if let Some(averaged) = averaged {
            load_weights(averaged, &folder.join("averaged.safetensors"))?;
        }
        optimiser.load(&folder.join("moments.safetensors"))
    }

    fn epoch_folder(&self, epoch: usize) -> PathBuf {
        self.0.join(format!("epoch-{epoch}"))
    }
}
