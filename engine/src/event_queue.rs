//! Holds events from their arrival until they are due, and applies the predicted velocities.

use std::sync::Arc;

use tonenet_core::dynamics::Expression;
use tonenet_core::feel::Feel;
use tonenet_core::note::midi_velocity;
use tonenet_core::scheduler::{
    Displace, Estimate, Event, NoteId, Outcome, OutputEvent, SampleTime, Scheduler, SchedulerConfig,
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
    /// The expression at its arrival, so that automation applies to the right notes.
    expression: Expression,
    /// Which notes were restyled at its arrival.
    scope: Scope,
    /// Its place among the notes that sound with it, as far as it is known.
    voice: VoicePosition,
    /// Its place in the recorded performance.
    recorded_voice: Option<VoicePosition>,
    /// Whether it is a note that a zero-latency mode does not know yet.
    is_new: bool,
}

// Notes are not moved yet.
impl<E> Displace for Queued<E> {}

/// The pending events of the session.
pub struct EventQueue<E> {
    scheduler: Scheduler<Queued<E>>,
    voices: VoiceTracker<NoteId>,
    sample_rate: f64,
    status: Arc<Status>,
    /// First sample of the block.
    block_start: SampleTime,
    /// Timing of the last event emitted in the block.
    last_timing: u32,
}

