//! What the read-outs of a style's feel read of a note, next to the note model's encodings.
//!
//! The encodings know the music around a note, but the place within the beat only as a wave. A read-out is linear, so it
//! gets what it must tell apart as columns of their own: each place in the beat at each tempo, rhythms, lengths against
//! the gap they fill, places in the chord, and changes of harmony.

use super::{OVERLAP_TOLERANCE, Part, PlacedNote, log_length};
use crate::note_rows::ROW_REACH;

/// Places within the beat: the finest that sixteenths and triplets share.
pub const PLACES: usize = 12;
/// The place of an off-beat eighth, and those of the off-beat sixteenths.
const OFF_BEAT: usize = 6;
const SIXTEENTHS: [usize; 2] = [3, 9];

/// A usual beat in seconds, and the natural logarithm of the factor beyond which tempi count as equal.
const USUAL_BEAT: f64 = 0.5;
const MOST_TEMPO: f64 = 1.0;

/// How quickly a place stops being a swung one as the share of off-beat sixteenths among the part's chords grows, and as
/// how many chords without them the beginning of a part counts.
const DIVIDED: f32 = 20.0;
const CHORDS_BEFORE: f32 = 4.0;

/// Columns of each place: alone, with the tempo and its square, and with how the part divides its beats.
const PER_PLACE: usize = 6;

/// The upper bounds of gaps that are told apart, in beats: 32nds, sixteenths, triplets, eighths, quarters, and longer.
const GAP_BOUNDS: [f64; 5] = [0.2, 0.29, 0.42, 0.6, 1.2];
const GAPS: usize = GAP_BOUNDS.len() + 1;

/// Natural logarithms of lengths in seconds at which the columns of length bend.
const LENGTH_BENDS: [f32; 5] = [-2.5, -1.9, -1.3, -0.7, 0.0];

/// A length this close to the gap after it fills it, as a factor's natural logarithm.
const FILLS: f32 = 0.03;

/// How far back harmony is heard, in seconds, and notes at most. The notes of a part may be removed beyond that.
const HARMONY_SECONDS: f64 = 2.0;
/// Keys below this may be a bass.
const HIGHEST_BASS: u8 = 55;
/// How long a bass counts, in seconds, and how far above the lowest key in that time the next one may be.
const BASS_SECONDS: f64 = 1.0;
const BASS_RANGE: u8 = 7;

/// Earlier notes that tell how the part writes lengths.
const WRITTEN_NOTES: usize = 24;

/// The shares of notes that fill their gaps at which a part is surely not, and surely is, written without rests; and how
/// many notes that takes.
const FILLED_SHARES: (f32, f32) = (0.65, 0.9);
const SURE_NOTES: f32 = 6.0;

/// Columns of a [`FeelRow`].
pub const FEEL: usize = PER_PLACE * PLACES + 2 * GAPS + 12 + 13 + 10 + LENGTH_BENDS.len() + 18;

/// What the read-outs of a style's feel read of a note.
#[derive(Debug, Clone, PartialEq)]
pub struct FeelRow {
    /// Whether it is the first note of its chord, in the order of the part.
    pub begins_chord: bool,
    /// Its place within the beat, 0 to [`PLACES`] − 1; `None` where that is not known.
    pub place: Option<usize>,
    /// How surely the part is written without rests and overlaps, 0–1: each note up to the next chord. Such lengths are a
    /// habit of notation, and say nothing about how long the notes are held.
    pub fills: f32,
    /// The columns, [`FEEL`] numbers.
    pub numbers: Vec<f32>,
}

/// A set of pitch classes, one bit each.
type PitchClasses = u16;

/// What is known around a note.
struct Surroundings {
    /// Seconds from the chord before to the note's own, and from that to the next; `None` where there is none yet.
    before: Option<f64>,
    after: Option<f64>,
    /// The same from the chord two before to the one before.
    earlier: Option<f64>,
    size: u32,
    below: u32,
    lowest: u8,
    highest: u8,
    own: PitchClasses,
    previous: PitchClasses,
    next: PitchClasses,
}

