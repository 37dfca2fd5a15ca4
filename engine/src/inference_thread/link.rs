//! The audio thread's link to the inference thread: tracks the requested model, and drops outdated results.

use std::sync::Arc;

use tonenet_core::scheduler::SampleTime;
use tonenet_core::timeline::TimelineView;
use tonenet_inference::embedded::EmbeddedModel;

use super::{InferenceMessage, InferenceResult, InferenceThread};
use crate::status::Status;
use crate::waiting::{Awaited, BackgroundThread, WaitPolicy};

/// The audio thread's link to the inference thread.
pub struct InferenceLink {
    thread: InferenceThread,
    /// Counts resets. Results from earlier epochs are dropped.
    epoch: u32,
    /// The model last requested.
    model: Option<EmbeddedModel>,
    /// Whether the model was last asked to be conditioned on the player's velocities.
    condition_on_player: bool,
    status: Arc<Status>,
}

impl InferenceLink {
    /// Creates a link with no requested model.
    pub fn new(thread: InferenceThread, status: Arc<Status>) -> Self {
        Self { thread, epoch: 0, model: None, condition_on_player: false, status }
    }

    /// The thread, for waits.
    pub fn background(&self) -> Arc<dyn BackgroundThread> {
        self.thread.background()
    }

    /// The model last requested.
    #[cfg(test)]
    pub fn model(&self) -> Option<EmbeddedModel> {
        self.model
    }

    /// Returns the message that requests a model, if the model has changed.
    pub fn change_model(&mut self, model: EmbeddedModel) -> Option<InferenceMessage> {
        (self.model.replace(model) != Some(model)).then_some(InferenceMessage::UseModel(model))
    }

    /// Returns the message that conditions the model on the player's velocities, or no longer, if that has changed.
    pub fn change_conditioning(&mut self, condition_on_player: bool) -> Option<InferenceMessage> {
        let before = std::mem::replace(&mut self.condition_on_player, condition_on_player);
        (before != condition_on_player).then_some(InferenceMessage::ConditionOnPlayer(condition_on_player))
    }

    /// Starts over at sample 0. Returns the message that resets the inference thread.
    pub fn begin_epoch(&mut self) -> InferenceMessage {
        self.set_audio_time(0);
        self.epoch = self.epoch.wrapping_add(1);
        InferenceMessage::Reset(self.epoch)
    }

    /// Sets the audio thread's current sample.
    pub fn set_audio_time(&self, time: SampleTime) {
        self.thread.set_audio_time(time);
    }

    /// Sends a message, after waiting for room if the block may wait. Returns whether there was room. If not, the
    /// essential part is sent later.
    pub fn send(
        &mut self,
        message: InferenceMessage,
        waits: &mut WaitPolicy,
        accept: &mut impl FnMut(InferenceResult),
    ) -> bool {
        while !self.thread.messages.try_send(message) {
            if !waits.pause_for(Awaited::Inference) {
                self.thread.messages.defer(message);
                Status::count(&self.status.overloads);
                return false;
            }
            self.take_results(accept);
        }
        true
    }

    /// Takes all available results. Results from before the last reset are dropped.
    pub fn take_results(&mut self, accept: &mut impl FnMut(InferenceResult)) {
        while let Some(result) = self.thread.next_result() {
            if result.epoch == self.epoch {
                accept(result);
            }
        }
    }

    /// Whether all messages have been handled, including the backlog.
    pub fn is_caught_up(&mut self) -> bool {
        self.thread.is_caught_up()
    }

    /// Whether a newer snapshot of the performance is being prepared.
    pub fn is_snapshot_pending(&self) -> bool {
        self.thread.is_snapshot_pending()
    }

    /// The latest view of the performance, unless it was taken before.
    pub fn take_view(&mut self) -> Option<TimelineView> {
        self.thread.take_view()
    }
}
