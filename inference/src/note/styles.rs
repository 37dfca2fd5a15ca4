//! Predicts notes in a model's own styles and in those of the user, which read the model's encodings and predictions.

use std::cmp::Reverse;

use tonenet_core::feel::{Feel, Wander};
use tonenet_core::note_rows::{FeelRow, Part};
use tonenet_core::style::StyleIndex;

use super::network::LONGEST_LANE;
use super::{EncodedNotes, LANES, NoteNetwork};
use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::feel::{ChordFeel, FeelModel, PlayedFeel};
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

    /// The feel that it plays with.
    pub(super) fn feel(&self) -> PlayedFeel<'_> {
        match self {
            Self::Decoder(style) => (*style).into(),
            Self::User(style) => style.feel(),
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

/// What a style does with the notes of a performance, in their order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StyledNotes {
    /// The predicted velocities.
    pub predictions: Vec<Prediction>,
    /// What else it does; empty where that was not asked for.
    pub feel: Vec<Feel>,
}

/// Reads the feel of a part's notes as they are encoded, from the first to the last.
struct FeelReader<'a> {
    model: &'a FeelModel,
    part: &'a Part,
    /// The length of a beat at each note, in seconds.
    beat_seconds: &'a [f64],
    look_ahead: LookAhead,
    /// When the last note ends, in seconds.
    end: f64,
    /// What the last chord's notes share, for each style.
    chords: Vec<ChordFeel>,
}

impl FeelReader<'_> {
    fn row(&self, note: usize) -> FeelRow {
        let known = match self.look_ahead {
            LookAhead::WholePerformance => self.end,
            LookAhead::Seconds(seconds) => self.part.note(note).map_or(self.end, |note| note.onset + seconds),
        };
        self.part.feel(note, known, self.beat_seconds.get(note).copied().unwrap_or(0.5))
    }

    /// Appends the feel of the next notes in each style.
    fn append(&mut self, notes: &EncodedNotes<'_>, width: usize, styles: &[PlayedStyle], styled: &mut [StyledNotes]) {
        let first = styled.first().map_or(0, |styled| styled.feel.len());
        let rows: Vec<FeelRow> = (0..notes.past_encoding.len() / width).map(|note| self.row(first + note)).collect();
        for ((styled, style), chord) in styled.iter_mut().zip(styles).zip(&mut self.chords) {
            styled.feel.extend(self.model.predict(style.feel(), notes, &rows, chord));
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

    /// An empty list for each style.
    fn styled(&self, notes: usize) -> Vec<StyledNotes> {
        let empty = || StyledNotes { predictions: Vec::with_capacity(notes), feel: Vec::new() };
        self.styles.iter().map(|_| empty()).collect()
    }

    /// Appends each style's predictions of some notes, of which the decoders predict `notes.predictions`.
    fn append(&self, notes: &EncodedNotes<'_>, styled: &mut [StyledNotes]) {
        for (all, style) in styled.iter_mut().zip(self.styles) {
            let read = style.decoders().into_iter().filter_map(|style| self.decoders.binary_search(&style).ok());
            let read: Vec<Vec<Prediction>> = read.map(|decoder| notes.predictions[decoder].clone()).collect();
            all.predictions.extend(style.predict(&EncodedNotes { predictions: &read, ..*notes }));
        }
    }
}

impl NoteNetwork {
    /// How the Takes of a style wander around its feel; `None` without a feel.
    pub fn wander(&self, style: &PlayedStyle) -> Option<Wander> {
        Some(self.feel()?.style(style.feel().built_in)?.wander)
    }

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
        let whole: Vec<_> = parts.iter().map(|&part| (part, None)).collect();
        let styled = self.style_each(&whole, look_ahead, styles, cancellation)?;
        Ok(styled.into_iter().map(|part| part.into_iter().map(|styled| styled.predictions).collect()).collect())
    }

    /// [`Self::predict_each`] with the feel of each note, for performances that come with the length of a beat at each of
    /// their notes, in seconds.
    ///
    /// # Errors
    /// As [`Self::predict`].
    pub fn style_each(
        &self,
        parts: &[(&Part, Option<&[f64]>)],
        look_ahead: LookAhead,
        styles: &[PlayedStyle],
        cancellation: &Cancellation,
    ) -> Result<Vec<Vec<StyledNotes>>, InferenceError> {
        let styles = RequestedStyles::new(styles);
        let mut styled: Vec<_> = parts.iter().map(|(part, _)| styles.styled(part.len())).collect();
        let reader = |&(part, beat_seconds): &(_, Option<_>)| {
            let (model, beat_seconds) = self.feel().zip(beat_seconds)?;
            let chords = vec![ChordFeel::default(); styles.styles.len()];
            Some(FeelReader { model, part, beat_seconds, look_ahead, end: Part::end_known(part), chords })
        };
        let mut readers: Vec<Option<FeelReader<'_>>> = parts.iter().map(reader).collect();
        let parts: Vec<&Part> = parts.iter().map(|(part, _)| *part).collect();
        let mut append = |index: usize, notes: EncodedNotes<'_>| {
            styles.append(&notes, &mut styled[index]);
            if let Some(reader) = &mut readers[index] {
                reader.append(&notes, self.past_width(), styles.styles, &mut styled[index]);
            }
        };
        let mut together = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            match look_ahead {
                LookAhead::WholePerformance if part.len() <= LONGEST_LANE => together.push(index),
                LookAhead::WholePerformance => {
                    self.encode_long(part, &styles.decoders, cancellation, &mut |notes| append(index, notes))?;
                }
                LookAhead::Seconds(_) => {
                    self.encode(part, &[look_ahead], &styles.decoders, cancellation, &mut |_, notes| {
                        append(index, notes)
                    })?;
                }
            }
        }
        // Performances that are about equally long end together.
        together.sort_by_key(|&index| Reverse(parts[index].len()));
        for group in together.chunks(LANES) {
            let parts: Vec<&Part> = group.iter().map(|&index| parts[index]).collect();
            self.encode_lanes(&parts, &styles.decoders, cancellation, &mut |lane, notes| {
                append(group[lane], notes);
            })?;
        }
        Ok(styled)
    }
}
