//! The file of a preset: JSON with a version.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{PresetError, SavedSettings};
use crate::params::ToneNetParams;

/// The extension of a preset's file.
pub const EXTENSION: &str = "tonepreset";

/// The most characters of a name.
pub const MOST_NAME_CHARACTERS: usize = 40;

/// The most characters of a description.
pub const MOST_DESCRIPTION_CHARACTERS: usize = 200;

/// The most bytes of a file.
pub(super) const MOST_BYTES: usize = 64 * 1024;

/// The version of the format that this version writes, and the newest that it reads.
const VERSION: u64 = 1;

/// Named settings of the sound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preset {
    version: u64,
    /// Its name.
    pub name: String,
    /// What it does to the music, in one sentence; empty if nobody said so.
    #[serde(default)]
    pub description: String,
    /// The values of parameters.
    #[serde(default)]
    pub settings: SavedSettings,
    /// What this version does not know.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Which preset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresetId {
    /// One that ToneNet comes with, by its name.
    Shipped(String),
    /// One of the user's, by its name.
    Own(String),
}

impl PresetId {
    /// The preset's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Shipped(name) | Self::Own(name) => name,
        }
    }
}

impl Preset {
    /// A preset of these settings.
    ///
    /// # Errors
    /// When no preset can have that name.
    pub fn new(name: &str, settings: SavedSettings) -> Result<Self, PresetError> {
        let (name, description) = (valid_name(name)?, String::new());
        Ok(Self { version: VERSION, name, description, settings, rest: Map::new() })
    }

    /// The same preset with another name.
    ///
    /// # Errors
    /// When no preset can have that name.
    pub fn renamed(self, name: &str) -> Result<Self, PresetError> {
        Ok(Self { name: valid_name(name)?, ..self })
    }

    /// Reads a preset from a file's bytes. `file` is the file's name, for errors.
    ///
    /// # Errors
    /// When the bytes do not hold a preset, or one of a later version.
    pub fn from_bytes(bytes: &[u8], file: &str) -> Result<Self, PresetError> {
        if bytes.len() > MOST_BYTES {
            return Err(PresetError::TooLarge { file: file.into(), most: MOST_BYTES });
        }
        let refused = |reason: String| PresetError::NoPreset { file: file.into(), reason };
        let json: Value = serde_json::from_slice(bytes).map_err(|error| refused(error.to_string()))?;
        match json.get("version").map(Value::as_u64) {
            Some(Some(version @ 0..=VERSION)) if version > 0 => {}
            Some(Some(version)) if version > VERSION => {
                return Err(PresetError::Newer { file: file.into(), version, known: VERSION });
            }
            _ => return Err(refused("it has no version".into())),
        }
        let preset: Self = serde_json::from_value(json).map_err(|error| refused(error.to_string()))?;
        let name = valid_name(&preset.name).map_err(|error| refused(error.to_string()))?;
        let description = plain(&preset.description, MOST_DESCRIPTION_CHARACTERS);
        match preset.settings.invalid(&ToneNetParams::new(Default::default())) {
            Some(setting) => Err(refused(format!("its setting {setting} has a value of the wrong kind"))),
            None => Ok(Self { name, description, ..preset }),
        }
    }

    /// The bytes of the preset's file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("texts and numbers serialise");
        bytes.push(b'\n');
        bytes
    }
}

/// A name without spaces around it.
fn valid_name(name: &str) -> Result<String, PresetError> {
    let invalid = |reason: &str| Err(PresetError::InvalidName { reason: reason.into() });
    let name = name.trim();
    match name.chars().count() {
        0 => invalid("a preset needs a name"),
        length if length > MOST_NAME_CHARACTERS => invalid("the name has over 40 characters"),
        _ if name.chars().any(char::is_control) => invalid("the name has characters that cannot be shown"),
        _ => Ok(name.into()),
    }
}

/// A text in one line, of at most so many characters.
fn plain(text: &str, most: usize) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).take(most).collect()
}
