//! Encodes several whole performances at once, because runs over a batch take less time for each note.
//!
//! Each performance has a lane of the batch. Its lane is computed as if it were alone, so its predictions do not depend
//! on the others.

use tonenet_core::note_rows::{AHEAD, PAST, Part};
use tonenet_core::style::StyleIndex;

use super::{AheadState, DecoderState, EncodedNotes, NoteNetwork, PastState, zeros};
use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::model::Prediction;
use crate::runtime::Tensor;

/// The most performances in a batch. More are no faster.
pub const LANES: usize = 4;

/// The notes of a longer performance are not kept in memory all at once, so it has no lane.
pub const LONGEST_LANE: usize = 8192;

/// The notes of each lane in one run. All runs have as many, because a runtime may compute shorter ones differently.
pub(super) const STEPS: usize = 32;

/// A performance in the batch.
struct Lane {
    notes: usize,
    /// The rows of the notes: \[notes, PAST\] and \[notes, AHEAD\].
    past: Vec<f32>,
    ahead: Vec<f32>,
    /// The look-ahead encodings.
    ahead_encoding: Vec<f32>,
}

/// A lane's notes in a run. The other steps of its run are padding.
struct Span {
    first: usize,
    notes: usize,
    /// The step of the first note.
    step: usize,
}

impl Lane {
    fn new(part: &Part, encoding_width: usize) -> Self {
        let notes = part.len();
        let (mut past, mut ahead) = (Vec::with_capacity(notes * PAST), Vec::with_capacity(notes * AHEAD));
        let known = part.end_known();
        for index in 0..notes {
            part.past(index, &mut past);
            part.ahead(index, known, &mut ahead);
        }
        Self { notes, past, ahead, ahead_encoding: vec![0.0; notes * encoding_width] }
    }

    /// The runs that it takes part in.
    fn runs(&self) -> usize {
        self.notes.div_ceil(STEPS)
    }

    /// The notes of a run, counted from the performance's start. Padding follows its last notes.
    fn span_from_start(&self, run: usize) -> Span {
        let first = run * STEPS;
        Span { first, notes: STEPS.min(self.notes - first), step: 0 }
    }

    /// The notes of a run, counted from the performance's end. Padding precedes its first notes, which are read last.
    fn span_from_end(&self, run: usize) -> Span {
        let end = self.notes - run * STEPS;
        let notes = STEPS.min(end);
        Span { first: end - notes, notes, step: STEPS - notes }
    }
}

impl Span {
    /// Pairs the places of its rows in the performance with those in a run of `lanes` lanes, in rows of `width` numbers.
    fn rows(&self, lane: usize, lanes: usize, width: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let Self { first, notes, step } = *self;
        (0..notes).map(move |note| ((first + note) * width, ((step + note) * lanes + lane) * width))
    }
}

/// The input of a run, \[STEPS, lanes, width\], from rows of each lane; padding is zero.
fn gather<'a>(spans: &[Span], width: usize, rows: impl Fn(usize) -> &'a [f32]) -> Vec<f32> {
    let mut run = vec![0.0; STEPS * spans.len() * width];
    for (lane, span) in spans.iter().enumerate() {
        let rows = rows(lane);
        for (from, to) in span.rows(lane, spans.len(), width) {
            run[to..to + width].copy_from_slice(&rows[from..from + width]);
        }
    }
    run
}

/// The rows of a lane in the output of a run.
fn of_lane<T: Copy>(run: &[T], span: &Span, (lane, lanes): (usize, usize), width: usize) -> Vec<T> {
    span.rows(lane, lanes, width).flat_map(|(_, from)| run[from..from + width].iter().copied()).collect()
}

/// Keeps the first lanes of states; the others have ended.
fn keep_lanes<const N: usize>(states: &mut [Tensor; N], lanes: usize) {
    for Tensor { shape, data } in states {
        shape[1] = lanes;
        data.truncate(lanes * shape[2]);
    }
}

