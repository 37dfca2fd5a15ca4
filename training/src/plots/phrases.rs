//! Plots of phrase images: time runs right, low keys are at the bottom, louder is darker, onsets are coloured.

use std::path::Path;

use plotters::prelude::*;
use tonenet_core::note::{LOWEST_KEY, PIANO_KEYS};
use tonenet_core::phrase_image::{PhraseImage, STEPS};

use tonenet_plot::{Area, COLOURS, Drawn, FONT, PlotError, draw_png};

/// Pixels of a cell, between two images, and above a row for its title.
const CELL: i32 = 3;
const GAP: i32 = 8;
const TITLE: i32 = 20;
/// Pixels of an image.
const WIDTH: i32 = STEPS as i32 * CELL;
const HEIGHT: i32 = PIANO_KEYS as i32 * CELL;

const MIDDLE_C: u8 = 60;

/// Draws rows of images, each row under its title.
///
/// # Errors
/// When the file cannot be written.
pub fn draw(path: &Path, rows: &[(String, Vec<PhraseImage>)]) -> Result<(), PlotError> {
    let columns = rows.iter().map(|(_, images)| images.len()).max().unwrap_or(0) as i32;
    let size = (GAP + columns * (WIDTH + GAP), rows.len() as i32 * (HEIGHT + TITLE + GAP));
    draw_png(path, (size.0.max(1) as u32, size.1.max(1) as u32), |area| sheet(area, rows))
}

fn sheet(area: &Area<'_>, rows: &[(String, Vec<PhraseImage>)]) -> Drawn {
    let cell = |left: i32, top: i32, step: usize, key: usize| {
        let x = left + step as i32 * CELL;
        let y = top + (PIANO_KEYS - 1 - key) as i32 * CELL;
        [(x, y), (x + CELL, y + CELL)]
    };
    for (row, (title, images)) in rows.iter().enumerate() {
        let top = row as i32 * (HEIGHT + TITLE + GAP) + TITLE;
        area.draw(&Text::new(title.as_str(), (GAP, top - TITLE + 2), (FONT, 15)))?;
        for (column, image) in images.iter().enumerate() {
            let left = GAP + column as i32 * (WIDTH + GAP);
            area.draw(&Rectangle::new([(left, top), (left + WIDTH, top + HEIGHT)], RGBColor(246, 246, 246).filled()))?;
            for step in (0..STEPS).step_by(16) {
                let [(x, _), _] = cell(left, top, step, 0);
                area.draw(&PathElement::new([(x, top), (x, top + HEIGHT)], RGBColor(222, 222, 222)))?;
            }
            let [(_, y), _] = cell(left, top, 0, usize::from(MIDDLE_C - LOWEST_KEY));
            area.draw(&PathElement::new([(left, y), (left + WIDTH, y)], RGBColor(222, 222, 222)))?;
            for note in image.notes() {
                let shade = 0.25 + 0.75 * f64::from(note.velocity) / 127.0;
                for step in note.onset..note.release {
                    let colour = if step == note.onset { COLOURS[4] } else { COLOURS[0] };
                    area.draw(&Rectangle::new(cell(left, top, step as usize, note.key), colour.mix(shade).filled()))?;
                }
            }
        }
    }
    Ok(())
}
