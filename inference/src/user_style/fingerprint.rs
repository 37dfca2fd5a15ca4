//! Says which graphs a learned style reads.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::manifest::Sha256;

/// A checksum of the graphs whose outputs a style reads: both encoders, and the decoders of some built-in styles.
///
/// Other decoders do not count, so a style stays valid when a model gains one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReadoutFingerprint(Sha256);

impl ReadoutFingerprint {
    /// The fingerprint of encoders and of the decoders of some styles, with these checksums and in this order.
    pub(crate) fn new<'a>(encoders: &[Sha256], decoders: impl IntoIterator<Item = (&'a str, Sha256)>) -> Self {
        let mut text: String = encoders.iter().map(|encoder| format!("{encoder}\n")).collect();
        text.extend(decoders.into_iter().map(|(style, decoder)| format!("{style} {decoder}\n")));
        Self(Sha256::digest(text.as_bytes()))
    }
}

impl fmt::Display for ReadoutFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
