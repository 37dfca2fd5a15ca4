//! What the audio thread owns: the scheduler between the host's events in and the host's events out; for the modes
//! without latency, `at_once` tells what is known of a note when it comes in. [`ClipTrack`] plays what was written.
//!
//! Nothing here allocates, locks, logs or makes a system call, except that in an offline render it waits for the
//! inference thread and for what is being written, so that a bounce is complete.

mod clips;

use std::sync::Arc;
use std::thread::Thread;

use tonenet_core::clip::Bars;
use tonenet_core::dynamics::Expression;
use tonenet_core::note::midi_velocity;
use tonenet_core::scheduler::{
    Estimate, Event, Outcome, OutputEvent, RequestPolicy, SampleTime, Scheduler, SchedulerConfig,
};
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_core::timeline::{Pedal, TimelineEvent};
use tonenet_core::transport::{StepClock, Transport as CoreTransport, TransportChange, TransportWatch, Wrap};
use tonenet_core::window::{InferenceRequest, InputEvent};
use tonenet_inference::embedded::EmbeddedModel;

use crate::clip_track::{self, ClipTrack};
use crate::event::HostEvent;
use crate::inference_thread::{Request, Worker};
use crate::status::Status;
use crate::waiting::budget::Budget;
use crate::zero_latency::AtOnce;

/// Events under way at most: a block of the densest controller storm, twice.
const EVENTS: usize = 16_384;

/// The tempo that notes are remembered with where the host tells none, in quarter notes a minute.
const FREE_TEMPO: f64 = 120.0;

/// What the user has set, as of the start of a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The styles of notes that come in.
    pub style: StyleBlend,
    /// Which performance of them.
    pub take: TakeSeed,
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
    /// The song's bars there.
    pub bars: Bars,
    /// Whether the trigger for something new is held.
    pub pressed: bool,
    /// Whether the host says that it renders offline.
    pub offline: bool,
}

impl Block {
    /// How long a beat lasts.
    fn beat_seconds(&self) -> f64 {
        60.0 / self.transport.tempo.unwrap_or(FREE_TEMPO)
    }
}

/// What travels with an event through the scheduler.
#[derive(Debug, Clone, Copy)]
struct Payload<E> {
    event: E,
    /// As set when it came in, where automation belongs to it.
    expression: Expression,
    /// Whether it is one that a mode without latency does not know yet.
    new: bool,
}

/// A block while it is played.
struct Turn<'a, Send> {
    block: &'a Block,
    settings: &'a Settings,
    send: &'a mut Send,
}

/// See the [module](self).
pub struct Engine<E> {
    sample_rate: f64,
    scheduler: Scheduler<Payload<E>>,
    clock: StepClock,
    watch: TransportWatch,
    /// How long the block at hand may wait for other threads.
    budget: Budget,
    /// How far each thread had got when patience with it ran out: until it gets on nobody waits for it.
    stalled_worker: Option<u64>,
    stalled_studio: Option<u64>,
    now: SampleTime,
    epoch: u32,
    worker: Worker,
    /// The model that was last asked for.
    model: EmbeddedModel,
    /// In the modes without latency.
    at_once: Option<AtOnce>,
    /// When the last restylable note came in.
    last_note: Option<SampleTime>,
    clips: ClipTrack,
    status: Arc<Status>,
    last_timing: u32,
}

