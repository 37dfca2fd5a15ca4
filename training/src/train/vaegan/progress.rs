//! The saved progress of a VAE-GAN run, and its figures.

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
}

/// The figures of an epoch; losses in nats per phrase.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Epoch {
    /// Means over the training batches.
    pub cells: f64,
    pub divergence: f64,
    pub dissimilarity: f64,
    /// Losses of the generator and the discriminator against each other; none before adversarial training begins.
    pub adversarial: Option<f64>,
    pub discriminator: Option<f64>,
    pub generator_rate: f64,
    pub discriminator_rate: f64,
    /// Of valid phrases, encoded and decoded without noise.
    pub valid_f1: f64,
    pub valid_velocity_error: f64,
    pub valid_divergence: f64,
    /// Of new images, divided by that of the valid phrases.
    pub polyphony: f64,
    pub note_rate: f64,
    pub seconds: f64,
}

/// The saved progress of a run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Progress {
    pub settings: Settings,
    pub epochs: Vec<Epoch>,
    /// Moving averages of the adversaries' losses, which set their learning rates.
    pub remembered: (f64, f64),
}

impl folder::Progress for Progress {
    type Settings = Settings;

    fn settings(&self) -> &Settings {
        &self.settings
    }
}

impl Epoch {
    /// A summary line; `number` counts epochs from 1.
    pub fn summary(&self, number: usize) -> String {
        let Self { cells, divergence, dissimilarity, seconds, .. } = self;
        let mut line = format!("epoch {number:3}: cells {cells:.1}, KL {divergence:.1}, features {dissimilarity:.0}");
        if let (Some(adversarial), Some(discriminator)) = (self.adversarial, self.discriminator) {
            line += &format!(", generator {adversarial:.2}, discriminator {discriminator:.2}");
        }
        let Self { valid_f1, valid_velocity_error, valid_divergence, polyphony, note_rate, .. } = self;
        line + &format!(
            "; valid F1 {valid_f1:.3}, velocity {valid_velocity_error:.1}, KL {valid_divergence:.0}; drawn: polyphony {polyphony:.2}, notes {note_rate:.2} ({seconds:.0} s)"
        )
    }
}

/// Writes the figures of all epochs.
pub fn write_log(path: &Path, epochs: &[Epoch]) -> Result<()> {
    let header = [
        "epoch",
        "cells",
        "divergence",
        "dissimilarity",
        "adversarial",
        "discriminator",
        "generator_rate",
        "discriminator_rate",
        "valid_f1",
        "valid_velocity_error",
        "valid_divergence",
        "drawn_polyphony",
        "drawn_note_rate",
        "seconds",
    ];
    let rows = epochs.iter().enumerate().map(|(at, epoch)| {
        [
            (at + 1).to_string(),
            format!("{:.3}", epoch.cells),
            format!("{:.3}", epoch.divergence),
            format!("{:.2}", epoch.dissimilarity),
            log::optional(epoch.adversarial, 4),
            log::optional(epoch.discriminator, 4),
            format!("{:.3e}", epoch.generator_rate),
            format!("{:.3e}", epoch.discriminator_rate),
            format!("{:.4}", epoch.valid_f1),
            format!("{:.3}", epoch.valid_velocity_error),
            format!("{:.2}", epoch.valid_divergence),
            format!("{:.3}", epoch.polyphony),
            format!("{:.3}", epoch.note_rate),
            format!("{:.1}", epoch.seconds),
        ]
    });
    log::write(path, &header, rows)
}
