//! What tests of several crates share: running a program as a user does, small MIDI files, a performance whose feel is known,
//! and checks of folders, notes and numbers.
//!
//! Only tests depend on this crate. Its functions panic where a check fails.

#![forbid(unsafe_code)]

mod doctor;
mod folder;
mod midi_file;
#[cfg(target_os = "linux")]
mod no_network;
mod numbers;
mod program;
mod swung_tune;
mod waiting;

pub use doctor::{assert_same_shape, doctor_report};
pub use folder::{contents, files};
pub use midi_file::{count_ended_notes, delta_time, midi_file, midi_from_tracks, write_midi};
#[cfg(target_os = "linux")]
pub use no_network::without_network;
pub use numbers::{NumericOption, assert_help_names_ranges};
pub use program::{Program, keys, printed, printed_json};
pub use swung_tune::{BASS_LAG, SwungTune, TuneNote};
pub use waiting::wait_until;
