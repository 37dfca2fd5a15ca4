//! The performance view: the notes as a piano roll, and what the style makes of their velocities.

mod view;

pub use view::{Axis, GridLine, NoteState, NoteView, PerformanceView};
