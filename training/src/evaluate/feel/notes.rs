//! Scores offsets within chords and lengths.

use super::{Line, Pages, Predicted, mean};
use crate::metrics::feel::correlation;
use crate::target::Target;

/// How far the spread within chords may be from the data's, in milliseconds.
const MOST_SPREAD_ERROR: f64 = 5.0;

/// The least correlation of logarithmic lengths within a file.
const LEAST_R: f64 = 0.65;

/// The figures of a genre's files.
pub fn lines(pages: &Pages) -> Vec<Line> {
    let mut lines = chord_lines(&pages.nearest);
    for (kind, pages) in [("the nearest onset", &pages.nearest), ("the next chord", &pages.next_chord)] {
        let r = |is_predicted: bool| mean(pages.iter().map(|page| length_r(page, is_predicted)));
        let error = |is_predicted: bool| mean(pages.iter().map(|page| length_error(page, is_predicted)));
        lines.push(Line::Target(
            format!("length, r of logarithms, written to {kind} (as written {:.3})", r(false)),
            Target::at_least(r(true), LEAST_R, 3),
        ));
        lines.push(Line::Figure(format!(
            "length, error as a factor, written to {kind}: {:.2} (as written {:.2})",
            error(true).exp(),
            error(false).exp()
        )));
    }
    lines
}

fn chord_lines(pages: &[Predicted]) -> Vec<Line> {
    let offsets: Vec<(Vec<f64>, Vec<f64>)> = pages.iter().map(offsets).collect();
    let spread = |all: &mut dyn Iterator<Item = f64>| mean(all.map(|offset| (1000.0 * offset).powi(2))).sqrt();
    let played = spread(&mut offsets.iter().flat_map(|file| file.0.iter().copied()));
    let predicted = spread(&mut offsets.iter().flat_map(|file| file.1.iter().copied()));
    let r = mean(offsets.iter().filter(|file| file.0.len() > 20).map(|file| correlation(&file.0, &file.1)));
    vec![
        Line::Target(
            format!("chord asynchrony, σ in ms: {predicted:.1}, played {played:.1}; difference"),
            Target::at_most((predicted - played).abs(), MOST_SPREAD_ERROR, 1),
        ),
        Line::Figure(format!("chord asynchrony, mean r: {r:.3}")),
    ]
}

/// Offsets within chords: played and predicted.
///
/// Predictions are taken about their chord's mean, as the played ones are.
fn offsets(page: &Predicted) -> (Vec<f64>, Vec<f64>) {
    let (mut played, mut predicted) = (Vec::new(), Vec::new());
    let rows: Vec<usize> = (0..page.feels.len()).filter(|&row| page.rows.played(row).offset.is_some()).collect();
    for chord in rows.chunk_by(|&a, &b| page.rows.played(a).chord == page.rows.played(b).chord) {
        let about = mean(chord.iter().map(|&row| f64::from(page.feels[row].chord_offset)));
        for &row in chord {
            played.extend(page.rows.played(row).offset);
            predicted.push(f64::from(page.feels[row].chord_offset) - about);
        }
    }
    (played, predicted)
}

fn length_r(page: &Predicted, is_predicted: bool) -> f64 {
    let (played, predicted) = lengths(page, is_predicted);
    correlation(&played, &predicted)
}

/// The root of the mean squared difference of logarithms.
fn length_error(page: &Predicted, is_predicted: bool) -> f64 {
    let (played, predicted) = lengths(page, is_predicted);
    mean(played.iter().zip(&predicted).map(|(played, predicted)| (played - predicted).powi(2))).sqrt()
}

/// Logarithms of lengths: played, and predicted or as written.
fn lengths(page: &Predicted, is_predicted: bool) -> (Vec<f64>, Vec<f64>) {
    let of_row = |row: usize| {
        let played = page.rows.played(row);
        let stretch = if is_predicted { f64::from(page.feels[row].stretch) } else { 0.0 };
        (played.written + played.stretch, played.written + stretch)
    };
    (0..page.feels.len()).map(of_row).unzip()
}
