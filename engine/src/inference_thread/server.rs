//! The inference thread's loop: handles messages one by one, and takes snapshots of the performance in between.

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
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::error::InferenceError;
use tonenet_inference::styles::StyleList;

use super::timeline_memory::TimelineMemory;
use super::{InferenceMessage, InferenceResult, LoadedSession, Predictor, Shared};
use crate::played_notes::PlayedNotesWriter;
use crate::status::{LoadMeter, Status};
use crate::style_store::StyleStore;

/// The number of recent input events that a new model receives: the pending notes, and enough earlier ones to estimate
/// the player's level.
const RECENT: usize = 2_048;

/// The polling intervals while messages arrive, and after a while without messages.
const BUSY_POLL_INTERVAL: Duration = Duration::from_millis(2);
const IDLE_POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The state of the inference thread.
pub(super) struct Server<Open> {
    shared: Arc<Shared>,
    messages: Consumer<InferenceMessage>,
    results: Producer<InferenceResult>,
    status: Arc<Status>,
    styles: Arc<StyleStore>,
    /// The edition of the styles that the session plays.
    edition: u64,
    open: Open,
    /// `None` while no model works.
    session: Option<(EmbeddedModel, LoadedSession)>,
    condition_on_player: bool,
    epoch: u32,
    recent: VecDeque<InputEvent>,
    pedal_down: Option<bool>,
    /// The pedal's last movement before `recent`.
    pedal_before: Option<InputEvent>,
    memory: Option<TimelineMemory>,
    /// What the window shows.
    played: PlayedNotesWriter,
}

impl<Open: FnMut(EmbeddedModel, &Status, &Cancellation) -> Result<LoadedSession, String>> Server<Open> {
    pub(super) fn new(
        shared: Arc<Shared>,
        (messages, results): (Consumer<InferenceMessage>, Producer<InferenceResult>),
        (status, styles): (Arc<Status>, Arc<StyleStore>),
        memory: Option<TimelineMemory>,
        open: Open,
    ) -> Self {
        Self {
            shared,
            messages,
            results,
            played: PlayedNotesWriter::new(status.played.clone()),
            status,
            edition: styles.edition(),
            styles,
            open,
            session: None,
            condition_on_player: false,
            epoch: 0,
            recent: VecDeque::new(),
            pedal_down: None,
            pedal_before: None,
            memory,
        }
    }

    /// Returns the recorded performance.
    pub(super) fn into_memory(self) -> Option<TimelineMemory> {
        self.memory
    }

    /// Runs until the thread is stopped.
    pub(super) fn serve(&mut self) {
        let mut last_message = Instant::now();
        let mut meter = LoadMeter::new(last_message);
        while !self.shared.stop.is_cancelled() {
            self.guarded(Self::follow_styles);
            self.played.set_audio_time(self.shared.audio_time.load(Ordering::Acquire));
            let began = Instant::now();
            meter.publish(began, &self.status.load);
            let Ok(message) = self.messages.pop() else {
                let is_new = self.guarded(Self::update_snapshot) == Some(true);
                meter.count(began, Instant::now());
                if is_new {
                    continue;
                }
                let is_idle = last_message.elapsed() > Duration::from_secs(1);
                thread::park_timeout(if is_idle { IDLE_POLL_INTERVAL } else { BUSY_POLL_INTERVAL });
                continue;
            };
            last_message = began;
            self.guarded(|server| server.handle(message));
            meter.count(began, Instant::now());
            self.shared.handled.fetch_add(1, Ordering::Release);
        }
        self.guarded(Self::save);
    }

    /// Records the input that is still in the queue, and saves the performance for the project and the next activation.
    fn save(&mut self) -> Result<(), String> {
        let Some(memory) = &mut self.memory else { return Ok(()) };
        while let Ok(message) = self.messages.pop() {
            let played = match message {
                InferenceMessage::Record(played) => Some(played),
                InferenceMessage::Input(input, _) => input.timeline_event(),
                _ => None,
            };
            if let Some(played) = played {
                memory.record(&played);
            }
        }
        memory.save();
        Ok(())
    }

    /// Runs a task. An error or panic closes the model and does not end the thread. Notes keep their own velocity until
    /// another model is chosen.
    fn guarded<T>(&mut self, task: impl FnOnce(&mut Self) -> Result<T, String>) -> Option<T> {
        let done = catch_unwind(AssertUnwindSafe(|| task(self)));
        let stopped = || Err("the model stopped unexpectedly; choose another or reload the plugin".into());
        match done.unwrap_or_else(|_| stopped()) {
            Ok(result) => Some(result),
            Err(message) => {
                self.close();
                // A stop while a model opens is no fault.
                if !self.shared.stop.is_cancelled() {
                    self.status.fail(message);
                }
                None
            }
        }
    }

