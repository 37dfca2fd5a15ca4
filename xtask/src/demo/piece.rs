//! The default piece: J. S. Bach, Prelude in C major BWV 846 (1722, public domain), entered here note by note.
//!
//! Its velocities are flat, so that all dynamics one hears are the model's.

use anyhow::Result;
use midly::num::{u4, u7, u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, Track, TrackEvent, TrackEventKind};

const TICKS_PER_BEAT: u16 = 480;
const SIXTEENTH: u32 = TICKS_PER_BEAT as u32 / 4;
const BAR: u32 = 16 * SIXTEENTH;
const BEATS_PER_MINUTE: f64 = 66.0;
const VELOCITY: u8 = 80;

/// Bars 1–32: five notes each, broken twice a bar; the lower two are held.
const BROKEN_CHORDS: [&str; 32] = [
    "C4 E4 G4 C5 E5",
    "C4 D4 A4 D5 F5",
    "B3 D4 G4 D5 F5",
    "C4 E4 G4 C5 E5",
    "C4 E4 A4 E5 A5",
    "C4 D4 F#4 A4 D5",
    "B3 D4 G4 D5 G5",
    "B3 C4 E4 G4 C5",
    "A3 C4 E4 G4 C5",
    "D3 A3 D4 F#4 C5",
    "G3 B3 D4 G4 B4",
    "G3 Bb3 E4 G4 C#5",
    "F3 A3 D4 A4 D5",
    "F3 Ab3 D4 F4 B4",
    "E3 G3 C4 G4 C5",
    "E3 F3 A3 C4 F4",
    "D3 F3 A3 C4 F4",
    "G2 D3 G3 B3 F4",
    "C3 E3 G3 C4 E4",
    "C3 G3 Bb3 C4 E4",
    "F2 F3 A3 C4 E4",
    "F#2 C3 A3 C4 Eb4",
    "Ab2 F3 B3 C4 D4",
    "G2 F3 G3 B3 D4",
    "G2 E3 G3 C4 E4",
    "G2 D3 G3 C4 F4",
    "G2 D3 G3 B3 F4",
    "G2 Eb3 A3 C4 F#4",
    "G2 E3 G3 C4 G4",
    "G2 D3 G3 C4 F4",
    "G2 D3 G3 B3 F4",
    "C2 C3 G3 Bb3 E4",
];
/// Bars 33 and 34: two held notes, then fourteen sixteenths.
const CODA: [&str; 2] =
    ["C2 C3 F3 A3 C4 F4 C4 A3 C4 A3 F3 A3 F3 D3 F3 D3", "C2 B2 G3 B3 D4 F4 D4 B3 D4 B3 G3 B3 D3 F3 E3 D3"];
const LAST_CHORD: &str = "C2 C3 E4 G4 C5";

/// A note in sixteenths from the start.
struct Entry {
    start: u32,
    length: u32,
    key: u8,
    left_hand: bool,
}

/// The piece as a format 1 file: tempo, right hand, left hand.
pub fn prelude() -> Result<Vec<u8>> {
    let mut notes = Vec::new();
    for (bar, chord) in BROKEN_CHORDS.iter().enumerate() {
        let keys = keys(chord);
        for half in [0, 8] {
            let start = bar as u32 * 16 + half;
            notes.push(Entry { start, length: 8, key: keys[0], left_hand: true });
            notes.push(Entry { start: start + 1, length: 7, key: keys[1], left_hand: true });
            for (i, &voice) in [2, 3, 4, 2, 3, 4].iter().enumerate() {
                notes.push(Entry { start: start + 2 + i as u32, length: 1, key: keys[voice], left_hand: false });
            }
        }
    }
    for (bar, line) in CODA.iter().enumerate() {
        let start = (32 + bar as u32) * 16;
        for (i, key) in keys(line).into_iter().enumerate() {
            let i = i as u32;
            let (start, length) = match i {
                0 => (start, 16),
                1 => (start + 1, 15),
                _ => (start + i, 1),
            };
            notes.push(Entry { start, length, key, left_hand: i < 2 });
        }
    }
    for (i, key) in keys(LAST_CHORD).into_iter().enumerate() {
        notes.push(Entry { start: 34 * 16, length: 16, key, left_hand: i < 2 });
    }

    let micros_per_beat = u24::new((60e6 / BEATS_PER_MINUTE).round() as u32);
    let header = vec![
        meta(0, MetaMessage::TrackName(b"J. S. Bach: Prelude in C major BWV 846")),
        meta(0, MetaMessage::TimeSignature(4, 2, 24, 8)),
        meta(0, MetaMessage::Tempo(micros_per_beat)),
        meta(35 * BAR, MetaMessage::EndOfTrack),
    ];
    let file = Smf {
        header: Header::new(Format::Parallel, Timing::Metrical(u15::new(TICKS_PER_BEAT))),
        tracks: vec![header, track(b"Piano right hand", &notes, false), track(b"Piano left hand", &notes, true)],
    };
    let mut bytes = Vec::new();
    file.write_std(&mut bytes)?;
    Ok(bytes)
}

