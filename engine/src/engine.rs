//! Processes audio blocks: receives the host's events, and emits those that are due.
//!
//! The audio thread owns the [`Engine`], which coordinates these parts:
//!
//! - `TransportFollower` computes song positions,
//! - `EventQueue` holds events until they are due,
//! - [`InferenceLink`] requests predictions,
//! - `ZeroLatency` looks up predictions for notes on arrival, in the zero-latency modes,
//! - [`ClipTrack`] plays generated clips,
//! - [`WaitPolicy`] decides whether a block may wait.
//!
//! After [`Engine::new`] nothing allocates, locks or logs. In real time nothing waits or makes a system call. A block
//! may wait for the inference and generator threads only in an offline render, or where audio runs ahead of the wall
//! clock ([`WaitPolicy`]). So a bounce is complete.

mod clips;

use std::sync::Arc;

use tonenet_core::scheduler::{Event, RequestPolicy, SampleTime, SchedulerConfig};
use tonenet_core::timeline::TimelineEvent;
use tonenet_core::transport::{TransportChange, Wrap};
use tonenet_core::window::{InferenceRequest, InputEvent};
use tonenet_inference::embedded::EmbeddedModel;

use crate::block::{Block, BlockContext, Settings};
use crate::clip_track::ClipTrack;
use crate::event::HostEvent;
use crate::event_queue::{Arrival, EventQueue, own_velocity};
use crate::generator::GeneratorMessage;
use crate::inference_thread::{InferenceLink, InferenceMessage, InferenceResult, InferenceThread, Predictor};
use crate::status::Status;
use crate::transport_follower::TransportFollower;
use crate::waiting::budget::Budget;
use crate::waiting::{Awaited, WaitPolicy};
use crate::zero_latency::{IncomingNote, TimelineReader, ZeroLatency};

/// The configuration of one activation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SessionConfig {
    /// Sample rate in Hz.
    pub sample_rate: f64,
    /// The longest block, in samples.
    pub longest_block: u32,
    /// The latency, and when the model runs.
    pub scheduler: SchedulerConfig,
    /// The model to open first, and whether it listens to the player.
    pub predictor: Predictor,
}

/// The session of one activation, owned by the audio thread.
pub struct Engine<E> {
    transport: TransportFollower,
    queue: EventQueue<E>,
    inference: InferenceLink,
    waits: WaitPolicy,
    /// Present only in the zero-latency modes.
    zero_latency: Option<ZeroLatency>,
    clips: ClipTrack,
    now: SampleTime,
}

impl<E: HostEvent> Engine<E> {
    /// Creates an engine at sample 0, and asks the inference thread to open the model. In Timeline mode that thread has
    /// a first snapshot of the song, which may be empty.
    pub fn new(config: SessionConfig, mut thread: InferenceThread, clips: ClipTrack, status: Arc<Status>) -> Self {
        let SessionConfig { sample_rate, longest_block, scheduler, predictor } = config;
        let zero_latency = match scheduler.policy {
            RequestPolicy::Deferred(hop) => Some(ZeroLatency::new(hop, thread.take_view())),
            RequestPolicy::EveryHop(_) | RequestPolicy::PerNote(_) => None,
        };
        status.played.begin_session(&config);
        let inference = InferenceLink::new(thread, status.clone());
        let mut engine = Self {
            transport: TransportFollower::new(sample_rate),
            queue: EventQueue::new(scheduler, sample_rate, longest_block, status),
            waits: WaitPolicy::new(Budget::default(), inference.background(), clips.background()),
            inference,
            zero_latency,
            clips,
            now: 0,
        };
        // Before the model opens, so that a recorded performance keeps the predictions that it has.
        engine.condition_on_player(predictor.condition_on_player);
        engine.use_model(predictor.model);
        engine
    }

    /// Whether the transport is stopped. A stop shorter than 50 ms does not count.
    pub fn is_stopped(&self) -> bool {
        self.transport.is_stopped()
    }