impl Part {
    /// The feel's row of note `index`, from what is known at `known` seconds on the part's clock.
    ///
    /// `beat_seconds` is the length of a beat there; it is ignored where the note has no place within the beat. Neither
    /// the note nor the [`ROW_REACH`] notes before it may have been removed.
    pub fn feel(&self, index: usize, known: f64, beat_seconds: f64) -> FeelRow {
        let at = index - self.removed;
        let placed = &self.notes[at];
        let begins_chord = at == 0 || self.notes[at - 1].chord != placed.chord;
        let beat = placed.note.beat_phase.filter(|_| beat_seconds.is_finite() && beat_seconds > 0.0);
        let around = self.surroundings(at, known);
        let mut numbers = Vec::with_capacity(FEEL);
        self.place_columns(at, known, beat.map(|phase| (phase, beat_seconds)), &around, &mut numbers);
        chord_columns(placed, &around, &mut numbers);
        let fills = self.length_columns(at, known, &around, &mut numbers);
        self.harmony_columns(at, &around, &mut numbers);
        debug_assert_eq!(numbers.len(), FEEL, "one number for each column");
        FeelRow { begins_chord, place: beat.map(place), fills, numbers }
    }

    fn back(&self, at: usize) -> impl Iterator<Item = &PlacedNote> {
        self.notes.range(at.saturating_sub(ROW_REACH)..at).rev()
    }

    fn onward(&self, at: usize, known: f64) -> impl Iterator<Item = &PlacedNote> {
        let reach = self.notes.len().min(at + 1 + ROW_REACH);
        self.notes.range(at + 1..reach).take_while(move |other| other.note.onset <= known)
    }

    fn surroundings(&self, at: usize, known: f64) -> Surroundings {
        let placed = &self.notes[at];
        let key = placed.note.key;
        let mut around = Surroundings {
            before: None,
            after: None,
            earlier: None,
            size: 1,
            below: 0,
            lowest: key,
            highest: key,
            own: pitch_class(key),
            previous: 0,
            next: 0,
        };
        let mut previous_onset = placed.chord_onset;
        for other in self.back(at) {
            match placed.chord - other.chord {
                0 => around.add_member(other.note.key, key),
                1 => {
                    around.previous |= pitch_class(other.note.key);
                    around.before = Some(placed.chord_onset - other.chord_onset);
                    previous_onset = other.chord_onset;
                }
                _ => {
                    around.earlier = Some(previous_onset - other.chord_onset);
                    break;
                }
            }
        }
        for other in self.onward(at, known) {
            match other.chord - placed.chord {
                0 => around.add_member(other.note.key, key),
                1 => {
                    around.next |= pitch_class(other.note.key);
                    around.after = Some(other.chord_onset - placed.chord_onset);
                }
                _ => break,
            }
        }
        around
    }

    /// The share of off-beat sixteenths among the chords up to a note's own. Parts that divide their beats so do not swing
    /// their eighths.
    fn sixteenths_share(&self, at: usize) -> f32 {
        let (mut sixteenths, mut chords, mut last) = (0.0, 0.0, None);
        for other in std::iter::once(&self.notes[at]).chain(self.back(at)) {
            if last != Some(other.chord) {
                let is_sixteenth = other.note.beat_phase.is_some_and(|phase| SIXTEENTHS.contains(&place(phase)));
                sixteenths += f32::from(u8::from(is_sixteenth));
                chords += 1.0;
                last = Some(other.chord);
            }
        }
        sixteenths / (chords + CHORDS_BEFORE)
    }

