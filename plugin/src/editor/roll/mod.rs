//! Draws the parts of every piano roll: notes, the grid of beats and bars, and a keyboard.

mod geometry;
mod grid;
mod keyboard;
mod shapes;
mod span;

pub(super) use geometry::Geometry;
pub(super) use grid::{bar_lines, bar_numbers};
pub(super) use keyboard::{key_rows, keyboard};
pub(super) use shapes::Shapes;
pub(super) use span::{FARTHEST, Span, finite};

pub use grid::GridLine;
