//! The numbers that read-outs read of a page's notes, next to what was played.

use tonenet_core::feel::Feel;
use tonenet_core::genre::Genre;
use tonenet_core::note_rows::{FEEL, FeelRow, Part};
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::error::InferenceError;
use tonenet_inference::feel::{ChordFeel, FeelStyle, OwnFeel};
use tonenet_inference::note::{EncodedNotes, NoteNetwork};
use tonenet_inference::performance::{LookAhead, PerformanceView};

use super::targets::{Paged, Played};
use crate::page::NoteLengths;

/// How a performance's page is read.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// How its lengths are written.
    pub lengths: NoteLengths,
    /// Whether the beats are known; those of a performance without beats are guessed.
    pub on_beats: bool,
    /// How much of it is known.
    pub look_ahead: LookAhead,
}

/// A page as read-outs read it.
pub struct PageRows {
    /// The page and its performance.
    pub paged: Paged,
    /// The note of the page in each row.
    pub order: Vec<usize>,
    /// The columns of each row.
    pub rows: Vec<FeelRow>,
    /// Of each row, what the human velocity has beyond the style's prediction, in steps.
    pub louder: Vec<f64>,
    past: Vec<f32>,
    ahead: Vec<f32>,
}

/// Numbers of a row that reads this network.
pub fn width(network: &NoteNetwork) -> usize {
    network.past_width() + network.ahead_width() + FEEL
}

impl PageRows {
    /// Reads the page of a performance; `style` predicts its velocities, where it is given.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn new(
        network: &NoteNetwork,
        performance: &PerformanceView<'_>,
        view: View,
        style: Option<Genre>,
    ) -> Result<Self, InferenceError> {
        let paged = Paged::new(performance, view.lengths);
        let (part, order) = Part::from_notes(&paged.page, &[], view.on_beats, None);
        let end = part.end_known();
        let row = |index: usize| {
            let known = match view.look_ahead {
                LookAhead::WholePerformance => end,
                LookAhead::Seconds(seconds) => part.note(index).map_or(end, |note| note.onset + seconds),
            };
            part.feel(index, known, paged.beat_seconds)
        };
        let rows = (0..part.len()).map(row).collect();
        let (mut past, mut ahead, mut louder) = (Vec::new(), Vec::new(), Vec::new());
        let styles: Vec<_> = style.into_iter().map(Into::into).collect();
        let mut visit = |_: usize, notes: EncodedNotes<'_>| {
            past.extend_from_slice(notes.past_encoding);
            ahead.extend_from_slice(notes.ahead_encoding);
            for predictions in notes.predictions {
                louder.extend(predictions.iter().map(|prediction| -f64::from(prediction.deviation)));
            }
        };
        network.encode(&part, &[view.look_ahead], &styles, &Cancellation::default(), &mut visit)?;
        for (louder, &note) in louder.iter_mut().zip(&order) {
            *louder += f64::from(performance.notes[note].velocity);
        }
        Ok(Self { paged, order, rows, louder, past, ahead })
    }

    /// What the note model's encoders read.
    pub fn encodings(&self) -> EncodedNotes<'_> {
        EncodedNotes { past_encoding: &self.past, ahead_encoding: &self.ahead, predictions: &[] }
    }

    /// The numbers of a row: past encoding, look-ahead encoding, columns.
    pub fn numbers(&self, row: usize) -> impl Iterator<Item = f32> {
        let of = |all: &[f32]| all.len() / self.rows.len();
        let (past, ahead) = (of(&self.past), of(&self.ahead));
        let encodings = self.past[row * past..][..past].iter().chain(&self.ahead[row * ahead..][..ahead]);
        encodings.chain(&self.rows[row].numbers).copied()
    }

    /// What was played in a row.
    pub fn played(&self, row: usize) -> Played {
        self.paged.played[self.order[row]]
    }

    /// The feel that a style predicts for each row, or a user's to which it comes nearest.
    pub fn predict(&self, style: &FeelStyle, own: &OwnFeel) -> Vec<Feel> {
        style.predict(own, &self.encodings(), &self.rows, &mut ChordFeel::default())
    }
}
