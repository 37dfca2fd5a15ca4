//! What the tests of ToneNet's programs share: running a program as a user does, and checking folders and numbers.
//!
//! Only tests depend on this crate. Its functions panic where a check fails.

#![forbid(unsafe_code)]

mod folder;
#[cfg(target_os = "linux")]
mod no_network;
mod numbers;
mod program;

pub use folder::{contents, files, midi_file, write_midi};
#[cfg(target_os = "linux")]
pub use no_network::without_network;
pub use numbers::{NumericOption, assert_help_names_ranges};
pub use program::{Program, keys, printed, printed_json};
