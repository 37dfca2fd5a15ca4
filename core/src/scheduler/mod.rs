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

mod config;
mod event;
mod sounding;

pub use config::{Mode, RequestPolicy, SchedulerConfig, WindowLength};
pub use event::{Estimate, Event, Hop, NoteId, Outcome, OutputEvent, SampleTime};

use std::collections::VecDeque;

use sounding::{Sounding, Sweep};

#[derive(Debug, Clone, Copy)]
enum Item<P> {
    Event(Event, P, Option<Estimate>),
    /// An event that a seek dropped.
    Dropped,
}

#[derive(Debug, Clone, Copy)]
struct Pending<P> {
    due: SampleTime,
    item: Item<P>,
}

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
    fn first(config: SchedulerConfig, first_id: u64) -> Self {
        match config.policy {
            RequestPolicy::EveryHop(hop) => Self::At(hop.into(), hop, config.latency.into()),
            RequestPolicy::Deferred(hop) => Self::At(hop.into(), hop, 2 * u64::from(hop)),
            RequestPolicy::PerNote(known) => Self::About(NoteId(first_id), known),
        }
    }
}

/// See the [module](self).
#[derive(Debug)]
pub struct Scheduler<P> {
    config: SchedulerConfig,
    pending: VecDeque<Pending<P>>,
    capacity: usize,
    /// The id of the first pending item.
    first_id: u64,
    next_request: NextRequest,
    /// Hops have covered the notes that arrived before this sample. These notes are never requested again, because a
    /// model discards the notes it has predicted finally.
    settled_to: SampleTime,
    sounding: Sounding,
    /// When notes that have lost their note-off are released: one latency after each stop or wrap.
    releases: VecDeque<SampleTime>,
    sweep: Option<Sweep>,
    /// Time of the last emitted event; nothing is emitted at an earlier time.
    last_emitted: SampleTime,
}

