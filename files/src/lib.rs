//! Handles MIDI files on disk for ToneNet's programs: which are read, where results go, and that no original is lost.
//!
//! [`midi_files`] finds and reads MIDI files. [`outputs`] decides where a program may write before it writes anything.
//! [`jobs`] pairs each file with its result, and [`result_names`] names results where the user does not. [`arguments`] and
//! [`console`] are shared by the programs' command lines.
#![deny(unsafe_code)]

pub mod arguments;
pub mod console;
pub mod error;
pub mod jobs;
pub mod midi_files;
pub mod outputs;
pub mod result_names;
