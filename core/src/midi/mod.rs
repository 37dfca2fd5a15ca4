//! Reads notes, pedal and tempo from Standard MIDI Files, and writes new velocities into them.
//!
//! A file is read once into a [`Song`], which keeps the bytes. Writing patches the velocity bytes of the note-ons and
//! nothing else. Everything else (running status, SysEx, unknown chunks, odd meta events) stays bit for bit.
//! With messages at other times the tracks are written anew, from [`SongEdits`]. What was played is a [`WrittenPart`].
//! Specification: *Standard MIDI Files 1.0*, RP-001.
//!
//! Files that break its rules are read as far as their meaning is certain, with a [`MidiWarning`] for each kind of fault.
//! The reader (`chunks`, `event`) is our own. The MIDI crates refuse such files or silently drop parts of them, and none
//! reports the byte of a velocity after a repair.

mod chunks;
mod error;
mod event;
mod moved;
pub mod parts;
mod song;
mod tempo;
mod warning;
mod written;

pub use error::MidiError;
pub use moved::{AddedMessage, SongEdits};
pub use parts::{PartPedals, SongPart};
pub use song::{MidiMessage, NoteRef, Pedal, Song, TimedMessage};
pub use tempo::TempoMap;
pub use warning::{MidiWarning, MidiWarningKind};
pub use written::{WrittenNote, WrittenPart};
