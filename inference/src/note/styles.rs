//! Predicts notes in a model's own styles and in those of the user, which read the model's encodings and predictions.

use tonenet_core::note_rows::Part;
use tonenet_core::style::StyleIndex;

use super::{EncodedNotes, NoteNetwork};
use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::model::Prediction;
use crate::performance::LookAhead;
use crate::styles::PlayedStyle;

impl PlayedStyle {
    /// The model's styles that it needs: itself, or those that it reads.
    pub(super) fn decoders(&self) -> Vec<StyleIndex> {
        match self {
            Self::Decoder(style) => vec![*style],
            Self::User(style) => style.built_ins().collect(),
        }
    }

    /// Its predictions of some notes, from those of its [`Self::decoders`].
    pub(super) fn predict(&self, notes: &EncodedNotes<'_>) -> Vec<Prediction> {
        match self {
            Self::Decoder(_) => notes.predictions.first().cloned().unwrap_or_default(),
            Self::User(style) => style.predict(notes),
        }
    }
}

impl NoteNetwork {
    /// Predicts a performance in each of `styles`.
    ///
    /// # Errors
    /// When the runtime fails or a style has no decoder, or on cancellation.
    pub fn predict(
        &self,
        part: &Part,
        look_ahead: LookAhead,
        styles: &[PlayedStyle],
        cancellation: &Cancellation,
    ) -> Result<Vec<Vec<Prediction>>, InferenceError> {
        let mut decoders: Vec<StyleIndex> = styles.iter().flat_map(PlayedStyle::decoders).collect();
        decoders.sort_unstable();
        decoders.dedup();
        let mut predictions: Vec<Vec<Prediction>> = styles.iter().map(|_| Vec::with_capacity(part.len())).collect();
        self.encode(part, &[look_ahead], &decoders, cancellation, &mut |_, notes| {
            for (all, style) in predictions.iter_mut().zip(styles) {
                let read = style.decoders().into_iter().filter_map(|style| decoders.binary_search(&style).ok());
                let read: Vec<Vec<Prediction>> = read.map(|decoder| notes.predictions[decoder].clone()).collect();
                all.extend(style.predict(&EncodedNotes { predictions: &read, ..notes }));
            }
        })?;
        Ok(predictions)
    }
}
