//! Encodes a long whole performance on two threads: one reads it forward, the other looks ahead and decodes.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use tonenet_core::note_rows::{PAST, Part};
use tonenet_core::style::StyleIndex;

use super::performance::{SEGMENT, Segments, StyleDecoders};
use super::{CHUNK, EncodedNotes, NoteNetwork};
use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::performance::LookAhead;

/// The most chunks of past encodings that wait to be decoded.
const WAITING: usize = SEGMENT / CHUNK;

/// The past encodings of a chunk of notes, or why there is none.
type Chunk = Result<Vec<f32>, InferenceError>;

impl NoteNetwork {
    /// [`Self::encode`] for a whole performance, with a second thread where the system has one.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub(in crate::note) fn encode_long(
        &self,
        part: &Part,
        styles: &[StyleIndex],
        cancellation: &Cancellation,
        visit: &mut dyn FnMut(EncodedNotes<'_>),
    ) -> Result<(), InferenceError> {
        thread::scope(|scope| {
            let (sender, chunks) = sync_channel(WAITING);
            let reader = thread::Builder::new().name("tonenet past encoder".into());
            match reader.spawn_scoped(scope, move || self.send_past(part, cancellation, &sender)) {
                Ok(_) => self.decode_long(part, styles, cancellation, &chunks, visit),
                Err(_) => {
                    let whole = [LookAhead::WholePerformance];
                    self.encode(part, &whole, styles, cancellation, &mut |_, notes| visit(notes))
                }
            }
        })
    }

    /// Sends the past encodings, chunk by chunk, until there is an error or nobody receives them.
    fn send_past(&self, part: &Part, cancellation: &Cancellation, chunks: &SyncSender<Chunk>) {
        let mut state = self.initial_past_state();
        let mut rows = Vec::with_capacity(CHUNK * PAST);
        for first in (0..part.len()).step_by(CHUNK) {
            rows.clear();
            (first..part.len().min(first + CHUNK)).for_each(|note| part.past(note, &mut rows));
            let is_cancelled = cancellation.check().map_err(InferenceError::from);
            let chunk = is_cancelled.and_then(|()| self.read(&rows, &mut state));
            let is_last = chunk.is_err();
            if chunks.send(chunk).is_err() || is_last {
                return;
            }
        }
    }

    /// Looks ahead over the performance and decodes it with the past encodings that come in.
    fn decode_long(
        &self,
        part: &Part,
        styles: &[StyleIndex],
        cancellation: &Cancellation,
        chunks: &Receiver<Chunk>,
        visit: &mut dyn FnMut(EncodedNotes<'_>),
    ) -> Result<(), InferenceError> {
        let segments = Segments::new(self, part, cancellation);
        let mut states = segments.states_at_ends()?;
        let mut decoders = StyleDecoders::new(self, styles);
        for segment in segments.ranges() {
            let Some(mut state) = states.pop() else { break };
            let past = segments.past_rows(segment.clone());
            let ahead_encoding = segments.look_ahead_over_all(segment, &past, &mut state)?;
            for ahead_encoding in ahead_encoding.chunks(CHUNK * self.ahead_hidden) {
                cancellation.check()?;
                // The sender sends every chunk or an error, unless it panics; the scope passes that on.
                let Ok(past_encoding) = chunks.recv() else { return Ok(()) };
                let past_encoding = past_encoding?;
                let predictions = decoders.decode(&past_encoding, ahead_encoding)?;
                visit(EncodedNotes { past_encoding: &past_encoding, ahead_encoding, predictions: &predictions });
            }
        }
        Ok(())
    }
}
