//! Runs the note model over a recorded performance of any length in bounded memory.

use std::ops::Range;

use tonenet_core::note_rows::{AHEAD, PAST, Part};
use tonenet_core::style::StyleIndex;

use super::{CHUNK, DecoderState, NoteNetwork, PastState};
use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::model::Prediction;

/// The most notes whose look-ahead encodings are kept at once. A longer performance is looked ahead over twice, so the
/// memory does not grow with its length.
pub(super) const SEGMENT: usize = 32 * CHUNK;

/// The most notes in one batch of [`NoteNetwork::at_look_ahead`], which only evaluation uses.
const BATCH_NOTES: usize = 2048;

impl NoteNetwork {
    /// Predicts a performance in each of `styles`; each note's look-ahead is the rest of the performance.
    ///
    /// # Errors
    /// When the runtime fails or a style has no decoder, or on cancellation.
    pub fn whole_performance(
        &self,
        part: &Part,
        styles: &[StyleIndex],
        cancellation: &Cancellation,
    ) -> Result<Vec<Vec<Prediction>>, InferenceError> {
        let starts = (0..part.len()).step_by(SEGMENT);
        let segments: Vec<_> = starts.map(|from| from..(from + SEGMENT).min(part.len())).collect();
        let known = part.end_known();
        let rows = |segment: Range<usize>| {
            let (mut past, mut ahead) = (Vec::new(), Vec::new());
            for index in segment {
                part.past(index, &mut past);
                part.ahead(index, known, &mut ahead);
            }
            (past, ahead)
        };
        // The first pass keeps only the look-ahead state at the end of each segment.
        let mut states = vec![self.initial_ahead_state(1)];
        for segment in segments.iter().skip(1).rev() {
            let mut state = states[states.len() - 1].clone();
            let (past, ahead) = rows(segment.clone());
            self.look_ahead_in_chunks(&past, &ahead, &mut state, cancellation)?;
            states.push(state);
        }
        let mut decoding = Decoding::new(self, styles, part.len());
        for (segment, mut state) in segments.into_iter().zip(states.into_iter().rev()) {
            let (past, ahead) = rows(segment);
            let encodings = self.look_ahead_in_chunks(&past, &ahead, &mut state, cancellation)?;
            for (past, ahead_encoding) in past.chunks(CHUNK * PAST).zip(encodings.chunks(CHUNK * self.ahead_hidden)) {
                cancellation.check()?;
                decoding.push_chunk(past, ahead_encoding)?;
            }
        }
        Ok(decoding.predictions)
    }

    /// Predicts a performance in each of `styles`; each note's look-ahead is `look_ahead` seconds after its onset.
    ///
    /// # Errors
    /// When the runtime fails or a style has no decoder.
    pub fn at_look_ahead(
        &self,
        part: &Part,
        look_ahead: f64,
        styles: &[StyleIndex],
    ) -> Result<Vec<Vec<Prediction>>, InferenceError> {
        let mut past = Vec::new();
        let mut lengths = Vec::with_capacity(part.len());
        let mut end = 0;
        for index in 0..part.len() {
            part.past(index, &mut past);
            let known = part.note(index).map_or(0.0, |n| n.onset) + look_ahead;
            while part.note(end).is_some_and(|n| n.onset <= known) {
                end += 1;
            }
            lengths.push(end.max(index + 1) - index);
        }
        // Segments of the same length run in a batch.
        let mut by_length: Vec<usize> = (0..part.len()).collect();
        by_length.sort_by_key(|&index| lengths[index]);
        let mut encodings = vec![0.0; part.len() * self.ahead_hidden];
        for group in by_length.chunk_by(|&a, &b| lengths[a] == lengths[b]) {
            let length = lengths[group[0]];
            for group in group.chunks((BATCH_NOTES / length).max(1)) {
                let mut rows = vec![0.0; length * group.len() * PAST];
                let mut known_rows = Vec::with_capacity(length * group.len() * AHEAD);
                for step in 0..length {
                    for (lane, &index) in group.iter().enumerate() {
                        let (from, to) = ((index + step) * PAST, (step * group.len() + lane) * PAST);
                        rows[to..to + PAST].copy_from_slice(&past[from..from + PAST]);
                        let known = part.note(index).map_or(0.0, |n| n.onset) + look_ahead;
                        part.ahead(index + step, known, &mut known_rows);
                    }
                }
                let found = self.look_ahead(&rows, &known_rows, &mut self.initial_ahead_state(group.len()))?;
                for (encoding, &index) in found.chunks(self.ahead_hidden).zip(group) {
                    let to = index * self.ahead_hidden;
                    encodings[to..to + self.ahead_hidden].copy_from_slice(encoding);
                }
            }
        }
        let mut decoding = Decoding::new(self, styles, part.len());
        for (past, ahead_encoding) in past.chunks(CHUNK * PAST).zip(encodings.chunks(CHUNK * self.ahead_hidden)) {
            decoding.push_chunk(past, ahead_encoding)?;
        }
        Ok(decoding.predictions)
    }
}

/// A performance that is encoded and decoded in several styles, chunk by chunk.
struct Decoding<'a> {
    network: &'a NoteNetwork,
    past_state: PastState,
    styles: Vec<(StyleIndex, DecoderState)>,
    /// In the order of the styles.
    predictions: Vec<Vec<Prediction>>,
}

impl<'a> Decoding<'a> {
    fn new(network: &'a NoteNetwork, styles: &[StyleIndex], notes: usize) -> Self {
        Self {
            network,
            past_state: network.initial_past_state(),
            styles: styles.iter().map(|&style| (style, network.initial_decoder_state())).collect(),
            predictions: styles.iter().map(|_| Vec::with_capacity(notes)).collect(),
        }
    }

    /// Adds the predictions of the next notes, from their `past` rows and look-ahead encodings.
    fn push_chunk(&mut self, past: &[f32], ahead_encoding: &[f32]) -> Result<(), InferenceError> {
        let past_encoding = self.network.read(past, &mut self.past_state)?;
        for ((style, state), predictions) in self.styles.iter_mut().zip(&mut self.predictions) {
            predictions.extend(self.network.decode(*style, &past_encoding, ahead_encoding, state)?);
        }
        Ok(())
    }
}
