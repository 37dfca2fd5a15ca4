//! Places in a song, as the timeline keeps them.

use serde::{Deserialize, Serialize, Serializer};

/// A beat has so many places.
const PER_BEAT: f64 = 1e6;

/// Beyond this many beats a number has no room for millionths: places are whole beats there.
const FINE: f64 = (1u64 << 30) as f64;

/// Beats from the start of a song to the furthest place: a number still tells whole beats apart there.
const FURTHEST: f64 = (1u64 << 52) as f64;

/// A place in a song, to a millionth of a beat.
///
/// Rounding makes it the same number after it was written as JSON and read again, which need not hold for any number.
/// A millionth of a beat is a hundredth of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place(f64);

impl Place {
    /// The place nearest to so many beats from the start; `None` where no song has one: not a number, or too far.
    pub fn new(beats: f64) -> Option<Self> {
        (beats.abs() <= FURTHEST).then(|| Self::rounded(beats))
    }

    /// How many beats it lies from the start.
    pub fn beats(self) -> f64 {
        self.0
    }

    /// The place so many beats further, or the last there is on the way.
    pub(super) fn moved(self, beats: f64) -> Self {
        Self::rounded((self.0 + beats).clamp(-FURTHEST, FURTHEST))
    }

    fn rounded(beats: f64) -> Self {
        let rounded = if beats.abs() <= FINE { (beats * PER_BEAT).round() / PER_BEAT } else { beats.round() };
        // No place is at minus nothing.
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

/// Beats as a project has them.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(super) struct SavedBeats(pub f64);

impl Serialize for SavedBeats {
    /// A whole number is written as one: with a fraction it might have more digits than are read exactly.
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
    fn what_no_song_has_is_no_place() {
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
        fn a_place_comes_back_from_json_to_the_bit(beats in beats()) {
            let place = Place::new(beats).expect("a place");
            let furthest = if beats.abs() <= FINE { 0.6e-6 } else { 0.5 };
            prop_assert!((place.beats() - beats).abs() <= furthest);
            prop_assert_eq!(Place::new(place.beats()), Some(place));
            let json = serde_json::to_string(&SavedBeats(place.beats())).unwrap();
            let read: SavedBeats = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read.0.to_bits(), place.beats().to_bits(), "{}", json);
        }

        #[test]
        fn places_keep_the_order_of_beats(one in beats(), other in beats()) {
            let (one, other) = (one.min(other), one.max(other));
            prop_assert!(Place::new(one) <= Place::new(other));
        }
    }
}
