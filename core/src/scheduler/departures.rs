//! When decided events leave.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::pending::{Item, PendingEvents};
use super::{NoteId, SampleTime};

/// Decided events by the time at which they leave, then in the order of arrival.
///
/// An event that leaves in another way stays here until its time, or until the room is needed.
#[derive(Debug)]
pub(super) struct Departures(BinaryHeap<Reverse<(SampleTime, NoteId)>>);

impl Departures {
    /// Departures for up to `capacity` pending events.
    pub(super) fn new(capacity: usize) -> Self {
        Self(BinaryHeap::with_capacity(2 * capacity))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Decides that an event leaves at `time`.
    pub(super) fn add<P: Copy>(&mut self, pending: &mut PendingEvents<P>, id: NoteId, time: SampleTime) {
        if self.0.len() == self.0.capacity() {
            // At most half of the entries are of pending events, so this is rare and makes room.
            self.0.retain(|Reverse((time, id))| is_valid(pending, *time, *id));
        }
        if let Some(event) = pending.get_mut(id) {
            event.leaves = Some(time);
            self.0.push(Reverse((time, id)));
        }
    }

    /// The next event to leave, with its time.
    pub(super) fn next<P: Copy>(&mut self, pending: &PendingEvents<P>) -> Option<(SampleTime, NoteId)> {
        loop {
            let Reverse((time, id)) = *self.0.peek()?;
            if is_valid(pending, time, id) {
                return Some((time, id));
            }
            self.0.pop();
        }
    }
}

fn is_valid<P: Copy>(pending: &PendingEvents<P>, time: SampleTime, id: NoteId) -> bool {
    pending.get(id).is_some_and(|event| !matches!(event.item, Item::Gone) && event.leaves == Some(time))
}
