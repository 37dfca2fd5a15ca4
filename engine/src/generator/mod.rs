//! New material: clips that a model writes when the trigger is pressed, and that play in the song from a bar line on.
//!
//! [`GenerateSettings`] is what the user wants, [`Composer`] who writes it, [`Studio`] the thread on which it is written. [`ClipStore`]
//! keeps what was written, and what of it is in the song; it is a field of the project, and the audio thread is told
//! of it through a queue.

mod generator;
mod settings;
mod store;
mod thread;

pub use generator::{Composer, EmbeddedComposer, Material};
pub use settings::{BARS, GenerateSettings, Kind, LAST_SEED, TEMPERATURES};
pub use store::{ClipLink, ClipStore, Delivery, InSong, Phrase, SavedClips, Shown};
pub use thread::{OpenComposer, OwedTold, Studio, StudioLink, Told, Writing};
