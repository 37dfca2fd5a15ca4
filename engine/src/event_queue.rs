//! Holds events from their arrival until they are due, applies the predicted velocities and plays the style's pedal.

use std::sync::Arc;

use tonenet_core::dynamics::Expression;
use tonenet_core::feel::pedal::{PedalMovement, PedalPlayer};
use tonenet_core::feel::{Displacement, Feel, FeelControls, PedalMode, WrittenPlace};
use tonenet_core::note::midi_velocity;
use tonenet_core::scheduler::{
    Displace, DisplacementBounds, Estimate, Event, NoteId, Outcome, OutputEvent, SampleTime, Scheduler, SchedulerConfig,
};
use tonenet_core::scope::{Scope, VoicePosition, VoiceTracker};

use crate::block::{BlockContext, Settings};
use crate::event::HostEvent;
use crate::status::Status;
use crate::zero_latency::NoteLookup;

/// The most pending events: twice a block of the densest controller stream.
const EVENTS: usize = 16_384;

/// An event in the scheduler, with the values needed to emit it.
#[derive(Debug, Clone, Copy)]
pub struct Queued<E> {
    event: E,
    /// When it came.
    arrived: SampleTime,
    /// The expression at its arrival, so that automation applies to the right notes.
    expression: Expression,
    /// Which notes were restyled at its arrival.
    scope: Scope,
    /// How far it is moved, as set at its arrival.
    controls: FeelControls,
    /// Where it is written.
    place: WrittenPlace,
    /// What the styles do with it, once that is known.
    feel: Feel,
    /// Its place among the notes that sound with it, as far as it is known.
    voice: VoicePosition,
    /// Its place in the recorded performance.
    recorded_voice: Option<VoicePosition>,
    /// Whether it is a note that a zero-latency mode does not know yet.
    is_new: bool,
}

/// An event that has arrived.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<E> {
    /// When.
    pub time: SampleTime,
    /// The event.
    pub event: E,
    /// What it is to the scheduler.
    pub kind: Event,
    /// Its song position in beats, if known.
    pub beats: Option<f64>,
    /// The length of a beat there, in seconds.
    pub beat_seconds: f64,
}

impl<E: HostEvent> Displace for Queued<E> {
    fn displacement(&self, feel: &Feel) -> Displacement {
        match self.event.kind() {
            Event::NoteOn { key, .. } if self.is_in_scope(key) => self.controls.displacement(feel, &self.place),
            _ => Displacement::NONE,
        }
    }
}

impl<E> Queued<E> {
    fn is_in_scope(&self, key: u8) -> bool {
        self.scope.includes(key, self.recorded_voice.unwrap_or(self.voice))
    }
}

/// The pending events of the session.
pub struct EventQueue<E> {
    scheduler: Scheduler<Queued<E>>,
    voices: VoiceTracker<NoteId>,
    /// How far notes may move, if they move at all.
    bounds: DisplacementBounds,
    pedal: PedalPlayer,
    /// When the transport last stopped or jumped back.
    interrupted: SampleTime,
    sample_rate: f64,
    status: Arc<Status>,
    /// First sample of the block.
    block_start: SampleTime,
    /// Timing of the last event emitted in the block.
    last_timing: u32,
}

impl<E: HostEvent> EventQueue<E> {
    /// Creates an empty queue at sample 0; `sample_rate` in Hz, `longest_block` in samples.
    pub fn new(config: SchedulerConfig, sample_rate: f64, longest_block: u32, status: Arc<Status>) -> Self {
        Self {
            scheduler: Scheduler::new(EVENTS, config),
            voices: VoiceTracker::new(f64::from(config.latency) / sample_rate),
            bounds: config.displacement_bounds(sample_rate, longest_block),
            pedal: PedalPlayer::new(sample_rate),
            interrupted: 0,
            sample_rate,
            status,
            block_start: 0,
            last_timing: 0,
        }
    }

    /// Starts over at sample 0. Pending events are dropped, and sounding notes are released in the next block.
    pub fn reset(&mut self) {
        self.scheduler.reset(self.scheduler.config());
        self.voices.reset();
        self.pedal.reset();
        self.interrupted = 0;
    }

    /// Forgets which keys are down, because the song goes on elsewhere.
    pub fn forget_keys(&mut self) {
        self.voices.reset();
    }

