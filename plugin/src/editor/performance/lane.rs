//! Draws the velocity lane: each note's own velocity and what the style makes of it.

use egui::{Align2, FontId, Painter, Pos2, Rangef, Rect, Shape, Stroke, pos2};

use super::notes::beginning_in;
use super::roll::{MARK, Roll, mark};
use super::summary::{self, Column};
use super::view::{NoteState, NoteView, PerformanceView};
use crate::editor::roll::{Geometry, Shapes, Span, bar_lines};
use crate::editor::theme::Palette;

/// Space above velocity 127 and below velocity 1, for the handles of floor and ceiling: a share of the height, and its
/// limits.
const MARGIN: (f32, f32, f32) = (0.13, 5.0, 15.0);
/// Space for each note below which the lane shows averages, and below which marks are small.
const CROWDED: f32 = 3.0;
const DENSE: f32 = 9.0;
/// The height below which marks are small.
const LOW: f32 = 80.0;
/// The least height with room for three numbers.
const HEIGHT_OF_NUMBERS: f32 = 70.0;
/// How far from a note the pointer may be.
const NEAR: f32 = 10.0;
/// Velocities with a line of their own.
const LINES: [u8; 3] = [32, 64, 96];

/// The height of a velocity in the lane.
pub fn y(lane: Rect, velocity: f32) -> f32 {
    let share = (velocity - 1.0) / 126.0;
    let (margin, height) = measures(lane);
    lane.bottom() - margin - share.clamp(0.0, 1.0) * height
}

/// The velocity at a height of the lane.
pub fn velocity_at(lane: Rect, y: f32) -> f32 {
    let (margin, height) = measures(lane);
    1.0 + 126.0 * ((lane.bottom() - margin - y) / height).clamp(0.0, 1.0)
}

/// The space above and below the velocities, and their height.
fn measures(lane: Rect) -> (f32, f32) {
    let (share, least, most) = MARGIN;
    let margin = (share * lane.height()).clamp(least, most);
    (margin, (lane.height() - 2.0 * margin).max(1.0))
}

/// Draws the velocities' numbers and colours at the left edge.
pub fn scale(painter: &Painter, rect: Rect, palette: &Palette) {
    let mut shapes = Shapes::new(1.0 / painter.ctx().pixels_per_point());
    for velocity in 1..=127 {
        let around = y(rect, f32::from(velocity) + 0.5)..=y(rect, f32::from(velocity) - 0.5);
        shapes.rect(Rect::from_x_y_ranges(rect.right() - 5.0..=rect.right() - 1.0, around), palette.velocity(velocity));
    }
    painter.add(shapes.into_shape());
    let numbers: &[u8] = if rect.height() < HEIGHT_OF_NUMBERS { &[64] } else { &[1, 64, 127] };
    for &velocity in numbers {
        let (place, font) = (pos2(rect.right() - 8.0, y(rect, velocity.into())), FontId::proportional(10.0));
        painter.text(place, Align2::RIGHT_CENTER, velocity.to_string(), font, palette.weak_text);
    }
}

/// Draws the lane.
pub fn draw(painter: &Painter, roll: &Roll) {
    let Roll { view, geometry, palette, pointed } = *roll;
    let lane = geometry.rect;
    let mut shapes = Shapes::new(geometry.pixel);
    shapes.rect(lane, palette.roll);
    for velocity in LINES {
        let y = geometry.snapped(y(lane, velocity.into()));
        shapes.rect(Rect::from_x_y_ranges(lane.x_range(), y..=y + geometry.pixel), palette.beat_line);
    }
    bar_lines(&mut shapes, geometry, &view.grid, palette);
    roll.zone(&mut shapes);
    let notes = beginning_in(view, geometry.time);
    let space = lane.width() / notes.len().max(1) as f32;
    let columns = summary::columns(notes, geometry);
    let is_crowded = is_crowded(notes.len(), lane.width());
    if is_crowded {
        crowd(&mut shapes, &columns, roll);
    } else {
        let radius = if space < DENSE || lane.height() < LOW { 2.2 } else { 3.6 };
        for note in notes {
            connection(&mut shapes, note, roll);
        }
        for note in notes {
            values(&mut shapes, note, radius, roll);
        }
    }
    if let Some(note) = pointed {
        let x = geometry.x(note.onset);
        for velocity in [Some(note.own()), note.restyled()].into_iter().flatten() {
            shapes.ring(pos2(x, y(lane, velocity.into())), 7.0, (1.5, palette.text));
        }
    }
    roll.playhead(&mut shapes);
    painter.add(shapes.into_shape());
    if is_crowded {
        painter.add(line(&columns, lane, |column| column.own.mean(), Stroke::new(1.0, palette.own)));
    }
    painter.add(line(&columns, lane, |column| column.level.mean(), Stroke::new(1.5, palette.accent)));
}

