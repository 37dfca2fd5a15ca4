//! A performance in the order in which the note model reads it, with the length of a beat at each note.

use tonenet_core::feel::Feel;
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

    #[test]
    fn a_beat_is_as_long_as_the_tempo_makes_it_and_goes_on_at_the_end() {
        let note = |onset, onset_sixteenths| Note {
            onset,
            release: onset,
            onset_sixteenths,
            release_sixteenths: onset_sixteenths,
            channel: 0,
            key: 60,
            velocity: 64,
        };
        let notes = [note(0.0, 0.0), note(0.25, 2.0), note(0.5, 4.0), note(1.5, 8.0), note(2.5, 12.0)];
        let notes: Vec<&Note> = notes.iter().collect();
        assert_eq!(beat_seconds(&notes), [0.5, 1.25 / 1.5, 1.0, 1.0, 1.0]);
        assert_eq!(beat_seconds(&notes[..1]), [0.5]);
    }
}