impl<E: HostEvent> Engine<E> {
    /// An engine at sample 0 whose worker opens `model` at once; `sample_rate` in Hz. In Timeline mode the worker has a
    /// picture of the song, if only an empty one.
    pub fn new(
        sample_rate: f64,
        look_ahead: SchedulerConfig,
        model: EmbeddedModel,
        mut worker: Worker,
        status: Arc<Status>,
        clips: ClipTrack,
    ) -> Self {
        let at_once = match look_ahead.policy {
            RequestPolicy::Deferred(hop) => Some(AtOnce::new(hop, worker.take_picture())),
            RequestPolicy::EveryHop(_) | RequestPolicy::PerNote(_) => None,
        };
        let mut engine = Self {
            sample_rate,
            scheduler: Scheduler::new(EVENTS, look_ahead),
            clock: StepClock::new(sample_rate),
            watch: TransportWatch::new(sample_rate),
            budget: Budget::default(),
            stalled_worker: None,
            stalled_studio: None,
            now: 0,
            epoch: 0,
            worker,
            model,
            at_once,
            last_note: None,
            clips,
            status,
            last_timing: 0,
        };
        engine.send(Request::Use(model));
        engine
    }

    /// Whether the transport is at rest, flicker aside.
    pub fn is_stopped(&self) -> bool {
        self.watch.is_stopped()
    }

    /// Starts over at sample 0: what is under way is dropped, what sounds is released with the next block.
    pub fn reset(&mut self) {
        self.scheduler.reset(self.scheduler.config());
        self.clock = StepClock::new(self.sample_rate);
        self.watch = TransportWatch::new(self.sample_rate);
        self.now = 0;
        self.last_note = None;
        self.at_once.iter_mut().for_each(AtOnce::reset);
        self.clips.reset();
        self.worker.set_audio_time(0);
        self.epoch = self.epoch.wrapping_add(1);
        self.send(Request::Reset(self.epoch));
    }

    /// Plays a block: events come from `next_event` in order, and leave through `send` in order.
    pub fn process(
        &mut self,
        block: &Block,
        settings: &Settings,
        mut next_event: impl FnMut() -> Option<E>,
        mut send: impl FnMut(E),
    ) {
        let block_end = self.now + u64::from(block.samples);
        self.last_timing = 0;
        self.worker.set_audio_time(self.now);
        self.budget.block_begins(f64::from(block.samples) / self.sample_rate, block.offline, self.progress());

        if settings.model != self.model {
            self.model = settings.model;
            self.send(Request::Use(settings.model));
        }
        let transport = block.transport.plausible();
        let change = self.watch.observe(self.now, block.samples, &transport);
        let transport = self.watch.believed(&transport);
        let block = &Block { transport, ..*block };
        let mut turn = Turn { block, settings, send: &mut send };
        let mut stop = None;
        match change {
            Some(TransportChange::Stopped { at }) => stop = Some(at),
            // The clip left in the block that it was foretold in, where the next stretch began.
            Some(TransportChange::Wrapped { at, foretold: true }) => self.scheduler.transport_interrupted(at),
            Some(TransportChange::Wrapped { at, foretold: false }) => {
                self.clip_leaves(self.now, &mut turn);
                self.scheduler.transport_interrupted(at);
            }
            // It was not at the loop's start where it was taken to be.
            Some(TransportChange::RanOn) => {
                self.clip_leaves(self.now, &mut turn);
                self.at_once.iter_mut().for_each(AtOnce::lose_passage);
            }
            Some(TransportChange::Started) => {
                self.clip_leaves(self.now, &mut turn);
                self.scheduler.transport_started(self.now);
            }
            Some(TransportChange::Sought) => {
                self.clip_leaves(self.now, &mut turn);
                self.scheduler.transport_jumped(self.now);
            }
            None => {}
        }
        let mut stretch = Wrap { time: self.now, transport };
        self.begin_stretch(&stretch);
        self.get_clip_ready(&mut turn);
        let mut next = next_event();
        loop {
            let samples = (block_end - stretch.time) as u32;
            let wrap = self.watch.wrap_in(stretch.time, samples, &stretch.transport);
            let stretch_end = wrap.map_or(block_end, |wrap| wrap.time);
            while let Some(event) = next {
                let time = self.now + u64::from(event.timing().min(block.samples.saturating_sub(1)));
                if wrap.is_some() && time >= stretch_end {
                    break;
                }
                if let Some(stop) = stop.take_if(|at| *at <= time) {
                    self.transport_stopped(stop, &mut turn);
                }
                self.play_clip(time, &mut turn);
                self.hear_player(time, event, &mut turn);
                next = next_event();
            }
            if let Some(stop) = stop.take() {
                self.transport_stopped(stop, &mut turn);
            }
            self.play_clip(stretch_end, &mut turn);
            if let Some(last) = stretch_end.checked_sub(1).filter(|last| *last >= stretch.time) {
                self.ask_up_to(last);
            }
            self.pass(stretch.time, stretch_end);
            let Some(wrap) = wrap else { break };
            stretch = wrap;
            self.clip_leaves(stretch.time, &mut turn);
            self.begin_stretch(&stretch);
        }
        self.take_answers();
        if self.budget.may_wait() && self.at_once.is_none() {
            self.wait(|engine| !engine.scheduler.awaits_estimate(block_end));
        }
        while let Some(leaving) = self.scheduler.next_due(block_end) {
            self.leave(leaving, settings, block.samples, &mut send);
        }
        self.now = block_end;
        self.budget.block_ends();
    }

