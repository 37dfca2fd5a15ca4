//! Runs the note model over a recorded performance of any length in bounded memory.

use std::ops::Range;

use tonenet_core::note_rows::{AHEAD, PAST, Part};
use tonenet_core::style::StyleIndex;

use super::{AheadState, CHUNK, DecoderState, NoteNetwork};
use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::model::Prediction;
use crate::performance::LookAhead;

/// The most notes whose look-ahead encodings are kept at once. A longer performance is looked ahead over twice, so the
/// memory does not grow with its length.
pub(super) const SEGMENT: usize = 32 * CHUNK;

/// The most notes in one batch at a look-ahead in seconds. Larger ones are no faster, and while a style is learned they
/// would keep the graph from instances that play.
const BATCH_NOTES: usize = CHUNK;

/// What the decoders read of some consecutive notes at one look-ahead, and what they predict from it.
#[derive(Debug, Clone, Copy)]
pub struct EncodedNotes<'a> {
    /// The past encodings, \[notes, [`NoteNetwork::past_width`]\].
    pub past_encoding: &'a [f32],
    /// The look-ahead encodings, \[notes, [`NoteNetwork::ahead_width`]\].
    pub ahead_encoding: &'a [f32],
    /// Each style's predictions, in the order in which the styles were named.
    pub predictions: &'a [Vec<Prediction>],
}

impl NoteNetwork {
    /// Encodes a performance at each of `look_aheads` and predicts it in each of `styles`.
    ///
    /// It calls `visit` with the index of a look-ahead and a few notes, for every note in the order of the part and for
    /// each look-ahead.
    ///
    /// # Errors
    /// When the runtime fails or a style has no decoder, or on cancellation.
    pub fn encode(
        &self,
        part: &Part,
        look_aheads: &[LookAhead],
        styles: &[StyleIndex],
        cancellation: &Cancellation,
        visit: &mut dyn FnMut(usize, EncodedNotes<'_>),
    ) -> Result<(), InferenceError> {
        let segments = Segments::new(self, part, cancellation);
        let mut states = match look_aheads.contains(&LookAhead::WholePerformance) {
            true => segments.states_at_ends()?,
            false => Vec::new(),
        };
        let mut past_state = self.initial_past_state();
        let mut decoders: Vec<_> = look_aheads.iter().map(|_| StyleDecoders::new(self, styles)).collect();
        for segment in segments.ranges() {
            let mut state = states.pop();
            let past = segments.past_rows(segment.clone());
            let whole = state.as_mut().map(|state| segments.look_ahead_over_all(segment.clone(), &past, state));
            let whole = whole.transpose()?;
            let seconds = look_aheads.iter().map(|&look_ahead| match look_ahead {
                LookAhead::WholePerformance => Ok(None),
                LookAhead::Seconds(seconds) => segments.look_ahead(segment.clone(), seconds).map(Some),
            });
            let seconds: Vec<Option<Vec<f32>>> = seconds.collect::<Result<_, InferenceError>>()?;
            let by_look_ahead: Vec<&[f32]> =
                seconds.iter().map(|s| s.as_ref().or(whole.as_ref()).map_or(&[][..], Vec::as_slice)).collect();
            for (chunk, past) in past.chunks(CHUNK * PAST).enumerate() {
                cancellation.check()?;
                let past_encoding = self.read(past, &mut past_state)?;
                let from = chunk * CHUNK * self.ahead_hidden;
                let to = from + past.len() / PAST * self.ahead_hidden;
                for (look_ahead, (encodings, decoders)) in by_look_ahead.iter().zip(&mut decoders).enumerate() {
                    let ahead_encoding = &encodings[from..to];
                    let predictions = decoders.decode(&past_encoding, ahead_encoding)?;
                    let notes =
                        EncodedNotes { past_encoding: &past_encoding, ahead_encoding, predictions: &predictions };
                    visit(look_ahead, notes);
                }
            }
        }
        Ok(())
    }
}

/// Looks ahead over a performance, one segment of its notes at a time.
pub(super) struct Segments<'a> {
    network: &'a NoteNetwork,
    part: &'a Part,
    /// The end of the performance, in seconds.
    end: f64,
    cancellation: &'a Cancellation,
}

impl<'a> Segments<'a> {
    pub(super) fn new(network: &'a NoteNetwork, part: &'a Part, cancellation: &'a Cancellation) -> Self {
        Self { network, part, end: part.end_known(), cancellation }
    }

