//! The pending events, in the order of arrival.

use std::collections::VecDeque;
use std::collections::vec_deque::Iter;

use super::keys::DecidedOn;
use super::{Estimate, Event, NoteId, SampleTime};

#[derive(Debug, Clone, Copy)]
pub(super) enum Item<P> {
    Event(Event, P, Option<Estimate>),
    /// An event that a seek dropped, or that left before an earlier one.
    Gone,
}

/// What a note-off knows of the notes that it follows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ends {
    /// The last note-on of its key that arrived before it.
    pub(super) after: Option<NoteId>,
    /// Whether it ends that note-on: no other note of the key lacked its end.
    pub(super) is_its_end: bool,
    /// That note-on, once it is decided.
    pub(super) on: Option<DecidedOn>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Pending<P> {
    pub(super) due: SampleTime,
    pub(super) item: Item<P>,
    /// When it leaves, once that is decided.
    pub(super) leaves: Option<SampleTime>,
    pub(super) ends: Ends,
    /// The note-off that ends this note-on, once it has arrived.
    pub(super) end: Option<NoteId>,
    /// The next event of its [`Line`].
    next: Option<NoteId>,
}

impl<P> Pending<P> {
    pub(super) fn event(&self) -> Option<Event> {
        match self.item {
            Item::Event(event, ..) => Some(event),
            Item::Gone => None,
        }
    }
}

/// Pending events that keep their order of arrival among each other.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Line {
    first: Option<NoteId>,
    last: Option<NoteId>,
}

impl Line {
    /// The first event, if it arrived before another.
    pub(super) fn first_before(&self, id: NoteId) -> Option<NoteId> {
        self.first.filter(|first| *first < id)
    }
}

/// All pending events, by their ids.
#[derive(Debug)]
pub(super) struct PendingEvents<P> {
    events: VecDeque<Pending<P>>,
    capacity: usize,
    /// The id of the first event.
    first_id: u64,
}

impl<P: Copy> PendingEvents<P> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { events: VecDeque::with_capacity(capacity), capacity, first_id: 0 }
    }

    pub(super) fn is_full(&self) -> bool {
        self.events.len() >= self.capacity
    }

    pub(super) fn first_id(&self) -> NoteId {
        NoteId(self.first_id)
    }

    pub(super) fn front(&self) -> Option<&Pending<P>> {
        self.events.front()
    }

    pub(super) fn iter(&self) -> Iter<'_, Pending<P>> {
        self.events.iter()
    }

    /// The events from an id on.
    pub(super) fn iter_from(&self, id: NoteId) -> Iter<'_, Pending<P>> {
        self.events.range(id.0.saturating_sub(self.first_id) as usize..)
    }

    pub(super) fn get(&self, id: NoteId) -> Option<&Pending<P>> {
        self.events.get(usize::try_from(id.0.checked_sub(self.first_id)?).ok()?)
    }

    pub(super) fn get_mut(&mut self, id: NoteId) -> Option<&mut Pending<P>> {
        self.events.get_mut(usize::try_from(id.0.checked_sub(self.first_id)?).ok()?)
    }

    pub(super) fn push(&mut self, due: SampleTime, event: Event, payload: P) -> NoteId {
        let id = NoteId(self.first_id + self.events.len() as u64);
        let item = Item::Event(event, payload, None);
        self.events.push_back(Pending { due, item, leaves: None, ends: Ends::default(), end: None, next: None });
        id
    }

    pub(super) fn pop_front(&mut self) {
        if self.events.pop_front().is_some() {
            self.first_id += 1;
        }
    }

    /// Removes the events at the front that are gone.
    pub(super) fn trim(&mut self) {
        while self.front().is_some_and(|pending| matches!(pending.item, Item::Gone)) {
            self.pop_front();
        }
    }

    /// Drops all notes and their ends.
    pub(super) fn drop_notes(&mut self) {
        for pending in &mut self.events {
            if pending.event().is_some_and(|event| event.key().is_some()) {
                pending.item = Item::Gone;
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.first_id += self.events.len() as u64;
        self.events.clear();
    }

    /// Adds an event at the end of a line.
    pub(super) fn join(&mut self, line: &mut Line, id: NoteId) {
        match line.last.and_then(|last| self.get_mut(last)) {
            Some(last) => last.next = Some(id),
            None => line.first = Some(id),
        }
        line.last = Some(id);
    }

    /// Removes the first event of a line, which is still pending.
    pub(super) fn leave(&self, line: &mut Line) {
        line.first = line.first.and_then(|first| self.get(first)).and_then(|first| first.next);
        if line.first.is_none() {
            line.last = None;
        }
    }

    /// The events of a line in order.
    pub(super) fn in_line<'a>(&'a self, line: &Line) -> impl Iterator<Item = &'a Pending<P>> {
        std::iter::successors(line.first.and_then(|first| self.get(first)), |pending| self.get(pending.next?))
    }
}
