//! Small MIDI files, made from the bytes of their tracks.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Ticks of a quarter note in [`midi_file`].
const TICKS_PER_BEAT: u16 = 480;

/// A MIDI file of tracks, each given as its events without its end. A single track makes a file of format 0.
pub fn midi_from_tracks(ticks_per_beat: u16, tracks: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let mut file = b"MThd\0\0\0\x06".to_vec();
    for number in [u16::from(tracks.len() > 1), tracks.len() as u16, ticks_per_beat] {
        file.extend(number.to_be_bytes());
    }
    for events in tracks {
        let track = [events.as_ref(), &[0, 0xFF, 0x2F, 0]].concat();
        file.extend(b"MTrk");
        file.extend((track.len() as u32).to_be_bytes());
        file.extend(track);
    }
    file
}

/// The delta time before an event, in ticks below 2^28, as a track has it.
pub fn delta_time(ticks: u32) -> Vec<u8> {
    let before = (1..4).rev().filter(|group| ticks >> (7 * group) > 0);
    let before = before.map(|group| (ticks >> (7 * group)) as u8 | 0x80);
    before.chain([ticks as u8 & 0x7F]).collect()
}

/// A MIDI file of quarter notes from middle C upwards, with these velocities.
pub fn midi_file(velocities: &[u8]) -> Vec<u8> {
    let mut events = Vec::new();
    for (index, &velocity) in velocities.iter().enumerate() {
        let key = 60 + (index % 12) as u8;
        events.extend([&[0, 0x90, key, velocity][..], &delta_time(TICKS_PER_BEAT.into()), &[0x80, key, 64]].concat());
    }
    midi_from_tracks(TICKS_PER_BEAT, &[events])
}

/// Writes a [`midi_file`] and creates its folder.
pub fn write_midi(path: &Path, velocities: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, midi_file(velocities)).unwrap();
}

/// Counts the notes of channel messages.
///
/// # Panics
/// Unless each note ends before its key begins again on its channel.
pub fn count_ended_notes<'a>(messages: impl IntoIterator<Item = &'a [u8]>) -> usize {
    let mut held = BTreeSet::new();
    let mut notes = 0;
    for message in messages {
        let [status, key, ..] = *message else { continue };
        let note = (status & 0x0F, key);
        match status & 0xF0 {
            0x90 => {
                assert!(held.insert(note), "{note:?} begins again before it ends");
                notes += 1;
            }
            0x80 => assert!(held.remove(&note), "{note:?} ends without a beginning"),
            _ => {}
        }
    }
    assert!(held.is_empty(), "these notes never end: {held:?}");
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delta_time_has_seven_bits_in_a_byte() {
        // The examples of the standard for MIDI files.
        for (ticks, bytes) in [
            (0, &[0][..]),
            (0x40, &[0x40]),
            (0x7F, &[0x7F]),
            (0x80, &[0x81, 0]),
            (0x2000, &[0xC0, 0]),
            (0x3FFF, &[0xFF, 0x7F]),
            (0x4000, &[0x81, 0x80, 0]),
            (0x0FFF_FFFF, &[0xFF, 0xFF, 0xFF, 0x7F]),
        ] {
            assert_eq!(delta_time(ticks), bytes, "{ticks:#x}");
        }
    }

    #[test]
    fn a_file_declares_its_tracks_and_ends_each() {
        assert_eq!(
            midi_from_tracks(96, &[[1, 2]]),
            *b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x06\x01\x02\0\xFF\x2F\0"
        );
        let two = midi_from_tracks(480, &[&[][..], &[5]]);
        assert_eq!(two, *b"MThd\0\0\0\x06\0\x01\0\x02\x01\xE0MTrk\0\0\0\x04\0\xFF\x2F\0MTrk\0\0\0\x05\x05\0\xFF\x2F\0");
    }

    #[test]
    fn a_note_that_does_not_end_is_found() {
        let (on, off) = ([0x91, 60, 80], [0x81, 60, 0]);
        let count = |messages: &[[u8; 3]]| count_ended_notes(messages.iter().map(|message| &message[..]));
        assert_eq!(count(&[on, off, [0xB0, 64, 127], on, off]), 2);
        for wrong in [&[on][..], &[off], &[on, on, off, off], &[on, [0x80, 60, 0]]] {
            assert!(std::panic::catch_unwind(|| count(wrong)).is_err(), "{wrong:?}");
        }
    }
}
