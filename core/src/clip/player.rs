//! Plays a clip in the song with sample accuracy, independent of the host's block lengths.
//!
//! A cursor advances from note to note, so rounding in the host's positions neither doubles nor loses a note. After a
//! jump the cursor is found from the song position.

use std::sync::Arc;

use super::Clip;
use crate::scheduler::SampleTime;
use crate::timeline::SAME_PLACE;
use crate::transport::StepClock;

/// Number of MIDI keys.
const KEYS: usize = 128;

/// A clip and its position in the song.
#[derive(Debug, Clone, PartialEq)]
pub struct ClipPlacement {
    /// The clip.
    pub clip: Arc<Clip>,
    /// Its start, in beats from the start of the song.
    pub start: f64,
    /// Whether it repeats without end.
    pub looped: bool,
}

/// A note event of a playing clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClipEvent {
    /// A key goes down.
    On {
        /// MIDI key, 0–127.
        key: u8,
        /// MIDI velocity in the clip, 1–127.
        velocity: u8,
    },
    /// A key comes up.
    Off {
        /// MIDI key, 0–127.
        key: u8,
    },
}

/// The next note to play.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    /// Number of completed repetitions.
    round: u64,
    note: usize,
}

/// Plays one clip at a time; the next one takes over at its start.
///
/// Nothing here allocates after [`ClipPlayer::new`]. Dropping a replaced clip frees it if this was the last reference,
/// so a thread that may free memory must hold another one.
#[derive(Debug)]
pub struct ClipPlayer {
    current: Option<ClipPlacement>,
    /// Replaces `current` at its own start.
    next: Option<ClipPlacement>,
    /// `None` until it is found from the song position.
    cursor: Option<Cursor>,
    /// End (in beats) of each sounding key, the earliest first; each key occurs at most once.
    sounding: Vec<(f64, u8)>,
    /// All sounding notes end at this sample, if set.
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

    /// Plays another clip from its start on; until then the current one continues.
    ///
    /// If the song is already past that start, the clip begins at once at the song position. `None` stops playing at
    /// `time`.
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

    /// Tells that the song stopped or jumped at `time`: sounding notes end, and the clip follows the new song position.
    pub fn interrupt(&mut self, time: SampleTime) {
        if let Some(next) = self.next.take() {
            self.current = Some(next);
        }
        self.cursor = None;
        self.interrupted_at = Some(time);
    }

    /// Clears the cursor and the sounding notes, which the caller must have ended.
    pub fn reset(&mut self) {
        self.interrupt(0);
        self.sounding.clear();
    }

    /// Removes a sounding key, which the caller must end at once.
    pub fn take_sounding(&mut self) -> Option<u8> {
        self.sounding.pop().map(|(_, key)| key)
    }

    /// Removes one key if it sounds, and returns whether it did; the caller must end it.
    pub fn drop_key(&mut self, key: u8) -> bool {
        let place = self.sounding.iter().position(|sounding| sounding.1 == key);
        place.map(|place| self.sounding.remove(place)).is_some()
    }

    /// The clip that plays, or that plays next.
    pub fn placement(&self) -> Option<&ClipPlacement> {
        self.next.as_ref().or(self.current.as_ref())
    }

    /// The next event from sample `from` on and before `until`, in the order of time; offs come before ons.
    ///
    /// Call it until it returns `None`, for consecutive ranges of samples.
    pub fn next(&mut self, clock: &StepClock, from: SampleTime, until: SampleTime) -> Option<(SampleTime, ClipEvent)> {
        loop {
            if let Some(time) = self.interrupted_at.filter(|time| *time < until) {
                if let Some((_, key)) = self.sounding.pop() {
                    return Some((time.max(from), ClipEvent::Off { key }));
                }
                self.interrupted_at = None;
            }
            let takeover = match &self.next {
                Some(next) => Some(clock.sample_at(next.start)?.max(from)),
                None => None,
            };
            let end = takeover.map_or(until, |time| time.min(until));
            if let Some(event) = self.next_of_current(clock, from, end) {
                return Some(event);
            }
            let time = takeover.filter(|time| *time < until)?;
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
        // A key that repeats without a gap may begin a rounding error before its end.
        if let Some(still) = self.sounding.iter().position(|sounding| sounding.1 == key) {
            self.sounding.remove(still);
            return Some((time, ClipEvent::Off { key }));
        }
        self.advance();
        let after = self.sounding.partition_point(|sounding| sounding.0 <= ends);
        self.sounding.insert(after, (ends, key));
        Some((time, ClipEvent::On { key, velocity }))
    }

    /// The next note's sample, its end in beats, its key and its velocity.
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
            // Skip notes that the song passed while the host gave no position.
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
    /// The first note that begins at or after a song position.
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
