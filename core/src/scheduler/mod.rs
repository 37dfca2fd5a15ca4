//! The event scheduler: emits each event one latency after it arrived, in order, with its prediction. Only a full
//! scheduler emits events early.
//!
//! It holds the pending events, decides when the model runs for which notes ([`Hop`]), and tracks which notes sound. It
//! has no clock, thread or host. The caller passes the sample time of every event. A model's input therefore depends on
//! samples alone, never on block sizes or the speed of the machine.
//!
//! For every block a caller
//! 1. takes the hops up to the time of each event ([`Scheduler::next_hop`]), then adds the event
//!    ([`Scheduler::push_event`]);
//! 2. takes the hops up to the end of the block;
//! 3. adds the predictions that have arrived ([`Scheduler::set_estimate`]);
//! 4. emits the events that are due ([`Scheduler::next_due`]).
//!
//! Nothing here allocates after [`Scheduler::new`].

mod bounds;
mod config;
mod departures;
mod event;
mod keys;
mod moving;
mod pending;
mod sounding;

pub use bounds::DisplacementBounds;
pub use config::{Mode, RequestPolicy, SchedulerConfig, WindowLength};
pub use event::{Displace, Estimate, Event, Hop, NoteId, Outcome, OutputEvent, SampleTime};

use std::collections::VecDeque;

use departures::Departures;
use keys::Keys;
use moving::Moving;
use pending::{Ends, Item, Line, PendingEvents};
use sounding::{Sounding, Sweep};

/// Capacity for stops and wraps within one latency; beyond it the latest replaces the one before.
const RELEASES: usize = 256;

/// When the model runs next.
#[derive(Debug, Clone, Copy)]
enum NextRequest {
    /// At a sample: the time of the next hop, the samples between two hops, and a delay. A hop predicts the notes whose
    /// arrival plus this delay falls from one hop to two hops after it.
    At(SampleTime, u32, u64),
    /// For the first restylable note from this id on, this many samples after it arrived.
    About(NoteId, u32),
}

impl NextRequest {
    fn first(config: SchedulerConfig, first_id: NoteId) -> Self {
        match config.policy {
            RequestPolicy::EveryHop(hop) => Self::At(hop.into(), hop, config.latency.into()),
            RequestPolicy::Deferred(hop) => Self::At(hop.into(), hop, 2 * u64::from(hop)),
            RequestPolicy::PerNote(known) => Self::About(first_id, known),
        }
    }
}

/// See the [module](self).
#[derive(Debug)]
pub struct Scheduler<P> {
    config: SchedulerConfig,
    pending: PendingEvents<P>,
    keys: Keys,
    /// The pending events without a key, which keep their order among each other.
    others: Line,
    departures: Departures,
    moving: Moving,
    next_request: NextRequest,
    /// Hops have covered the notes that arrived before this sample. These notes are never requested again, because a
    /// model discards the notes it has predicted finally.
    settled_to: SampleTime,
    sounding: Sounding,
    /// One latency after each stop or wrap: notes due before then that have lost their note-off are released.
    releases: VecDeque<SampleTime>,
    sweep: Option<Sweep>,
    /// Time of the last event or release; nothing is emitted at an earlier time.
    last_emitted: SampleTime,
}

impl<P: Copy + Displace> Scheduler<P> {
    /// A scheduler for up to `capacity` pending events.
    pub fn new(capacity: usize, config: SchedulerConfig) -> Self {
        Self {
            config,
            pending: PendingEvents::new(capacity),
            keys: Keys::default(),
            others: Line::default(),
            departures: Departures::new(capacity),
            moving: Moving::default(),
            next_request: NextRequest::first(config, NoteId(0)),
            settled_to: 0,
            sounding: Sounding::default(),
            releases: VecDeque::with_capacity(RELEASES),
            sweep: None,
            last_emitted: 0,
        }
    }

    /// The current configuration.
    pub fn config(&self) -> SchedulerConfig {
        self.config
    }

    /// Restarts at sample 0 with another configuration and the same bounds.
    ///
    /// Pending events are dropped. Sounding notes are released as soon as events are taken again.
    pub fn reset(&mut self, config: SchedulerConfig) {
        self.config = config;
        self.pending.clear();
        self.keys.clear();
        self.others = Line::default();
        self.departures.clear();
        self.moving.restart(self.pending.first_id(), config.latency);
        self.next_request = NextRequest::first(config, self.pending.first_id());
        self.settled_to = 0;
        self.releases.clear();
        self.last_emitted = 0;
        self.sweep = Some(Sweep::everything(0));
    }

    /// Whether there is no room for another event; if so, make room with [`Scheduler::emit_early`].
    pub fn is_full(&self) -> bool {
        self.pending.is_full()
    }

    /// Adds an event and returns its id; events must come in the order of their times.
    ///
    /// Call it only if the scheduler is not full: an event beyond the capacity would allocate.
    pub fn push_event(&mut self, time: SampleTime, event: Event, payload: P) -> NoteId {
        let id = self.pending.push(time + u64::from(self.config.latency), event, payload);
        self.line_up(id, event);
        id
    }

