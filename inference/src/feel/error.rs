//! The errors of feel models and their files.

use thiserror::Error;

/// Why a feel model cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FeelError {
    /// The file is larger than any feel model.
    #[error("the file is too large for a feel model (over {most} bytes)")]
    TooLarge {
        /// The most bytes.
        most: usize,
    },
    /// The file has another format than this version reads.
    #[error("the feel model has format {format}, this version reads {known}; train it again")]
    Format {
        /// The file's format.
        format: u64,
        /// The format that this version reads.
        known: u64,
    },
    /// The file does not hold a feel model.
    #[error("the file does not hold a feel model ({reason}); train it again")]
    NoModel {
        /// What is wrong with it.
        reason: String,
    },
    /// The model was trained on another note model.
    #[error("the feel model was trained on another version of the note model; train it again")]
    Foreign,
}

/// Why some contents are no feel model.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum InvalidFeel {
    /// It has no styles.
    #[error("it has no styles")]
    NoStyles,
    /// A style is not a built-in one, or there twice.
    #[error("{id:?} is no built-in style, or there twice")]
    Style {
        /// The style's id.
        id: String,
    },
    /// A read-out has another number of weights than its inputs have numbers.
    #[error("a read-out has {past}, {ahead} and {row} weights")]
    Widths {
        /// Of the past encoding.
        past: usize,
        /// Of the look-ahead encoding.
        ahead: usize,
        /// Of the columns.
        row: usize,
    },
    /// A weight is out of range.
    #[error("a weight is {weight}")]
    Weight {
        /// The weight.
        weight: f32,
    },
    /// A figure of how performances wander is out of range.
    #[error("a figure of its wander is out of range")]
    Drift,
}
