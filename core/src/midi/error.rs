//! The error for a MIDI file that cannot be read, with a message for the user who chose it.

use thiserror::Error;

/// Why a file cannot be read or written; bytes are counted from 0.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MidiError {
    /// The file is empty.
    #[error("the file is empty; export it again from the program that made it")]
    Empty,
    /// The file has no MIDI header.
    #[error(
        "this is not a Standard MIDI File (no MThd header at byte {byte}); choose a .mid, .midi, .kar or .rmi file"
    )]
    NotMidi {
        /// Where the header should be.
        byte: usize,
    },
    /// The file has a header, but the bytes after it are invalid.
    #[error(
        "the MIDI file cannot be read from byte {byte} on: {reason}; export it again from the program that made it"
    )]
    Damaged {
        /// The first invalid byte.
        byte: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The header gives a tick a length of 0.
    #[error("byte {byte} says that a tick has no length; export the file again with a division such as 480")]
    NoDivision {
        /// Where the header states the length of a tick.
        byte: usize,
    },
    /// The number of new velocities is wrong, or one is outside 1–127.
    #[error("{given} velocities were given for {notes} notes; there must be one of 1 to 127 for each")]
    Velocities {
        /// Notes in the song.
        notes: usize,
        /// Velocities given.
        given: usize,
    },
    /// The number of new times is wrong, or a message was added to a track that the song does not have.
    #[error("{given} times were given for {messages} messages; there must be one for each")]
    Times {
        /// Messages in the song.
        messages: usize,
        /// Times given.
        given: usize,
    },
}
