//! The genres that have a built-in style ([`crate::style`]). Training data may have others, by their ids.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A genre whose dynamics a decoder has learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Genre {
    /// Recitals and recordings of the classical repertoire.
    Classical,
    /// Jazz piano.
    Jazz,
    /// Piano arrangements of popular songs.
    Pop,
}

impl Genre {
    /// All genres, in the order of their built-in styles ([`crate::style::BUILT_IN_STYLES`]).
    pub const ALL: [Self; 3] = [Self::Classical, Self::Jazz, Self::Pop];

    /// The name used in files, tensors and on the command line.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Classical => "classical",
            Self::Jazz => "jazz",
            Self::Pop => "pop",
        }
    }

    /// The name shown to users.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Classical => "Classical",
            Self::Jazz => "Jazz",
            Self::Pop => "Pop",
        }
    }

    /// Index in [`Genre::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Genre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Genre {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|g| g.id().eq_ignore_ascii_case(text))
            .ok_or_else(|| format!("there is no style {text:?}; choose classical, jazz or pop"))
    }
}
