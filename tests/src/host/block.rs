//! What goes into a block of samples and what comes out, in terms that do not depend on the plugin format.

use tonenet_core::midi::MidiMessage;

use super::HostTransport;

/// Identifies a parameter; both formats use a 32-bit number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParameterId(pub u32);

/// A block of samples for the plugin to process.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// Length in samples; it may exceed the length announced at activation.
    pub samples: u32,
    /// The host's transport; `None` where the host reports none.
    pub transport: Option<&'a HostTransport>,
    /// Input, in the order of sample offsets.
    pub inputs: &'a [BlockInput<'a>],
}

impl<'a> Block<'a> {
    /// An empty block without a transport.
    pub fn new(samples: u32) -> Self {
        Self { samples, transport: None, inputs: &[] }
    }

    /// The same block with a transport.
    pub fn with_transport(self, transport: &'a HostTransport) -> Self {
        Self { transport: Some(transport), ..self }
    }

    /// The same block with input, in the order of sample offsets.
    pub fn with_inputs(self, inputs: &'a [BlockInput<'a>]) -> Self {
        Self { inputs, ..self }
    }
}

/// An event that goes into a block, with its sample offset first.
#[derive(Debug, Clone, Copy)]
pub enum BlockInput<'a> {
    /// A message.
    Message(u32, &'a MidiMessage),
    /// A note message with a note id.
    Note(u32, &'a MidiMessage, u32),
    /// A note event whose values MIDI may not allow.
    RawNote(u32, RawNote),
    /// A choke of the note on a channel and key; only CLAP has that.
    Choke(u32, u8, u8),
    /// Three raw MIDI bytes; VST3 cannot carry them.
    RawMidi(u32, [u8; 3]),
    /// A parameter's new value, as in [`crate::Session::parameters`].
    Parameter(u32, ParameterId, f64),
}

impl BlockInput<'_> {
    /// The sample offset in the block.
    pub fn offset(&self) -> u32 {
        match *self {
            Self::Message(offset, _)
            | Self::Note(offset, ..)
            | Self::RawNote(offset, _)
            | Self::Choke(offset, ..)
            | Self::RawMidi(offset, _)
            | Self::Parameter(offset, ..) => offset,
        }
    }
}

/// A note event that the formats can express but hosts should not send.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RawNote {
    /// Whether it is a note-on.
    pub on: bool,
    /// MIDI channel; in CLAP, -1 means all channels.
    pub channel: i16,
    /// MIDI key; in CLAP, -1 means all keys.
    pub key: i16,
    /// Velocity; valid from 0 to 1.
    pub velocity: f32,
}

/// An event that came out of a block.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockOutput {
    /// Sample offset in the block.
    pub offset: u32,
    /// The message; a note-on's velocity is rounded to 1–127.
    pub message: MidiMessage,
    /// The note's id, where the format returns the one that went in.
    pub id: Option<u32>,
}

/// Checks that a velocity that left the plugin is valid, whatever went in.
///
/// # Panics
/// When it is outside 0 to 1.
pub(crate) fn assert_velocity(velocity: f64) {
    assert!((0.0..=1.0).contains(&velocity), "a velocity of {velocity} left the plugin");
}
