//! The input of the note model: one row of features per note, from what is known at a given time.
//!
//! A row has two halves. [`Part::past`] is known when the note begins. It never changes afterwards, so an encoder of
//! the past reads it once and keeps its state. [`Part::ahead`] is known later: the length of the note and of the gap
//! after it, the rest of its chord, and the notes that follow. "Not known yet" has a value of its own, so one network
//! serves every look-ahead.
//!
//! [`Part::feel`] gives the [`FeelRow`] that the read-outs of a style's timing, lengths and pedal read beside.
//!
//! Rows are in the order of onset, then key. Times are in seconds on any clock that does not jump.

mod part;
mod running_averages;

pub use part::{FEEL, FeelRow, PLACES, Part, PartNote};

use crate::note::PIANO_KEYS;

/// Features of a row that are known at the onset, before the key's one-hot columns.
pub const PAST_FEATURES: usize = 28;
/// Columns of [`Part::past`]: [`PAST_FEATURES`], then one per piano key.
pub const PAST: usize = PAST_FEATURES + PIANO_KEYS;
/// Columns of [`Part::past`] about the player's velocity: whether it is given, and its deviation from the player's level.
///
/// The deviation is in units of 16 velocity steps.
pub const PLAYER_COLUMNS: std::ops::Range<usize> = PAST_FEATURES - 2..PAST_FEATURES;
/// Columns of [`Part::ahead`].
pub const AHEAD: usize = 24;

/// Longest time from a chord's first onset to its last, in seconds.
pub const CHORD_SECONDS: f64 = 0.04;

/// Number of earlier notes that a row depends on at most; a part must keep as many.
pub const ROW_REACH: usize = 96;
