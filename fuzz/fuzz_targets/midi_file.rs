//! Fuzzes the MIDI parser: what parses makes sense, is written back byte for byte, and takes new velocities without any
//! other change.

use tonenet_core::clip::Clip;
use tonenet_core::grid::Grid;
use tonenet_core::midi::{MidiError, MidiMessage, MidiWarningKind as Kind, NoteRef, Song, SongEdits, TimedMessage};
use tonenet_core::note::Note;
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_core::tune::Tune;

/// Parses bytes as a MIDI file and checks the result.
pub fn check(bytes: &[u8]) {
    match Song::parse(bytes.to_vec()) {
        Ok(song) => {
            check_consistency(&song);
            check_warnings(&song);
            check_readers(&song);
            check_round_trips(&song, bytes);
        }
        Err(error) => check_message(&error),
    }
}

/// An error is one line of text.
fn check_message(error: &MidiError) {
    let words = error.to_string();
    assert!(!words.trim().is_empty() && !words.contains('\n'), "{words:?}");
}

/// Notes and messages are in order, have valid times, and agree with each other.
fn check_consistency(song: &Song) {
    let notes = song.notes();
    assert!(notes.is_sorted_by_key(|n| n.onset_tick), "notes out of order");
    assert!(notes.iter().map(|n| n.note.onset).is_sorted(), "onsets out of order");
    for NoteRef { note, onset_tick, release_tick, track, .. } in notes {
        assert!(release_tick >= onset_tick, "a release before its onset");
        let times = [note.onset, note.release, note.onset_sixteenths, note.release_sixteenths];
        assert!(times.iter().all(|t| t.is_finite() && *t >= 0.0), "{times:?}");
        assert!(note.release >= note.onset && note.release_sixteenths >= note.onset_sixteenths);
        assert!(note.channel < 16 && note.key < 128 && (1..128).contains(&note.velocity), "{note:?}");
        assert!(*track < song.track_names().len(), "a note in track {track}");
    }
    let by_track: usize = (0..song.track_names().len()).map(|track| song.notes_of_track(track).count()).sum();
    assert_eq!(by_track, notes.len());

    let messages = song.messages();
    assert!(messages.iter().map(|m| m.time).is_sorted(), "messages out of order");
    assert!(messages.iter().all(|m| m.time.is_finite()) && song.duration().is_finite());
    let mut named: Vec<usize> = messages.iter().filter_map(|m| m.note).collect();
    named.sort_unstable();
    assert!(named.into_iter().eq(0..notes.len()), "each note has one message");
    for TimedMessage { time, note, message, .. } in messages {
        let Some(NoteRef { note, .. }) = note.map(|at| &notes[at]) else { continue };
        assert_eq!(*message, MidiMessage::Channel([0x90 | note.channel, note.key, note.velocity]));
        assert_eq!(*time, note.onset);
    }
    assert!(song.pedals().iter().all(|p| p.time.is_finite() && p.channel < 16 && p.value < 128));
    assert!(song.pedal_movements().windows(2).all(|pair| pair[0].1 != pair[1].1), "a pedal goes down twice");
}

/// A warning is one line about a place in the file, and no kind occurs twice.
fn check_warnings(song: &Song) {
    let warnings = song.warnings();
    for (at, warning) in warnings.iter().enumerate() {
        let words = warning.to_string();
        assert!(!words.is_empty() && !words.contains('\n'), "{words:?}");
        assert!(warning.byte <= song.bytes().len() && warning.count > 0, "{warning:?}");
        assert!(warnings[..at].iter().all(|before| before.kind != warning.kind), "{warning:?} twice");
    }
    assert_eq!(song.notes().is_empty(), warnings.iter().any(|w| w.kind == Kind::NoNotes));
}

