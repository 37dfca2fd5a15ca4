//! The restyling scheduler: what came in leaves exactly one latency later, in order, with the velocity known by then.
//!
//! It owns the events under way, when the network is asked about which notes ([`Hop`]), and which notes sound. It
//! has no clock, thread or host in it: a caller tells it the sample time of everything, so what a note's network
//! sees depends on samples alone, never on block sizes or on how fast a machine is.
//!
//! On every block a caller
//! 1. for each event, takes the hops up to its time ([`Scheduler::next_hop`]), then hands the event in
//!    ([`Scheduler::push_event`]);
//! 2. takes the hops up to the end of the block;
//! 3. hands in what answers there are ([`Scheduler::set_estimate`]);
//! 4. takes what is due ([`Scheduler::next_due`]).
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
    /// Dropped by a seek.
    Dropped,
}

#[derive(Debug, Clone, Copy)]
struct Pending<P> {
    due: SampleTime,
    item: Item<P>,
}

/// Stops and wraps under way at most; of more in one latency the last two become one.
const RELEASES: usize = 256;

/// What the network is asked next.
#[derive(Debug, Clone, Copy)]
enum NextRequest {
    /// At a sample, whatever came in; how many samples later again; and how long before the end of the hop after the
    /// next its notes came in.
    At(SampleTime, u32, u64),
    /// About the first note from this id on, so many samples after it came in.
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
    /// Notes heard before this sample have been asked about in hops, and never are again: a model forgets what it has
    /// settled.
    settled_to: SampleTime,
    sounding: Sounding,
    /// When what has lost its note-off ends, one latency after each stop or wrap.
    releases: VecDeque<SampleTime>,
    sweep: Option<Sweep>,
    /// When something last left; nothing leaves before it.
    last_left: SampleTime,
}

impl<P: Copy> Scheduler<P> {
    /// A scheduler for up to `capacity` events under way.
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
            last_left: 0,
        }
    }

    /// The look-ahead in force.
    pub fn config(&self) -> SchedulerConfig {
        self.config
    }

    /// Starts again at sample 0 with another look-ahead: what was under way is dropped, and what sounds is
    /// released as soon as events are taken again.
    pub fn reset(&mut self, config: SchedulerConfig) {
        self.config = config;
        self.first_id += self.pending.len() as u64;
        self.pending.clear();
        self.next_request = NextRequest::first(config, self.first_id);
        self.settled_to = 0;
        self.releases.clear();
        self.last_left = 0;
        self.sweep = Some(Sweep::everything(0));
    }

    /// Whether there is no room for another event; one must then leave early ([`Scheduler::emit_early`]).
    pub fn is_full(&self) -> bool {
        self.pending.len() >= self.capacity
    }

    /// Takes an event in; events must come in the order of their times.
    ///
    /// A caller makes room first where there is none; an event beyond the capacity would allocate.
    pub fn push_event(&mut self, time: SampleTime, event: Event, payload: P) -> NoteId {
        let id = NoteId(self.first_id + self.pending.len() as u64);
        self.push(time, Item::Event(event, payload, None));
        id
    }

    /// The next moment up to and including `until` at which the network is asked.
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
                // What left early needs no answer.
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
                // One answer settles all notes of the sample.
                next.0 += rest.take_while(|p| p.due <= due).count() as u64;
                Some(Hop { time, settle_from: due - latency, settle_to: due - latency + 1 })
            }
        }
    }

    /// Takes what the network says of a note; one that has left is forgotten.
    pub fn set_estimate(&mut self, id: NoteId, estimate: Estimate) {
        let at = id.0.checked_sub(self.first_id).and_then(|at| usize::try_from(at).ok());
        if let Some(Pending { item: Item::Event(Event::NoteOn { .. }, _, slot), .. }) =
            at.and_then(|at| self.pending.get_mut(at))
        {
            // An early estimate that overtakes nothing: answers come in the order of their hops.
            *slot = Some(estimate);
        }
    }

    /// Whether some note due before `until` still waits for its answer.
    pub fn awaits_estimate(&self, until: SampleTime) -> bool {
        self.pending.iter().take_while(|p| p.due < until).any(|p| match p.item {
            Item::Event(event, _, estimate) => event.is_restylable() && !estimate.is_some_and(|e| e.settled),
            _ => false,
        })
    }

    /// What leaves next before `until`, in the order it came in.
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
            if let Some(leaving) = self.pop(due) {
                return Some(leaving);
            }
        }
    }

    /// What leaves before its time, at `now`, until there is room: overload changes times, it loses nothing.
    ///
    /// `None` once there is room and nothing is left to release; what a seek dropped makes room by itself.
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
            if let Some(leaving) = self.pop(now) {
                return Some(leaving);
            }
        }
    }

    /// The transport began to play: hops are counted from here. A host may have activated us any time before, and what
    /// is played must not depend on when.
    pub fn transport_started(&mut self, time: SampleTime) {
        if let NextRequest::At(next, ..) = &mut self.next_request {
            // Earlier than it would have been, so that no note is left out.
            *next = time.min(*next);
        }
    }

    /// The transport stopped or jumped back at `time`, which may lie before what was heard last: notes under way leave
    /// when due, and what began to leave before then and still sounds one latency later has lost its note-off and is
    /// released.
    pub fn transport_interrupted(&mut self, time: SampleTime) {
        if self.releases.len() == RELEASES {
            self.releases.pop_back();
        }
        let due = time + u64::from(self.config.latency);
        let place = self.releases.partition_point(|other| *other <= due);
        self.releases.insert(place, due);
    }

    /// The transport jumped elsewhere: notes under way are dropped with their offs, what sounds is released at
    /// once; all other events still leave when due.
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

    /// Whether a release begins: one due before `until` and before all events, at its time or `early`.
    fn begin_release(&mut self, until: SampleTime, early: Option<SampleTime>) -> bool {
        let is_before = |due: SampleTime| match self.pending.front() {
            // The off that it would stand in for has come.
            Some(Pending { due: first, item: Item::Event(Event::NoteOff { .. }, ..) }) => due < *first,
            Some(Pending { due: first, .. }) => due <= *first,
            None => true,
        };
        let Some(due) = self.releases.pop_front_if(|due| *due < until && is_before(*due)) else { return false };
        // One that shows only after its time ends what it must at once.
        let time = early.unwrap_or(due).max(self.last_left);
        self.sweep = Some(Sweep::what_began_before(early.unwrap_or(due).max(due), time));
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

    /// Takes the first pending item; `None` where it is not something that leaves by itself.
    fn pop(&mut self, time: SampleTime) -> Option<OutputEvent<P>> {
        let Pending { item, .. } = *self.pending.front()?;
        let (event, payload, estimate) = match item {
            Item::Event(Event::AllNotesOff { channel }, ..) if self.sounding.on_channel(channel) => {
                // The releases go first; the controller stays in front until they have.
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
        self.last_left = time;
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
