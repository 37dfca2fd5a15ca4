//! MIDI files in and out: whatever a file holds comes back bit for bit but for the velocities that were asked for.

use proptest::prelude::*;
use tonenet_core::midi::{MidiError, Song};

fn file(format: u8, division: u16, tracks: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06\0".to_vec();
    bytes.push(format);
    bytes.extend_from_slice(&(tracks.len() as u16).to_be_bytes());
    bytes.extend_from_slice(&division.to_be_bytes());
    for track in tracks {
        bytes.extend_from_slice(b"MTrk");
        bytes.extend_from_slice(&(track.len() as u32).to_be_bytes());
        bytes.extend_from_slice(track);
    }
    bytes
}

const END: [u8; 4] = [0, 0xFF, 0x2F, 0];

fn with_end(events: &[u8]) -> Vec<u8> {
    [events, &END].concat()
}

#[test]
fn running_status_zero_velocities_and_overlaps_are_read() {
    // C4 twice, overlapping, under running status; both end by velocity 0.
    let track = with_end(&[0, 0x90, 60, 40, 48, 60, 50, 48, 60, 0, 48, 60, 0]);
    let song = Song::parse(file(0, 96, &[&track])).unwrap();
    let notes: Vec<_> = song.notes().iter().map(|n| (n.onset_tick, n.release_tick, n.note.velocity)).collect();
    assert_eq!(notes, [(0, 96, 40), (48, 144, 50)], "the first to begin is the first to end");
    assert_eq!(song.notes()[1].note.onset, 0.25);
}

#[test]
fn tracks_share_one_time_line_and_tempo_changes_count() {
    let tempo = with_end(&[0, 0xFF, 0x51, 3, 0x07, 0xA1, 0x20, 96, 0xFF, 0x51, 3, 0x0F, 0x42, 0x40]);
    let right = with_end(&[96, 0x90, 72, 90, 96, 0x80, 72, 0]);
    let left = with_end(&[0, 0x91, 48, 70, 0x81, 0x40, 0x81, 48, 0, 0, 0xB1, 64, 127]);
    let song = Song::parse(file(1, 96, &[&tempo, &right, &left])).unwrap();
    let notes: Vec<_> = song.notes().iter().map(|n| (n.track, n.note.channel, n.note.onset, n.note.release)).collect();
    assert_eq!(notes, [(2, 1, 0.0, 1.5), (1, 0, 0.5, 1.5)]);
    assert_eq!(song.pedals().iter().map(|p| (p.time, p.channel, p.value)).collect::<Vec<_>>(), [(1.5, 1, 127)]);
}

#[test]
fn new_velocities_change_their_own_bytes_alone() {
    let track =
        with_end(&[0, 0xF0, 3, 0x7E, 0x7F, 0xF7, 0, 0x90, 60, 40, 0, 64, 41, 10, 60, 0, 0, 64, 0, 0, 0xFF, 0x7F, 1, 9]);
    let mut bytes = file(0, 96, &[&track]);
    bytes.extend_from_slice(b"XFIHunknown"[..4].as_ref());
    bytes.extend_from_slice(&[0, 0, 0, 2, 7, 7]);
    let song = Song::parse(bytes.clone()).unwrap();
    let changed = song.with_velocities(&[100, 101]).unwrap();
    let differing: Vec<_> = bytes.iter().zip(&changed).filter(|(a, b)| a != b).map(|(a, b)| (*a, *b)).collect();
    assert_eq!(differing, [(40, 100), (41, 101)]);
    assert_eq!(changed.len(), bytes.len());
    assert_eq!(song.with_velocities(&[0, 1]), Err(MidiError::Velocities { notes: 2, given: 2 }));
    assert_eq!(song.with_velocities(&[1]), Err(MidiError::Velocities { notes: 2, given: 1 }));
}

#[test]
fn what_is_no_song_is_refused_in_words() {
    let notes = with_end(&[0, 0x90, 60, 40, 9, 60, 0]);
    let good = file(0, 96, &[&notes]);
    let error = |bytes: &[u8]| Song::parse(bytes.to_vec()).unwrap_err();
    assert_eq!(error(b""), MidiError::NotMidi);
    assert_eq!(error(b"RIFF, but no MIDI"), MidiError::NotMidi);
    assert_eq!(error(&file(0, 96, &[&END])), MidiError::NoNotes);
    assert_eq!(error(&file(0, 0xE728, &[&notes])), MidiError::SmpteTime);
    assert_eq!(error(&file(0, 0x8000, &[&notes])), MidiError::SmpteTime);
    assert_eq!(error(&[&good[..], &file(0, 0x8000, &[])].concat()), MidiError::SmpteTime);
    assert_eq!(error(&file(0, 0, &[&notes])), MidiError::NoDivision);
    assert_eq!(error(&file(2, 96, &[&notes])), MidiError::IndependentPatterns);
    for length in 4..good.len() {
        assert!(matches!(error(&good[..length]), MidiError::Damaged(_)), "cut at {length}");
    }
    let broken = file(0, 96, &[&[0, 0x90, 60, 40, 0, 0xF4, 0, 0]]);
    assert!(matches!(error(&broken), MidiError::Damaged(_)));
}

/// Whole events of a track, of which the first is a note: few bytes that are drawn at random make a file.
fn events() -> impl Strategy<Value = Vec<u8>> {
    let event = (0u8..128, 0u8..16, 0u8..128, 0u8..128).prop_flat_map(|(delta, channel, first, second)| {
        prop_oneof![
            Just(vec![delta, 0x90 | channel, first, second]),
            Just(vec![delta, 0x80 | channel, first, second]),
            Just(vec![delta, 0xB0 | channel, first, second]),
            Just(vec![delta, 0xC0 | channel, first]),
            Just(vec![delta, 0xF0, 2, first, 0xF7]),
            Just(vec![delta, 0xFF, 0x01, 1, first]),
        ]
    });
    prop::collection::vec(event, 0..60).prop_map(|events| [vec![0, 0x90, 60, 64], events.concat()].concat())
}

proptest! {
    #[test]
    fn a_file_of_whole_events_is_read_and_only_its_velocities_change(events in events()) {
        let bytes = file(0, 96, &[&with_end(&events)]);
        let song = Song::parse(bytes.clone()).unwrap();
        let own: Vec<u8> = song.notes().iter().map(|n| n.note.velocity).collect();
        prop_assert_eq!(&song.with_velocities(&own).unwrap(), &bytes);
        let others: Vec<u8> = own.iter().map(|velocity| velocity % 127 + 1).collect();
        let changed = song.with_velocities(&others).unwrap();
        let differing = bytes.iter().zip(&changed).filter(|(a, b)| a != b).count();
        prop_assert_eq!((differing, changed.len()), (own.len(), bytes.len()));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0usize..60) {
        let mut file = file(1, 96, &[&bytes, &with_end(&bytes)]);
        file.truncate(file.len().saturating_sub(cut));
        if let Ok(song) = Song::parse(file.clone()) {
            let own: Vec<u8> = song.notes().iter().map(|n| n.note.velocity).collect();
            prop_assert_eq!(song.with_velocities(&own).unwrap(), file);
        }
    }
}
