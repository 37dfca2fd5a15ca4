//! Reading and writing MIDI files: writing changes the requested velocities and no other byte.

use proptest::prelude::*;
use tonenet_core::clip::{Clip, ClipError};
use tonenet_core::grid::Grid;
use tonenet_core::midi::{MidiError, MidiWarningKind, Song};
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_core::tune::{Tune, TuneError};

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
fn tracks_share_one_timeline_and_its_tempo_changes() {
    let tempo = with_end(&[0, 0xFF, 0x51, 3, 0x07, 0xA1, 0x20, 96, 0xFF, 0x51, 3, 0x0F, 0x42, 0x40]);
    let right = with_end(&[96, 0x90, 72, 90, 96, 0x80, 72, 0]);
    let left = with_end(&[0, 0x91, 48, 70, 0x81, 0x40, 0x81, 48, 0, 0, 0xB1, 64, 127]);
    let song = Song::parse(file(1, 96, &[&tempo, &right, &left])).unwrap();
    let notes: Vec<_> = song.notes().iter().map(|n| (n.track, n.note.channel, n.note.onset, n.note.release)).collect();
    assert_eq!(notes, [(2, 1, 0.0, 1.5), (1, 0, 0.5, 1.5)]);
    assert_eq!(song.pedals().iter().map(|p| (p.time, p.channel, p.value)).collect::<Vec<_>>(), [(1.5, 1, 127)]);
}

