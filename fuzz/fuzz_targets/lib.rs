//! What is fuzzed, as functions of bytes: they return where all is as it should be, and panic otherwise.

pub mod event_stream;
pub mod midi_file;
pub mod model_metadata;
pub mod state;
