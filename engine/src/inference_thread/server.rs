//! What the inference thread does: it deals with messages one by one, and takes snapshots of the song between them.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use rtrb::{Consumer, Producer};
use tonenet_core::scheduler::SampleTime;
use tonenet_core::timeline::TimelineEvent;
use tonenet_core::window::{InferenceRequest, InputEvent};
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::error::InferenceError;

use super::timeline_memory::TimelineMemory;
use super::{InferenceMessage, InferenceResult, LoadedSession, Shared};
use crate::status::Status;

/// What of the past a model that takes over is told: the notes under way, and enough before them for the player's
/// level.
const RECENT: usize = 2_048;

/// How often it looks for messages while notes come in, and when none have come for a while.
const BUSY: Duration = Duration::from_millis(2);
const IDLE: Duration = Duration::from_millis(10);

/// See the [module](self).
pub(super) struct Server<Open> {
    shared: Arc<Shared>,
    messages: Consumer<InferenceMessage>,
    results: Producer<InferenceResult>,
    status: Arc<Status>,
    open: Open,
    /// `None` while there is no model that works.
    session: Option<(EmbeddedModel, LoadedSession)>,
    epoch: u32,
    recent: VecDeque<InputEvent>,
    pedal_down: Option<bool>,
    /// The pedal's last movement before `recent`.
    pedal_before: Option<InputEvent>,
    memory: Option<TimelineMemory>,
}

impl<Open: FnMut(EmbeddedModel, &Status) -> Result<LoadedSession, String>> Server<Open> {
    pub(super) fn new(
        shared: Arc<Shared>,
        (messages, results): (Consumer<InferenceMessage>, Producer<InferenceResult>),
        status: Arc<Status>,
        memory: Option<TimelineMemory>,
        open: Open,
    ) -> Self {
        Self {
            shared,
            messages,
            results,
            status,
            open,
            session: None,
            epoch: 0,
            recent: VecDeque::new(),
            pedal_down: None,
            pedal_before: None,
            memory,
        }
    }

    /// What it recorded.
    pub(super) fn into_memory(self) -> Option<TimelineMemory> {
        self.memory
    }

    /// Serves until it is told to stop.
    pub(super) fn serve(&mut self) {
        let mut last_message = Instant::now();
        while !self.shared.stop.is_cancelled() {
            let Ok(message) = self.messages.pop() else {
                if self.guarded(Self::update_snapshot) == Some(true) {
                    continue;
                }
                let is_idle = last_message.elapsed() > Duration::from_secs(1);
                thread::park_timeout(if is_idle { IDLE } else { BUSY });
                continue;
            };
            last_message = Instant::now();
            self.guarded(|server| server.deal_with(message));
            self.shared.dealt_with.fetch_add(1, Ordering::Release);
        }
        self.guarded(Self::keep);
    }

    /// Keeps what was played until now, for the project and the next activation.
    fn keep(&mut self) -> Result<(), String> {
        let Some(memory) = &mut self.memory else { return Ok(()) };
        while let Ok(message) = self.messages.pop() {
            let played = match message {
                InferenceMessage::Record(played) => Some(played),
                InferenceMessage::Input(input) => input.timeline_event(),
                _ => None,
            };
            if let Some(played) = played {
                memory.record(&played);
            }
        }
        memory.keep();
        Ok(())
    }

    /// Does a task; a panic must not end the thread: notes leave with their own velocity until another model is
    /// chosen.
    fn guarded<T>(&mut self, task: impl FnOnce(&mut Self) -> Result<T, String>) -> Option<T> {
        let done = catch_unwind(AssertUnwindSafe(|| task(self)));
        let stopped = || Err("the model stopped unexpectedly; choose another or reload the plugin".into());
        match done.unwrap_or_else(|_| stopped()) {
            Ok(result) => Some(result),
            Err(message) => {
                self.close();
                self.status.fail(message);
                None
            }
        }
    }