    /// The song goes on from a place for the rest of the block or to the end of its loop.
    fn begin_stretch(&mut self, stretch: &Wrap) {
        self.clock.follow(stretch.time, &stretch.transport);
        self.get_ready_at_once(stretch.time);
    }

    /// Without latency all that was asked in earlier blocks counts in this one, and a pass is played from the picture
    /// that is there when it begins; where that cannot make the host late, both are waited for.
    fn get_ready_at_once(&mut self, time: SampleTime) {
        let beats = self.clock.beats(time);
        let Some(at_once) = &mut self.at_once else { return };
        let new_pass = at_once.remembers() && at_once.is_new_pass(beats);
        if new_pass {
            let mut ended = [None; 2];
            let mut slots = ended.iter_mut();
            at_once.end_pass(|played| slots.next().into_iter().for_each(|slot| *slot = Some(played)));
            for played in ended.into_iter().flatten() {
                self.tell_of_song(played);
            }
        } else if let Some(beats) = beats {
            at_once.go_on(beats);
        }
        if self.budget.may_wait() {
            self.wait(|engine| engine.worker.is_caught_up() && !(new_pass && engine.worker.is_picture_pending()));
        }
        if (new_pass || !self.budget.may_wait() || beats.is_none())
            && let Some(picture) = self.worker.take_picture()
        {
            self.at_once.iter_mut().for_each(|at_once| at_once.show(picture.clone()));
        }
    }

    /// Tells what of the song a stretch went over.
    fn pass(&mut self, from: SampleTime, to: SampleTime) {
        let (from, to) = (self.clock.beats(from), self.clock.beats(to));
        let (Some(at_once), Some((from, to))) = (&mut self.at_once, from.zip(to)) else { return };
        let mut passed = None;
        at_once.pass(from, to, |played| passed = Some(played));
        if let Some(passed) = passed {
            self.tell_of_song(passed);
        }
    }

    fn transport_stopped(&mut self, at: SampleTime, turn: &mut Turn<impl FnMut(E)>) {
        self.play_clip(at, turn);
        self.clip_leaves(at, turn);
        self.scheduler.transport_interrupted(at);
    }

    /// Takes in what the player does.
    fn hear_player(&mut self, time: SampleTime, event: E, turn: &mut Turn<impl FnMut(E)>) {
        let kind = event.kind();
        while let Some(key) = self.clips.give_way(kind) {
            self.end_of_clip(time, key, turn);
        }
        self.clips.hear_player(kind);
        self.take_in(time, event, kind, turn);
        // What is played while the song stands still has its place on the grid alone.
        let place = self.clock.beats(time).unwrap_or_else(|| self.clock.position(time) / 4.0);
        if let Some(told) = clip_track::told_of(kind, place, turn.block.beat_seconds(), own_velocity(&event)) {
            self.tell(told);
        }
    }

