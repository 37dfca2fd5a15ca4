//! The genres of performances: ids that `performances.csv` gives, and that a model's decoders are called after.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tonenet_core::genre::Genre;
use tonenet_core::style::{BUILT_IN_PLACES, BUILT_IN_STYLES, StyleIndex};

/// The most characters of an id.
const MOST_CHARACTERS: usize = 32;

/// A genre of performances, by its id. The built-in genres come first in their order, then the others by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GenreId(Arc<str>);

/// Why a text is no genre's id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{text:?} is no genre; write it in lowercase letters from a to z, digits and hyphens, at most {MOST_CHARACTERS}, \
     with a letter first, as bossa-nova"
)]
pub struct BadGenre {
    text: String,
}

/// More genres than a model has places for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a model has room for {most} genres that are not built in; these are {found}: {list}")]
pub struct TooManyGenres {
    most: usize,
    found: usize,
    list: String,
}

impl GenreId {
    /// The name used in files, tensors and on the command line.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name shown to users.
    pub fn title(&self) -> String {
        if let Some(genre) = self.built_in() {
            return genre.title().into();
        }
        let words = self.0.replace('-', " ");
        let (first, others) = words.split_at(1);
        first.to_ascii_uppercase() + others
    }

    /// The built-in genre with this id, if it is one.
    pub fn built_in(&self) -> Option<Genre> {
        Genre::ALL.into_iter().find(|genre| genre.id() == &*self.0)
    }
}

impl FromStr for GenreId {
    type Err = BadGenre;

    fn from_str(text: &str) -> Result<Self, BadGenre> {
        let is_plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let is_id = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(is_plain)
            && text.len() <= MOST_CHARACTERS;
        if is_id { Ok(Self(text.into())) } else { Err(BadGenre { text: text.into() }) }
    }
}

impl TryFrom<String> for GenreId {
    type Error = BadGenre;

    fn try_from(text: String) -> Result<Self, BadGenre> {
        text.parse()
    }
}

impl From<GenreId> for String {
    fn from(genre: GenreId) -> Self {
        genre.as_str().into()
    }
}

impl From<Genre> for GenreId {
    fn from(genre: Genre) -> Self {
        Self(genre.id().into())
    }
}

impl PartialEq<Genre> for GenreId {
    fn eq(&self, genre: &Genre) -> bool {
        self.built_in() == Some(*genre)
    }
}

impl Ord for GenreId {
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |genre: &Self| genre.built_in().map_or(Genre::ALL.len(), Genre::index);
        place(self).cmp(&place(other)).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for GenreId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for GenreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The built-in genres.
pub fn built_in() -> Vec<GenreId> {
    Genre::ALL.map(GenreId::from).into()
}

/// Each genre once, in order.
pub fn distinct(genres: impl IntoIterator<Item = GenreId>) -> Vec<GenreId> {
    genres.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

/// Genres as text, with commas.
pub fn list(genres: &[GenreId]) -> String {
    genres.iter().map(GenreId::as_str).collect::<Vec<_>>().join(", ")
}

/// Checks that one model can have a style for each of these genres.
///
/// # Errors
/// When there are more than places in the list of styles.
pub fn check_places(genres: &[GenreId]) -> Result<(), TooManyGenres> {
    let most = BUILT_IN_PLACES - BUILT_IN_STYLES.len();
    let others: Vec<GenreId> =
        genres.iter().filter(|genre| StyleIndex::from_id(genre.as_str()).is_none()).cloned().collect();
    if others.len() <= most {
        return Ok(());
    }
    Err(TooManyGenres { most, found: others.len(), list: list(&others) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn genres(ids: &[&str]) -> Vec<GenreId> {
        ids.iter().map(|id| id.parse().unwrap()).collect()
    }

    #[test]
    fn built_in_genres_come_first_in_their_order_and_the_others_follow_by_id() {
        let found = distinct(genres(&["stride", "pop", "bossa-nova", "jazz", "pop", "classical", "a"]));
        assert_eq!(list(&found), "classical, jazz, pop, a, bossa-nova, stride");
    }

    #[test]
    fn an_id_is_what_files_and_tensors_may_be_called_after() {
        for text in ["jazz", "bossa-nova", "80s", "x2", "-x", "Jazz", "é", "", "a b", "a.b", "a/b", &"a".repeat(33)] {
            let is_id = ["jazz", "bossa-nova", "x2"].contains(&text);
            assert_eq!(text.parse::<GenreId>().is_ok(), is_id, "{text:?}");
        }
    }

    #[test]
    fn a_title_is_the_id_in_words() {
        let titles: Vec<String> = genres(&["pop", "bossa-nova", "x2"]).iter().map(GenreId::title).collect();
        assert_eq!(titles, ["Pop", "Bossa nova", "X2"]);
    }

    #[test]
    fn more_genres_than_places_are_refused_by_name() {
        let room = BUILT_IN_PLACES - BUILT_IN_STYLES.len();
        let mut all = built_in();
        all.extend((0..room).map(|n| format!("g{n}").parse::<GenreId>().unwrap()));
        assert_eq!(check_places(&all), Ok(()));
        all.push("one-more".parse().unwrap());
        let error = check_places(&all).unwrap_err().to_string();
        assert!(error.contains(&format!("room for {room} genres")) && error.contains("g0, "), "{error}");
        assert!(error.contains("one-more"), "{error}");
    }
}
