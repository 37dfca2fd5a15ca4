//! What goes into the scheduler, and what comes out of it.

use crate::dynamics::Expected;
use crate::note::is_restylable;

/// Samples since the scheduler was last activated or reset.
pub type SampleTime = u64;

/// Which event of its scheduler a note-on was; they count up from 0 and are never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteId(pub u64);

/// What the scheduler needs to know of an event; the rest is the caller's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A key goes down.
    NoteOn {
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key, 0–127.
        key: u8,
    },
    /// A key goes down with a velocity that is to stay as it is.
    PlainNoteOn {
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key, 0–127.
        key: u8,
    },
    /// A key comes up.
    NoteOff {
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key, 0–127.
        key: u8,
    },
    /// Controller 120 or 123: whatever sounds on the channel ends.
    AllNotesOff {
        /// MIDI channel, 0–15.
        channel: u8,
    },
    /// Anything else; it passes in order.
    Other,
}

/// What the network says of a note.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// What the model expects.
    pub expected: Expected,
    /// Whether this is the answer to the note's own hop, or an early one that a later hop will better.
    pub settled: bool,
}

/// A moment at which the network is asked, with the notes it must answer for; see [`RequestPolicy`](super::RequestPolicy).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hop {
    /// What was heard before this sample is known.
    pub time: SampleTime,
    /// Notes heard at or after this sample …
    pub settle_from: SampleTime,
    /// … and before this one are settled now.
    pub settle_to: SampleTime,
}

/// Where the velocity of something that leaves comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// It is not a note the models restyle.
    Untouched,
    /// The network's answer was there in time.
    Restyled(Expected),
    /// It was not; this is the last early estimate, if there was one.
    Late(Option<Expected>),
}

/// Something that leaves the scheduler.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OutputEvent<P> {
    /// An event that came in one latency ago.
    Event {
        /// When it leaves.
        time: SampleTime,
        /// Which note it is, for a note-on.
        id: NoteId,
        /// What came in.
        event: Event,
        /// What the caller gave with it.
        payload: P,
        /// Its velocity.
        outcome: Outcome,
    },
    /// A note-off that nobody sent, for a note that would otherwise sound for ever.
    Release {
        /// When it leaves.
        time: SampleTime,
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key, 0–127.
        key: u8,
    },
}

impl Event {
    /// Whether it is a note-on that the models give a velocity.
    pub fn is_restylable(self) -> bool {
        matches!(self, Self::NoteOn { channel, key } if is_restylable(channel, key))
    }
}
