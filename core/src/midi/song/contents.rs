//! The contents of a song: notes, pedal movements and messages.

use crate::note::Note;

const SUSTAIN_PEDAL: u8 = 64;

/// A note of a [`Song`](super::Song), with its position in the file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoteRef {
    /// The note itself.
    pub note: Note,
    /// Tick of the note-on, from the start of the song.
    pub onset_tick: u64,
    /// Tick of its note-off, or of the end of its track if it has none.
    pub release_tick: u64,
    /// Its track, counted from 0.
    pub track: usize,
    pub(super) velocity_at: usize,
}

/// A movement of the sustain pedal (controller 64).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pedal {
    /// Time in seconds from the start of the song.
    pub time: f64,
    /// MIDI channel, 0–15.
    pub channel: u8,
    /// Controller value, 0–127; the pedal is down from 64 on.
    pub value: u8,
}

/// A message that playing the file sends, with its time.
#[derive(Debug, Clone, PartialEq)]
pub struct TimedMessage {
    /// Its tick, from the start of the song.
    pub tick: u64,
    /// Time in seconds from the start of the song.
    pub time: f64,
    /// Its track, counted from 0.
    pub track: usize,
    /// For a note-on, its index in [`Song::notes`](super::Song::notes).
    pub note: Option<usize>,
    /// The message.
    pub message: MidiMessage,
}

impl TimedMessage {
    /// The channel and program of a program change.
    pub(in crate::midi) fn program(&self) -> Option<(u8, u8)> {
        match self.message {
            MidiMessage::Channel([status, program, _]) if status & 0xF0 == 0xC0 => Some((status & 0x0F, program)),
            _ => None,
        }
    }

    /// The channel and value of a sustain pedal message.
    pub(in crate::midi) fn pedal(&self) -> Option<(u8, u8)> {
        match self.message {
            MidiMessage::Channel([status, SUSTAIN_PEDAL, value]) if status & 0xF0 == 0xB0 => {
                Some((status & 0x0F, value))
            }
            _ => None,
        }
    }
}

/// A MIDI message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MidiMessage {
    /// A channel message: its status byte and two data bytes (the second is 0 if there is only one).
    Channel([u8; 3]),
    /// A system-exclusive message from F0 to F7.
    SysEx(Vec<u8>),
}
