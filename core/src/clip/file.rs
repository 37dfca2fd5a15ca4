//! A clip as a standard MIDI file.

use midly::num::{u4, u7, u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};

use super::{Clip, TICKS, ticks};

impl Clip {
    /// The bytes of a MIDI file of one track at a tempo in beats a minute.
    pub fn to_midi(&self, tempo: f64) -> Vec<u8> {
        // Offs before ons of the same tick, so that a key struck again is struck.
        let mut events: Vec<(u32, bool, u8, u8)> = Vec::new();
        for note in self.notes() {
            let (on, off) = (ticks(note.onset), ticks(note.end()));
            events.push((on, true, note.key, note.velocity));
            events.push((off.max(on + 1), false, note.key, 0));
        }
        events.sort_unstable();
        let (upper, lower) = self.signature();
        let micros = (60e6 / tempo).clamp(1.0, f64::from(u24::max_value().as_int())).round() as u32;
        let mut track = vec![
            at(0, TrackEventKind::Meta(MetaMessage::TrackName(b"ToneNet"))),
            at(0, TrackEventKind::Meta(MetaMessage::Tempo(u24::new(micros)))),
            at(0, TrackEventKind::Meta(MetaMessage::TimeSignature(upper, lower.trailing_zeros() as u8, 24, 8))),
        ];
        let mut last = 0;
        for (tick, is_on, key, velocity) in events {
            let (key, vel) = (u7::new(key), u7::new(velocity));
            let message = if is_on { MidiMessage::NoteOn { key, vel } } else { MidiMessage::NoteOff { key, vel } };
            track.push(at(tick - last, TrackEventKind::Midi { channel: u4::new(0), message }));
            last = tick;
        }
        let end = ticks(self.length()).saturating_sub(last);
        track.push(at(end, TrackEventKind::Meta(MetaMessage::EndOfTrack)));
        let header = Header { format: Format::SingleTrack, timing: Timing::Metrical(u15::new(TICKS)) };
        let mut bytes = Vec::new();
        let written = Smf { header, tracks: vec![track] }.write(&mut bytes);
        // A vector takes any number of bytes.
        debug_assert!(written.is_ok());
        bytes
    }
}

fn at(delta: u32, kind: TrackEventKind<'_>) -> TrackEvent<'_> {
    TrackEvent { delta: u28::new(delta), kind }
}

#[cfg(test)]
mod tests {
    use super::super::ClipNote;
    use super::*;
    use crate::midi::Song;

    #[test]
    fn a_file_holds_the_notes_at_their_beats() {
        let notes = vec![
            ClipNote { onset: 0.0, length: 1.0, key: 60, velocity: 80 },
            ClipNote { onset: 1.0, length: 0.5, key: 60, velocity: 70 },
            ClipNote { onset: 1.0 + 1.0 / 3.0, length: 2.0, key: 64, velocity: 1 },
        ];
        let clip = Clip::new(8.0, (3, 4), notes).unwrap();
        let song = Song::parse(clip.to_midi(90.0)).unwrap();
        let read: Vec<_> = song
            .notes()
            .iter()
            .map(|n| {
                let beats = |seconds: f64| seconds * 90.0 / 60.0;
                (beats(n.note.onset), beats(n.note.release), n.note.key, n.note.velocity)
            })
            .collect();
        for (read, note) in read.iter().zip(clip.notes()) {
            assert!((read.0 - note.onset).abs() < 1e-3 && (read.1 - note.end()).abs() < 1e-3);
            assert_eq!((read.2, read.3), (note.key, note.velocity));
        }
        assert_eq!(read.len(), 3);
        assert_eq!(song.time_signatures(), [(0, 3, 4)]);
    }
}
