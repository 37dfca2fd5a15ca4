//! What the audio thread and the inference thread send each other.

use tonenet_core::scheduler::{Estimate, NoteId, SampleTime};
use tonenet_core::timeline::TimelineEvent;
use tonenet_core::window::{InferenceRequest, InputEvent};
use tonenet_inference::embedded::EmbeddedModel;

use crate::outbox::{KeySet, Owed};

/// To the inference thread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum InferenceMessage {
    /// Predict with this model from now on.
    UseModel(EmbeddedModel),
    /// Forget all input; results from now on belong to this epoch.
    Reset(u32),
    /// Take in what was played, and record it at its place in the song.
    Input(InputEvent),
    /// Predict the notes of this hop, unless the audio thread is beyond the given sample.
    Request(InferenceRequest, SampleTime),
    /// Record what a pass went over, or that it ended.
    Record(TimelineEvent),
}

/// To the audio thread: what a model predicts of one note.
#[derive(Debug, Clone, Copy)]
pub struct InferenceResult {
    /// The reset it came after; older ones speak of other notes.
    pub epoch: u32,
    /// Which note.
    pub note: NoteId,
    /// Its MIDI key.
    pub key: u8,
    /// When the request was made.
    pub requested: SampleTime,
    /// Its velocity.
    pub estimate: Estimate,
}

/// What of the messages that found no room the inference thread must still get.
///
/// Without a note or a request some notes are not predicted, no more. Without the rest the inference thread would go on
/// in another state than the audio thread.
#[derive(Debug, Default)]
pub struct OwedMessages {
    model: Option<EmbeddedModel>,
    reset: Option<u32>,
    /// Something of a pass is missing: what comes is another one.
    pass_ended: bool,
    /// Keys that came up, and the pedal's last movement.
    offs: KeySet,
    pedal: Option<bool>,
    /// When and where the last of these was.
    time: SampleTime,
    position: f64,
}

impl Owed for OwedMessages {
    type Message = InferenceMessage;

    fn owe(&mut self, message: InferenceMessage) {
        match message {
            InferenceMessage::UseModel(model) => self.model = Some(model),
            // All input before it is forgotten with it, and the pass ends.
            InferenceMessage::Reset(epoch) => {
                *self = Self { model: self.model, reset: Some(epoch), ..Self::default() };
            }
            InferenceMessage::Input(input) => {
                self.pass_ended |= input.beats().is_some();
                match input {
                    InputEvent::NoteOff { time, position, channel, key, .. } => {
                        self.offs.insert(channel, key);
                        (self.time, self.position) = (time, position);
                    }
                    InputEvent::Pedal { time, down, .. } => {
                        self.pedal = Some(down);
                        self.time = time;
                    }
                    InputEvent::NoteOn { .. } => {}
                }
            }
            InferenceMessage::Record(_) => self.pass_ended = true,
            InferenceMessage::Request(..) => {}
        }
    }

    fn take(&mut self) -> Option<InferenceMessage> {
        let (time, position) = (self.time, self.position);
        // Their places in the song are lost with the pass.
        let off = |(channel, key)| InputEvent::NoteOff { time, position, beats: None, channel, key };
        let pedal = |down| InputEvent::Pedal { time, beats: None, down };
        let model = self.model.take().map(InferenceMessage::UseModel);
        model
            .or_else(|| self.reset.take().map(InferenceMessage::Reset))
            .or_else(|| {
                std::mem::take(&mut self.pass_ended).then_some(InferenceMessage::Record(TimelineEvent::PassEnded))
            })
            .or_else(|| self.offs.take().map(off).map(InferenceMessage::Input))
            .or_else(|| self.pedal.take().map(pedal).map(InferenceMessage::Input))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_that_is_owed_makes_void_what_was_owed_before_it() {
        let mut owed = OwedMessages::default();
        let off = |time, key| {
            InferenceMessage::Input(InputEvent::NoteOff { time, position: 1.0, beats: None, channel: 3, key })
        };
        let pedal = |time| InferenceMessage::Input(InputEvent::Pedal { time, beats: None, down: true });
        let messages = [
            off(5, 60),
            InferenceMessage::Record(TimelineEvent::PassEnded),
            InferenceMessage::Reset(7),
            InferenceMessage::UseModel(EmbeddedModel::Note),
            InferenceMessage::Reset(8),
            off(2, 70),
            pedal(6),
            off(9, 65),
            InferenceMessage::UseModel(EmbeddedModel::Baseline),
        ];
        messages.into_iter().for_each(|message| owed.owe(message));
        let due: Vec<InferenceMessage> = std::iter::from_fn(|| owed.take()).collect();
        let model = InferenceMessage::UseModel(EmbeddedModel::Baseline);
        assert_eq!(due, [model, InferenceMessage::Reset(8), off(9, 65), off(9, 70), pedal(9)]);
    }

    #[test]
    fn input_that_is_lost_in_the_song_ends_the_pass() {
        for (beats, ends) in [(Some(4.0), true), (None, false)] {
            let mut owed = OwedMessages::default();
            owed.owe(InferenceMessage::Input(InputEvent::NoteOff {
                time: 5,
                position: 1.0,
                beats,
                channel: 3,
                key: 60,
            }));
            let end = InferenceMessage::Record(TimelineEvent::PassEnded);
            let off = InputEvent::NoteOff { time: 5, position: 1.0, beats: None, channel: 3, key: 60 };
            let due: Vec<InferenceMessage> = std::iter::from_fn(|| owed.take()).collect();
            assert_eq!(due, ends.then_some(end).into_iter().chain([InferenceMessage::Input(off)]).collect::<Vec<_>>());
        }
    }
}
