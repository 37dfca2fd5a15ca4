//! What was found in a tracked session.

use tonenet_core::midi::MidiMessage;

/// An error in what left the plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A message never left.
    Lost {
        /// The message that went in.
        message: MidiMessage,
        /// The sample at which it was due.
        due: u64,
    },
    /// A message left outside the time in which it may.
    Mistimed {
        /// The message that went in.
        message: MidiMessage,
        /// The sample at which it was due.
        due: u64,
        /// The sample at which it left.
        actual: u64,
    },
    /// A message left that nobody sent, or that had left before.
    Duplicated {
        /// The message that left.
        message: MidiMessage,
        /// The sample at which it left.
        actual: u64,
    },
    /// A note ended before its note-off, without an event that may end notes.
    CutShort {
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key.
        key: u8,
        /// The sample at which it began.
        began: u64,
        /// The sample at which it ended.
        ended: u64,
    },
    /// A note-on left before an earlier one of its key, or over a note that it repeats.
    Crossed {
        /// The note-on.
        message: MidiMessage,
        /// The sample at which it left.
        actual: u64,
    },
    /// The style's pedal was down after a rest that must lift it.
    PedalDown {
        /// MIDI channel, 0–15.
        channel: u8,
        /// The sample at which the rest ended.
        at: u64,
    },
    /// Notes still sounded after a rest that must end all notes.
    Stuck {
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key.
        key: u8,
        /// How many.
        notes: u32,
        /// The sample at which the rest ended.
        at: u64,
    },
}

/// The totals of a tracked session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Note-ons that left.
    pub emitted: u64,
    /// Note-ons that were dropped where that is allowed.
    pub dropped: u64,
    /// Messages that never left, without a reason to drop them.
    pub lost: u64,
    /// Notes that still sounded when all must have ended.
    pub stuck: u64,
    /// Messages that left twice or that nobody sent.
    pub duplicated: u64,
    /// Note-ons that did not leave exactly one latency after they went in, where that is allowed.
    pub moved: u64,
    /// Movements of the style's pedal.
    pub added_pedals: u64,
    /// Note-ons that left before an earlier one of their key, or over a note that they repeat.
    pub crossed: u64,
    /// Channels on which the style's pedal was down when all must have been lifted.
    pub pedals_down: u64,
    /// Messages that left outside the time in which they may.
    pub mistimed: u64,
    /// Notes that ended before their note-off without a reason.
    pub cut_short: u64,
    /// The first few problems in detail.
    pub problems: Vec<Problem>,
}

impl Findings {
    /// Whether every message left once and on time, and every note ended on time.
    pub fn is_clean(&self) -> bool {
        let notes = self.lost + self.stuck + self.duplicated + self.mistimed + self.cut_short + self.crossed;
        notes + self.pedals_down == 0
    }
}
