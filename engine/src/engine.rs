//! What the audio thread owns: it takes a block's events in, and emits what is due.
//!
//! Each part has one job: [`TransportFollower`] knows where the song is, [`EventQueue`] holds events until they are due,
//! [`InferenceLink`] has notes predicted, [`ZeroLatency`] knows notes as they come in for the modes without latency,
//! [`ClipTrack`] plays generated clips, and [`WaitPolicy`] says when a block may wait. [`Engine`] has them work together.
//!
//! Nothing here allocates, locks, logs or makes a system call. The one exception: in an offline render a block waits for
//! the inference thread and for a clip that is being generated, so that a bounce is complete.

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
use crate::event_queue::{EventQueue, own_velocity};
use crate::generator::GeneratorMessage;
use crate::inference_thread::{InferenceLink, InferenceMessage, InferenceResult, InferenceThread};
use crate::status::Status;
use crate::transport_follower::TransportFollower;
use crate::waiting::budget::Budget;
use crate::waiting::{Awaited, WaitPolicy};
use crate::zero_latency::{IncomingNote, TimelineReader, ZeroLatency};

/// What is fixed from one activation to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SessionConfig {
    /// In Hz.
    pub sample_rate: f64,
    /// How long events are held, and when models are asked.
    pub scheduler: SchedulerConfig,
    /// Which model is opened at once.
    pub model: EmbeddedModel,
}

/// See the [module](self).
pub struct Engine<E> {
    transport: TransportFollower,
    queue: EventQueue<E>,
    inference: InferenceLink,
    waits: WaitPolicy,
    /// In the modes without latency.
    zero_latency: Option<ZeroLatency>,
    clips: ClipTrack,
    now: SampleTime,
}

impl<E: HostEvent> Engine<E> {
    /// An engine at sample 0 whose thread opens the model at once. In Timeline mode the thread has a snapshot of the
    /// song, if only an empty one.
    pub fn new(config: SessionConfig, mut thread: InferenceThread, clips: ClipTrack, status: Arc<Status>) -> Self {
        let SessionConfig { sample_rate, scheduler, model } = config;
        let zero_latency = match scheduler.policy {
            RequestPolicy::Deferred(hop) => Some(ZeroLatency::new(hop, thread.take_snapshot())),
            RequestPolicy::EveryHop(_) | RequestPolicy::PerNote(_) => None,
        };
        let inference = InferenceLink::new(thread, status.clone());
        let mut engine = Self {
            transport: TransportFollower::new(sample_rate),
            queue: EventQueue::new(scheduler, status),
            waits: WaitPolicy::new(Budget::default(), inference.background(), clips.background()),
            inference,
            zero_latency,
            clips,
            now: 0,
        };
        engine.use_model(model);
        engine
    }

    /// Whether the transport is stopped, flicker aside.
    pub fn is_stopped(&self) -> bool {
        self.transport.is_stopped()
    }

    /// Starts over at sample 0: what is under way is dropped, what sounds is released with the next block.
    pub fn reset(&mut self) {
        self.queue.reset();
        self.transport.reset();
        self.now = 0;
        self.zero_latency.iter_mut().for_each(ZeroLatency::reset);
        self.clips.reset();
        let reset = self.inference.begin_epoch();
        self.send(reset);
    }

    /// Plays a block: events come from `next_event` in order, and leave through `emit` in order.
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