    /// Starts over at sample 0. Pending events are dropped, and sounding notes are released in the next block.
    pub fn reset(&mut self) {
        self.queue.reset();
        self.transport.reset();
        self.now = 0;
        self.zero_latency.iter_mut().for_each(ZeroLatency::reset);
        self.clips.reset();
        let reset = self.inference.begin_epoch();
        self.send(reset);
    }

    /// Processes a block. Reads events from `next_event` in order, and passes output events to `emit` in order.
    pub fn process(
        &mut self,
        block: &Block,
        settings: &Settings,
        mut next_event: impl FnMut() -> Option<E>,
        mut emit: impl FnMut(E),
    ) {
        let block_end = self.now + u64::from(block.samples);
        self.queue.begin_block(self.now);
        self.inference.set_audio_time(self.now);
        self.waits.begin_block(f64::from(block.samples) / self.transport.sample_rate(), block.offline);
        self.use_model(settings.model);
        self.condition_on_player(settings.condition_on_player);

        let (transport, change) = self.transport.observe(self.now, block.samples, &block.transport);
        let block = &Block { transport, ..*block };
        let mut context = BlockContext { block, settings, emit: &mut emit };
        self.queue.follow_settings(&mut context);
        let mut stop = self.apply_transport_change(change, &mut context);
        let mut segment = Wrap { time: self.now, transport };
        self.begin_segment(&segment);
        self.update_clip(&mut context);
        let mut next = next_event();
        loop {
            let wrap = self.transport.wrap_in(&segment, (block_end - segment.time) as u32);
            let segment_end = wrap.map_or(block_end, |wrap| wrap.time);
            while let Some(event) = next {
                let time = self.now + u64::from(event.timing().min(block.samples.saturating_sub(1)));
                if wrap.is_some() && time >= segment_end {
                    break;
                }
                if let Some(stop) = stop.take_if(|at| *at <= time) {
                    self.transport_stopped(stop, &mut context);
                }
                self.play_clip(time, &mut context);
                self.play_event(time, event, &mut context);
                next = next_event();
            }
            if let Some(stop) = stop.take() {
                self.transport_stopped(stop, &mut context);
            }
            self.play_clip(segment_end, &mut context);
            self.end_segment(segment.time, segment_end);
            let Some(wrap) = wrap else { break };
            segment = wrap;
            self.interrupt_clip(segment.time, &mut context);
            self.forget_keys(segment.time);
            self.begin_segment(&segment);
        }
        self.take_results();
        if self.zero_latency.is_none() {
            self.wait(|engine| !engine.queue.scheduler().awaits_estimate(block_end));
        }
        self.queue.emit_due(block_end, &mut context);
        self.now = block_end;
        self.waits.end_block();
    }

    /// Reacts to a change of the transport. Returns the sample at which it stopped, if it stopped in this block.
    fn apply_transport_change(
        &mut self,
        change: Option<TransportChange>,
        context: &mut BlockContext<impl FnMut(E)>,
    ) -> Option<SampleTime> {
        match change? {
            TransportChange::Stopped { at } => return Some(at),
            // `process` interrupted the clip already, in the last block, where the predicted wrap began a new segment.
            TransportChange::Wrapped { at, foretold: true } => {
                self.clips.release_player();
                self.queue.interrupt(at);
            }
            TransportChange::Wrapped { at, foretold: false } => {
                self.interrupt_clip_and_player(self.now, context);
                self.forget_keys(self.now);
                self.queue.interrupt(at);
            }
            // The predicted wrap did not happen, so the positions recorded since then are wrong.
            TransportChange::RanOn => {
                self.interrupt_clip(self.now, context);
                self.mark_passage_incomplete();
            }
            TransportChange::Started => {
                self.interrupt_clip(self.now, context);
                self.queue.scheduler().transport_started(self.now);
            }
            TransportChange::Sought => {
                self.interrupt_clip_and_player(self.now, context);
                self.forget_keys(self.now);
                self.queue.jump(self.now);
            }
        }
        None
    }

    /// Begins a segment: from one song position to the end of the block or of the loop.
    fn begin_segment(&mut self, segment: &Wrap) {
        self.transport.begin_segment(segment);
        if self.zero_latency.is_some() {
            self.update_snapshot(segment.time);
        }
    }

