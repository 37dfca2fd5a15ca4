//! Scores the pedal on the files that use it.

use super::{Line, Predicted, mean};
use crate::metrics::feel::{agreement, events_f1};
use crate::target::Target;

/// The least agreement, kappa and F1 of lifts.
const LEAST: (f64, f64, f64) = (0.76, 0.30, 0.35);

/// What a file's chords have: the pedal's state and lifts, played and predicted, and their notes.
#[derive(Default)]
struct Chords {
    played: Vec<bool>,
    predicted: Vec<bool>,
    played_lifts: Vec<bool>,
    predicted_lifts: Vec<bool>,
    notes: Vec<usize>,
}

impl Chords {
    fn new(page: &Predicted) -> Self {
        let mut chords = Self::default();
        let mut last = None;
        for row in 0..page.feels.len() {
            let number = page.rows.played(row).chord;
            if last != Some(number) {
                let (chord, feel) = (&page.rows.paged.chords[number], &page.feels[row]);
                chords.played.push(chord.pedal);
                chords.predicted.push(feel.pedal_down > 0.5);
                chords.played_lifts.push(chord.lift);
                chords.predicted_lifts.push(feel.pedal_lift > 0.5);
                chords.notes.push(0);
            }
            last = Some(number);
            if let Some(notes) = chords.notes.last_mut() {
                *notes += 1;
            }
        }
        chords
    }
}

/// The figures of a genre's files with pedal.
pub fn lines(pages: &[Predicted]) -> Vec<Line> {
    let files: Vec<Chords> = pages.iter().filter(|page| page.rows.paged.has_pedal).map(Chords::new).collect();
    let agreed: Vec<(f64, f64)> =
        files.iter().map(|file| agreement(&file.predicted, &file.played, &file.notes)).collect();
    let all = |of: fn(&Chords) -> &Vec<bool>| files.iter().flat_map(|file| of(file).clone()).collect::<Vec<_>>();
    let notes: Vec<usize> = files.iter().flat_map(|file| file.notes.clone()).collect();
    let played = all(|file| &file.played);
    let (pooled, pooled_kappa) = agreement(&all(|file| &file.predicted), &played, &notes);
    let (down, _) = agreement(&vec![true; played.len()], &played, &notes);
    let mean_down =
        mean(files.iter().map(|file| agreement(&vec![true; file.played.len()], &file.played, &file.notes).0));
    let f1 = mean(files.iter().map(|file| events_f1(&file.predicted_lifts, &file.played_lifts)));
    let at_each = mean(files.iter().map(|file| events_f1(&vec![true; file.played.len()], &file.played_lifts)));
    vec![
        Line::Target(
            format!("pedal, agreement over notes, mean of {} files (always down {mean_down:.3})", files.len()),
            Target::at_least(mean(agreed.iter().map(|file| file.0)), LEAST.0, 3),
        ),
        Line::Target(
            "pedal, kappa, mean of files".into(),
            Target::at_least(mean(agreed.iter().map(|f| f.1)), LEAST.1, 2),
        ),
        Line::Figure(format!(
            "pedal, all notes together: agreement {pooled:.3} (always down {down:.3}), kappa {pooled_kappa:.2}"
        )),
        Line::Target(
            format!("pedal, F1 of lifts within a chord, mean of files (at every chord {at_each:.3})"),
            Target::at_least(f1, LEAST.2, 3),
        ),
    ]
}
