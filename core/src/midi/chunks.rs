//! Reads the chunks of a MIDI file: its header and the events of its tracks.
//!
//! This is our own reader because files must be read as leniently as DAWs read them, and the byte of every velocity must
//! be known. A fault that cannot be repaired with certainty is refused with its byte.

use std::ops::Range;

use super::MidiError;
use super::event::{END_OF_TRACK, Event, EventReader, NoEvent};
use super::warning::{MidiWarningKind as Kind, Warnings};

const HEADER: &[u8] = b"MThd";
/// A header whose length is below 2^24; the four letters alone may occur elsewhere.
const CERTAIN_HEADER: &[u8] = b"MThd\0";
const TRACK: &[u8] = b"MTrk";

/// Bytes of a chunk's name and length.
const CHUNK_HEAD: usize = 8;
/// Bytes of the header chunk with its name and length.
const HEADER_LENGTH: usize = CHUNK_HEAD + 6;
/// Number of bytes at the start of a file in which the header is searched for; MacBinary puts 128 bytes before it.
const FARTHEST_HEADER: usize = 512;

/// The contents of a file.
#[derive(Debug)]
pub(super) struct Chunks<'a> {
    pub(super) format: u16,
    /// The header's field for the length of a tick, and its offset in the file.
    pub(super) division: u16,
    pub(super) division_at: usize,
    pub(super) tracks: Vec<Track<'a>>,
}

/// A track: its events with their ticks, and the tick of its end.
#[derive(Debug, Clone, Default)]
pub(super) struct Track<'a> {
    pub(super) events: Vec<(u64, Event<'a>)>,
    pub(super) end: u64,
}

impl<'a> Chunks<'a> {
    /// Reads a file.
    ///
    /// If the header or the stated lengths disagree with the tracks, the tracks count: a track ends at its end-of-track
    /// event.
    pub(super) fn read(bytes: &'a [u8], warnings: &mut Warnings) -> Result<Self, MidiError> {
        let Range { start, end } = find(bytes, warnings)?;
        let bytes = &bytes[..end];
        if start + HEADER_LENGTH > end {
            return Err(MidiError::Damaged { byte: end, reason: "the file ends within its header" });
        }
        let number = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let format = number(start + 8);
        let declared = usize::from(number(start + 10));
        let division_at = start + 12;
        let at = after_header(bytes, start, warnings)?;
        let mut walk = Walk { bytes, heads: positions(bytes, TRACK), at, tracks: Vec::new() };
        walk.declared(declared, warnings)?;
        if walk.tracks.is_empty() && declared > 0 {
            return Err(MidiError::Damaged { byte: walk.at, reason: "there is no track (MTrk) in it" });
        }
        if walk.tracks.len() < declared {
            warnings.add(Kind::MissingTracks { declared, found: walk.tracks.len() }, start + 10);
        }
        walk.undeclared(warnings);
        if walk.tracks.len() > declared {
            warnings.add(Kind::ExtraTracks { declared, found: walk.tracks.len() }, start + 10);
        }
        Ok(Self { format, division: number(division_at), division_at, tracks: walk.tracks })
    }
}

/// The byte range of the MIDI file within `bytes`, which may be a RIFF file or have other bytes before the header.
fn find(bytes: &[u8], warnings: &mut Warnings) -> Result<Range<usize>, MidiError> {
    if bytes.is_empty() {
        return Err(MidiError::Empty);
    }
    if bytes.starts_with(HEADER) {
        return Ok(0..bytes.len());
    }
    if bytes.starts_with(b"RIFF") {
        return find_in_riff(bytes, warnings);
    }
    let start =
        position(&bytes[..bytes.len().min(FARTHEST_HEADER)], CERTAIN_HEADER).ok_or(MidiError::NotMidi { byte: 0 })?;
    warnings.add(Kind::BytesBeforeHeader, 0);
    Ok(start..bytes.len())
}

