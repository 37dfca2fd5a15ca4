//! The models that can be trained and evaluated, by name.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::workspace;

/// The models that predict velocities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VelocityModel {
    /// The article's seq2seq over the piano-roll: a shared encoder and a decoder for each genre
    Baseline,
    /// The article's second model: the same with attention in each decoder
    Attention,
    /// ToneNet's own and the plugin's default: one row for each note, any look-ahead
    Note,
}

impl VelocityModel {
    /// The name of its folder in `assets/models` and `runs`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Attention => "attention",
            Self::Note => "note",
        }
    }
}

/// The models that can be trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TrainableModel {
    /// The article's seq2seq over the piano-roll: a shared encoder and a decoder for each genre
    Baseline,
    /// The article's second model: the same with attention in each decoder
    Attention,
    /// ToneNet's own and the plugin's default: one row for each note, any look-ahead
    Note,
    /// The article's tune generator: an LSTM trained by likelihood, then against a discriminator
    Seqgan,
    /// The article's texture generator: an autoencoder of phrase images with a discriminator
    Vaegan,
}

impl TrainableModel {
    /// The name of its folder in `assets/models` and `runs`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Baseline => VelocityModel::Baseline.id(),
            Self::Attention => VelocityModel::Attention.id(),
            Self::Note => VelocityModel::Note.id(),
            Self::Seqgan => SEQGAN,
            Self::Vaegan => VAEGAN,
        }
    }

    /// The folder of its training run, unless `run` names another.
    pub fn run_folder(self, run: Option<&PathBuf>) -> PathBuf {
        run.cloned().unwrap_or_else(|| PathBuf::from("runs").join(self.id()))
    }
}

/// What is trained: a model, or one more style of the note model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trainee {
    /// A whole model.
    Model(TrainableModel),
    /// The decoder of one style.
    Style,
    /// The read-outs of timing, lengths and pedal.
    Feel,
}

impl ValueEnum for Trainee {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Model(TrainableModel::Baseline),
            Self::Model(TrainableModel::Attention),
            Self::Model(TrainableModel::Note),
            Self::Model(TrainableModel::Seqgan),
            Self::Model(TrainableModel::Vaegan),
            Self::Style,
            Self::Feel,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Model(model) => model.to_possible_value(),
            Self::Style => {
                let help = "One more style for a trained note model: a decoder for the genre that --name names";
                Some(PossibleValue::new("style").help(help))
            }
            Self::Feel => {
                let help =
                    "Timing, lengths and pedal of the built-in styles: read-outs of the note model, without libtorch";
                Some(PossibleValue::new("feel").help(help))
            }
        }
    }
}

/// The tune generator, by its folder in `assets/models`.
pub const SEQGAN: &str = "seqgan";
/// The tune generator before it was trained against the discriminator.
pub const SEQGAN_BY_LIKELIHOOD: &str = "seqgan-likelihood";
/// The texture generator, by its folder in `assets/models`.
pub const VAEGAN: &str = "vaegan";

/// The read-outs of timing, lengths and pedal, by their folder in `assets/models`.
pub const FEEL: &str = "feel";

/// The velocity models that ship with the plugin, the default first.
pub const SHIPPED: [&str; 3] = ["note", "attention", "baseline"];

/// The folder of a velocity model that ships, by name, or of any other model by path.
///
/// # Errors
/// When there is no `model.json` in it.
pub fn velocity_model_folder(name: &str) -> Result<PathBuf> {
    let folder = if SHIPPED.contains(&name) { workspace::shipped_model(name) } else { Path::new(name).into() };
    if !folder.join("model.json").exists() {
        let known = SHIPPED.join(", ");
        return Err(anyhow!("there is no model.json in {}", folder.display()))
            .with_context(|| format!("there is no model {name:?}; choose {known}, or a folder with a model.json"));
    }
    Ok(folder)
}
