//! What can go wrong between a model's files and its numbers, in words for the person who has to mend it.

use std::{io, path::PathBuf};

use thiserror::Error;
use tonenet_core::genre::Genre;

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
    /// A file that the manifest names is not there.
    #[error("{file} is missing; export or download the model again")]
    Missing {
        /// The file.
        file: String,
    },
    /// The manifest is not what a manifest should be.
    #[error("{file} is not a model's manifest ({reason}); export or download the model again")]
    BadManifest {
        /// The manifest.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The model is of a format that this version does not know.
    #[error("{file} was made for a newer ToneNet (model format {format}, this one reads {known}); update the plugin")]
    NewerFormat {
        /// The manifest.
        file: String,
        /// Its format.
        format: u64,
        /// The format that is read.
        known: u64,
    },
    /// A graph's bytes are not those that were exported.
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
        /// What it says.
        reason: String,
    },
    /// A graph has no input or output of a name.
    #[error("{file} has no {port} `{name}`; it belongs to another kind of model")]
    NoSuchPort {
        /// The graph's file.
        file: String,
        /// `input` or `output`.
        port: &'static str,
        /// The name.
        name: String,
    },
    /// A tensor handed in does not have as many numbers as its shape says, or none at all.
    #[error("input `{name}` of {file} has shape {shape:?} but {count} numbers; a part must have at least one step")]
    BadInput {
        /// The graph's file.
        file: String,
        /// Name of the input.
        name: String,
        /// The shape.
        shape: Vec<usize>,
        /// How many numbers came with it.
        count: usize,
    },
    /// A graph gave another count of numbers than its manifest makes due.
    #[error("{output} of the model has {found} numbers where {due} are due; export or download the model again")]
    BadOutput {
        /// Name of the output.
        output: &'static str,
        /// How many numbers it has.
        found: usize,
        /// How many it should have.
        due: usize,
    },
    /// A run failed.
    #[error("{runtime} failed while running {file} ({reason}); choose another model or runtime")]
    Failed {
        /// The graph's file.
        file: String,
        /// The runtime.
        runtime: String,
        /// What it says.
        reason: String,
    },
    /// A network over piano-rolls was asked at a look-ahead in seconds.
    #[error("this model is scored on whole takes only; leave --look-ahead out, or choose the note model")]
    WholePerformancesOnly,
    /// A model that writes was asked for velocities.
    #[error("{name} writes new material and gives no velocities; choose the note model")]
    NoVelocities {
        /// The model.
        name: String,
    },
    /// Nobody wants the result any more.
    #[error("it was cancelled")]
    Cancelled,
    /// The model has no decoder for a style.
    #[error("this model has no decoder for {}; choose another style or model", style.title())]
    NoSuchStyle {
        /// The style.
        style: Genre,
    },
}

impl From<Cancelled> for InferenceError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}