    fn take_in(&mut self, time: SampleTime, event: E, kind: Event, turn: &mut Turn<impl FnMut(E)>) {
        self.ask_up_to(time);
        self.make_room(turn.settings, turn.block.samples, turn.send);
        self.hear(time, event, kind, turn.settings, turn.block);
    }

    fn hear(&mut self, time: SampleTime, event: E, kind: Event, settings: &Settings, block: &Block) {
        let (position, beats) = (self.clock.position(time), self.clock.beats(time));
        let (style, take) = (settings.style, settings.take);
        let note = match kind {
            Event::NoteOn { channel, key } if kind.is_restylable() => Some((channel, key)),
            _ => None,
        };
        let known =
            self.at_once.as_mut().zip(note).map(|(at_once, note)| at_once.known(time, beats, note, style, take));
        let new = known.is_some_and(|known| !known.settled || known.expected.is_none());
        let id = self.scheduler.push_event(time, kind, Payload { event, expression: settings.expression, new });
        if let Some(expected) = known.and_then(|known| known.expected) {
            self.scheduler.set_estimate(id, Estimate { expected, settled: true });
        }
        match (kind, note) {
            (_, Some((channel, key))) => {
                let velocity = own_velocity(&event);
                self.last_note = Some(time);
                let heard = InputEvent::NoteOn { id, time, position, beats, channel, key, velocity, style, take };
                self.send(Request::Heard(heard));
                let beat_seconds = block.beat_seconds();
                let on = |beats| TimelineEvent::NoteOn { beats, beat_seconds, channel, key, velocity };
                self.remember(beats.map(on));
            }
            (Event::NoteOff { channel, key }, _) => {
                self.send(Request::Heard(InputEvent::NoteOff { time, position, channel, key }));
                self.remember(beats.map(|beats| TimelineEvent::NoteOff { beats, channel, key }));
            }
            _ => {
                if let Some(down) = event.sustain() {
                    self.send(Request::Heard(InputEvent::Pedal { time, down }));
                    self.remember(beats.map(|beats| TimelineEvent::Pedal(Pedal { beats, down })));
                }
            }
        }
    }

    /// Tells what was played in the song, where it is to be remembered.
    fn remember(&mut self, played: Option<TimelineEvent>) {
        if self.at_once.as_ref().is_some_and(AtOnce::remembers)
            && let Some(played) = played
        {
            self.tell_of_song(played);
        }
    }

    /// Tells something of a pass; where that finds no room, the passage that it belongs to is never told as heard.
    fn tell_of_song(&mut self, played: TimelineEvent) {
        if !self.send(Request::Remember(played)) {
            self.at_once.iter_mut().for_each(AtOnce::lose_passage);
        }
    }

    fn ask_up_to(&mut self, time: SampleTime) {
        while let Some(hop) = self.scheduler.next_hop(time) {
            if self.at_once.is_some() && self.last_note.is_none_or(|last| last < hop.settle_from) {
                continue;
            }
            let question = InferenceRequest { hop, position: self.clock.position(hop.time) };
            let SchedulerConfig { latency, policy } = self.scheduler.config();
            let wanted = match policy {
                // What is said of notes that have left still serves the next ones for a while.
                RequestPolicy::Deferred(hop) => 16 * u64::from(hop),
                RequestPolicy::EveryHop(_) | RequestPolicy::PerNote(_) => latency.into(),
            };
            // What a model was asked is part of what it answers next: where there is time, no question is left out.
            let of_use_until = if self.budget.may_wait() { SampleTime::MAX } else { hop.settle_to + wanted };
            self.send(Request::Ask(question, of_use_until));
        }
    }

    /// Whether there was room for the request; if not, what matters of it is sent later.
    fn send(&mut self, request: Request) -> bool {
        while !self.worker.requests.try_send(request) {
            if !self.pause_for_worker() {
                self.worker.requests.give_up(request);
                Status::count(&self.status.overloads);
                return false;
            }
            self.take_answers();
        }
        true
    }

