//! Pictures of excerpts: as written, in the style, and as they were played.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use tonenet_inference::feel::FeelStyle;

use super::Predicted;
use crate::metrics::feel::correlation;
use crate::plots::excerpts::{Drawable, Excerpt, Row, draw};

/// The files that are drawn: this many quarters of a genre's files predict worse.
const QUARTERS: [usize; 3] = [3, 2, 1];

/// Length of an excerpt in beats, and how long a lifted pedal is drawn up.
const BEATS: f64 = 16.0;
const LIFTED: f64 = 0.15;

/// Who plays the notes of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Player {
    Written,
    Style,
    Human,
}

/// Draws `feel-GENRE.png` in a folder: three files of a genre that use the pedal, on beats if the style shifts notes.
///
/// A quarter of these files are predicted better than the first, half better than the second, and three quarters better
/// than the third.
///
/// # Errors
/// When the folder or a file cannot be written.
pub fn pictures(folder: &Path, style: &FeelStyle, pages: &[Predicted]) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let shifts = style.shift.is_some();
    let pages = pages.iter().filter(|page| page.rows.paged.has_pedal && page.rows.paged.has_timing == shifts);
    let mut scored: Vec<(f64, &Predicted)> = pages.map(|page| (score(page), page)).collect();
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let chosen = QUARTERS.iter().filter_map(|quarter| scored.get(quarter * scored.len() / 4));
    let excerpts: Vec<Excerpt> = chosen.map(|(score, page)| excerpt(page, *score)).collect();
    Ok(draw(&folder.join(format!("feel-{}.png", style.id)), &excerpts)?)
}

/// How well a file is predicted: the correlation of its shifts, or of how its lengths differ from the page's if it has none.
fn score(page: &Predicted) -> f64 {
    let has_timing = page.rows.paged.has_timing;
    let of_row = |row: usize| {
        let (played, feel) = (page.rows.played(row), &page.feels[row]);
        if has_timing {
            (page.rows.paged.chords[played.chord].shift, f64::from(feel.shift))
        } else {
            (played.stretch, f64::from(feel.stretch))
        }
    };
    let (played, predicted): (Vec<f64>, Vec<f64>) = (0..page.feels.len()).map(of_row).unzip();
    correlation(&played, &predicted)
}

/// Some bars from the first third of a file.
fn excerpt(page: &Predicted, score: f64) -> Excerpt {
    let chords = &page.rows.paged.chords;
    let first = chords.get(chords.len() / 3).map_or(0.0, |chord| (chord.beats / 4.0).floor() * 4.0);
    let what = if page.rows.paged.has_timing { "timing" } else { "lengths" };
    let row = |label, player| Row { label, notes: notes(page, first, player), pedals: pedals(page, first, player) };
    Excerpt {
        title: format!("{}: r of {what} {score:.2}", page.name),
        beats: BEATS,
        rows: vec![row("written", Player::Written), row("style", Player::Style), row("played", Player::Human)],
    }
}

fn notes(page: &Predicted, first: f64, player: Player) -> Vec<Drawable> {
    let paged = &page.rows.paged;
    let drawable = |row: usize| {
        let (note, played, feel) = (&paged.page[page.rows.order[row]], page.rows.played(row), &page.feels[row]);
        let shift = if paged.has_timing { paged.chords[played.chord].shift } else { 0.0 };
        let (shift, offset, stretch) = match player {
            Player::Written => (0.0, 0.0, 0.0),
            Player::Style => (f64::from(feel.shift), f64::from(feel.chord_offset), f64::from(feel.stretch)),
            Player::Human => (shift, played.offset.unwrap_or(0.0), played.stretch),
        };
        Drawable {
            key: note.key,
            onset: note.onset_sixteenths / 4.0 - first + shift + offset / paged.beat_seconds,
            length: (note.release_sixteenths - note.onset_sixteenths) / 4.0 * stretch.exp(),
        }
    };
    let is_inside = |note: &Drawable| (0.0..BEATS).contains(&note.onset);
    (0..page.feels.len()).map(drawable).filter(is_inside).collect()
}

/// Where the pedal is down: up to the next chord from each where it is, and from a little later where it is lifted.
fn pedals(page: &Predicted, first: f64, player: Player) -> Vec<(f64, f64)> {
    let chords = &page.rows.paged.chords;
    let begins: Vec<usize> = (0..page.feels.len()).filter(|&row| page.rows.rows[row].begins_chord).collect();
    let of_chord = |row: usize| {
        let number = page.rows.played(row).chord;
        let (chord, feel) = (&chords[number], &page.feels[row]);
        let (down, lift) = match player {
            Player::Written => (false, false),
            Player::Style => (feel.pedal_down > 0.5, feel.pedal_lift > 0.5),
            Player::Human => (chord.pedal, chord.lift),
        };
        let from = chord.beats - first + if lift { LIFTED } else { 0.0 };
        let to = chords.get(number + 1).map_or(chord.beats + 1.0, |next| next.beats) - first;
        (down && to > 0.0 && from < BEATS && from < to).then_some((from.max(0.0), to.min(BEATS)))
    };
    begins.into_iter().filter_map(of_chord).collect()
}
