//! MIDI files on disk, for every program of ToneNet: which files are read, where results go, and that no original is lost.
//!
//! [`midi_files`] finds and reads MIDI files. [`outputs`] settles where a program writes before it writes anything, and
//! [`jobs`] pairs each file of a command with its result. [`arguments`] and [`console`] are what the programs' command
//! lines share.

pub mod arguments;
pub mod console;
pub mod jobs;
pub mod midi_files;
pub mod outputs;