/// The byte range of the `data` chunk of a RIFF file.
fn find_in_riff(bytes: &[u8], warnings: &mut Warnings) -> Result<Range<usize>, MidiError> {
    let mut at = 12;
    while let Some(&[a, b, c, d]) = bytes.get(at + 4..at + CHUNK_HEAD) {
        let content = at + CHUNK_HEAD;
        let end = content.saturating_add(u32::from_le_bytes([a, b, c, d]) as usize);
        if bytes[content..].starts_with(HEADER) {
            if end > bytes.len() || end - content < HEADER_LENGTH {
                warnings.add(Kind::WrapperLength, at + 4);
                return Ok(content..bytes.len());
            }
            return Ok(content..end);
        }
        // Chunks of odd length are padded with a 0, which some programs forget.
        let is_filled = end % 2 == 1 && bytes.get(end).is_some_and(|byte| *byte == 0);
        at = end + usize::from(is_filled);
    }
    let start = position(bytes, HEADER).ok_or(MidiError::NotMidi { byte: 12 })?;
    warnings.add(Kind::WrapperLength, 12);
    Ok(start..bytes.len())
}

/// The offset of the first chunk after the header.
fn after_header(bytes: &[u8], start: usize, warnings: &mut Warnings) -> Result<usize, MidiError> {
    let stated = start.saturating_add(CHUNK_HEAD).saturating_add(chunk_length(bytes, start));
    let usual = start + HEADER_LENGTH;
    if stated == usual || (stated > usual && is_chunk(bytes, stated)) {
        return Ok(stated);
    }
    if !is_chunk(bytes, usual) {
        return Err(MidiError::Damaged { byte: start + 4, reason: "no track (MTrk) follows its header" });
    }
    warnings.add(Kind::HeaderLength, start + 4);
    Ok(usual)
}

/// Reads the chunks after a header, one after the other.
struct Walk<'a> {
    bytes: &'a [u8],
    /// Offsets of all `MTrk`, searched once: a search from each track on would take quadratic time.
    heads: Vec<usize>,
    at: usize,
    tracks: Vec<Track<'a>>,
}

impl<'a> Walk<'a> {
    /// Reads up to `count` tracks, as many as the header declares.
    fn declared(&mut self, count: usize, warnings: &mut Warnings) -> Result<(), MidiError> {
        while self.tracks.len() < count {
            if is_track(self.bytes, self.at) {
                self.track(warnings)?;
            } else if is_chunk(self.bytes, self.at) {
                self.skip();
            } else if let Some(next) = self.next_head(self.at) {
                warnings.add(Kind::StrayBytes, self.at);
                self.at = next;
                if !is_track(self.bytes, self.at) {
                    break;
                }
            } else {
                break;
            }
        }
        Ok(())
    }

    /// Reads the tracks after the declared ones, up to the first bytes that are not a chunk.
    fn undeclared(&mut self, warnings: &mut Warnings) {
        while is_chunk(self.bytes, self.at) && !self.bytes[self.at..].starts_with(HEADER) {
            if !is_track(self.bytes, self.at) {
                self.skip();
                continue;
            }
            let mut with_it = warnings.clone();
            if self.track(&mut with_it).is_err() {
                warnings.add(Kind::UnreadableExtraTrack, self.at);
                return;
            }
            *warnings = with_it;
        }
        let next = position(&self.bytes[self.at..], CERTAIN_HEADER);
        if self.at < self.bytes.len() && next != Some(0) {
            warnings.add(Kind::BytesBehind, self.at);
        }
        if let Some(next) = next {
            warnings.add(Kind::AnotherFile, self.at + next);
        }
    }

    fn skip(&mut self) {
        self.at += CHUNK_HEAD + chunk_length(self.bytes, self.at);
    }

    /// Reads the track at the current offset and moves to its end.
    fn track(&mut self, warnings: &mut Warnings) -> Result<(), MidiError> {
        let start = self.at + CHUNK_HEAD;
        let stated = start.saturating_add(chunk_length(self.bytes, self.at));
        let (track, ending) = self.events(start, stated, warnings)?;
        self.tracks.push(track);
        self.at = match ending {
            Ending::Event(end) if end == stated => stated,
            Ending::Event(end) if end < stated && self.begins(stated) => {
                warnings.add(Kind::StrayBytes, end);
                stated
            }
            Ending::Event(end) => {
                warnings.add(Kind::TrackLength, start - 4);
                end
            }
            Ending::Chunk => {
                warnings.add(Kind::NoEndOfTrack, stated);
                stated
            }
            Ending::File => {
                let end = self.bytes.len();
                warnings.add(Kind::CutShort { missing: stated - end }, end);
                end
            }
        };
        Ok(())
    }

