//! From what a model says to the velocity that leaves: level, range and amount.
//!
//! A model speaks of deviations from a part's level; the level stays the player's own, so a quiet take stays
//! quiet. The style's range is restored, because the mean of many possible performances is flatter than any one
//! of them.

use crate::note::midi_velocity;

/// Never stretch a model's deviations more than this: past it, its uncertainty becomes louder than its knowledge.
const WIDEST_RANGE: f32 = 2.0;

/// How a style's deviations become velocities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    gain: f32,
}

impl Range {
    /// A style's own range: deviations whose standard deviation is `predicted` are stretched to `human`.
    ///
    /// Both are in velocity steps within a file; the gain stays between 1 and 2.
    pub fn of_style(human: f32, predicted: f32) -> Self {
        let gain = if predicted > 0.0 { human / predicted } else { 1.0 };
        Self { gain: gain.clamp(1.0, WIDEST_RANGE) }
    }

    /// The deviations as the model gives them.
    pub const fn as_predicted() -> Self {
        Self { gain: 1.0 }
    }

    /// The velocity at Amount 100 %, before rounding: the player's level plus the style's deviation.
    ///
    /// `level` and `deviation` are in velocity steps.
    pub fn restyled(self, level: f32, deviation: f32) -> f32 {
        (level + self.gain * deviation).clamp(1.0, 127.0)
    }
}

/// The velocity that leaves at an amount from 0 (the player's own) to 1 (the model's), 1–127.
///
/// It never leaves the interval between the two, and moves one way with the amount.
pub fn blend(own: u8, restyled: f32, amount: f32) -> u8 {
    let own = f32::from(own);
    midi_velocity(own + amount.clamp(0.0, 1.0) * (restyled - own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_style_gets_its_own_range_back_but_not_more_than_twice() {
        assert_eq!(Range::of_style(15.0, 10.0).restyled(60.0, 10.0), 75.0);
        assert_eq!(Range::of_style(16.0, 2.0).restyled(60.0, 10.0), 80.0);
        assert_eq!(Range::of_style(5.0, 10.0).restyled(60.0, 10.0), 70.0);
        assert_eq!(Range::of_style(5.0, 0.0).restyled(60.0, 10.0), 70.0);
    }

    #[test]
    fn loud_and_quiet_stay_within_midi() {
        assert_eq!(Range::as_predicted().restyled(120.0, 40.0), 127.0);
        assert_eq!(Range::as_predicted().restyled(10.0, -40.0), 1.0);
    }

    proptest! {
        #[test]
        fn amount_zero_is_the_player_and_one_the_model(own in 1u8..=127, restyled in 1.0f32..=127.0) {
            prop_assert_eq!(blend(own, restyled, 0.0), own);
            prop_assert_eq!(blend(own, restyled, 1.0), midi_velocity(restyled));
        }

        #[test]
        fn amount_moves_one_way(own in 1u8..=127, restyled in 1.0f32..=127.0, a in 0.0f32..=1.0, b in 0.0f32..=1.0) {
            let (low, high) = (a.min(b), a.max(b));
            let (first, second) = (i16::from(blend(own, restyled, low)), i16::from(blend(own, restyled, high)));
            let target = i16::from(midi_velocity(restyled));
            prop_assert!((second - target).abs() <= (first - target).abs());
        }
    }
}
