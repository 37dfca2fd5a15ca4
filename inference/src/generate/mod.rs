//! Generators of new material.
//!
//! [`tunes`] generates melodies over chords with SeqGAN (Yu et al. 2017). [`textures`] generates piano phrases with a
//! VAE-GAN (Larsen et al. 2016).

pub mod textures;
pub mod tunes;

use thiserror::Error;

pub use crate::cancellation::Cancellation;
use crate::cancellation::Cancelled;
use crate::error::InferenceError;

/// Why nothing was generated.
#[derive(Debug, Error)]
pub enum GenerateError {
    /// The work was cancelled.
    #[error("it was cancelled")]
    Cancelled,
    /// The model or its runtime failed.
    #[error(transparent)]
    Inference(#[from] InferenceError),
    /// The settings are invalid or cannot be met; the text says which and what to do.
    #[error("{0}")]
    InvalidSettings(String),
}

impl From<Cancelled> for GenerateError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}
