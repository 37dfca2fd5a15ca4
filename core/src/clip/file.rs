//! Converts clips to Standard MIDI Files and songs to clips.

use midly::num::{u4, u7, u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};

use super::{Clip, ClipError, ClipNote, TICKS, ticks};
use crate::midi::Song;

impl Clip {
    /// The piano notes of a song, over `length` beats from the beat of the first note on.
    ///
    /// # Errors
    /// [`ClipError`] if there are no piano notes or too many, or if `length` is out of range.
    pub fn from_song(song: &Song, length: f64) -> Result<Self, ClipError> {
        let ticks = f64::from(song.tempo().ticks_per_beat());
        let beats = |tick: u64| tick as f64 / ticks;
        let notes = || song.notes().iter().filter(|note| note.note.is_restylable());
        let first =
            notes().map(|note| beats(note.onset_tick).floor()).min_by(f64::total_cmp).ok_or(ClipError::Empty)?;
        let of_clip = notes().filter(|note| beats(note.onset_tick) < first + length).map(|note| ClipNote {
            onset: beats(note.onset_tick) - first,
            length: beats(note.release_tick.max(note.onset_tick + 1)) - beats(note.onset_tick),
            key: note.note.key,
            velocity: note.note.velocity,
        });
        let signature = song.time_signatures().first().map_or((4, 4), |&(_, upper, lower)| (upper, lower));
        Self::new(length, signature, of_clip.collect())
    }

    /// The bytes of a MIDI file with one track, at a tempo in beats a minute.
    pub fn to_midi(&self, tempo: f64) -> Vec<u8> {
        // At one tick note-offs come before note-ons, so that a repeated key sounds.
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
        // Writing to a vector cannot fail.
        debug_assert!(written.is_ok());
        bytes
    }
}

fn at(delta: u32, kind: TrackEventKind<'_>) -> TrackEvent<'_> {
    TrackEvent { delta: u28::new(delta), kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_notes_of_the_clip_at_their_beats() {
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
        assert_eq!(Clip::from_song(&song, 8.0).unwrap(), clip);
        assert_eq!(Clip::from_song(&song, 1.0).unwrap().notes(), &clip.notes()[..1]);
        let drums: Vec<u8> = clip
            .to_midi(90.0)
            .into_iter()
            .map(|byte| if matches!(byte, 0x80 | 0x90) { byte | 9 } else { byte })
            .collect();
        assert_eq!(Clip::from_song(&Song::parse(drums).unwrap(), 8.0), Err(ClipError::Empty));
    }
}
