//! The audio thread's link to the inference thread: which model it uses, and which results still count.

use std::sync::Arc;

use tonenet_core::scheduler::SampleTime;
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_inference::embedded::EmbeddedModel;

use super::{InferenceMessage, InferenceResult, InferenceThread};
use crate::status::Status;
use crate::waiting::{Awaited, BackgroundThread, WaitPolicy};

/// See the [module](self).
pub struct InferenceLink {
    thread: InferenceThread,
    /// Counts resets; results of earlier ones are dropped.
    epoch: u32,
    /// The model last asked for.
    model: Option<EmbeddedModel>,
    status: Arc<Status>,
}

impl InferenceLink {
    /// A link over which no model was asked for yet.
    pub fn new(thread: InferenceThread, status: Arc<Status>) -> Self {
        Self { thread, epoch: 0, model: None, status }
    }

    /// The thread, to be waited for.
    pub fn background(&self) -> Arc<dyn BackgroundThread> {
        self.thread.background()
    }

    /// The model last asked for.
    #[cfg(test)]
    pub fn model(&self) -> Option<EmbeddedModel> {
        self.model
    }

    /// The message that asks for a model, where it is another than the last one.
    pub fn change_model(&mut self, model: EmbeddedModel) -> Option<InferenceMessage> {
        (self.model.replace(model) != Some(model)).then_some(InferenceMessage::UseModel(model))
    }

    /// Starts over at sample 0; gives the message that tells so.
    pub fn begin_epoch(&mut self) -> InferenceMessage {
        self.set_audio_time(0);
        self.epoch = self.epoch.wrapping_add(1);
        InferenceMessage::Reset(self.epoch)
    }

    /// The audio thread is at this sample.
    pub fn set_audio_time(&self, time: SampleTime) {
        self.thread.set_audio_time(time);
    }

    /// Whether there was room for a message, after waiting if the block may; if not, what matters of it is sent later.
    pub fn send(
        &mut self,
        message: InferenceMessage,
        waits: &mut WaitPolicy,
        accept: &mut impl FnMut(InferenceResult),
    ) -> bool {
        while !self.thread.messages.try_send(message) {
            if !waits.pause_for(Awaited::Inference) {
                self.thread.messages.give_up(message);
                Status::count(&self.status.overloads);
                return false;
            }
            self.take_results(accept);
        }
        true
    }

    /// Takes the results there are; those from before the last reset are dropped.
    pub fn take_results(&mut self, accept: &mut impl FnMut(InferenceResult)) {
        while let Some(result) = self.thread.next_result() {
            if result.epoch == self.epoch {
                accept(result);
            }
        }
    }

    /// Whether all messages have been dealt with, those that are owed included.
    pub fn is_caught_up(&mut self) -> bool {
        self.thread.is_caught_up()
    }

    /// Whether a better snapshot of the song is on its way.
    pub fn is_snapshot_pending(&self) -> bool {
        self.thread.is_snapshot_pending()
    }

    /// The latest snapshot of the song, if it has not been taken yet.
    pub fn take_snapshot(&mut self) -> Option<Arc<TimelineSnapshot>> {
        self.thread.take_snapshot()
    }
}