    /// The place within the beat, the tempo and the rhythm.
    fn place_columns(
        &self,
        at: usize,
        known: f64,
        beat: Option<(f64, f64)>,
        around: &Surroundings,
        row: &mut Vec<f32>,
    ) {
        let start = row.len();
        row.resize(start + PER_PLACE * PLACES + 2 * GAPS + 12, 0.0);
        let Some((phase, seconds)) = beat else { return };
        let columns = &mut row[start..];
        let place = place(phase);
        let tempo = (seconds / USUAL_BEAT).ln().clamp(-MOST_TEMPO, MOST_TEMPO) as f32;
        let share = self.sixteenths_share(at);
        let undivided = (-DIVIDED * share).exp();
        let of_place: [f32; PER_PLACE] = [1.0, tempo, tempo * tempo, undivided, undivided * tempo, share];
        for (index, number) in of_place.into_iter().enumerate() {
            columns[index * PLACES + place] = number;
        }
        let columns = &mut columns[PER_PLACE * PLACES..];
        let [before, after] = [around.before, around.after].map(|gap| gap_class(gap.map(|gap| gap / seconds)));
        columns[before] = 1.0;
        columns[GAPS + after] = 1.0;
        // Eighths swing as pairs, and not where sixteenths or triplets divide the beat.
        let near = |other: &&PlacedNote| (other.note.onset - self.notes[at].note.onset).abs() <= seconds;
        let close = || self.back(at).take_while(near).chain(self.onward(at, known).take_while(near));
        let places = || close().filter_map(|other| other.note.beat_phase.map(self::place));
        let has_sixteenths = SIXTEENTHS.contains(&place) || places().any(|place| SIXTEENTHS.contains(&place));
        let has_triplets = places().any(|place| place % 4 == 0 && place > 0);
        let has_eighths = places().any(|place| place == OFF_BEAT);
        let is_eighth = |gap: usize| gap == 3;
        let on = |is: bool| f32::from(u8::from(is));
        let flags = [
            on(has_sixteenths),
            on(has_triplets),
            on(has_eighths),
            on(is_eighth(before) && is_eighth(after)),
            on(is_eighth(before)),
            on(is_eighth(after)),
        ];
        let own = on(place == OFF_BEAT);
        for (index, flag) in flags.into_iter().enumerate() {
            columns[2 * GAPS + index] = own * flag;
            columns[2 * GAPS + 6 + index] = match index {
                0..3 => (1.0 - own) * flag,
                _ => own * flag * tempo,
            };
        }
    }

    /// The written length, next to the gap that it may fill; returns [`FeelRow::fills`].
    fn length_columns(&self, at: usize, known: f64, around: &Surroundings, row: &mut Vec<f32>) -> f32 {
        let note = &self.notes[at].note;
        let ended = note.release <= known;
        let length = log_length(note.release.min(known) - note.onset);
        let gap = log_length(around.after.unwrap_or(known - note.onset));
        let over = length - gap;
        let on = |is: bool| f32::from(u8::from(is));
        let is_filled = ended && around.after.is_some() && over.abs() <= FILLS;
        // How the notes before are written: whether they fill their gaps, hold over them, or are cut short.
        let (mut filled, mut held, mut counted) = (0.0, 0.0, 0.0_f32);
        let mut later = self.notes[at].chord;
        let mut next_onset = self.notes[at].chord_onset;
        let mut chord_onset = next_onset;
        for other in self.back(at).take(WRITTEN_NOTES) {
            if other.chord != later {
                (later, next_onset, chord_onset) = (other.chord, chord_onset, other.chord_onset);
            }
            if later != self.notes[at].chord && other.note.release <= known {
                let over = log_length(other.note.release - other.note.onset) - log_length(next_onset - chord_onset);
                filled += on(over.abs() <= FILLS);
                held += on(over > FILLS);
                counted += 1.0;
            }
        }
        let share = |count: f32| if counted > 0.0 { count / counted } else { 0.0 };
        let (all_filled, all_held) = (share(filled), share(held));
        row.extend([
            length + 1.0,
            on(ended),
            gap + 1.0,
            over.clamp(-2.0, 3.0),
            over.clamp(-2.0, 0.0),
            on(is_filled),
            on(over > FILLS),
            all_filled,
            all_held,
            all_filled * (length + 1.0),
            all_filled * on(is_filled),
            on(is_filled) * (length + 1.0),
            all_filled * all_filled * (gap + 1.0),
        ]);
        row.extend(LENGTH_BENDS.map(|bend| (length - bend).max(0.0)));
        let (least, most) = FILLED_SHARES;
        ((all_filled - least) / (most - least)).clamp(0.0, 1.0) * (counted / SURE_NOTES).min(1.0)
    }

