//! Predicts notes in a model's own styles and in those of the user, which read the model's encodings and predictions.

use std::cmp::Reverse;

use tonenet_core::note_rows::Part;
use tonenet_core::style::StyleIndex;

use super::network::LONGEST_LANE;
use super::{EncodedNotes, LANES, NoteNetwork};
use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::model::Prediction;
use crate::performance::{LookAhead, of_one};
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

/// The styles of a request, and the decoders that they read.
pub(super) struct RequestedStyles<'a> {
    styles: &'a [PlayedStyle],
    /// In ascending order.
    pub(super) decoders: Vec<StyleIndex>,
}

impl<'a> RequestedStyles<'a> {
    pub(super) fn new(styles: &'a [PlayedStyle]) -> Self {
        let mut decoders: Vec<StyleIndex> = styles.iter().flat_map(PlayedStyle::decoders).collect();
        decoders.sort_unstable();
        decoders.dedup();
        Self { styles, decoders }
    }

    /// An empty list of predictions for each style.
    pub(super) fn predictions(&self, notes: usize) -> Vec<Vec<Prediction>> {
        self.styles.iter().map(|_| Vec::with_capacity(notes)).collect()
    }

    /// Appends each style's predictions of some notes, of which the decoders predict `notes.predictions`.
    pub(super) fn append(&self, notes: EncodedNotes<'_>, predictions: &mut [Vec<Prediction>]) {
        for (all, style) in predictions.iter_mut().zip(self.styles) {
            let read = style.decoders().into_iter().filter_map(|style| self.decoders.binary_search(&style).ok());
            let read: Vec<Vec<Prediction>> = read.map(|decoder| notes.predictions[decoder].clone()).collect();
            all.extend(style.predict(&EncodedNotes { predictions: &read, ..notes }));
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
        of_one(&part, |one| self.predict_each(one, look_ahead, styles, cancellation))
    }

    /// [`Self::predict`] for several performances: by performance, style and note.
    ///
    /// Whole performances share runs ([`LANES`]), which is faster. Each is predicted as it would be alone.
    ///
    /// # Errors
    /// As [`Self::predict`].
    pub fn predict_each(
        &self,
        parts: &[&Part],
        look_ahead: LookAhead,
        styles: &[PlayedStyle],
        cancellation: &Cancellation,
    ) -> Result<Vec<Vec<Vec<Prediction>>>, InferenceError> {
        let styles = RequestedStyles::new(styles);
        let mut predicted: Vec<_> = parts.iter().map(|part| styles.predictions(part.len())).collect();
        let mut together = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let mut append = |notes: EncodedNotes<'_>| styles.append(notes, &mut predicted[index]);
            match look_ahead {
                LookAhead::WholePerformance if part.len() <= LONGEST_LANE => together.push(index),
                LookAhead::WholePerformance => self.encode_long(part, &styles.decoders, cancellation, &mut append)?,
                LookAhead::Seconds(_) => {
                    self.encode(part, &[look_ahead], &styles.decoders, cancellation, &mut |_, notes| append(notes))?;
                }
            }
        }
        // Performances that are about equally long end together.
        together.sort_by_key(|&index| Reverse(parts[index].len()));
        for group in together.chunks(LANES) {
            let parts: Vec<&Part> = group.iter().map(|&index| parts[index]).collect();
            self.encode_lanes(&parts, &styles.decoders, cancellation, &mut |lane, notes| {
                styles.append(notes, &mut predicted[group[lane]]);
            })?;
        }
        Ok(predicted)
    }
}
