//! Tells a part that was entered, with the mouse or from notation, from one that was played. It only serves to say so.
//!
//! An entered part has a constant tempo, its onsets are on the grid, and lengths and velocities repeat. A performance
//! lacks at least one of these, even if its onsets were quantised. The thresholds were set on 242 scores and 1,600
//! performances; see `docs/benchmarks.md`.

use std::fmt;

use crate::note::Note;

/// The fewest notes from which anything can be told.
const FEWEST_NOTES: usize = 16;
/// Largest distance from the grid, and between equal lengths, in sixteenths: 2.5 ms at 120 beats a minute, at least a tick
/// of common files.
const TOLERANCE: f64 = 0.02;
/// Largest relative difference of two equal tempos.
const SAME_TEMPO: f64 = 0.01;
/// How many notes back a length or velocity counts as repeated.
const REACH: usize = 4;

/// The least shares of an entered part.
const ON_GRID: f64 = 0.5;
const IN_TEMPO: f64 = 0.75;
const REPEATED_LENGTHS: f64 = 0.3;
const REPEATED_VELOCITIES: f64 = 0.65;

/// What speaks for a part being entered; each share is 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EntryEvidence {
    /// The share of steps, each from one onset to the next, that are whole thirty-seconds or thirty-second triplets.
    pub on_grid: f64,
    /// The share of steps at the tempo of the step before.
    pub in_tempo: f64,
    /// The share of notes with the length of one of the four notes before.
    pub repeated_lengths: f64,
    /// The share of notes with the velocity of one of the four notes before.
    pub repeated_velocities: f64,
}

impl EntryEvidence {
    /// The evidence of a part's notes by onset; `None` for too few notes to tell.
    pub fn from_notes(notes: &[Note]) -> Option<Self> {
        if notes.len() < FEWEST_NOTES {
            return None;
        }
        // Length in sixteenths and in seconds.
        let steps: Vec<(f64, f64)> = notes
            .windows(2)
            .map(|pair| (pair[1].onset_sixteenths - pair[0].onset_sixteenths, pair[1].onset - pair[0].onset))
            .filter(|&(sixteenths, _)| sixteenths > TOLERANCE)
            .collect();
        let on_grid = steps.iter().filter(|step| is_on_grid(step.0)).count();
        let in_tempo = steps.windows(2).filter(|pair| is_one_tempo(pair[0], pair[1])).count();
        let lengths = repeated(notes, |a, b| {
            let length = |note: &Note| note.release_sixteenths - note.onset_sixteenths;
            (length(a) - length(b)).abs() <= TOLERANCE
        });
        let velocities = repeated(notes, |a, b| a.velocity == b.velocity);
        let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
        Some(Self {
            on_grid: share(on_grid, steps.len()),
            in_tempo: share(in_tempo, steps.len().saturating_sub(1)),
            repeated_lengths: share(lengths, notes.len() - 1),
            repeated_velocities: share(velocities, notes.len() - 1),
        })
    }

    /// Whether the part was entered, not played.
    pub fn is_entered(&self) -> bool {
        self.on_grid >= ON_GRID
            && self.in_tempo >= IN_TEMPO
            && self.repeated_lengths >= REPEATED_LENGTHS
            && self.repeated_velocities >= REPEATED_VELOCITIES
    }
}

impl fmt::Display for EntryEvidence {
    /// As `100 % of onsets on the grid, 98 % in tempo, 85 % of lengths and 100 % of velocities repeated`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { on_grid, in_tempo, repeated_lengths, repeated_velocities } = self;
        let percent = |share: &f64| (share * 100.0).round();
        write!(f, "{} % of onsets on the grid, {} % in tempo, ", percent(on_grid), percent(in_tempo))?;
        write!(
            f,
            "{} % of lengths and {} % of velocities repeated",
            percent(repeated_lengths),
            percent(repeated_velocities)
        )
    }
}

fn is_on_grid(sixteenths: f64) -> bool {
    [1.0 / 2.0, 1.0 / 3.0].into_iter().any(|step| {
        let steps = sixteenths / step;
        (steps - steps.round()).abs() * step <= TOLERANCE
    })
}

fn is_one_tempo(a: (f64, f64), b: (f64, f64)) -> bool {
    // A tempo is sixteenths by seconds; products compare without a division.
    let (a, b) = (a.0 * b.1, b.0 * a.1);
    (a - b).abs() <= SAME_TEMPO * a.abs().max(b.abs())
}

/// How many notes are the same as one of the [`REACH`] notes before.
fn repeated(notes: &[Note], same: impl Fn(&Note, &Note) -> bool) -> usize {
    let is_repeated = |&at: &usize| notes[at.saturating_sub(REACH)..at].iter().any(|before| same(before, &notes[at]));
    (1..notes.len()).filter(is_repeated).count()
}

#[cfg(test)]
mod tests;
