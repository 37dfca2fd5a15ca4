//! A panel of a generator's run: values over the parts that have them.

use anyhow::Result;
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::plot::FONT;

pub type Failure = Box<dyn std::error::Error>;

/// A named line through the parts that have its value.
pub type Line<P> = (&'static str, RGBColor, fn(&P) -> Option<f64>);

/// What a panel is called, what its parts are, and whether its values begin at nought.
pub struct Title {
    pub panel: &'static str,
    pub part: &'static str,
    pub from_nought: bool,
}

/// Draws lines from the first part on that any of them has.
pub fn panel<P, B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    title: &Title,
    parts: &[P],
    lines: &[Line<P>],
) -> Result<(), Failure>
where
    B::ErrorType: 'static,
{
    let values = || lines.iter().flat_map(|line| parts.iter().filter_map(line.2));
    let lowest = if title.from_nought { 0.0 } else { values().fold(f64::INFINITY, f64::min) };
    let highest = values().fold(0.0, f64::max);
    // Before there is anything to draw, an empty panel.
    let (low, high) = if lowest < highest { (lowest, highest) } else { (0.0, 1.0) };
    let margin = (high - low) * 0.05;
    let low = if title.from_nought { low } else { low - margin };
    let has_any = |part: &P| lines.iter().any(|line| line.2(part).is_some());
    let first = parts.iter().position(has_any).unwrap_or(0) as f64 + 0.5;
    let mut chart = ChartBuilder::on(area)
        .caption(title.panel, (FONT, 17))
        .margin(12)
        .x_label_area_size(34)
        .y_label_area_size(48)
        .build_cartesian_2d(first..parts.len() as f64 + 0.5, low..high + margin)?;
    chart.configure_mesh().x_desc(title.part).label_style((FONT, 13)).axis_desc_style((FONT, 14)).draw()?;
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