    /// Updates the snapshot for the zero-latency modes.
    ///
    /// In real time a new snapshot is used as soon as there is one. Where the block may wait, it first waits for all
    /// results requested so far and, at the start of a pass, for the snapshot being prepared. The pass then keeps that
    /// snapshot to its end, so that a bounce does not depend on the machine's speed.
    fn update_snapshot(&mut self, time: SampleTime) {
        let beats = self.transport.beats(time);
        let is_new_pass = self.timeline().is_some_and(|timeline| timeline.is_new_pass(beats));
        if is_new_pass {
            let ended = self.timeline().map(TimelineReader::end_pass);
            ended.into_iter().flatten().flatten().for_each(|played| self.record_pass(played));
        } else if let Some((timeline, beats)) = self.timeline().zip(beats) {
            timeline.resume_at(beats);
        }
        self.wait(|engine| engine.inference.is_caught_up() && !(is_new_pass && engine.inference.is_snapshot_pending()));
        if (is_new_pass || !self.waits.may_wait() || beats.is_none())
            && let Some(view) = self.inference.take_view()
        {
            self.timeline().into_iter().for_each(|timeline| timeline.set_view(view.clone()));
        }
    }

    /// Makes the requests due by the end of a segment, and records which part of the song it traversed.
    fn end_segment(&mut self, begin: SampleTime, end: SampleTime) {
        if end > begin {
            self.request_up_to(end - 1);
        }
        let (from, to) = (self.transport.beats(begin), self.transport.beats(end));
        let passed = self.timeline().zip(from.zip(to)).and_then(|(timeline, (from, to))| timeline.advance(from, to));
        passed.into_iter().for_each(|passed| self.record_pass(passed));
    }

    fn transport_stopped(&mut self, at: SampleTime, context: &mut BlockContext<impl FnMut(E)>) {
        self.play_clip(at, context);
        self.interrupt_clip_and_player(at, context);
        self.forget_keys(at);
        self.queue.interrupt(at);
    }

    /// Processes an event from the player.
    fn play_event(&mut self, time: SampleTime, event: E, context: &mut BlockContext<impl FnMut(E)>) {
        let kind = event.kind();
        while let Some(key) = self.clips.yield_key_to_player(kind) {
            self.end_clip_note(time, key, context);
        }
        self.clips.follow_player(kind);
        let input = self.push_input(time, event, kind, context);
        if let Some(input @ (InputEvent::NoteOn { .. } | InputEvent::NoteOff { .. })) = input {
            self.send_to_generator(GeneratorMessage::Input(input));
        }
    }

    /// Queues an event of the player or the clip, and sends it to the inference thread. Returns the event sent.
    fn push_input(
        &mut self,
        time: SampleTime,
        event: E,
        kind: Event,
        context: &mut BlockContext<impl FnMut(E)>,
    ) -> Option<InputEvent> {
        self.request_up_to(time);
        self.queue.make_room(context);
        let (position, beats) = (self.transport.position(time), self.transport.beats(time));
        let Settings { style, take, .. } = *context.settings;
        let note = match kind {
            Event::NoteOn { channel, key } if kind.is_restylable() => Some((channel, key)),
            _ => None,
        };
        let incoming = note.map(|channel_and_key| IncomingNote { time, beats, channel_and_key, style, take });
        let known = self.zero_latency.as_mut().zip(incoming).map(|(zero_latency, note)| zero_latency.look_up(&note));
        let beat_seconds = context.block.transport.beat_seconds();
        let arrival = Arrival { time, event, kind, beats, beat_seconds };
        let id = self.queue.push(arrival, context.settings, known);
        let known = known.and_then(|known| known.expected);
        if let Event::AllNotesOff { channel } = kind {
            self.send(InferenceMessage::KeysUp { time, channel: Some(channel) });
        }
        let input = match (kind, note) {
            (_, Some((channel, key))) => {
                let velocity = own_velocity(&event);
                InputEvent::NoteOn { id, time, position, beats, beat_seconds, channel, key, velocity, style, take }
            }
            (Event::NoteOff { channel, key }, _) => InputEvent::NoteOff { time, position, beats, channel, key },
            _ => InputEvent::Pedal { time, beats, down: event.sustain()? },
        };
        if !self.send(InferenceMessage::Input(input, known)) && beats.is_some() {
            self.mark_passage_incomplete();
        }
        Some(input)
    }

