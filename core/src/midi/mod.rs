//! Standard MIDI Files: notes, pedal and tempo out of them, and new velocities into them.
//!
//! A file is read once into a [`Song`], which keeps the bytes. Writing patches the velocity bytes of the
//! note-ons and nothing else, so whatever else a file holds (running status, SysEx, unknown chunks, odd meta
//! events) comes back bit for bit. Specification: *Standard MIDI Files 1.0*, RP-001.

mod error;
pub mod parts;
mod song;
mod tempo;

pub use error::MidiError;
pub use parts::SongPart;
pub use song::{MidiMessage, NoteRef, Pedal, Song, TimedMessage};
pub use tempo::TempoMap;
