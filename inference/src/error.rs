//! The errors of reading, loading and running a model.
//!
//! Each message names the file and, after a semicolon, says what to do.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::cancellation::Cancelled;

/// Why a model could not be read, loaded or run.
#[derive(Debug, Error)]
pub enum InferenceError {
    /// A file of a model cannot be read.
    #[error("{} cannot be read ({source}); export or download the model again, or choose another", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The manifest, or a file that it names, does not exist.
    #[error("{file} is missing; export or download the model again")]
    Missing {
        /// The file.
        file: String,
    },
    /// The manifest is invalid.
    #[error("{file} is not a model's manifest ({reason}); export or download the model again")]
    BadManifest {
        /// The manifest.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The model has a newer format than this version reads.
    #[error("{file} was made for a newer ToneNet (model format {format}, this one reads {known}); update the plugin")]
    NewerFormat {
        /// The manifest.
        file: String,
        /// Its format.
        format: u64,
        /// The newest format that this version reads.
        known: u64,
    },
    /// A graph's checksum does not match the manifest.
    #[error("{file} is damaged (its checksum does not match model.json); export or download the model again")]
    Damaged {
        /// The graph's file.
        file: String,
    },
    /// A runtime cannot load a graph.
    #[error("{file} cannot be loaded by {runtime} ({reason}); export or download the model again")]
    Refused {
        /// The graph's file.
        file: String,
        /// The runtime.
        runtime: String,
        /// The runtime's message.
        reason: String,
    },
    /// A graph has no input or output with a requested name.
    #[error("{file} has no {port} `{name}`; it belongs to another kind of model")]
    NoSuchPort {
        /// The graph's file.
        file: String,
        /// `input` or `output`.
        port: &'static str,
        /// The requested name.
        name: String,
    },
    /// An input tensor is empty, or its count of numbers does not match its shape.
    #[error("input `{name}` of {file} has shape {shape:?} but {count} numbers; a part must have at least one step")]
    BadInput {
        /// The graph's file.
        file: String,
        /// Name of the input.
        name: String,
        /// The shape.
        shape: Vec<usize>,
        /// How many numbers were given.
        count: usize,
    },
    /// A graph's output has another count of numbers than the manifest implies.
    #[error("output {output} has {found} numbers, not {expected}; export or download the model again")]
    BadOutput {
        /// Name of the output.
        output: &'static str,
        /// How many numbers it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// A runtime failed while it ran a graph.
    #[error("{runtime} failed while running {file} ({reason}); choose another model or runtime")]
    Failed {
        /// The graph's file.
        file: String,
        /// The runtime.
        runtime: String,
        /// The runtime's message.
        reason: String,
    },
    /// A piano-roll network was to predict at a look-ahead in seconds.
    #[error("this model reads whole performances only; leave --look-ahead out, or choose the note model")]
    WholePerformancesOnly,
    /// A generator was loaded as a velocity model.
    #[error("{name} generates new material and predicts no velocities; choose the note model")]
    NoVelocities {
        /// The model's title.
        name: String,
    },
    /// The work was cancelled.
    #[error("it was cancelled")]
    Cancelled,
    /// The model has no decoder for a style.
    #[error("this model has no decoder for {style}; choose another style or model")]
    NoSuchStyle {
        /// The style's title, or its id.
        style: String,
    },
}

impl InferenceError {
    /// The error for a style that a model lacks.
    pub fn no_such_style(style: impl ToString) -> Self {
        Self::NoSuchStyle { style: style.to_string() }
    }
}

impl From<Cancelled> for InferenceError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}
