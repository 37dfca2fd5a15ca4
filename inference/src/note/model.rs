//! Runs the note model over a live part.
//!
//! The networks' states carry over from hop to hop. So a hop reads only its new notes, and looks ahead over the notes
//! that are not settled yet.

use std::collections::VecDeque;
use std::sync::Arc;

use tonenet_core::feel::{Feel, Wander};
use tonenet_core::note_rows::{FeelRow, Part, PartNote};
use tonenet_core::scheduler::{NoteId, SampleTime};
use tonenet_core::style::{PerStyle, StyleIndex};
use tonenet_core::window::{InferenceRequest, InputEvent};

use super::network::{DecoderState, EncodedNotes, NoteNetwork, PastState};
use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::feel::ChordFeel;
use crate::model::{Prediction, StyleSpread, VelocityModel};
use crate::styles::StyleList;

/// The most notes that may wait for their note-off; it bounds the list when a host sends none.
const MAX_SOUNDING: usize = 1024;

/// A [`NoteNetwork`] over one live part.
pub struct NoteModel {
    network: Arc<NoteNetwork>,
    sample_rate: f64,
    part: Part,
    pedal_down: bool,
    /// Notes since the last request, in the order of time.
    new: Vec<NewNote>,
    /// Notes that the encoder has read and no request has settled, in the order of the part.
    unsettled: VecDeque<UnsettledNote>,
    /// Notes without a note-off yet, oldest first.
    sounding: Vec<SoundingNote>,
    past_state: PastState,
    decoders: Vec<DecoderProgress>,
    /// What the last chord's notes share in each style.
    chords: PerStyle<ChordFeel>,
    /// The encodings for the last request, which every style's decoder reads.
    prepared: Option<Prepared>,
    styles: Arc<StyleList>,
}

#[derive(Debug, Clone, Copy)]
struct NewNote {
    id: NoteId,
    time: SampleTime,
    beat_seconds: f64,
    note: PartNote,
}

struct UnsettledNote {
    id: NoteId,
    time: SampleTime,
    beat_seconds: f64,
    /// Index in the part.
    index: usize,
    past_encoding: Vec<f32>,
}

struct SoundingNote {
    id: NoteId,
    /// Index in the part, once it is in it.
    index: Option<usize>,
    channel: u8,
    key: u8,
}

struct DecoderProgress {
    style: StyleIndex,
    state: DecoderState,
    /// Index in the part of the note after the last decoded one.
    next: usize,
}

struct Prepared {
    time: SampleTime,
    /// The notes to settle, as a range of the unsettled ones.
    settle: std::ops::Range<usize>,
    /// Index in the part of the first of them.
    first: usize,
    past_encoding: Vec<f32>,
    ahead_encoding: Vec<f32>,
    /// What the decoders that have run predict of the notes to settle.
    decoded: Vec<(StyleIndex, Vec<Prediction>)>,
}

impl NoteModel {
    /// A model without events that plays some styles; `sample_rate` is in Hz.
    pub fn new(network: Arc<NoteNetwork>, styles: Arc<StyleList>, sample_rate: f64) -> Self {
        Self {
            past_state: network.initial_past_state(),
            network,
            sample_rate,
            part: Part::default(),
            pedal_down: false,
            new: Vec::new(),
            unsettled: VecDeque::new(),
            sounding: Vec::new(),
            decoders: Vec::new(),
            chords: PerStyle::default(),
            prepared: None,
            styles,
        }
    }

    fn seconds(&self, time: SampleTime) -> f64 {
        time as f64 / self.sample_rate
    }

    /// Adds the new notes to the part, encodes them, and looks ahead over all unsettled notes.
    fn prepare(&mut self, request: &InferenceRequest) -> Result<(), InferenceError> {
        let hop = request.hop;
        if self.prepared.as_ref().is_some_and(|prepared| prepared.time == hop.time) {
            return Ok(());
        }
        // The last request settled these notes.
        if let Some(last) = self.prepared.take() {
            self.unsettled.drain(..last.settle.end.min(self.unsettled.len()));
        }
        // A host may send notes of the same sample in any order.
        self.new.sort_by(|a, b| a.time.cmp(&b.time).then(a.note.key.cmp(&b.note.key)));
        let mut rows = Vec::new();
        for NewNote { id, time, beat_seconds, note } in self.new.drain(..) {
            let index = self.part.push(note);
            self.part.past(index, &mut rows);
            self.unsettled.push_back(UnsettledNote { id, time, beat_seconds, index, past_encoding: Vec::new() });
            if let Some(sounding) = self.sounding.iter_mut().find(|n| n.id == id) {
                sounding.index = Some(index);
            }
        }
        let encodings = self.network.read_in_chunks(&rows, &mut self.past_state)?;
        let new = rows.len() / tonenet_core::note_rows::PAST;
        let old = self.unsettled.len() - new;
        for (note, encoding) in self.unsettled.range_mut(old..).zip(encodings.chunks(self.network.past_width())) {
            note.past_encoding = encoding.to_vec();
        }

        let from = self.unsettled.partition_point(|n| n.time < hop.settle_from);
        let to = self.unsettled.partition_point(|n| n.time < hop.settle_to);
        let known = self.seconds(hop.time);
        let (mut past, mut ahead) = (Vec::new(), Vec::new());
        for note in self.unsettled.range(from..) {
            self.part.past(note.index, &mut past);
            self.part.ahead(note.index, known, &mut ahead);
        }
        let mut state = self.network.initial_ahead_state(1);
        let mut ahead_encoding =
            self.network.look_ahead_in_chunks(&past, &ahead, &mut state, &Cancellation::default())?;
        let count = self.unsettled.len() - from;
        ahead_encoding.truncate(ahead_encoding.len() / count.max(1) * (to - from));
        let past_encoding = self.unsettled.range(from..to).flat_map(|n| n.past_encoding.iter().copied()).collect();
        let first = self.unsettled.get(from).map_or(self.part.len(), |n| n.index);
        self.part.forget_before(self.unsettled.front().map_or(self.part.len(), |n| n.index));
        self.prepared = Some(Prepared {
            time: hop.time,
            settle: from..to,
            first,
            past_encoding,
            ahead_encoding,
            decoded: Vec::new(),
        });
        Ok(())
    }