#[test]
fn new_velocities_change_only_their_own_bytes() {
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

/// A C4 and an E4 struck one after the other.
const TWO_NOTES: [u8; 16] = [0, 0x90, 60, 40, 48, 0x80, 60, 0, 0, 0x90, 64, 50, 48, 0x80, 64, 0];

fn two_notes() -> Vec<u8> {
    with_end(&TWO_NOTES)
}

/// Onset, release, key and velocity of a note.
type Read = (u64, u64, u8, u8);

/// What a file with faults is read as: its notes, and what it warns of.
///
/// Its own velocities must give the file back, and others must change as many bytes as there are notes.
fn read(bytes: &[u8]) -> (Vec<Read>, Vec<MidiWarningKind>) {
    let song = Song::parse(bytes.to_vec()).unwrap();
    let notes = song.notes().iter().map(|n| (n.onset_tick, n.release_tick, n.note.key, n.note.velocity)).collect();
    let own: Vec<u8> = song.notes().iter().map(|n| n.note.velocity).collect();
    assert_eq!(song.with_velocities(&own).unwrap(), bytes);
    let others: Vec<u8> = own.iter().map(|velocity| velocity % 127 + 1).collect();
    let written = song.with_velocities(&others).unwrap();
    assert_eq!(written.len(), bytes.len());
    assert_eq!(written.iter().zip(bytes).filter(|(a, b)| a != b).count(), own.len());
    let warnings = song.warnings();
    assert!(warnings.iter().all(|w| w.byte <= bytes.len() && !w.to_string().contains('\n')), "{warnings:?}");
    (notes, warnings.iter().map(|w| w.kind).collect())
}

/// What [`TWO_NOTES`] are read as.
const READ: [Read; 2] = [(0, 48, 60, 40), (48, 96, 64, 50)];

#[track_caller]
fn warns(bytes: &[u8], warnings: &[MidiWarningKind]) {
    assert_eq!(read(bytes), (READ.to_vec(), warnings.to_vec()));
}

#[test]
fn a_valid_file_has_no_warnings() {
    warns(&file(0, 96, &[&two_notes()]), &[]);
    warns(&file(1, 96, &[&END, &two_notes()]), &[]);
    let with_chunk = [&file(0, 96, &[&two_notes()])[..], b"XFIH\0\0\0\x02ab"].concat();
    warns(&with_chunk, &[]);
}

#[test]
fn running_status_continues_after_meta_events_and_sysex() {
    for between in [&[0, 0xFF, 1, 2, b'h', b'i'][..], &[0, 0xF0, 3, 0x7E, 1, 0xF7], &[0, 0xF7, 1, 0xF8]] {
        let track = [&[0, 0x90, 60, 40][..], between, &[48, 60, 0, 0, 64, 50, 48, 64, 0]].concat();
        warns(&file(0, 96, &[&with_end(&track)]), &[MidiWarningKind::RunningStatus]);
    }
}

#[test]
fn bytes_after_the_last_track_are_kept() {
    for behind in [&b"exported by a friendly program\n"[..], &[0xFF; 9], &[0], b"MTr", b"MTrk\0\0", &[0x1A; 128]] {
        let bytes = [&file(0, 96, &[&two_notes()])[..], behind].concat();
        warns(&bytes, &[MidiWarningKind::BytesBehind]);
    }
}

#[test]
fn a_second_file_after_the_first_is_reported_with_the_remedy() {
    let one = file(0, 96, &[&two_notes()]);
    let (another, bytes) = (MidiWarningKind::AnotherFile, MidiWarningKind::BytesBehind);
    let cases: [(&[u8], &[MidiWarningKind]); 4] = [
        (b"", &[another]),
        (b"XFIH\0\0\0\x02ab", &[another]),
        (&[0; 7], &[bytes, another]),
        (b"\r\n", &[bytes, another]),
    ];
    for (between, expected) in cases {
        let joined = [&one[..], between, &one].concat();
        warns(&joined, expected);
        let song = Song::parse(joined).unwrap();
        let warning = song.warnings().last().unwrap();
        assert_eq!(warning.byte, one.len() + between.len(), "where the file is to be split");
        assert!(warning.to_string().contains("split the file"), "{warning}");
    }
}

#[test]
fn track_names_have_no_control_characters() {
    let named = |name: &[u8]| {
        let track = [&[0, 0xFF, 3, name.len() as u8], name, &two_notes()].concat();
        let song = Song::parse(file(0, 96, &[&track])).unwrap();
        song.track_names()[0].clone()
    };
    assert_eq!(named(b"Piano\0\0"), "Piano");
    assert_eq!(named(b"\0 \x1b[31mPiano\r\nleft\t\x7f"), "[31mPiano  left");
    assert_eq!(named("Fl\u{f6}te\u{85}2".as_bytes()), "Fl\u{f6}te 2");
    assert_eq!(named(b"\0\n\x1b"), "");
    let blank_first = [&[0, 0xFF, 3, 1, 0, 0, 0xFF, 3, 2][..], b"LH", &two_notes()].concat();
    let song = Song::parse(file(0, 96, &[&blank_first])).unwrap();
    assert_eq!(song.track_names(), ["LH"], "a name of nothing to print is none");
    assert_eq!(song.parts()[0].name, "LH");
}

/// A RIFF file of some chunks.
fn riff(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut body = b"RMID".to_vec();
    for (name, content) in chunks {
        body.extend(*name);
        body.extend((content.len() as u32).to_le_bytes());
        body.extend(*content);
        body.extend(&[0][..content.len() % 2]);
    }
    [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat()
}

#[test]
fn a_riff_file_is_read_with_any_chunks_before_the_song() {
    let song = file(0, 96, &[&two_notes()]);
    warns(&riff(&[(b"data", &song)]), &[]);
    warns(&riff(&[(b"LIST", b"INFOINAM\x03\0\0\0abc\0"), (b"DISP", b"odd"), (b"data", &song)]), &[]);
    warns(&riff(&[(b"data", &song), (b"LIST", b"INFO"), (b"DLS ", &[0; 31])]), &[]);
    let mut unfilled = riff(&[(b"LIST", b"odd"), (b"data", &song)]);
    unfilled.remove(12 + 8 + 3);
    warns(&unfilled, &[]);
    for wrong in [0u32, 3, u32::MAX] {
        let mut bytes = riff(&[(b"data", &song)]);
        bytes[16..20].copy_from_slice(&wrong.to_le_bytes());
        warns(&bytes, &[MidiWarningKind::WrapperLength]);
    }
    assert!(matches!(Song::parse(riff(&[(b"data", b"no song")])), Err(MidiError::NotMidi { byte: 12 })));
}

#[test]
fn a_header_may_be_wrong_about_tracks_and_lengths() {
    let mut bytes = file(1, 96, &[&two_notes()]);
    bytes[11] = 9;
    warns(&bytes, &[MidiWarningKind::MissingTracks { declared: 9, found: 1 }]);
    bytes[11] = 0;
    warns(&bytes, &[MidiWarningKind::ExtraTracks { declared: 0, found: 1 }]);
    bytes[11] = 1;
    bytes[9] = 77;
    warns(&bytes, &[MidiWarningKind::UnknownFormat(77)]);
    bytes[9] = 1;
    for length in [0, 4, 5, 200] {
        bytes[7] = length;
        warns(&bytes, &[MidiWarningKind::HeaderLength]);
    }
    let mut undeclared = file(1, 96, &[&two_notes(), &[0, 60]]);
    undeclared[11] = 1;
    warns(&undeclared, &[MidiWarningKind::UnreadableExtraTrack]);
    let mac = [&[0; 128][..], &file(0, 96, &[&two_notes()])].concat();
    warns(&mac, &[MidiWarningKind::BytesBeforeHeader]);
}

/// The file with another length of the track that is the `place`th.
fn with_length(mut bytes: Vec<u8>, place: usize, change: i64) -> Vec<u8> {
    let heads: Vec<usize> = bytes.windows(4).enumerate().filter(|(_, b)| b == b"MTrk").map(|(at, _)| at).collect();
    let at = heads[place] + 4;
    let length = i64::from(u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())) + change;
    bytes[at..at + 4].copy_from_slice(&(length as u32).to_be_bytes());
    bytes
}

#[test]
fn a_track_of_wrong_length_ends_at_its_end_of_track_event() {
    let one = file(0, 96, &[&two_notes()]);
    let first = file(1, 96, &[&two_notes(), &END]);
    for change in [1, 2, 3, 4, 7, 1_000, 4_000_000, -1, -2, -3, -4, -5, -8] {
        for bytes in [&one, &first] {
            warns(&with_length(bytes.clone(), 0, change), &[MidiWarningKind::TrackLength]);
        }
        let last = file(1, 96, &[&END, &two_notes()]);
        warns(&with_length(last, 1, change), &[MidiWarningKind::TrackLength]);
    }
}

#[test]
fn a_track_may_lack_its_end_or_have_events_after_it() {
    warns(&file(1, 96, &[&TWO_NOTES, &END]), &[MidiWarningKind::NoEndOfTrack]);
    warns(&file(0, 96, &[&TWO_NOTES]), &[MidiWarningKind::NoEndOfTrack]);
    warns(&file(0, 96, &[&[&two_notes()[..], &[0; 6]].concat()]), &[MidiWarningKind::StrayBytes]);
    let twice = [&END[..], &two_notes()].concat();
    warns(&file(0, 96, &[&twice]), &[MidiWarningKind::EventsBehindEnd]);
    let apart =
        [&file(1, 96, &[&END, &two_notes()])[..26], &[7; 5], &file(1, 96, &[&END, &two_notes()])[26..]].concat();
    warns(&apart, &[MidiWarningKind::StrayBytes]);
}

#[test]
fn a_truncated_file_is_read_up_to_its_end() {
    let whole = file(0, 96, &[&two_notes()]);
    for end in whole.len() - END.len()..whole.len() {
        warns(&whole[..end], &[MidiWarningKind::CutShort { missing: whole.len() - end }]);
    }
    let (notes, warnings) = read(&whole[..14 + 8 + 6]);
    assert_eq!(notes, [(0, 0, 60, 40)], "a note without a note-off lasts to the end of its track");
    assert_eq!(warnings, [MidiWarningKind::CutShort { missing: two_notes().len() - 6 }]);
}

#[test]
fn data_bytes_over_127_are_read_as_127_and_kept_in_the_file() {
    for odd in [&[0, 0xB0, 7, 255][..], &[0, 0xC0, 200], &[0, 0xE0, 0x80, 0xFF], &[0, 0xB0, 0xBF, 1]] {
        let (notes, warnings) = read(&file(0, 96, &[&with_end(&[odd, &TWO_NOTES].concat())]));
        assert_eq!((notes, warnings), (READ.to_vec(), vec![MidiWarningKind::DataByte]));
    }
    let loud = with_end(&[0, 0x90, 60, 200, 48, 0x80, 60, 200]);
    assert_eq!(read(&file(0, 96, &[&loud])), (vec![(0, 48, 60, 127)], vec![MidiWarningKind::DataByte]));
}

#[test]
fn meta_events_of_wrong_length_are_read_as_far_as_they_are_certain() {
    let after = |odd: &[u8]| file(0, 96, &[&with_end(&[odd, &TWO_NOTES].concat())]);
    let odd_ones: [&[u8]; 9] = [
        &[0, 0xFF, 0x59, 0],
        &[0, 0xFF, 0x59, 1, 0],
        &[0, 0xFF, 0x59, 3, 0, 0, 0],
        &[0, 0xFF, 0x59, 2, 9, 0],
        &[0, 0xFF, 0x59, 2, 0, 7],
        &[0, 0xFF, 0x51, 2, 7, 0xA1],
        &[0, 0xFF, 0x51, 3, 0, 0, 0],
        &[0, 0xFF, 0x58, 2, 4, 2],
        &[0, 0xFF, 0x58, 4, 0, 99, 24, 8],
    ];
    for odd in odd_ones {
        warns(&after(odd), &[MidiWarningKind::Meta]);
    }
    let song = Song::parse(after(&[0, 0xFF, 0x51, 4, 0x0F, 0x42, 0x40, 0])).unwrap();
    assert_eq!(song.tempo().changes().collect::<Vec<_>>(), [(0, 1_000_000)]);
    // Lengths that are wrong themselves: four bytes of a time signature that tells two, a SysEx that goes on behind its end.
    for odd in [&[0, 0xFF, 0x58, 2, 3, 2, 24, 8][..], &[0, 0xF0, 5, 0x7E, 1, 0xF7]] {
        warns(&after(odd), &[MidiWarningKind::EventLength]);
    }
}

#[test]
fn messages_that_a_file_must_not_contain_are_ignored() {
    for odd in [&[0xF1, 9][..], &[0xF2, 9, 9], &[0xF3, 9], &[0xF4], &[0xF6], &[0xF8], &[0xFE]] {
        let track = with_end(&[&[0][..], odd, &TWO_NOTES].concat());
        warns(&file(0, 96, &[&track]), &[MidiWarningKind::SystemMessage]);
    }
}

#[test]
fn a_file_without_notes_is_a_song() {
    assert_eq!(read(&file(0, 96, &[&END])), (vec![], vec![MidiWarningKind::NoNotes]));
    assert_eq!(read(&file(1, 96, &[])), (vec![], vec![MidiWarningKind::NoNotes]));
    let silent = Song::parse(file(0, 96, &[&with_end(&[0, 0xB0, 64, 127])])).unwrap();
    assert_eq!((silent.pedals().len(), Grid::from_notes(&[], silent.tempo())), (1, Grid::Sixteenths));
    assert!(TimelineSnapshot::from_song(&silent, 0.0).notes().is_empty());
    assert_eq!(Tune::from_song(&silent), Err(TuneError::NoMelody));
    assert_eq!(Clip::from_song(&silent, 4.0), Err(ClipError::Empty));
}

#[test]
fn patterns_follow_one_another_each_with_its_own_tempo() {
    let slow = [&[0, 0xFF, 0x51, 3, 0x0F, 0x42, 0x40][..], &two_notes()].concat();
    let song = Song::parse(file(2, 96, &[&slow, &two_notes()])).unwrap();
    let onsets: Vec<_> = song.notes().iter().map(|n| (n.track, n.onset_tick, n.note.onset)).collect();
    assert_eq!(onsets, [(0, 0, 0.0), (0, 48, 0.5), (1, 96, 1.0), (1, 144, 1.25)]);
    assert_eq!(read(&file(2, 96, &[&two_notes()])).1, [], "one pattern is a song like any");
    assert_eq!(read(&file(2, 96, &[&slow, &END])).1, [MidiWarningKind::Patterns]);
}

#[test]
fn film_frames_convert_to_seconds() {
    for (division, tick) in
        [(0xE728u16, 1.0 / 1000.0), (0xE804, 1.0 / 96.0), (0xE250, 1.0 / 2400.0), (0xE350, 1.001 / 2400.0)]
    {
        // A tempo has no say where time is not counted in beats.
        let track = [&[0, 0xFF, 0x51, 3, 1, 2, 3][..], &two_notes()].concat();
        let bytes = file(0, division, &[&track]);
        let song = Song::parse(bytes.clone()).unwrap();
        assert!((song.notes()[1].note.release - 96.0 * tick).abs() < 1e-9, "{division:x}");
        warns(&bytes, &[MidiWarningKind::Frames]);
    }
}

#[test]
fn unreadable_files_are_refused_with_the_byte_the_reason_and_a_remedy() {
    let refused = |bytes: &[u8]| {
        let error = Song::parse(bytes.to_vec()).unwrap_err();
        let words = error.to_string();
        assert!(["export", "choose"].iter().any(|cure| words.contains(cure)) && !words.contains('\n'), "{words}");
        error
    };
    let damaged = |bytes: &[u8]| match refused(bytes) {
        MidiError::Damaged { byte, .. } => byte,
        other => panic!("{other:?}"),
    };
    let good = file(0, 96, &[&two_notes()]);
    assert_eq!(refused(b""), MidiError::Empty);
    let no_midi = refused(b"PK\x03\x04, a zip");
    assert_eq!(no_midi, MidiError::NotMidi { byte: 0 });
    assert!(
        [".mid,", ".midi,", ".kar ", ".rmi "].iter().all(|ending| no_midi.to_string().contains(ending)),
        "{no_midi}"
    );
    assert_eq!(refused(&good[14..]), MidiError::NotMidi { byte: 0 });
    assert_eq!(refused(b"RIFF\0\0\0\0WAVEfmt "), MidiError::NotMidi { byte: 12 });
    assert_eq!(refused(&file(0, 0, &[&two_notes()])), MidiError::NoDivision { byte: 12 });
    assert_eq!(refused(&file(0, 0xE700, &[&two_notes()])), MidiError::NoDivision { byte: 12 });
    assert_eq!(damaged(&file(0, 0x8001, &[&two_notes()])), 12, "128 frames a second");
    for end in 4..14 {
        assert_eq!(damaged(&good[..end]), end, "within the header");
    }
    for end in 14..22 {
        assert_eq!(damaged(&good[..end]), 14, "no track");
    }
    assert_eq!(damaged(&file(0, 96, &[&[0, 60, 40, 0]])), 23, "a data byte without a status");
    assert_eq!(damaged(&file(0, 96, &[&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0x90, 60, 40]])), 22, "an endless time");
    assert_eq!(damaged(&file(1, 96, &[&[0, 0xFF, 1, 99, 0], &two_notes()])), 26, "a text beyond the end of the file");
    // A byte is lost, and what follows is nonsense up to the file's end.
    let mut lost = file(0, 96, &[&with_end(&[0, 0x90, 60, 0xC0, 0, 0x90, 64, 50])]);
    lost.remove(24);
    assert_eq!(damaged(&lost[..lost.len() - 3]), 24);
}

