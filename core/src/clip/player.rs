//! Plays a clip in the song: which of its notes begin and end at which samples, whatever blocks the host cuts time into.
//!
//! A cursor goes from note to note, so that none is doubled or lost where the host's positions move by rounding; where
//! the song jumps, it is found anew.

use std::sync::Arc;

use super::Clip;
use crate::scheduler::SampleTime;
use crate::timeline::SAME_PLACE;
use crate::transport::StepClock;

/// Keys there are.
const KEYS: usize = 128;

/// A clip and its place in the song.
#[derive(Debug, Clone, PartialEq)]
pub struct ClipPlacement {
    /// What is played.
    pub clip: Arc<Clip>,
    /// Where it begins, in beats from the start of the song.
    pub start: f64,
    /// Whether it begins anew where it ends, for ever.
    pub looped: bool,
}

/// Something that a clip plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClipEvent {
    /// A key goes down.
    On {
        /// MIDI key, 0–127.
        key: u8,
        /// MIDI velocity as the clip has it, 1–127.
        velocity: u8,
    },
    /// It comes up.
    Off {
        /// MIDI key, 0–127.
        key: u8,
    },
}

/// The note that comes next.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    /// How often the clip has been played to its end before.
    round: u64,
    note: usize,
}

/// Plays one clip, and then the next.
///
/// After [`ClipPlayer::new`] nothing here allocates. A clip that is let go is freed where nobody else holds it, so
/// somebody must who may free it.
#[derive(Debug)]
pub struct ClipPlayer {
    current: Option<ClipPlacement>,
    /// What takes its place where it begins.
    next: Option<ClipPlacement>,
    /// `None` where it has yet to be found.
    cursor: Option<Cursor>,
    /// Where each key that sounds ends, the earliest first; no key is there twice.
    sounding: Vec<(f64, u8)>,
    /// All that sounds ends at this sample.
    interrupted_at: Option<SampleTime>,
}

impl Default for ClipPlayer {
    fn default() -> Self {
        Self::new()
    }
}

impl ClipPlayer {
    /// A player without a clip.
    pub fn new() -> Self {
        Self { current: None, next: None, cursor: None, sounding: Vec::with_capacity(KEYS), interrupted_at: None }
    }

    /// Plays another clip from its start on, or at once in its midst where that has passed; until then the one before
    /// goes on. Without one all ends at `time`.
    pub fn place(&mut self, time: SampleTime, placed: Option<ClipPlacement>) {
        match (placed, &mut self.current) {
            (Some(placed), Some(current))
                if Arc::ptr_eq(&placed.clip, &current.clip) && placed.start == current.start =>
            {
                current.looped = placed.looped;
                self.next = None;
            }
            (Some(placed), _) => self.next = Some(placed),
            (None, _) => {
                (self.current, self.next) = (None, None);
                self.interrupt(time);
            }
        }
    }

    /// The song stopped or jumped at `time`: what sounds ends there, and the clip goes on from wherever the song does.
    pub fn interrupt(&mut self, time: SampleTime) {
        if let Some(next) = self.next.take() {
            self.current = Some(next);
        }
        self.cursor = None;
        self.interrupted_at = Some(time);
    }

    /// Forgets what sounds, which someone else ends, and the place in the clip.
    pub fn reset(&mut self) {
        self.interrupt(0);
        self.sounding.clear();
    }

    /// Takes a key that sounds, for the caller to end at once.
    pub fn take_sounding(&mut self) -> Option<u8> {
        self.sounding.pop().map(|(_, key)| key)
    }

    /// Forgets one key if it sounds, and says whether it did: the caller ends it, or has never let it sound.
    pub fn drop_key(&mut self, key: u8) -> bool {
        let place = self.sounding.iter().position(|sounding| sounding.1 == key);
        place.map(|place| self.sounding.remove(place)).is_some()
    }

    /// What it plays.
    pub fn placement(&self) -> Option<&ClipPlacement> {
        self.next.as_ref().or(self.current.as_ref())
    }

