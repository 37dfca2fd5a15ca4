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
use tonenet_inference::user_style::{InvalidStyle, MOST_NAME_CHARACTERS, UserStyle, UserStyleError, UserStyleId};

/// The most characters of a wanted name, so that a number fits behind it.
const LONGEST_WANTED: usize = MOST_NAME_CHARACTERS - 4;

/// The user's styles, shared by several threads.
#[derive(Debug, Default)]
pub struct StyleStore(Mutex<Contents>);

#[derive(Debug, Default)]
struct Contents {
    slots: [Option<StoredStyle>; USER_SLOTS],
    /// The style that was removed last, and its slot.
    removed: Option<(usize, StoredStyle)>,
    /// Counts changes.
    edition: u64,
}

impl Contents {
    fn empty_slot(&self) -> Option<usize> {
        self.slots.iter().position(Option::is_none)
    }

    fn slot_of(&self, id: UserStyleId) -> Option<usize> {
        self.slots.iter().position(|stored| stored.as_ref().is_some_and(|stored| stored.has_id(id)))
    }

    fn set(&mut self, slot: usize, stored: Option<StoredStyle>) {
        if let Some(place) = self.slots.get_mut(slot) {
            *place = stored;
            self.edition += 1;
        }
    }
}

/// What is in a slot.
#[derive(Debug, Clone)]
struct StoredStyle {
    /// The file, as a project keeps it. So what this version cannot read stays in the project.
    file: Box<RawValue>,
    style: Result<Arc<UserStyle>, UserStyleError>,
}

impl StoredStyle {
    /// Its name; `None` if it cannot be read.
    fn name(&self) -> Option<&str> {
        Some(self.style.as_ref().ok()?.name())
    }

    fn has_id(&self, id: UserStyleId) -> bool {
        self.style.as_ref().is_ok_and(|style| style.id() == id)
    }
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
        let (id, stored) = (style.id(), StoredStyle::new(style));
        // One lock for all of it: a style that is imported and one that is learned must not choose the same slot.
        let mut contents = self.0.lock();
        let slot = contents.slot_of(id).or_else(|| contents.empty_slot())?;
        // One that comes back must not come back twice.
        contents.removed.take_if(|(_, removed)| removed.has_id(id));
        contents.set(slot, stored);
        Some(slot)
    }

    /// The slot of the style with an id.
    pub fn slot_of(&self, id: UserStyleId) -> Option<usize> {
        self.0.lock().slot_of(id)
    }

    /// Whether a slot is empty.
    pub fn has_room(&self) -> bool {
        self.0.lock().empty_slot().is_some()
    }

    /// Empties a slot. [`Self::undo_remove`] brings the style back.
    pub fn remove(&self, slot: usize) {
        let mut contents = self.0.lock();
        if let Some(stored) = contents.slots.get_mut(slot).and_then(Option::take) {
            contents.removed = Some((slot, stored));
            contents.edition += 1;
        }
    }

    /// The name of the style that was removed last, if [`Self::undo_remove`] can bring it back.
    pub fn removed(&self) -> Option<String> {
        let contents = self.0.lock();
        let (slot, stored) = contents.removed.as_ref()?;
        Some(stored.name().map_or_else(|| slot_title(*slot), Into::into))
    }

    /// Puts the style that was removed last into its slot again, or into the first empty one, and returns the slot. It
    /// stays removed if all are taken.
    pub fn undo_remove(&self) -> Option<usize> {
        let mut contents = self.0.lock();
        let former = contents.removed.as_ref()?.0;
        let slot = if contents.slots[former].is_none() { former } else { contents.empty_slot()? };
        contents.slots[slot] = contents.removed.take().map(|(_, stored)| stored);
        contents.edition += 1;
        Some(slot)
    }

    /// A name for a new style: the wanted one without what no name may have. It has a number behind it if another style
    /// is called so.
    pub fn free_name(&self, wanted: &str) -> String {
        let plain: String = wanted.chars().filter(|character| !character.is_control()).take(LONGEST_WANTED).collect();
        let plain = Some(plain.trim()).filter(|plain| !plain.is_empty()).unwrap_or("My style");
        let contents = self.0.lock();
        let names: Vec<&str> = contents.slots.iter().flatten().filter_map(StoredStyle::name).collect();
        let is_taken = |name: &str| {
            let mut all = names.iter().copied().chain(BUILT_IN_STYLES.iter().map(|style| style.title));
            all.any(|other| other.eq_ignore_ascii_case(name))
        };
        let mut name = plain.to_owned();
        let mut number = 2;
        while is_taken(&name) {
            name = format!("{plain} {number}");
            number += 1;
        }
        name
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
        self.0.lock().set(slot, stored);
    }

    /// The title of a place in the list, different from that of every other place.
    pub fn title(&self, style: StyleIndex) -> String {
        let Some(slot) = style.slot() else {
            return style.built_in().map_or_else(|| format!("(reserved {})", style.index() + 1), |s| s.title.into());
        };
        let contents = self.0.lock();
        let name = |slot: usize| contents.slots[slot].as_ref()?.name();
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
            *contents = Contents { slots, removed: None, edition: contents.edition + 1 };
        }
    }
}

fn slot_title(slot: usize) -> String {
    format!("user style {}", slot + 1)
}

#[cfg(test)]
pub(crate) mod tests;
