//! The errors of presets. Each message names the file or preset and, after a semicolon, says what to do.

use std::io;

use thiserror::Error;

/// Why a preset cannot be used, kept or found.
#[derive(Debug, Error)]
pub enum PresetError {
    /// The file is larger than any preset.
    #[error("{file} is too large for a preset (over {most} bytes); choose a .tonepreset file")]
    TooLarge {
        /// The file.
        file: String,
        /// The most bytes.
        most: usize,
    },
    /// The file has a newer format than this version reads.
    #[error("{file} was made by a newer ToneNet (preset version {version}, this one reads {known}); update ToneNet")]
    Newer {
        /// The file.
        file: String,
        /// Its version.
        version: u64,
        /// The newest version that this one reads.
        known: u64,
    },
    /// The file does not hold a preset.
    #[error("{file} does not hold a preset ({reason}); choose another file, or save the preset again")]
    NoPreset {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file cannot be read.
    #[error("cannot read {file} ({source}); check that it is there and that you may read it")]
    Unreadable {
        /// The file.
        file: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write the preset {name} ({source}); check that your disk has room and that you may write there")]
    Unwritable {
        /// The preset.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// Another preset has that name.
    #[error("there is a preset {name} already; choose another name, or replace it")]
    Taken {
        /// The name.
        name: String,
    },
    /// No preset can have that name.
    #[error("{reason}; choose another name")]
    InvalidName {
        /// What is wrong with it.
        reason: String,
    },
    /// The preset is gone, perhaps deleted by another instance.
    #[error("the preset {name} is no longer there; save it again")]
    Gone {
        /// The preset.
        name: String,
    },
    /// The system has no folder for settings.
    #[error("the system names no folder for settings, so presets cannot be kept; export this one to a file")]
    NoFolder,
}
