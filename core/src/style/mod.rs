//! How a note is played: which styles, in what shares, and which performance of them.
//!
//! A style is data: a place in an instance's list ([`StyleIndex`]) and a key for its content ([`StyleKey`]).
//! [`mixing`] has the one rule that turns what a model predicts of each style into one deviation from the part's level.
//! [`range`] has the gain that gives predictions the spread of a performance.

mod column;
mod index;
mod key;
pub mod mixing;
mod quantised;
pub mod range;
mod take_seed;

pub use column::StyleColumn;
pub use index::{BUILT_IN_PLACES, BUILT_IN_STYLES, BuiltInStyle, MAX_STYLES, PerStyle, StyleIndex, USER_SLOTS};
pub use key::{StyleKey, StyleKeys, built_in_keys};
pub use quantised::QuantisedExpectation;
pub(crate) use take_seed::FeelNoise;
pub use take_seed::TakeSeed;

/// Two styles and the way between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StyleBlend {
    /// Style A.
    pub a: StyleIndex,
    /// Style B.
    pub b: StyleIndex,
    /// 0: A alone; 1: B alone.
    pub share_of_b: f32,
}

impl StyleBlend {
    /// One style alone.
    pub fn only(style: impl Into<StyleIndex>) -> Self {
        let style = style.into();
        Self { a: style, b: style, share_of_b: 0.0 }
    }

    /// The share of a style, 0–1; over all styles they add up to 1.
    pub fn share(&self, style: StyleIndex) -> f32 {
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
        let blend = StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::POP, share_of_b: 0.25 };
        assert_eq!(StyleIndex::BUILT_IN.map(|g| blend.share(g)), [0.0, 0.75, 0.25]);
        assert_eq!(StyleBlend::only(StyleIndex::POP).share(StyleIndex::POP), 1.0);
        let same = StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::JAZZ, share_of_b: 0.3 };
        assert!((same.share(StyleIndex::JAZZ) - 1.0).abs() < 1e-6);
    }
}
