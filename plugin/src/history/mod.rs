//! Undo and redo of what the user edits in the window, and the slots A and B.
//!
//! [`History`] holds the steps, [`Slots`] the settings of the slot that does not play. [`Editing`] sets parameters and records
//! steps. What the host automates is no step. An instance keeps its history while its window is closed.

mod editing;
mod slots;
mod steps;

pub use editing::{Editing, Edits};
pub use slots::{Slot, SlotStore, Slots, StoredSlot};
pub use steps::{Change, History, MOST_STEPS, Restored, Step};

#[cfg(test)]
pub(crate) mod tests;
