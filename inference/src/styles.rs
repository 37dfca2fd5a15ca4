//! The list of styles that a loaded model plays: its own, and in the user's slots those that fit it.

use std::fmt;
use std::sync::Arc;

use tonenet_core::style::{PerStyle, StyleIndex, StyleKey, StyleKeys, USER_SLOTS, built_in_keys};

use crate::user_style::{UserStyle, UserStyleError};

/// The styles in a user's slots.
pub type StyleSlots = [Option<Arc<UserStyle>>; USER_SLOTS];

/// The style that plays at a place in the list.
#[derive(Debug, Clone, PartialEq)]
pub enum PlayedStyle {
    /// A style of the model, which has a decoder.
    Decoder(StyleIndex),
    /// A style of the user.
    User(Arc<UserStyle>),
}

/// A built-in style that plays in place of a user's.
#[derive(Debug, Clone, PartialEq)]
pub struct Substitute {
    /// The user's slot, counted from 0.
    pub slot: usize,
    /// The style that plays: the nearest one.
    pub nearest: StyleIndex,
    /// Why the user's style cannot play, and the cure.
    pub reason: UserStyleError,
}

impl fmt::Display for Substitute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. Until then {} plays in its place", self.reason, self.nearest)
    }
}

/// Which style plays at each place in the list, with one model.
#[derive(Debug, Clone, PartialEq)]
pub struct StyleList {
    places: PerStyle<Option<PlayedStyle>>,
    keys: StyleKeys,
    substitutes: Vec<Substitute>,
}

/// The built-in styles alone.
impl Default for StyleList {
    fn default() -> Self {
        Self::new(&built_in_keys(), &StyleSlots::default(), |_| Ok(()))
    }
}

impl StyleList {
    /// The list for a model whose own styles have these keys. `check` says whether the model can play a user's style.
    ///
    /// An empty place plays what the place before it plays, so that every value of a host's parameter is heard as
    /// something. A built-in style that the model lacks stays without.
    pub fn new(own: &StyleKeys, slots: &StyleSlots, check: impl Fn(&UserStyle) -> Result<(), UserStyleError>) -> Self {
        let mut list = Self { places: PerStyle::default(), keys: own.clone(), substitutes: Vec::new() };
        let first = StyleIndex::all().find(|style| own[style.index()].is_some());
        let mut before = None;
        for style in StyleIndex::all() {
            let index = style.index();
            let user = style.slot().and_then(|slot| Some((slot, slots[slot].as_ref()?)));
            let (played, key) = if own[index].is_some() {
                (Some(PlayedStyle::Decoder(style)), own[index].clone())
            } else if let Some((slot, user)) = user {
                match check(user) {
                    Ok(()) => (Some(PlayedStyle::User(user.clone())), Some(user_key(user))),
                    Err(reason) => {
                        let nearest = Some(user.nearest()).filter(|nearest| own[nearest.index()].is_some()).or(first);
                        list.substitutes.extend(nearest.map(|nearest| Substitute { slot, nearest, reason }));
                        (nearest.map(PlayedStyle::Decoder), nearest.and_then(|nearest| own[nearest.index()].clone()))
                    }
                }
            } else if style.built_in().is_some() {
                (None, None)
            } else {
                before.clone().unwrap_or_default()
            };
            if played.is_some() {
                before = Some((played.clone(), key.clone()));
            }
            (list.places[index], list.keys[index]) = (played, key);
        }
        list
    }

    /// What plays at a place.
    pub fn get(&self, style: StyleIndex) -> Option<&PlayedStyle> {
        self.places[style.index()].as_ref()
    }

    /// The style with a decoder that plays at a place, if one does.
    pub fn decoder(&self, style: StyleIndex) -> Option<StyleIndex> {
        match self.get(style)? {
            PlayedStyle::Decoder(style) => Some(*style),
            PlayedStyle::User(_) => None,
        }
    }

    /// The key of what plays at each place.
    pub fn keys(&self) -> &StyleKeys {
        &self.keys
    }

    /// One place for each style that plays, with its key.
    pub fn distinct(&self) -> Vec<(StyleIndex, StyleKey)> {
        let mut distinct: Vec<(StyleIndex, StyleKey)> = Vec::new();
        for style in StyleIndex::all() {
            if let Some(key) = &self.keys[style.index()]
                && distinct.iter().all(|(_, other)| other != key)
            {
                distinct.push((style, key.clone()));
            }
        }
        distinct
    }

    /// The built-in styles that play in place of the user's.
    pub fn substitutes(&self) -> &[Substitute] {
        &self.substitutes
    }
}

/// The key of a user's style, which names its content: its predictions are kept under it.
pub fn user_key(style: &UserStyle) -> StyleKey {
    format!("user:{}", style.id()).into()
}
