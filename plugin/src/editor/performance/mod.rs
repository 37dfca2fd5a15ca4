//! The performance view: the notes as a piano roll, and what the style makes of their velocities.

mod controls;
mod describe;
mod displaced;
mod edges;
mod grid;
mod input;
mod lane;
mod notes;
mod panel;
mod roll;
mod source;
mod summary;
mod view;
mod viewport;

pub use source::{Moment, PerformanceSource, Stores};
pub use view::{Axis, GridLine, NoteState, NoteView, PerformanceView, WrittenNote};
pub use viewport::Viewport;

pub use panel::panel;

#[cfg(test)]
mod tests;
