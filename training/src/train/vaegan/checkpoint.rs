//! What a VAE-GAN run keeps after each epoch, and how it resumes.
//!
//! Besides its plots and, at the end, the weights, the folder holds `log.csv` and what the next epoch needs.

use anyhow::Result;

use super::learners::Learners;
use super::prior::Prior;
use super::progress::{Progress, write_log};
use crate::train::folder::{Folder, load_weights, save_weights};

impl Learners {
    /// Keeps what the next epoch needs.
    pub fn save(&self, kept: &Folder, progress: &Progress) -> Result<()> {
        let epochs = progress.epochs.len();
        let folder = kept.make(&epoch(epochs))?;
        save_weights(self.generator.variables(), &folder.join("generator.safetensors"))?;
        save_weights(self.averaged.variables(), &folder.join("averaged.safetensors"))?;
        save_weights(self.discriminator.variables(), &folder.join("discriminator.safetensors"))?;
        self.generating.save(&folder.join("generating.safetensors"))?;
        self.telling.save(&folder.join("telling.safetensors"))?;
        self.prior.save(&folder.join("prior.safetensors"))?;
        write_log(&kept.path("log.csv"), &progress.epochs)?;
        kept.keep(progress)?;
        if epochs > 1 {
            kept.remove(&epoch(epochs - 1));
        }
        Ok(())
    }

    /// Restores what [`Learners::save`] kept.
    pub fn load(&mut self, kept: &Folder, progress: &Progress) -> Result<()> {
        let folder = kept.path(&epoch(progress.epochs.len()));
        load_weights(self.generator.variables_mut(), &folder.join("generator.safetensors"))?;
        load_weights(self.averaged.variables_mut(), &folder.join("averaged.safetensors"))?;
        load_weights(self.discriminator.variables_mut(), &folder.join("discriminator.safetensors"))?;
        self.generating.load(&folder.join("generating.safetensors"))?;
        self.telling.load(&folder.join("telling.safetensors"))?;
        self.prior = Prior::load(&folder.join("prior.safetensors"), self.device)?;
        self.remembered = progress.remembered;
        Ok(())
    }
}

/// The folder of what the epoch after so many needs.
fn epoch(epochs: usize) -> String {
    format!("epoch-{epochs}")
}
