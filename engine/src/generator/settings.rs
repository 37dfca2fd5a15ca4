//! The user's settings for generating and playing clips.

use serde::{Deserialize, Serialize};
use tonenet_core::tune::{Metre, Tonality};

/// The range of lengths in bars.
pub const BARS: std::ops::RangeInclusive<u32> = 1..=32;

/// The range of sampling temperatures.
pub const TEMPERATURES: std::ops::RangeInclusive<f32> = 0.3..=1.5;

/// The highest seed. The next one after it is 0.
pub const LAST_SEED: u32 = 999_999;

/// The kind of clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClipKind {
    /// A new tune.
    #[default]
    Variation,
    /// A tune that continues the notes played last.
    Continuation,
    /// A phrase from noise.
    Texture,
    /// A phrase between two captured ones.
    Morph,
}

/// The user's settings for generating and playing clips.
///
/// They are part of the saved state. Missing fields get their defaults.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GenerateSettings {
    /// The kind of clip.
    pub kind: ClipKind,
    /// Length in bars, within [`BARS`].
    pub bars: u32,
    /// The time signature of a new tune.
    pub signature: (u8, u8),
    /// The pitch class of a new tune's tonic, 0 (C) to 11 (B).
    pub tonic: u8,
    /// Whether a new tune is in minor.
    pub is_minor: bool,
    /// Whether the melody uses only notes of its key.
    pub in_key: bool,
    /// Sampling temperature, within [`TEMPERATURES`]. 1 is the model's own distribution; less is more predictable.
    pub temperature: f32,
    /// Position of a morph between the first phrase (0) and the second (1).
    pub share: f32,
    /// Seed of the next clip, up to [`LAST_SEED`].
    pub seed: u32,
    /// Whether the next clip uses the same seed.
    pub keeps_seed: bool,
    /// Whether a new clip is placed at the next bar line automatically.
    pub plays_at_once: bool,
    /// Whether the clip in the song loops.
    pub looped: bool,
    /// Whether its notes get predicted velocities. Otherwise they keep their own, which is 80 in a tune.
    pub restyled: bool,
}

impl Default for GenerateSettings {
    fn default() -> Self {
        Self {
            kind: ClipKind::Variation,
            bars: 8,
            signature: (4, 4),
            tonic: 0,
            is_minor: false,
            in_key: true,
            temperature: 1.0,
            share: 0.5,
            seed: 1,
            keeps_seed: false,
            plays_at_once: true,
            looped: true,
            restyled: true,
        }
    }
}

impl GenerateSettings {
    /// The metre of a new tune.
    pub fn metre(&self) -> Metre {
        Metre::from_signature(self.signature.0, self.signature.1).unwrap_or(Metre::FourFour)
    }

    /// The key of a new tune.
    pub fn tonality(&self) -> Tonality {
        Tonality { tonic: self.tonic % 12, is_minor: self.is_minor }
    }

    /// The settings with each value in range. A loaded state may have values out of range.
    pub fn in_range(self) -> Self {
        let temperature = if self.temperature.is_finite() { self.temperature } else { Self::default().temperature };
        Self {
            bars: self.bars.clamp(*BARS.start(), *BARS.end()),
            signature: self.metre().signature(),
            tonic: self.tonic % 12,
            temperature: temperature.clamp(*TEMPERATURES.start(), *TEMPERATURES.end()),
            share: if self.share.is_finite() { self.share.clamp(0.0, 1.0) } else { Self::default().share },
            seed: self.seed.min(LAST_SEED),
            ..self
        }
    }

    /// The seed after this one.
    pub fn next_seed(&self) -> u32 {
        if self.seed < LAST_SEED { self.seed + 1 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_missing_from_a_project_get_their_defaults() {
        let settings: GenerateSettings = serde_json::from_str(r#"{"kind":"continuation","bars":4}"#).unwrap();
        assert_eq!(settings, GenerateSettings { kind: ClipKind::Continuation, bars: 4, ..GenerateSettings::default() });
        assert_eq!(GenerateSettings::default().in_range(), GenerateSettings::default());
    }

    #[test]
    fn loaded_values_out_of_range_are_clamped() {
        let json =
            r#"{"bars":4000000000,"signature":[5,3],"tonic":255,"temperature":6e99,"share":6e99,"seed":4294967295}"#;
        let settings = serde_json::from_str::<GenerateSettings>(json).unwrap().in_range();
        assert_eq!(settings, GenerateSettings { bars: 32, tonic: 3, seed: LAST_SEED, ..GenerateSettings::default() });
        assert_eq!(settings.next_seed(), 0);
    }
}
