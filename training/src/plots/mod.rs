//! Pictures of what was trained, measured and played; in colours that survive colour-blindness (Okabe and Ito 2008).

use std::sync::Once;

use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

/// Classical, jazz, pop, and two more for what is not a genre.
pub const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(110, 110, 110),
    RGBColor(213, 94, 0),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
];

/// What plots are lettered with: a font out of a crate, since a fresh machine may have none.
pub const FONT: &str = "sans-serif";

/// Makes [`FONT`] known to plotters; to be called before drawing.
pub fn register_fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for style in [FontStyle::Normal, FontStyle::Bold] {
            // The only error is that the bytes are no font.
            let _ = register_font(FONT, style, epaint_default_fonts::UBUNTU_LIGHT);
        }
    });
}

#[cfg(feature = "train")]
pub use training::loss_curves;

#[cfg(feature = "train")]
mod training {
    use std::path::Path;

    use anyhow::{Result, anyhow};

    use super::*;
    use crate::train::Epoch;
    use tonenet_core::genre::Genre;

    /// Losses on the left, r of each genre on the right, over the epochs; the best one marked.
    pub fn loss_curves(path: &Path, history: &[Epoch], best: usize) -> Result<()> {
        register_fonts();
        draw(path, history, best).map_err(|e| anyhow!("cannot draw {}: {e}", path.display()))
    }

    fn draw(path: &Path, history: &[Epoch], best: usize) -> Result<(), Box<dyn std::error::Error>> {
        let root = BitMapBackend::new(path, (1100, 440)).into_drawing_area();
        root.fill(&WHITE)?;
        let (left, right) = root.split_horizontally(550);
        let epochs = 0.5..history.len() as f64 + 0.5;
        let losses = || history.iter().flat_map(|e| [e.train_loss, e.valid_loss]);
        let low = losses().fold(f64::INFINITY, f64::min);
        let high = losses().fold(0.0, f64::max);

        let mut chart = ChartBuilder::on(&left)
            .caption("masked loss (variance of 16 velocity steps = 1)", (FONT, 17))
            .margin(12)
            .x_label_area_size(34)
            .y_label_area_size(48)
            .build_cartesian_2d(epochs.clone(), low * 0.95..high * 1.05)?;
        chart.configure_mesh().x_desc("epoch").label_style((FONT, 13)).axis_desc_style((FONT, 14)).draw()?;
        let mut curve =
            |name: &str, colour: RGBColor, value: fn(&Epoch) -> f64| -> Result<(), Box<dyn std::error::Error>> {
                let points = history.iter().map(|e| (e.epoch as f64 + 1.0, value(e)));
                chart
                    .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
                    .label(name)
                    .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
                Ok(())
            };
        curve("train (with dropout)", COLOURS[3], |e| e.train_loss)?;
        curve("valid, whole takes", COLOURS[4], |e| e.valid_loss)?;
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .label_font((FONT, 14))
            .background_style(WHITE.mix(0.8))
            .draw()?;

        let low_r = history.iter().flat_map(|e| e.valid_r).fold(1.0, f64::min);
        let high_r = history.iter().flat_map(|e| e.valid_r).fold(0.0, f64::max);
        let mut chart = ChartBuilder::on(&right)
            .caption("valid r within a file", (FONT, 17))
            .margin(12)
            .x_label_area_size(34)
            .y_label_area_size(48)
            .build_cartesian_2d(epochs, low_r - 0.02..high_r + 0.02)?;
        chart.configure_mesh().x_desc("epoch").label_style((FONT, 13)).axis_desc_style((FONT, 14)).draw()?;
        for genre in Genre::ALL {
            let colour = COLOURS[genre.index()];
            let points: Vec<_> = history.iter().map(|e| (e.epoch as f64 + 1.0, e.valid_r[genre.index()])).collect();
            chart.draw_series([Circle::new(points[best], 4, colour.filled())])?;
            chart
                .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
                .label(genre.title())
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .label_font((FONT, 14))
            .background_style(WHITE.mix(0.8))
            .draw()?;
        root.present()?;
        Ok(())
    }
}
