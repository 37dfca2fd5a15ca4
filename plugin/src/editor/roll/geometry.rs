//! Where times and keys lie on the screen.

use egui::{Pos2, Rangef, Rect};

use super::span::{Span, finite};

/// How far outside its rectangle something is placed at most, in points.
const OUTSIDE: f64 = 1e4;

/// A rectangle that shows a stretch of time from left to right, and keys from low to high.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Geometry {
    /// Where it is drawn.
    pub rect: Rect,
    /// The stretch of time that it shows.
    pub time: Span,
    /// The keys that it shows. A key covers the place of its number up to the next.
    pub keys: Span,
    /// The size of a pixel in points.
    pub pixel: f32,
}

impl Geometry {
    /// The horizontal position of a time, on a pixel.
    pub fn x(&self, time: f64) -> f32 {
        let share = (finite(time) - self.time.start()) / self.time.length();
        self.snapped(self.rect.left() + within(share, self.rect.width()))
    }

    /// The time at a horizontal position.
    pub fn time_at(&self, x: f32) -> f64 {
        self.time.at(f64::from((x - self.rect.left()) / self.rect.width().max(1.0)))
    }

    /// The time that a horizontal distance stands for.
    pub fn time_of(&self, width: f32) -> f64 {
        f64::from(width / self.rect.width().max(1.0)) * self.time.length()
    }

    /// The vertical range of a key, on pixels.
    pub fn row(&self, key: u8) -> Rangef {
        Rangef::new(self.y(f64::from(key) + 1.0), self.y(f64::from(key)))
    }

    /// The height of a key.
    pub fn row_height(&self) -> f32 {
        self.rect.height() / self.keys.length() as f32
    }

    /// The place among the keys at a vertical position.
    pub fn key_at(&self, y: f32) -> f64 {
        self.keys.at(f64::from((self.rect.bottom() - y) / self.rect.height().max(1.0)))
    }

    /// The MIDI keys that it shows.
    pub fn shown_keys(&self) -> std::ops::RangeInclusive<u8> {
        let key = |place: f64| place.floor().clamp(0.0, 127.0) as u8;
        key(self.keys.start())..=key(self.keys.end())
    }

    /// The rectangle of a note. It is visible however short the note is.
    pub fn note(&self, onset: f64, end: f64, key: u8) -> Rect {
        let (left, row) = (self.x(onset), self.row(key));
        // Repeated notes and neighbouring keys stay apart where there is room.
        let gap = |size: f32| if size >= 4.0 * self.pixel { self.pixel } else { 0.0 };
        let right = self.x(end);
        let right = (right - gap(right - left)).max(left + 2.0 * self.pixel);
        let top = (row.min + gap(row.span())).min(row.max - self.pixel);
        Rect::from_min_max(Pos2::new(left, top), Pos2::new(right, row.max))
    }

    /// A coordinate on the nearest pixel.
    pub fn snapped(&self, coordinate: f32) -> f32 {
        (coordinate / self.pixel).round() * self.pixel
    }

    /// The vertical position of a place among the keys.
    fn y(&self, place: f64) -> f32 {
        let share = (place - self.keys.start()) / self.keys.length();
        self.snapped(self.rect.bottom() - within(share, self.rect.height()))
    }
}

/// A share of a size, not far outside of it.
fn within(share: f64, size: f32) -> f32 {
    (share * f64::from(size)).clamp(-OUTSIDE, f64::from(size).max(0.0) + OUTSIDE) as f32
}
