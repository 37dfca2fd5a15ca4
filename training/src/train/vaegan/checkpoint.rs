//! Saves and restores the state of a VAE-GAN run after each epoch.
//!
//! Besides its plots and, at the end, the weights, the folder holds `log.csv` and the state for the next epoch.

use anyhow::Result;

use super::learners::Learners;
use super::prior::Prior;
use super::progress::{Progress, write_log};
use crate::train::folder::{Folder, load_weights, save_weights};

impl Learners {
    /// Saves the state for the next epoch.
    pub fn save(&self, kept: &Folder, progress: &Progress) -> Result<()> {
        let epochs = progress.epochs.len();
        let folder = kept.make(&epoch(epochs))?;
        save_weights(self.generator.variables(), &folder.join("generator.safetensors"))?;
        save_weights(self.averaged.variables(), &folder.join("averaged.safetensors"))?;
        save_weights(self.discriminator.variables(), &folder.join("discriminator.safetensors"))?;
        self.generator_adam.save(&folder.join("generating.safetensors"))?;
        self.discriminator_adam.save(&folder.join("telling.safetensors"))?;
        self.prior.save(&folder.join("prior.safetensors"))?;
        write_log(&kept.path("log.csv"), &progress.epochs)?;
        kept.keep(progress)?;
        if epochs > 1 {
            kept.remove(&epoch(epochs - 1));
        }
        Ok(())
    }

    /// Restores the state that [`Learners::save`] saved.
    pub fn load(&mut self, kept: &Folder, progress: &Progress) -> Result<()> {
        let folder = kept.path(&epoch(progress.epochs.len()));
        load_weights(self.generator.variables_mut(), &folder.join("generator.safetensors"))?;
        load_weights(self.averaged.variables_mut(), &folder.join("averaged.safetensors"))?;
        load_weights(self.discriminator.variables_mut(), &folder.join("discriminator.safetensors"))?;
        self.generator_adam.load(&folder.join("generating.safetensors"))?;
        self.discriminator_adam.load(&folder.join("telling.safetensors"))?;
        self.prior = Prior::load(&folder.join("prior.safetensors"), self.device)?;
        self.remembered = progress.remembered;
        Ok(())
    }
}

/// The folder with the state after so many epochs.
fn epoch(epochs: usize) -> String {
    format!("epoch-{epochs}")
}