    /// Records which part of the song a pass traversed, or that it ended.
    fn record_pass(&mut self, played: TimelineEvent) {
        if !self.send(InferenceMessage::Record(played)) {
            self.mark_passage_incomplete();
        }
    }

    /// Makes the inference requests due up to a sample.
    fn request_up_to(&mut self, time: SampleTime) {
        while let Some(hop) = self.queue.scheduler().next_hop(time) {
            if self.zero_latency.as_ref().is_some_and(|zero| !zero.has_note_since(hop.settle_from)) {
                continue;
            }
            let request = InferenceRequest { hop, position: self.transport.position(hop.time) };
            let SchedulerConfig { latency, policy } = self.queue.scheduler().config();
            let useful_for = match policy {
                // Predictions of emitted notes still apply to later notes for a while.
                RequestPolicy::Deferred(hop) => 16 * u64::from(hop),
                RequestPolicy::EveryHop(_) | RequestPolicy::PerNote(_) => latency.into(),
            };
            // Earlier requests influence later predictions, so no request is dropped if there is time to wait.
            let useful_until = if self.waits.may_wait() { SampleTime::MAX } else { hop.settle_to + useful_for };
            self.send(InferenceMessage::Request(request, useful_until));
        }
    }

    fn use_model(&mut self, model: EmbeddedModel) {
        if let Some(message) = self.inference.change_model(model) {
            self.send(message);
        }
    }

    /// Forgets which keys are down, because the song goes on elsewhere.
    fn forget_keys(&mut self, time: SampleTime) {
        self.queue.forget_keys();
        self.send(InferenceMessage::KeysUp { time, channel: None });
    }

    fn condition_on_player(&mut self, condition_on_player: bool) {
        if let Some(message) = self.inference.change_conditioning(condition_on_player) {
            self.send(message);
        }
    }

    /// Sends a message to the inference thread. Returns whether there was room. If not, the essential part is sent
    /// later.
    fn send(&mut self, message: InferenceMessage) -> bool {
        let mut accept = accept_into(&mut self.queue, &mut self.zero_latency);
        self.inference.send(message, &mut self.waits, &mut accept)
    }

    fn take_results(&mut self) {
        self.inference.take_results(&mut accept_into(&mut self.queue, &mut self.zero_latency));
    }

    /// If the block may wait, waits until `is_over` holds, the inference thread is idle or the block's time to wait
    /// is spent.
    fn wait(&mut self, is_over: impl Fn(&mut Self) -> bool) {
        while self.waits.may_wait() {
            // Checked before taking results: once all messages are handled, the results taken next are the last.
            let is_caught_up = self.inference.is_caught_up();
            self.take_results();
            let is_idle = is_caught_up && !self.inference.is_snapshot_pending();
            if is_over(self) || is_idle || !self.waits.pause_for(Awaited::Inference) {
                return;
            }
        }
    }

    /// Some input of the current passage was not recorded, so the passage never counts as traversed.
    fn mark_passage_incomplete(&mut self) {
        self.timeline().into_iter().for_each(TimelineReader::mark_passage_incomplete);
    }

    /// The timeline reader, present only in Timeline mode.
    fn timeline(&mut self) -> Option<&mut TimelineReader> {
        self.zero_latency.as_mut()?.timeline()
    }
}

/// Routes results. In the zero-latency modes they apply to later notes, otherwise to pending notes.
fn accept_into<E: HostEvent>(
    queue: &mut EventQueue<E>,
    zero_latency: &mut Option<ZeroLatency>,
) -> impl FnMut(InferenceResult) {
    move |result| match zero_latency {
        Some(zero_latency) => zero_latency.add_result(result.requested, result.key, result.estimate.expected),
        None => queue.set_estimate(result.note, result.estimate),
    }
}

#[cfg(test)]
mod tests;
