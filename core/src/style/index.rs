//! A place in an instance's list of styles, which has the built-in styles first and the user's after them.

use std::fmt;

use crate::genre::Genre;

/// Places for built-in styles. Not all are taken yet, so that a later built-in style moves no style of the user.
pub const BUILT_IN_PLACES: usize = 8;

/// Slots for styles of the user. They follow the places for built-in styles.
pub const USER_SLOTS: usize = 16;

/// Places in the list.
pub const MAX_STYLES: usize = BUILT_IN_PLACES + USER_SLOTS;

/// One of something for each place in the list.
pub type PerStyle<T> = [T; MAX_STYLES];

/// A style that ToneNet comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltInStyle {
    /// The name used in files and on the command line.
    pub id: &'static str,
    /// The name shown to users.
    pub title: &'static str,
}

/// The built-in styles, in the order of their places. Projects store the place: never reorder them.
pub const BUILT_IN_STYLES: [BuiltInStyle; 3] = [
    BuiltInStyle { id: Genre::Classical.id(), title: Genre::Classical.title() },
    BuiltInStyle { id: Genre::Jazz.id(), title: Genre::Jazz.title() },
    BuiltInStyle { id: Genre::Pop.id(), title: Genre::Pop.title() },
];

/// A place in the list of styles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StyleIndex(u8);

impl StyleIndex {
    /// The built-in style of [`Genre::Classical`].
    pub const CLASSICAL: Self = Self(Genre::Classical as u8);
    /// The built-in style of [`Genre::Jazz`].
    pub const JAZZ: Self = Self(Genre::Jazz as u8);
    /// The built-in style of [`Genre::Pop`].
    pub const POP: Self = Self(Genre::Pop as u8);

    /// The built-in styles, in order.
    pub const BUILT_IN: [Self; BUILT_IN_STYLES.len()] = [Self::CLASSICAL, Self::JAZZ, Self::POP];

    /// The place with this index; `None` beyond the list.
    pub fn new(index: usize) -> Option<Self> {
        u8::try_from(index).ok().filter(|_| index < MAX_STYLES).map(Self)
    }

    /// The place of a user's slot, which counts from 0; `None` beyond the slots.
    pub fn from_slot(slot: usize) -> Option<Self> {
        Self::new(slot.checked_add(BUILT_IN_PLACES)?)
    }

    /// The built-in style with an id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::BUILT_IN.into_iter().find(|style| style.built_in().is_some_and(|built_in| built_in.id == id))
    }

    /// All places, in order.
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        (0..MAX_STYLES as u8).map(Self)
    }

    /// The index in the list.
    pub fn index(self) -> usize {
        self.0.into()
    }

    /// The user's slot, counted from 0; `None` for a place of a built-in style.
    pub fn slot(self) -> Option<usize> {
        self.index().checked_sub(BUILT_IN_PLACES)
    }

    /// The built-in style at this place, if there is one.
    pub fn built_in(self) -> Option<&'static BuiltInStyle> {
        BUILT_IN_STYLES.get(self.index())
    }
}

impl From<Genre> for StyleIndex {
    fn from(genre: Genre) -> Self {
        Self(genre as u8)
    }
}

/// The title of a built-in style, and the number of any other place.
impl fmt::Display for StyleIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.built_in(), self.slot()) {
            (Some(built_in), _) => f.write_str(built_in.title),
            (None, Some(slot)) => write!(f, "user style {}", slot + 1),
            (None, None) => write!(f, "built-in style {}", self.0 + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_of_old_projects_never_move() {
        assert_eq!(BUILT_IN_STYLES.map(|style| style.id), ["classical", "jazz", "pop"]);
        assert_eq!(Genre::ALL.map(|genre| StyleIndex::from(genre).index()), [0, 1, 2]);
        assert_eq!(StyleIndex::BUILT_IN, Genre::ALL.map(StyleIndex::from));
        assert_eq!(StyleIndex::from_slot(0).map(StyleIndex::index), Some(8));
    }

    #[test]
    fn every_place_is_a_built_in_style_a_users_slot_or_reserved() {
        let all: Vec<_> = StyleIndex::all().collect();
        assert_eq!(all.len(), MAX_STYLES);
        assert_eq!(all.iter().filter(|style| style.built_in().is_some()).count(), BUILT_IN_STYLES.len());
        assert_eq!(
            all.iter().filter_map(|style| style.slot()).collect::<Vec<_>>(),
            (0..USER_SLOTS).collect::<Vec<_>>()
        );
        assert_eq!(StyleIndex::new(MAX_STYLES), None);
        assert_eq!(StyleIndex::from_slot(USER_SLOTS), None);
        let names = [1, 4, 8].map(|index| StyleIndex::new(index).expect("a place").to_string());
        assert_eq!(names, ["Jazz", "built-in style 5", "user style 1"]);
    }
}
