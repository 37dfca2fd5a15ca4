//! Saves and restores the state of a SeqGAN run.
//!
//! Besides the vocabulary and `loss.png` the folder holds `log.csv`, `likelihood.safetensors` (the best generator by
//! likelihood), `adversary.safetensors` (the last generator trained against the discriminator), and the state for the
//! next part.

use anyhow::{Context, Result};

use super::learners::Learners;
use super::progress::{Part, Progress, best_epoch, write_log};
use crate::train::folder::{Folder, load_weights, save_weights};

impl Learners {
    /// Saves the state for the next part, and the weights at the end of a stage.
    pub fn save(&self, kept: &Folder, progress: &Progress) -> Result<()> {
        let parts = progress.parts.len();
        let folder = kept.make(&part(parts))?;
        save_weights(self.generator.variables(), &folder.join("generator.safetensors"))?;
        save_weights(self.delayed.variables(), &folder.join("delayed.safetensors"))?;
        save_weights(self.discriminator.variables(), &folder.join("discriminator.safetensors"))?;
        self.likelihood.save(&folder.join("likelihood.safetensors"))?;
        self.policy.save(&folder.join("policy.safetensors"))?;
        self.discriminator_adam.save(&folder.join("telling.safetensors"))?;
        if parts > progress.settings.epochs {
            save_weights(self.generator.variables(), &kept.path("adversary.safetensors"))?;
        } else if best_epoch(&progress.parts) == Some(parts - 1) {
            save_weights(self.generator.variables(), &kept.path("likelihood.safetensors"))?;
        }
        write_log(&kept.path("log.csv"), &progress.parts)?;
        kept.keep(progress)?;
        if parts > 1 {
            kept.remove(&part(parts - 1));
        }
        Ok(())
    }

    /// Restores the state that [`Learners::save`] saved after so many parts.
    pub fn load(&mut self, kept: &Folder, parts: usize) -> Result<()> {
        let folder = kept.path(&part(parts));
        load_weights(self.generator.variables_mut(), &folder.join("generator.safetensors"))?;
        load_weights(self.delayed.variables_mut(), &folder.join("delayed.safetensors"))?;
        load_weights(self.discriminator.variables_mut(), &folder.join("discriminator.safetensors"))?;
        self.likelihood.load(&folder.join("likelihood.safetensors"))?;
        self.policy.load(&folder.join("policy.safetensors"))?;
        self.discriminator_adam.load(&folder.join("telling.safetensors"))
    }

    /// Loads the generator with the lowest loss on the valid tunes, for the second stage.
    pub fn load_best(&mut self, kept: &Folder, parts: &[Part]) -> Result<()> {
        if best_epoch(parts).is_none() {
            return Ok(());
        }
        let path = kept.path("likelihood.safetensors");
        self.generator.variables_mut().load(&path).with_context(|| format!("cannot read {}", path.display()))
    }
}

/// The folder with the state after so many parts.
fn part(parts: usize) -> String {
    format!("part-{parts}")
}
