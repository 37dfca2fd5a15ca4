//! The errors of learned styles and their files.
//!
//! Each message names the file or the style and, after a semicolon, says what to do.

use thiserror::Error;

/// Why a style cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum UserStyleError {
    /// The file is larger than any style.
    #[error("{file} is too large for a style (over {most} bytes); choose a .tonestyle file")]
    TooLarge {
        /// The file.
        file: String,
        /// The most bytes.
        most: usize,
    },
    /// The file has a newer format than this version reads.
    #[error("{file} was made for a newer ToneNet (style format {format}, this one reads {known}); update ToneNet")]
    NewerFormat {
        /// The file.
        file: String,
        /// Its format.
        format: u64,
        /// The newest format that this version reads.
        known: u64,
    },
    /// The file's checksum does not match.
    #[error("{file} is damaged (its checksum does not match); export the style again, or learn it again")]
    Damaged {
        /// The file.
        file: String,
    },
    /// The file does not hold a style.
    #[error("{file} does not hold a style ({reason}); choose a .tonestyle file, or learn the style again")]
    NoStyle {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The model is one of the article's.
    #[error("the style {name} plays with the note model only; choose the note model")]
    NeedsNoteModel {
        /// The style's name.
        name: String,
    },
    /// The style was learned on another note model.
    #[error("the style {name} was learned with another version of the note model; learn it again from its files")]
    Foreign {
        /// The style's name.
        name: String,
    },
}

/// Why some contents are no style.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum InvalidStyle {
    /// It has no weights.
    #[error("it has no weights")]
    NoWeights,
    /// A weight is out of range.
    #[error("a weight is {weight}")]
    Weight {
        /// The weight.
        weight: f32,
    },
    /// A built-in style has two weights.
    #[error("a built-in style has two weights")]
    RepeatedStyle,
    /// A spread is out of range.
    #[error("a spread is {spread}; it must be 0 to 127")]
    Spread {
        /// The spread.
        spread: f32,
    },
    /// A number of its feel is out of range.
    #[error("a number of its feel is {number}, out of its range")]
    Feel {
        /// The number.
        number: f32,
    },
    /// A correlation is out of range.
    #[error("a correlation is {r}; it must be −1 to 1")]
    Correlation {
        /// The correlation.
        r: f32,
    },
    /// A text is empty, too long or not plain.
    #[error("its {text} must be 1 to {most} characters without line breaks")]
    Text {
        /// Which text.
        text: &'static str,
        /// The most characters.
        most: usize,
    },
}
