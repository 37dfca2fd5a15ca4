//! The scheduler's input and output types.

use crate::dynamics::Expected;
use crate::feel::{Displacement, Feel};
use crate::note::is_restylable;

/// Samples since the scheduler was last activated or reset.
pub type SampleTime = u64;

/// The number of an event in its scheduler; ids count up from 0 and are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteId(pub u64);

/// An input event, as far as the scheduler needs to know it; the rest is the caller's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A key goes down.
    NoteOn {
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key, 0–127.
        key: u8,
    },
    /// A key goes down with a velocity that must not change.
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
    /// Controller 120 or 123: all sounding notes of the channel end.
    AllNotesOff {
        /// MIDI channel, 0–15.
        channel: u8,
    },
    /// Any other event; it passes through in order.
    Other,
}

/// A model's prediction for a pending note.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The predicted velocity.
    pub expected: Expected,
    /// What the style does with the note besides its velocity.
    pub feel: Feel,
    /// Whether it is final. Only final ones count as restyled; the engine sends no others.
    pub settled: bool,
}

/// How far an event is moved; the caller's payloads say it.
pub trait Displace {
    /// The displacement of the note that this payload belongs to, when the model predicts `feel` for it.
    fn displacement(&self, feel: &Feel) -> Displacement {
        let _ = feel;
        Displacement::NONE
    }
}

impl Displace for () {}
impl Displace for u8 {}
impl Displace for u32 {}
impl Displace for usize {}

/// A run of the model and the notes that it predicts; see [`RequestPolicy`](super::RequestPolicy).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hop {
    /// Time of the run; its input is the events before this sample.
    pub time: SampleTime,
    /// Arrival of the first note that it predicts finally.
    pub settle_from: SampleTime,
    /// End of the arrivals that it predicts finally; exclusive.
    pub settle_to: SampleTime,
}

/// The source of an emitted event's velocity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// The event is not a note that the models restyle.
    Untouched,
    /// The final prediction arrived in time.
    Restyled(Expected),
    /// The final prediction did not arrive in time; the last early one is given, if there was one.
    Late(Option<Expected>),
}

/// An event that the scheduler emits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OutputEvent<P> {
    /// An event that arrived one latency ago, or as far from that as it was moved.
    Event {
        /// Time of output.
        time: SampleTime,
        /// The id that [`Scheduler::push_event`](super::Scheduler::push_event) returned.
        id: NoteId,
        /// The input event.
        event: Event,
        /// The caller's payload.
        payload: P,
        /// The source of its velocity.
        outcome: Outcome,
    },
    /// A generated note-off for a note that would otherwise sound for ever.
    Release {
        /// Time of output.
        time: SampleTime,
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key, 0–127.
        key: u8,
    },
}

impl Event {
    /// Whether a key goes down.
    pub(super) fn is_on(self) -> bool {
        matches!(self, Self::NoteOn { .. } | Self::PlainNoteOn { .. })
    }

    /// Channel and key of a note-on or note-off.
    pub(super) fn key(self) -> Option<(u8, u8)> {
        match self {
            Self::NoteOn { channel, key } | Self::PlainNoteOn { channel, key } | Self::NoteOff { channel, key } => {
                Some((channel, key))
            }
            Self::AllNotesOff { .. } | Self::Other => None,
        }
    }

    /// Whether it is a note-on that the models give a velocity.
    pub fn is_restylable(self) -> bool {
        matches!(self, Self::NoteOn { channel, key } if is_restylable(channel, key))
    }
}
