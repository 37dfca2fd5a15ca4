//! Panels of training curves: lines over epochs or other parts of a run.

use std::ops::Range;

use plotters::prelude::*;
use tonenet_plot::{Area, Drawn, FONT};

use super::legend;

/// A panel's captions and axes.
pub struct Panel {
    /// Its caption.
    pub title: &'static str,
    /// The unit of its x axis, such as an epoch.
    pub part: &'static str,
    /// The range of part numbers.
    pub x: Range<f64>,
    /// The range of values.
    pub y: Range<f64>,
    /// The position of its legend.
    pub legend: SeriesLabelPosition,
}

/// A named line.
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// Its colour.
    pub colour: RGBColor,
    /// Part numbers and values.
    pub points: Vec<(f64, f64)>,
    /// A point to mark with a dot.
    pub marked: Option<(f64, f64)>,
}

impl Line {
    /// A line through the parts for which `value` returns a number; parts are counted from 1.
    pub fn new<P>(name: impl Into<String>, colour: RGBColor, parts: &[P], value: impl Fn(&P) -> Option<f64>) -> Self {
        let points = parts.iter().enumerate().filter_map(|(at, part)| Some((at as f64 + 1.0, value(part)?)));
        Self { name: name.into(), colour, points: points.collect(), marked: None }
    }
}

impl Panel {
    /// A panel that fits `lines`. It begins at the first of `parts` parts for which a line has a value.
    pub fn fitted(title: &'static str, part: &'static str, parts: usize, lines: &[Line], has_zero: bool) -> Self {
        let values = || lines.iter().flat_map(|line| &line.points).map(|point| point.1);
        let lowest = if has_zero { 0.0 } else { values().fold(f64::INFINITY, f64::min) };
        let highest = values().fold(0.0, f64::max);
        // An empty panel before there is anything to draw.
        let (low, high) = if lowest < highest { (lowest, highest) } else { (0.0, 1.0) };
        let margin = (high - low) * 0.05;
        let low = if has_zero { low } else { low - margin };
        let first =
            lines.iter().filter_map(|line| line.points.first()).map(|point| point.0).fold(f64::INFINITY, f64::min);
        let first = if first.is_finite() { first } else { 1.0 };
        let (x, y) = (first - 0.5..parts as f64 + 0.5, low..high + margin);
        Self { title, part, x, y, legend: SeriesLabelPosition::MiddleRight }
    }

    /// Draws the panel with its lines.
    ///
    /// # Errors
    /// When the backend fails.
    pub fn draw(&self, area: &Area<'_>, lines: &[Line]) -> Drawn {
        let mut chart = ChartBuilder::on(area)
            .caption(self.title, (FONT, 17))
            .margin(12)
            .x_label_area_size(34)
            .y_label_area_size(48)
            .build_cartesian_2d(self.x.clone(), self.y.clone())?;
        chart.configure_mesh().x_desc(self.part).label_style((FONT, 13)).axis_desc_style((FONT, 14)).draw()?;
        for line in lines {
            let colour = line.colour;
            chart.draw_series(line.marked.map(|point| Circle::new(point, 4, colour.filled())))?;
            chart
                .draw_series(LineSeries::new(line.points.iter().copied(), colour.stroke_width(2)))?
                .label(&line.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        }
        legend(&mut chart, self.legend.clone())
    }
}
