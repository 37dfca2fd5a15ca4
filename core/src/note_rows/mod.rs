//! A part as the note model reads it: one row of numbers a note, of what is known by a given moment.
//!
//! A row has two halves. [`Part::past`] is what is known when the note begins; it never changes afterwards, so an
//! encoder of the past reads it once and keeps its state. [`Part::ahead`] is what later moments add: how long the
//! note and the gap after it have become, the rest of its chord, what follows. "Not known yet" is a number of its
//! own, so that one network serves every look-ahead.
//!
//! Notes are rows in the order of onset, then key. Times are seconds on any clock that does not jump.

mod part;
mod running_averages;

pub use part::{Part, PartNote};

use crate::note::PIANO_KEYS;

/// Numbers of a row that are known at the onset, before the key's one-hot columns.
pub const PAST_FEATURES: usize = 28;
/// Columns of [`Part::past`]: [`PAST_FEATURES`] and one a piano key.
pub const PAST: usize = PAST_FEATURES + PIANO_KEYS;
/// Columns of [`Part::past`] about the player's velocity: whether the model is told it, and how far it is from the
/// player's level, in 16 velocity steps.
pub const PLAYER_COLUMNS: std::ops::Range<usize> = PAST_FEATURES - 2..PAST_FEATURES;
/// Columns of [`Part::ahead`].
pub const AHEAD: usize = 24;

/// Onsets within this of a chord's first belong to it, in seconds.
pub const CHORD_SECONDS: f64 = 0.04;

/// How many notes back a row looks at most; a part must keep as many.
pub const ROW_REACH: usize = 96;
