//! A take's seed, and the noise that it draws for each note.

/// A seed: one of the many performances that a style's spread allows. 0 is none of them, but what they have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TakeSeed(pub u16);

/// How much of a take's variance goes along the phrase, along a voice, and with the single note; the squares add up
/// to 1.
const PHRASE: f64 = 0.66;
const VOICE: f64 = 0.57;
const NOTE: f64 = 0.489;

/// Lengths over which the phrase and a voice drift, in beats.
const PHRASE_BEATS: f64 = 4.0;
const VOICE_BEATS: f64 = 1.5;
/// Width of a voice, in semitones.
const VOICE_KEYS: f64 = 7.0;

impl TakeSeed {
    /// How far the take stands from the mean at a note, in spreads: of mean 0 and standard deviation 1 over the takes.
    ///
    /// It depends on the seed, the position in beats and the key alone, so the same place always gets the same;
    /// neighbouring notes get similar values, so that a phrase swells and does not jitter. `None` for [`TakeSeed`] 0.
    pub fn deviation(self, beats: f64, key: u8) -> Option<f32> {
        if self.0 == 0 || !beats.is_finite() {
            return None;
        }
        let phrase = self.phrase(beats);
        let voice_at = f64::from(key) / VOICE_KEYS;
        let (lower, angle) = (voice_at.floor(), voice_at.fract() * std::f64::consts::FRAC_PI_2);
        let along = |voice: f64| drift(self.0, 2, beats / VOICE_BEATS, voice as i64);
        let voice = angle.cos() * along(lower) + angle.sin() * along(lower + 1.0);
        // To a thousandth of a beat, so that rounding in a host's positions does not draw another number.
        let note = gauss(hash(self.0, 3, (beats * 1000.0).round() as i64, i64::from(key)));
        Some((PHRASE * phrase + VOICE * voice + NOTE * note) as f32)
    }

    /// The part of [`Self::deviation`] that goes along the phrase, of mean 0 and standard deviation 1 over the takes.
    pub(crate) fn phrase(self, beats: f64) -> f64 {
        drift(self.0, 1, beats / PHRASE_BEATS, 0)
    }

    /// Noise that moves timing or lengths and no velocity, of mean 0 and standard deviation 1 over the takes.
    ///
    /// It drifts from each multiple of 2<sup>`octave`</sup> beats to the next.
    pub(crate) fn feel_noise(self, feel: FeelNoise, octave: i32, beats: f64) -> f64 {
        drift(self.0, feel as u64, beats / f64::from(octave).exp2(), octave.into())
    }
}

/// What a take varies besides velocities, as the layer of its noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeelNoise {
    /// Where chords begin.
    Shift = 4,
    /// How long notes are.
    Stretch = 5,
}

/// Standard normal at every point, and drifting from one whole number to the next.
fn drift(seed: u16, layer: u64, at: f64, lane: i64) -> f64 {
    let angle = at.rem_euclid(1.0) * std::f64::consts::FRAC_PI_2;
    // A host may be anywhere, even where there is no next whole number.
    let point = |offset: i64| gauss(hash(seed, layer, (at.floor() as i64).wrapping_add(offset), lane));
    // Cosine and sine: their squares add up to 1 all the way, so the spread neither swells nor narrows.
    angle.cos() * point(0) + angle.sin() * point(1)
}

/// Steele, Lea and Flood's mixer over a place.
fn hash(seed: u16, layer: u64, at: i64, lane: i64) -> u64 {
    let mut z = u64::from(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for part in [layer, at as u64, lane as u64] {
        z = z.wrapping_add(part).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
    }
    z
}

/// Box and Muller's transform of a hash's two halves: a standard normal number.
fn gauss(hash: u64) -> f64 {
    let uniform = |bits: u64| ((bits & 0xFFFF_FFFF) as f64 + 0.5) / 4_294_967_296.0;
    (-2.0 * uniform(hash).ln()).sqrt() * (std::f64::consts::TAU * uniform(hash >> 32)).cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn statistics(values: &[f64]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt())
    }

    #[test]
    fn a_take_stands_somewhere_wherever_the_host_is() {
        for beats in [f64::MAX, f64::MIN, 1e19, -1e19, 0.0] {
            assert!(TakeSeed(7).deviation(beats, 60).is_some_and(f32::is_finite), "{beats}");
        }
    }

    #[test]
    fn over_many_takes_the_deviation_is_a_standard_normal_one() {
        for (beats, key) in [(0.0, 60), (1.7, 61), (33.3, 90)] {
            let values: Vec<f64> =
                (1..4000).map(|seed| f64::from(TakeSeed(seed).deviation(beats, key).unwrap())).collect();
            let (mean, spread) = statistics(&values);
            assert!(mean.abs() < 0.06 && (spread - 1.0).abs() < 0.05, "{mean} {spread}");
        }
    }

    #[test]
    fn neighbours_resemble_each_other_and_distant_notes_do_not() {
        let correlation = |apart: f64| {
            let pairs: Vec<(f64, f64)> = (1..4000)
                .map(|seed| {
                    let at = |beats| f64::from(TakeSeed(seed).deviation(beats, 60).unwrap());
                    (at(8.1), at(8.1 + apart))
                })
                .collect();
            pairs.iter().map(|(a, b)| a * b).sum::<f64>() / pairs.len() as f64
        };
        assert!((0.5..0.95).contains(&correlation(0.25)), "{}", correlation(0.25));
        assert!(correlation(16.0).abs() < 0.06);
    }

    proptest! {
        #[test]
        fn the_same_place_always_gets_the_same(seed in 1u16.., beats in 0.0f64..10_000.0, key in 21u8..=108) {
            let first = TakeSeed(seed).deviation(beats, key).unwrap();
            let rounded = TakeSeed(seed).deviation(beats + 1e-9, key).unwrap();
            prop_assert!(first.is_finite() && first.abs() < 12.0);
            prop_assert!((first - rounded).abs() < 1e-5 || ((beats * 1000.0).fract() - 0.5).abs() < 1e-5);
        }
    }

    #[test]
    fn take_zero_is_what_all_have_in_common() {
        assert_eq!(TakeSeed(0).deviation(1.0, 60), None);
    }
}