impl<E: HostEvent> EventQueue<E> {
    /// Creates an empty queue at sample 0; `sample_rate` in Hz.
    pub fn new(config: SchedulerConfig, sample_rate: f64, status: Arc<Status>) -> Self {
        Self {
            scheduler: Scheduler::new(EVENTS, config),
            voices: VoiceTracker::new(f64::from(config.latency) / sample_rate),
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
    pub fn push(
        &mut self,
        time: SampleTime,
        event: E,
        kind: Event,
        settings: &Settings,
        known: Option<NoteLookup>,
    ) -> NoteId {
        let is_new = known.is_some_and(|known| !known.settled || known.expected.is_none());
        let Settings { expression, scope, .. } = *settings;
        let recorded_voice = known.and_then(|known| known.voice);
        let queued = Queued { event, expression, scope, voice: VoicePosition::ALONE, recorded_voice, is_new };
        let id = self.scheduler.push_event(time, kind, queued);
        self.track_voice(id, time, kind);
        if let Some(expected) = known.and_then(|known| known.expected) {
            self.scheduler.set_estimate(id, Estimate { expected, feel: Feel::default(), settled: true });
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
    }

    fn emit(&mut self, leaving: OutputEvent<Queued<E>>, context: &mut BlockContext<impl FnMut(E)>) {
        let (time, event) = match leaving {
            OutputEvent::Release { time, channel, key } => (time, E::release(channel, key)),
            OutputEvent::Event { time, payload, outcome, .. } => {
                (time, self.restyle(payload, outcome, context.settings))
            }
        };
        let last = u64::from(context.block.samples.saturating_sub(1));
        let in_block = time.saturating_sub(self.block_start).min(last) as u32;
        // Timing never decreases: an event emitted early may precede one that is due earlier in the block.
        self.last_timing = self.last_timing.max(in_block);
        (context.emit)(event.with_timing(self.last_timing));
    }

    /// The event with its output velocity.
    fn restyle(&self, queued: Queued<E>, outcome: Outcome, settings: &Settings) -> E {
        let Queued { event, expression, scope, voice, recorded_voice, is_new } = queued;
        let is_in_scope = match event.kind() {
            Event::NoteOn { key, .. } => scope.includes(key, recorded_voice.unwrap_or(voice)),
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
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::block::Block;
    use crate::event::{PlainEvent, Voice};
    use tonenet_core::clip::Bars;
    use tonenet_core::dynamics::Expected;
    use tonenet_core::scheduler::RequestPolicy;
    use tonenet_core::scope::ScopePart;
    use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
    use tonenet_core::transport::Transport;
    use tonenet_inference::embedded::EmbeddedModel;

    const LOOK_AHEAD: SchedulerConfig = SchedulerConfig { latency: 100, policy: RequestPolicy::EveryHop(25) };
    const SETTINGS: Settings = Settings {
        style: StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::JAZZ, share_of_b: 0.0 },
        take: TakeSeed(0),
        expression: Expression { amount: 1.0, keep_accents: 0.0, level: 0.0, range: 1.0, floor: 1, ceiling: 127 },
        scope: Scope::ALL,
        model: EmbeddedModel::Note,
        condition_on_player: false,
        bypass: false,
        compare: false,
    };
    const LOUD: Expected = Expected { level: 64.0, deviation: 20.0 };

    fn on(key: u8) -> PlainEvent {
        PlainEvent::note_on(Voice::new(None, 0, key), 0.5)
    }

    fn queue() -> EventQueue<PlainEvent> {
        EventQueue::new(LOOK_AHEAD, 1000.0, Arc::default())
    }

    fn push(
        queue: &mut EventQueue<PlainEvent>,
        time: SampleTime,
        event: PlainEvent,
        known: Option<NoteLookup>,
    ) -> NoteId {
        queue.push(time, event, event.kind(), &SETTINGS, known)
    }

    /// The events emitted in a block of 100 samples.
    fn emitted(queue: &mut EventQueue<PlainEvent>, now: SampleTime, settings: &Settings) -> Vec<PlainEvent> {
        let (bars, transport) = (Bars::default(), Transport::default());
        let block = Block { samples: 100, transport, bars, trigger_held: false, offline: false };
        let mut emitted = Vec::new();
        let mut emit = |event| emitted.push(event);
        let mut context = BlockContext { block: &block, settings, emit: &mut emit };
        queue.begin_block(now);
        queue.make_room(&mut context);
        queue.emit_due(now + 100, &mut context);
        emitted
    }

    fn key_of(event: &PlainEvent) -> Option<u8> {
        match event.kind() {
            Event::NoteOn { key, .. } => Some(key),
            _ => None,
        }
    }

    fn counts(queue: &EventQueue<PlainEvent>) -> [u64; 3] {
        let Status { restyled, late, new, .. } = &*queue.status;
        [restyled, late, new].map(|count| count.load(Ordering::Relaxed))
    }

    #[test]
    fn a_note_is_emitted_one_latency_later_with_the_predicted_velocity() {
        let mut queue = queue();
        let id = push(&mut queue, 30, on(60), None);
        queue.scheduler().set_estimate(id, Estimate { expected: LOUD, feel: Feel::default(), settled: true });
        assert_eq!(emitted(&mut queue, 0, &SETTINGS), []);
        let restyled = on(60).with_velocity(84.0 / 127.0).with_timing(30);
        assert_eq!((emitted(&mut queue, 100, &SETTINGS), counts(&queue)), (vec![restyled], [1, 0, 0]));
    }

    #[test]
    fn without_a_prediction_a_note_keeps_its_velocity_and_counts_as_late() {
        let mut queue = queue();
        push(&mut queue, 30, on(60), None);
        assert_eq!((emitted(&mut queue, 100, &SETTINGS), counts(&queue)), (vec![on(60).with_timing(30)], [0, 1, 0]));
    }

    #[test]
    fn a_note_that_a_zero_latency_mode_does_not_know_counts_as_new() {
        let mut queue = queue();
        for known in [
            NoteLookup { expected: None, settled: true, voice: None },
            NoteLookup { expected: Some(LOUD), settled: false, voice: None },
            NoteLookup { expected: Some(LOUD), settled: true, voice: None },
        ] {
            push(&mut queue, 0, on(60), Some(known));
        }
        let loud = on(60).with_velocity(84.0 / 127.0);
        assert_eq!((emitted(&mut queue, 100, &SETTINGS), counts(&queue)), (vec![on(60), loud, loud], [1, 0, 2]));
    }

    #[test]
    fn controllers_and_bypassed_notes_are_emitted_unchanged() {
        let mut queue = queue();
        let pedal = PlainEvent::Controller { timing: 0, channel: 0, number: 64, value: 1.0 };
        push(&mut queue, 0, pedal, None);
        push(&mut queue, 0, on(60), Some(NoteLookup { expected: Some(LOUD), settled: true, voice: None }));
        let bypass = Settings { bypass: true, ..SETTINGS };
        assert_eq!((emitted(&mut queue, 100, &bypass), counts(&queue)), (vec![pedal, on(60)], [0; 3]));
        push(&mut queue, 100, on(62), Some(NoteLookup { expected: Some(LOUD), settled: true, voice: None }));
        let compare = Settings { compare: true, ..SETTINGS };
        assert_eq!((emitted(&mut queue, 200, &compare), counts(&queue)), (vec![on(62)], [0; 3]));
    }

    #[test]
    fn notes_outside_the_scope_keep_their_velocity() {
        let part = |part| Settings { scope: Scope { low: 40, high: 72, part }, ..SETTINGS };
        let restyled = |settings: &Settings| -> Vec<u8> {
            let mut queue = queue();
            for (time, key) in [(0, 36), (0, 48), (20, 60), (30, 72), (31, 76)] {
                let (event, known) = (on(key), NoteLookup { expected: Some(LOUD), settled: true, voice: None });
                queue.push(time, event, event.kind(), settings, Some(known));
            }
            let emitted = emitted(&mut queue, 100, settings);
            let restyled: Vec<u8> = emitted.iter().filter(|e| e.velocity() != Some(0.5)).filter_map(key_of).collect();
            assert_eq!((emitted.len(), counts(&queue)), (5, [restyled.len() as u64, 0, 0]));
            restyled
        };
        assert_eq!(restyled(&part(ScopePart::All)), [48, 60, 72]);
        assert_eq!(restyled(&part(ScopePart::Inner)), [48, 60, 72]);
        assert_eq!(restyled(&part(ScopePart::Melody)), [0_u8; 0], "the melody lies above the range");
        let melody = Settings { scope: Scope { part: ScopePart::Melody, ..Scope::ALL }, ..SETTINGS };
        assert_eq!(restyled(&melody), [76], "one rolled chord");
        let bass = Settings { scope: Scope { part: ScopePart::Bass, ..Scope::ALL }, ..SETTINGS };
        assert_eq!(restyled(&bass), [36]);
    }

    #[test]
    fn a_recorded_voice_counts_more_than_what_was_heard_so_far() {
        let melody = Settings { scope: Scope { part: ScopePart::Melody, ..Scope::ALL }, ..SETTINGS };
        let mut queue = queue();
        for (key, is_highest) in [(60, false), (48, true)] {
            let voice = Some(VoicePosition { is_highest, is_lowest: !is_highest });
            let known = NoteLookup { expected: Some(LOUD), settled: true, voice };
            queue.push(0, on(key), on(key).kind(), &melody, Some(known));
        }
        let restyled = emitted(&mut queue, 100, &melody);
        let restyled: Vec<_> =
            restyled.iter().filter(|event| event.velocity() != Some(0.5)).filter_map(key_of).collect();
        assert_eq!(restyled, [48]);
    }

    #[test]
    fn a_full_queue_emits_its_oldest_events_early_and_in_order() {
        let mut queue = queue();
        for key in 0..EVENTS {
            push(&mut queue, 10, on((key % 128) as u8), None);
        }
        assert!(queue.scheduler().is_full());
        let emitted = emitted(&mut queue, 20, &SETTINGS);
        assert_eq!(emitted.len(), EVENTS, "one early, the others when due");
        assert!(emitted.is_sorted_by_key(HostEvent::timing), "timing never decreases");
        assert_eq!((emitted[0].timing(), queue.status.overloads.load(Ordering::Relaxed)), (0, 1));
    }
}
