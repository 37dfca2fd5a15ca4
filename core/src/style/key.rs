//! The name of a style's content, under which its predictions are kept whatever its place in the list.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{PerStyle, StyleIndex};

/// Names the content of a style: the id of a built-in style, or `user:` and a hash of a user's style.
///
/// Predictions are kept under it. So a slot that gets another style never plays the predictions of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct StyleKey(Arc<str>);

impl StyleKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for StyleKey {
    fn from(key: &str) -> Self {
        Self(key.into())
    }
}

impl From<String> for StyleKey {
    fn from(key: String) -> Self {
        Self(key.into())
    }
}

impl From<StyleKey> for String {
    fn from(key: StyleKey) -> Self {
        key.0.as_ref().into()
    }
}

impl fmt::Display for StyleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key of the style that each place plays; `None` where nothing plays.
pub type StyleKeys = PerStyle<Option<StyleKey>>;

/// The keys of the built-in styles, with no style of the user.
pub fn built_in_keys() -> StyleKeys {
    let mut keys = StyleKeys::default();
    for style in StyleIndex::BUILT_IN {
        keys[style.index()] = style.built_in().map(|built_in| built_in.id.into());
    }
    keys
}
