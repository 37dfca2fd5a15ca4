//! MIDI files on disk, for every program of ToneNet: which files are read, where results go, and that no original is lost.
//!
//! [`midi_files`] finds and reads MIDI files. [`outputs`] settles where a program writes before it writes anything, and
//! [`jobs`] pairs each file of a command with its result, whose name [`result_names`] knows where the user gives none. [`arguments`] and [`console`] are what the programs' command
//! lines share.
#![deny(unsafe_code)]

pub mod arguments;
pub mod console;
pub mod error;
pub mod jobs;
pub mod midi_files;
pub mod outputs;
pub mod result_names;
