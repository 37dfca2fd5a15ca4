//! What the host's transport means for the notes under way and for the grid.

mod step_clock;
mod watch;

pub use step_clock::StepClock;
pub use watch::{TransportChange, TransportWatch};

/// The host's transport at the start of a block, as far as the host tells.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Transport {
    /// Whether it plays.
    pub playing: bool,
    /// Tempo in quarter notes a minute.
    pub tempo: Option<f64>,
    /// Position in quarter notes from the start of the song.
    pub beats: Option<f64>,
    /// Start of the loop in quarter notes, while looping is on.
    pub loop_start_beats: Option<f64>,
}
