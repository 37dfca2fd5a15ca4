//! Moves a note from where it is written to where the feel plays it.

use tonenet_core::feel::Displacement;

use super::{NoteView, WrittenNote};

/// The smallest difference that is shown, in seconds.
const SMALLEST: f64 = 0.000_5;

/// The note as it is played. It leaves no more than `earliest` seconds before it is written, and so does its end, because
/// nothing leaves before it is heard.
pub fn displaced(note: NoteView, by: &Displacement, sample_rate: f64, earliest: f64) -> NoteView {
    let shift = (by.onset() as f64 / sample_rate).max(-earliest);
    let length = note.length.map(|written| {
        // The end of a note moves with its beginning.
        let least = (written - earliest - shift).max(0.0);
        (written * f64::from(by.stretch)).max(least)
    });
    let longer = length.unwrap_or(0.0) - note.length.unwrap_or(0.0);
    if shift.abs() < SMALLEST && longer.abs() < SMALLEST {
        return note;
    }
    let written = WrittenNote { onset: note.onset, length: note.length };
    NoteView { onset: note.onset + shift, length, written: Some(written), ..note }
}
