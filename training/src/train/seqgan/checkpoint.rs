//! What a SeqGAN run keeps, and how it resumes.
//!
//! Besides the vocabulary and `loss.png` the folder holds `log.csv`, `likelihood.safetensors` (the best generator by
//! likelihood), `adversary.safetensors` (the last generator trained against the discriminator), and what the next part
//! needs.

use anyhow::{Context, Result};

use super::learners::Learners;
use super::progress::{Part, Progress, best_epoch, write_log};
use crate::train::folder::{Folder, load_weights, save_weights};

impl Learners {
    /// Keeps what the next part needs, and the weights that a stage ends with.
    pub fn save(&self, kept: &Folder, progress: &Progress) -> Result<()> {
        let parts = progress.parts.len();
        let folder = kept.make(&part(parts))?;
        save_weights(self.generator.variables(), &folder.join("generator.safetensors"))?;
        save_weights(self.delayed.variables(), &folder.join("delayed.safetensors"))?;
        save_weights(self.discriminator.variables(), &folder.join("discriminator.safetensors"))?;
        self.likelihood.save(&folder.join("likelihood.safetensors"))?;
        self.policy.save(&folder.join("policy.safetensors"))?;
        self.telling.save(&folder.join("telling.safetensors"))?;
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

    /// Restores what [`Learners::save`] kept after so many parts.
    pub fn load(&mut self, kept: &Folder, parts: usize) -> Result<()> {
        let folder = kept.path(&part(parts));
        load_weights(self.generator.variables_mut(), &folder.join("generator.safetensors"))?;
        load_weights(self.delayed.variables_mut(), &folder.join("delayed.safetensors"))?;
        load_weights(self.discriminator.variables_mut(), &folder.join("discriminator.safetensors"))?;
        self.likelihood.load(&folder.join("likelihood.safetensors"))?;
        self.policy.load(&folder.join("policy.safetensors"))?;
        self.telling.load(&folder.join("telling.safetensors"))
    }

    /// Takes the generator with the lowest loss on the valid tunes, with which the second stage begins.
    pub fn load_best(&mut self, kept: &Folder, parts: &[Part]) -> Result<()> {
        if best_epoch(parts).is_none() {
            return Ok(());
        }
        let path = kept.path("likelihood.safetensors");
        self.generator.variables_mut().load(&path).with_context(|| format!("cannot read {}", path.display()))
    }
}

/// The folder of what the part after so many needs.
fn part(parts: usize) -> String {
    format!("part-{parts}")
}
