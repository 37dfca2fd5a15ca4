//! The page: a performance as somebody would have entered it from notation.
//!
//! A page has a constant tempo, onsets on the grid, whole chords, notated lengths, no pedal and one velocity. It keeps
//! the keys and the order of the chords. Models are trained and scored on pages next to performances, because many parts
//! in a DAW were entered and not played.
//!
//! `layout` places the chords on the grid, `lengths` gives the notes their lengths.

mod layout;
mod lengths;

use tonenet_core::grid::Grid;
use tonenet_core::note::Note;
use tonenet_core::note_rows::CHORD_SECONDS;

pub use lengths::NoteLengths;

/// Grid positions of a beat. It is the finest grid that sixteenths, their triplets and 32nds share.
pub const TICKS_PER_BEAT: i64 = 24;

/// Ticks of a sixteenth.
const SIXTEENTH: i64 = TICKS_PER_BEAT / 4;

/// The velocity of every note of a page.
pub const PAGE_VELOCITY: u8 = 64;

/// How a performance is written down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Notation {
    /// The lengths of the notes.
    pub lengths: NoteLengths,
    /// The part of each length that is silent before the next note, 0–1.
    pub gap: f64,
    /// The constant tempo as a factor on the performance's mean tempo; 1 keeps its duration.
    pub tempo: f64,
}

impl Default for Notation {
    fn default() -> Self {
        Self { lengths: NoteLengths::ToNearestOnset, gap: 0.0, tempo: 1.0 }
    }
}

/// A chord of a performance.
#[derive(Debug, Clone, Copy)]
struct Chord {
    /// The performed onset of its first note, in seconds.
    onset: f64,
    /// The mean onset of its notes in sixteenths of the file.
    sixteenths: f64,
    /// Number of notes.
    size: usize,
    /// Lowest key.
    lowest: u8,
}

/// The page of a performance: its notes in the same order, with new times and one velocity.
///
/// `notes` are in the order of their onsets. With [`Grid::Sixteenths`] the page has the sixteenths, triplets or straight
/// eighths that the file's own beats suggest. Otherwise each interval between two chords is a whole number of steps,
/// where a step slowly follows the player; the page's beats are then a guess.
pub fn page(notes: &[Note], grid: Grid, notation: Notation) -> Vec<Note> {
    if notes.is_empty() {
        return Vec::new();
    }
    let (chords, chord_of_note) = chords(notes);
    let ticks = match grid {
        Grid::Sixteenths => layout::on_file_beats(&chords),
        Grid::Seconds(_) => layout::on_followed_steps(&chords),
    };
    let ends = lengths::ends(notes, &chords, &chord_of_note, &ticks, notation.lengths);
    let seconds_per_tick = seconds_per_tick(&chords, &ticks) / notation.tempo;
    let first = ticks[0];
    notes
        .iter()
        .zip(chord_of_note)
        .zip(ends)
        .map(|((note, chord), end)| {
            let onset = ticks[chord] as f64;
            let release = onset + (end as f64 - onset) * (1.0 - notation.gap);
            let seconds = |tick: f64| (tick - first as f64) * seconds_per_tick;
            let sixteenths = |tick: f64| tick / SIXTEENTH as f64;
            Note {
                onset: seconds(onset),
                release: seconds(release),
                onset_sixteenths: sixteenths(onset),
                release_sixteenths: sixteenths(release),
                velocity: PAGE_VELOCITY,
                ..*note
            }
        })
        .collect()
}

/// The chords of a performance, and the chord of each note.
fn chords(notes: &[Note]) -> (Vec<Chord>, Vec<usize>) {
    let mut chords: Vec<Chord> = Vec::new();
    let mut chord_of_note = Vec::with_capacity(notes.len());
    for note in notes {
        match chords.last_mut() {
            Some(chord) if note.onset - chord.onset <= CHORD_SECONDS => {
                let size = chord.size as f64;
                chord.sixteenths = (chord.sixteenths * size + note.onset_sixteenths) / (size + 1.0);
                chord.size += 1;
                chord.lowest = chord.lowest.min(note.key);
            }
            _ => chords.push(Chord { onset: note.onset, sixteenths: note.onset_sixteenths, size: 1, lowest: note.key }),
        }
        chord_of_note.push(chords.len() - 1);
    }
    (chords, chord_of_note)
}

/// The mean length of a tick in the performance, in seconds.
fn seconds_per_tick(chords: &[Chord], ticks: &[i64]) -> f64 {
    let last = chords.len() - 1;
    let (seconds, ticks) = (chords[last].onset - chords[0].onset, ticks[last] - ticks[0]);
    // A single chord has no tempo; half a second a beat is the default of MIDI files.
    if ticks > 0 { seconds / ticks as f64 } else { 0.5 / TICKS_PER_BEAT as f64 }
}

#[cfg(test)]
mod tests;