/// Every reader accepts any song, and the result is bounded by the number of notes.
fn check_readers(song: &Song) {
    let notes: Vec<Note> = song.notes().iter().map(|n| n.note).collect();
    let grid = Grid::from_notes(&notes, song.tempo());
    let places = || notes.iter().filter_map(|note| grid.place(note));
    assert!(places().all(|place| place.release > place.onset), "a note without a step");
    assert!(TimelineSnapshot::from_song(song, 0.0).notes().len() <= song.notes().len());
    if let Ok(tune) = Tune::from_song(song) {
        let bars = tune.tokens().iter().map(|token| u64::from(token.steps)).sum::<u64>() / u64::from(tune.metre.bar());
        assert!(bars <= 40 * (song.notes().len() as u64 + 1), "{bars} bars");
    }
    if let Ok(clip) = Clip::from_song(song, 22.0) {
        assert!(clip.notes().len() <= song.notes().len());
    }
}

/// Whether other velocities leave the parser's decisions unchanged: it made none that depends on later bytes.
fn is_parsed_alike(song: &Song) -> bool {
    let is_choice = |kind: Kind| {
        matches!(kind, Kind::DataByte | Kind::EventLength | Kind::EventsBehindEnd | Kind::NoEndOfTrack)
            || matches!(kind, Kind::StrayBytes | Kind::TrackLength | Kind::UnreadableExtraTrack | Kind::WrapperLength)
    };
    !song.warnings().iter().any(|warning| is_choice(warning.kind))
}

/// A song's own velocities reproduce the file; other velocities change only themselves.
fn check_round_trips(song: &Song, bytes: &[u8]) {
    assert_eq!(song.bytes(), bytes);
    let own: Vec<u8> = song.notes().iter().map(|n| n.note.velocity).collect();
    let ticks: Vec<Option<u64>> = song.messages().iter().map(|message| Some(message.tick)).collect();
    let edits = SongEdits { ticks: &ticks, velocities: &own, added: &[] };
    let again = song.with_edits(&edits).and_then(Song::parse).unwrap_or_else(|e| panic!("written anew: {e}"));
    let places = |song: &Song| -> Vec<_> { song.notes().iter().map(|n| (n.onset_tick, n.note.key)).collect() };
    assert_eq!(places(&again), places(song), "written anew, notes move");
    assert!(song.with_velocities(&own).is_ok_and(|written| written == bytes), "own velocities change the file");

    let others: Vec<u8> = own.iter().map(|v| 128 - v).collect();
    let written = song.with_velocities(&others).unwrap_or_else(|e| panic!("velocities of 1–127 are refused: {e}"));
    let changed = bytes.iter().zip(&written).filter(|(before, after)| before != after).count();
    assert_eq!(written.len(), bytes.len());
    assert_eq!(changed, own.iter().filter(|v| **v != 64).count(), "other bytes than velocities change");
    check_refused_velocities(song, own.clone());
    if !is_parsed_alike(song) {
        return;
    }
    let again = Song::parse(written).unwrap_or_else(|e| panic!("the written file does not parse: {e}"));

    assert_eq!(again.notes().len(), own.len());
    for ((before, after), &velocity) in song.notes().iter().zip(again.notes()).zip(&others) {
        assert_eq!(after.note.velocity, velocity);
        assert_eq!(*before, with_velocity(*after, before.note.velocity));
    }
    assert_eq!((song.tempo(), song.pedals()), (again.tempo(), again.pedals()));
    assert_eq!(song.track_names(), again.track_names());
    let unsounding =
        |song: &Song| -> Vec<TimedMessage> { song.messages().iter().filter(|m| m.note.is_none()).cloned().collect() };
    assert_eq!(unsounding(song), unsounding(&again));
}

/// A velocity of 0 and a missing velocity are refused.
fn check_refused_velocities(song: &Song, own: Vec<u8>) {
    let mut silent = own;
    let Some(first) = silent.first_mut() else { return };
    *first = 0;
    assert!(song.with_velocities(&silent).is_err() && song.with_velocities(&silent[1..]).is_err());
}

/// The note with another velocity.
fn with_velocity(mut note: NoteRef, velocity: u8) -> NoteRef {
    note.note.velocity = velocity;
    note
}
