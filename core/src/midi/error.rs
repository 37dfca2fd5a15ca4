//! What can be wrong with a MIDI file, in words for the person who chose it.

use thiserror::Error;

/// Why a file could not be read as a song.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MidiError {
    /// The bytes do not begin with a MIDI header.
    #[error("this is not a Standard MIDI File (it does not begin with an MThd header); choose a .mid file")]
    NotMidi,
    /// The header is there, but what follows breaks off or breaks the rules.
    #[error("the MIDI file is damaged or cut short ({0}); export it again from where it came from")]
    Damaged(String),
    /// Time is counted in SMPTE frames instead of ticks a beat.
    #[error("the file counts time in SMPTE frames, which ToneNet does not read; export it with ticks per quarter note")]
    SmpteTime,
    /// The header gives 0 ticks a beat.
    #[error("the file says that a quarter note has 0 ticks; export it again with a division such as 480")]
    NoDivision,
    /// Format 2: independent patterns, which have no common time line.
    #[error("this is a format 2 file (independent patterns); export it as format 0 or 1")]
    IndependentPatterns,
    /// There is no note in it.
    #[error("the file holds no notes; choose one with a piano part")]
    NoNotes,
    /// A new velocity is missing, too many, or outside 1–127.
    #[error("{given} velocities were given for {notes} notes, each must be 1 to 127")]
    Velocities {
        /// Notes in the song.
        notes: usize,
        /// Velocities handed in.
        given: usize,
    },
}