    pub(super) fn ranges(&self) -> impl DoubleEndedIterator<Item = Range<usize>> + ExactSizeIterator + use<> {
        let notes = self.part.len();
        (0..notes.div_ceil(SEGMENT)).map(move |index| index * SEGMENT..((index + 1) * SEGMENT).min(notes))
    }

    pub(super) fn past_rows(&self, notes: Range<usize>) -> Vec<f32> {
        let mut rows = Vec::with_capacity(notes.len() * PAST);
        notes.for_each(|index| self.part.past(index, &mut rows));
        rows
    }

    /// The look-ahead network's state at the end of each segment, the last segment's first.
    pub(super) fn states_at_ends(&self) -> Result<Vec<AheadState>, InferenceError> {
        let mut states = vec![self.network.initial_ahead_state(1)];
        for segment in self.ranges().skip(1).rev() {
            let mut state = states[states.len() - 1].clone();
            let past = self.past_rows(segment.clone());
            self.look_ahead_over_all(segment, &past, &mut state)?;
            states.push(state);
        }
        Ok(states)
    }

    /// The look-ahead encodings of a segment with these `past` rows, from the state at its end; each note's look-ahead
    /// is the rest of the performance.
    pub(super) fn look_ahead_over_all(
        &self,
        notes: Range<usize>,
        past: &[f32],
        state: &mut AheadState,
    ) -> Result<Vec<f32>, InferenceError> {
        let mut ahead = Vec::with_capacity(notes.len() * AHEAD);
        notes.for_each(|index| self.part.ahead(index, self.end, &mut ahead));
        self.network.look_ahead_in_chunks(past, &ahead, state, self.cancellation)
    }

    /// The look-ahead encodings of a segment; each note's look-ahead is so many seconds after its onset.
    fn look_ahead(&self, notes: Range<usize>, seconds: f64) -> Result<Vec<f32>, InferenceError> {
        let width = self.network.ahead_hidden;
        let known = |index| self.part.note(index).map_or(0.0, |note| note.onset) + seconds;
        let mut end = notes.start;
        let lengths = notes.clone().map(|index| {
            while self.part.note(end).is_some_and(|note| note.onset <= known(index)) {
                end += 1;
            }
            end.max(index + 1) - index
        });
        let lengths: Vec<usize> = lengths.collect();
        let past = self.past_rows(notes.start..end.max(notes.end));
        // Runs over the same number of notes share a batch.
        let mut by_length: Vec<usize> = (0..notes.len()).collect();
        by_length.sort_by_key(|&index| lengths[index]);
        let mut encodings = vec![0.0; notes.len() * width];
        for group in by_length.chunk_by(|&a, &b| lengths[a] == lengths[b]) {
            let length = lengths[group[0]];
            for group in group.chunks((BATCH_NOTES / length).max(1)) {
                self.cancellation.check()?;
                let mut rows = Vec::with_capacity(length * group.len() * PAST);
                let mut known_rows = Vec::with_capacity(length * group.len() * AHEAD);
                for step in 0..length {
                    for &index in group {
                        let from = (index + step) * PAST;
                        rows.extend_from_slice(&past[from..from + PAST]);
                        let index = notes.start + index;
                        self.part.ahead(index + step, known(index), &mut known_rows);
                    }
                }
                let mut state = self.network.initial_ahead_state(group.len());
                let found = self.network.look_ahead(&rows, &known_rows, &mut state)?;
                for (encoding, &index) in found.chunks(width).zip(group) {
                    encodings[index * width..(index + 1) * width].copy_from_slice(encoding);
                }
            }
        }
        Ok(encodings)
    }
}

/// The decoders of some styles at one look-ahead, with their states.
pub(super) struct StyleDecoders<'a> {
    network: &'a NoteNetwork,
    states: Vec<(StyleIndex, DecoderState)>,
}

impl<'a> StyleDecoders<'a> {
    pub(super) fn new(network: &'a NoteNetwork, styles: &[StyleIndex]) -> Self {
        Self { network, states: styles.iter().map(|&style| (style, network.initial_decoder_state())).collect() }
    }

    /// Each style's predictions of the next notes.
    pub(super) fn decode(&mut self, past: &[f32], ahead: &[f32]) -> Result<Vec<Vec<Prediction>>, InferenceError> {
        self.states.iter_mut().map(|(style, state)| self.network.decode(*style, past, ahead, state)).collect()
    }
}
