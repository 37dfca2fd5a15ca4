//! Reads and writes feel models: JSON of a format, the note model's fingerprint and the styles.

use serde::{Deserialize, Serialize};

use super::{FeelError, FeelModel, FeelStyle, InvalidFeel};
use crate::user_style::ReadoutFingerprint;

/// The file format that this version reads and writes.
pub const FORMAT: u64 = 1;

/// The most bytes of a file.
pub const MOST_BYTES: usize = 1_000_000;

/// A file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u64,
    model: ReadoutFingerprint,
    styles: Vec<FeelStyle>,
}

impl FeelModel {
    /// Reads a model.
    ///
    /// # Errors
    /// When the file is too large, has another format or does not hold a feel model.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FeelError> {
        // The format is read alone first: another format may have changed any other field.
        #[derive(Deserialize)]
        struct Header {
            format: u64,
        }
        if bytes.len() > MOST_BYTES {
            return Err(FeelError::TooLarge { most: MOST_BYTES });
        }
        let no_model = |error: serde_json::Error| FeelError::NoModel { reason: error.to_string() };
        let Header { format } = serde_json::from_slice(bytes).map_err(no_model)?;
        if format != FORMAT {
            return Err(FeelError::Format { format, known: FORMAT });
        }
        let File { model, styles, .. } = serde_json::from_slice(bytes).map_err(no_model)?;
        Self::new(model, styles).map_err(|invalid: InvalidFeel| FeelError::NoModel { reason: invalid.to_string() })
    }

    /// The bytes of the model's file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let file = File { format: FORMAT, model: self.fingerprint, styles: self.styles.clone() };
        let text = serde_json::to_string(&file).expect("a model has no maps, and its numbers are finite");
        (text + "\n").into_bytes()
    }
}