    /// The events of a track from `start` on, whose stated end is `stated`.
    fn events(&self, start: usize, stated: usize, warnings: &mut Warnings) -> Result<(Track<'a>, Ending), MidiError> {
        let mut reader = EventReader::new(self.bytes, start);
        let mut track = Track::default();
        let ending = match track.read(&mut reader, stated, warnings) {
            Ok(true) if reader.at() > stated && self.holds_track(stated, reader.at()) => {
                return Err(MidiError::Damaged { byte: stated, reason: "an event reaches beyond its track" });
            }
            Ok(true) => Ending::Event(self.events_after_end(&mut track, reader.at(), stated, warnings)),
            Ok(false) if self.begins(stated) => Ending::Chunk,
            // The stated length may be too short.
            Ok(false) => match self.more(&mut track, reader.clone(), None, warnings) {
                Some(end) => Ending::Event(end),
                None => Ending::Chunk,
            },
            Err(NoEvent::CutShort) if stated > self.bytes.len() => Ending::File,
            Err(NoEvent::CutShort) => {
                return Err(MidiError::Damaged {
                    byte: reader.at(),
                    reason: "an event reaches beyond the end of the file",
                });
            }
            Err(NoEvent::Damaged { byte, reason }) => return Err(MidiError::Damaged { byte, reason }),
        };
        let is_certain = match ending {
            Ending::Event(end) => end == stated || self.begins(end),
            Ending::Chunk => self.begins(stated),
            Ending::File => false,
        };
        match reader.doubt() {
            Some(byte) if !is_certain => Err(MidiError::Damaged { byte, reason: "the bytes after it are no events" }),
            _ => Ok((track, ending)),
        }
    }

    /// Reads valid events after an end-of-track event within the track's chunk; returns the end of the last event.
    fn events_after_end(&self, track: &mut Track<'a>, mut end: usize, stated: usize, warnings: &mut Warnings) -> usize {
        while end < stated && self.begins(stated) {
            // Without running status, with which padding bytes would be notes.
            let reader = EventReader::new(self.bytes, end);
            let Some(behind) = self.more(track, reader, Some(stated), warnings) else { break };
            warnings.add(Kind::EventsBehindEnd, end);
            end = behind;
        }
        end
    }

    /// Reads further events up to `stated` or to an end-of-track event; reads nothing and returns `None` without either.
    fn more(
        &self,
        track: &mut Track<'a>,
        reader: EventReader<'a>,
        stated: Option<usize>,
        warnings: &mut Warnings,
    ) -> Option<usize> {
        // Only up to the next track, so that the time stays linear in a file of thousands of short tracks.
        let head = self.next_head(reader.at().saturating_sub(TRACK.len() - 1));
        let limit = head.map_or(self.bytes.len(), |head| head + TRACK.len() - 1);
        let mut reader = reader.up_to(stated.map_or(limit, |stated| stated.min(limit)));
        let (mut further, mut with_it) = (Track { events: Vec::new(), end: track.end }, warnings.clone());
        further.read(&mut reader, stated.unwrap_or(usize::MAX), &mut with_it).ok()?;
        if reader.doubt().is_some() && Some(reader.at()) != stated {
            return None;
        }
        track.events.append(&mut further.events);
        track.end = further.end;
        *warnings = with_it;
        Some(reader.at())
    }

    /// Whether a chunk begins or the file ends at an offset.
    fn begins(&self, at: usize) -> bool {
        at == self.bytes.len() || is_chunk(self.bytes, at)
    }

    /// Whether bytes that were read as events contain the head of a track.
    fn holds_track(&self, from: usize, to: usize) -> bool {
        self.next_head(from.saturating_sub(TRACK.len() - 1)).is_some_and(|head| head + TRACK.len() <= to)
    }

    /// The offset of the first `MTrk` from `from` on.
    fn next_head(&self, from: usize) -> Option<usize> {
        self.heads.get(self.heads.partition_point(|&head| head < from)).copied()
    }
}

