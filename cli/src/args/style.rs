//! The name of a style on the command line: an id, or a `.tonestyle` file.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::builder::{PathBufValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use serde::{Serialize, Serializer};
use tonenet_core::style::BUILT_IN_STYLES;
use tonenet_inference::user_style::EXTENSION;

/// A style that the command line names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StyleName {
    /// The id of a style of the model, in lower case.
    Id(String),
    /// The file of a user's style.
    File(PathBuf),
}

impl StyleName {
    /// Whether every model of the program has it.
    pub fn is_built_in(&self) -> bool {
        matches!(self, Self::Id(id) if BUILT_IN_STYLES.iter().any(|style| style.id == id))
    }

    /// The file of a user's style.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Id(_) => None,
            Self::File(path) => Some(path),
        }
    }

    /// What results are called after: the id, or the file's name in lower case with hyphens.
    pub fn label(&self) -> String {
        let name = match self {
            Self::Id(id) => return id.clone(),
            Self::File(path) => path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase(),
        };
        let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let label = words.collect::<Vec<_>>().join("-");
        if label.is_empty() { "style".into() } else { label }
    }
}

impl From<&Path> for StyleName {
    fn from(path: &Path) -> Self {
        let is_file = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(EXTENSION));
        if is_file { Self::File(path.into()) } else { Self::Id(path.to_string_lossy().to_lowercase()) }
    }
}

impl FromStr for StyleName {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Path::new(text).into())
    }
}

impl fmt::Display for StyleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => f.write_str(id),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Serialize for StyleName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads the name of a style, and offers the built-in ones.
#[derive(Debug, Clone)]
pub struct StyleNameParser;

impl TypedValueParser for StyleNameParser {
    type Value = StyleName;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<StyleName, clap::Error> {
        let path = PathBufValueParser::new().parse_ref(command, argument, value)?;
        Ok(path.as_path().into())
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let built_in = PossibleValuesParser::new(BUILT_IN_STYLES.map(|style| style.id));
        let values: Vec<PossibleValue> = built_in.possible_values()?.collect();
        Some(Box::new(values.into_iter()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_an_id_or_a_file_and_results_are_called_after_it() {
        for (text, is_file, label) in [
            ("Jazz", false, "jazz"),
            ("bossa", false, "bossa"),
            ("my/Late Evening.tonestyle", true, "late-evening"),
            ("é_2.TONESTYLE", true, "é-2"),
            ("--.tonestyle", true, "style"),
        ] {
            let name: StyleName = text.parse().unwrap();
            assert_eq!((name.file().is_some(), name.label().as_str()), (is_file, label), "{text}");
        }
    }
}
