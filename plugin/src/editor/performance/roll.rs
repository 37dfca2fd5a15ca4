//! Draws the piano roll of the performance view: notes, the look-ahead and the song's position.

use egui::{Align2, FontId, Painter, Pos2, Rect, pos2};

use super::notes::near;
use super::view::{NoteState, NoteView, PerformanceView};
use crate::editor::roll::{Geometry, Shapes, bar_lines, key_rows};
use crate::editor::theme::Palette;

/// Size of the marks of late and new notes, in points; the small one where notes are many.
pub const MARK: f32 = 4.0;
const SMALL_MARK: f32 = 2.5;
/// The least width of the look-ahead that its name fits into.
const WIDTH_OF_NAME: f32 = 136.0;

/// What the roll and the lane draw.
#[derive(Clone, Copy)]
pub struct Roll<'a> {
    pub view: &'a PerformanceView,
    pub geometry: &'a Geometry,
    pub palette: &'a Palette,
    /// The note that the pointer points to.
    pub pointed: Option<&'a NoteView>,
}

impl Roll<'_> {
    /// Draws the piano roll.
    pub fn draw(&self, painter: &Painter) {
        let Self { view, geometry, palette, .. } = *self;
        let mut shapes = Shapes::new(geometry.pixel);
        shapes.rect(geometry.rect, palette.roll);
        key_rows(&mut shapes, geometry, palette);
        bar_lines(&mut shapes, geometry, &view.grid, palette);
        self.zone(&mut shapes);
        let notes = near(view, geometry.time);
        for note in notes {
            self.written(&mut shapes, note);
        }
        for note in notes {
            self.note(&mut shapes, note);
        }
        let size = if notes.len() as f32 > geometry.rect.width() / 3.0 { SMALL_MARK } else { MARK };
        for note in notes.iter().filter(|note| matches!(note.state, NoteState::Late | NoteState::New)) {
            mark(&mut shapes, note, (geometry.note(note.onset, note.onset, note.key).left_center(), size), palette);
        }
        if let Some(note) = self.pointed {
            let rect = geometry.note(note.onset, note.end(view.now), note.key).expand(1.0);
            shapes.frame(rect, 1.5, palette.text);
        }
        self.playhead(&mut shapes);
        painter.add(shapes.into_shape());
        self.name_look_ahead(painter);
    }

    /// Shades the look-ahead.
    pub fn zone(&self, shapes: &mut Shapes) {
        if let Some(zone) = self.look_ahead() {
            shapes.rect(zone, self.palette.look_ahead);
        }
    }

    /// Draws where the song is, and where the player is.
    pub fn playhead(&self, shapes: &mut Shapes) {
        let Self { view, geometry, palette, .. } = *self;
        let Some(now) = view.now else { return };
        let y = geometry.rect.y_range();
        if let Some(zone) = self.look_ahead() {
            let heard = zone.right();
            shapes.rect(Rect::from_x_y_ranges(heard - geometry.pixel..=heard, y), palette.weak_text);
        }
        let played = geometry.x(now - look_ahead_of(view));
        shapes.rect(Rect::from_x_y_ranges(played - 1.0..=played + 1.0, y), palette.playhead);
    }

    /// The zone of notes that were heard and are not played yet.
    fn look_ahead(&self) -> Option<Rect> {
        let (now, length) = (self.view.now?, look_ahead_of(self.view));
        let x = self.geometry.x(now - length)..=self.geometry.x(now);
        (length > 0.0).then(|| Rect::from_x_y_ranges(x, self.geometry.rect.y_range()))
    }

    fn note(&self, shapes: &mut Shapes, note: &NoteView) {
        let rect = self.geometry.note(note.onset, note.end(self.view.now), note.key);
        if !rect.intersects(self.geometry.rect) {
            return;
        }
        let colour = note.colour(self.palette);
        if note.state == NoteState::Waiting {
            shapes.rect(rect, self.palette.roll);
            shapes.frame(rect, 1.0_f32.max(self.geometry.pixel), self.palette.own);
        } else {
            shapes.rect(rect, colour);
        }
    }

    /// Outlines where a moved note is written.
    fn written(&self, shapes: &mut Shapes, note: &NoteView) {
        let Some((onset, end)) = note.written_span(self.view.now) else { return };
        let rect = self.geometry.note(onset, end, note.key);
        if rect.intersects(self.geometry.rect) {
            shapes.frame(rect, self.geometry.pixel, self.palette.own);
        }
    }

    fn name_look_ahead(&self, painter: &Painter) {
        let Some(zone) = self.look_ahead() else { return };
        let text = |x: f32, align: Align2, name: &str| {
            let (place, font) = (pos2(x, zone.top() + 4.0), FontId::proportional(11.0));
            painter.text(place, align, name, font, self.palette.weak_text);
        };
        text(zone.left() - 5.0, Align2::RIGHT_TOP, "played");
        text(zone.right() + 5.0, Align2::LEFT_TOP, "heard");
        if zone.width() >= WIDTH_OF_NAME {
            text(zone.center().x, Align2::CENTER_TOP, "heard, not played yet");
        }
    }
}

/// How long notes are held; never negative.
fn look_ahead_of(view: &PerformanceView) -> f64 {
    view.look_ahead.max(0.0)
}

/// Marks a late or new note, by shape and by colour.
pub fn mark(shapes: &mut Shapes, note: &NoteView, (place, size): (Pos2, f32), palette: &Palette) {
    let border = size + 1.5;
    match note.state {
        NoteState::Late => {
            shapes.triangle(place, border, palette.roll);
            shapes.triangle(place, size, palette.warning);
        }
        NoteState::New => {
            shapes.diamond(place, border, palette.roll);
            shapes.diamond(place, size, palette.accent);
        }
        NoteState::Restyled | NoteState::Waiting | NoteState::Kept => {}
    }
}

/// The note at a place of the roll; of several, the one that is drawn on top.
pub fn note_at<'a>(view: &'a PerformanceView, geometry: &Geometry, place: Pos2) -> Option<&'a NoteView> {
    let key = geometry.key_at(place.y);
    // Most notes are on other keys, which costs less to see than where they lie.
    let is_near = |note: &&NoteView| (f64::from(note.key) + 0.5 - key).abs() <= 1.5;
    let is_at = |note: &&NoteView| geometry.note(note.onset, note.end(view.now), note.key).expand(1.0).contains(place);
    near(view, geometry.time).iter().rev().filter(is_near).find(is_at)
}
