//! The plot of r against look-ahead, with a panel for each genre.

use std::path::Path;

use plotters::prelude::*;

use super::measure::{Report, ScoreReport};
use crate::data::genre::{self, GenreId};
use tonenet_plot::{Area, COLOURS, Drawn, FONT, PlotError, draw_png};

/// Position of "whole take" on the axis, in seconds.
const WHOLE_TAKE: f64 = 20.0;

/// Draws a line for each model, and a dot for a model that is scored on whole performances only.
pub fn draw(path: &Path, reports: &[Report]) -> Result<(), PlotError> {
    let panels_wide = genres(reports).len().max(1) as u32;
    draw_png(path, (420 * panels_wide, 480), |area| panels(area, reports))
}

/// The genres that a report has, in order.
fn genres(reports: &[Report]) -> Vec<GenreId> {
    genre::distinct(reports.iter().flat_map(|report| &report.genres).map(|genre| genre.genre.clone()))
}

fn panels(root: &Area<'_>, reports: &[Report]) -> Drawn {
    let genres = genres(reports);
    for (genre, area) in genres.iter().zip(root.split_evenly((1, genres.len()))) {
        let lines: Vec<(&str, &[ScoreReport])> = reports
            .iter()
            .filter_map(|r| Some((r.model.as_str(), r.genres.iter().find(|g| g.genre == *genre)?.scores.as_slice())))
            .collect();
        let highest = lines.iter().flat_map(|l| l.1).map(|s| s.r.high).fold(0.4, f64::max);
        let mut chart = ChartBuilder::on(&area)
            .caption(format!("{}: r within a file", genre.title()), (FONT, 18))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(44)
            .build_cartesian_2d((0.007..WHOLE_TAKE * 1.5).log_scale(), -0.02..highest + 0.03)?;
        chart
            .configure_mesh()
            .x_desc("look-ahead")
            .x_labels(8)
            .x_label_formatter(&|&seconds| axis_label(seconds))
            .label_style((FONT, 13))
            .axis_desc_style((FONT, 14))
            .light_line_style(WHITE)
            .draw()?;
        for (place, (model, scores)) in lines.into_iter().enumerate() {
            let colour = COLOURS[place % COLOURS.len()];
            // Dots of models without look-ahead are placed side by side.
            let aside = if scores.len() == 1 { 1.0 + 0.12 * place as f64 } else { 1.0 };
            let at = |s: &ScoreReport| s.seconds.unwrap_or(WHOLE_TAKE / aside);
            chart.draw_series(scores.iter().map(|s| {
                // The 95 % interval over files.
                PathElement::new([(at(s), s.r.low), (at(s), s.r.high)], colour.mix(0.5).stroke_width(1))
            }))?;
            chart.draw_series(scores.iter().map(|s| Circle::new((at(s), s.r.value), 4, colour.filled())))?;
            chart
                .draw_series(LineSeries::new(scores.iter().map(|s| (at(s), s.r.value)), colour.stroke_width(2)))?
                .label(model)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(3)));
        }
        if *genre == genres[0] {
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::Coordinate(16, 205))
                .label_font((FONT, 14))
                .background_style(WHITE.mix(0.85))
                .draw()?;
        }
    }
    Ok(())
}

fn axis_label(seconds: f64) -> String {
    if seconds >= 10.0 {
        "whole".into()
    } else if seconds < 0.1 {
        format!("{:.0} ms", seconds * 1000.0)
    } else {
        format!("{seconds} s")
    }
}