impl NoteNetwork {
    /// Encodes whole performances, the longest first, and predicts them in each of `styles`.
    ///
    /// It calls `visit` with the index of a performance and a few notes, for every note in the order of its part.
    ///
    /// # Errors
    /// When the runtime fails or a style has no decoder, or on cancellation.
    pub(in crate::note) fn encode_lanes(
        &self,
        parts: &[&Part],
        styles: &[StyleIndex],
        cancellation: &Cancellation,
        visit: &mut dyn FnMut(usize, EncodedNotes<'_>),
    ) -> Result<(), InferenceError> {
        let mut lanes: Vec<Lane> = parts.iter().map(|part| Lane::new(part, self.ahead_hidden)).collect();
        self.look_ahead_lanes(&mut lanes, cancellation)?;
        let (past_width, ahead_width) = (self.past_hidden, self.ahead_hidden);
        let mut past_state = PastState(std::array::from_fn(|_| zeros(lanes.len(), past_width)));
        let decoder_state = DecoderState(std::array::from_fn(|_| zeros(lanes.len(), self.decoder_hidden)));
        let mut decoders: Vec<_> = styles.iter().map(|&style| (style, decoder_state.clone())).collect();
        for run in 0..lanes.first().map_or(0, Lane::runs) {
            cancellation.check()?;
            let spans = spans(&lanes, run, Lane::span_from_start);
            keep_lanes(&mut past_state.0, spans.len());
            let rows = gather(&spans, PAST, |lane| &lanes[lane].past);
            let past_encoding = self.read(&rows, &mut past_state)?;
            let ahead_encoding = gather(&spans, ahead_width, |lane| &lanes[lane].ahead_encoding);
            let mut predictions = Vec::with_capacity(decoders.len());
            for (style, state) in &mut decoders {
                keep_lanes(&mut state.0, spans.len());
                predictions.push(self.decode(*style, &past_encoding, &ahead_encoding, state)?);
            }
            for (lane, span) in spans.iter().enumerate() {
                let place = (lane, spans.len());
                let predictions: Vec<Vec<Prediction>> =
                    predictions.iter().map(|run| of_lane(run, span, place, 1)).collect();
                let from = span.first * ahead_width;
                let notes = EncodedNotes {
                    past_encoding: &of_lane(&past_encoding, span, place, past_width),
                    ahead_encoding: &lanes[lane].ahead_encoding[from..from + span.notes * ahead_width],
                    predictions: &predictions,
                };
                visit(lane, notes);
            }
        }
        Ok(())
    }

    /// Looks ahead over all lanes, from their ends.
    fn look_ahead_lanes(&self, lanes: &mut [Lane], cancellation: &Cancellation) -> Result<(), InferenceError> {
        let width = self.ahead_hidden;
        let mut state: AheadState = self.initial_ahead_state(lanes.len());
        for run in 0..lanes.first().map_or(0, Lane::runs) {
            cancellation.check()?;
            let spans = spans(lanes, run, Lane::span_from_end);
            keep_lanes(&mut state.0, spans.len());
            let past = gather(&spans, PAST, |lane| &lanes[lane].past);
            let ahead = gather(&spans, AHEAD, |lane| &lanes[lane].ahead);
            let encodings = self.look_ahead(&past, &ahead, &mut state)?;
            for (lane, span) in spans.iter().enumerate() {
                for (to, from) in span.rows(lane, spans.len(), width) {
                    lanes[lane].ahead_encoding[to..to + width].copy_from_slice(&encodings[from..from + width]);
                }
            }
        }
        Ok(())
    }
}

/// The notes of the lanes that take part in a run. The longest lanes come first, so these are the first ones.
fn spans(lanes: &[Lane], run: usize, span: impl Fn(&Lane, usize) -> Span) -> Vec<Span> {
    lanes.iter().take_while(|lane| lane.runs() > run).map(|lane| span(lane, run)).collect()
}
