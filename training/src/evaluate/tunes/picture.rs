//! BLEU-4 against held-out tunes over BLEU-4 of what was written against itself, a line a writer, a dot a temperature.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use super::report::Trade;
use crate::plot::{COLOURS, FONT, register_fonts};

pub fn draw(path: &Path, trades: &[Trade]) -> Result<()> {
    register_fonts();
    chart(path, trades).map_err(|e| anyhow!("cannot draw {}: {e}", path.display()))
}

fn chart(path: &Path, trades: &[Trade]) -> Result<(), Box<dyn std::error::Error>> {
    let root = BitMapBackend::new(path, (760, 520)).into_drawing_area();
    root.fill(&WHITE)?;
    let points = || trades.iter().flat_map(|trade| &trade.points);
    let ends = |value: fn(&super::likeness::Point) -> f64| {
        let (low, high) = points().map(value).fold((1.0, 0.0), |(low, high), v| (f64::min(low, v), f64::max(high, v)));
        low - 0.02..high + 0.02
    };
    let mut chart = ChartBuilder::on(&root)
        .caption("as held-out tunes, and as each other (lower left: hotter)", (FONT, 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(52)
        .build_cartesian_2d(ends(|p| p.self_bleu), ends(|p| p.bleu))?;
    chart
        .configure_mesh()
        .x_desc("BLEU-4 of itself (lower is more varied)")
        .y_desc("BLEU-4 against held-out tunes (higher is better)")
        .label_style((FONT, 13))
        .axis_desc_style((FONT, 14))
        .light_line_style(WHITE)
        .draw()?;
    // In pixels; the first writer's temperatures stand above its line.
    for ((trade, colour), aside) in trades.iter().zip([COLOURS[0], COLOURS[4]]).zip([(-8, -18), (2, 6)]) {
        let at = |p: &super::likeness::Point| (p.self_bleu, p.bleu);
        chart.draw_series(trade.points.iter().map(|p| Circle::new(at(p), 4, colour.filled())))?;
        chart.draw_series(trade.points.iter().map(|p| {
            EmptyElement::at(at(p))
                + Text::new(format!("{:.1}", p.temperature), aside, (FONT, 13).into_font().color(&colour))
        }))?;
        chart
            .draw_series(LineSeries::new(trade.points.iter().map(at), colour.stroke_width(2)))?
            .label(trade.writer.as_str())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(3)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .label_font((FONT, 14))
        .background_style(WHITE.mix(0.8))
        .draw()?;
    root.present()?;
    Ok(())
}
