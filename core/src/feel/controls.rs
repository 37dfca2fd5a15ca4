//! What the user asks of the feel, and how far it then moves a note.

use serde::{Deserialize, Serialize};

use super::{Displacement, Feel};

/// How far from the middle of the beat a note counts as an off-beat eighth, in beats.
const OFF_BEAT_TOLERANCE: f64 = 1.0 / 16.0;

/// The largest shift and offset, in seconds. Anything beyond is no feel but another rhythm.
const MOST_SECONDS: f64 = 0.35;

/// The largest factor on a length, and its inverse the smallest.
const MOST_STRETCH: f32 = 4.0;

/// Where the off-beat eighths go.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub enum Swing {
    /// Where the style places them, as far as Timing goes.
    #[default]
    Style,
    /// At this part of the beat, whatever Timing is: 0.5 is straight, 2/3 a triplet, 0.75 dotted.
    At(f32),
}

impl Swing {
    /// The least and most part of the beat that can be set.
    pub const RANGE: std::ops::RangeInclusive<f32> = 0.5..=0.75;
}

/// Whose pedal is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum PedalMode {
    /// The player's own.
    #[default]
    Mine,
    /// The style's, where the player uses none.
    Fill,
    /// The style's alone.
    Replace,
}

/// What the user asks of the feel. Shares are 0–1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeelControls {
    /// The share of the style's onset shifts.
    pub timing: f32,
    /// Where the off-beat eighths go.
    pub swing: Swing,
    /// The share of the style's lengths.
    pub articulation: f32,
    /// The share of the style's offsets within chords.
    pub chord_spread: f32,
    /// Whose pedal is heard.
    pub pedal: PedalMode,
}

/// Where a note is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WrittenPlace {
    /// Position within the beat, 0–1; `None` where there are no beats.
    pub beat_phase: Option<f64>,
    /// Length of a beat there, in samples.
    pub beat_samples: f64,
    /// Samples a second.
    pub sample_rate: f64,
}

impl FeelControls {
    /// Nothing moves and the pedal is the player's.
    pub const OFF: Self =
        Self { timing: 0.0, swing: Swing::Style, articulation: 0.0, chord_spread: 0.0, pedal: PedalMode::Mine };

    /// Whether a note may move or change its length.
    pub fn moves(&self) -> bool {
        self.timing > 0.0 || self.swing != Swing::Style || self.articulation > 0.0 || self.chord_spread > 0.0
    }

    /// How far a note moves. A set swing moves the notes within 1/16 beat of the middle of the beat, and those alone.
    pub fn displacement(&self, feel: &Feel, place: &WrittenPlace) -> Displacement {
        let share = |share: f32| f64::from(share.clamp(0.0, 1.0));
        let off_beat = place.beat_phase.filter(|phase| (phase - 0.5).abs() <= OFF_BEAT_TOLERANCE);
        let beats = match (self.swing, off_beat) {
            (Swing::At(part), Some(phase)) => f64::from(part.clamp(*Swing::RANGE.start(), *Swing::RANGE.end())) - phase,
            _ => share(self.timing) * f64::from(feel.shift),
        };
        let offset = share(self.chord_spread) * f64::from(feel.chord_offset);
        let stretch = (share(self.articulation) as f32 * feel.stretch).exp();
        let most = MOST_SECONDS * place.sample_rate;
        // A number that is not finite becomes 0.
        let samples = |samples: f64| samples.clamp(-most, most).round() as i32;
        Displacement {
            shift: samples(beats * place.beat_samples),
            in_chord: samples(offset * place.sample_rate),
            stretch: if stretch.is_finite() { stretch.clamp(1.0 / MOST_STRETCH, MOST_STRETCH) } else { 1.0 },
        }
    }
}

impl Default for FeelControls {
    fn default() -> Self {
        Self::OFF
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AT_120: WrittenPlace = WrittenPlace { beat_phase: Some(0.0), beat_samples: 24_000.0, sample_rate: 48_000.0 };
    const LATE: Feel = Feel { shift: 0.1, chord_offset: -0.01, stretch: -0.5, pedal_down: 1.0, pedal_lift: 0.0 };

    #[test]
    fn each_control_scales_its_own_part_of_the_feel() {
        let half = FeelControls { timing: 0.5, ..FeelControls::OFF };
        assert_eq!(half.displacement(&LATE, &AT_120), Displacement { shift: 1_200, ..Displacement::NONE });
        let half = FeelControls { chord_spread: 0.5, ..FeelControls::OFF };
        assert_eq!(half.displacement(&LATE, &AT_120), Displacement { in_chord: -240, ..Displacement::NONE });
        let half = FeelControls { articulation: 0.5, ..FeelControls::OFF };
        assert_eq!(
            half.displacement(&LATE, &AT_120),
            Displacement { stretch: (-0.25_f32).exp(), ..Displacement::NONE }
        );
    }

    #[test]
    fn a_set_swing_moves_the_off_beat_eighths_alone_and_exactly_there() {
        let swing = FeelControls { swing: Swing::At(0.625), ..FeelControls::OFF };
        let shift = |phase| swing.displacement(&LATE, &WrittenPlace { beat_phase: phase, ..AT_120 }).shift;
        assert_eq!([Some(0.5), Some(0.475), Some(0.25), Some(0.6), None].map(shift), [3_000, 3_600, 0, 0, 0]);
        let with_timing = FeelControls { timing: 1.0, ..swing };
        assert_eq!(with_timing.displacement(&LATE, &AT_120).shift, 2_400, "the beat follows Timing");
    }

    proptest! {
        #[test]
        fn controls_that_are_off_move_nothing_and_no_number_moves_too_far(
            shift in any::<f32>(), chord_offset in any::<f32>(), stretch in any::<f32>(),
            amounts in any::<[f32; 3]>(), part in any::<f32>(), phase in proptest::option::of(0.0..1.0_f64),
        ) {
            let feel = Feel { shift, chord_offset, stretch, ..Feel::default() };
            let place = WrittenPlace { beat_phase: phase, ..AT_120 };
            prop_assert_eq!(FeelControls::OFF.displacement(&Feel { shift: 1.0, stretch: 1.0, ..feel }, &place), Displacement::NONE);
            let [timing, articulation, chord_spread] = amounts;
            let any = FeelControls { timing, swing: Swing::At(part), articulation, chord_spread, pedal: PedalMode::Mine };
            let found = any.displacement(&feel, &place);
            prop_assert!(found.shift.abs() <= 16_800 && found.in_chord.abs() <= 16_800, "{:?}", found);
            prop_assert!((0.25..=4.0).contains(&found.stretch), "{:?}", found);
        }
    }
}
