//! What the note model predicts of a whole performance, piece by piece, so that memory does not grow with its length.

use std::ops::Range;

use tonenet_core::genre::Genre;
use tonenet_core::note_rows::{AHEAD, PAST, Part};

use super::{DecoderState, NoteNetwork, PIECE, PastState};
use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::model::Prediction;

/// Notes of a whole take that what looking ahead gave is kept of at once. Over longer takes it looks twice, so that a
/// take of any length is read in the same memory.
pub(super) const STRETCH: usize = 32 * PIECE;

/// Notes of all stretches that run side by side where a take is read at a look-ahead, which no plugin does.
const SIDE_BY_SIDE: usize = 2048;

impl NoteNetwork {
    /// What each of `styles` expects of a whole take: every note knows all that follows.
    ///
    /// # Errors
    /// When the runtime fails, a style has no decoder, or nobody wants it any more.
    pub fn whole_performance(
        &self,
        part: &Part,
        styles: &[Genre],
        cancellation: &Cancellation,
    ) -> Result<Vec<Vec<Prediction>>, InferenceError> {
        let starts = (0..part.len()).step_by(STRETCH);
        let stretches: Vec<_> = starts.map(|from| from..(from + STRETCH).min(part.len())).collect();
        let known = part.end_known();
        let rows = |stretch: Range<usize>| {
            let (mut past, mut ahead) = (Vec::new(), Vec::new());
            for index in stretch {
                part.past(index, &mut past);
                part.ahead(index, known, &mut ahead);
            }
            (past, ahead)
        };
        // Where looking ahead over each stretch begins; nothing is kept of what it gives until its turn comes.
        let mut states = vec![self.fresh_ahead(1)];
        for stretch in stretches.iter().skip(1).rev() {
            let mut state = states[states.len() - 1].clone();
            let (past, ahead) = rows(stretch.clone());
            self.look_ahead_in_pieces(&past, &ahead, &mut state, cancellation)?;
            states.push(state);
        }
        let mut decoding = Decoding::new(self, styles, part.len());
        for (stretch, mut state) in stretches.into_iter().zip(states.into_iter().rev()) {
            let (past, ahead) = rows(stretch);
            let behind = self.look_ahead_in_pieces(&past, &ahead, &mut state, cancellation)?;
            for (past, behind) in past.chunks(PIECE * PAST).zip(behind.chunks(PIECE * self.ahead_hidden)) {
                cancellation.check()?;
                decoding.go_on(past, behind)?;
            }
        }
        Ok(decoding.predictions)
    }

    /// What each of `styles` expects of a take's notes, each from what is known `look_ahead` seconds after its
    /// onset.
    ///
    /// # Errors
    /// When the runtime fails or a style has no decoder.
    pub fn at_look_ahead(
        &self,
        part: &Part,
        look_ahead: f64,
        styles: &[Genre],
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
        // Stretches of one length run side by side.
        let mut by_length: Vec<usize> = (0..part.len()).collect();
        by_length.sort_by_key(|&index| lengths[index]);
        let mut behind = vec![0.0; part.len() * self.ahead_hidden];
        for group in by_length.chunk_by(|&a, &b| lengths[a] == lengths[b]) {
            let length = lengths[group[0]];
            for group in group.chunks((SIDE_BY_SIDE / length).max(1)) {
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
                let found = self.look_ahead(&rows, &known_rows, &mut self.fresh_ahead(group.len()))?;
                for (found, &index) in found.chunks(self.ahead_hidden).zip(group) {
                    let to = index * self.ahead_hidden;
                    behind[to..to + self.ahead_hidden].copy_from_slice(found);
                }
            }
        }
        let mut decoding = Decoding::new(self, styles, part.len());
        for (past, behind) in past.chunks(PIECE * PAST).zip(behind.chunks(PIECE * self.ahead_hidden)) {
            decoding.go_on(past, behind)?;
        }
        Ok(decoding.predictions)
    }
}

/// A take that is being read and decoded in several styles, piece by piece.
struct Decoding<'a> {
    network: &'a NoteNetwork,
    reading: PastState,
    styles: Vec<(Genre, DecoderState)>,
    /// In the order of the styles.
    predictions: Vec<Vec<Prediction>>,
}

impl<'a> Decoding<'a> {
    fn new(network: &'a NoteNetwork, styles: &[Genre], notes: usize) -> Self {
        Self {
            network,
            reading: network.fresh_past(),
            styles: styles.iter().map(|&style| (style, network.fresh_decoder())).collect(),
            predictions: styles.iter().map(|_| Vec::with_capacity(notes)).collect(),
        }
    }

    /// Takes the next notes' `past` rows and what looking ahead gave for each.
    fn go_on(&mut self, past: &[f32], behind: &[f32]) -> Result<(), InferenceError> {
        let before = self.network.read(past, &mut self.reading)?;
        for ((style, state), predictions) in self.styles.iter_mut().zip(&mut self.predictions) {
            predictions.extend(self.network.decode(*style, &before, behind, state)?);
        }
        Ok(())
    }
}
