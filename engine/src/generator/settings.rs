//! What the user wants generated, and what is to become of it.

use serde::{Deserialize, Serialize};
use tonenet_core::tune::{Metre, Tonality};

/// Bars that can be generated at once.
pub const BARS: std::ops::RangeInclusive<u32> = 1..=32;

/// Temperatures that a model may be given.
pub const TEMPERATURES: std::ops::RangeInclusive<f32> = 0.3..=1.5;

/// The highest seed; it is followed by the first.
pub const LAST_SEED: u32 = 999_999;

/// What kind of clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClipKind {
    /// A new tune.
    #[default]
    Variation,
    /// A tune that continues what was played last.
    Continuation,
    /// A phrase from noise.
    Texture,
    /// A phrase between two captured ones.
    Morph,
}

/// What the user wants generated, and what is to become of it.
///
/// It is part of the saved state. What a project does not say has its default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GenerateSettings {
    /// What kind of clip.
    pub kind: ClipKind,
    /// How many bars, of [`BARS`].
    pub bars: u32,
    /// The time signature of a new tune.
    pub signature: (u8, u8),
    /// The pitch class of a new tune's tonic, 0 (C) to 11 (B).
    pub tonic: u8,
    /// Whether a new tune is in minor.
    pub is_minor: bool,
    /// Whether the melody is kept to the notes of its key.
    pub in_key: bool,
    /// 1 samples as the model learned; less keeps to what is likely, more dares. Of [`TEMPERATURES`].
    pub temperature: f32,
    /// How far a morph lies on the way from the first phrase to the second, 0–1.
    pub share: f32,
    /// Which of all such clips comes next, up to [`LAST_SEED`].
    pub seed: u32,
    /// Whether the next clip has the same seed.
    pub keeps_seed: bool,
    /// Whether a new clip plays from the next bar line on without being placed first.
    pub plays_at_once: bool,
    /// Whether the clip in the song begins anew where it ends.
    pub looped: bool,
    /// Whether its notes get the style's velocities; else their own, which in a tune are the article's 80.
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

    /// The same with everything in its range, as a loaded state need not have it.
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
    fn what_a_project_says_nothing_of_has_its_default() {
        let settings: GenerateSettings = serde_json::from_str(r#"{"kind":"continuation","bars":4}"#).unwrap();
        assert_eq!(settings, GenerateSettings { kind: ClipKind::Continuation, bars: 4, ..GenerateSettings::default() });
        assert_eq!(GenerateSettings::default().in_range(), GenerateSettings::default());
    }

    #[test]
    fn what_no_user_can_set_is_brought_into_range() {
        let json =
            r#"{"bars":4000000000,"signature":[5,3],"tonic":255,"temperature":6e99,"share":6e99,"seed":4294967295}"#;
        let settings = serde_json::from_str::<GenerateSettings>(json).unwrap().in_range();
        assert_eq!(settings, GenerateSettings { bars: 32, tonic: 3, seed: LAST_SEED, ..GenerateSettings::default() });
        assert_eq!(settings.next_seed(), 0);
    }
}