    /// The scheduler, which decides when events are due and which notes are predicted together.
    pub fn scheduler(&mut self) -> &mut Scheduler<Queued<E>> {
        &mut self.scheduler
    }

    /// Begins a block at this sample.
    pub fn begin_block(&mut self, now: SampleTime) {
        self.block_start = now;
        self.last_timing = 0;
    }

    /// Follows the user's settings from the start of the block on.
    pub fn follow_settings(&mut self, context: &mut BlockContext<impl FnMut(E)>) {
        let Settings { feel, bypass, compare, .. } = *context.settings;
        self.scheduler.set_bounds(if feel.moves() { self.bounds } else { DisplacementBounds::NONE });
        let mode = if bypass || compare { PedalMode::Mine } else { feel.pedal };
        if mode != self.pedal.mode() {
            let now = self.block_start;
            let Self { pedal, .. } = self;
            pedal.set_mode(mode, now, |moved| (context.emit)(E::sustain_pedal(moved.channel, moved.down)));
        }
    }

    /// The transport stopped or jumped back at a sample: what is pending leaves when due, then the style's pedal goes up.
    pub fn interrupt(&mut self, at: SampleTime) {
        let SchedulerConfig { latency, .. } = self.scheduler.config();
        self.pedal.stop(at + u64::from(latency));
        self.interrupted = self.interrupted.max(at);
        self.scheduler.transport_interrupted(at);
    }

    /// The transport jumped ahead: what is pending is dropped, and what sounds ends.
    pub fn jump(&mut self, at: SampleTime) {
        self.pedal.stop(at);
        self.scheduler.transport_jumped(at);
    }

    /// Sets what is known of a pending note.
    pub fn set_estimate(&mut self, id: NoteId, estimate: Estimate) {
        if let Some(queued) = self.scheduler.payload_mut(id) {
            queued.feel = estimate.feel;
        }
        self.scheduler.set_estimate(id, estimate);
    }

    /// Makes room for an event. If the queue is full, emits the oldest events early.
    pub fn make_room(&mut self, context: &mut BlockContext<impl FnMut(E)>) {
        if !self.scheduler.is_full() {
            return;
        }
        while let Some(leaving) = self.scheduler.emit_early(self.block_start) {
            Status::count(&self.status.overloads);
            self.emit(leaving, context);
        }
    }

    /// Adds an event, with its look-up in a zero-latency mode. There must be room.
    pub fn push(&mut self, arrival: Arrival<E>, settings: &Settings, known: Option<NoteLookup>) -> NoteId {
        let Arrival { time, event, kind, beats, beat_seconds } = arrival;
        let Settings { expression, scope, feel: controls, bypass, compare, .. } = *settings;
        let place = WrittenPlace {
            beat_phase: beats.map(|beats| beats.rem_euclid(1.0)),
            beat_samples: beat_seconds * self.sample_rate,
            sample_rate: self.sample_rate,
        };
        let queued = Queued {
            event,
            arrived: time,
            expression,
            scope,
            controls: if bypass || compare { FeelControls::OFF } else { controls },
            place,
            feel: Feel::default(),
            voice: VoicePosition::ALONE,
            recorded_voice: known.and_then(|known| known.voice),
            is_new: known.is_some_and(|known| !known.settled || known.expected.is_none()),
        };
        let id = self.scheduler.push_event(time, kind, queued);
        self.track_voice(id, time, kind);
        if let Some(NoteLookup { expected: Some(expected), feel, .. }) = known {
            self.set_estimate(id, Estimate { expected, feel, settled: true });
        }
        id
    }

    /// Updates the voices of the pending notes for an event.
    fn track_voice(&mut self, id: NoteId, time: SampleTime, kind: Event) {
        let Self { voices, scheduler, sample_rate, .. } = self;
        let seconds = time as f64 / *sample_rate;
        let mut set_voice = |id, voice| {
            scheduler.payload_mut(id).into_iter().for_each(|queued| queued.voice = voice);
        };
        match kind {
            Event::NoteOn { channel, key } if kind.is_restylable() => {
                voices.note_on(id, seconds, (channel, key), &mut set_voice);
            }
            Event::NoteOff { channel, key } => voices.note_off(seconds, (channel, key), &mut set_voice),
            Event::AllNotesOff { channel } => voices.channel_off(channel),
            Event::NoteOn { .. } | Event::PlainNoteOn { .. } | Event::Other => {}
        }
    }

