//! Where the chord of a note begins, so that a Take moves its notes alike.

use crate::note_rows::CHORD_SECONDS;

/// Where a chord begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChordPlace {
    /// Its first note, in beats of the song; in half seconds where there are no beats.
    pub beats: f64,
    /// Whether there are beats.
    pub has_beats: bool,
}

/// Tells for each note of a part where its chord begins.
///
/// Notes begin a chord together with the first of them, up to 40 ms later.
#[derive(Debug, Clone, Copy, Default)]
pub struct ChordTracker {
    start: Option<f64>,
}

impl ChordTracker {
    /// Where the chord of the next note begins. Notes come in the order of the part; a beat lasts `beat_seconds` there.
    pub fn note_on(&mut self, beats: f64, beat_seconds: f64) -> f64 {
        let belongs = |&start: &f64| (0.0..=CHORD_SECONDS).contains(&((beats - start) * beat_seconds));
        *self.start.insert(self.start.filter(belongs).unwrap_or(beats))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_within_40_ms_of_the_first_are_its_chord() {
        let mut tracker = ChordTracker::default();
        // At 120 beats a minute 40 ms are 0.08 beats.
        let starts = [4.0, 4.0, 4.05, 4.079, 4.081, 4.15, 4.5].map(|beats| tracker.note_on(beats, 0.5));
        assert_eq!(starts, [4.0, 4.0, 4.0, 4.0, 4.081, 4.081, 4.5]);
    }

    #[test]
    fn a_jump_back_begins_a_chord() {
        let mut tracker = ChordTracker::default();
        assert_eq!([4.0, 3.99, 0.0].map(|beats| tracker.note_on(beats, 0.5)), [4.0, 3.99, 0.0]);
    }
}
