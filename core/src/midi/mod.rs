//! Standard MIDI Files: notes, pedal and tempo out of them, and new velocities into them.
//!
//! A file is read once into a [`Song`], which keeps the bytes. Writing patches the velocity bytes of the
//! note-ons and nothing else, so whatever else a file holds (running status, SysEx, unknown chunks, odd meta
//! events) comes back bit for bit. Specification: *Standard MIDI Files 1.0*, RP-001.
//!
//! Files that break its rules are read as far as they are certain, with a [`MidiWarning`] for each kind of fault. The reader
//! (`chunks`, `event`) is our own: the MIDI crates refuse such files or drop from them without a word, and none tells where in
//! the file a velocity stands once it has repaired something.

mod chunks;
mod error;
mod event;
pub mod parts;
mod song;
mod tempo;
mod warning;

pub use error::MidiError;
pub use parts::{PartPedals, SongPart};
pub use song::{MidiMessage, NoteRef, Pedal, Song, TimedMessage};
pub use tempo::TempoMap;
pub use warning::{MidiWarning, MidiWarningKind};