    /// Drops the model; one that panicked may panic once more.
    fn close(&mut self) {
        let session = self.session.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(session)));
    }

    fn deal_with(&mut self, message: InferenceMessage) -> Result<(), String> {
        match message {
            InferenceMessage::UseModel(model) => self.use_model(model)?,
            InferenceMessage::Reset(epoch) => self.reset(epoch),
            InferenceMessage::Record(played) => self.record(&played),
            InferenceMessage::Input(input) => self.take_in(input),
            InferenceMessage::Request(question, of_use_until) => self.predict(&question, of_use_until)?,
        }
        Ok(())
    }

    /// Opens a model and tells it of the notes under way, which its predecessor was told of.
    fn use_model(&mut self, model: EmbeddedModel) -> Result<(), String> {
        self.close();
        self.status.opens(None);
        let mut session = (self.open)(model, &self.status)?;
        self.pedal_before.iter().chain(&self.recent).for_each(|input| session.restyler.push_event(input));
        self.session = Some((model, session));
        if self.memory.as_ref().is_some_and(|memory| memory.needs(model)) {
            self.shared.snapshot_pending.store(true, Ordering::Release);
        }
        self.status.opens(Some(model.title()));
        Ok(())
    }

    fn reset(&mut self, epoch: u32) {
        self.epoch = epoch;
        self.recent.clear();
        (self.pedal_down, self.pedal_before) = (None, None);
        self.session.iter_mut().for_each(|(_, session)| session.restyler.reset());
        if let Some(memory) = &mut self.memory {
            memory.record(&TimelineEvent::PassEnded);
        }
    }

    fn record(&mut self, played: &TimelineEvent) {
        if let Some(memory) = &mut self.memory
            && memory.record(played)
        {
            self.shared.snapshot_pending.store(true, Ordering::Release);
        }
    }

    fn take_in(&mut self, input: InputEvent) {
        if let Some(played) = input.timeline_event() {
            self.record(&played);
        }
        if let InputEvent::Pedal { down, .. } = input
            && self.pedal_down.replace(down) == Some(down)
        {
            // A continuous pedal that stays on its side of the middle moves nothing.
            return;
        }
        if self.recent.len() == RECENT
            && let Some(oldest @ InputEvent::Pedal { .. }) = self.recent.pop_front()
        {
            self.pedal_before = Some(oldest);
        }
        self.recent.push_back(input);
        self.session.iter_mut().for_each(|(_, session)| session.restyler.push_event(&input));
    }

    fn predict(&mut self, question: &InferenceRequest, of_use_until: SampleTime) -> Result<(), String> {
        let is_in_time = self.shared.audio_time.load(Ordering::Acquire) <= of_use_until;
        let Some((_, session)) = self.session.as_mut().filter(|_| is_in_time) else { return Ok(()) };
        let (results, epoch, requested) = (&mut self.results, self.epoch, question.hop.time);
        let predicted = session.restyler.estimate(question, |note, estimate| {
            // The audio thread empties the queue every block; a full one means that it stands still.
            let _ = results.push(InferenceResult { epoch, note: note.id, key: note.key, requested, estimate });
        });
        predicted.map_err(|e| e.to_string())
    }

    /// Takes, restyles and publishes the next snapshot of the song where there is reason to; whether it did.
    fn update_snapshot(&mut self) -> Result<bool, String> {
        let Some(memory) = &mut self.memory else { return Ok(false) };
        memory.follow_store();
        memory.take_due_snapshot();
        if let Some((model, session)) = &mut self.session
            && memory.needs(*model)
        {
            match memory.restyle(&mut session.restyle_performance, &self.shared.stop) {
                Ok(()) => {}
                // What was played is kept as it is.
                Err(InferenceError::Cancelled) => return Ok(false),
                Err(error) => return Err(error.to_string()),
            }
        }
        let is_new = memory.publish();
        // Of a pass that goes on the next snapshot is not on its way before more is played.
        self.shared.snapshot_pending.store(false, Ordering::Release);
        Ok(is_new)
    }
}
