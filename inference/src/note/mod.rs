//! The note model at work: `network` runs its graphs over rows of notes, `model` over what a host plays.

mod model;
mod network;

pub use model::NoteModel;
pub use network::{AheadState, DecoderState, NoteNetwork, PastState};
