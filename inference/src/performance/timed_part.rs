//! A performance in the order in which the note model reads it, with the length of a beat at each note.

use tonenet_core::feel::{ChordPlace, ChordTracker, Feel};
use tonenet_core::grid::Grid;
use tonenet_core::note::Note;
use tonenet_core::note_rows::Part;

use super::PerformanceView;
use crate::model::Prediction;
use crate::note::StyledNotes;

/// The length of a beat where nothing tells it, in seconds.
const USUAL_BEAT: f64 = 0.5;

/// Sixteenths of a beat.
const BEAT: f64 = 4.0;

/// A part, and where its rows come from.
pub(super) struct TimedPart {
    pub(super) part: Part,
    /// The length of a beat at each row, in seconds.
    pub(super) beat_seconds: Vec<f64>,
    /// The index in the performance of each row.
    order: Vec<usize>,
}

impl TimedPart {
    pub(super) fn new(performance: &PerformanceView<'_>) -> Self {
        let (part, order) = performance.part();
        let notes: Vec<&Note> = order.iter().map(|&note| &performance.notes[note]).collect();
        Self { part, beat_seconds: beat_seconds(&notes), order }
    }

    /// What a style does, by row, in the order of the performance's notes.
    pub(super) fn in_order_of_notes(&self, styled: StyledNotes) -> StyledNotes {
        let mut predictions = vec![Prediction { deviation: 0.0, spread: 0.0 }; self.order.len()];
        for (prediction, &note) in styled.predictions.into_iter().zip(&self.order) {
            predictions[note] = prediction;
        }
        let mut feel = if styled.feel.is_empty() { Vec::new() } else { vec![Feel::default(); self.order.len()] };
        for (of_row, &note) in styled.feel.into_iter().zip(&self.order) {
            feel[note] = of_row;
        }
        StyledNotes { predictions, feel }
    }
}

/// Where the chord of each note begins, in the order of the performance's notes.
pub(super) fn chord_places(performance: &PerformanceView<'_>) -> Vec<ChordPlace> {
    let mut order: Vec<usize> = (0..performance.notes.len()).collect();
    order.sort_by(|&a, &b| performance.beats(a).total_cmp(&performance.beats(b)));
    let (has_beats, beat_seconds) = match performance.grid {
        Grid::Sixteenths => (true, beat_seconds(&order.iter().map(|&n| &performance.notes[n]).collect::<Vec<_>>())),
        Grid::Seconds(step) => (false, vec![BEAT * step; order.len()]),
    };
    let mut tracker = ChordTracker::default();
    let mut places = vec![ChordPlace { beats: 0.0, has_beats }; order.len()];
    for (&note, beat_seconds) in order.iter().zip(beat_seconds) {
        places[note].beats = tracker.note_on(performance.beats(note), beat_seconds);
    }
    places
}

/// The length of a beat at each note, in seconds, from the first note that lies a beat or more later, or else before.
fn beat_seconds(notes: &[&Note]) -> Vec<f64> {
    let mut later = 0;
    let mut lengths = Vec::with_capacity(notes.len());
    for note in notes {
        while later < notes.len() && notes[later].onset_sixteenths < note.onset_sixteenths + BEAT {
            later += 1;
        }
        let length = notes
            .get(later)
            .map(|other| (other.onset - note.onset) / (other.onset_sixteenths - note.onset_sixteenths) * BEAT);
        let before = lengths.last().copied();
        lengths.push(length.filter(|length| *length > 0.0).or(before).unwrap_or(USUAL_BEAT));
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(onset: f64, onset_sixteenths: f64) -> Note {
        let release = onset;
        Note {
            onset,
            release,
            onset_sixteenths,
            release_sixteenths: onset_sixteenths,
            channel: 0,
            key: 60,
            velocity: 64,
        }
    }

    #[test]
    fn the_notes_of_a_chord_have_one_place_in_any_order_of_the_notes() {
        // At 120 beats a minute: a chord at beat 1 whose notes are up to 30 ms apart, and a note at beat 2.
        let notes = [note(0.53, 4.24), note(1.0, 8.0), note(0.5, 4.0), note(0.51, 4.08)];
        let places = |grid| {
            let performance = PerformanceView { notes: &notes, pedals: &[], grid, player_level: None };
            let places = chord_places(&performance);
            places.into_iter().map(|place| (place.beats, place.has_beats)).collect::<Vec<_>>()
        };
        assert_eq!(places(Grid::Sixteenths), [(1.0, true), (2.0, true), (1.0, true), (1.0, true)]);
        assert_eq!(places(Grid::Seconds(0.125)), [(1.0, false), (2.0, false), (1.0, false), (1.0, false)]);
    }

    #[test]
    fn a_beat_is_as_long_as_the_tempo_makes_it_and_goes_on_at_the_end() {
        let notes = [note(0.0, 0.0), note(0.25, 2.0), note(0.5, 4.0), note(1.5, 8.0), note(2.5, 12.0)];
        let notes: Vec<&Note> = notes.iter().collect();
        assert_eq!(beat_seconds(&notes), [0.5, 1.25 / 1.5, 1.0, 1.0, 1.0]);
        assert_eq!(beat_seconds(&notes[..1]), [0.5]);
    }
}