    fn take_answers(&mut self) {
        while let Some(answer) = self.worker.next_answer() {
            if answer.epoch != self.epoch {
                continue;
            }
            match &mut self.at_once {
                Some(at_once) => at_once.learn(answer.asked, answer.key, answer.estimate.expected),
                None => self.scheduler.set_estimate(answer.note, answer.estimate),
            }
        }
    }

    /// Waits until `is_over`, or until the inference thread has nothing left to say.
    fn wait(&mut self, is_over: impl Fn(&mut Self) -> bool) {
        loop {
            // Looked at before the answers are: when all was dealt with, those taken now are the last.
            let is_caught_up = self.worker.is_caught_up();
            self.take_answers();
            let is_idle = is_caught_up && !self.worker.is_picture_pending();
            if is_over(self) || is_idle || !self.pause_for_worker() {
                return;
            }
        }
    }

    /// Wakes the inference thread and lets it run, if it still does and the block may wait; whether it did.
    fn pause_for_worker(&mut self) -> bool {
        if !self.budget.may_wait() || !self.worker.is_running() {
            return false;
        }
        let got_to = self.worker.progress();
        if self.stalled_worker == Some(got_to) {
            return false;
        }
        self.worker.thread().into_iter().for_each(Thread::unpark);
        let had_given_up = self.budget.has_given_up();
        let paused = self.budget.pause(self.progress());
        if self.budget.has_given_up() && !had_given_up {
            self.stalled_worker = Some(got_to);
        }
        paused
    }

    /// Grows while the threads get on that a block may wait for.
    fn progress(&self) -> u64 {
        self.worker.progress() + self.clips.link().progress()
    }

    fn make_room(&mut self, settings: &Settings, samples: u32, send: &mut impl FnMut(E)) {
        if !self.scheduler.is_full() {
            return;
        }
        while let Some(leaving) = self.scheduler.emit_early(self.now) {
            Status::count(&self.status.overloads);
            self.leave(leaving, settings, samples, send);
        }
    }

    fn leave(&mut self, leaving: OutputEvent<Payload<E>>, settings: &Settings, samples: u32, send: &mut impl FnMut(E)) {
        let (time, event) = match leaving {
            OutputEvent::Release { time, channel, key } => (time, E::release(channel, key)),
            OutputEvent::Event { time, payload, outcome, .. } => (time, self.revoice(payload, outcome, settings)),
        };
        let in_block = time.saturating_sub(self.now).min(u64::from(samples.saturating_sub(1))) as u32;
        // Never back: something that left early may stand before what is due earlier in the block.
        self.last_timing = self.last_timing.max(in_block);
        send(event.with_timing(self.last_timing));
    }

    /// The event with the velocity it leaves with.
    fn revoice(&self, payload: Payload<E>, outcome: Outcome, settings: &Settings) -> E {
        let Payload { event, expression, new } = payload;
        if settings.bypass || expression.amount == 0.0 {
            return event;
        }
        let own = own_velocity(&event);
        let expected = match outcome {
            Outcome::Untouched => return event,
            Outcome::Restyled(expected) => {
                Status::count(if new { &self.status.new } else { &self.status.restyled });
                Some(expected)
            }
            Outcome::Late(early) => {
                Status::count(if new { &self.status.new } else { &self.status.late });
                early
            }
        };
        match expected {
            Some(expected) => event.with_velocity(f32::from(expression.velocity(own, expected)) / 127.0),
            None => event,
        }
    }
}

/// A note-on's velocity as MIDI has it, 1–127.
fn own_velocity(event: &impl HostEvent) -> u8 {
    event.velocity().map_or(1, |velocity| midi_velocity(velocity * 127.0))
}

#[cfg(test)]
mod tests;
