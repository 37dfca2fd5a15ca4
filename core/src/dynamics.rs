//! The output velocity of a note, computed from its prediction and the user's settings.
//!
//! The level stays the player's own, so a quiet performance stays quiet. The deviation comes from
//! [`crate::style::mixing`].

use crate::note::midi_velocity;

/// The prediction for a note, in velocity steps.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Expected {
    /// The player's level around the note, 1–127.
    pub level: f32,
    /// The style's deviation from that level, with the style's own spread.
    pub deviation: f32,
}

/// The user's settings for applying a prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expression {
    /// 0: the player's own velocity; 1: the style's.
    pub amount: f32,
    /// Share of the player's own deviation from their level that is added, 0–1.
    pub keep_accents: f32,
    /// Added to the player's level, in velocity steps.
    pub level: f32,
    /// Factor on the style's spread; 1 is its own.
    pub range: f32,
    /// Lowest velocity of the style, 1–127.
    pub floor: u8,
    /// Highest velocity of the style, 1–127; if it is below the floor, the floor counts.
    pub ceiling: u8,
}

impl Default for Expression {
    fn default() -> Self {
        Self { amount: 1.0, keep_accents: 0.0, level: 0.0, range: 1.0, floor: 1, ceiling: 127 }
    }
}

impl Expression {
    /// The output velocity, 1–127, of a note that the player struck with velocity `own`.
    ///
    /// It lies between `own` and the styled velocity, and moves monotonically from one to the other with the amount.
    pub fn velocity(&self, own: u8, expected: Expected) -> u8 {
        let own = f32::from(own);
        let accent = self.keep_accents * (own - expected.level);
        let styled = expected.level + self.level + self.range * expected.deviation + accent;
        let floor = f32::from(self.floor.clamp(1, 127));
        let styled = styled.min(f32::from(self.ceiling.clamp(1, 127))).max(floor);
        midi_velocity(own + self.amount.clamp(0.0, 1.0) * (styled - own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn steps(expression: Expression, own: u8, level: f32, deviation: f32) -> u8 {
        expression.velocity(own, Expected { level, deviation })
    }

    #[test]
    fn by_default_the_deviation_is_added_to_the_players_level() {
        assert_eq!(steps(Expression::default(), 90, 60.0, 12.0), 72);
        assert_eq!(steps(Expression { level: -10.0, range: 0.5, ..Expression::default() }, 90, 60.0, 12.0), 56);
    }

    #[test]
    fn a_kept_accent_adds_the_players_own_deviation() {
        let keep = Expression { keep_accents: 1.0, ..Expression::default() };
        assert_eq!(steps(keep, 80, 60.0, 5.0), 85);
        assert_eq!(steps(Expression { keep_accents: 0.5, ..keep }, 80, 60.0, 5.0), 75);
    }

    #[test]
    fn velocities_stay_within_floor_and_ceiling() {
        assert_eq!(steps(Expression::default(), 60, 120.0, 40.0), 127);
        assert_eq!(steps(Expression::default(), 60, 10.0, -40.0), 1);
        let narrow = Expression { floor: 40, ceiling: 90, ..Expression::default() };
        assert_eq!((steps(narrow, 60, 60.0, 50.0), steps(narrow, 60, 60.0, -50.0)), (90, 40));
        let crossed = Expression { floor: 90, ceiling: 40, ..Expression::default() };
        assert_eq!(steps(crossed, 60, 60.0, 0.0), 90);
    }

    prop_compose! {
        fn expressions()(
            amount in 0.0f32..=1.0, keep_accents in 0.0f32..=1.0, level in -40.0f32..=40.0, range in 0.0f32..=2.0,
            floor in 1u8..=127, ceiling in 1u8..=127,
        ) -> Expression {
            Expression { amount, keep_accents, level, range, floor, ceiling }
        }
    }

    proptest! {
        #[test]
        fn amount_zero_keeps_the_players_velocity(
            e in expressions(), own in 1u8..=127, level in 1.0f32..=127.0, deviation in -60.0f32..=60.0
        ) {
            let none = Expression { amount: 0.0, ..e };
            prop_assert_eq!(steps(none, own, level, deviation), own);
        }

        #[test]
        fn a_larger_amount_never_moves_away_from_the_styled_velocity(
            e in expressions(), own in 1u8..=127, level in 1.0f32..=127.0, deviation in -60.0f32..=60.0,
            a in 0.0f32..=1.0, b in 0.0f32..=1.0
        ) {
            let at = |amount| i16::from(steps(Expression { amount, ..e }, own, level, deviation));
            prop_assert!((at(a.max(b)) - at(1.0)).abs() <= (at(a.min(b)) - at(1.0)).abs());
        }

        #[test]
        fn a_larger_deviation_or_level_never_gives_a_softer_note(
            e in expressions(), own in 1u8..=127, level in 1.0f32..=127.0, deviation in -60.0f32..=60.0,
            more in 0.0f32..=40.0
        ) {
            let before = steps(e, own, level, deviation);
            prop_assert!(steps(e, own, level, deviation + more) >= before);
            let raised = Expression { level: e.level + more, ..e };
            prop_assert!(steps(raised, own, level, deviation) >= before);
            prop_assert!(steps(e, own, level + more, deviation) >= before || e.keep_accents > 0.0);
        }

        #[test]
        fn a_larger_input_velocity_never_gives_a_softer_note(
            e in expressions(), own in 1u8..=126, level in 1.0f32..=127.0, deviation in -60.0f32..=60.0
        ) {
            prop_assert!(steps(e, own + 1, level, deviation) >= steps(e, own, level, deviation));
        }

        #[test]
        fn range_zero_gives_the_level_alone(level in 1.0f32..=127.0, deviation in -60.0f32..=60.0, own in 1u8..=127) {
            let flat = Expression { range: 0.0, ..Expression::default() };
            prop_assert_eq!(steps(flat, own, level, deviation), midi_velocity(level));
        }
    }
}
