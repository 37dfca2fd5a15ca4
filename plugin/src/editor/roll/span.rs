//! A stretch of time or of keys that is always finite and longer than nothing.

/// The farthest place from zero, in beats, seconds or keys. Pictures stay exact up to there.
pub const FARTHEST: f64 = 1e7;
/// The shortest stretch.
const SHORTEST: f64 = 1e-3;

/// A place that can be drawn: what is too far away lies at [`FARTHEST`].
pub fn finite(place: f64) -> f64 {
    if place.is_nan() { 0.0 } else { place.clamp(-FARTHEST, FARTHEST) }
}

/// A stretch of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    start: f64,
    length: f64,
}

impl Span {
    /// A stretch from `start`. What cannot be drawn is brought into the limits.
    pub fn new(start: f64, length: f64) -> Self {
        Self { start: finite(start), length: finite(length).max(SHORTEST) }
    }

    /// Where it begins.
    pub fn start(self) -> f64 {
        self.start
    }

    /// How long it is.
    pub fn length(self) -> f64 {
        self.length
    }

    /// Where it ends.
    pub fn end(self) -> f64 {
        self.start + self.length
    }

    /// The place at a share of its length.
    pub fn at(self, share: f64) -> f64 {
        self.start + share * self.length
    }

    /// Whether a place lies in it.
    pub fn contains(self, place: f64) -> bool {
        (self.start..=self.end()).contains(&place)
    }

    /// The same length elsewhere.
    pub fn moved_to(self, start: f64) -> Self {
        Self::new(start, self.length)
    }

    /// Another length, with `fixed` at the same share of it.
    pub fn resized(self, length: f64, fixed: f64) -> Self {
        let length = Self::new(0.0, length).length;
        Self::new(fixed - (fixed - self.start) / self.length * length, length)
    }

    /// The same length, with its start as near as possible and not outside `from`–`to`.
    pub fn starting_within(self, from: f64, to: f64) -> Self {
        self.moved_to(self.start.min(to).max(from))
    }
}
