//! The grid of beats and bars in a piano roll, and the numbers of bars above it.

use egui::{Align2, FontId, Painter, Rect, pos2};

use super::geometry::Geometry;
use super::shapes::Shapes;
use crate::editor::theme::Palette;

/// The least distance of beats, of bars, and of the numbers of bars, in points.
const BETWEEN_BEATS: f32 = 9.0;
const BETWEEN_BARS: f32 = 20.0;
const BETWEEN_NUMBERS: f32 = 46.0;

/// A line of the grid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridLine {
    /// Where it lies.
    pub place: f64,
    /// The number of the bar that begins there, counted from 1; `None` for another beat.
    pub bar: Option<i32>,
}

/// The lines that are in sight.
fn in_sight<'a>(geometry: &Geometry, grid: &'a [GridLine]) -> &'a [GridLine] {
    let from = grid.partition_point(|line| line.place < geometry.time.start());
    let to = grid.partition_point(|line| line.place <= geometry.time.end());
    grid.get(from..to).unwrap_or_default()
}

/// Every how many bars one is shown, so that they are at least so far apart.
fn bar_step(geometry: &Geometry, lines: &[GridLine], distance: f32) -> i32 {
    let mut bars = lines.iter().filter(|line| line.bar.is_some()).map(|line| line.place);
    let (Some(first), Some(last)) = (bars.next(), bars.next_back()) else { return 1 };
    let count = lines.iter().filter(|line| line.bar.is_some()).count() - 1;
    let width = (geometry.x(last) - geometry.x(first)) / count as f32;
    let needed = f64::from(distance / width.max(1e-3)).clamp(1.0, 1e6);
    2_i32.pow(needed.log2().ceil() as u32)
}

/// Whether a bar is one of every `step` bars, of which bar 1 is one.
fn is_shown(bar: i32, step: i32) -> bool {
    (i64::from(bar) - 1).rem_euclid(i64::from(step)) == 0
}

/// Draws the lines of beats and bars. Lines that would lie too close together are left out.
pub fn bar_lines(shapes: &mut Shapes, geometry: &Geometry, grid: &[GridLine], palette: &Palette) {
    let lines = in_sight(geometry, grid);
    let beats = geometry.rect.width() / lines.len().max(1) as f32 >= BETWEEN_BEATS;
    let step = bar_step(geometry, lines, BETWEEN_BARS);
    for line in lines {
        let colour = match line.bar {
            Some(bar) if is_shown(bar, step) => palette.bar_line,
            None if beats => palette.beat_line,
            _ => continue,
        };
        let x = geometry.x(line.place);
        shapes.rect(Rect::from_x_y_ranges(x..=x + geometry.pixel, geometry.rect.y_range()), colour);
    }
}

/// Draws the numbers of bars in a strip above the roll.
pub fn bar_numbers(painter: &Painter, strip: Rect, geometry: &Geometry, grid: &[GridLine], palette: &Palette) {
    let lines = in_sight(geometry, grid);
    let step = bar_step(geometry, lines, BETWEEN_NUMBERS);
    let painter = painter.with_clip_rect(strip.intersect(painter.clip_rect()));
    let mut shapes = Shapes::new(geometry.pixel);
    let mut least = f32::NEG_INFINITY;
    for (line, bar) in lines.iter().filter_map(|line| Some((line, line.bar.filter(|&bar| is_shown(bar, step))?))) {
        let x = geometry.x(line.place);
        // A loop or a new tempo may bring bars closer together.
        if x < least {
            continue;
        }
        least = x + BETWEEN_NUMBERS / 2.0;
        shapes.rect(Rect::from_x_y_ranges(x..=x + geometry.pixel, strip.y_range()), palette.bar_line);
        let (place, font) = (pos2(x + 4.0, strip.center().y), FontId::proportional(11.0));
        painter.text(place, Align2::LEFT_CENTER, bar.to_string(), font, palette.weak_text);
    }
    painter.add(shapes.into_shape());
}