        let (transport, change) = self.transport.observe(self.now, block.samples, &block.transport);
        let block = &Block { transport, ..*block };
        let mut context = BlockContext { block, settings, emit: &mut emit };
        let mut stop = self.follow(change, &mut context);
        let mut stretch = Wrap { time: self.now, transport };
        self.begin_stretch(&stretch);
        self.update_clip(&mut context);
        let mut next = next_event();
        loop {
            let wrap = self.transport.wrap_in(&stretch, (block_end - stretch.time) as u32);
            let stretch_end = wrap.map_or(block_end, |wrap| wrap.time);
            while let Some(event) = next {
                let time = self.now + u64::from(event.timing().min(block.samples.saturating_sub(1)));
                if wrap.is_some() && time >= stretch_end {
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
            self.play_clip(stretch_end, &mut context);
            self.end_stretch(stretch.time, stretch_end);
            let Some(wrap) = wrap else { break };
            stretch = wrap;
            self.leave_clip(stretch.time, &mut context);
            self.begin_stretch(&stretch);
        }
        self.take_results();
        if self.zero_latency.is_none() {
            self.wait(|engine| !engine.queue.scheduler().awaits_estimate(block_end));
        }
        self.queue.emit_due(block_end, &mut context);
        self.now = block_end;
        self.waits.end_block();
    }

    /// Does what a change of the transport asks for; gives the sample at which it stopped in this block.
    fn follow(
        &mut self,
        change: Option<TransportChange>,
        context: &mut BlockContext<impl FnMut(E)>,
    ) -> Option<SampleTime> {
        match change? {
            TransportChange::Stopped { at } => return Some(at),
            // The clip left in the block in which the wrap was foretold, where the next stretch began.
            TransportChange::Wrapped { at, foretold: true } => {
                self.clips.release_player();
                self.queue.scheduler().transport_interrupted(at);
            }
            TransportChange::Wrapped { at, foretold: false } => {
                self.leave_song(self.now, context);
                self.queue.scheduler().transport_interrupted(at);
            }
            // It was not at the loop's start where it was taken to be.
            TransportChange::RanOn => {
                self.leave_clip(self.now, context);
                self.lose_passage();
            }
            TransportChange::Started => {
                self.leave_clip(self.now, context);
                self.queue.scheduler().transport_started(self.now);
            }
            TransportChange::Sought => {
                self.leave_song(self.now, context);
                self.queue.scheduler().transport_jumped(self.now);
            }
        }
        None
    }

    /// The song goes on from a place for the rest of the block or to the end of its loop.
    fn begin_stretch(&mut self, stretch: &Wrap) {
        self.transport.begin_stretch(stretch);
        if self.zero_latency.is_some() {
            self.update_snapshot(stretch.time);
        }
    }

    /// Without latency all that was requested in earlier blocks counts in this one, and a pass is played from the
    /// snapshot that is there when it begins. Where that cannot make the host late, both are waited for.
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
            && let Some(snapshot) = self.inference.take_snapshot()
        {
            self.timeline().into_iter().for_each(|timeline| timeline.set_snapshot(snapshot.clone()));
        }
    }

    /// Requests what is due by the end of a stretch, and records which passage of the song it went over.
    fn end_stretch(&mut self, begin: SampleTime, end: SampleTime) {
        if end > begin {
            self.request_up_to(end - 1);
        }
        let (from, to) = (self.transport.beats(begin), self.transport.beats(end));
        let passed = self.timeline().zip(from.zip(to)).and_then(|(timeline, (from, to))| timeline.pass(from, to));
        passed.into_iter().for_each(|passed| self.record_pass(passed));
    }

    fn transport_stopped(&mut self, at: SampleTime, context: &mut BlockContext<impl FnMut(E)>) {
        self.play_clip(at, context);
        self.leave_song(at, context);
        self.queue.scheduler().transport_interrupted(at);
    }

    /// Takes in what the player does.
    fn play_event(&mut self, time: SampleTime, event: E, context: &mut BlockContext<impl FnMut(E)>) {
        let kind = event.kind();
        while let Some(key) = self.clips.yield_key_to_player(kind) {
            self.end_clip_note(time, key, context);
        }
        self.clips.follow_player(kind);
        let input = self.take_in(time, event, kind, context);
        if let Some(input @ (InputEvent::NoteOn { .. } | InputEvent::NoteOff { .. })) = input {
            self.tell_generator(GeneratorMessage::Input(input));
        }
    }

