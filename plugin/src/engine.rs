//! What the audio thread owns: the scheduler between the host's events in and the host's events out.
//!
//! Nothing here allocates, locks, logs or makes a system call, except that in an offline render it waits for the
//! inference thread, so that a bounce is complete.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::*;
use tonenet_core::dynamics::Expression;
use tonenet_core::note::midi_velocity;
use tonenet_core::scheduler::{Event, Leaving, LookAhead, Outcome, SampleTime, Scheduler};
use tonenet_core::style::{StyleBlend, Take};
use tonenet_core::transport::{StepClock, Transport as CoreTransport, TransportChange, TransportWatch};
use tonenet_core::window::{Heard, Question};
use tonenet_inference::embedded::EmbeddedModel;

use crate::events::{HostEvent, at, scheduler_event, sustain};
use crate::pace::Pace;
use crate::status::Status;
use crate::worker::{Link, Request, Worker};

/// Events under way at most: a block of the densest controller storm, twice.
const EVENTS: usize = 16_384;

/// An offline render gives a note up when the inference thread has not got on for this long.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the user has set, as of the start of a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The styles of notes that come in.
    pub style: StyleBlend,
    /// Which performance of them.
    pub take: Take,
    /// What becomes of what the model expects.
    pub expression: Expression,
    /// Which model is asked.
    pub model: EmbeddedModel,
    /// Everything keeps its own velocity.
    pub bypass: bool,
}

/// A block of the host.
#[derive(Debug, Clone, Copy)]
pub struct Block {
    /// Its length in samples.
    pub samples: u32,
    /// The transport at its start.
    pub transport: CoreTransport,
    /// Whether the host says that it renders offline.
    pub offline: bool,
}

/// What travels with an event through the scheduler.
#[derive(Debug, Clone, Copy)]
struct Payload {
    event: HostEvent,
    /// As set when it came in, where automation belongs to it.
    expression: Expression,
}

/// See the [module](self).
pub struct Engine {
    sample_rate: f64,
    scheduler: Scheduler<Payload>,
    clock: StepClock,
    watch: TransportWatch,
    pace: Pace,
    started: Instant,
    now: SampleTime,
    epoch: u32,
    worker: Worker,
    link: Arc<Link>,
    /// Requests sent, to compare with those dealt with.
    sent: u64,
    /// The model that was last asked for.
    model: EmbeddedModel,
    status: Arc<Status>,
    last_timing: u32,
}

impl Engine {
    /// An engine at sample 0 whose worker opens `model` at once; `sample_rate` in Hz.
    pub fn new(
        sample_rate: f64,
        look_ahead: LookAhead,
        model: EmbeddedModel,
        worker: Worker,
        status: Arc<Status>,
    ) -> Self {
        let mut engine = Self {
            sample_rate,
            scheduler: Scheduler::new(EVENTS, look_ahead),
            clock: StepClock::new(sample_rate),
            watch: TransportWatch::new(sample_rate),
            pace: Pace::default(),
            started: Instant::now(),
            now: 0,
            epoch: 0,
            link: worker.link().clone(),
            worker,
            sent: 0,
            model,
            status,
            last_timing: 0,
        };
        engine.send(Request::Use(model), false);
        engine
    }

    /// Whether the transport is at rest, flicker aside.
    pub fn is_stopped(&self) -> bool {
        self.watch.is_stopped()
    }

    /// Starts over at sample 0: what is under way is dropped, what sounds is released with the next block.
    pub fn reset(&mut self) {
        self.scheduler.reset(self.scheduler.look_ahead());
        self.clock = StepClock::new(self.sample_rate);
        self.watch = TransportWatch::new(self.sample_rate);
        self.now = 0;
        self.link.audio_time.store(0, Ordering::Release);
        self.epoch = self.epoch.wrapping_add(1);
        self.send(Request::Reset(self.epoch), false);
    }

    /// Plays a block: events come from `next_event` in order, and leave through `send` in order.
    pub fn process(
        &mut self,
        block: &Block,
        settings: &Settings,
        mut next_event: impl FnMut() -> Option<HostEvent>,
        mut send: impl FnMut(HostEvent),
    ) {
        let block_end = self.now + u64::from(block.samples);
        self.last_timing = 0;
        self.link.audio_time.store(self.now, Ordering::Release);
        let wall = self.started.elapsed().as_secs_f64();
        let lead = self.pace.block_begins(wall, f64::from(block.samples) / self.sample_rate);
        let allowance = if block.offline { PATIENCE } else { lead };
        let may_wait = !allowance.is_zero();

        if settings.model != self.model && self.send(Request::Use(settings.model), may_wait) {
            self.model = settings.model;
        }
        match self.watch.observe(self.now, block.samples, &block.transport) {
            Some(TransportChange::Left) => {
                self.make_room(settings, block.samples, &mut send);
                self.scheduler.transport_left(self.now);
            }
            Some(TransportChange::Sought) => self.scheduler.transport_sought(self.now),
            None => {}
        }
        self.clock.follow(self.now, &block.transport);
        while let Some(event) = next_event() {
            let time = self.now + u64::from(event.timing().min(block.samples.saturating_sub(1)));
            self.ask_up_to(time, may_wait);
            self.make_room(settings, block.samples, &mut send);
            self.hear(time, event, settings, may_wait);
        }
        if let Some(last) = block_end.checked_sub(1).filter(|_| block.samples > 0) {
            self.ask_up_to(last, may_wait);
        }
        self.take_answers();
        if may_wait && self.scheduler.awaits_answer(block_end) {
            self.wait_for_answers(block_end, block.offline, allowance);
        }
        while let Some(leaving) = self.scheduler.next_due(block_end) {
            self.leave(leaving, settings, block.samples, &mut send);
        }
        self.now = block_end;
    }

