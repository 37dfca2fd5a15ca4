//! A part: its notes and pedal, and the features of each row.

mod feel_row;

pub use feel_row::{FEEL, FeelRow, PLACES};

use std::collections::VecDeque;

use super::running_averages::{NoteFeatures, RunningAverages};
use super::{AHEAD, CHORD_SECONDS, PAST, PAST_FEATURES, ROW_REACH};
use crate::note::{LOWEST_KEY, Note, PIANO_KEYS};

/// Gaps and durations are limited to this range, in seconds.
const SHORTEST: f64 = 0.005;
const LONGEST: f64 = 8.0;

/// Distinct positions within a beat. Hosts round positions, some to 1/1,920 of a beat. With this resolution a note on
/// the grid, triplets included, gives the same row in all of them.
const PHASES: f64 = 480.0;

/// Tolerance when comparing a release with a later onset, in seconds. Where one note follows another without a gap,
/// rounding to samples and sums of seconds would otherwise make them overlap at times.
const OVERLAP_TOLERANCE: f64 = 1e-4;

/// Time over which notes are counted as a measure of density, in seconds.
const BUSY_SECONDS: f64 = 4.0;

/// A note of a part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PartNote {
    /// When it begins, in seconds.
    pub onset: f64,
    /// When it ends, in seconds; infinite while it is held.
    pub release: f64,
    /// MIDI key, 21–108.
    pub key: u8,
    /// Position within the beat, 0–1; `None` where there are no beats.
    pub beat_phase: Option<f64>,
    /// The player's velocity as a deviation from their level, in velocity steps; `None` hides it from the model.
    pub deviation: Option<f32>,
}

#[derive(Debug, Clone, Copy)]
struct PlacedNote {
    note: PartNote,
    /// The chord's number, counted from the start of the part.
    chord: u64,
    chord_onset: f64,
    features: NoteFeatures,
    /// Averages up to and including this note.
    averages: RunningAverages,
}

/// Notes and pedal of a part so far, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Part {
    notes: VecDeque<PlacedNote>,
    /// Number of notes removed at the front; indices still count them.
    removed: usize,
    pedals: VecDeque<(f64, bool)>,
}

impl Part {
    /// Number of notes so far, removed ones included: one more than the last index.
    pub fn len(&self) -> usize {
        self.removed + self.notes.len()
    }