/// Whether so many notes are in sight that the lane sums them up.
pub fn is_crowded(notes: usize, width: f32) -> bool {
    width < CROWDED * notes as f32
}

/// The line from a note's own velocity to its restyled one.
fn connection(shapes: &mut Shapes, note: &NoteView, roll: &Roll) {
    let Some(restyled) = note.restyled() else { return };
    let (lane, x) = (roll.geometry.rect, roll.geometry.x(note.onset));
    let (from, to) = (y(lane, note.own().into()), y(lane, restyled.into()));
    let range = Rangef::new(from.min(to), from.max(to));
    shapes.vertical(x, range, (1.0, roll.palette.bar_line));
}

/// A note's own velocity as a ring, and its restyled one as a disc.
fn values(shapes: &mut Shapes, note: &NoteView, radius: f32, roll: &Roll) {
    let (lane, palette) = (roll.geometry.rect, roll.palette);
    let x = roll.geometry.x(note.onset);
    let own = pos2(x, y(lane, note.own().into()));
    shapes.ring(own, radius, (1.2, palette.own));
    if let Some(restyled) = note.restyled() {
        let place = pos2(x, y(lane, restyled.into()));
        shapes.disc(place, radius, palette.roll);
        shapes.disc(place, radius - 0.5, note.colour(palette));
    }
    if matches!(note.state, NoteState::Late | NoteState::New) {
        mark(shapes, note, (own, MARK), palette);
    }
}

/// Many notes: the restyled ones of each column from the softest to the loudest.
fn crowd(shapes: &mut Shapes, columns: &[Column], roll: &Roll) {
    let (lane, palette) = (roll.geometry.rect, roll.palette);
    let bar = |x: f32, width: f32, range: (f32, f32)| {
        let (bottom, top) = (y(lane, range.0) + 1.0, y(lane, range.1) - 1.0);
        Rect::from_min_max(pos2(x, top), pos2(x + width, bottom))
    };
    for column in columns {
        if let Some(restyled) = column.restyled.range() {
            let colour = palette.velocity(column.restyled.mean().unwrap_or(1.0).round() as u8);
            shapes.rect(bar(column.x + 0.5, summary::WIDTH - 1.0, restyled), colour);
        }
        if column.is_late {
            shapes.triangle(pos2(column.x + summary::WIDTH / 2.0, lane.top() + 4.0), 3.0, palette.warning);
        }
    }
}

/// A curve through the columns that have a value.
fn line(columns: &[Column], lane: Rect, value: impl Fn(&Column) -> Option<f32>, stroke: Stroke) -> Shape {
    let place = |column: &Column| Some(pos2(column.x + summary::WIDTH / 2.0, y(lane, value(column)?)));
    Shape::line(columns.iter().filter_map(place).collect(), stroke)
}

/// The note at a place of the lane, or the nearest to it.
pub fn note_at<'a>(view: &'a PerformanceView, geometry: &Geometry, place: Pos2) -> Option<&'a NoteView> {
    let distance = |note: &NoteView| {
        let at = |velocity: u8| pos2(geometry.x(note.onset), y(geometry.rect, velocity.into())).distance(place);
        note.restyled().map_or(f32::INFINITY, at).min(at(note.own()))
    };
    let around = Span::new(geometry.time_at(place.x - NEAR), geometry.time_of(2.0 * NEAR));
    let notes = beginning_in(view, around).iter().map(|note| (note, distance(note)));
    let nearest = notes.min_by(|one, other| one.1.total_cmp(&other.1))?;
    Some(nearest.0).filter(|_| nearest.1 <= NEAR)
}