impl<P: Copy> Scheduler<P> {
    /// A scheduler for up to `capacity` pending events.
    pub fn new(capacity: usize, config: SchedulerConfig) -> Self {
        Self {
            config,
            pending: VecDeque::with_capacity(capacity),
            capacity,
            first_id: 0,
            next_request: NextRequest::first(config, 0),
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

    /// Restarts at sample 0 with another configuration.
    ///
    /// Pending events are dropped. Sounding notes are released as soon as events are taken again.
    pub fn reset(&mut self, config: SchedulerConfig) {
        self.config = config;
        self.first_id += self.pending.len() as u64;
        self.pending.clear();
        self.next_request = NextRequest::first(config, self.first_id);
        self.settled_to = 0;
        self.releases.clear();
        self.last_emitted = 0;
        self.sweep = Some(Sweep::everything(0));
    }

    /// Whether there is no room for another event; if so, make room with [`Scheduler::emit_early`].
    pub fn is_full(&self) -> bool {
        self.pending.len() >= self.capacity
    }

    /// Adds an event and returns its id; events must come in the order of their times.
    ///
    /// Call it only if the scheduler is not full: an event beyond the capacity would allocate.
    pub fn push_event(&mut self, time: SampleTime, event: Event, payload: P) -> NoteId {
        let id = NoteId(self.first_id + self.pending.len() as u64);
        self.push(time, Item::Event(event, payload, None));
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
                next.0 = next.0.max(self.first_id);
                let rest = self.pending.range((next.0 - self.first_id) as usize..);
                let is_note = |p: &&Pending<P>| matches!(p.item, Item::Event(event, ..) if event.is_restylable());
                let Some((skipped, note)) = rest.clone().enumerate().find(|(_, p)| is_note(p)) else {
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
        if let Some(Item::Event(Event::NoteOn { .. }, _, slot)) = self.pending_item(id) {
            // Results come in the order of their hops, so an early estimate never replaces a later one.
            *slot = Some(estimate);
        }
    }

    /// The payload of a pending event; `None` if it has been emitted or dropped.
    pub fn payload_mut(&mut self, id: NoteId) -> Option<&mut P> {
        match self.pending_item(id)? {
            Item::Event(_, payload, _) => Some(payload),
            Item::Dropped => None,
        }
    }

    fn pending_item(&mut self, id: NoteId) -> Option<&mut Item<P>> {
        let at = usize::try_from(id.0.checked_sub(self.first_id)?).ok()?;
        Some(&mut self.pending.get_mut(at)?.item)
    }

    /// Whether a note due before `until` has no final prediction yet.
    pub fn awaits_estimate(&self, until: SampleTime) -> bool {
        self.pending.iter().take_while(|p| p.due < until).any(|p| match p.item {
            Item::Event(event, _, estimate) => event.is_restylable() && !estimate.is_some_and(|e| e.settled),
            _ => false,
        })
    }

    /// The next event due before `until`, in the order of arrival.
    pub fn next_due(&mut self, until: SampleTime) -> Option<OutputEvent<P>> {
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
            if !self.is_full() || self.pending.is_empty() {
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
    /// has lost its note-off and is released then.
    pub fn transport_interrupted(&mut self, time: SampleTime) {
        if self.releases.len() == RELEASES {
            self.releases.pop_back();
        }
        let due = time + u64::from(self.config.latency);
        let place = self.releases.partition_point(|other| *other <= due);
        self.releases.insert(place, due);
    }

    /// Tells that the transport jumped forward at `time`.
    ///
    /// Pending notes and note-offs are dropped, and sounding notes are released at once. All other events are emitted
    /// when due.
    pub fn transport_jumped(&mut self, time: SampleTime) {
        for pending in &mut self.pending {
            if let Item::Event(Event::NoteOn { .. } | Event::PlainNoteOn { .. } | Event::NoteOff { .. }, ..) =
                pending.item
            {
                pending.item = Item::Dropped;
            }
        }
        self.sweep = Some(Sweep::everything(time));
    }

    fn push(&mut self, time: SampleTime, item: Item<P>) {
        self.pending.push_back(Pending { due: time + u64::from(self.config.latency), item });
    }

    /// Begins a release that is due before `until`, at its own time or at `early`. At the same sample it precedes
    /// every event but a note-off.
    ///
    /// Returns whether there was one.
    fn begin_release(&mut self, until: SampleTime, early: Option<SampleTime>) -> bool {
        let is_before = |due: SampleTime| match self.pending.front() {
            // This note-off has arrived, so it goes before the release.
            Some(Pending { due: first, item: Item::Event(Event::NoteOff { .. }, ..) }) => due < *first,
            Some(Pending { due: first, .. }) => due <= *first,
            None => true,
        };
        let Some(due) = self.releases.pop_front_if(|due| *due < until && is_before(*due)) else { return false };
        // A release that is detected late happens at once.
        let time = early.unwrap_or(due).max(self.last_emitted);
        self.sweep = Some(Sweep::began_before(early.unwrap_or(due).max(due), time));
        true
    }

    fn next_release(&mut self) -> Option<OutputEvent<P>> {
        let sweep = self.sweep.as_mut()?;
        match self.sounding.take_next(sweep) {
            Some((channel, key)) => Some(OutputEvent::Release { time: sweep.time, channel, key }),
            None => {
                self.sweep = None;
                None
            }
        }
    }

    /// Removes the first pending item and returns its output. `None` for a dropped item, and for an all-notes-off that
    /// must first release notes: it stays pending. Call again in both cases.
    fn pop(&mut self, time: SampleTime) -> Option<OutputEvent<P>> {
        let Pending { item, .. } = *self.pending.front()?;
        let (event, payload, estimate) = match item {
            Item::Event(Event::AllNotesOff { channel }, ..) if self.sounding.on_channel(channel) => {
                // The releases go first; the controller stays pending until they are done.
                self.sweep = Some(Sweep::channel(time, channel));
                return None;
            }
            Item::Event(event, payload, estimate) => (event, payload, estimate),
            Item::Dropped => {
                self.advance();
                return None;
            }
        };
        let id = NoteId(self.first_id);
        self.advance();
        self.last_emitted = time;
        match event {
            Event::NoteOn { channel, key } | Event::PlainNoteOn { channel, key } => {
                self.sounding.begin(channel, key, time)
            }
            Event::NoteOff { channel, key } => self.sounding.end(channel, key),
            Event::AllNotesOff { .. } | Event::Other => {}
        }
        let outcome = match estimate {
            _ if !event.is_restylable() => Outcome::Untouched,
            Some(Estimate { expected, settled: true }) => Outcome::Restyled(expected),
            early => Outcome::Late(early.map(|e| e.expected)),
        };
        Some(OutputEvent::Event { time, id, event, payload, outcome })
    }

    fn advance(&mut self) {
        self.pending.pop_front();
        self.first_id += 1;
    }
}

#[cfg(test)]
mod tests;
