//! How a note is played: which styles, in what shares, and which performance of them.
//!
//! [`mixing`] has the one rule that turns what a model predicts of each style into one deviation from the part's level.
//! [`range`] has the gain that gives predictions the spread of a performance.

pub mod mixing;
mod quantised;
pub mod range;
mod take_seed;

pub use quantised::QuantisedExpectation;
pub use take_seed::TakeSeed;

use crate::genre::Genre;

/// One of something for each style, in the order of [`Genre::ALL`].
pub type PerStyle<T> = [T; Genre::ALL.len()];

/// Two styles and the way between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StyleBlend {
    /// Style A.
    pub a: Genre,
    /// Style B.
    pub b: Genre,
    /// 0: A alone; 1: B alone.
    pub share_of_b: f32,
}

impl StyleBlend {
    /// One style alone.
    pub fn only(style: Genre) -> Self {
        Self { a: style, b: style, share_of_b: 0.0 }
    }

    /// The share of a style, 0–1; over all styles they add up to 1.
    pub fn share(&self, style: Genre) -> f32 {
        let b = self.share_of_b.clamp(0.0, 1.0);
        let of = |is: bool, share: f32| if is { share } else { 0.0 };
        of(style == self.a, 1.0 - b) + of(style == self.b, b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_go_from_one_style_to_the_other() {
        let blend = StyleBlend { a: Genre::Jazz, b: Genre::Pop, share_of_b: 0.25 };
        assert_eq!([Genre::Classical, Genre::Jazz, Genre::Pop].map(|g| blend.share(g)), [0.0, 0.75, 0.25]);
        assert_eq!(StyleBlend::only(Genre::Pop).share(Genre::Pop), 1.0);
        let same = StyleBlend { a: Genre::Jazz, b: Genre::Jazz, share_of_b: 0.3 };
        assert!((same.share(Genre::Jazz) - 1.0).abs() < 1e-6);
    }
}
