//! Models that write: what they are asked for, and when they are told to stop.
//!
//! [`tunes`] writes melodies over chords (SeqGAN), [`textures`] images of phrases (VAE-GAN).

pub mod textures;
pub mod tunes;

use thiserror::Error;

pub use crate::cancellation::Cancellation;
use crate::cancellation::Cancelled;
use crate::error::InferenceError;

/// Why nothing was written.
#[derive(Debug, Error)]
pub enum GenerateError {
    /// Whoever asked wants it no longer.
    #[error("it was cancelled")]
    Cancelled,
    /// The model or its runtime failed.
    #[error(transparent)]
    Inference(#[from] InferenceError),
    /// What was asked for cannot be had.
    #[error("{0}")]
    InvalidSettings(String),
}

impl From<Cancelled> for GenerateError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}
