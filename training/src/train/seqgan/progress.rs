//! The saved progress of a SeqGAN run, and its figures.

use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::train::folder;
use crate::train::log;

/// The settings of a run; a resumed run must have the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub seed: u64,
    pub epochs: usize,
    pub batches: usize,
    pub rounds: usize,
}

/// The figures of a part: an epoch of maximum-likelihood training, or some adversarial rounds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    /// Adversarial rounds so far; 0 during maximum-likelihood training.
    pub rounds: usize,
    /// Loss on the training batches, in nats per symbol.
    pub train_loss: f64,
    /// Loss on the valid tunes, in nats per symbol.
    pub valid_loss: f64,
    /// How likely the discriminator takes generated tunes for real, and its accuracy.
    pub reward: Option<f64>,
    pub told_right: Option<f64>,
    /// BLEU-4 of generated tunes against the valid tunes, and against each other.
    pub bleu: Option<f64>,
    pub self_bleu: Option<f64>,
    pub seconds: f64,
}

/// The saved progress of a run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Progress {
    pub settings: Settings,
    pub parts: Vec<Part>,
}

impl folder::Progress for Progress {
    type Settings = Settings;

    fn settings(&self) -> &Settings {
        &self.settings
    }
}

impl Part {
    /// A summary line; `number` counts parts from 1.
    pub fn summary(&self, number: usize) -> String {
        let Self { rounds, train_loss, valid_loss, seconds, .. } = self;
        let mut line = if *rounds == 0 {
            format!("epoch {number:3}: loss {train_loss:.4}, valid {valid_loss:.4}")
        } else {
            format!("round {rounds:3}: loss {train_loss:.4}, valid {valid_loss:.4}")
        };
        if let (Some(reward), Some(right)) = (self.reward, self.told_right) {
            line += &format!("; reward {reward:.3}, told right {right:.2}");
        }
        if let (Some(bleu), Some(own)) = (self.bleu, self.self_bleu) {
            line += &format!("; BLEU-4 {bleu:.4}, of itself {own:.4}");
        }
        line + &format!(" ({seconds:.0} s)")
    }
}

/// The maximum-likelihood epoch with the lowest loss on the valid tunes.
pub fn best_epoch(parts: &[Part]) -> Option<usize> {
    let epochs = parts.iter().enumerate().filter(|(_, part)| part.rounds == 0);
    epochs.min_by(|a, b| a.1.valid_loss.total_cmp(&b.1.valid_loss)).map(|(epoch, _)| epoch)
}

/// Writes the figures of all parts.
pub fn write_log(path: &Path, parts: &[Part]) -> Result<()> {
    let header =
        ["part", "rounds", "train_loss", "valid_loss", "reward", "told_right", "bleu4", "self_bleu4", "seconds"];
    let rows = parts.iter().enumerate().map(|(at, part)| {
        [
            (at + 1).to_string(),
            part.rounds.to_string(),
            format!("{:.5}", part.train_loss),
            format!("{:.5}", part.valid_loss),
            log::optional(part.reward, 4),
            log::optional(part.told_right, 4),
            log::optional(part.bleu, 4),
            log::optional(part.self_bleu, 4),
            format!("{:.1}", part.seconds),
        ]
    });
    log::write(path, &header, rows)
}
