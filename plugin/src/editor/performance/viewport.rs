//! Which part of the performance is in sight: following the song, or where the user scrolled to.

use super::view::{Axis, PerformanceView};
use crate::editor::roll::{FARTHEST, Span, finite};

/// How much is in sight before the user zooms, in beats or seconds.
const USUAL_LENGTH: f64 = 16.0;
/// The least that is in sight, in beats or seconds.
const SHORTEST: f64 = 0.5;
/// How far a performance can always be zoomed out, in beats or seconds.
const ALWAYS_LENGTH: f64 = 64.0;
/// Where the player is while the view follows: a share of the width.
const PLAYER_AT: f64 = 0.94;
/// Where the song is while the view follows: a share of the width.
const SONG_AT: f64 = 0.35;
/// The fewest keys in sight.
const FEWEST_KEYS: f64 = 12.0;
/// The fewest keys in sight before the user zooms.
const USUAL_KEYS: u8 = 24;
/// All MIDI keys.
const KEYS: f64 = 128.0;

/// Which part of the performance the user wants to see. What is unset follows from the performance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Viewport {
    /// The axis that `time` lies on.
    axis: Axis,
    /// The stretch of time; while the view follows, only its length counts.
    time: Option<Span>,
    keys: Option<Span>,
    follows: bool,
}

impl Default for Viewport {
    fn default() -> Self {
        Self { axis: Axis::default(), time: None, keys: None, follows: true }
    }
}

/// The part of a performance that is in sight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InSight {
    /// The stretch of time.
    pub time: Span,
    /// The keys.
    pub keys: Span,
}

impl Viewport {
    /// Whether the view follows the song or the player.
    pub fn follows(self) -> bool {
        self.follows
    }

    /// The part of a performance that is in sight.
    pub fn in_sight(self, view: &PerformanceView) -> InSight {
        let content = content(view);
        let chosen = self.time.filter(|_| self.axis == view.axis);
        let time = chosen.unwrap_or(Span::new(content.start(), USUAL_LENGTH));
        let time = match view.now.filter(|_| self.follows) {
            Some(now) => time.moved_to(following(finite(now), time.length(), content, view.axis)),
            None => within_reach(time, content),
        };
        InSight { time, keys: self.keys.unwrap_or_else(|| keys_of_notes(view)) }
    }

    /// Moves by a time, and no longer follows.
    pub fn scrolled(self, view: &PerformanceView, by: f64) -> Self {
        let time = self.in_sight(view).time;
        self.at(view, time.moved_to(time.start() + by))
    }

    /// Moves to the beginning, and no longer follows.
    pub fn at_beginning(self, view: &PerformanceView) -> Self {
        self.at(view, self.in_sight(view).time.moved_to(content(view).start()))
    }

    /// Moves to the end, and no longer follows.
    pub fn at_end(self, view: &PerformanceView) -> Self {
        let (time, content) = (self.in_sight(view).time, content(view));
        self.at(view, time.moved_to((content.end() - 0.98 * time.length()).max(content.start())))
    }

    /// Magnifies time by a factor. A view that follows goes on; another keeps `fixed` where it is.
    pub fn zoomed(self, view: &PerformanceView, factor: f64, fixed: f64) -> Self {
        let time = self.in_sight(view).time;
        let longest = (1.25 * content(view).length()).max(ALWAYS_LENGTH);
        let length = (time.length() / usable(factor)).clamp(SHORTEST, longest);
        Self { follows: self.follows, ..self.at(view, time.resized(length, fixed)) }
    }

    /// Moves by a number of keys.
    pub fn keys_scrolled(self, view: &PerformanceView, by: f64) -> Self {
        let keys = self.in_sight(view).keys;
        Self { keys: Some(among_keys(keys.moved_to(keys.start() + by))), ..self }
    }

    /// Magnifies the keys by a factor, and keeps `fixed` where it is.
    pub fn keys_zoomed(self, view: &PerformanceView, factor: f64, fixed: f64) -> Self {
        let keys = self.in_sight(view).keys;
        let length = (keys.length() / usable(factor)).clamp(FEWEST_KEYS, KEYS);
        Self { keys: Some(among_keys(keys.resized(length, fixed))), ..self }
    }

    /// Shows all notes at once.
    pub fn fitted(self, view: &PerformanceView) -> Self {
        let content = content(view);
        let length = (1.04 * content.length()).max(SHORTEST);
        Self { keys: None, ..self.at(view, Span::new(content.at(0.5) - length / 2.0, length)) }
    }

    /// Follows the song or the player from now on, or stays where it is.
    pub fn following(self, view: &PerformanceView, follows: bool) -> Self {
        Self { follows, ..self.at(view, self.in_sight(view).time) }
    }

    fn at(self, view: &PerformanceView, time: Span) -> Self {
        Self { axis: view.axis, time: Some(within_reach(time, content(view))), keys: self.keys, follows: false }
    }
}

/// A factor that changes nothing if it is none.
fn usable(factor: f64) -> f64 {
    if factor.is_finite() && factor > 0.0 { factor } else { 1.0 }
}

/// From the first note to the end of the last one or to the player.
fn content(view: &PerformanceView) -> Span {
    let now = view.now.filter(|_| view.axis == Axis::Seconds || view.notes.is_empty());
    let last = view.notes.last().map(|note| finite(note.onset) + finite(note.length.unwrap_or(0.0)).max(0.0));
    let start = view.notes.first().map(|note| note.onset).or(now).map_or(0.0, finite);
    let end = last.into_iter().chain(now.map(finite)).fold(start, f64::max);
    Span::new(start, (end - start).min(FARTHEST))
}

/// Where the stretch in sight begins while the view follows.
fn following(now: f64, length: f64, content: Span, axis: Axis) -> f64 {
    match axis {
        Axis::Seconds => now - PLAYER_AT * length,
        Axis::Song => {
            let start = (now - SONG_AT * length).min(content.end() - 0.98 * length).max(content.start());
            // A song may go on where nothing is remembered.
            if (start..=start + length).contains(&now) { start } else { now - SONG_AT * length }
        }
    }
}

/// A stretch from which some of the performance is in sight.
fn within_reach(time: Span, content: Span) -> Span {
    let last = (content.end() - 0.1 * time.length()).max(content.start());
    time.starting_within(content.start() - 0.9 * time.length(), last)
}

/// A stretch of keys that exist.
fn among_keys(keys: Span) -> Span {
    keys.starting_within(0.0, KEYS - keys.length())
}

/// The octaves of all notes.
fn keys_of_notes(view: &PerformanceView) -> Span {
    let range = view.notes.iter().fold(None, |range: Option<(u8, u8)>, note| {
        let (low, high) = range.unwrap_or((note.key, note.key));
        Some((low.min(note.key), high.max(note.key)))
    });
    let (low, high) = range.unwrap_or((48, 71));
    // Whole octaves, so that a new note seldom moves the others.
    let (low, high) = (low.min(127) / 12 * 12, ((high.min(127) / 12 + 1) * 12).min(128));
    let missing = USUAL_KEYS.saturating_sub(high - low);
    let low = low.saturating_sub(missing / 12 / 2 * 12);
    among_keys(Span::new(low.into(), f64::from((high - low).max(USUAL_KEYS))))
}
