//! A feel in the precision in which projects keep it.

use serde::{Deserialize, Serialize};

use super::Feel;

/// Parts of a beat.
const BEAT: f32 = 1920.0;
/// Parts of a second.
const SECOND: f32 = 8000.0;
/// Parts of the logarithm of a length.
const STRETCH: f32 = 1024.0;
/// Parts of a likelihood.
const LIKELIHOOD: f32 = 200.0;

/// A feel in 1,920ths of a beat, 8,000ths of a second and 1,024ths of a logarithm, likelihoods in half percents.
///
/// Projects save these numbers in this order, so a saved project plays exactly what was heard before it was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QuantisedFeel(i16, i16, i16, u8, u8);

impl From<Feel> for QuantisedFeel {
    fn from(feel: Feel) -> Self {
        // A number out of range becomes the nearest one, no number becomes 0.
        let rounded = |value: f32, parts: f32| (value * parts).round() as i16;
        let likelihood = |value: f32| (value.clamp(0.0, 1.0) * LIKELIHOOD).round() as u8;
        Self(
            rounded(feel.shift, BEAT),
            rounded(feel.chord_offset, SECOND),
            rounded(feel.stretch, STRETCH),
            likelihood(feel.pedal_down),
            likelihood(feel.pedal_lift),
        )
    }
}

impl From<QuantisedFeel> for Feel {
    fn from(QuantisedFeel(shift, chord_offset, stretch, down, lift): QuantisedFeel) -> Self {
        Self {
            shift: f32::from(shift) / BEAT,
            chord_offset: f32::from(chord_offset) / SECOND,
            stretch: f32::from(stretch) / STRETCH,
            pedal_down: f32::from(down.min(200)) / LIKELIHOOD,
            pedal_lift: f32::from(lift.min(200)) / LIKELIHOOD,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_feel_is_kept_to_half_a_part_and_saved_as_it_is_kept(
            shift in -1.0..1.0_f32, offset in -0.5..0.5_f32, stretch in -3.0..3.0_f32, likelihoods in any::<[f32; 2]>(),
        ) {
            let [pedal_down, pedal_lift] = likelihoods;
            let kept = QuantisedFeel::from(Feel { shift, chord_offset: offset, stretch, pedal_down, pedal_lift });
            let read = Feel::from(kept);
            prop_assert!((read.shift - shift).abs() <= 0.51 / BEAT);
            prop_assert!((read.chord_offset - offset).abs() <= 0.51 / SECOND);
            prop_assert!((read.stretch - stretch).abs() <= 0.51 / STRETCH);
            prop_assert!((0.0..=1.0).contains(&read.pedal_down) && (0.0..=1.0).contains(&read.pedal_lift));
            prop_assert_eq!(QuantisedFeel::from(read), kept);
            let json = serde_json::to_string(&kept).expect("JSON");
            prop_assert_eq!(serde_json::from_str::<QuantisedFeel>(&json).expect("as written"), kept);
        }
    }
}
