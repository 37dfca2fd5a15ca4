//! A picture of a run: how surprised the generator is, and how it fares against the discriminator.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use super::run::Part;
use crate::plot::{COLOURS, FONT, register_fonts};

type Failure = Box<dyn std::error::Error>;

/// Nats a symbol on the left; reward, the share told right and BLEU on the right. Parts are counted through both stages.
pub fn draw(path: &Path, parts: &[Part]) -> Result<()> {
    register_fonts();
    panels(path, parts).map_err(|e| anyhow!("cannot draw {}: {e}", path.display()))
}

/// A named line through the parts that have its value.
type Line = (&'static str, RGBColor, fn(&Part) -> Option<f64>);

fn panels(path: &Path, parts: &[Part]) -> Result<(), Failure> {
    let root = BitMapBackend::new(path, (1100, 440)).into_drawing_area();
    root.fill(&WHITE)?;
    let (left, right) = root.split_horizontally(550);
    let losses: [Line; 2] =
        [("train", COLOURS[3], |p| Some(p.train_loss)), ("valid", COLOURS[4], |p| Some(p.valid_loss))];
    panel(&left, "nats a symbol", parts, &losses)?;
    let adversaries: [Line; 4] = [
        ("reward", COLOURS[0], |p| p.reward),
        ("told right", COLOURS[1], |p| p.told_right),
        ("BLEU-4, valid", COLOURS[2], |p| p.bleu),
        ("BLEU-4 of itself", COLOURS[5], |p| p.self_bleu),
    ];
    panel(&right, "against each other", parts, &adversaries)?;
    root.present()?;
    Ok(())
}

fn panel<B: DrawingBackend>(
    area: &DrawingArea<B, plotters::coord::Shift>,
    title: &str,
    parts: &[Part],
    lines: &[Line],
) -> Result<(), Failure>
where
    B::ErrorType: 'static,
{
    let values = || lines.iter().flat_map(|line| parts.iter().filter_map(line.2));
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(0.0, f64::max);
    // Before there is anything to draw, an empty panel.
    let (low, high) = if low < high { (low, high) } else { (0.0, 1.0) };
    let has_any = |part: &Part| lines.iter().any(|line| line.2(part).is_some());
    let first = parts.iter().position(has_any).unwrap_or(0) as f64 + 0.5;
    let margin = (high - low) * 0.05;
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 17))
        .margin(12)
        .x_label_area_size(34)
        .y_label_area_size(48)
        .build_cartesian_2d(first..parts.len() as f64 + 0.5, low - margin..high + margin)?;
    chart.configure_mesh().x_desc("part").label_style((FONT, 13)).axis_desc_style((FONT, 14)).draw()?;
    for &(name, colour, value) in lines {
        let points = parts.iter().enumerate().filter_map(|(at, part)| Some((at as f64 + 1.0, value(part)?)));
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
