//! Draws a clip as a piano roll with the velocities of its notes below.

use egui::{Align2, FontId, Painter, Rect, Response, Sense, Ui, pos2, vec2};
use tonenet_core::clip::Clip;

use crate::editor::roll::{Geometry, GridLine, Shapes, Span, bar_lines, bar_numbers, key_rows, keyboard};
use crate::editor::styles_view::counted;
use crate::editor::theme::Palette;

/// Keys shown above the highest note and below the lowest.
const MARGIN_KEYS: u8 = 2;
/// Fewest keys shown.
const MIN_KEYS: u8 = 16;
/// Width of the keyboard, and heights of the bar numbers and the velocities.
const KEYBOARD: f32 = 40.0;
const NUMBERS: f32 = 16.0;
const VELOCITIES: f32 = 40.0;
const GAP: f32 = 4.0;
/// Width of a velocity's bar.
const BAR: f32 = 2.0;

/// Draws a clip over the whole width. A line shows the song's position, in beats from the clip's start.
pub fn clip_roll(ui: &mut Ui, clip: &Clip, height: f32, position: Option<f64>) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let description = describe(clip);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &description));
    let (painter, palette, pixel) = (ui.painter_at(rect), Palette::of(ui), 1.0 / ui.ctx().pixels_per_point());
    let left = (rect.left() + KEYBOARD).min(rect.right());
    let (top, bottom) = (rect.top() + NUMBERS, rect.bottom() - VELOCITIES - GAP);
    let roll = Rect::from_min_max(pos2(left, top), pos2(rect.right(), bottom));
    let geometry = geometry(clip, roll, pixel);
    let grid = grid(clip);

    let mut shapes = Shapes::new(pixel);
    shapes.rect(roll, palette.roll);
    key_rows(&mut shapes, &geometry, palette);
    bar_lines(&mut shapes, &geometry, &grid, palette);
    notes(&mut shapes, clip, &geometry, palette);
    let lane = Rect::from_min_max(pos2(left, rect.bottom() - VELOCITIES), rect.max);
    velocities(&mut shapes, clip, (&Geometry { rect: lane, ..geometry }, &grid), palette);
    if let Some(position) = position {
        let x = geometry.x(position);
        shapes.rect(Rect::from_x_y_ranges(x - 1.0..=x + 1.0, top..=rect.bottom()), palette.playhead);
    }
    painter.add(shapes.into_shape());
    let numbers = Rect::from_min_max(pos2(left, rect.top()), pos2(rect.right(), top));
    bar_numbers(&painter, numbers, &geometry, &grid, palette);
    keyboard(&painter, egui::Rangef::new(rect.left(), left), &geometry, palette);
    if clip.notes().is_empty() {
        rest(&painter, roll, palette);
    }
    response
}

/// Draws a clip's notes only.
pub fn notes(shapes: &mut Shapes, clip: &Clip, geometry: &Geometry, palette: &Palette) {
    for note in clip.notes() {
        shapes.rect(geometry.note(note.onset, note.end(), note.key), palette.velocity(note.velocity));
    }
}

/// All of a clip in a rectangle.
pub fn geometry(clip: &Clip, rect: Rect, pixel: f32) -> Geometry {
    let keys = || clip.notes().iter().map(|note| note.key);
    let lowest = keys().min().unwrap_or(60).saturating_sub(MARGIN_KEYS);
    let highest = keys().max().unwrap_or(72).saturating_add(MARGIN_KEYS);
    let keys = (highest - lowest + 1).max(MIN_KEYS);
    Geometry { rect, time: Span::new(0.0, clip.length()), keys: Span::new(lowest.into(), keys.into()), pixel }
}

/// The length of a clip's bars in beats.
pub fn bar_length(clip: &Clip) -> f64 {
    let (upper, lower) = clip.signature();
    f64::from(upper) * 4.0 / f64::from(lower)
}

/// A velocity lane: a bar for each note, as high as it is loud.
fn velocities(shapes: &mut Shapes, clip: &Clip, (lane, grid): (&Geometry, &[GridLine]), palette: &Palette) {
    shapes.rect(lane.rect, palette.roll);
    bar_lines(shapes, lane, grid, palette);
    for note in clip.notes() {
        let (left, height) = (lane.x(note.onset), f32::from(note.velocity) / 127.0 * (lane.rect.height() - 2.0));
        let top = lane.snapped(lane.rect.bottom() - height);
        let bar = Rect::from_min_max(pos2(left, top), pos2(left + BAR, lane.rect.bottom()));
        shapes.rect(bar, palette.velocity(note.velocity));
    }
}

/// The beats and bars of a clip.
fn grid(clip: &Clip) -> Vec<GridLine> {
    let (upper, lower) = clip.signature();
    let beat = 4.0 / f64::from(lower);
    let line = |index: i32| GridLine {
        place: f64::from(index) * beat,
        bar: (index % i32::from(upper) == 0).then_some(index / i32::from(upper) + 1),
    };
    (0..(clip.length() / beat).ceil() as i32).map(line).collect()
}

fn rest(painter: &Painter, rect: Rect, palette: &Palette) {
    painter.text(rect.center(), Align2::CENTER_CENTER, "a rest", FontId::proportional(13.0), palette.weak_text);
}

/// Describes a clip in words, for tooltips and for screen readers.
pub fn describe(clip: &Clip) -> String {
    let (upper, lower) = clip.signature();
    let bars = (clip.length() / bar_length(clip)).round() as usize;
    format!("{} in {} of {upper}/{lower}", counted(clip.notes().len(), "note"), counted(bars, "bar"))
}
