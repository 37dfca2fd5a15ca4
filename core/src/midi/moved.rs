//! Writes a song again with messages at other times.
//!
//! Velocities alone are patched into the file ([`Song::with_velocities`]). Other times change the distances between all
//! messages, so here the tracks are written anew: the same messages, meta events and escapes, each with its status byte.
//! The writer is our own, as the reader is: packets of SysEx and unknown meta events must come out as they went in.

use super::chunks::Chunks;
use super::event::{END_OF_TRACK, Event};
use super::warning::Warnings;
use super::{MidiError, Song};

/// What changes in a song.
#[derive(Debug, Clone, Copy, Default)]
pub struct SongEdits<'a> {
    /// The tick of each message, in the order of [`Song::messages`]; a message without one is left out.
    pub ticks: &'a [Option<u64>],
    /// The velocity of each note, 1–127, in the order of [`Song::notes`].
    pub velocities: &'a [u8],
    /// Messages to add.
    pub added: &'a [AddedMessage],
}

/// A channel message to add to a song.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddedMessage {
    /// When, from the start of the song.
    pub tick: u64,
    /// The track that gets it, counted from 0.
    pub track: usize,
    /// Its status byte and two data bytes.
    pub message: [u8; 3],
}

/// An event to write. At one tick the order of the file counts, then what was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Placed<'a> {
    tick: u64,
    order: usize,
    event: Written<'a>,
}

/// What is written of an event, from its status byte on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Written<'a> {
    Channel([u8; 3]),
    /// The first byte or bytes, and the data whose length stands before it.
    Counted(u8, Option<u8>, &'a [u8]),
}

impl Song {
    /// The file with messages at other ticks, new velocities and added messages.
    ///
    /// Meta events stay where they are. Each track ends where it did, or with its last message. Faults that
    /// [`Song::warnings`] names are not written again, nor is anything around the tracks.
    ///
    /// # Errors
    /// [`MidiError::Velocities`] unless there is one velocity of 1–127 for each note, [`MidiError::Times`] unless there is
    /// a place for each message and each added one names a track.
    pub fn with_edits(&self, edits: &SongEdits<'_>) -> Result<Vec<u8>, MidiError> {
        if edits.velocities.len() != self.notes().len() || edits.velocities.iter().any(|v| !(1..=127).contains(v)) {
            return Err(MidiError::Velocities { notes: self.notes().len(), given: edits.velocities.len() });
        }
        let tracks = self.track_names().len();
        if edits.ticks.len() != self.messages().len() || edits.added.iter().any(|added| added.track >= tracks) {
            return Err(MidiError::Times { messages: self.messages().len(), given: edits.ticks.len() });
        }
        let chunks = Chunks::read(self.bytes(), &mut Warnings::default())?;
        let format = if chunks.format > 2 { 1 } else { chunks.format };
        let mut bytes = b"MThd\0\0\0\x06".to_vec();
        for number in [format, chunks.tracks.len() as u16, chunks.division] {
            bytes.extend(number.to_be_bytes());
        }
        let places = self.places_by_file();
        let mut places = places.iter();
        let mut start = 0;
        for (number, track) in chunks.tracks.iter().enumerate() {
            let mut placed = Vec::with_capacity(track.events.len());
            for (order, &(tick, event)) in track.events.iter().enumerate() {
                let event = match event {
                    Event::Channel { .. } | Event::SysEx(_) => {
                        let Some(&place) = places.next() else { continue };
                        let Some(moved) = edits.ticks[place] else { continue };
                        let event = self.written(place, event, edits.velocities);
                        placed.push(Placed { tick: moved.saturating_sub(start), order, event });
                        continue;
                    }
                    Event::Meta { kind: END_OF_TRACK, .. } | Event::Other => continue,
                    Event::Meta { kind, data, .. } => Written::Counted(0xFF, Some(kind), data),
                    Event::Escape(data) => Written::Counted(0xF7, None, data),
                };
                placed.push(Placed { tick, order, event });
            }
            let of_track = edits.added.iter().filter(|added| added.track == number);
            placed.extend(of_track.enumerate().map(|(index, added)| Placed {
                tick: added.tick.saturating_sub(start),
                order: track.events.len() + index,
                event: Written::Channel(added.message),
            }));
            placed.sort_unstable();
            write_track(&placed, track.end, &mut bytes);
            if chunks.format == 2 && chunks.tracks.len() > 1 {
                start += track.end;
            }
        }
        Ok(bytes)
    }

    /// The places in [`Song::messages`] of the messages in the order of the file.
    fn places_by_file(&self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.messages().len()).collect();
        // Messages of one track keep their order, so a stable sort by track gives that of the file.
        places.sort_by_key(|&place| self.messages()[place].track);
        places
    }

    fn written<'a>(&self, place: usize, event: Event<'a>, velocities: &[u8]) -> Written<'a> {
        match (event, self.messages()[place].note) {
            (Event::Channel { status, data: [key, _], .. }, Some(note)) => {
                Written::Channel([status, key, velocities[note]])
            }
            (Event::Channel { status, data: [first, second], .. }, None) => Written::Channel([status, first, second]),
            (Event::SysEx(data), _) => Written::Counted(0xF0, None, data),
            (Event::Meta { .. } | Event::Escape(_) | Event::Other, _) => Written::Counted(0xF7, None, &[]),
        }
    }
}