impl<'a> Track<'a> {
    /// Reads events up to the end-of-track event, or up to `stated`; returns whether there was an end-of-track event.
    fn read(&mut self, reader: &mut EventReader<'a>, stated: usize, warnings: &mut Warnings) -> Result<bool, NoEvent> {
        while reader.at() != stated {
            let (delta, event) = reader.next(warnings)?;
            self.end += u64::from(delta);
            if matches!(event, Event::Meta { kind: END_OF_TRACK, .. }) {
                return Ok(true);
            }
            self.events.push((self.end, event));
        }
        Ok(false)
    }
}

/// How a track ends.
enum Ending {
    /// With its end-of-track event, which ends at this offset.
    Event(usize),
    /// At the end of its chunk.
    Chunk,
    /// At the end of the file, before its stated end.
    File,
}

fn is_track(bytes: &[u8], at: usize) -> bool {
    at + CHUNK_HEAD <= bytes.len() && bytes[at..].starts_with(TRACK)
}

/// Whether a chunk begins at an offset: a track of any length, or a complete chunk of another name.
fn is_chunk(bytes: &[u8], at: usize) -> bool {
    let Some(head) = bytes.get(at..).and_then(|rest| rest.get(..CHUNK_HEAD)) else { return false };
    let is_named = head[..4].iter().all(|byte| (0x20..0x7F).contains(byte));
    is_track(bytes, at) || (is_named && chunk_length(bytes, at) <= bytes.len() - at - CHUNK_HEAD)
}

fn chunk_length(bytes: &[u8], at: usize) -> usize {
    u32::from_be_bytes([bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]]) as usize
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|found| found == wanted)
}

fn positions(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    bytes.windows(wanted.len()).enumerate().filter(|(_, found)| *found == wanted).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::midi::event::LOOKED_AT;

    /// A file of `count` tracks, each with the bytes `chunk` and followed by the bytes `behind`.
    fn tracks(count: u16, chunk: &[u8], behind: &[u8]) -> Vec<u8> {
        let mut bytes = b"MThd\0\0\0\x06\0\x01".to_vec();
        bytes.extend([count.to_be_bytes(), 96u16.to_be_bytes()].concat());
        for _ in 0..count {
            bytes.extend_from_slice(TRACK);
            bytes.extend_from_slice(&(chunk.len() as u32).to_be_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(behind);
        }
        bytes
    }

    /// Number of bytes read as events, and the capacity for events at the end.
    fn work(bytes: &[u8]) -> (usize, usize) {
        LOOKED_AT.set(0);
        let room = Chunks::read(bytes, &mut Warnings::default())
            .map_or(0, |chunks| chunks.tracks.iter().map(|track| track.events.capacity()).sum());
        (LOOKED_AT.get(), room)
    }

    #[test]
    fn the_reading_time_is_linear_in_the_size_of_the_file() {
        const END: &[u8] = &[0, 0xFF, 0x2F, 0];
        const NOTE: &[u8] = &[0, 0x90, 0x40, 0x40];
        // Notes, texts, SysEx and escapes that reach into the next tracks, with or without an end-of-track event before.
        let odd_ones: [(&[u8], &[u8]); 9] = [
            (NOTE, &[]),
            (NOTE, &[0, 0xFF, 1, 4]),
            (NOTE, &[0, 0xFF, 1, 0xFF, 0x7F]),
            (NOTE, &[0, 0xF0, 8]),
            (NOTE, &[0, 0xF0, 0x83, 0x80, 0]),
            (NOTE, &[0, 0xF7, 12]),
            (NOTE, &[0]),
            (&[END, NOTE].concat(), &[]),
            (&[END, NOTE, &[0, 0xF0, 0x83, 0x80, 0]].concat(), &[]),
        ];
        let measured: Vec<_> = odd_ones
            .map(|(chunk, behind)| tracks(2_000, chunk, behind))
            .map(|bytes| (bytes.len(), work(&bytes)))
            .into();
        for &(size, (looked_at, room)) in &measured {
            assert!((size / 8..3 * size).contains(&looked_at), "size, (bytes read, events): {measured:?}");
            assert!(room < 2 * size, "size, (bytes read, events): {measured:?}");
        }
    }
}
