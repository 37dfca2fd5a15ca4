//! What a performance does beyond its page: where its chords and notes fall, how long they last, and its pedal.

use tonenet_core::grid::Grid;
use tonenet_core::note::Note;

use tonenet_inference::performance::PerformanceView;

use crate::page::{Notation, NoteLengths, page};

/// The largest shift in beats that counts as feel; more is another rhythm than the page's.
const MOST_SHIFT: f64 = 0.3;

/// The shortest length that counts, in seconds.
const SHORTEST: f64 = 0.02;

/// How long after a chord's onset its pedal is looked at, in seconds: a pedal that changes with a chord is down again then.
const PEDAL_SECONDS: f64 = 0.25;

/// How long after its chord a pedal is usually lifted, in seconds.
const LIFT_SECONDS: f64 = 0.05;

/// How close together onsets must lie within their sixteenth for a constant offset to be seen, 0–1.
const CLEAR_GRID: f64 = 0.85;

/// The standard deviation of shifts up to which a file counts as quantised, in beats.
const QUANTISED: f64 = 0.008;

/// A performance uses the pedal if it is lifted at least once in so many chords.
const CHORDS_PER_LIFT: usize = 50;

/// Chords on the beat that a file's constant offset is taken from, at least; with fewer, from all chords.
const FEWEST_ON_BEAT: usize = 8;

/// A page and what its performance does.
pub struct Paged {
    /// The notes of the page, in the order of the performance.
    pub page: Vec<Note>,
    /// What each was played like, in the same order.
    pub played: Vec<Played>,
    /// What each chord was played like.
    pub chords: Vec<PlayedChord>,
    /// Length of a beat of the page, in seconds.
    pub beat_seconds: f64,
    /// Whether the page's beats are the performance's, and it was not quantised to them.
    pub has_timing: bool,
    /// Whether the pedal is used.
    pub has_pedal: bool,
}

/// How a note was played.
#[derive(Debug, Clone, Copy)]
pub struct Played {
    /// Its chord's index.
    pub chord: usize,
    /// How much later than its chord, in seconds; `None` where it is alone.
    pub offset: Option<f64>,
    /// The natural logarithm of its length as a share of the page's.
    pub stretch: f64,
    /// The natural logarithm of the page's length, in seconds.
    pub written: f64,
}

/// How a chord was played.
#[derive(Debug, Clone, Copy)]
pub struct PlayedChord {
    /// Where the page has it, in beats.
    pub beats: f64,
    /// How much later than the page's beats, in beats; the file's own constant removed.
    pub shift: f64,
    /// Whether the pedal is down soon after it begins.
    pub pedal: bool,
    /// Whether the pedal is lifted at it.
    pub lift: bool,
}

impl Paged {
    /// The page of a performance with lengths of a kind.
    pub fn new(performance: &PerformanceView<'_>, lengths: NoteLengths) -> Self {
        let played = &aligned(performance);
        let page = page(played, performance.grid, Notation { lengths, ..Notation::default() });
        let chord_of_note = chord_numbers(&page);
        let count = chord_of_note.last().map_or(0, |last| last + 1);
        let means = |of: &dyn Fn(&Note) -> f64| {
            let mut sums = vec![(0.0, 0.0); count];
            for (note, &chord) in played.iter().zip(&chord_of_note) {
                sums[chord].0 += of(note);
                sums[chord].1 += 1.0;
            }
            sums.into_iter().map(|(sum, notes): (f64, f64)| (sum / notes, notes > 1.0)).collect::<Vec<_>>()
        };
        let onsets = means(&|note| note.onset);
        let beats = means(&|note| note.onset_sixteenths / 4.0);
        let mut written = vec![0.0; count];
        page.iter().zip(&chord_of_note).for_each(|(note, &chord)| written[chord] = note.onset_sixteenths / 4.0);
        let shifts: Vec<f64> = beats.iter().zip(&written).map(|(played, written)| played.0 - written).collect();
        let constant = constant_offset(&written, &shifts);
        let (pedals, lifts) = pedal(performance.pedals, &onsets.iter().map(|o| o.0).collect::<Vec<_>>());
        let has_pedal = lifts.iter().filter(|&&lift| lift).count() * CHORDS_PER_LIFT >= count;
        let chords = (0..count).map(|chord| PlayedChord {
            beats: written[chord],
            shift: (shifts[chord] - constant).clamp(-MOST_SHIFT, MOST_SHIFT),
            pedal: pedals[chord],
            lift: lifts[chord],
        });
        let notes = played.iter().zip(&page).zip(&chord_of_note).map(|((played, page), &chord)| {
            let log = |note: &Note| (note.release - note.onset).max(SHORTEST).ln();
            let (onset, has_others) = onsets[chord];
            let offset = has_others.then_some(played.onset - onset);
            Played { chord, offset, stretch: log(played) - log(page), written: log(page) }
        });
        let (first, last) = (page.first().copied(), page.last().copied());
        let beat_seconds = first.zip(last).map_or(0.5, |(first, last)| {
            let beats = (last.onset_sixteenths - first.onset_sixteenths) / 4.0;
            if beats > 0.0 { (last.onset - first.onset) / beats } else { 0.5 }
        });
        Self {
            played: notes.collect(),
            chords: chords.collect(),
            beat_seconds,
            has_timing: performance.grid == Grid::Sixteenths && spread(&shifts) > QUANTISED,
            has_pedal,
            page,
        }
    }
}