fn write_track(events: &[Placed<'_>], end: u64, bytes: &mut Vec<u8>) {
    bytes.extend(b"MTrk\0\0\0\0");
    let start = bytes.len();
    let mut last = 0;
    for Placed { tick, event, .. } in events {
        write_number(tick - last, bytes);
        last = *tick;
        match *event {
            Written::Channel([status, first, second]) => {
                bytes.extend([status, first]);
                bytes.extend((!matches!(status & 0xF0, 0xC0 | 0xD0)).then_some(second));
            }
            Written::Counted(first, kind, data) => {
                bytes.push(first);
                bytes.extend(kind);
                write_number(data.len() as u64, bytes);
                bytes.extend(data);
            }
        }
    }
    write_number(end.saturating_sub(last), bytes);
    bytes.extend([0xFF, END_OF_TRACK, 0]);
    let length = u32::try_from(bytes.len() - start).unwrap_or(u32::MAX);
    bytes[start - 4..start].copy_from_slice(&length.to_be_bytes());
}

/// A number in groups of seven bits, the highest first. Files hold at most 32 bits; more is their end.
fn write_number(number: u64, bytes: &mut Vec<u8>) {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    for group in (1..5).rev().filter(|group| number >> (7 * group) > 0) {
        bytes.push(0x80 | (number >> (7 * group)) as u8 & 0x7F);
    }
    bytes.push(number as u8 & 0x7F);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::{Clip, ClipNote};

    /// A track with a name, a SysEx in two packets, an unknown meta event, running status and a text at the end.
    const TRACK: &[u8] = b"\x00\xFF\x03\x04Hand\x05\xF0\x03\x43\x12\x00\x06\xF7\x02\x43\xF7\x00\xFF\x60\x02ab\
        \x0A\x90\x3C\x40\x10\x3E\x50\x08\x80\x3C\x00\x00\x3E\x00\x20\xFF\x01\x03end\x00\xFF\x2F\x00";

    fn file() -> Vec<u8> {
        let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0".to_vec();
        bytes.push(TRACK.len() as u8);
        bytes.extend(TRACK);
        bytes
    }

    fn ticks(song: &Song) -> Vec<Option<u64>> {
        song.messages().iter().map(|message| Some(message.tick)).collect()
    }

    fn velocities(song: &Song) -> Vec<u8> {
        song.notes().iter().map(|note| note.note.velocity).collect()
    }

    #[test]
    fn what_does_not_move_is_written_as_it_was() {
        let song = Song::parse(file()).unwrap();
        let edits = SongEdits { ticks: &ticks(&song), velocities: &velocities(&song), added: &[] };
        let written = song.with_edits(&edits).unwrap();
        // Only running status is spelt out.
        let mut spelt_out = file();
        let second = spelt_out.windows(4).position(|four| four == b"\x10\x3E\x50\x08").unwrap();
        spelt_out.insert(second + 1, 0x90);
        let third = spelt_out.windows(3).position(|three| three == b"\x00\x3E\x00").unwrap();
        spelt_out.insert(third + 1, 0x80);
        let length = spelt_out.len() - 22;
        spelt_out[21] = length as u8;
        assert_eq!(written, spelt_out);
    }

    #[test]
    fn messages_move_and_are_left_out_and_added() {
        let song = Song::parse(file()).unwrap();
        let mut ticks = ticks(&song);
        let ons: Vec<usize> = (0..ticks.len()).filter(|&at| song.messages()[at].note.is_some()).collect();
        // The second note begins before the first.
        (ticks[ons[0]], ticks[ons[1]], ticks[0]) = (Some(40), Some(30), None);
        let pedal = AddedMessage { tick: 500, track: 0, message: [0xB0, 64, 127] };
        let edits = SongEdits { ticks: &ticks, velocities: &[1, 127], added: &[pedal] };
        let moved = Song::parse(song.with_edits(&edits).unwrap()).unwrap();
        assert!(moved.warnings().is_empty(), "{:?}", moved.warnings());
        let read: Vec<_> = moved.notes().iter().map(|n| (n.onset_tick, n.note.key, n.note.velocity)).collect();
        assert_eq!(read, [(30, 0x3E, 127), (40, 0x3C, 1)]);
        assert_eq!(moved.messages().len(), song.messages().len());
        assert_eq!(moved.messages().last().map(|message| message.tick), Some(500));
    }

    #[test]
    fn lists_of_the_wrong_length_are_refused() {
        let note = ClipNote { onset: 0.0, length: 1.0, key: 60, velocity: 80 };
        let song = Song::parse(Clip::new(4.0, (4, 4), vec![note]).unwrap().to_midi(120.0)).unwrap();
        let error = |ticks: &[Option<u64>], velocities: &[u8], added: &[AddedMessage]| {
            song.with_edits(&SongEdits { ticks, velocities, added }).unwrap_err()
        };
        assert_eq!(error(&[], &[80], &[]), MidiError::Times { messages: 2, given: 0 });
        assert_eq!(error(&[Some(0), Some(1)], &[0], &[]), MidiError::Velocities { notes: 1, given: 1 });
        let nowhere = AddedMessage { tick: 0, track: 9, message: [0xB0, 64, 0] };
        assert_eq!(error(&[Some(0), Some(1)], &[80], &[nowhere]), MidiError::Times { messages: 2, given: 2 });
    }
}
