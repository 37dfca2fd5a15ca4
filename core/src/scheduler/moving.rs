//! Moves events: decides when each leaves, and emits them in that order.
//!
//! An event is decided [`early`](DisplacementBounds::early) before it is due, never later; so a decision depends on sample
//! times and on the estimates that came by then, not on block sizes.
//!
//! - A note leaves by its displacement, within the bounds. On its key it keeps half of its written distance to the note
//!   before, and that note's shortest length.
//! - Note-offs and other events follow the last note that begins before them or with them: they are decided a
//!   [moment](DisplacementBounds::moment) later than notes, when that note is known. A note-off also stretches with its
//!   note. A shortened one is decided as soon as it and its note are.
//! - An event that leaves takes along those that must leave before it ([`Scheduler::must_leave_before`]): so a key's
//!   events and all other events keep their order, no note overtakes a controller, and no note sounds over its own
//!   repetition.

use super::keys::DecidedOn;
use super::pending::{Item, Pending, PendingEvents};
use super::sounding::Sweep;
use super::{Displace, DisplacementBounds, Estimate, Event, NoteId, OutputEvent, SampleTime, Scheduler};
use crate::feel::Displacement;

/// The last decided note that may move.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    id: NoteId,
    due: SampleTime,
    /// How much later its chord leaves.
    shift: i64,
}

/// How far events move, and what is decided.
#[derive(Debug)]
pub(super) struct Moving {
    pub(super) bounds: DisplacementBounds,
    /// The largest bound on lateness since an event was last moved; moved notes may still leave by it.
    latest: u64,
    /// Everything before this sample was emitted.
    pub(super) done_to: SampleTime,
    /// No note-on with a smaller id is undecided.
    next_on: NoteId,
    /// No other event with a smaller id is undecided.
    next_other: NoteId,
    anchor: Option<Anchor>,
    /// One latency after the last stop or wrap.
    pub(super) interrupted: SampleTime,
    /// When the last decided event without a key leaves.
    last_other: SampleTime,
}

impl Default for Moving {
    fn default() -> Self {
        Self {
            bounds: DisplacementBounds::NONE,
            latest: 0,
            done_to: 0,
            next_on: NoteId(0),
            next_other: NoteId(0),
            anchor: None,
            interrupted: 0,
            last_other: 0,
        }
    }
}

impl Moving {
    /// Restarts at sample 0 with another latency; ids go on from `first`.
    pub(super) fn restart(&mut self, first: NoteId, latency: u32) {
        let bounds = DisplacementBounds { early: self.bounds.early.min(latency), ..self.bounds };
        *self = Self { bounds, latest: bounds.late.into(), next_on: first, next_other: first, ..Self::default() };
    }

    /// No event follows the notes so far.
    pub(super) fn forget_notes(&mut self) {
        self.anchor = None;
    }

    fn moment(&self) -> u64 {
        self.bounds.moment.into()
    }
}

impl<P: Copy + Displace> Scheduler<P> {
    /// How far events may move; at first not at all.
    pub fn bounds(&self) -> DisplacementBounds {
        self.moving.bounds
    }

    /// Sets how far events may move, from the next decision on. Decided events leave when it was decided.
    pub fn set_bounds(&mut self, bounds: DisplacementBounds) {
        let moving = &mut self.moving;
        if self.departures.is_empty() {
            // Nothing moved is pending, and events may have left undecided.
            (moving.latest, moving.anchor) = (0, None);
        }
        moving.bounds = DisplacementBounds { early: bounds.early.min(self.config.latency), ..bounds };
        moving.latest = moving.latest.max(bounds.late.into());
    }

    /// Whether all events leave when due, in the order of arrival.
    pub(super) fn is_unmoved(&self) -> bool {
        self.moving.bounds == DisplacementBounds::NONE && self.departures.is_empty()
    }

    pub(super) fn next_moved(&mut self, until: SampleTime) -> Option<OutputEvent<P>> {
        loop {
            self.pending.trim();
            if let Some(release) = self.next_release() {
                return Some(release);
            }
            let departure = self.departures.next(&self.pending);
            // What is decided at the sample of a departure may leave with it.
            if self.decide_next(departure.map_or(until, |(time, _)| until.min(time + 1))) {
                continue;
            }
            if self.begin_moved_release(until, departure.map(|(time, _)| time)) {
                continue;
            }
            let (time, id) = departure.filter(|(time, _)| *time < until)?;
            if let Some(output) = self.emit(self.first_to_leave(id), time.max(self.last_emitted)) {
                return Some(output);
            }
        }
    }