    /// The next hop up to and including the sample `until`.
    pub fn next_hop(&mut self, until: SampleTime) -> Option<Hop> {
        match &mut self.next_request {
            NextRequest::At(next, hop, held) => {
                let (time, hop, held) = (*next, u64::from(*hop), *held);
                if time > until {
                    return None;
                }
                *next += hop;
                let settle_to = (time + 2 * hop).saturating_sub(held).max(self.settled_to);
                let settle_from = (time + hop).saturating_sub(held).max(self.settled_to);
                self.settled_to = settle_to;
                Some(Hop { time, settle_from, settle_to })
            }
            NextRequest::About(next, known) => {
                let latency = u64::from(self.config.latency);
                // Notes that were emitted early need no prediction.
                *next = (*next).max(self.pending.first_id());
                let rest = self.pending.iter_from(*next);
                let is_note = |event: Option<Event>| event.is_some_and(Event::is_restylable);
                let Some((skipped, note)) = rest.clone().enumerate().find(|(_, p)| is_note(p.event())) else {
                    next.0 += rest.len() as u64;
                    return None;
                };
                let due = note.due;
                let time = due - latency + u64::from(*known);
                if time > until {
                    next.0 += skipped as u64;
                    return None;
                }
                // One run predicts all notes of the sample.
                next.0 += rest.take_while(|p| p.due <= due).count() as u64;
                Some(Hop { time, settle_from: due - latency, settle_to: due - latency + 1 })
            }
        }
    }

    /// Sets the prediction for a pending note; does nothing if the note has been emitted.
    pub fn set_estimate(&mut self, id: NoteId, estimate: Estimate) {
        if let Some(Item::Event(Event::NoteOn { .. }, _, slot)) = self.pending.get_mut(id).map(|p| &mut p.item) {
            // Results come in the order of their hops, so an early estimate never replaces a later one.
            *slot = Some(estimate);
        }
    }

    /// The payload of a pending event; `None` if it has been emitted or dropped.
    pub fn payload_mut(&mut self, id: NoteId) -> Option<&mut P> {
        match &mut self.pending.get_mut(id)?.item {
            Item::Event(_, payload, _) => Some(payload),
            Item::Gone => None,
        }
    }

    /// Whether a note that is decided before `until` has no final prediction yet.
    pub fn awaits_estimate(&self, until: SampleTime) -> bool {
        let due_before = until + u64::from(self.moving.bounds.early);
        self.pending.iter().take_while(|p| p.due < due_before).any(|p| match p.item {
            Item::Event(event, _, estimate) => event.is_restylable() && !estimate.is_some_and(|e| e.settled),
            Item::Gone => false,
        })
    }

    /// The next event that leaves before `until`: in the order of arrival, unless [bounds](Scheduler::set_bounds) let
    /// events move.
    pub fn next_due(&mut self, until: SampleTime) -> Option<OutputEvent<P>> {
        let next = if self.is_unmoved() { self.next_unmoved(until) } else { self.next_moved(until) };
        if next.is_none() {
            self.moving.done_to = self.moving.done_to.max(until);
        }
        next
    }

    fn next_unmoved(&mut self, until: SampleTime) -> Option<OutputEvent<P>> {
        loop {
            if let Some(release) = self.next_release() {
                return Some(release);
            }
            if self.begin_release(until, None) {
                continue;
            }
            let due = self.pending.front()?.due;
            if due >= until {
                return None;
            }
            if let Some(output) = self.pop(due) {
                return Some(output);
            }
        }
    }

    /// Emits the oldest event before it is due, at `now`, to make room. Overload changes times but loses no event.
    ///
    /// `None` once there is room and nothing is left to release. Events that a seek dropped make room silently.
    pub fn emit_early(&mut self, now: SampleTime) -> Option<OutputEvent<P>> {
        loop {
            if let Some(release) = self.next_release() {
                return Some(release);
            }
            if !self.is_full() || self.pending.front().is_none() {
                return None;
            }
            if self.begin_release(SampleTime::MAX, Some(now)) {
                continue;
            }
            if let Some(output) = self.pop(now) {
                return Some(output);
            }
        }
    }

    /// Tells that the transport started at `time`, from which hops are counted.
    ///
    /// So the output does not depend on the time between activation and the start of the transport.
    pub fn transport_started(&mut self, time: SampleTime) {
        if let NextRequest::At(next, ..) = &mut self.next_request {
            // The next hop never moves to a later time, so that no note is left out.
            *next = time.min(*next);
        }
    }

    /// Tells that the transport stopped or jumped back at `time`, which may lie before the last event.
    ///
    /// Pending notes are emitted when due. A note that arrived before `time` and still sounds at `time` plus the latency
    /// has lost its note-off and is released then. Where notes may leave late, it is released later by the most that they
    /// may; a note whose note-off was due by then keeps it.
    pub fn transport_interrupted(&mut self, time: SampleTime) {
        if self.releases.len() == RELEASES {
            self.releases.pop_back();
        }
        let due = time + u64::from(self.config.latency);
        let place = self.releases.partition_point(|other| *other <= due);
        self.releases.insert(place, due);
        self.moving.interrupted = self.moving.interrupted.max(due);
    }

