//! What the panel "Styles" shows, and the list of styles to choose from.

use std::path::PathBuf;

use tonenet_core::style::StyleIndex;
use tonenet_engine::style_store::StyleStore;
use tonenet_inference::user_style::UserStyleId;

use crate::dialogs::DialogState;
use crate::learner::LearnerState;

/// A style to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StyleOption {
    /// Its place in the list.
    pub style: StyleIndex,
    /// Its title.
    pub title: String,
}

/// A style of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserStyleView {
    /// Its slot, counted from 0.
    pub slot: usize,
    /// Its title in the list of styles.
    pub title: String,
    /// Its name; empty if it cannot be read.
    pub name: String,
    /// What it was learned from, and how it differs from the nearest built-in style.
    pub description: String,
    /// Its id; `None` if this version cannot read it.
    pub id: Option<UserStyleId>,
}

/// A style that gets another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renaming {
    /// Its slot.
    pub slot: usize,
    /// The name so far.
    pub name: String,
    /// Why the style cannot have that name.
    pub refusal: Option<String>,
}

impl Renaming {
    /// Gives the style in a slot another name. A name that is refused stays in its field, with the reason.
    pub fn keep(store: &StyleStore, slot: usize, name: String) -> Option<Self> {
        let refusal = store.rename(slot, &name).err()?;
        Some(Self { slot, name, refusal: Some(format!("The style keeps its name: {refusal}")) })
    }
}

/// The styles to choose from, and what the panel "Styles" shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StylesView {
    /// The styles to choose from, in the order of the list.
    pub options: Vec<StyleOption>,
    /// The styles of the user.
    pub users: Vec<UserStyleView>,
    /// Whether there is an empty slot.
    pub has_room: bool,
    /// Which styles cannot play, and the cure.
    pub problems: Vec<String>,
    /// The style that gets another name.
    pub renaming: Option<Renaming>,
    /// The name of the style that was removed last, if it can come back.
    pub removed: Option<String>,
    /// The notes of the remembered performance.
    pub played_notes: usize,
    /// The state of the dialog that asks what to learn from.
    pub choosing: DialogState<()>,
    /// The state of the learner.
    pub learning: LearnerState,
    /// The state of the dialog that imports a style. The result is its name.
    pub importing: DialogState<String>,
    /// The state of the dialog that exports a style.
    pub exporting: DialogState<PathBuf>,
}

impl StylesView {
    /// The view of a store. What the store does not know has its default.
    pub fn new(store: &StyleStore) -> Self {
        let choices = store.choices();
        let option = |&style: &StyleIndex| StyleOption { style, title: store.title(style) };
        let user = |style: &StyleIndex| {
            let slot = style.slot()?;
            let read = store.style(slot);
            let described = read.as_ref().map(|style| {
                let card = &style.contents().card;
                format!("{}, {} notes. {}", counted(card.files, "performance"), card.notes, card.description)
            });
            Some(UserStyleView {
                slot,
                title: store.title(*style),
                name: read.as_ref().map_or_else(String::new, |style| style.name().into()),
                description: described.unwrap_or_default(),
                id: read.map(|style| style.id()),
            })
        };
        let users: Vec<UserStyleView> = choices.iter().filter_map(user).collect();
        Self {
            options: choices.iter().map(option).collect(),
            has_room: store.has_room(),
            removed: store.removed(),
            users,
            ..Self::default()
        }
    }

    /// The title of a place in the list, if it is one to choose.
    pub(super) fn title(&self, style: StyleIndex) -> String {
        let option = self.options.iter().find(|option| option.style == style);
        option.map_or_else(|| format!("an empty place ({style})"), |option| option.title.clone())
    }
}

/// A number of things, in words.
pub(super) fn counted(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}