    /// What a style's decoder predicts of the notes to settle.
    fn decode(&mut self, style: StyleIndex) -> Result<Vec<Prediction>, InferenceError> {
        let Some(prepared) = &mut self.prepared else { return Ok(Vec::new()) };
        if let Some((_, decoded)) = prepared.decoded.iter().find(|(decoded, _)| *decoded == style) {
            return Ok(decoded.clone());
        }
        let index = self.decoders.iter().position(|d| d.style == style).unwrap_or_else(|| {
            self.decoders.push(DecoderProgress {
                style,
                state: self.network.initial_decoder_state(),
                next: prepared.first,
            });
            self.decoders.len() - 1
        });
        let decoder = &mut self.decoders[index];
        if decoder.next != prepared.first {
            // The style was not in use for a while, so its state belongs to an earlier note.
            decoder.state = self.network.initial_decoder_state();
        }
        let decoded = self.network.decode_in_chunks(
            style,
            &prepared.past_encoding,
            &prepared.ahead_encoding,
            &mut decoder.state,
        )?;
        decoder.next = prepared.first + decoded.len();
        prepared.decoded.push((style, decoded.clone()));
        Ok(decoded)
    }
}

impl VelocityModel for NoteModel {
    fn style(&self, style: StyleIndex) -> Option<StyleSpread> {
        self.network.played_style(self.styles.get(style)?)
    }

    fn use_styles(&mut self, styles: &Arc<StyleList>) {
        self.styles = styles.clone();
    }

    fn reset(&mut self) {
        *self = Self::new(self.network.clone(), self.styles.clone(), self.sample_rate);
    }

    fn push_event(&mut self, event: &InputEvent, player_level: Option<f32>) {
        match *event {
            InputEvent::NoteOn { id, time, beats, beat_seconds, channel, key, velocity, .. } => {
                let note = PartNote {
                    onset: self.seconds(time),
                    release: f64::INFINITY,
                    key,
                    beat_phase: beats.map(|b| b.rem_euclid(1.0)),
                    deviation: player_level.map(|level| f32::from(velocity) - level),
                };
                self.new.push(NewNote { id, time, beat_seconds, note });
                if self.sounding.len() == MAX_SOUNDING {
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
        request: &InferenceRequest,
        style: StyleIndex,
        predictions: &mut Vec<(NoteId, Prediction)>,
    ) -> Result<(), InferenceError> {
        let styles = self.styles.clone();
        let played = styles.get(style).ok_or_else(|| InferenceError::no_such_style(style))?;
        self.prepare(request)?;
        let read = played.decoders().into_iter().map(|style| self.decode(style));
        let read: Vec<Vec<Prediction>> = read.collect::<Result<_, _>>()?;
        let Some(prepared) = &self.prepared else { return Ok(()) };
        let Prepared { past_encoding, ahead_encoding, .. } = prepared;
        let predicted = played.predict(&EncodedNotes { past_encoding, ahead_encoding, predictions: &read });
        let notes = self.unsettled.range(prepared.settle.clone());
        predictions.extend(notes.zip(predicted).map(|(note, prediction)| (note.id, prediction)));
        Ok(())
    }

    fn feel(&mut self, style: StyleIndex, feel: &mut Vec<(NoteId, Feel)>) {
        let (Some(model), Some(prepared)) = (self.network.feel(), &self.prepared) else { return };
        let Some(played) = self.styles.get(style) else { return };
        let Prepared { past_encoding, ahead_encoding, .. } = prepared;
        let known = self.seconds(prepared.time);
        let notes = self.unsettled.range(prepared.settle.clone());
        let rows: Vec<FeelRow> = notes.clone().map(|n| self.part.feel(n.index, known, n.beat_seconds)).collect();
        let encoded = EncodedNotes { past_encoding, ahead_encoding, predictions: &[] };
        let predicted = model.predict(played.feel(), &encoded, &rows, &mut self.chords[style.index()]);
        feel.extend(notes.zip(predicted).map(|(note, feel)| (note.id, feel)));
    }

    fn wander(&self, style: StyleIndex) -> Option<Wander> {
        self.network.wander(self.styles.get(style)?)
    }
}
