//! The part itself: notes, pedal, and the numbers of a row.

use std::collections::VecDeque;

use super::running_averages::{NoteFeatures, RunningAverages};
use super::{AHEAD, CHORD_SECONDS, PAST, PAST_FEATURES, ROW_REACH};
use crate::note::{LOWEST_KEY, Note, PIANO_KEYS};

/// Gaps and durations are told apart between these lengths, in seconds.
const SHORTEST: f64 = 0.005;
const LONGEST: f64 = 8.0;

/// Places in a beat that are told apart. Hosts round positions, to a 1,920th of a beat for one; a note on the grid, of
/// triplets too, is the same note in all of them.
const PHASES: f64 = 480.0;

/// A note that ends this little after another begins has ended by then, in seconds: where one takes over from the other
/// on the grid, a host's rounding to samples and sums of seconds would tell otherwise now and then.
const TAKE_OVER: f64 = 1e-4;

/// How far back notes count for how busy a part is, in seconds.
const BUSY_SECONDS: f64 = 4.0;

/// A note of a part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PartNote {
    /// When it begins, in seconds.
    pub onset: f64,
    /// When it ends, in seconds; infinite while that is not known.
    pub release: f64,
    /// MIDI key, 21–108.
    pub key: u8,
    /// Where in the beat it begins, 0–1; `None` where there are no beats.
    pub beat_phase: Option<f64>,
    /// The player's velocity as a deviation from their level, in steps; `None` where the model is not to know.
    pub deviation: Option<f32>,
}

#[derive(Debug, Clone, Copy)]
struct ClipPlacement {
    note: PartNote,
    /// Counts chords from the start of the part.
    chord: u64,
    chord_onset: f64,
    manner: NoteFeatures,
    /// The part up to and including this note.
    usual: RunningAverages,
}

/// Notes and pedal of a part as heard so far, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Part {
    notes: VecDeque<ClipPlacement>,
    /// Notes forgotten at the front; indices go on counting them.
    forgotten: usize,
    pedals: VecDeque<(f64, bool)>,
}

impl Part {
    /// Notes heard so far, forgotten ones included: one more than the last index.
    pub fn len(&self) -> usize {
        self.forgotten + self.notes.len()
    }

    /// Whether nothing was heard.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A whole performance: `notes` in any order, `pedals` by time, each as when it moved and whether it is down then;
    /// also the place in `notes` of each row.
    ///
    /// With `on_beats` the notes' sixteenths count as the beat. With a `level` the model is told how far from it the
    /// player struck each note; without, their velocities are kept from it.
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

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes in a movement of the sustain pedal; in the order of time, and before notes that begin later.
    pub fn pedal(&mut self, time: f64, down: bool) {
        self.pedals.push_back((time, down));
    }

    /// Takes in a note and tells its index; in the order of onset, then key.
    pub fn push(&mut self, note: PartNote) -> usize {
        let last = self.notes.back();
        let (chord, chord_onset, gap) = match last {
            Some(last) if note.onset - last.chord_onset <= CHORD_SECONDS => {
                (last.chord, last.chord_onset, last.manner.gap)
            }
            Some(last) => (last.chord + 1, note.onset, log_length(note.onset - last.chord_onset)),
            None => (0, note.onset, log_length(LONGEST)),
        };
        let reach = self.notes.range(self.notes.len().saturating_sub(ROW_REACH)..);
        let lately = reach.filter(|other| note.onset - other.note.onset <= BUSY_SECONDS).count();
        let manner = NoteFeatures {
            key: f32::from(note.key),
            gap,
            busy: (lately as f32).ln_1p(),
            pedal: f32::from(u8::from(self.pedal_at(note.onset))),
            begins_chord: f32::from(u8::from(last.is_none_or(|last| last.chord != chord))),
        };
        let usual = last.map_or_else(RunningAverages::default, |last| last.usual).with(&manner);
        self.notes.push_back(ClipPlacement { note, chord, chord_onset, manner, usual });
        self.len() - 1
    }

    /// Tells when a note ended; a forgotten one is left alone.
    pub fn end(&mut self, index: usize, release: f64) {
        if let Some(placed) = index.checked_sub(self.forgotten).and_then(|i| self.notes.get_mut(i)) {
            placed.note.release = release;
        }
    }

    /// The note of an index, unless forgotten.
    pub fn note(&self, index: usize) -> Option<&PartNote> {
        Some(&self.notes.get(index.checked_sub(self.forgotten)?)?.note)
    }

    /// The last moment that anything is known of, in seconds: the latest onset or known end of its notes.
    pub fn end_known(&self) -> f64 {
        let ends = self.notes.iter().flat_map(|n| [n.note.onset, n.note.release]);
        ends.filter(|time| time.is_finite()).fold(0.0, f64::max)
    }

