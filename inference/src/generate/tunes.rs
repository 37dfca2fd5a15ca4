//! Melodies over chords, written symbol by symbol.

use tonenet_core::tune::{Metre, Tonality, Tune};

/// Bars that can be asked for.
pub const BARS: std::ops::RangeInclusive<u32> = 1..=64;

/// What tune is wanted. The same wish always gives the same tune, in one runtime.
#[derive(Debug, Clone, PartialEq)]
pub struct TuneWish {
    /// Which of all such tunes.
    pub seed: u64,
    /// Bars to write, of [`BARS`].
    pub bars: u32,
    /// Its metre; a continuation keeps that of what it continues.
    pub metre: Metre,
    /// Its key; a continuation keeps that of what it continues.
    pub tonality: Tonality,
    /// Whether the melody is kept to the notes of the key.
    pub in_key: bool,
    /// 1 draws as the model learned, less keeps to what is likely, more dares; at least .1.
    pub temperature: f32,
    /// Only the likeliest symbols are drawn that together have this share, above 0 to 1.
    pub top_p: f32,
    /// What the tune goes on from; not part of what is written.
    pub prime: Option<Tune>,
}

impl Default for TuneWish {
    fn default() -> Self {
        Self {
            seed: 0,
            bars: 8,
            metre: Metre::FourFour,
            tonality: Tonality { tonic: 0, is_minor: false },
            in_key: false,
            temperature: 1.0,
            top_p: 1.0,
            prime: None,
        }
    }
}
