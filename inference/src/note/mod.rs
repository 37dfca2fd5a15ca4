//! Runs the note model.
//!
//! [`NoteNetwork`] runs its graphs over rows of notes. [`NoteModel`] drives them over a live part.

mod model;
mod network;
mod styles;

pub use model::NoteModel;
pub use network::{AheadState, DecoderState, EncodedNotes, LANES, NoteNetwork, PastState};
pub use styles::StyledNotes;