    /// Forgets what no row from `index` on looks back to.
    pub fn forget_before(&mut self, index: usize) {
        let keep_from = index.saturating_sub(ROW_REACH + 1);
        while self.forgotten < keep_from && !self.notes.is_empty() {
            self.notes.pop_front();
            self.forgotten += 1;
        }
        if let Some(oldest) = self.notes.front() {
            // The last movement before stays: it is the pedal's state.
            while self.pedals.get(1).is_some_and(|p| p.0 <= oldest.note.onset) {
                self.pedals.pop_front();
            }
        }
    }

    fn pedal_at(&self, time: f64) -> bool {
        let after = self.pedals.partition_point(|p| p.0 <= time);
        after > 0 && self.pedals[after - 1].1
    }

    /// What is known of note `index` when it begins, appended to `row`: [`PAST`] numbers.
    ///
    /// It must be a note that is not forgotten, as must the [`ROW_REACH`] before it.
    pub fn past(&self, index: usize, row: &mut Vec<f32>) {
        let at = index - self.forgotten;
        let placed = &self.notes[at];
        let (note, now) = (&placed.note, placed.note.onset);
        let key = f32::from(note.key);
        let back = || self.notes.range(at.saturating_sub(ROW_REACH)..at).rev();

        // The chord so far, and the two before it.
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
            sounding += u32::from(other.note.release > now + TAKE_OVER);
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
            placed.manner.pedal,
            log_length(self.since_pedal(now)) + 1.0,
            (last_second as f32).ln_1p() - 1.5,
            placed.manner.busy - 2.5,
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
        debug_assert_eq!(row.len() - start, PAST_FEATURES, "as many numbers as columns");
        let one_hot = row.len();
        row.resize(one_hot + PIANO_KEYS, 0.0);
        row[one_hot + usize::from(note.key - LOWEST_KEY)] = 1.0;
        debug_assert_eq!(row.len() - start, PAST);
    }

    /// What `known` seconds on the part's clock add to note `index`, appended to `row`: [`AHEAD`] numbers.
    ///
    /// Only what began or ended by then is looked at, also if the part knows more already.
    pub fn ahead(&self, index: usize, known: f64, row: &mut Vec<f32>) {
        let at = index - self.forgotten;
        let placed = &self.notes[at];
        let note = &placed.note;
        let key = f32::from(note.key);
        let members = |other: &&ClipPlacement| other.chord == placed.chord;
        let before = self.notes.range(at.saturating_sub(ROW_REACH)..at).rev().take_while(members);
        let heard = |other: &&ClipPlacement| other.note.onset <= known;
        let reach = self.notes.len().min(at + 1 + ROW_REACH);
        let after = || self.notes.range(at + 1..reach).take_while(heard);

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
        row.extend(self.notes[last_known].usual.compare(&placed.manner, size as f32));
        debug_assert_eq!(row.len() - start, AHEAD, "as many numbers as columns");
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
    fn add(&mut self, placed: &ClipPlacement, now: f64) {
        let key = f32::from(placed.note.key);
        self.members += 1;
        self.released += u32::from(placed.note.release <= now + TAKE_OVER);
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn note(onset: f64, release: f64, key: u8) -> PartNote {
        PartNote { onset, release, key, beat_phase: None, deviation: None }
    }

    fn past(part: &Part, index: usize) -> Vec<f32> {
        let mut row = Vec::new();
        part.past(index, &mut row);
        row
    }

    /// The columns in which two rows differ.
    fn differing(a: &[f32], b: &[f32]) -> Vec<usize> {
        assert_eq!(a.len(), b.len());
        (0..a.len()).filter(|&column| a[column] != b[column]).collect()
    }

    fn ahead(part: &Part, index: usize, known: f64) -> Vec<f32> {
        let mut row = Vec::new();
        part.ahead(index, known, &mut row);
        row
    }

    #[test]
    fn a_note_that_hands_over_on_the_grid_has_ended_however_its_end_is_rounded() {
        let row = |release| {
            let mut part = Part::default();
            let (mut past, mut ahead) = (Vec::new(), Vec::new());
            part.push(note(0.0, release, 60));
            let next = part.push(note(1.0, 2.0, 64));
            part.past(next, &mut past);
            part.ahead(next, 2.0, &mut ahead);
            (past, ahead)
        };
        assert_eq!(row(1.0 + 1.0 / 44_100.0), row(1.0));
        assert_eq!(row(1.0 - 1e-15), row(1.0));
        let (legato, detached) = (row(1.01), row(1.0));
        assert_eq!(legato.1, detached.1, "what follows is the same");
        assert_eq!(
            differing(&legato.0, &detached.0),
            [12, 18],
            "the share of the chord before that has ended, and what sounds"
        );
    }

    #[test]
    fn a_row_knows_the_chord_it_completes() {
        let mut part = Part::default();
        for key in [60, 64, 67] {
            part.push(note(1.0, 2.0, key));
        }
        let row = past(&part, 2);
        assert!((row[6] - 3f32.ln()).abs() < 1e-6, "two members before it");
        assert!((row[7] - 7.0 / 12.0).abs() < 1e-6 && (row[8] - 3.0 / 12.0).abs() < 1e-6);
        assert_eq!(row[PAST_FEATURES..].iter().position(|&x| x == 1.0), Some(46));
        let top = ahead(&part, 2, 1.5);
        assert_eq!((top[7], top[8]), (1.0, 0.0), "the top voice, not the bottom");
    }

    #[test]
    fn what_is_not_known_yet_says_so() {
        let mut part = Part::default();
        part.push(note(0.0, 0.5, 60));
        part.push(note(1.0, 1.5, 62));
        let early = ahead(&part, 0, 0.25);
        assert_eq!((early[1], early[3]), (0.0, 0.0), "still sounding, nothing follows yet");
        assert!((early[0] - (0.25f32.ln() + 1.0)).abs() < 1e-6, "its length so far");
        let late = ahead(&part, 0, 1.0);
        assert_eq!((late[1], late[3]), (1.0, 1.0));
    }

    #[test]
    fn the_pedal_counts_from_its_movement_on() {
        let mut part = Part::default();
        part.pedal(0.5, true);
        part.push(note(0.4, 1.0, 60));
        part.push(note(0.6, 1.0, 62));
        assert_eq!((past(&part, 0)[14], past(&part, 1)[14]), (0.0, 1.0));
    }

    #[test]
    fn a_hosts_rounding_of_positions_changes_no_row_of_a_note_on_the_grid() {
        let row = |phase: f64| {
            let mut part = Part::default();
            part.push(PartNote { beat_phase: Some(phase.rem_euclid(1.0)), ..note(0.0, 0.5, 60) });
            past(&part, 0)
        };
        for grid in [4.0, 6.0, 12.0] {
            for place in 0..grid as i32 {
                let on_the_grid = f64::from(place) / grid;
                for rounding in [-1.0 / 1_920.0, 1.0 / 1_920.0] {
                    let (a, b) = (row(on_the_grid), row(on_the_grid + rounding));
                    assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-6), "{place} of {grid}");
                }
            }
        }
        assert_eq!(differing(&row(0.25), &row(0.26)), [22, 23, 24, 25], "what a player does is another place");
    }