    fn hear(&mut self, time: SampleTime, event: HostEvent, settings: &Settings, may_wait: bool) {
        let kind = scheduler_event(&event);
        let id = self.scheduler.hear(time, kind, Payload { event, expression: settings.expression });
        let position = self.clock.position(time);
        match kind {
            Event::NoteOn { channel, key } if kind.is_restylable() => {
                let velocity = own_velocity(&event);
                let (beats, style, take) = (self.clock.beats(time), settings.style, settings.take);
                let heard = Heard::NoteOn { id, time, position, beats, channel, key, velocity, style, take };
                self.send(Request::Heard(heard), may_wait);
            }
            Event::NoteOff { channel, key } => {
                self.send(Request::Heard(Heard::NoteOff { time, position, channel, key }), may_wait);
            }
            _ => {
                if let Some(down) = sustain(&event) {
                    self.send(Request::Heard(Heard::Pedal { time, down }), may_wait);
                }
            }
        }
    }

    fn ask_up_to(&mut self, time: SampleTime, may_wait: bool) {
        while let Some(hop) = self.scheduler.next_hop(time) {
            let question = Question { hop, position: self.clock.position(hop.time) };
            let leaves = hop.settle_to + u64::from(self.scheduler.look_ahead().latency);
            self.send(Request::Ask(question, leaves), may_wait);
        }
    }

    /// Whether there was room for the request.
    fn send(&mut self, request: Request, may_wait: bool) -> bool {
        let mut left = if may_wait { 100_000 } else { 0 };
        while self.link.requests.push(request).is_err() {
            if left == 0 || !self.worker.is_running() {
                Status::count(&self.status.overloads);
                return false;
            }
            left -= 1;
            self.take_answers();
            self.nudge();
        }
        self.sent += 1;
        true
    }

    fn take_answers(&mut self) {
        while let Some(answer) = self.link.answers.pop() {
            if answer.epoch == self.epoch {
                self.scheduler.answer(answer.note, answer.estimate);
            }
        }
    }

    /// Waits until all notes due before `until` are answered; only where that cannot make the host late.
    fn wait_for_answers(&mut self, until: SampleTime, offline: bool, allowance: Duration) {
        let mut since = Instant::now();
        let mut seen = 0;
        loop {
            // Read before the answers are: when all was dealt with, those taken now are the last.
            let dealt_with = self.link.dealt_with.load(Ordering::Acquire);
            self.take_answers();
            let over = dealt_with == self.sent || !self.worker.is_running();
            if over || !self.scheduler.awaits_answer(until) || since.elapsed() >= allowance {
                return;
            }
            if offline && dealt_with != seen {
                (seen, since) = (dealt_with, Instant::now());
            }
            self.nudge();
        }
    }

    /// Wakes the inference thread and lets it run; offline only.
    fn nudge(&self) {
        if let Some(thread) = self.worker.thread() {
            thread.unpark();
        }
        std::thread::sleep(Duration::from_micros(20));
    }

    fn make_room(&mut self, settings: &Settings, samples: u32, send: &mut impl FnMut(HostEvent)) {
        while self.scheduler.is_full() {
            Status::count(&self.status.overloads);
            let Some(leaving) = self.scheduler.leave_early(self.now) else { return };
            self.leave(leaving, settings, samples, send);
        }
    }

    fn leave(
        &mut self,
        leaving: Leaving<Payload>,
        settings: &Settings,
        samples: u32,
        send: &mut impl FnMut(HostEvent),
    ) {
        let (time, event) = match leaving {
            Leaving::Release { time, channel, key } => {
                let (channel, key) = (Channel::Number(channel), Key::Number(key));
                (time, NoteEvent::NoteOff { timing: 0, voice_id: VoiceID::Wildcard, channel, key, velocity: 0.0 })
            }
            Leaving::Event { time, payload, outcome, .. } => (time, self.revoice(payload, outcome, settings)),
        };
        let in_block = time.saturating_sub(self.now).min(u64::from(samples.saturating_sub(1))) as u32;
        // Never back: something that left early may stand before what is due earlier in the block.
        self.last_timing = self.last_timing.max(in_block);
        send(at(event, self.last_timing));
    }

    /// The event with the velocity it leaves with.
    fn revoice(&self, payload: Payload, outcome: Outcome, settings: &Settings) -> HostEvent {
        let Payload { mut event, expression } = payload;
        if settings.bypass || expression.amount == 0.0 {
            return event;
        }
        let own = own_velocity(&event);
        let expected = match outcome {
            Outcome::Untouched => return event,
            Outcome::Restyled(expected) => {
                Status::count(&self.status.restyled);
                Some(expected)
            }
            Outcome::Late(early) => {
                Status::count(&self.status.late);
                early
            }
        };
        if let (NoteEvent::NoteOn { velocity, .. }, Some(expected)) = (&mut event, expected) {
            *velocity = f32::from(expression.velocity(own, expected)) / 127.0;
        }
        event
    }
}

/// A note-on's velocity as MIDI has it, 1–127.
fn own_velocity(event: &HostEvent) -> u8 {
    match event {
        NoteEvent::NoteOn { velocity, .. } => midi_velocity(velocity * 127.0),
        _ => 1,
    }
}

#[cfg(test)]
mod tests;