    /// Drops the model. A model that panicked may panic again when dropped.
    fn close(&mut self) {
        let session = self.session.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(session)));
    }

    fn handle(&mut self, message: InferenceMessage) -> Result<(), String> {
        match message {
            InferenceMessage::UseModel(model) => self.use_model(model)?,
            InferenceMessage::ConditionOnPlayer(conditions) => self.condition_on_player(conditions),
            InferenceMessage::Reset(epoch) => self.reset(epoch),
            InferenceMessage::Record(played) => self.record(&played),
            InferenceMessage::Input(input, known) => {
                self.played.push_event(input, known);
                self.push_input(input);
            }
            InferenceMessage::KeysUp { time, channel } => self.played.keys_up(time, channel),
            InferenceMessage::Request(request, useful_until) => self.predict(&request, useful_until)?,
        }
        Ok(())
    }

    /// Opens a model, and gives it the recent input, so that it does not start without context.
    fn use_model(&mut self, model: EmbeddedModel) -> Result<(), String> {
        self.close();
        self.status.set_model(None);
        self.edition = self.styles.edition();
        let mut session = (self.open)(model, &self.status, &self.shared.stop)?;
        session.restyler.condition_on_player(self.condition_on_player);
        self.pedal_before.iter().chain(&self.recent).for_each(|input| session.restyler.push_event(input));
        self.show_styles(&session.styles, self.predictor(model));
        self.session = Some((model, session));
        self.status.set_model(Some(model.title()));
        Ok(())
    }

    /// Conditions the model on the player's velocities from the next note on, or no longer. The session plays on, and a
    /// recorded performance is restyled anew.
    fn condition_on_player(&mut self, conditions: bool) {
        self.condition_on_player = conditions;
        let Some((model, session)) = &mut self.session else { return };
        session.restyler.condition_on_player(conditions);
        let (styles, model) = (session.styles.clone(), *model);
        self.show_styles(&styles, self.predictor(model));
    }

    fn predictor(&self, model: EmbeddedModel) -> Predictor {
        Predictor { model, condition_on_player: self.condition_on_player }
    }

    /// Plays the styles that the user or a project has put into the slots. The session plays on.
    fn follow_styles(&mut self) -> Result<(), String> {
        let edition = self.styles.edition();
        if edition == self.edition {
            return Ok(());
        }
        self.edition = edition;
        let Some((model, session)) = &mut self.session else { return Ok(()) };
        let LoadedSession { styles, restyle_performance, .. } = (self.open)(*model, &self.status, &self.shared.stop)?;
        session.restyler.use_styles(&session.styles, &styles);
        (session.styles, session.restyle_performance) = (styles.clone(), restyle_performance);
        let model = *model;
        self.show_styles(&styles, self.predictor(model));
        Ok(())
    }

    /// Tells the audio thread which predictions the styles play; some may still have to be made.
    fn show_styles(&mut self, styles: &StyleList, predictor: Predictor) {
        if let Some(memory) = &mut self.memory
            && memory.use_styles(styles.keys(), predictor)
        {
            self.shared.snapshot_pending.store(true, Ordering::Release);
        }
    }

    fn reset(&mut self, epoch: u32) {
        self.epoch = epoch;
        self.played.restart();
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

    fn push_input(&mut self, input: InputEvent) {
        if let Some(played) = input.timeline_event() {
            self.record(&played);
        }
        if let InputEvent::Pedal { down, .. } = input
            && self.pedal_down.replace(down) == Some(down)
        {
            // A continuous pedal that stays on the same side of its threshold changes nothing.
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

    fn predict(&mut self, request: &InferenceRequest, useful_until: SampleTime) -> Result<(), String> {
        let audio_time = || self.shared.audio_time.load(Ordering::Acquire);
        let is_in_time = audio_time() <= useful_until;
        let Some((_, session)) = self.session.as_mut().filter(|_| is_in_time) else { return Ok(()) };
        let (results, epoch, requested) = (&mut self.results, self.epoch, request.hop.time);
        let played = &mut self.played;
        let predicted = session.restyler.estimate(request, |note, estimate, term| {
            // The audio thread empties the queue in every block, so a full queue means that audio has stopped.
            let _ = results.push(InferenceResult { epoch, note: note.id, key: note.key, requested, estimate });
            let terms = [note.style.a, note.style.b].map(term);
            played.predicted(note.id, estimate.expected.level, terms, estimate.feel, audio_time());
        });
        predicted.map_err(|e| e.to_string())
    }

    /// Takes, restyles and publishes the next snapshot if necessary. Returns whether it published one.
    fn update_snapshot(&mut self) -> Result<bool, String> {
        let Some(memory) = &mut self.memory else { return Ok(false) };
        memory.follow_store();
        memory.take_due_snapshot();
        let condition_on_player = self.condition_on_player;
        if let Some((model, session)) = &mut self.session
            && let predictor = (Predictor { model: *model, condition_on_player })
            && memory.needs(predictor)
        {
            match memory.restyle(&mut session.restyle_performance, predictor, &self.shared.stop) {
                Ok(()) => {}
                // The performance is kept without new predictions.
                Err(InferenceError::Cancelled) => return Ok(false),
                Err(error) => return Err(error.to_string()),
            }
        }
        let is_new = memory.publish();
        // Nothing is pending now. The next recorded change sets this again.
        self.shared.snapshot_pending.store(false, Ordering::Release);
        Ok(is_new)
    }
}