/// Files as a program that keeps to the rules writes them, and what another reader (midly) says of their notes.
fn by_the_rules() -> impl Strategy<Value = Vec<u8>> {
    use midly::num::{u4, u7, u15, u24, u28};
    use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};
    let event = (0u32..70_000, 0u8..8, 0u8..16, 0u8..128, 0u8..128).prop_map(|(delta, kind, channel, a, b)| {
        let (key, vel) = (u7::new(a), u7::new(b));
        let message = match kind {
            0..=3 => MidiMessage::NoteOn { key, vel },
            4 => MidiMessage::NoteOff { key, vel },
            _ => MidiMessage::Controller { controller: key, value: vel },
        };
        let kind = match kind {
            6 => TrackEventKind::Meta(MetaMessage::Tempo(u24::new(u32::from(a) * 9_000 + 1))),
            7 => TrackEventKind::SysEx(&[0x7E, 0x09, 0x01, 0xF7]),
            _ => TrackEventKind::Midi { channel: u4::new(channel), message },
        };
        TrackEvent { delta: u28::new(delta), kind }
    });
    let tracks = prop::collection::vec(prop::collection::vec(event, 0..40), 1..4);
    (tracks, 1u16..2_000).prop_map(|(mut tracks, ticks)| {
        for track in &mut tracks {
            track.push(TrackEvent { delta: u28::new(9), kind: TrackEventKind::Meta(MetaMessage::EndOfTrack) });
        }
        let header = Header { format: Format::Parallel, timing: Timing::Metrical(u15::new(ticks)) };
        let mut bytes = Vec::new();
        Smf { header, tracks }.write(&mut bytes).unwrap();
        bytes
    })
}

