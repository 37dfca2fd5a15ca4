//! Compares what Ardour recorded with the piece, note by note.

use std::collections::HashMap;

use anyhow::{Result, bail, ensure};
use tonenet_core::midi::{NoteRef, Song};

/// How a note of the piece was recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrival {
    /// Beats (quarter notes) from the written note-on to the recorded one; late is positive.
    pub onset_late: f64,
    /// The same for its note-off.
    pub release_late: f64,
    /// The recorded velocity.
    pub velocity: u8,
}

/// The piece's notes as recorded, in its order; `None` where one is missing.
///
/// Notes of one key are matched by order, so a recording that is late as a whole is understood too.
///
/// # Errors
/// When the recording holds anything else: a note that the piece does not have, or another message.
pub fn arrivals(piece: &Song, recording: &Song) -> Result<Vec<Option<Arrival>>> {
    let (notes, messages) = (recording.notes().len(), recording.messages().len());
    ensure!(
        messages == 2 * notes,
        "{messages} messages were recorded for {notes} notes, instead of an on and an off each"
    );
    let key_of = |reference: &NoteRef| (reference.note.channel, reference.note.key);
    let mut recorded: HashMap<_, Vec<&NoteRef>> = HashMap::new();
    for note in recording.notes().iter().rev() {
        recorded.entry(key_of(note)).or_default().push(note);
    }
    let arrivals = piece.notes().iter().map(|written| {
        let came = recorded.get_mut(&key_of(written))?.pop()?;
        Some(Arrival {
            onset_late: later(recording, came.onset_tick, piece, written.onset_tick),
            release_late: later(recording, came.release_tick, piece, written.release_tick),
            velocity: came.note.velocity,
        })
    });
    let arrivals = arrivals.collect();
    if let Some(((channel, key), _)) = recorded.iter().find(|(_, left)| !left.is_empty()) {
        bail!("key {key} on channel {channel} was recorded more often than it was written");
    }
    Ok(arrivals)
}

/// Beats from a tick of one song to a tick of another; exactly 0 for the same moment.
fn later(a: &Song, tick_of_a: u64, b: &Song, tick_of_b: u64) -> f64 {
    let divisions = (i64::from(a.tempo().ticks_per_beat()), i64::from(b.tempo().ticks_per_beat()));
    (tick_of_a as i64 * divisions.1 - tick_of_b as i64 * divisions.0) as f64 / (divisions.0 * divisions.1) as f64
}

#[cfg(test)]
mod tests {
    use tonenet_test_support::midi_from_tracks;

    use super::*;

    /// A song of notes as (onset, length, key, velocity) in ticks.
    fn song(division: u16, notes: &[(u8, u8, u8, u8)]) -> Song {
        let mut moments = Vec::new();
        for &(onset, length, key, velocity) in notes {
            moments.push((onset, [0x90, key, velocity]));
            moments.push((onset + length, [0x80, key, 64]));
        }
        moments.sort();
        let mut track = Vec::new();
        let mut last = 0;
        for (tick, message) in moments {
            track.push(tick - last);
            track.extend(message);
            last = tick;
        }
        Song::parse(midi_from_tracks(division, &[track])).unwrap()
    }

    #[test]
    fn the_same_moments_at_another_division_are_exactly_on_time() {
        let piece = song(3, &[(0, 1, 60, 80), (1, 2, 62, 80), (4, 1, 60, 80)]);
        let recording = song(30, &[(0, 10, 60, 11), (10, 20, 62, 12), (40, 10, 60, 13)]);
        let arrivals: Vec<Arrival> = arrivals(&piece, &recording).unwrap().into_iter().flatten().collect();
        assert!(arrivals.iter().all(|a| a.onset_late == 0.0 && a.release_late == 0.0));
        assert_eq!(arrivals.iter().map(|a| a.velocity).collect::<Vec<_>>(), [11, 12, 13]);
    }

    #[test]
    fn a_late_and_cut_recording_is_matched_note_by_note() {
        let piece = song(4, &[(0, 1, 60, 80), (4, 1, 60, 80)]);
        let recording = song(8, &[(8, 2, 60, 90)]);
        let late = Arrival { onset_late: 1.0, release_late: 1.0, velocity: 90 };
        assert_eq!(arrivals(&piece, &recording).unwrap(), [Some(late), None]);
    }

    #[test]
    fn a_note_too_many_is_an_error() {
        let piece = song(4, &[(0, 1, 60, 80)]);
        let recording = song(4, &[(0, 1, 60, 80), (4, 1, 60, 80)]);
        assert!(arrivals(&piece, &recording).is_err());
    }
}