    prop_compose! {
        fn notes()(steps in prop::collection::vec((0u32..300, 1u32..2000, 21u8..=108), 2..150)) -> Vec<PartNote> {
            let mut now = 0.0;
            let mut notes: Vec<PartNote> = steps.into_iter().map(|(gap, length, key)| {
                now += f64::from(gap) / 1000.0;
                note(now, now + f64::from(length) / 1000.0, key)
            }).collect();
            notes.sort_by(|a, b| (a.onset, a.key).partial_cmp(&(b.onset, b.key)).unwrap());
            notes
        }
    }

    proptest! {
        #[test]
        fn the_future_never_shows(notes in notes(), cut in 0.0f64..1.0) {
            let known = notes[0].onset + cut * (notes.last().unwrap().onset - notes[0].onset);
            let mut whole = Part::default();
            let mut so_far = Part::default();
            for n in &notes {
                whole.push(*n);
                if n.onset <= known {
                    let release = if n.release <= known { n.release } else { f64::INFINITY };
                    so_far.push(PartNote { release, ..*n });
                }
            }
            for index in 0..so_far.len() {
                prop_assert_eq!(past(&whole, index), past(&so_far, index));
                prop_assert_eq!(ahead(&whole, index, known), ahead(&so_far, index, known));
            }
        }

        #[test]
        fn forgetting_changes_no_later_row(notes in notes(), share in 0.0f64..1.0) {
            let mut whole = Part::default();
            let mut short = Part::default();
            for n in &notes {
                whole.push(*n);
                short.push(*n);
            }
            let from = (share * notes.len() as f64) as usize;
            short.forget_before(from);
            for index in from..notes.len() {
                prop_assert_eq!(past(&whole, index), past(&short, index));
                prop_assert_eq!(ahead(&whole, index, 1e9), ahead(&short, index, 1e9));
            }
        }

        #[test]
        fn every_number_is_finite_and_small(notes in notes(), known in 0.0f64..60.0) {
            let mut part = Part::default();
            for n in &notes {
                part.push(*n);
            }
            for (index, note) in notes.iter().enumerate() {
                let known = known.max(note.onset);
                let all_small = past(&part, index).iter().chain(&ahead(&part, index, known)).all(|x| x.abs() < 10.0);
                prop_assert!(all_small);
            }
        }
    }
}
