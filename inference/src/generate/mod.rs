//! Models that write: what they are asked for, and when they are told to stop.
//!
//! [`tunes`] writes melodies over chords (SeqGAN), [`textures`] images of phrases (VAE-GAN).

pub mod textures;
pub mod tunes;

use std::sync::atomic::{AtomicBool, Ordering};

use thiserror::Error;

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
    Wish(String),
}

/// Whether someone still wants what is being written.
#[derive(Debug, Default)]
pub struct Cancellation(AtomicBool);

impl Cancellation {
    /// Nobody wants it any more.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// # Errors
    /// [`GenerateError::Cancelled`] when nobody wants it any more.
    pub fn check(&self) -> Result<(), GenerateError> {
        if self.0.load(Ordering::Relaxed) { Err(GenerateError::Cancelled) } else { Ok(()) }
    }
}
