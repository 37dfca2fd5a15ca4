//! The lengths that notes have on a page.

use tonenet_core::note::{Note, PIANO_KEYS, piano_key};

use super::{Chord, SIXTEENTH, TICKS_PER_BEAT};

/// How the lengths of a page's notes are chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NoteLengths {
    /// To the onset nearest to the performed release.
    ToNearestOnset,
    /// To the next chord.
    ToNextChord,
    /// So many sixteenths each.
    Sixteenths(u8),
}

/// The longest note that is written to the next chord.
const LONGEST: i64 = 8 * TICKS_PER_BEAT;

/// The tick at which each note ends. It ends after its onset and not after the next onset of its key.
pub(super) fn ends(
    notes: &[Note],
    chords: &[Chord],
    chord_of_note: &[usize],
    ticks: &[i64],
    lengths: NoteLengths,
) -> Vec<i64> {
    let last = chords.len() - 1;
    // A length in seconds as whole sixteenths of the page around a chord.
    let sixteenth = (chords[last].onset - chords[0].onset) / (ticks[last] - ticks[0]).max(1) as f64 * SIXTEENTH as f64;
    let whole = |seconds: f64| if sixteenth > 0.0 { (seconds / sixteenth).round().max(1.0) as i64 } else { 1 };
    let nearest_onset = |note: &Note, chord: usize| {
        let after = chords.partition_point(|c| c.onset <= note.release);
        let before = after - 1;
        if after > last {
            let overhang = whole(note.release - chords[last].onset) * SIXTEENTH;
            return ticks[last] + overhang.min(LONGEST);
        }
        let nearest =
            if note.release - chords[before].onset < chords[after].onset - note.release { before } else { after };
        if nearest > chord {
            return ticks[nearest];
        }
        // A short note before a rest.
        ticks[chord + 1].min(ticks[chord] + whole(note.release - note.onset) * SIXTEENTH)
    };
    // For each key, its earliest onset so far and the onset after that.
    let mut onsets_of_key = [[i64::MAX; 2]; PIANO_KEYS];
    let mut ends = vec![0; notes.len()];
    // From the back, so that the next onset of each key is known; notes of one chord and key do not limit each other.
    for (index, note) in notes.iter().enumerate().rev() {
        let chord = chord_of_note[index];
        let onset = ticks[chord];
        let wanted = match lengths {
            NoteLengths::ToNearestOnset => nearest_onset(note, chord),
            NoteLengths::ToNextChord => match ticks.get(chord + 1) {
                Some(&next) => next.min(onset + LONGEST),
                None => onset + TICKS_PER_BEAT,
            },
            NoteLengths::Sixteenths(sixteenths) => onset + i64::from(sixteenths.max(1)) * SIXTEENTH,
        };
        ends[index] = wanted;
        if let Some(key) = piano_key(note.key) {
            let onsets = &mut onsets_of_key[key];
            if onsets[0] > onset {
                *onsets = [onset, onsets[0]];
            }
            ends[index] = wanted.min(onsets[1]);
        }
    }
    ends
}