fn meta(delta: u32, message: MetaMessage<'static>) -> TrackEvent<'static> {
    TrackEvent { delta: u28::new(delta), kind: TrackEventKind::Meta(message) }
}

fn track(name: &'static [u8], notes: &[Entry], left_hand: bool) -> Track<'static> {
    // Note-offs come before note-ons of the same tick, so that repeated notes do not overlap.
    let mut moments: Vec<(u32, bool, u8)> = Vec::new();
    for note in notes.iter().filter(|n| n.left_hand == left_hand) {
        moments.push((note.start * SIXTEENTH, true, note.key));
        moments.push(((note.start + note.length) * SIXTEENTH, false, note.key));
    }
    moments.sort();
    let mut track = vec![meta(0, MetaMessage::TrackName(name))];
    let mut last = 0;
    for (tick, is_on, key) in moments {
        let key = u7::new(key);
        let message = match is_on {
            true => MidiMessage::NoteOn { key, vel: u7::new(VELOCITY) },
            false => MidiMessage::NoteOff { key, vel: u7::new(64) },
        };
        track.push(TrackEvent {
            delta: u28::new(tick - last),
            kind: TrackEventKind::Midi { channel: u4::new(0), message },
        });
        last = tick;
    }
    track.push(meta(0, MetaMessage::EndOfTrack));
    track
}

/// Keys of note names such as `F#2`; C4 is 60.
fn keys(names: &str) -> Vec<u8> {
    names
        .split_whitespace()
        .map(|name| {
            let (letter, rest) = name.split_at(1);
            let semitone = "C D EF G A B".find(letter).unwrap_or(0) as i32;
            let (shift, octave) = match rest.as_bytes() {
                [b'#', octave] => (1, octave),
                [b'b', octave] => (-1, octave),
                [octave, ..] => (0, octave),
                [] => (0, &b'4'),
            };
            (12 * (i32::from(octave - b'0') + 1) + semitone + shift) as u8
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonenet_core::midi::Song;

    #[test]
    fn names_are_keys() {
        assert_eq!(keys("C4 F#2 Bb3 Ab2 C#5 A0 C5"), [60, 42, 58, 44, 73, 21, 72]);
    }

    #[test]
    fn the_file_in_assets_is_this_piece() {
        let path = crate::workspace::root().join(crate::demo::DEFAULT_PIECE);
        assert_eq!(std::fs::read(path).unwrap(), prelude().unwrap());
    }

    #[test]
    fn it_is_two_minutes_of_flat_notes_without_overlaps() {
        let song = Song::parse(prelude().unwrap()).unwrap();
        assert_eq!(song.notes().len(), 32 * 16 + 2 * 16 + 5);
        assert!(song.duration() > 120.0);
        assert!(song.notes().iter().all(|n| n.note.velocity == VELOCITY));
        for key in 0..128 {
            let mut end = 0;
            for note in song.notes().iter().filter(|n| n.note.key == key) {
                assert!(note.onset_tick >= end, "key {key} overlaps at tick {}", note.onset_tick);
                end = note.release_tick;
            }
        }
    }
}
