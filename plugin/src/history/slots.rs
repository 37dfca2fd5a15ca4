//! The slots A and B: two settings of the sound, one of which plays.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::presets::{PresetId, SavedSettings};

/// One of the two slots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Slot {
    /// The slot that plays in a new instance.
    #[default]
    A,
    /// The other one.
    B,
}

impl Slot {
    /// The other slot.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

/// What the slot that does not play holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredSlot {
    /// Its settings.
    pub settings: SavedSettings,
    /// The preset that they come from.
    pub preset: Option<PresetId>,
}

/// Both slots. The parameters hold the settings of the one that plays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Slots {
    /// The slot that plays.
    pub active: Slot,
    /// The preset that was loaded into it last.
    pub preset: Option<PresetId>,
    /// The other slot; without it, both are the same.
    pub other: Option<StoredSlot>,
}

/// The slots of an instance, which its project keeps.
#[derive(Debug, Default)]
pub struct SlotStore(Mutex<Slots>);

impl SlotStore {
    /// The slots.
    pub fn get(&self) -> Slots {
        self.0.lock().clone()
    }

    /// Replaces the slots.
    pub fn set(&self, slots: Slots) {
        *self.0.lock() = slots;
    }
}
