//! The decoders of a velocity model, one for each of its styles.

use std::sync::Arc;

use tonenet_core::style::{StyleIndex, StyleKeys};

use crate::bundle::ModelFiles;
use crate::error::InferenceError;
use crate::manifest::{Sha256, StyleEntry};
use crate::model::StyleSpread;
use crate::runtime::{Graph, Runtime};

/// A style's decoder and what its manifest says of it.
pub(crate) struct Decoder {
    pub style: StyleIndex,
    /// The style's id.
    pub id: String,
    pub graph: Arc<dyn Graph>,
    /// The checksum of the graph's file.
    pub sha256: Sha256,
    /// The spread of human velocities around the decoder's means, in velocity steps.
    pub residual: f32,
    pub spread: StyleSpread,
}

/// The loaded decoders, in the order of the list of styles.
pub(crate) struct Decoders(pub Vec<Decoder>);

impl Decoders {
    /// Loads the decoder of each style that a model has.
    ///
    /// # Errors
    /// When the runtime refuses a graph, or the styles do not fit the list.
    pub fn load(runtime: &Runtime, files: &ModelFiles) -> Result<Self, InferenceError> {
        let decoder = |(style, entry): (StyleIndex, &StyleEntry)| {
            let file = files.decoder(&entry.id)?;
            Ok(Decoder {
                style,
                id: entry.id.clone(),
                graph: runtime.load(file)?,
                sha256: file.sha256(),
                residual: entry.residual,
                spread: StyleSpread { human: entry.human_spread, predicted: entry.predicted_spread },
            })
        };
        Ok(Self(files.manifest().placed_styles()?.into_iter().map(decoder).collect::<Result<_, InferenceError>>()?))
    }

    /// A style's decoder.
    ///
    /// # Errors
    /// [`InferenceError::NoSuchStyle`] when the model does not have it.
    pub fn get(&self, style: StyleIndex) -> Result<&Decoder, InferenceError> {
        self.0.iter().find(|decoder| decoder.style == style).ok_or_else(|| InferenceError::no_such_style(style))
    }

    /// The key of each style.
    pub fn keys(&self) -> StyleKeys {
        let mut keys = StyleKeys::default();
        for decoder in &self.0 {
            keys[decoder.style.index()] = Some(decoder.id.as_str().into());
        }
        keys
    }
}

/// Decoders of the built-in styles that run one graph.
#[cfg(test)]
pub(crate) fn built_in_decoders(graph: impl Fn() -> Arc<dyn Graph>) -> Decoders {
    let decoder = |style: StyleIndex| Decoder {
        style,
        id: style.built_in().map_or_else(String::new, |built_in| built_in.id.into()),
        graph: graph(),
        sha256: Sha256::digest(b""),
        residual: 1.0,
        spread: StyleSpread { human: 1.0, predicted: 1.0 },
    };
    Decoders(StyleIndex::BUILT_IN.map(decoder).into())
}
