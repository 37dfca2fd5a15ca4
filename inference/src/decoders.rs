//! The decoders of a velocity model, one for each of its styles.

use std::sync::Arc;

use tonenet_core::genre::Genre;

use crate::bundle::ModelFiles;
use crate::error::InferenceError;
use crate::manifest::Sha256;
use crate::model::StyleSpread;
use crate::runtime::{Graph, Runtime};

/// A style's decoder and what its manifest says of it.
pub(crate) struct Decoder {
    pub style: Genre,
    pub graph: Arc<dyn Graph>,
    /// The checksum of the graph's file.
    pub sha256: Sha256,
    /// The spread of human velocities around the decoder's means, in velocity steps.
    pub residual: f32,
    pub spread: StyleSpread,
}

/// The loaded decoders.
pub(crate) struct Decoders(pub Vec<Decoder>);

impl Decoders {
    /// Loads the decoder of each style that a model has.
    ///
    /// # Errors
    /// When the runtime refuses a graph.
    pub fn load(runtime: &Runtime, files: &ModelFiles) -> Result<Self, InferenceError> {
        let mut decoders = Vec::new();
        for style in Genre::ALL {
            let Some(entry) = files.manifest().style(style) else { continue };
            let file = files.decoder(style)?;
            decoders.push(Decoder {
                style,
                graph: runtime.load(file)?,
                sha256: file.sha256(),
                residual: entry.residual,
                spread: StyleSpread { human: entry.human_spread, predicted: entry.predicted_spread },
            });
        }
        Ok(Self(decoders))
    }

    /// A style's decoder.
    ///
    /// # Errors
    /// [`InferenceError::NoSuchStyle`] when the model does not have it.
    pub fn get(&self, style: Genre) -> Result<&Decoder, InferenceError> {
        self.0.iter().find(|decoder| decoder.style == style).ok_or(InferenceError::NoSuchStyle { style })
    }
}
