//! Draws the first bars of some valid performances as piano-rolls, each above its page.
//!
//! `cargo run --release -p tonenet-training --example pages -- DATA OUT.png`

use std::path::Path;

use anyhow::{Context, Result};
use plotters::prelude::*;
use tonenet_core::genre::Genre;
use tonenet_core::note::Note;
use tonenet_learn::page::{Notation, page};
use tonenet_plot::{Area, COLOURS, Drawn, FONT, draw_png};
use tonenet_training::data::Split;
use tonenet_training::data::performances::{self, Performance};

/// Notes drawn of each performance.
const NOTES: usize = 90;
/// Performances of each genre.
const FILES: usize = 4;
/// Pixels of a piano-roll, and of a row with its title.
const SIZE: (i32, i32) = (1500, 130);
const TITLE: i32 = 18;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: pages DATA OUT.png";
    let (data, png) = (arguments.next().context(usage)?, arguments.next().context(usage)?);
    let valid = performances::load(Path::new(&data), Split::Valid)?;
    let mut rows = Vec::new();
    for genre in Genre::ALL {
        let of_genre: Vec<&Performance> = valid.iter().filter(|p| p.genre == genre).collect();
        for performance in of_genre.iter().step_by((of_genre.len() / FILES).max(1)).take(FILES) {
            let played = &performance.notes[..performance.notes.len().min(NOTES)];
            let title = format!("{} ({:?})", performance.name, performance.grid);
            rows.push((title, played.to_vec(), page(played, performance.grid, Notation::default())));
        }
    }
    let height = rows.len() as i32 * 2 * (SIZE.1 + TITLE);
    draw_png(Path::new(&png), (SIZE.0 as u32, height as u32), |area| {
        for (index, (title, played, page)) in rows.iter().enumerate() {
            let top = index as i32 * 2 * (SIZE.1 + TITLE);
            roll(area, top, title, played, false)?;
            roll(area, top + SIZE.1 + TITLE, "page", page, true)?;
        }
        Ok(())
    })?;
    Ok(())
}

fn roll(area: &Area<'_>, top: i32, title: &str, notes: &[Note], on_grid: bool) -> Drawn {
    let first = notes.iter().map(|n| n.onset).fold(f64::INFINITY, f64::min);
    let last = notes.iter().map(|n| n.onset).fold(f64::NEG_INFINITY, f64::max) + 1.0;
    let x = |seconds: f64| ((seconds - first) / (last - first) * f64::from(SIZE.0)) as i32;
    area.draw(&Text::new(title, (4, top + 2), (FONT, 14)))?;
    let top = top + TITLE;
    area.draw(&Rectangle::new([(0, top), (SIZE.0, top + SIZE.1)], RGBColor(246, 246, 246).filled()))?;
    if on_grid && let Some(note) = notes.iter().find(|n| n.onset_sixteenths > notes[0].onset_sixteenths) {
        let sixteenth = (note.onset - notes[0].onset) / (note.onset_sixteenths - notes[0].onset_sixteenths);
        let start = notes[0].onset - notes[0].onset_sixteenths * sixteenth;
        let mut beat = start;
        while beat < last {
            area.draw(&PathElement::new([(x(beat), top), (x(beat), top + SIZE.1)], RGBColor(200, 200, 200)))?;
            beat += 4.0 * sixteenth;
        }
    }
    for note in notes {
        let y = top + SIZE.1 - (i32::from(note.key) - 21) * SIZE.1 / 88;
        let (from, to) = (x(note.onset), x(note.release.min(last)));
        let colour = COLOURS[0].mix(0.3 + 0.7 * f64::from(note.velocity) / 127.0);
        area.draw(&Rectangle::new([(from, y - 2), (to.max(from + 2), y)], colour.filled()))?;
        area.draw(&Rectangle::new([(from, y - 3), (from + 2, y + 1)], COLOURS[4].filled()))?;
    }
    Ok(())
}
