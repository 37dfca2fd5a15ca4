//! Presets: named settings of the sound, shipped or the user's own.
//!
//! [`SavedSettings`] holds the values, [`Preset`] a file's content. [`shipped`] lists those that ToneNet comes with.
//! [`PresetStore`] keeps the user's presets, one file each in the platform's configuration folder.

mod error;
mod file;
mod folder;
mod settings;
mod shipped;
mod store;

pub use error::PresetError;
pub use file::{EXTENSION, MOST_DESCRIPTION_CHARACTERS, MOST_NAME_CHARACTERS, Preset, PresetId};
pub use folder::PresetFolder;
pub(crate) use folder::is_device;
pub use settings::{ReadSettings, SavedSettings};
pub use shipped::shipped;
pub use store::{PresetList, PresetStore, PresetTask};

#[cfg(test)]
mod tests;
