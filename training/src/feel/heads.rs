//! What the read-outs of a style learn, and from which rows.

use tonenet_learn::feel::PageRows;

use super::regression::{Solution, Sums};
use crate::metrics::feel::correlation;

/// How far a row's share of filled gaps may be from 0 or 1 to count as either.
const SURELY: f32 = 0.5;

/// Pages count the less for shifts the wider these are spread, from this spread on, in beats. A performance that leaves its
/// beats would otherwise outweigh many that swing on theirs.
const STEADY: f64 = 0.02;

/// What read-outs learn from the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// The shift of chords, on performances with beats.
    Shift,
    /// The offset of notes within chords.
    ChordOffset,
    /// The lengths of notes.
    Stretch,
    /// The same where each note is written up to the next chord.
    StretchFilling,
    /// Whether the pedal is down, and whether it is lifted, at the chords of performances with pedal.
    Pedal,
}

impl Head {
    /// All heads.
    pub const ALL: [Self; 5] = [Self::Shift, Self::ChordOffset, Self::Stretch, Self::StretchFilling, Self::Pedal];

    /// How many targets it has.
    pub fn targets(self) -> usize {
        if self == Self::Pedal { 2 } else { 1 }
    }

    /// The share at which differences between performances count. Where a file stands beside its beats, how dry a
    /// piano sounds and how far a recording's chords are spread says little about its music.
    pub fn between(self) -> f64 {
        match self {
            Self::Shift | Self::ChordOffset => 0.0,
            Self::Stretch | Self::StretchFilling | Self::Pedal => 0.3,
        }
    }

    /// The targets of a row; `None` where it has none.
    pub fn target(self, page: &PageRows, row: usize) -> Option<[f32; 2]> {
        let played = page.played(row);
        let chord = &page.paged.chords[played.chord];
        let feel = &page.rows[row];
        let both = |first: f64| [first as f32, 0.0];
        match self {
            Self::Shift => {
                (feel.begins_chord && feel.place.is_some() && page.paged.has_timing).then(|| both(chord.shift))
            }
            Self::ChordOffset => played.offset.map(both),
            Self::Stretch => (feel.fills <= SURELY).then(|| both(played.stretch)),
            Self::StretchFilling => (feel.fills >= 1.0 - SURELY).then(|| both(played.stretch)),
            Self::Pedal => {
                let on = |is: bool| f32::from(u8::from(is));
                (feel.begins_chord && page.paged.has_pedal).then(|| [on(chord.pedal), on(chord.lift)])
            }
        }
    }

    /// The sums of a page, whose rows have so many numbers.
    pub fn sums(self, page: &PageRows, width: usize) -> Sums {
        let mut numbers = Vec::new();
        for row in 0..page.rows.len() {
            if let Some(targets) = self.target(page, row) {
                numbers.extend(page.numbers(row).chain(targets.into_iter().take(self.targets())));
            }
        }
        let sums = Sums::of_page(numbers, width, self.targets());
        if self == Self::Shift {
            let spread = sums.spread(0).max(STEADY);
            return sums.weighted(STEADY / spread);
        }
        sums
    }

    /// The correlation of a page's first target with what a solution gives.
    pub fn correlation(self, page: &PageRows, solution: &Solution) -> f64 {
        let of_row = |row: usize| Some((f64::from(self.target(page, row)?[0]), solution.of(page.numbers(row))));
        let (played, predicted): (Vec<f64>, Vec<f64>) = (0..page.rows.len()).filter_map(of_row).unzip();
        correlation(&played, &predicted)
    }
}