    /// Tells that the transport jumped forward at `time`.
    ///
    /// Pending notes and note-offs are dropped, and sounding notes are released at once. All other events are emitted
    /// when due.
    pub fn transport_jumped(&mut self, time: SampleTime) {
        self.pending.drop_notes();
        self.keys.clear();
        self.moving.forget_notes();
        self.sweep = Some(Sweep::everything(time));
    }

    /// Puts an event that arrived in line with those whose order it keeps.
    fn line_up(&mut self, id: NoteId, event: Event) {
        let Some((channel, key)) = event.key() else {
            self.pending.join(&mut self.others, id);
            if let Event::AllNotesOff { channel } = event {
                self.keys.close_channel(channel);
            }
            return;
        };
        let key = self.keys.get_mut(channel, key);
        self.pending.join(&mut key.line, id);
        if event.is_on() {
            let due = self.pending.get(id).map_or(0, |on| on.due);
            // A stop or wrap releases what was open before it.
            let open = if key.last_due < self.moving.interrupted { 0 } else { key.open };
            key.open = open.saturating_add(1);
            (key.last_on, key.last_due) = (Some(id), due);
            return;
        }
        let ends = Ends { after: key.last_on, is_its_end: key.open == 1 && key.last_on.is_some(), on: None };
        key.open = key.open.saturating_sub(1);
        if let Some(on) = ends.after.filter(|_| ends.is_its_end).and_then(|on| self.pending.get_mut(on)) {
            on.end = Some(id);
        }
        self.pending.get_mut(id).into_iter().for_each(|off| off.ends = ends);
        self.tell_end(id);
    }

    /// Begins a release that is due before `until`, at its own time or at `early`. At the same sample it precedes
    /// every event but a note-off.
    ///
    /// Returns whether there was one.
    fn begin_release(&mut self, until: SampleTime, early: Option<SampleTime>) -> bool {
        let is_before = |due: SampleTime| match self.pending.front() {
            // This note-off has arrived, so it goes before the release.
            Some(first) if matches!(first.event(), Some(Event::NoteOff { .. })) => due < first.due,
            Some(first) => due <= first.due,
            None => true,
        };
        let Some(due) = self.releases.pop_front_if(|due| *due < until && is_before(*due)) else { return false };
        // A release that is detected late happens at once.
        let time = early.unwrap_or(due).max(self.last_emitted);
        self.sweep = Some(Sweep::due_before(early.unwrap_or(due).max(due), time));
        true
    }

    fn next_release(&mut self) -> Option<OutputEvent<P>> {
        let sweep = self.sweep.as_mut()?;
        let Self { pending, keys, .. } = self;
        let ends = |channel, key, by| {
            let line = pending.in_line(&keys.get(channel, key).line);
            line.take_while(|p| matches!(p.event(), Some(Event::NoteOff { .. })) && p.due <= by).count()
        };
        match self.sounding.take_next(sweep, ends) {
            Some((channel, key)) => {
                self.last_emitted = sweep.time;
                Some(OutputEvent::Release { time: sweep.time, channel, key })
            }
            None => {
                self.sweep = None;
                None
            }
        }
    }

    /// Removes the first pending item and returns its output. `None` for a dropped item, and for an all-notes-off that
    /// must first release notes: it stays pending. Call again in both cases.
    fn pop(&mut self, time: SampleTime) -> Option<OutputEvent<P>> {
        let output = match self.pending.front()?.item {
            Item::Event(..) => Some(self.emit(self.pending.first_id(), time)?),
            Item::Gone => None,
        };
        self.pending.pop_front();
        output
    }

    /// Emits the first event of its line, which then is gone. `None` for an all-notes-off that must first release notes.
    fn emit(&mut self, id: NoteId, time: SampleTime) -> Option<OutputEvent<P>> {
        let pending = *self.pending.get(id)?;
        let Item::Event(event, payload, estimate) = pending.item else { return None };
        let line = match event {
            Event::AllNotesOff { channel } if self.sounding.on_channel(channel) => {
                // The releases go first; the controller stays pending until they are done.
                self.sweep = Some(Sweep::channel(time, channel));
                return None;
            }
            Event::AllNotesOff { .. } | Event::Other => &mut self.others,
            Event::NoteOn { channel, key } | Event::PlainNoteOn { channel, key } => {
                self.sounding.begin(channel, key, pending.due);
                &mut self.keys.get_mut(channel, key).line
            }
            Event::NoteOff { channel, key } => {
                self.sounding.end(channel, key);
                &mut self.keys.get_mut(channel, key).line
            }
        };
        self.pending.leave(line);
        self.pending.get_mut(id).into_iter().for_each(|pending| pending.item = Item::Gone);
        self.last_emitted = time;
        let outcome = match estimate {
            _ if !event.is_restylable() => Outcome::Untouched,
            Some(Estimate { expected, settled: true, .. }) => Outcome::Restyled(expected),
            early => Outcome::Late(early.map(|e| e.expected)),
        };
        Some(OutputEvent::Event { time, id, event, payload, outcome })
    }
}

#[cfg(test)]
mod tests;
