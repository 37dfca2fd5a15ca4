//! The notes that are in sight: which they are, where they end, and what velocity sounds.

use egui::Color32;

use super::view::{NoteState, NoteView, PerformanceView, WrittenNote};
use crate::editor::roll::{Span, finite};
use crate::editor::theme::Palette;

/// How far left of the view notes are looked for that last into it, in beats or seconds. Longer notes disappear once
/// their beginning is that far away. So the search takes no longer in a long performance.
const REACH: f64 = 256.0;

/// The notes that may be in sight, in the order of their onsets.
pub fn near(view: &PerformanceView, time: Span) -> &[NoteView] {
    let from = view.notes.partition_point(|note| note.onset < time.start() - REACH);
    let to = view.notes.partition_point(|note| note.onset <= time.end());
    view.notes.get(from..to).unwrap_or_default()
}

/// The notes that begin in sight.
pub fn beginning_in(view: &PerformanceView, time: Span) -> &[NoteView] {
    let from = view.notes.partition_point(|note| note.onset < time.start());
    let to = view.notes.partition_point(|note| note.onset <= time.end());
    view.notes.get(from..to).unwrap_or_default()
}

impl NoteView {
    /// Where it ends; a note whose key is down lasts until now.
    pub(super) fn end(&self, now: Option<f64>) -> f64 {
        let onset = finite(self.onset);
        let length = self.length.or(now.map(|now| now - onset));
        onset + finite(length.unwrap_or(0.0)).max(0.0)
    }

    /// Where it is written, from its beginning to its end, if the feel plays it elsewhere.
    pub(super) fn written_span(&self, now: Option<f64>) -> Option<(f64, f64)> {
        let WrittenNote { onset, length } = self.written?;
        Some((onset, NoteView { onset, length, ..*self }.end(now)))
    }

    /// The player's velocity.
    pub(super) fn own(&self) -> u8 {
        self.own.clamp(1, 127)
    }

    /// The velocity that the style gives it, if it gives it one.
    pub(super) fn restyled(&self) -> Option<u8> {
        let is_given = matches!(self.state, NoteState::Restyled | NoteState::Waiting | NoteState::New);
        self.restyled.filter(|_| is_given).map(|velocity| velocity.clamp(1, 127))
    }

    /// Its colour: that of the velocity that sounds.
    pub(super) fn colour(&self, palette: &Palette) -> Color32 {
        palette.velocity(self.restyled().unwrap_or(self.own()))
    }
}
