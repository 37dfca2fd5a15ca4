//! The errors of learning a style. Each says what happened and, after a semicolon, what to do.

use thiserror::Error;
use tonenet_inference::cancellation::Cancelled;
use tonenet_inference::error::InferenceError;
use tonenet_inference::user_style::InvalidStyle;

use crate::performance::FLAT_SPREAD;

/// Why no style was learned.
#[derive(Debug, Error)]
pub enum LearnError {
    /// No performance has notes of a piano.
    #[error("there are no piano notes; choose piano performances")]
    NoPianoNotes,
    /// The velocities hardly vary in any performance that is long enough.
    #[error(
        "the velocities hardly vary (a standard deviation of {spread:.1} at most, under {FLAT_SPREAD}); \
         choose performances that were played on a keyboard with dynamics"
    )]
    Flat {
        /// The widest standard deviation.
        spread: f64,
    },
    /// The performances that fit have too few notes together.
    #[error("there are {notes} notes to learn from, and at least {least} are needed; add performances")]
    TooFewNotes {
        /// Their notes.
        notes: usize,
        /// The fewest notes.
        least: usize,
    },
    /// The regression has no solution, as its numbers are not finite.
    #[error("the regression has no solution; leave out performances with extreme notes")]
    NoSolution,
    /// The style's name or contents do not fit.
    #[error("the style cannot be kept ({0}); choose another name")]
    Invalid(#[from] InvalidStyle),
    /// The note model or its runtime failed, or the work was cancelled.
    #[error(transparent)]
    Inference(#[from] InferenceError),
}

impl From<Cancelled> for LearnError {
    fn from(cancelled: Cancelled) -> Self {
        Self::Inference(cancelled.into())
    }
}
