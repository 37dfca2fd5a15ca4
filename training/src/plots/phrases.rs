//! Pictures of images: time to the right, low keys at the bottom, the darker the louder, beginnings in colour.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;
use tonenet_core::note::{LOWEST_KEY, PIANO_KEYS};
use tonenet_core::phrase_image::{PhraseImage, STEPS};

use crate::plot::{COLOURS, FONT, register_fonts};

/// Pixels of a cell, between two images, and above a row for its title.
const CELL: i32 = 3;
const GAP: i32 = 8;
const TITLE: i32 = 20;

const MIDDLE_C: u8 = 60;

/// Draws rows of images, each under its title.
pub fn draw(path: &Path, rows: &[(String, Vec<PhraseImage>)]) -> Result<()> {
    register_fonts();
    sheet(path, rows).map_err(|e| anyhow!("cannot draw {}: {e}", path.display()))
}

fn sheet(path: &Path, rows: &[(String, Vec<PhraseImage>)]) -> Result<(), Box<dyn std::error::Error>> {
    let (width, height) = (STEPS as i32 * CELL, PIANO_KEYS as i32 * CELL);
    let columns = rows.iter().map(|(_, images)| images.len()).max().unwrap_or(0) as i32;
    let size = (GAP + columns * (width + GAP), rows.len() as i32 * (height + TITLE + GAP));
    let root = BitMapBackend::new(path, (size.0.max(1) as u32, size.1.max(1) as u32)).into_drawing_area();
    root.fill(&WHITE)?;
    let cell = |left: i32, top: i32, step: usize, key: usize| {
        let x = left + step as i32 * CELL;
        let y = top + (PIANO_KEYS - 1 - key) as i32 * CELL;
        [(x, y), (x + CELL, y + CELL)]
    };
    for (row, (title, images)) in rows.iter().enumerate() {
        let top = row as i32 * (height + TITLE + GAP) + TITLE;
        root.draw(&Text::new(title.as_str(), (GAP, top - TITLE + 2), (FONT, 15)))?;
        for (column, image) in images.iter().enumerate() {
            let left = GAP + column as i32 * (width + GAP);
            root.draw(&Rectangle::new([(left, top), (left + width, top + height)], RGBColor(246, 246, 246).filled()))?;
            for step in (0..STEPS).step_by(16) {
                let [(x, _), _] = cell(left, top, step, 0);
                root.draw(&PathElement::new([(x, top), (x, top + height)], RGBColor(222, 222, 222)))?;
            }
            let [(_, y), _] = cell(left, top, 0, usize::from(MIDDLE_C - LOWEST_KEY));
            root.draw(&PathElement::new([(left, y), (left + width, y)], RGBColor(222, 222, 222)))?;
            for note in image.notes() {
                let shade = 0.25 + 0.75 * f64::from(note.velocity) / 127.0;
                for step in note.onset..note.release {
                    let colour = if step == note.onset { COLOURS[4] } else { COLOURS[0] };
                    root.draw(&Rectangle::new(cell(left, top, step as usize, note.key), colour.mix(shade).filled()))?;
                }
            }
        }
    }
    root.present()?;
    Ok(())
}
