//! A picture of a run: what images lose on their way, how the adversaries fare, and how much comes back.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use super::run::Epoch;
use crate::plot::{COLOURS, FONT, register_fonts};

type Failure = Box<dyn std::error::Error>;

/// A named line through the epochs that have its value.
type Line = (&'static str, RGBColor, fn(&Epoch) -> Option<f64>);

/// Nats a phrase on the left, the adversaries in the middle, valid phrases and new images on the right.
pub fn draw(path: &Path, epochs: &[Epoch]) -> Result<()> {
    register_fonts();
    panels(path, epochs).map_err(|e| anyhow!("cannot draw {}: {e}", path.display()))
}

fn panels(path: &Path, epochs: &[Epoch]) -> Result<(), Failure> {
    let root = BitMapBackend::new(path, (1500, 440)).into_drawing_area();
    root.fill(&WHITE)?;
    let areas = root.split_evenly((1, 3));
    let losses: [Line; 2] = [("cells", COLOURS[3], |e| Some(e.cells)), ("KL", COLOURS[4], |e| Some(e.divergence))];
    panel(&areas[0], "nats a phrase", epochs, &losses)?;
    let adversaries: [Line; 2] =
        [("generator", COLOURS[0], |e| e.adversarial), ("discriminator", COLOURS[1], |e| e.discriminator)];
    panel(&areas[1], "against each other", epochs, &adversaries)?;
    let images: [Line; 3] = [
        ("F1 of valid onsets", COLOURS[2], |e| Some(e.valid_f1)),
        ("polyphony, drawn / valid", COLOURS[5], |e| Some(e.polyphony)),
        ("note rate, drawn / valid", COLOURS[6], |e| Some(e.note_rate)),
    ];
    panel(&areas[2], "images", epochs, &images)?;
    root.present()?;
    Ok(())
}

fn panel<B: DrawingBackend>(
    area: &DrawingArea<B, plotters::coord::Shift>,
    title: &str,
    epochs: &[Epoch],
    lines: &[Line],
) -> Result<(), Failure>
where
    B::ErrorType: 'static,
{
    let values = || lines.iter().flat_map(|line| epochs.iter().filter_map(line.2));
    let high = values().fold(0.0, f64::max);
    // Before there is anything to draw, an empty panel.
    let high = if high > 0.0 { high * 1.05 } else { 1.0 };
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 17))
        .margin(12)
        .x_label_area_size(34)
        .y_label_area_size(48)
        .build_cartesian_2d(0.5..epochs.len() as f64 + 0.5, 0.0..high)?;
    chart.configure_mesh().x_desc("epoch").label_style((FONT, 13)).axis_desc_style((FONT, 14)).draw()?;
    for &(name, colour, value) in lines {
        let points = epochs.iter().enumerate().filter_map(|(at, epoch)| Some((at as f64 + 1.0, value(epoch)?)));
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::MiddleRight)
        .label_font((FONT, 14))
        .background_style(WHITE.mix(0.8))
        .draw()?;
    Ok(())
}
