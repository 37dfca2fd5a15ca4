//! Stores the styles in the user's slots of an instance.
//!
//! The window, the saved state, the texts that hosts show and the inference thread share the store. The audio thread
//! never reads it.

mod saved;

pub use saved::SavedStyles;

use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::value::RawValue;
use tonenet_core::style::{BUILT_IN_STYLES, StyleIndex, StyleKeys, USER_SLOTS, built_in_keys};
use tonenet_inference::styles::{StyleList, StyleSlots};
use tonenet_inference::user_style::{InvalidStyle, UserStyle, UserStyleError};

/// The user's styles, shared by several threads.
#[derive(Debug, Default)]
pub struct StyleStore(Mutex<Contents>);

#[derive(Debug, Default)]
struct Contents {
    slots: [Option<StoredStyle>; USER_SLOTS],
    /// Counts changes.
    edition: u64,
}

/// What is in a slot.
#[derive(Debug, Clone)]
struct StoredStyle {
    /// The file, as a project keeps it. So what this version cannot read stays in the project.
    file: Box<RawValue>,
    style: Result<Arc<UserStyle>, UserStyleError>,
}

impl StyleStore {
    /// The current edition. It changes with each change of a slot.
    pub fn edition(&self) -> u64 {
        self.0.lock().edition
    }

    /// The styles that can be read.
    pub fn slots(&self) -> StyleSlots {
        let style = |slot: &Option<StoredStyle>| slot.as_ref()?.style.clone().ok();
        self.0.lock().slots.each_ref().map(style)
    }

    /// The style in a slot, if it can be read.
    pub fn style(&self, slot: usize) -> Option<Arc<UserStyle>> {
        self.0.lock().slots.get(slot)?.as_ref()?.style.clone().ok()
    }

    /// The keys of the styles as a model plays them that fits all of them.
    pub fn keys(&self) -> StyleKeys {
        StyleList::new(&built_in_keys(), &self.slots(), |_| Ok(())).keys().clone()
    }

    /// Why some slots cannot be read, and the cure.
    pub fn problems(&self) -> Vec<String> {
        let problem = |(slot, stored): (usize, &Option<StoredStyle>)| {
            stored.as_ref()?.style.as_ref().err().map(|error| format!("{}: {error}", slot_title(slot)))
        };
        self.0.lock().slots.iter().enumerate().filter_map(problem).collect()
    }

    /// Puts a style into a slot.
    pub fn put(&self, slot: usize, style: UserStyle) {
        self.change(slot, StoredStyle::new(style));
    }

    /// Puts a style into the slot that has the same style already, or into the first empty one, and returns the slot.
    /// `None` if all are taken.
    pub fn add(&self, style: UserStyle) -> Option<usize> {
        let slot = {
            let contents = self.0.lock();
            let is_same = |stored: &Option<StoredStyle>| {
                let stored = stored.as_ref().and_then(|stored| stored.style.as_ref().ok());
                stored.is_some_and(|stored| stored.id() == style.id())
            };
            contents.slots.iter().position(is_same).or_else(|| contents.slots.iter().position(Option::is_none))
        }?;
        self.put(slot, style);
        Some(slot)
    }

    /// Empties a slot.
    pub fn remove(&self, slot: usize) {
        self.change(slot, None);
    }

    /// Gives the style in a slot another name.
    ///
    /// # Errors
    /// When the name is empty, too long or not plain. The style then keeps its name.
    pub fn rename(&self, slot: usize, name: &str) -> Result<(), InvalidStyle> {
        if let Some(style) = self.style(slot) {
            self.put(slot, style.renamed(name.trim())?);
        }
        Ok(())
    }

    fn change(&self, slot: usize, stored: Option<StoredStyle>) {
        let mut contents = self.0.lock();
        if let Some(place) = contents.slots.get_mut(slot) {
            *place = stored;
            contents.edition += 1;
        }
    }

    /// The title of a place in the list, different from that of every other place.
    pub fn title(&self, style: StyleIndex) -> String {
        let Some(slot) = style.slot() else {
            return style.built_in().map_or_else(|| format!("(reserved {})", style.index() + 1), |s| s.title.into());
        };
        let contents = self.0.lock();
        let name = |slot: usize| Some(contents.slots[slot].as_ref()?.style.as_ref().ok()?.name());
        match (&contents.slots[slot], name(slot)) {
            (None, _) => format!("({} is empty)", slot_title(slot)),
            (Some(_), None) => format!("({} cannot be read)", slot_title(slot)),
            (Some(_), Some(own)) => {
                let is_own = |title: &str| title.eq_ignore_ascii_case(own);
                let is_taken =
                    BUILT_IN_STYLES.iter().any(|style| is_own(style.title)) || (0..slot).filter_map(name).any(is_own);
                if is_taken { format!("{own} ({})", slot + 1) } else { own.into() }
            }
        }
    }

    /// The place with a title, or of the built-in style with an id, in upper or lower case.
    pub fn place(&self, title: &str) -> Option<StyleIndex> {
        let title = title.trim();
        let by_title = StyleIndex::all().find(|style| self.title(*style).eq_ignore_ascii_case(title));
        by_title.or_else(|| StyleIndex::from_id(&title.to_ascii_lowercase()))
    }

    /// The places that a user can choose from: the built-in styles and the slots that are taken.
    pub fn choices(&self) -> Vec<StyleIndex> {
        let taken = self.0.lock().slots.each_ref().map(Option::is_some);
        let is_choice = |style: &StyleIndex| style.slot().map_or(style.built_in().is_some(), |slot| taken[slot]);
        StyleIndex::all().filter(is_choice).collect()
    }

    /// The styles as a project keeps them.
    pub fn saved(&self) -> SavedStyles {
        SavedStyles::from_slots(&self.0.lock().slots)
    }

    /// Loads the styles of a project.
    pub fn load(&self, saved: SavedStyles) {
        // Hosts load states often, for instance for their own undo. Equal styles need not be opened again.
        if self.saved() != saved {
            let slots = saved.into_slots();
            let mut contents = self.0.lock();
            contents.slots = slots;
            contents.edition += 1;
        }
    }
}

fn slot_title(slot: usize) -> String {
    format!("user style {}", slot + 1)
}

#[cfg(test)]
pub(crate) mod tests;
