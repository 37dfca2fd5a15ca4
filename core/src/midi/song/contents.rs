//! What a song consists of: notes, movements of the pedal, messages.

use crate::note::Note;

const SUSTAIN_PEDAL: u8 = 64;

/// A note of a [`Song`](super::Song), with where it stands in the file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoteRef {
    /// The note itself.
    pub note: Note,
    /// Tick of the note-on, from the start of the song.
    pub onset_tick: u64,
    /// Tick of the note-off that ends it, or of the last event of its track where none comes.
    pub release_tick: u64,
    /// Track it stands in, counted from 0.
    pub track: usize,
    pub(super) velocity_at: usize,
}

/// A movement of the sustain pedal (controller 64).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pedal {
    /// When, in seconds from the start of the song.
    pub time: f64,
    /// MIDI channel, 0–15.
    pub channel: u8,
    /// 0–127; 64 and more is down.
    pub value: u8,
}

/// A message a player of the file would send, in the order of the file's time line.
#[derive(Debug, Clone, PartialEq)]
pub struct TimedMessage {
    /// When, in seconds from the start of the song.
    pub time: f64,
    /// Track it stands in, counted from 0.
    pub track: usize,
    /// For a note-on, its place in [`Song::notes`](super::Song::notes).
    pub note: Option<usize>,
    /// The message.
    pub message: MidiMessage,
}

impl TimedMessage {
    /// The channel and program that it sets, if it sets one.
    pub(in crate::midi) fn program(&self) -> Option<(u8, u8)> {
        match self.message {
            MidiMessage::Channel([status, program, _]) if status & 0xF0 == 0xC0 => Some((status & 0x0F, program)),
            _ => None,
        }
    }

    /// The channel and value of a movement of the sustain pedal, if it is one.
    pub(in crate::midi) fn pedal(&self) -> Option<(u8, u8)> {
        match self.message {
            MidiMessage::Channel([status, SUSTAIN_PEDAL, value]) if status & 0xF0 == 0xB0 => {
                Some((status & 0x0F, value))
            }
            _ => None,
        }
    }
}

/// What goes over a MIDI cable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MidiMessage {
    /// A channel message: its status byte and two data bytes (the second 0 where there is one only).
    Channel([u8; 3]),
    /// A system-exclusive message from F0 to F7.
    SysEx(Vec<u8>),
}
