//! Rounded song positions, which survive saving and loading exactly.

use serde::{Deserialize, Serialize, Serializer};

/// Distinct positions in a beat.
const PER_BEAT: f64 = 1e6;

/// Beyond this many beats an `f64` cannot hold millionths; positions are whole beats there.
const FINE: f64 = (1u64 << 30) as f64;

/// The farthest position in beats: up to here an `f64` holds every whole beat.
const FURTHEST: f64 = (1u64 << 52) as f64;

/// A position in a song, rounded to a millionth of a beat.
///
/// A rounded position reads back from JSON as the same number, which does not hold for every `f64`. A millionth of a
/// beat is about a fortieth of a sample at 120 beats a minute and 48 kHz.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place(f64);

impl Place {
    /// The position nearest to `beats` from the start of the song; `None` if that is not a number or beyond ±2^52.
    pub fn new(beats: f64) -> Option<Self> {
        (beats.abs() <= FURTHEST).then(|| Self::rounded(beats))
    }

    /// Beats from the start of the song.
    pub fn beats(self) -> f64 {
        self.0
    }

    /// The position `beats` later, limited to the farthest one.
    pub(super) fn moved(self, beats: f64) -> Self {
        Self::rounded((self.0 + beats).clamp(-FURTHEST, FURTHEST))
    }

    fn rounded(beats: f64) -> Self {
        let rounded = if beats.abs() <= FINE { (beats * PER_BEAT).round() / PER_BEAT } else { beats.round() };
        // Turns -0.0 into 0.0.
        Self(rounded + 0.0)
    }
}

impl Eq for Place {}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Beats as a saved state has them.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(super) struct SavedBeats(pub f64);

impl Serialize for SavedBeats {
    /// Writes a whole number as an integer: with a fraction it might have more digits than JSON reads exactly.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.fract() == 0.0 && self.0.abs() <= FURTHEST {
            true => serializer.serialize_i64(self.0 as i64),
            false => serializer.serialize_f64(self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn not_a_number_and_out_of_range_are_no_positions() {
        for beats in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 1e16] {
            assert_eq!(Place::new(beats), None, "{beats}");
        }
        assert_eq!(Place::new(-0.0).map(|p| p.beats().is_sign_positive()), Some(true));
        assert_eq!(Place::new(FURTHEST).map(|p| p.moved(1e300).beats()), Some(FURTHEST));
    }

    fn beats() -> impl Strategy<Value = f64> {
        prop_oneof![-1e3..1e3f64, -1e10..1e10f64, -FURTHEST..FURTHEST]
    }

    proptest! {
        #[test]
        fn a_position_reads_back_from_json_bit_for_bit(beats in beats()) {
            let place = Place::new(beats).expect("a position");
            let furthest = if beats.abs() <= FINE { 0.6e-6 } else { 0.5 };
            prop_assert!((place.beats() - beats).abs() <= furthest);
            prop_assert_eq!(Place::new(place.beats()), Some(place));
            let json = serde_json::to_string(&SavedBeats(place.beats())).unwrap();
            let read: SavedBeats = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read.0.to_bits(), place.beats().to_bits(), "{}", json);
        }

        #[test]
        fn positions_keep_the_order_of_beats(one in beats(), other in beats()) {
            let (one, other) = (one.min(other), one.max(other));
            prop_assert!(Place::new(one) <= Place::new(other));
        }
    }
}
