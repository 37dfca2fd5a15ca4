//! Plots of excerpts: the same bars written, in a style, and played, one row below the other. A line marks each beat, a
//! bar below the notes shows where the pedal is down.

use std::ops::RangeInclusive;
use std::path::Path;

use plotters::prelude::*;
use tonenet_plot::{Area, COLOURS, Drawn, FONT, PlotError, draw_png};

/// Pixels of a row and of a key in it, of a row's label, above an excerpt for its title, and of a pedal's bar.
const WIDTH: i32 = 960;
const KEY: i32 = 4;
const LABEL: i32 = 70;
const TITLE: i32 = 24;
const PEDAL: i32 = 5;
/// Pixels of the mark where a note begins.
const ONSET: i32 = 2;
/// Pixels between rows.
const GAP: i32 = 8;

/// A note of an excerpt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawable {
    /// MIDI key.
    pub key: u8,
    /// Onset in beats from the start of the excerpt.
    pub onset: f64,
    /// Length in beats.
    pub length: f64,
}

/// The notes of an excerpt as somebody plays them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// Who plays.
    pub label: &'static str,
    /// The notes.
    pub notes: Vec<Drawable>,
    /// Where the pedal is down, from and to in beats.
    pub pedals: Vec<(f64, f64)>,
}

/// An excerpt.
#[derive(Debug, Clone, PartialEq)]
pub struct Excerpt {
    /// What it is.
    pub title: String,
    /// Its length in beats.
    pub beats: f64,
    /// Its rows.
    pub rows: Vec<Row>,
}

impl Excerpt {
    fn keys(&self) -> RangeInclusive<u8> {
        let keys = || self.rows.iter().flat_map(|row| row.notes.iter().map(|note| note.key));
        keys().min().unwrap_or(60)..=keys().max().unwrap_or(60)
    }

    fn row_height(&self) -> i32 {
        let keys = self.keys();
        (i32::from(*keys.end()) - i32::from(*keys.start()) + 3) * KEY + PEDAL
    }

    fn height(&self) -> i32 {
        TITLE + self.rows.len() as i32 * (self.row_height() + GAP)
    }
}

/// Draws excerpts below each other.
///
/// # Errors
/// When the file cannot be written.
pub fn draw(path: &Path, excerpts: &[Excerpt]) -> Result<(), PlotError> {
    let height: i32 = excerpts.iter().map(|excerpt| excerpt.height() + GAP).sum();
    draw_png(path, ((LABEL + WIDTH + GAP) as u32, height.max(1) as u32), |area| {
        let mut top = 0;
        for excerpt in excerpts {
            area.draw(&Text::new(excerpt.title.as_str(), (GAP, top + 4), (FONT, 15)))?;
            for (place, row) in excerpt.rows.iter().enumerate() {
                let top = top + TITLE + place as i32 * (excerpt.row_height() + GAP);
                row_at(area, excerpt, row, top)?;
            }
            top += excerpt.height() + GAP;
        }
        Ok(())
    })
}

fn row_at(area: &Area<'_>, excerpt: &Excerpt, row: &Row, top: i32) -> Drawn {
    let x = |beats: f64| LABEL + (beats.clamp(0.0, excerpt.beats) / excerpt.beats * f64::from(WIDTH)).round() as i32;
    let bottom = top + excerpt.row_height();
    let highest = i32::from(*excerpt.keys().end());
    area.draw(&Text::new(row.label, (GAP, top + 2), (FONT, 14)))?;
    area.draw(&Rectangle::new([(LABEL, top), (LABEL + WIDTH, bottom)], RGBColor(246, 246, 246).filled()))?;
    for beat in 0..=excerpt.beats as i32 {
        let shade = if beat % 4 == 0 { 190 } else { 222 };
        let at = x(f64::from(beat));
        area.draw(&PathElement::new([(at, top), (at, bottom)], RGBColor(shade, shade, shade)))?;
    }
    for note in &row.notes {
        let y = top + (highest - i32::from(note.key) + 1) * KEY;
        let (from, to) = (x(note.onset), x(note.onset + note.length));
        area.draw(&Rectangle::new([(from, y), (to.max(from + ONSET), y + KEY - 1)], COLOURS[0].filled()))?;
        area.draw(&Rectangle::new([(from, y), (from + ONSET, y + KEY - 1)], COLOURS[4].filled()))?;
    }
    for &(from, to) in &row.pedals {
        area.draw(&Rectangle::new([(x(from), bottom - PEDAL), (x(to), bottom)], COLOURS[3].filled()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_as_high_as_its_keys_and_is_drawn() {
        let row = |label, key| Row {
            label,
            notes: vec![Drawable { key, onset: 0.5, length: 1.0 }],
            pedals: vec![(0.0, 1.5)],
        };
        let excerpt = Excerpt { title: "two keys".into(), beats: 4.0, rows: vec![row("one", 60), row("other", 71)] };
        assert_eq!(excerpt.row_height(), 14 * KEY + PEDAL);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("excerpt.png");
        draw(&path, &[excerpt]).expect("a picture");
        assert!(std::fs::metadata(&path).expect("a file").len() > 200);
        assert!(draw(&folder.path().join("no/folder.png"), &[]).is_err());
    }
}
