//! What was played at each place of a song, and what the styles expect there: how a note gets the velocity that the
//! whole take gives it, without any latency.
//!
//! [`TimelineSnapshot`] is a finished picture, to be looked up in; [`TimelineRecorder`] draws the next one from what is heard;
//! [`KeyExpectation`] stands in for notes that are not in the picture yet. Places are beats (quarter notes) from
//! the start of the song.

mod expectation;
mod passes;
mod place;
mod recorder;
mod saved;
mod snapshot;

pub use expectation::KeyExpectation;
pub use place::Place;
pub use recorder::{TimelineEvent, TimelineRecorder};
pub use snapshot::{MAX_NOTES, Pedal, TimelineNote, TimelineSnapshot};

pub use crate::style::QuantisedExpectation;

/// Onsets closer than this are the same place, in beats: a host's rounding, and less than a musician moves a note by.
pub const SAME_PLACE: f64 = 0.01;