    /// Begins a release that comes before `until` and not after the next departure. Returns whether there was one.
    fn begin_moved_release(&mut self, until: SampleTime, departure: Option<SampleTime>) -> bool {
        let Some(&due_before) = self.releases.front() else { return false };
        // By then every note that was due before has left.
        let time = due_before + self.moving.latest;
        if time >= until || departure.is_some_and(|departure| departure < time) {
            return false;
        }
        self.releases.pop_front();
        let sweep = Sweep::due_before(due_before, time.max(self.last_emitted));
        self.sweep = Some(sweep.except_ending_by(time));
        true
    }

    /// The event that leaves first, if this one is to leave.
    fn first_to_leave(&self, id: NoteId) -> NoteId {
        std::iter::successors(Some(id), |id| self.must_leave_before(*id)).last().unwrap_or(id)
    }

    /// A pending event that must leave before this one:
    /// - an earlier event of the same key,
    /// - for a note-on or another event, an earlier other event,
    /// - for an all-notes-off, an earlier note or note-off of its channel.
    fn must_leave_before(&self, id: NoteId) -> Option<NoteId> {
        let other = || self.others.first_before(id);
        match self.pending.get(id)?.event()? {
            Event::NoteOn { channel, key } | Event::PlainNoteOn { channel, key } => {
                self.keys.get(channel, key).line.first_before(id).or_else(other)
            }
            Event::NoteOff { channel, key } => self.keys.get(channel, key).line.first_before(id),
            Event::AllNotesOff { channel } => {
                other().or_else(|| self.keys.channel(channel).iter().find_map(|key| key.line.first_before(id)))
            }
            Event::Other => other(),
        }
    }

    /// Decides the next event whose decision comes before `until`; returns whether there was one.
    fn decide_next(&mut self, until: SampleTime) -> bool {
        let Moving { next_on, next_other, bounds, .. } = &mut self.moving;
        let bounds = *bounds;
        skip_decided(&self.pending, next_on, Event::is_on);
        skip_decided(&self.pending, next_other, |event| !event.is_on());
        let (next_on, next_other, early) = (*next_on, *next_other, u64::from(bounds.early));
        let on = self.pending.get(next_on).map(|p| p.due.saturating_sub(early));
        let other = self.pending.get(next_other).map(|p| p.due.saturating_sub(early) + bounds.simultaneous());
        let is_next = |time: Option<SampleTime>| time.filter(|time| *time < until);
        match (is_next(on), is_next(other)) {
            // A note at the sample where another event is decided is simultaneous with it.
            (Some(on), other) if other.is_none_or(|other| on <= other) => self.decide_on(next_on, on),
            (_, Some(other)) => self.decide_other(next_other, other),
            _ => return false,
        }
        true
    }

    /// Decides when a note-on leaves.
    fn decide_on(&mut self, id: NoteId, now: SampleTime) {
        let Some(pending) = self.pending.get(id) else { return };
        let Item::Event(event, payload, estimate) = pending.item else { return };
        let Some((channel, key)) = event.key() else { return };
        let (due, end, now) = (pending.due, pending.end, now.max(self.moving.done_to));
        let displacement = match estimate {
            Some(Estimate { feel, settled: true, .. }) if event.is_restylable() => payload.displacement(&feel),
            _ => Displacement::NONE,
        };
        let DisplacementBounds { early, late, .. } = self.moving.bounds;
        let within = |shift: i64| shift.clamp(-i64::from(early), late.into());
        let mut leaves = due.saturating_add_signed(within(displacement.onset())).max(now);
        let key = self.keys.get_mut(channel, key);
        if let Some(before) = key.decided {
            let distance = due.saturating_sub(before.due) / 2;
            let length = before.length.unwrap_or(0).min(self.moving.moment());
            leaves = leaves.max(before.leaves + distance.max(length));
        }
        let stretch = f64::from(displacement.stretch);
        let on = DecidedOn {
            id,
            due,
            leaves,
            stretch: if stretch.is_finite() && stretch > 0.0 { stretch } else { 1.0 },
            is_restylable: event.is_restylable(),
            length: None,
        };
        key.decided = Some(on);
        if on.is_restylable {
            self.moving.anchor = Some(Anchor { id, due, shift: within(displacement.shift.into()) });
        }
        self.departures.add(&mut self.pending, id, leaves);
        end.into_iter().for_each(|end| self.tell_end(end));
    }

