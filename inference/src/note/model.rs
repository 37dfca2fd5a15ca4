//! The note model over what a host plays: state goes on from hop to hop, so a hop costs only its new notes and
//! those not yet due.

use std::collections::VecDeque;
use std::sync::Arc;

use tonenet_core::genre::Genre;
use tonenet_core::note_rows::{Part, PartNote};
use tonenet_core::scheduler::{NoteId, SampleTime};
use tonenet_core::window::{InferenceRequest, InputEvent};

use super::network::{DecoderState, NoteNetwork, PastState};
use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::model::{Prediction, StyleSpread, VelocityModel};

/// Notes whose ends are waited for; a host that never ends notes must not make the list grow.
const SOUNDING: usize = 1024;

/// A [`NoteNetwork`] that listens.
pub struct NoteModel {
    network: Arc<NoteNetwork>,
    sample_rate: f64,
    part: Part,
    pedal_down: bool,
    /// Heard since the last question, in the order of time.
    new: Vec<NewNote>,
    /// Read and not yet settled, in the order of the part.
    waiting: VecDeque<WaitingNote>,
    /// Notes without an end yet, oldest first.
    sounding: Vec<SoundingNote>,
    reading: PastState,
    decoders: Vec<StyleDecoder>,
    /// The question that the rest was last made ready for, and what looking ahead gave for the waiting notes.
    ready_for: Option<Ready>,
}

#[derive(Debug, Clone, Copy)]
struct NewNote {
    id: NoteId,
    time: SampleTime,
    note: PartNote,
}

struct WaitingNote {
    id: NoteId,
    time: SampleTime,
    index: usize,
    before: Vec<f32>,
}

struct SoundingNote {
    id: NoteId,
    /// In the part, once it is there.
    index: Option<usize>,
    channel: u8,
    key: u8,
}

struct StyleDecoder {
    style: Genre,
    state: DecoderState,
    /// Index in the part that it goes on from.
    next: usize,
}

struct Ready {
    time: SampleTime,
    /// First note to settle and how many, as places among the waiting; and the index in the part of the first.
    settle: std::ops::Range<usize>,
    first: usize,
    before: Vec<f32>,
    behind: Vec<f32>,
}

impl NoteModel {
    /// A model that has heard nothing; `sample_rate` in Hz.
    pub fn new(network: Arc<NoteNetwork>, sample_rate: f64) -> Self {
        Self {
            reading: network.fresh_past(),
            network,
            sample_rate,
            part: Part::default(),
            pedal_down: false,
            new: Vec::new(),
            waiting: VecDeque::new(),
            sounding: Vec::new(),
            decoders: Vec::new(),
            ready_for: None,
        }
    }

    fn seconds(&self, time: SampleTime) -> f64 {
        time as f64 / self.sample_rate
    }

