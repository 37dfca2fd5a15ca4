//! The values of the parameters Style A and B, and the places in the list of styles that they mean.
//!
//! Hosts that keep automation from 0 to 1 drew it when there were three styles: 0 is Classical, ½ is Jazz and 1 is Pop. So the
//! values in the middle and at the end mean these styles for ever, and the places around them moved on.

use tonenet_core::style::{MAX_STYLES, StyleIndex};

/// The largest value. It is even, so that one value is in the middle.
pub const LARGEST: i32 = 26;

/// The value in the middle.
const MIDDLE: i32 = LARGEST / 2;

/// The place that a value means; `None` for a value that means none.
pub fn place(value: i32) -> Option<StyleIndex> {
    match value {
        MIDDLE => Some(StyleIndex::JAZZ),
        LARGEST => Some(StyleIndex::POP),
        below if below < MIDDLE => StyleIndex::new(usize::try_from(below).ok()?),
        above => StyleIndex::new(usize::try_from(above - 1).ok()?),
    }
}

/// The value that means a place.
pub fn of(place: StyleIndex) -> i32 {
    of_place(place.index() as i32)
}

/// The value of a place in the list, which states of version 6 hold.
pub fn of_place(place: i32) -> i32 {
    if place < MIDDLE { place } else { place.saturating_add(1) }
}

const _: () = assert!((MAX_STYLES as i32) < LARGEST, "each place has a value of its own");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_a_value_of_its_own() {
        for style in StyleIndex::all() {
            assert_eq!(place(of(style)), Some(style));
        }
    }

    #[test]
    fn automation_from_0_to_1_of_three_styles_means_what_it_meant() {
        let at = |share: f32| place((share * LARGEST as f32).round() as i32);
        let styles = [StyleIndex::CLASSICAL, StyleIndex::JAZZ, StyleIndex::POP];
        assert_eq!([0.0, 0.5, 1.0].map(at), styles.map(Some));
        assert_eq!([0, 1, 2].map(place), styles.map(Some), "hosts that keep whole numbers");
    }

    #[test]
    fn other_values_mean_no_place() {
        assert_eq!([-1, LARGEST - 1, LARGEST + 1, i32::MIN, i32::MAX].map(place), [None; 5]);
    }
}
