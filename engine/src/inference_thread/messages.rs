//! Messages between the audio thread and the inference thread.

use tonenet_core::dynamics::Expected;
use tonenet_core::scheduler::{Estimate, NoteId, SampleTime};
use tonenet_core::timeline::TimelineEvent;
use tonenet_core::window::{InferenceRequest, InputEvent};
use tonenet_inference::embedded::EmbeddedModel;

use crate::outbox::{Backlog, KeySet};

/// What predicts the notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Predictor {
    /// The model.
    pub model: EmbeddedModel,
    /// Whether it is conditioned on the player's velocities, if it can be.
    pub condition_on_player: bool,
}

impl Predictor {
    /// The id under which a recorded performance keeps its predictions. Projects store it.
    pub fn id(self) -> &'static str {
        match (self.model, self.condition_on_player) {
            (EmbeddedModel::Note, true) => "note+player",
            // The article's models cannot read the player's velocities.
            (model, _) => model.id(),
        }
    }
}

/// A message to the inference thread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum InferenceMessage {
    /// Predict with this model from now on.
    UseModel(EmbeddedModel),
    /// Condition the model on the player's velocities from now on, or no longer.
    ConditionOnPlayer(bool),
    /// Forget all input; results from now on belong to this epoch.
    Reset(u32),
    /// Add this input event to the model's context, and record it at its song position. With a note comes what a mode
    /// without latency knew of it.
    Input(InputEvent, Option<Expected>),
    /// All keys of a channel, or all keys, count as up, without note-offs. Only the window needs to know.
    KeysUp {
        /// When.
        time: SampleTime,
        /// MIDI channel, 0–15; `None` for all.
        channel: Option<u8>,
    },
    /// Predict the notes of this hop, unless the audio thread has passed the given sample.
    Request(InferenceRequest, SampleTime),
    /// Record which part of the song a pass traversed, or that it ended.
    Record(TimelineEvent),
}

/// A message to the audio thread: the prediction for one note.
#[derive(Debug, Clone, Copy)]
pub struct InferenceResult {
    /// The number of the reset before it. Results from earlier epochs refer to other notes.
    pub epoch: u32,
    /// The note.
    pub note: NoteId,
    /// Its MIDI key.
    pub key: u8,
    /// The time of the request.
    pub requested: SampleTime,
    /// The predicted velocity.
    pub estimate: Estimate,
}

/// The messages that must still be sent after the queue was full.
///
/// A lost note-on or request only leaves some notes without a prediction. All other messages are kept, because the
/// inference thread's state would otherwise differ from the audio thread's.
#[derive(Debug, Default)]
pub struct MessageBacklog {
    model: Option<EmbeddedModel>,
    condition_on_player: Option<bool>,
    reset: Option<u32>,
    /// Some input of a pass was lost, so the pass ends.
    pass_ended: bool,
    /// Released keys, and the pedal's last movement.
    offs: KeySet,
    pedal: Option<bool>,
    /// The time and position of the last of these.
    time: SampleTime,
    position: f64,
}

impl Backlog for MessageBacklog {
    type Message = InferenceMessage;

    fn add(&mut self, message: InferenceMessage) {
        match message {
            InferenceMessage::UseModel(model) => self.model = Some(model),
            InferenceMessage::ConditionOnPlayer(conditions) => self.condition_on_player = Some(conditions),
            // A reset clears all earlier input and ends the pass.
            InferenceMessage::Reset(epoch) => {
                let Self { model, condition_on_player, .. } = *self;
                *self = Self { model, condition_on_player, reset: Some(epoch), ..Self::default() };
            }
            InferenceMessage::Input(input, _) => {
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
            // The window may show such a note as held.
            InferenceMessage::Request(..) | InferenceMessage::KeysUp { .. } => {}
        }
    }

    fn take(&mut self) -> Option<InferenceMessage> {
        let (time, position) = (self.time, self.position);
        // The pass has ended, so their song positions no longer apply.
        let off = |(channel, key)| InputEvent::NoteOff { time, position, beats: None, channel, key };
        let pedal = |down| InputEvent::Pedal { time, beats: None, down };
        let model = self.model.take().map(InferenceMessage::UseModel);
        model
            .or_else(|| self.condition_on_player.take().map(InferenceMessage::ConditionOnPlayer))
            .or_else(|| self.reset.take().map(InferenceMessage::Reset))
            .or_else(|| {
                std::mem::take(&mut self.pass_ended).then_some(InferenceMessage::Record(TimelineEvent::PassEnded))
            })
            .or_else(|| self.offs.take().map(off).map(|off| InferenceMessage::Input(off, None)))
            .or_else(|| self.pedal.take().map(pedal).map(|pedal| InferenceMessage::Input(pedal, None)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_in_the_backlog_removes_earlier_messages() {
        let mut backlog = MessageBacklog::default();
        let off = |time, key| {
            InferenceMessage::Input(InputEvent::NoteOff { time, position: 1.0, beats: None, channel: 3, key }, None)
        };
        let pedal = |time| InferenceMessage::Input(InputEvent::Pedal { time, beats: None, down: true }, None);
        let messages = [
            off(5, 60),
            InferenceMessage::Record(TimelineEvent::PassEnded),
            InferenceMessage::Reset(7),
            InferenceMessage::UseModel(EmbeddedModel::Note),
            InferenceMessage::ConditionOnPlayer(true),
            InferenceMessage::Reset(8),
            off(2, 70),
            pedal(6),
            off(9, 65),
            InferenceMessage::UseModel(EmbeddedModel::Baseline),
        ];
        messages.into_iter().for_each(|message| backlog.add(message));
        let due: Vec<InferenceMessage> = std::iter::from_fn(|| backlog.take()).collect();
        let model = InferenceMessage::UseModel(EmbeddedModel::Baseline);
        let conditions = InferenceMessage::ConditionOnPlayer(true);
        assert_eq!(due, [model, conditions, InferenceMessage::Reset(8), off(9, 65), off(9, 70), pedal(9)]);
    }

    #[test]
    fn lost_input_with_a_song_position_ends_the_pass() {
        for (beats, ends) in [(Some(4.0), true), (None, false)] {
            let mut backlog = MessageBacklog::default();
            let lost = InputEvent::NoteOff { time: 5, position: 1.0, beats, channel: 3, key: 60 };
            backlog.add(InferenceMessage::Input(lost, None));
            let end = InferenceMessage::Record(TimelineEvent::PassEnded);
            let off = InputEvent::NoteOff { time: 5, position: 1.0, beats: None, channel: 3, key: 60 };
            let due: Vec<InferenceMessage> = std::iter::from_fn(|| backlog.take()).collect();
            assert_eq!(
                due,
                ends.then_some(end).into_iter().chain([InferenceMessage::Input(off, None)]).collect::<Vec<_>>()
            );
        }
    }
}
