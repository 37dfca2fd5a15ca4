//! The plot of velocities over time, before and after.

use std::path::Path;

use plotters::prelude::*;
use tonenet_core::genre::Genre;
use tonenet_core::midi::Song;
use tonenet_plot::{Area, COLOURS, Drawn, FONT, PlotError, draw_png};

const SIZE: (u32, u32) = (1200, 560);

/// A step's width in the moving average, in seconds.
const SMOOTHING: f64 = 2.0;

/// Draws each note's velocity before and after, and a moving average through the latter.
///
/// # Errors
/// When the file cannot be written.
pub fn velocities(path: &Path, song: &Song, after: &[u8], style: Genre) -> Result<(), PlotError> {
    draw_png(path, SIZE, |area| draw(area, song, after, style))
}

fn draw(area: &Area<'_>, song: &Song, after: &[u8], style: Genre) -> Drawn {
    let end = song.notes().last().map_or(1.0, |n| n.note.onset + 1.0);
    let mut chart = ChartBuilder::on(area)
        .caption(format!("Velocities before and after ToneNet ({})", style.title()), (FONT, 22))
        .margin(14)
        .x_label_area_size(40)
        .y_label_area_size(52)
        .build_cartesian_2d(0.0..end, 0.0..130.0)?;
    chart
        .configure_mesh()
        .x_desc("time, s")
        .y_desc("velocity")
        .light_line_style(WHITE)
        .label_style((FONT, 15))
        .axis_desc_style((FONT, 17))
        .draw()?;
    let points = |value: &dyn Fn(usize) -> f64| -> Vec<(f64, f64)> {
        song.notes().iter().enumerate().map(|(i, n)| (n.note.onset, value(i))).collect()
    };
    let before = points(&|i| f64::from(song.notes()[i].note.velocity));
    let restyled = points(&|i| f64::from(after[i]));
    let colour = COLOURS[style.index()];
    // A long piece has more notes than pixels; smaller dots keep its shape visible.
    let radius = if before.len() > 4_000 { 1 } else { 3 };
    chart
        .draw_series(before.iter().map(|&p| Circle::new(p, radius, COLOURS[3].mix(0.5).filled())))?
        .label("before")
        .legend(|(x, y)| Circle::new((x + 9, y), 4, COLOURS[3].filled()));
    chart
        .draw_series(restyled.iter().map(|&p| Circle::new(p, radius, colour.mix(0.6).filled())))?
        .label(format!("after: {}", style.title()))
        .legend(move |(x, y)| Circle::new((x + 9, y), 4, colour.filled()));
    chart
        .draw_series(LineSeries::new(moving_average(&restyled), BLACK.stroke_width(2)))?
        .label(format!("mean of {SMOOTHING} s"))
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], BLACK.stroke_width(2)));
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .label_font((FONT, 16))
        .background_style(WHITE.mix(0.85))
        .border_style(COLOURS[3])
        .draw()?;
    Ok(())
}

/// The mean of the notes within [`SMOOTHING`] seconds around each; points come by time.
fn moving_average(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let (mut from, mut to, mut sum) = (0, 0, 0.0);
    points
        .iter()
        .map(|&(time, _)| {
            while points.get(to).is_some_and(|p| p.0 <= time + SMOOTHING / 2.0) {
                sum += points[to].1;
                to += 1;
            }
            while points[from].0 < time - SMOOTHING / 2.0 {
                sum -= points[from].1;
                from += 1;
            }
            (time, sum / (to - from) as f64)
        })
        .collect()
}
