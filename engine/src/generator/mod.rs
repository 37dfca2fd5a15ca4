//! Generates clips: each trigger generates one, which plays in the song from a bar line on.
//!
//! [`GenerateSettings`] are the user's settings. A [`Generator`] generates clips on the [`GeneratorThread`]. The
//! [`ClipStore`] stores them, and the project saves it. The audio thread receives each change as a [`ClipUpdate`].

mod link;
mod messages;
mod models;
mod server;
mod settings;
mod store;
mod thread;

pub use link::GeneratorLink;
pub use messages::{GeneratorMessage, MessageBacklog};
pub use models::{BuiltInGenerator, Generator, GeneratorInput};
pub use settings::{BARS, ClipKind, GenerateSettings, LAST_SEED, TEMPERATURES};
pub use store::{ClipLink, ClipStore, ClipUpdate, MorphPhrase, SavedClips, SelectedClip, SongPlacement};
pub use thread::{GeneratorStatus, GeneratorThread, OpenGenerator};

#[cfg(test)]
mod tests;