proptest! {
    #[test]
    fn valid_files_are_read_as_midly_reads_them(bytes in by_the_rules()) {
        use midly::{MidiMessage, TrackEventKind};
        let smf = midly::Smf::parse(&bytes).unwrap();
        let mut expected = Vec::new();
        for (track, events) in smf.tracks.iter().enumerate() {
            let mut tick = 0u64;
            for event in events {
                tick += u64::from(event.delta.as_int());
                if let TrackEventKind::Midi { channel, message: MidiMessage::NoteOn { key, vel } } = event.kind
                    && vel > 0
                {
                    expected.push((tick, track, channel.as_int(), key.as_int(), vel.as_int()));
                }
            }
        }
        expected.sort_by_key(|note| note.0);
        let song = Song::parse(bytes.clone()).unwrap();
        let found: Vec<_> =
            song.notes().iter().map(|n| (n.onset_tick, n.track, n.note.channel, n.note.key, n.note.velocity)).collect();
        prop_assert_eq!(found, expected);
        let is_silent = song.notes().is_empty();
        prop_assert!(song.warnings().iter().all(|w| is_silent && w.kind == MidiWarningKind::NoNotes));
    }

    #[test]
    fn a_wrong_or_missing_byte_never_makes_writing_change_other_bytes(
        bytes in by_the_rules(), at in any::<prop::sample::Index>(), byte in any::<u8>(), is_lost in any::<bool>(),
    ) {
        let mut bytes = bytes;
        let at = at.index(bytes.len());
        if is_lost {
            bytes.remove(at);
        } else {
            bytes[at] = byte;
        }
        if let Ok(song) = Song::parse(bytes.clone()) {
            let own: Vec<u8> = song.notes().iter().map(|n| n.note.velocity).collect();
            prop_assert_eq!(&song.with_velocities(&own).unwrap(), &bytes);
            let others: Vec<u8> = own.iter().map(|v| v % 127 + 1).collect();
            let written = song.with_velocities(&others).unwrap();
            prop_assert_eq!(written.iter().zip(&bytes).filter(|(a, b)| a != b).count(), own.len());
        }
    }

    #[test]
    fn no_input_makes_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0usize..60) {
        let mut file = file(1, 96, &[&bytes, &with_end(&bytes)]);
        file.truncate(file.len().saturating_sub(cut));
        if let Ok(song) = Song::parse(file.clone()) {
            let own: Vec<u8> = song.notes().iter().map(|n| n.note.velocity).collect();
            prop_assert_eq!(song.with_velocities(&own).unwrap(), file);
        }
    }
}
