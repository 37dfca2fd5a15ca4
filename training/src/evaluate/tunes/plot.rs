//! The plot of BLEU-4 against held-out tunes over self-BLEU: a line for each writer, a dot for each temperature.

use std::path::Path;

use plotters::prelude::*;

use super::report::Trade;
use crate::plots::legend;
use tonenet_plot::{Area, COLOURS, Drawn, FONT, PlotError, draw_png};

/// Draws both BLEU scores of every writer.
pub fn draw(path: &Path, trades: &[Trade]) -> Result<(), PlotError> {
    draw_png(path, (760, 520), |area| chart(area, trades))
}

fn chart(root: &Area<'_>, trades: &[Trade]) -> Drawn {
    let points = || trades.iter().flat_map(|trade| &trade.points);
    let ends = |value: fn(&super::likeness::Point) -> f64| {
        let (low, high) = points().map(value).fold((1.0, 0.0), |(low, high), v| (f64::min(low, v), f64::max(high, v)));
        low - 0.02..high + 0.02
    };
    let mut chart = ChartBuilder::on(root)
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
    // In pixels; the first generator's temperatures are above its line.
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
    legend(&mut chart, SeriesLabelPosition::UpperLeft)
}
