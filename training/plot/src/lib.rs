//! The colours and the font that all of ToneNet's plots share.
#![forbid(unsafe_code)]

use std::fmt;
use std::path::Path;
use std::sync::Once;

use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

/// Classical, jazz, pop, and four for other lines; they stay apart for colour-blind readers (Okabe and Ito 2008).
pub const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(110, 110, 110),
    RGBColor(213, 94, 0),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
];

/// The font of all text. It comes with a crate, since a fresh machine may have none.
pub const FONT: &str = "sans-serif";

/// What drawing a chart returns; plotters has an error type for each backend.
pub type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Why a plot was not drawn.
#[derive(Debug)]
pub struct PlotError(String);

impl fmt::Display for PlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PlotError {}

/// A white area of `width` by `height` pixels.
pub type Area<'a> = DrawingArea<BitMapBackend<'a>, plotters::coord::Shift>;

/// Draws a PNG file of a size in pixels: `chart` fills a white area.
///
/// # Errors
/// When the chart fails or the file cannot be written, with the file's name.
pub fn draw_png(path: &Path, size: (u32, u32), chart: impl FnOnce(&Area<'_>) -> Drawn) -> Result<(), PlotError> {
    register_fonts();
    let draw = || -> Drawn {
        let area = BitMapBackend::new(path, size).into_drawing_area();
        area.fill(&WHITE)?;
        chart(&area)?;
        Ok(area.present()?)
    };
    draw().map_err(|error| PlotError(format!("cannot draw {}: {error}", path.display())))
}

/// Makes [`FONT`] known to plotters.
fn register_fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for style in [FontStyle::Normal, FontStyle::Bold] {
            // The only error is that the bytes are no font.
            let _ = register_font(FONT, style, epaint_default_fonts::UBUNTU_LIGHT);
        }
    });
}
