//! New clips: a model generates one when the trigger is pressed, and it plays in the song from a bar line on.
//!
//! [`GenerateSettings`] says what the user wants. A [`Generator`] generates it on the [`GeneratorThread`]. The [`ClipStore`]
//! keeps the clips; it is part of the project, and the audio thread gets a [`ClipUpdate`] for each change.

mod generator;
mod link;
mod messages;
mod server;
mod settings;
mod store;
mod thread;

pub use generator::{BuiltInGenerator, Generator, GeneratorInput};
pub use link::GeneratorLink;
pub use messages::{GeneratorMessage, OwedMessages};
pub use settings::{BARS, ClipKind, GenerateSettings, LAST_SEED, TEMPERATURES};
pub use store::{ClipLink, ClipStore, ClipUpdate, MorphPhrase, SavedClips, SelectedClip, SongPlacement};
pub use thread::{GeneratorStatus, GeneratorThread, OpenGenerator};

#[cfg(test)]
mod tests;
