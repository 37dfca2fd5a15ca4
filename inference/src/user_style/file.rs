//! Reads and writes `.tonestyle` files: JSON of a format, a checksum and the style.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tonenet_core::genre::Genre;

use super::{Readout, ReadoutFingerprint, StyleCard, StyleContents, UserStyle, UserStyleError};
use crate::feel::OwnFeel;
use crate::manifest::Sha256;
use crate::model::StyleSpread;

/// The ending of a style's file name.
pub const EXTENSION: &str = "tonestyle";

/// The file format that this version reads and writes.
pub const FORMAT: u64 = 1;

/// The most bytes of a file.
pub const MOST_BYTES: usize = 50_000;

/// A file. The checksum is that of the style's text, character by character.
#[derive(Serialize, Deserialize)]
struct File<'a> {
    format: u64,
    checksum: Sha256,
    #[serde(borrow)]
    style: &'a RawValue,
}

/// The style in a file. Unknown fields are ignored.
#[derive(Serialize, Deserialize)]
struct Style {
    name: String,
    model: ReadoutFingerprint,
    nearest: Genre,
    spread_scale: f32,
    human_spread: f32,
    predicted_spread: f32,
    /// Absent where it is the nearest style's, as it was before styles had a feel of their own.
    #[serde(default, skip_serializing_if = "OwnFeel::is_nearest")]
    feel: OwnFeel,
    card: StyleCard,
    readout: Readout,
}

impl From<&StyleContents> for Style {
    fn from(contents: &StyleContents) -> Self {
        let StyleContents { name, fingerprint, readout, spread_scale, spread, nearest, feel, card } = contents.clone();
        let StyleSpread { human: human_spread, predicted: predicted_spread } = spread;
        Self { name, model: fingerprint, nearest, spread_scale, human_spread, predicted_spread, feel, card, readout }
    }
}

impl From<Style> for StyleContents {
    fn from(style: Style) -> Self {
        let Style {
            name,
            model: fingerprint,
            nearest,
            spread_scale,
            human_spread,
            predicted_spread,
            feel,
            card,
            readout,
        } = style;
        let spread = StyleSpread { human: human_spread, predicted: predicted_spread };
        Self { name, fingerprint, readout, spread_scale, spread, nearest, feel, card }
    }
}

impl UserStyle {
    /// Reads a style; error messages call its file `file`.
    ///
    /// # Errors
    /// When the file is too large, was made for a newer version, is damaged or does not hold a style.
    pub fn from_bytes(bytes: &[u8], file: &str) -> Result<Self, UserStyleError> {
        // The format is read alone first: a newer format may have changed any other field.
        #[derive(Deserialize)]
        struct Header {
            format: u64,
        }
        if bytes.len() > MOST_BYTES {
            return Err(UserStyleError::TooLarge { file: file.into(), most: MOST_BYTES });
        }
        let no_style = |reason: String| UserStyleError::NoStyle { file: file.into(), reason };
        let Header { format } = serde_json::from_slice(bytes).map_err(|e| no_style(e.to_string()))?;
        if format > FORMAT {
            return Err(UserStyleError::NewerFormat { file: file.into(), format, known: FORMAT });
        }
        if format < FORMAT {
            return Err(no_style(format!("there is no style format {format}")));
        }
        let File { checksum, style, .. } = serde_json::from_slice(bytes).map_err(|e| no_style(e.to_string()))?;
        if Sha256::digest(style.get().as_bytes()) != checksum {
            return Err(UserStyleError::Damaged { file: file.into() });
        }
        let style: Style = serde_json::from_str(style.get()).map_err(|e| no_style(e.to_string()))?;
        Self::new(style.into()).map_err(|e| no_style(e.to_string()))
    }

    /// The bytes of the style's file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let style = serde_json::value::to_raw_value(&Style::from(&self.contents));
        let style = style.expect("a style has no maps, and its numbers are finite");
        let checksum = Sha256::digest(style.get().as_bytes());
        let file = serde_json::to_string(&File { format: FORMAT, checksum, style: &style });
        (file.expect("a file has no maps") + "\n").into_bytes()
    }
}
