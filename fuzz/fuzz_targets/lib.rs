//! The fuzz targets: functions of arbitrary input that panic where ToneNet breaks a rule.

pub mod event_stream;
pub mod midi_file;
pub mod model_metadata;
pub mod state;
pub mod user_style;
