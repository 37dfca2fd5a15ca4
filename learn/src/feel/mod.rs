//! What performances do besides velocities, next to their pages: the feel that styles learn.
//!
//! `targets` compares performances with their pages ([`crate::page`]). `rows` reads the pages with the note model. `own`
//! learns how performances differ from a built-in style, and `describe` says it.

mod describe;
mod own;
mod rows;
mod targets;

pub(crate) use describe::describe;
pub use own::{LearnedFeel, own_feel};
pub use rows::{PageRows, View, width};
pub use targets::{Paged, Played, PlayedChord};
