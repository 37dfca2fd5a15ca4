//! The id of a learned style.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Readout, StyleContents};

/// The id of a learned style, a checksum of what it predicts. Its text has 16 hexadecimal digits.
///
/// Projects store it. A style keeps its id under another name and on another computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserStyleId(u64);

impl UserStyleId {
    /// The id of a style of these contents.
    pub(super) fn from_contents(contents: &StyleContents) -> Self {
        let Readout { past, ahead, built_ins, constant } = &contents.readout;
        let mut hash = Sha256::new();
        hash.update(contents.fingerprint.to_string());
        for built_in in built_ins {
            hash.update(built_in.style.id());
            hash.update(built_in.weight.to_le_bytes());
        }
        let spread = contents.spread;
        let others = [*constant, contents.spread_scale, spread.human, spread.predicted];
        for number in past.iter().chain(ahead).chain(&others) {
            hash.update(number.to_le_bytes());
        }
        // Styles from before the feel keep their ids.
        if !contents.feel.is_nearest() {
            contents.feel.numbers().for_each(|number| hash.update(number.to_le_bytes()));
        }
        let digits: [u8; 32] = hash.finalize().into();
        Self(digits[..8].iter().fold(0, |id, &byte| id << 8 | u64::from(byte)))
    }
}

impl fmt::Display for UserStyleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for UserStyleId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_id = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let id = is_id.then(|| u64::from_str_radix(text, 16).ok()).flatten();
        id.map(Self).ok_or_else(|| format!("{text:?} is not a style's id of 16 hexadecimal digits"))
    }
}

impl TryFrom<String> for UserStyleId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<UserStyleId> for String {
    fn from(id: UserStyleId) -> Self {
        id.to_string()
    }
}