    /// Emits the events due before a sample.
    pub fn emit_due(&mut self, until: SampleTime, context: &mut BlockContext<impl FnMut(E)>) {
        while let Some(leaving) = self.scheduler.next_due(until) {
            self.emit(leaving, context);
        }
        self.move_pedal(until, context);
    }

    fn emit(&mut self, leaving: OutputEvent<Queued<E>>, context: &mut BlockContext<impl FnMut(E)>) {
        let time = match leaving {
            OutputEvent::Release { time, .. } | OutputEvent::Event { time, .. } => time,
        };
        self.move_pedal(time + 1, context);
        let event = match leaving {
            OutputEvent::Release { channel, key, .. } => E::release(channel, key),
            OutputEvent::Event { payload, outcome, .. } => {
                if !self.follow_pedal(time, &payload) {
                    return;
                }
                // A lift at the time of the note goes before it, so that the note is not damped.
                self.move_pedal(time + 1, context);
                self.restyle(payload, outcome, context.settings)
            }
        };
        self.send(time, event, context);
    }

    /// Tells the style's pedal what leaves. Returns whether it is heard, which the player's own pedal may not be.
    fn follow_pedal(&mut self, time: SampleTime, queued: &Queued<E>) -> bool {
        if let (Some(down), Some((channel, ..))) = (queued.event.sustain(), queued.event.controller()) {
            return self.pedal.player_moved(channel, down);
        }
        // A note that leaves later than its passage would press a pedal that nothing lifts soon.
        let SchedulerConfig { latency, .. } = self.scheduler.config();
        let is_of_passage = queued.arrived >= self.interrupted || time < self.interrupted + u64::from(latency);
        match queued.event.kind() {
            Event::NoteOn { channel, key }
                if is_of_passage && queued.event.kind().is_restylable() && queued.is_in_scope(key) =>
            {
                self.pedal.note_on(time, channel, &queued.feel);
            }
            _ => {}
        }
        true
    }

    /// Emits the movements of the style's pedal before a sample.
    fn move_pedal(&mut self, until: SampleTime, context: &mut BlockContext<impl FnMut(E)>) {
        while let Some(PedalMovement { time, channel, down }) = self.pedal.next_due(until) {
            self.send(time, E::sustain_pedal(channel, down), context);
        }
    }

    fn send(&mut self, time: SampleTime, event: E, context: &mut BlockContext<impl FnMut(E)>) {
        let last = u64::from(context.block.samples.saturating_sub(1));
        let in_block = time.saturating_sub(self.block_start).min(last) as u32;
        // Timing never decreases: an event emitted early may precede one that is due earlier in the block.
        self.last_timing = self.last_timing.max(in_block);
        (context.emit)(event.with_timing(self.last_timing));
    }

    /// The event with its output velocity.
    fn restyle(&self, queued: Queued<E>, outcome: Outcome, settings: &Settings) -> E {
        let Queued { event, expression, is_new, .. } = queued;
        let is_in_scope = match event.kind() {
            Event::NoteOn { key, .. } => queued.is_in_scope(key),
            _ => true,
        };
        if settings.bypass || settings.compare || expression.amount == 0.0 || !is_in_scope {
            return event;
        }
        let expected = match outcome {
            Outcome::Untouched => return event,
            Outcome::Restyled(expected) => {
                Status::count(if is_new { &self.status.new } else { &self.status.restyled });
                Some(expected)
            }
            Outcome::Late(early) => {
                Status::count(if is_new { &self.status.new } else { &self.status.late });
                early
            }
        };
        let velocity = expected.map(|expected| expression.velocity(own_velocity(&event), expected));
        velocity.map_or(event, |velocity| event.with_velocity(f32::from(velocity) / 127.0))
    }
}

/// A note-on's own velocity as a MIDI value, 1–127.
pub fn own_velocity(event: &impl HostEvent) -> u8 {
    event.velocity().map_or(1, |velocity| midi_velocity(velocity * 127.0))
}

#[cfg(test)]
mod tests;
