//! Sums up notes in narrow columns, so that thousands of them stay legible and cost little to draw.

use super::view::{NoteState, NoteView};
use crate::editor::roll::Geometry;

/// Width of a column in points.
pub const WIDTH: f32 = 4.0;

/// The notes that begin within the width of a column.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Column {
    /// Its left edge.
    pub x: f32,
    /// The player's velocities.
    pub own: Values,
    /// The restyled velocities.
    pub restyled: Values,
    /// The style's levels.
    pub level: Values,
    /// Whether a note came late.
    pub is_late: bool,
}

/// Values, summed up.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Values {
    count: u16,
    sum: f32,
    lowest: f32,
    highest: f32,
}

impl Values {
    /// The lowest and the highest.
    pub fn range(&self) -> Option<(f32, f32)> {
        (self.count > 0).then_some((self.lowest, self.highest))
    }

    /// The mean.
    pub fn mean(&self) -> Option<f32> {
        (self.count > 0).then(|| self.sum / f32::from(self.count))
    }

    fn add(&mut self, value: f32) {
        let (lowest, highest) = self.range().unwrap_or((value, value));
        (self.lowest, self.highest) = (lowest.min(value), highest.max(value));
        self.count = self.count.saturating_add(1);
        self.sum += value;
    }
}

impl Column {
    fn add(&mut self, note: &NoteView) {
        self.own.add(note.own().into());
        if let Some(restyled) = note.restyled() {
            self.restyled.add(restyled.into());
        }
        if let Some(level) = note.level {
            self.level.add(level.clamp(1.0, 127.0));
        }
        self.is_late |= note.state == NoteState::Late;
    }
}

/// The columns that have notes, from left to right.
pub fn columns(notes: &[NoteView], geometry: &Geometry) -> Vec<Column> {
    let left = geometry.rect.left();
    // Columns move with the notes, so that a note stays in its column when the view scrolls.
    let offset = (geometry.time.start() / geometry.time_of(WIDTH)).rem_euclid(1.0) as f32 * WIDTH;
    let mut columns: Vec<Column> = Vec::new();
    for note in notes {
        let x = left - offset + ((geometry.x(note.onset) - left + offset) / WIDTH).floor() * WIDTH;
        if columns.last().is_none_or(|column| column.x != x) {
            columns.push(Column { x, ..Column::default() });
        }
        if let Some(column) = columns.last_mut() {
            column.add(note);
        }
    }
    columns
}
