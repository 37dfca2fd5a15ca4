//! What the performance view shows.

use std::sync::Arc;

use tonenet_core::style::{StyleBlend, TakeSeed};

pub use crate::editor::roll::GridLine;

/// What the performance view shows. Places lie on its [`Axis`].
#[derive(Debug, Clone, Default)]
pub struct PerformanceView {
    /// What places mean.
    pub axis: Axis,
    /// The notes, in the order of their onsets.
    pub notes: Arc<[NoteView]>,
    /// Beats and bars, in order. They may end before the last note.
    pub grid: Arc<[GridLine]>,
    /// Where the song or the player is; `None` before anything was played.
    pub now: Option<f64>,
    /// Whether `now` moves.
    pub is_moving: bool,
    /// How long notes are held before they are played: those from `now - look_ahead` on are heard and not yet played.
    pub look_ahead: f64,
    /// The lowest velocity of the style, 1–127.
    pub floor: u8,
    /// The highest velocity of the style, 1–127.
    pub ceiling: u8,
}

impl PartialEq for PerformanceView {
    /// Whether the same is shown. Notes are the same if they were not built anew: the window asks ten times a second, and
    /// Timeline may remember 200,000.
    fn eq(&self, other: &Self) -> bool {
        let rest = |view: &Self| (view.axis, view.now, view.is_moving, view.look_ahead, view.floor, view.ceiling);
        Arc::ptr_eq(&self.notes, &other.notes) && Arc::ptr_eq(&self.grid, &other.grid) && rest(self) == rest(other)
    }
}

/// What a place on the horizontal axis means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Axis {
    /// Beats (quarter notes) from the start of the song, for the remembered performance of Timeline mode.
    Song,
    /// Seconds of playing, through loops and seeks, for the other modes.
    #[default]
    Seconds,
}

/// A note.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoteView {
    /// Where it begins, as it is played.
    pub onset: f64,
    /// Its length, as it is played; `None` while its key is down.
    pub length: Option<f64>,
    /// Where it is written, if the feel plays it elsewhere.
    pub written: Option<WrittenNote>,
    /// MIDI key, 0–127.
    pub key: u8,
    /// The player's velocity, 1–127.
    pub own: u8,
    /// The velocity that the present settings give it, 1–127; `None` without a prediction.
    pub restyled: Option<u8>,
    /// The level around which the style plays it; `None` without a prediction.
    pub level: Option<f32>,
    /// What became of it.
    pub state: NoteState,
    /// The styles of its prediction.
    pub style: StyleBlend,
    /// The take of its prediction.
    pub take: TakeSeed,
}

/// The written place of a note that the feel moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WrittenNote {
    /// Where it begins.
    pub onset: f64,
    /// Its length; `None` while its key is down.
    pub length: Option<f64>,
}

/// What became of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteState {
    /// It has a prediction.
    Restyled,
    /// Its prediction is not ready yet.
    Waiting,
    /// It was played before its prediction was ready.
    Late,
    /// A mode without latency did not know it yet.
    New,
    /// It keeps its own velocity, because the scope leaves it out or ToneNet is bypassed.
    Kept,
}