    /// What changes in the harmony, and how long ago it did.
    fn harmony_columns(&self, at: usize, around: &Surroundings, row: &mut Vec<f32>) {
        let placed = &self.notes[at];
        let now = placed.chord_onset;
        let age = |other: &PlacedNote| now - other.note.onset;
        let earlier = || {
            let before = self.back(at).skip_while(|other| other.chord == placed.chord);
            before.take_while(|other| now - other.note.onset <= HARMONY_SECONDS)
        };
        let (mut half, mut one, mut two): (PitchClasses, PitchClasses, PitchClasses) = (0, 0, 0);
        let mut lowest_lately = 127;
        for other in earlier() {
            let class = pitch_class(other.note.key);
            two |= class;
            if age(other) <= BASS_SECONDS {
                one |= class;
                lowest_lately = lowest_lately.min(other.note.key);
            }
            if age(other) <= 0.5 {
                half |= class;
            }
        }
        // The last bass: the nearest earlier note that is low, and what sounded from it on.
        let bass = earlier()
            .find(|other| other.note.key < HIGHEST_BASS && other.note.key <= lowest_lately.saturating_add(BASS_RANGE));
        let since_bass = bass.map_or(HARMONY_SECONDS, age);
        let over_bass = earlier().filter(|other| age(other) <= since_bass + OVERLAP_TOLERANCE);
        let over_bass = over_bass.fold(0, |set, other| set | pitch_class(other.note.key));
        let on = |is: bool| f32::from(u8::from(is));
        let is_bass = around.lowest < HIGHEST_BASS && around.lowest <= lowest_lately.saturating_add(BASS_RANGE);
        let bass_class = bass.map_or(0, |other| pitch_class(other.note.key));
        let changes_bass = is_bass && bass_class != pitch_class(around.lowest);
        let sounding = earlier().filter(|other| other.note.release > now + OVERLAP_TOLERANCE).count();
        row.extend([
            share_of(around.own, around.previous),
            share_of(around.own, half),
            share_of(around.own, one),
            share_of(around.own, two),
            share_of(around.own, over_bass),
            share_of(around.next, around.own),
            clashes(around.own, around.previous),
            clashes(around.own, one),
            clashes(around.own, over_bass),
            (over_bass.count_ones() as f32) / 6.0,
            on(is_bass),
            on(changes_bass),
            on(is_bass && bass.is_none()),
            log_length(since_bass) + 0.5,
            on(changes_bass) * (log_length(since_bass) + 0.5),
            on(is_bass) * clashes(around.own, over_bass),
            (sounding as f32).ln_1p(),
            on(around.earlier.zip(around.before).is_some_and(|(earlier, before)| before > 1.5 * earlier)),
        ]);
    }
}

impl Surroundings {
    fn add_member(&mut self, key: u8, own: u8) {
        self.size += 1;
        self.below += u32::from(key < own);
        self.lowest = self.lowest.min(key);
        self.highest = self.highest.max(key);
        self.own |= pitch_class(key);
    }
}

/// Where a note is in its chord.
fn chord_columns(placed: &PlacedNote, around: &Surroundings, row: &mut Vec<f32>) {
    let key = placed.note.key;
    let on = |is: bool| f32::from(u8::from(is));
    let is_chord = on(around.size > 1);
    let share = if around.size > 1 { around.below as f32 / (around.size - 1) as f32 } else { 0.5 };
    let (top, bottom) = (on(key == around.highest), on(key == around.lowest));
    let span = f32::from(around.highest - around.lowest) / 12.0;
    row.extend([
        is_chord,
        is_chord * top,
        is_chord * bottom,
        is_chord * (share - 0.5),
        is_chord * on(around.size > 3) * (share - 0.5),
        (around.size as f32).ln(),
        span,
        is_chord * span * (share - 0.5),
        (f32::from(key) - 64.0) / 20.0,
        is_chord * top * span,
    ]);
}

/// The nearest place within the beat.
fn place(phase: f64) -> usize {
    (phase * PLACES as f64).round() as usize % PLACES
}

/// The class of a gap in beats; one that has not ended yet is long.
fn gap_class(beats: Option<f64>) -> usize {
    beats.map_or(GAPS - 1, |beats| GAP_BOUNDS.partition_point(|&bound| bound <= beats))
}

fn pitch_class(key: u8) -> PitchClasses {
    1 << (key % 12)
}

/// The share of pitch classes that are in another set too; 1 for none.
fn share_of(own: PitchClasses, other: PitchClasses) -> f32 {
    match own.count_ones() {
        0 => 1.0,
        count => (own & other).count_ones() as f32 / count as f32,
    }
}

/// How many pitch classes lie a semitone beside one of another set, each 1/4.
fn clashes(own: PitchClasses, other: PitchClasses) -> f32 {
    let turned = |by: u32| ((other << by) | (other >> (12 - by))) & 0xfff;
    ((own & (turned(1) | turned(11))).count_ones() as f32) / 4.0
}

#[cfg(test)]
mod tests;
