//! The user's styles in a project: the whole `.tonestyle` file of each slot, so that it opens alike on any computer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tonenet_core::style::USER_SLOTS;
use tonenet_inference::user_style::UserStyle;

use super::{StoredStyle, slot_title};

/// The file of each slot that is taken, under the slot's index.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SavedStyles(BTreeMap<u8, Box<RawValue>>);

impl PartialEq for SavedStyles {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().map(|(slot, file)| (slot, file.get())).eq(other.0.iter().map(|(slot, file)| (slot, file.get())))
    }
}

impl StoredStyle {
    /// A style that is new in its project.
    pub(super) fn new(style: UserStyle) -> Option<Self> {
        let text = String::from_utf8(style.to_bytes()).ok()?;
        Some(Self { file: RawValue::from_string(text.trim().into()).ok()?, style: Ok(style.into()) })
    }

    fn from_project(slot: usize, file: Box<RawValue>) -> Self {
        let title = format!("the project's {}", slot_title(slot));
        let style = UserStyle::from_bytes(file.get().as_bytes(), &title).map(Into::into);
        Self { file, style }
    }
}

impl SavedStyles {
    pub(super) fn from_slots(slots: &[Option<StoredStyle>; USER_SLOTS]) -> Self {
        let file = |(slot, stored): (u8, &Option<StoredStyle>)| Some((slot, stored.as_ref()?.file.clone()));
        Self((0..).zip(slots).filter_map(file).collect())
    }

    /// The styles by slot. Slots that this version does not have are left out.
    pub(super) fn into_slots(self) -> [Option<StoredStyle>; USER_SLOTS] {
        let mut slots = <[Option<StoredStyle>; USER_SLOTS]>::default();
        for (slot, file) in self.0 {
            let slot = usize::from(slot);
            if let Some(place) = slots.get_mut(slot) {
                *place = Some(StoredStyle::from_project(slot, file));
            }
        }
        slots
    }
}
