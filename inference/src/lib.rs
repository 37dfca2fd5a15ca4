//! Loads ToneNet's models and runs them: velocities for a performance, and new phrases and tunes.
//!
//! - [`bundle`] and [`manifest`] read and validate a model's files.
//! - [`runtime`] finds ONNX Runtime, or falls back to the built-in runtime; [`library`] says where it looks.
//! - `chosen_runtime`, with the models inside, chooses what computes, the processor or an accelerator, and remembers it.
//! - [`performance`] predicts a whole recording, [`restyler`] a live part, [`timeline`] what Timeline has recorded.
//! - [`song`] restyles a MIDI file, [`offline`] plays a part through the plugin's own scheduler.
//! - [`user_style`] holds styles that users have learned; [`styles`] lists what a model plays.
//! - [`feel`] predicts timing, lengths and pedal from the note model.
//! - [`generate`] writes new material.
//!
//! All instances in a process share the loaded graphs. Nothing here may run on the audio thread.
//!
//! ```
//! use std::path::Path;
//! use tonenet_core::dynamics::Expression;
//! use tonenet_core::grid::Grid;
//! use tonenet_core::note::Note;
//! use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
//! use tonenet_inference::bundle::ModelFiles;
//! use tonenet_inference::performance::{LoadedModel, LookAhead, PerformanceView, RestyleSettings};
//! use tonenet_inference::runtime::{Runtime, RuntimePreference};
//!
//! let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
//! let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/models/note");
//! let model = LoadedModel::load(&runtime, &ModelFiles::from_dir(&folder)?)?;
//!
//! // A scale in eighth notes at 120 beats a minute; every note has the same velocity.
//! let note = |(beat, &key): (usize, &u8)| {
//!     let (onset, sixteenths) = (beat as f64 * 0.25, beat as f64 * 2.0);
//!     Note {
//!         onset,
//!         release: onset + 0.2,
//!         onset_sixteenths: sixteenths,
//!         release_sixteenths: sixteenths + 1.6,
//!         channel: 0,
//!         key,
//!         velocity: 64,
//!     }
//! };
//! let notes: Vec<Note> = [60, 62, 64, 65, 67, 69, 71, 72].iter().enumerate().map(note).collect();
//! let settings = RestyleSettings {
//!     style: StyleBlend::only(StyleIndex::JAZZ),
//!     source_style: None,
//!     take: TakeSeed(0),
//!     expression: Expression::default(),
//!     look_ahead: LookAhead::WholePerformance,
//! };
//! let performance = PerformanceView { notes: &notes, pedals: &[], grid: Grid::Sixteenths, player_level: None };
//! let velocities = settings.velocities(&model, &performance)?;
//! assert_eq!(velocities.len(), notes.len());
//! assert!(velocities.iter().any(|&velocity| velocity != 64));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![deny(unsafe_code)]

pub mod bundle;
pub mod cancellation;
#[cfg(feature = "embedded")]
pub mod chosen_runtime;
mod computed_by;
mod decoders;
mod dequantise;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod error;
pub mod feel;
pub mod folders;
pub mod generate;
mod guard;
pub mod hop;
#[expect(unsafe_code, reason = "it reads C strings and calls into a shared library")]
pub mod library;
pub mod manifest;
pub mod model;
pub mod note;
pub mod offline;
pub mod performance;
pub mod piano_roll;
#[cfg(feature = "embedded")]
mod provider_choice;
pub mod restyler;
pub mod runtime;
pub mod runtime_settings;
pub mod song;
pub mod styles;
#[allow(unsafe_code, reason = "only the system can raise a priority, on some systems")]
pub mod thread_priority;
pub mod timeline;
pub mod user_style;
mod validate;
mod wire;