    /// Whether no note has been added.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A part from a whole performance, and the index in `notes` of each row.
    ///
    /// `notes` may be in any order. `pedals` are in the order of time: seconds, and whether the pedal is down from then
    /// on. With `on_beats` the notes' sixteenths give their position within the beat. With a `level` the rows contain
    /// each velocity's deviation from it; without one the velocities are hidden from the model.
    pub fn from_notes(
        notes: &[Note],
        pedals: &[(f64, bool)],
        on_beats: bool,
        level: Option<f32>,
    ) -> (Self, Vec<usize>) {
        let mut order: Vec<usize> = (0..notes.len()).collect();
        order.sort_by(|&a, &b| {
            let (a, b) = (&notes[a], &notes[b]);
            a.onset.total_cmp(&b.onset).then(a.key.cmp(&b.key))
        });
        let mut part = Self::default();
        for &(time, down) in pedals {
            part.pedal(time, down);
        }
        for note in order.iter().map(|&index| &notes[index]) {
            part.push(PartNote {
                onset: note.onset,
                release: note.release.max(note.onset + 0.01),
                key: note.key,
                beat_phase: on_beats.then(|| (note.onset_sixteenths / 4.0).rem_euclid(1.0)),
                deviation: level.map(|level| f32::from(note.velocity) - level),
            });
        }
        (part, order)
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Adds a movement of the sustain pedal; in the order of time, and before notes that begin later.
    pub fn pedal(&mut self, time: f64, down: bool) {
        self.pedals.push_back((time, down));
    }

    /// Adds a note and returns its index; notes must come in the order of onset, then key.
    pub fn push(&mut self, note: PartNote) -> usize {
        let last = self.notes.back();
        let (chord, chord_onset, gap) = match last {
            Some(last) if note.onset - last.chord_onset <= CHORD_SECONDS => {
                (last.chord, last.chord_onset, last.features.gap)
            }
            Some(last) => (last.chord + 1, note.onset, log_length(note.onset - last.chord_onset)),
            None => (0, note.onset, log_length(LONGEST)),
        };
        let reach = self.notes.range(self.notes.len().saturating_sub(ROW_REACH)..);
        let lately = reach.filter(|other| note.onset - other.note.onset <= BUSY_SECONDS).count();
        let features = NoteFeatures {
            key: f32::from(note.key),
            gap,
            busy: (lately as f32).ln_1p(),
            pedal: f32::from(u8::from(self.pedal_at(note.onset))),
            begins_chord: f32::from(u8::from(last.is_none_or(|last| last.chord != chord))),
        };
        let averages = last.map_or_else(RunningAverages::default, |last| last.averages).with(&features);
        self.notes.push_back(PlacedNote { note, chord, chord_onset, features, averages });
        self.len() - 1
    }

    /// Sets the release of a note, in seconds; does nothing if the note has been removed.
    pub fn end(&mut self, index: usize, release: f64) {
        if let Some(placed) = index.checked_sub(self.removed).and_then(|i| self.notes.get_mut(i)) {
            placed.note.release = release;
        }
    }

    /// The note at an index; `None` if it has been removed.
    pub fn note(&self, index: usize) -> Option<&PartNote> {
        Some(&self.notes.get(index.checked_sub(self.removed)?)?.note)
    }

    /// The latest onset or known release of its notes, in seconds; 0 without notes.
    pub fn end_known(&self) -> f64 {
        let ends = self.notes.iter().flat_map(|n| [n.note.onset, n.note.release]);
        ends.filter(|time| time.is_finite()).fold(0.0, f64::max)
    }

    /// Removes the notes and pedal movements that no row from `index` on depends on.
    pub fn forget_before(&mut self, index: usize) {
        let keep_from = index.saturating_sub(ROW_REACH + 1);
        while self.removed < keep_from && !self.notes.is_empty() {
            self.notes.pop_front();
            self.removed += 1;
        }
        if let Some(oldest) = self.notes.front() {
            // The last movement before it stays, as the pedal's state.
            while self.pedals.get(1).is_some_and(|p| p.0 <= oldest.note.onset) {
                self.pedals.pop_front();
            }
        }
    }

    fn pedal_at(&self, time: f64) -> bool {
        let after = self.pedals.partition_point(|p| p.0 <= time);
        after > 0 && self.pedals[after - 1].1
    }

    /// Appends to `row` the [`PAST`] features of note `index` that are known when it begins.
    ///
    /// Neither the note nor the [`ROW_REACH`] notes before it may have been removed.
    pub fn past(&self, index: usize, row: &mut Vec<f32>) {
        let at = index - self.removed;
        let placed = &self.notes[at];
        let (note, now) = (&placed.note, placed.note.onset);
        let key = f32::from(note.key);
        let back = || self.notes.range(at.saturating_sub(ROW_REACH)..at).rev();

        // The chord so far, and the onsets of the three before it.
        let mut below = None;
        let mut above = None;
        let mut members = 0u32;
        let mut previous = Chord::default();
        let mut chord_onsets = [None::<f64>; 3];
        for other in back() {
            match placed.chord - other.chord {
                0 => {
                    members += 1;
                    let k = f32::from(other.note.key);
                    below = Some(below.map_or(k, |b: f32| b.min(k)));
                    above = Some(above.map_or(k, |a: f32| a.max(k)));
                }
                1 => {
                    previous.add(other, now);
                    chord_onsets[0] = Some(other.chord_onset);
                }
                n @ 2..=3 => chord_onsets[n as usize - 1] = Some(other.chord_onset),
                _ => break,
            }
        }
        let gap = |later: f64, earlier: Option<f64>| earlier.map_or(LONGEST, |e| later - e);
        let gap1 = gap(placed.chord_onset, chord_onsets[0]);
        let gap2 = chord_onsets[0].map_or(LONGEST, |later| gap(later, chord_onsets[1]));
        let gap3 = chord_onsets[1].map_or(LONGEST, |later| gap(later, chord_onsets[2]));

        let (mut last_second, mut sounding) = (0u32, 0u32);
        let (mut key_sum, mut keys) = (0.0, 0u32);
        let mut same_key = LONGEST;
        for other in back() {
            let age = now - other.note.onset;
            last_second += u32::from(age <= 1.0);
            sounding += u32::from(other.note.release > now + OVERLAP_TOLERANCE);
            if keys < 24 {
                key_sum += f32::from(other.note.key);
                keys += 1;
            }
            if other.note.key == note.key {
                same_key = same_key.min(age);
            }
        }
        let mean_key = if keys > 0 { key_sum / keys as f32 } else { key };
        let interval = |from: Option<f32>| from.map_or(0.0, |k| (key - k) / 12.0);
        let start = row.len();
        row.extend([
            (key - 64.0) / 20.0,
            log_length(gap1) + 1.5,
            log_length(gap2) + 1.5,
            log_length(gap3) + 1.5,
            log_length(gap1) - log_length(gap2),
            ((now - placed.chord_onset) * 40.0) as f32,
            (members as f32).ln_1p(),
            interval(below),
            interval(above),
            interval(previous.top),
            interval(previous.bottom),
            (previous.members as f32).ln_1p(),
            previous.released_share(),
            (key - mean_key) / 12.0,
            placed.features.pedal,
            log_length(self.since_pedal(now)) + 1.0,
            (last_second as f32).ln_1p() - 1.5,
            placed.features.busy - 2.5,
            (sounding as f32).ln_1p() - 1.0,
            log_length(same_key) + 0.5,
            f32::from(u8::from(keys == 0)),
        ]);
        let phase = note.beat_phase.map(|p| ((p * PHASES).round() / PHASES * std::f64::consts::TAU) as f32);
        let wave = |f: fn(f32) -> f32, times: f32| phase.map_or(0.0, |p| f(p * times));
        row.extend([
            f32::from(u8::from(phase.is_some())),
            wave(f32::sin, 1.0),
            wave(f32::cos, 1.0),
            wave(f32::sin, 2.0),
            wave(f32::cos, 2.0),
            f32::from(u8::from(note.deviation.is_some())),
            note.deviation.unwrap_or(0.0) / 16.0,
        ]);
        debug_assert_eq!(row.len() - start, PAST_FEATURES, "one number for each column");
        let one_hot = row.len();
        row.resize(one_hot + PIANO_KEYS, 0.0);
        row[one_hot + usize::from(note.key - LOWEST_KEY)] = 1.0;
        debug_assert_eq!(row.len() - start, PAST);
    }

    /// Appends to `row` the [`AHEAD`] features of note `index` that are known at `known` seconds on the part's clock.
    ///
    /// Later onsets and releases are ignored, even if the part already contains them.
    pub fn ahead(&self, index: usize, known: f64, row: &mut Vec<f32>) {
        let at = index - self.removed;
        let placed = &self.notes[at];
        let note = &placed.note;
        let key = f32::from(note.key);
        let members = |other: &&PlacedNote| other.chord == placed.chord;
        let before = self.notes.range(at.saturating_sub(ROW_REACH)..at).rev().take_while(members);
        let has_begun = |other: &&PlacedNote| other.note.onset <= known;
        let reach = self.notes.len().min(at + 1 + ROW_REACH);
        let after = || self.notes.range(at + 1..reach).take_while(has_begun);

        let (mut size, mut above, mut lowest, mut highest) = (1u32, 0u32, key, key);
        for other in before.chain(after().take_while(members)) {
            let k = f32::from(other.note.key);
            size += 1;
            above += u32::from(k > key);
            lowest = lowest.min(k);
            highest = highest.max(k);
        }
        let mut next = Chord::default();
        let (mut next_onset, mut second_onset) = (None, None);
        let mut coming = 0u32;
        let mut same_key = None;
        for other in after() {
            coming += u32::from(other.note.onset <= note.onset + 1.0);
            if other.note.key == note.key && same_key.is_none() {
                same_key = Some(other.note.onset);
            }
            match other.chord - placed.chord {
                0 => {}
                1 => {
                    next.add(other, known);
                    next_onset = Some(other.chord_onset);
                }
                2 => second_onset = second_onset.or(Some(other.chord_onset)),
                _ if other.note.onset > note.onset + 1.0 && same_key.is_some() => break,
                _ => {}
            }
        }
        let ended = note.release <= known;
        let duration = note.release.min(known) - note.onset;
        let gap = next_onset.unwrap_or(known) - placed.chord_onset;
        let interval = |from: Option<f32>| from.map_or(0.0, |k| (k - key) / 12.0);
        let flag = |is: bool| f32::from(u8::from(is));
        let start = row.len();
        row.extend([
            log_length(duration) + 1.0,
            flag(ended),
            log_length(gap) + 1.5,
            flag(next_onset.is_some()),
            log_length(duration) - log_length(gap),
            log_length(second_onset.unwrap_or(known) - next_onset.unwrap_or(placed.chord_onset)) + 1.5,
            flag(second_onset.is_some()),
            flag(above == 0),
            flag(key <= lowest),
            (size as f32).ln() - 0.5,
            (above as f32).ln_1p(),
            (highest - lowest) / 12.0,
            interval(next.top),
            interval(next.bottom),
            (next.members as f32).ln_1p(),
            (coming as f32).ln_1p() - 1.5,
            flag(self.pedal_at(known.min(note.onset + 0.25))),
            log_length(known - note.onset) + 0.5,
        ]);
        let last_known = self.notes.partition_point(|other| other.note.onset <= known).max(at + 1) - 1;
        row.extend(self.notes[last_known].averages.compare(&placed.features, size as f32));
        debug_assert_eq!(row.len() - start, AHEAD, "one number for each column");
    }

    fn since_pedal(&self, now: f64) -> f64 {
        let after = self.pedals.partition_point(|p| p.0 <= now);
        if after > 0 { now - self.pedals[after - 1].0 } else { LONGEST }
    }
}

/// The notes of a neighbouring chord.
#[derive(Debug, Default)]
struct Chord {
    members: u32,
    released: u32,
    top: Option<f32>,
    bottom: Option<f32>,
}

impl Chord {
    fn add(&mut self, placed: &PlacedNote, now: f64) {
        let key = f32::from(placed.note.key);
        self.members += 1;
        self.released += u32::from(placed.note.release <= now + OVERLAP_TOLERANCE);
        self.top = Some(self.top.map_or(key, |t| t.max(key)));
        self.bottom = Some(self.bottom.map_or(key, |b| b.min(key)));
    }

    fn released_share(&self) -> f32 {
        if self.members == 0 { 0.0 } else { self.released as f32 / self.members as f32 }
    }
}

fn log_length(seconds: f64) -> f32 {
    seconds.clamp(SHORTEST, LONGEST).ln() as f32
}

#[cfg(test)]
mod tests;
