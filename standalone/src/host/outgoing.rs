//! Puts what leaves in a block into order.

use std::collections::VecDeque;

use super::{CAPACITY, Event, HostState, Waiting};

/// What leaves.
#[derive(Debug, Clone)]
pub enum Payload {
    /// An event of the plugin.
    Event(Event),
    /// A short message of the song.
    Short([u8; 3]),
    /// A message of the song, by its index: one that is too long to copy.
    Song(usize),
}

impl Payload {
    fn rank(&self) -> Rank {
        match self {
            Self::Song(_) => Rank::Song,
            Self::Event(_) => Rank::Plugin,
            Self::Short(_) => Rank::Around,
        }
    }
}

/// What leaves first at one sample. A system-exclusive message may reset a synthesizer, so it comes before the programme changes
/// that follow it in files. The plugin's come before the others, which share a channel with them only as notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A long message of the song.
    Song,
    /// What the plugin sends.
    Plugin,
    /// A short message that went around the plugin.
    Around,
}

/// What leaves in the current block.
#[derive(Debug)]
pub struct Outgoing(Vec<(u32, Rank, u32, Payload)>);

impl Outgoing {
    /// Room for a block.
    pub fn new() -> Self {
        Self(Vec::with_capacity(2 * CAPACITY))
    }

    /// Adds what leaves at a frame.
    pub fn push(&mut self, frame: u32, payload: Payload, state: &HostState) {
        if self.0.len() < self.0.capacity() {
            self.0.push((frame, payload.rank(), self.0.len() as u32, payload));
        } else {
            state.drop_event();
        }
    }

    /// Forgets messages that belong to a song which is about to go.
    pub fn keep_short(&mut self, waiting: &mut VecDeque<Waiting>) {
        self.0.retain(|(.., payload)| !matches!(payload, Payload::Song(_)));
        waiting.retain(|waiting| !matches!(waiting.payload, Payload::Song(_)));
    }

    /// Gives everything by frame, then rank, then in the order in which it was added.
    pub fn drain_in_order(&mut self, mut each: impl FnMut(u32, &Payload)) {
        // A stable sort would allocate.
        self.0.sort_unstable_by_key(|(frame, rank, order, _)| (*frame, *rank, *order));
        for (frame, .., payload) in &self.0 {
            each(*frame, payload);
        }
        self.0.clear();
    }
}