    /// Takes in an event of the player or of the clip; gives what models and the timeline are told of it.
    fn take_in(
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
        let id = self.queue.push(time, event, kind, context.settings, known);
        let input = match (kind, note) {
            (_, Some((channel, key))) => {
                let (velocity, beat_seconds) = (own_velocity(&event), context.block.transport.beat_seconds());
                InputEvent::NoteOn { id, time, position, beats, beat_seconds, channel, key, velocity, style, take }
            }
            (Event::NoteOff { channel, key }, _) => InputEvent::NoteOff { time, position, beats, channel, key },
            _ => InputEvent::Pedal { time, beats, down: event.sustain()? },
        };
        if !self.send(InferenceMessage::Input(input)) && beats.is_some() {
            self.lose_passage();
        }
        Some(input)
    }

    /// Records what a pass went over, or that it ended.
    fn record_pass(&mut self, played: TimelineEvent) {
        if !self.send(InferenceMessage::Record(played)) {
            self.lose_passage();
        }
    }

    /// Makes the requests that are due up to a sample.
    fn request_up_to(&mut self, time: SampleTime) {
        while let Some(hop) = self.queue.scheduler().next_hop(time) {
            if self.zero_latency.as_ref().is_some_and(|zero| !zero.has_note_since(hop.settle_from)) {
                continue;
            }
            let question = InferenceRequest { hop, position: self.transport.position(hop.time) };
            let SchedulerConfig { latency, policy } = self.queue.scheduler().config();
            let useful_for = match policy {
                // What is predicted of notes that have left still serves the next ones for a while.
                RequestPolicy::Deferred(hop) => 16 * u64::from(hop),
                RequestPolicy::EveryHop(_) | RequestPolicy::PerNote(_) => latency.into(),
            };
            // What a model was asked is part of what it predicts next: where there is time, no request is left out.
            let useful_until = if self.waits.may_wait() { SampleTime::MAX } else { hop.settle_to + useful_for };
            self.send(InferenceMessage::Request(question, useful_until));
        }
    }

    fn use_model(&mut self, model: EmbeddedModel) {
        if let Some(message) = self.inference.change_model(model) {
            self.send(message);
        }
    }

    /// Whether there was room for a message to the inference thread; if not, what matters of it is sent later.
    fn send(&mut self, message: InferenceMessage) -> bool {
        let mut accept = accept_into(&mut self.queue, &mut self.zero_latency);
        self.inference.send(message, &mut self.waits, &mut accept)
    }

    fn take_results(&mut self) {
        self.inference.take_results(&mut accept_into(&mut self.queue, &mut self.zero_latency));
    }

    /// Where the block may wait, waits until `is_over`, or until the inference thread has nothing left to say.
    fn wait(&mut self, is_over: impl Fn(&mut Self) -> bool) {
        while self.waits.may_wait() {
            // Looked at before the results are: when all was dealt with, those taken now are the last.
            let is_caught_up = self.inference.is_caught_up();
            self.take_results();
            let is_idle = is_caught_up && !self.inference.is_snapshot_pending();
            if is_over(self) || is_idle || !self.waits.pause_for(Awaited::Inference) {
                return;
            }
        }
    }

    /// Something of the passage at hand is not recorded: it is never told as passed.
    fn lose_passage(&mut self) {
        self.timeline().into_iter().for_each(TimelineReader::lose_passage);
    }

    /// The song, in Timeline mode.
    fn timeline(&mut self) -> Option<&mut TimelineReader> {
        self.zero_latency.as_mut()?.timeline()
    }
}

/// Where results go: without latency they say what to expect of later notes, else they are for notes under way.
fn accept_into<E: HostEvent>(
    queue: &mut EventQueue<E>,
    zero_latency: &mut Option<ZeroLatency>,
) -> impl FnMut(InferenceResult) {
    move |result| match zero_latency {
        Some(zero_latency) => zero_latency.learn(result.requested, result.key, result.estimate.expected),
        None => queue.scheduler().set_estimate(result.note, result.estimate),
    }
}

#[cfg(test)]
mod tests;
