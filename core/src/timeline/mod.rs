//! The notes recorded at each position of a song, with predictions, so that Timeline mode needs no latency.
//!
//! [`TimelineSnapshot`] is an immutable state to look notes up in. [`TimelineRecorder`] records events and makes the
//! next snapshot. [`TimelineView`] says which predictions of
//! a snapshot an instance's styles play. [`KeyExpectation`] predicts notes missing from the snapshot. Positions are in beats (quarter notes)
//! from the start of the song.

mod columns;
mod expectation;
mod export;
mod passes;
mod place;
mod recorder;
mod saved;
mod snapshot;
mod view;

pub use columns::ColumnTable;
pub use expectation::KeyExpectation;
pub use place::Place;
pub use recorder::{TimelineEvent, TimelineRecorder};
pub use snapshot::{MAX_NOTES, Pedal, TimelineNote, TimelineSnapshot};
pub use view::TimelineView;

/// Onsets closer than this are at the same position, in beats.
///
/// It is more than a host's rounding, and less than a musician moves a note by.
pub const SAME_PLACE: f64 = 0.01;