    /// Puts new notes into the part, reads them, and looks ahead over all that wait.
    fn make_ready(&mut self, question: &InferenceRequest) -> Result<(), InferenceError> {
        let hop = question.hop;
        if self.ready_for.as_ref().is_some_and(|r| r.time == hop.time) {
            return Ok(());
        }
        // What the last question settled has left.
        if let Some(ready) = self.ready_for.take() {
            self.waiting.drain(..ready.settle.end.min(self.waiting.len()));
        }
        // Of notes at one sample a host may send any first.
        self.new.sort_by(|a, b| a.time.cmp(&b.time).then(a.note.key.cmp(&b.note.key)));
        let mut rows = Vec::new();
        for NewNote { id, time, note } in self.new.drain(..) {
            let index = self.part.push(note);
            self.part.past(index, &mut rows);
            self.waiting.push_back(WaitingNote { id, time, index, before: Vec::new() });
            if let Some(sounding) = self.sounding.iter_mut().find(|n| n.id == id) {
                sounding.index = Some(index);
            }
        }
        let read = self.network.read_in_pieces(&rows, &mut self.reading)?;
        let new = rows.len() / tonenet_core::note_rows::PAST;
        let old = self.waiting.len() - new;
        for (waiting, before) in self.waiting.range_mut(old..).zip(read.chunks(self.network.past_width())) {
            waiting.before = before.to_vec();
        }

        let from = self.waiting.partition_point(|n| n.time < hop.settle_from);
        let to = self.waiting.partition_point(|n| n.time < hop.settle_to);
        let known = self.seconds(hop.time);
        let (mut past, mut ahead) = (Vec::new(), Vec::new());
        for note in self.waiting.range(from..) {
            self.part.past(note.index, &mut past);
            self.part.ahead(note.index, known, &mut ahead);
        }
        let mut state = self.network.fresh_ahead(1);
        let mut behind = self.network.look_ahead_in_pieces(&past, &ahead, &mut state, &Cancellation::default())?;
        let count = self.waiting.len() - from;
        behind.truncate(behind.len() / count.max(1) * (to - from));
        let before = self.waiting.range(from..to).flat_map(|n| n.before.iter().copied()).collect();
        let first = self.waiting.get(from).map_or(self.part.len(), |n| n.index);
        self.part.forget_before(self.waiting.front().map_or(self.part.len(), |n| n.index));
        self.ready_for = Some(Ready { time: hop.time, settle: from..to, first, before, behind });
        Ok(())
    }
}

impl VelocityModel for NoteModel {
    fn style(&self, style: Genre) -> Option<StyleSpread> {
        self.network.style(style)
    }

    fn reset(&mut self) {
        *self = Self::new(self.network.clone(), self.sample_rate);
    }

    fn push_event(&mut self, heard: &InputEvent) {
        match *heard {
            InputEvent::NoteOn { id, time, beats, channel, key, .. } => {
                let note = PartNote {
                    onset: self.seconds(time),
                    release: f64::INFINITY,
                    key,
                    beat_phase: beats.map(|b| b.rem_euclid(1.0)),
                    deviation: None,
                };
                self.new.push(NewNote { id, time, note });
                if self.sounding.len() == SOUNDING {
                    self.sounding.remove(0);
                }
                self.sounding.push(SoundingNote { id, index: None, channel, key });
            }
            InputEvent::NoteOff { time, channel, key, .. } => {
                let release = self.seconds(time);
                let ended = self.sounding.iter().position(|n| (n.channel, n.key) == (channel, key));
                let Some(ended) = ended.map(|i| self.sounding.remove(i)) else { return };
                if let Some(index) = ended.index {
                    self.part.end(index, release);
                } else if let Some(new) = self.new.iter_mut().find(|n| n.id == ended.id) {
                    new.note.release = release;
                }
            }
            InputEvent::Pedal { time, down, .. } => {
                if down != self.pedal_down {
                    self.pedal_down = down;
                    self.part.pedal(self.seconds(time), down);
                }
            }
        }
    }

    fn predict(
        &mut self,
        question: &InferenceRequest,
        style: Genre,
        predictions: &mut Vec<(NoteId, Prediction)>,
    ) -> Result<(), InferenceError> {
        self.network.style(style).ok_or(InferenceError::NoSuchStyle { style })?;
        self.make_ready(question)?;
        let Some(ready) = &self.ready_for else { return Ok(()) };
        let place = self.decoders.iter().position(|d| d.style == style).unwrap_or_else(|| {
            self.decoders.push(StyleDecoder { style, state: self.network.fresh_decoder(), next: ready.first });
            self.decoders.len() - 1
        });
        let decoder = &mut self.decoders[place];
        if decoder.next != ready.first {
            // It was not in use for a while: what it remembers is of another place.
            decoder.state = self.network.fresh_decoder();
        }
        let found = self.network.decode_in_pieces(style, &ready.before, &ready.behind, &mut decoder.state)?;
        decoder.next = ready.first + found.len();
        let notes = self.waiting.range(ready.settle.clone());
        predictions.extend(notes.zip(found).map(|(note, prediction)| (note.id, prediction)));
        Ok(())
    }
}