    /// Tells the note-off that ends a decided note of it, as soon as both are known.
    pub(super) fn tell_end(&mut self, off: NoteId) {
        let Some(pending) = self.pending.get_mut(off).filter(|pending| pending.ends.is_its_end) else { return };
        let Some(Event::NoteOff { channel, key }) = pending.event() else { return };
        let decided = self.keys.get_mut(channel, key).decided.as_mut();
        let Some(on) = decided.filter(|on| Some(on.id) == pending.ends.after) else { return };
        on.length = Some(pending.due - on.due);
        pending.ends.on = Some(*on);
        let may_move = self.moving.bounds != DisplacementBounds::NONE;
        if may_move && on.stretch < 1.0 && pending.leaves.is_none() {
            let length = pending.due - on.due;
            let shortened = ((on.stretch * length as f64).round() as u64).max(length.min(self.moving.moment()));
            let arrived = pending.due - u64::from(self.config.latency);
            let leaves = arrived.max(on.leaves + shortened).max(self.moving.done_to);
            self.departures.add(&mut self.pending, off, leaves);
        }
    }

    /// Decides when an event other than a note-on leaves.
    fn decide_other(&mut self, id: NoteId, now: SampleTime) {
        let Some(pending) = self.pending.get(id) else { return };
        let now = now.max(self.moving.done_to);
        let leaves = match pending.event() {
            Some(Event::NoteOff { channel, key }) => {
                let may_move = Event::NoteOn { channel, key }.is_restylable();
                self.time_of_end(pending, may_move).max(now)
            }
            _ => {
                let reach = u64::from(self.moving.bounds.reach);
                let anchor = self.moving.anchor.filter(|anchor| anchor.due + reach >= pending.due);
                let leaves = pending.due.saturating_add_signed(anchor.map_or(0, |anchor| anchor.shift));
                self.moving.last_other = leaves.max(now).max(self.moving.last_other);
                self.moving.last_other
            }
        };
        self.departures.add(&mut self.pending, id, leaves);
    }
}

impl<P: Copy + Displace> Scheduler<P> {
    /// When a note-off leaves that is not shortened: it moves with the anchor, and stretches with its note.
    fn time_of_end(&self, off: &Pending<P>, may_move: bool) -> SampleTime {
        let on = off.ends.on;
        let shift = match (self.moving.anchor, on) {
            (_, Some(on)) if !on.is_restylable => 0,
            (Some(anchor), Some(on)) if anchor.id == on.id => on.leaves as i64 - on.due as i64,
            (Some(anchor), _) if may_move => anchor.shift,
            _ => 0,
        };
        let mut leaves = off.due.saturating_add_signed(shift);
        if let Some(on) = on {
            leaves = leaves.max(on.leaves + (off.due - on.due).min(self.moving.moment()));
            if on.stretch > 1.0 {
                let longer = on.leaves + (on.stretch * (leaves - on.leaves) as f64).round() as u64;
                leaves = longer.min(leaves + u64::from(self.moving.bounds.longer));
            }
        }
        // A note-off also follows notes that it does not end.
        let after = off.ends.after.and_then(|id| self.pending.get(id)).and_then(|on| on.leaves);
        leaves.max(after.unwrap_or(0))
    }
}

/// Moves on to the first event of a kind that is undecided.
fn skip_decided<P: Copy>(pending: &PendingEvents<P>, next: &mut NoteId, is_kind: impl Fn(Event) -> bool) {
    *next = (*next).max(pending.first_id());
    while pending.get(*next).is_some_and(|p| p.leaves.is_some() || !p.event().is_some_and(&is_kind)) {
        next.0 += 1;
    }
}
