//! The keys of a piano roll: their rows, their names, and the keyboard at its left edge.

use egui::{Align2, FontId, Painter, Rect, pos2};
use tonenet_core::note::key_name;

use super::geometry::Geometry;
use super::shapes::Shapes;
use crate::editor::theme::Palette;

/// Keys of an octave.
const OCTAVE: u8 = 12;
/// The lowest row, in points, at which there is room for a name in each octave.
const ROW_OF_A_NAME: f32 = 1.4;

fn is_black(key: u8) -> bool {
    matches!(key % OCTAVE, 1 | 3 | 6 | 8 | 10)
}

/// Shades the rows of black keys, and marks the rows of C.
pub fn key_rows(shapes: &mut Shapes, geometry: &Geometry, palette: &Palette) {
    let Geometry { rect, pixel, .. } = *geometry;
    for key in geometry.shown_keys() {
        let row = geometry.row(key);
        if is_black(key) {
            shapes.rect(Rect::from_x_y_ranges(rect.x_range(), row), palette.black_keys);
        } else if key % OCTAVE == 0 {
            shapes.rect(Rect::from_x_y_ranges(rect.x_range(), row.max - pixel..=row.max), palette.beat_line);
        }
    }
}

/// Draws the keyboard over a range of x.
pub fn keyboard(painter: &Painter, x: egui::Rangef, geometry: &Geometry, palette: &Palette) {
    let rect = Rect::from_x_y_ranges(x, geometry.rect.y_range());
    let painter = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
    let mut shapes = Shapes::new(geometry.pixel);
    shapes.rect(rect, palette.white_keys);
    for key in geometry.shown_keys() {
        let row = geometry.row(key);
        if is_black(key) {
            let tip = geometry.snapped(rect.left() + 0.58 * rect.width());
            shapes.rect(Rect::from_x_y_ranges(rect.left()..=tip, row), palette.key_edge);
        } else if matches!(key % OCTAVE, 0 | 5) {
            // The other white keys are parted by black ones.
            shapes.rect(Rect::from_x_y_ranges(x, row.max - geometry.pixel..=row.max), palette.key_edge);
        }
    }
    shapes.frame(rect, geometry.pixel, palette.bar_line);
    painter.add(shapes.into_shape());
    if geometry.row_height() < ROW_OF_A_NAME {
        return;
    }
    let size = (geometry.row_height() + 2.0).clamp(9.0, 11.0);
    for key in geometry.shown_keys().filter(|key| key % OCTAVE == 0) {
        let place = pos2(rect.right() - 3.0, (geometry.row(key).max + 1.0).min(rect.bottom()));
        let font = FontId::proportional(size);
        painter.text(place, Align2::RIGHT_BOTTOM, key_name(key), font, palette.key_edge);
    }
}