    /// What comes next from sample `from` on and before `until`, in the order of time; offs come before ons.
    ///
    /// To be called until there is nothing, with all spans of time one after the other.
    pub fn next(&mut self, clock: &StepClock, from: SampleTime, until: SampleTime) -> Option<(SampleTime, ClipEvent)> {
        loop {
            if let Some(time) = self.interrupted_at.filter(|time| *time < until) {
                if let Some((_, key)) = self.sounding.pop() {
                    return Some((time.max(from), ClipEvent::Off { key }));
                }
                self.interrupted_at = None;
            }
            let taken_over = match &self.next {
                Some(next) => Some(clock.sample_at(next.start)?.max(from)),
                None => None,
            };
            let end = taken_over.map_or(until, |time| time.min(until));
            if let Some(event) = self.next_of_current(clock, from, end) {
                return Some(event);
            }
            let time = taken_over.filter(|time| *time < until)?;
            self.interrupt(time);
        }
    }

    fn next_of_current(
        &mut self,
        clock: &StepClock,
        from: SampleTime,
        end: SampleTime,
    ) -> Option<(SampleTime, ClipEvent)> {
        let off = match self.sounding.first() {
            Some(&(place, key)) => Some((clock.sample_at(place)?.max(from), key)),
            None => None,
        };
        let on = self.next_on(clock, from);
        if let Some((time, key)) = off.filter(|off| off.0 < end && on.is_none_or(|on| off.0 <= on.0)) {
            self.sounding.remove(0);
            return Some((time, ClipEvent::Off { key }));
        }
        let (time, ends, key, velocity) = on.filter(|on| on.0 < end)?;
        // A key that is struck where it ends, a rounding before its end.
        if let Some(still) = self.sounding.iter().position(|sounding| sounding.1 == key) {
            self.sounding.remove(still);
            return Some((time, ClipEvent::Off { key }));
        }
        self.advance();
        let after = self.sounding.partition_point(|sounding| sounding.0 <= ends);
        self.sounding.insert(after, (ends, key));
        Some((time, ClipEvent::On { key, velocity }))
    }

    /// The next note's sample, the place it ends at, its key and its velocity.
    fn next_on(&mut self, clock: &StepClock, from: SampleTime) -> Option<(SampleTime, f64, u8, u8)> {
        loop {
            let placed = self.current.as_ref()?;
            let cursor = match self.cursor {
                Some(cursor) => cursor,
                None => placed.find(clock.beats(from)? - SAME_PLACE),
            };
            self.cursor = Some(cursor);
            let note = placed.clip.notes().get(cursor.note).filter(|_| cursor.round == 0 || placed.looped)?;
            let begins = placed.start + cursor.round as f64 * placed.clip.length() + note.onset;
            let ends = begins + note.length;
            // One that the song went past while the host did not tell where it is.
            if clock.sample_at(ends)? <= from && clock.sample_at(begins)? < from {
                self.advance();
                continue;
            }
            return Some((clock.sample_at(begins)?.max(from), ends, note.key, note.velocity));
        }
    }

    fn advance(&mut self) {
        let Some((cursor, placed)) = self.cursor.as_mut().zip(self.current.as_ref()) else { return };
        cursor.note += 1;
        if cursor.note >= placed.clip.notes().len() {
            *cursor = Cursor { round: cursor.round + 1, note: 0 };
        }
    }
}

impl ClipPlacement {
    /// The first note that begins at a place or after it.
    fn find(&self, beats: f64) -> Cursor {
        let into = (beats - self.start).max(0.0);
        let round = (into / self.clip.length()).floor();
        let into = into - round * self.clip.length();
        let note = self.clip.notes().partition_point(|note| note.onset < into);
        match note < self.clip.notes().len() {
            true => Cursor { round: round as u64, note },
            false => Cursor { round: round as u64 + 1, note: 0 },
        }
    }
}

#[cfg(test)]
mod tests;
