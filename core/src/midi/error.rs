//! Why a MIDI file cannot be read, in words for the person who chose it.

use thiserror::Error;

/// Why a file could not be read as a song; bytes are counted from 0.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MidiError {
    /// There is not a byte in it.
    #[error("the file is empty; export it again from the program that made it")]
    Empty,
    /// The bytes hold no MIDI header.
    #[error(
        "this is not a Standard MIDI File (no MThd header at byte {byte}); choose a .mid, .midi, .kar or .rmi file"
    )]
    NotMidi {
        /// Where the header was looked for.
        byte: usize,
    },
    /// The header is there, but what follows makes no sense.
    #[error(
        "the MIDI file cannot be read from byte {byte} on: {reason}; export it again from the program that made it"
    )]
    Damaged {
        /// The first byte that makes no sense.
        byte: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The header gives no length of a tick.
    #[error("byte {byte} says that a tick has no length; export the file again with a division such as 480")]
    NoDivision {
        /// Where the header tells the length of a tick.
        byte: usize,
    },
    /// A new velocity is missing, too many, or outside 1–127.
    #[error("{given} velocities were given for {notes} notes, each must be 1 to 127")]
    Velocities {
        /// Notes in the song.
        notes: usize,
        /// Velocities handed in.
        given: usize,
    },
}