/// The notes, moved onto the file's sixteenths where they all stand beside them by the same part of one.
///
/// Some files are played to a beat, but begin a constant time after it. Their page would be written off the grid.
fn aligned(performance: &PerformanceView<'_>) -> Vec<Note> {
    let mut notes = performance.notes.to_vec();
    if performance.grid != Grid::Sixteenths {
        return notes;
    }
    let (sine, cosine) = notes.iter().fold((0.0, 0.0), |(sine, cosine), note| {
        let angle = note.onset_sixteenths.rem_euclid(1.0) * std::f64::consts::TAU;
        (sine + angle.sin(), cosine + angle.cos())
    });
    if sine.hypot(cosine) < CLEAR_GRID * notes.len() as f64 {
        return notes;
    }
    let offset = sine.atan2(cosine) / std::f64::consts::TAU;
    for note in &mut notes {
        note.onset_sixteenths -= offset;
        note.release_sixteenths -= offset;
    }
    notes
}

fn spread(numbers: &[f64]) -> f64 {
    let count = numbers.len().max(1) as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    (numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / count).sqrt()
}

/// The chord of each note of a page.
fn chord_numbers(page: &[Note]) -> Vec<usize> {
    let mut numbers: Vec<usize> = Vec::with_capacity(page.len());
    for (index, note) in page.iter().enumerate() {
        let number = match numbers.last() {
            Some(&last) => last + usize::from(note.onset_sixteenths != page[index - 1].onset_sixteenths),
            None => 0,
        };
        numbers.push(number);
    }
    numbers
}

/// The median shift of chords on the beat: some files stand beside their beats as a whole.
fn constant_offset(written: &[f64], shifts: &[f64]) -> f64 {
    let on_beat = |beats: f64| (beats - beats.round()).abs() < 1e-6;
    let mut chosen: Vec<f64> = written.iter().zip(shifts).filter(|(w, _)| on_beat(**w)).map(|(_, s)| *s).collect();
    if chosen.len() < FEWEST_ON_BEAT {
        chosen = shifts.to_vec();
    }
    chosen.sort_by(f64::total_cmp);
    chosen.get(chosen.len() / 2).copied().unwrap_or(0.0)
}

/// Whether the pedal is down soon after each chord, and whether it is lifted at it.
fn pedal(movements: &[(f64, bool)], onsets: &[f64]) -> (Vec<bool>, Vec<bool>) {
    let state = |time: f64| {
        let after = movements.partition_point(|movement| movement.0 <= time);
        after > 0 && movements[after - 1].1
    };
    let pedals = onsets.iter().enumerate().map(|(chord, &onset)| {
        let next = onsets.get(chord + 1).map_or(f64::INFINITY, |next| next - 0.01);
        state((onset + PEDAL_SECONDS).min(next.max(onset)))
    });
    let mut lifts = vec![false; onsets.len()];
    let mut was_down = false;
    for &(time, down) in movements {
        if was_down && !down && !onsets.is_empty() {
            let time = time - LIFT_SECONDS;
            let after = onsets.partition_point(|&onset| onset <= time);
            let nearest = match (after.checked_sub(1), onsets.get(after)) {
                (Some(before), Some(next)) if time - onsets[before] > next - time => after,
                (Some(before), _) => before,
                (None, _) => 0,
            };
            lifts[nearest] = true;
        }
        was_down = down;
    }
    (pedals.collect(), lifts)
}
