//! The chunks of a MIDI file: its header, and the events of its tracks.
//!
//! Own code, because a file must be read as leniently as DAWs read it, and every note's velocity must be known by its byte: what
//! cannot be explained is refused with the byte it stands at, and what can is never written again.

use std::ops::Range;

use super::MidiError;
use super::event::{END_OF_TRACK, Event, EventReader, NoEvent};
use super::warning::{MidiWarningKind as Kind, Warnings};

const HEADER: &[u8] = b"MThd";
/// With a length of less than 2^24, for the four letters alone do not make a header.
const CERTAIN_HEADER: &[u8] = b"MThd\0";
const TRACK: &[u8] = b"MTrk";

/// Bytes of a chunk's name and length.
const CHUNK_HEAD: usize = 8;
/// Bytes of the header chunk with its name and length.
const HEADER_LENGTH: usize = CHUNK_HEAD + 6;
/// The header is looked for so far into a file; MacBinary puts 128 bytes before it.
const FARTHEST_HEADER: usize = 512;

/// What a file consists of.
#[derive(Debug)]
pub(super) struct Chunks<'a> {
    pub(super) format: u16,
    /// How long a tick is, and where the file says so.
    pub(super) division: u16,
    pub(super) division_at: usize,
    pub(super) tracks: Vec<Track<'a>>,
}

/// A track: its events with their ticks, and the tick it ends at.
#[derive(Debug, Clone, Default)]
pub(super) struct Track<'a> {
    pub(super) events: Vec<(u64, Event<'a>)>,
    pub(super) end: u64,
}

impl<'a> Chunks<'a> {
    /// Reads a file.
    ///
    /// Where the header, the lengths of the tracks and the tracks themselves disagree, the tracks are believed: one
    /// ends at its end-of-track event.
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
        let at = behind_header(bytes, start, warnings)?;
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

/// Where in a file the MIDI header begins and what it is the header of ends: RIFF files wrap it.
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

/// The `data` chunk of a RIFF file, whatever stands before it.
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
        // Chunks of odd length are filled up with a 0, which some programs forget.
        let is_filled = end % 2 == 1 && bytes.get(end).is_some_and(|byte| *byte == 0);
        at = end + usize::from(is_filled);
    }
    let start = position(bytes, HEADER).ok_or(MidiError::NotMidi { byte: 12 })?;
    warnings.add(Kind::WrapperLength, 12);
    Ok(start..bytes.len())
}

/// Where the chunks behind the header begin.
fn behind_header(bytes: &[u8], start: usize, warnings: &mut Warnings) -> Result<usize, MidiError> {
    let told = start.saturating_add(CHUNK_HEAD).saturating_add(chunk_length(bytes, start));
    let usual = start + HEADER_LENGTH;
    if told == usual || (told > usual && is_chunk(bytes, told)) {
        return Ok(told);
    }
    if !is_chunk(bytes, usual) {
        return Err(MidiError::Damaged { byte: start + 4, reason: "no track (MTrk) follows its header" });
    }
    warnings.add(Kind::HeaderLength, start + 4);
    Ok(usual)
}

/// Goes through the chunks behind a header.
struct Walk<'a> {
    bytes: &'a [u8],
    /// Where `MTrk` stands, found once: looked for from each track on, it would take the square of the file's size.
    heads: Vec<usize>,
    at: usize,
    tracks: Vec<Track<'a>>,
}

impl<'a> Walk<'a> {
    /// Reads the tracks that a header declares, as far as they are there.
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

    /// Reads whatever tracks follow those, up to what is no chunk.
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

    /// Reads the track that begins here, and goes to where it ends.
    fn track(&mut self, warnings: &mut Warnings) -> Result<(), MidiError> {
        let start = self.at + CHUNK_HEAD;
        let told = start.saturating_add(chunk_length(self.bytes, self.at));
        let (track, ending) = self.events(start, told, warnings)?;
        self.tracks.push(track);
        self.at = match ending {
            Ending::Event(end) if end == told => told,
            Ending::Event(end) if end < told && self.begins(told) => {
                warnings.add(Kind::StrayBytes, end);
                told
            }
            Ending::Event(end) => {
                warnings.add(Kind::TrackLength, start - 4);
                end
            }
            Ending::Chunk => {
                warnings.add(Kind::NoEndOfTrack, told);
                told
            }
            Ending::File => {
                let end = self.bytes.len();
                warnings.add(Kind::CutShort { missing: told - end }, end);
                end
            }
        };
        Ok(())
    }

    /// The events from `start` on of a track that says it ends at `told`.
    fn events(&self, start: usize, told: usize, warnings: &mut Warnings) -> Result<(Track<'a>, Ending), MidiError> {
        let mut reader = EventReader::new(self.bytes, start);
        let mut track = Track::default();
        let ending = match track.read(&mut reader, told, warnings) {
            Ok(true) if reader.at() > told && self.holds_track(told, reader.at()) => {
                return Err(MidiError::Damaged { byte: told, reason: "an event reaches beyond the end of its track" });
            }
            Ok(true) => Ending::Event(self.go_on(&mut track, reader.at(), told, warnings)),
            Ok(false) if self.begins(told) => Ending::Chunk,
            // Its length may be too short by some events.
            Ok(false) => match self.more(&mut track, reader.clone(), None, warnings) {
                Some(end) => Ending::Event(end),
                None => Ending::Chunk,
            },
            Err(NoEvent::CutShort) if told > self.bytes.len() => Ending::File,
            Err(NoEvent::CutShort) => {
                return Err(MidiError::Damaged {
                    byte: reader.at(),
                    reason: "an event reaches beyond the end of the file",
                });
            }
            Err(NoEvent::Damaged { byte, reason }) => return Err(MidiError::Damaged { byte, reason }),
        };
        let is_certain = match ending {
            Ending::Event(end) => end == told || self.begins(end),
            Ending::Chunk => self.begins(told),
            Ending::File => false,
        };
        match reader.doubt() {
            Some(byte) if !is_certain => Err(MidiError::Damaged { byte, reason: "what follows makes no sense" }),
            _ => Ok((track, ending)),
        }
    }

    /// Takes in what follows an end-of-track event within the track's chunk, where all of it is events; tells where
    /// the last event ends.
    fn go_on(&self, track: &mut Track<'a>, mut end: usize, told: usize, warnings: &mut Warnings) -> usize {
        while end < told && self.begins(told) {
            // Without the running status from before, in which bytes to fill up a chunk would be notes.
            let reader = EventReader::new(self.bytes, end);
            let Some(behind) = self.more(track, reader, Some(told), warnings) else { break };
            warnings.add(Kind::EventsBehindEnd, end);
            end = behind;
        }
        end
    }

    /// Takes in further events up to `told`, or to an end-of-track event before a track; nothing where there is neither.
    fn more(
        &self,
        track: &mut Track<'a>,
        reader: EventReader<'a>,
        told: Option<usize>,
        warnings: &mut Warnings,
    ) -> Option<usize> {
        // No further than the next track, which may be no more than a few bytes away in each of thousands.
        let head = self.next_head(reader.at().saturating_sub(TRACK.len() - 1));
        let limit = head.map_or(self.bytes.len(), |head| head + TRACK.len() - 1);
        let mut reader = reader.up_to(told.map_or(limit, |told| told.min(limit)));
        let (mut further, mut with_it) = (Track { events: Vec::new(), end: track.end }, warnings.clone());
        further.read(&mut reader, told.unwrap_or(usize::MAX), &mut with_it).ok()?;
        if reader.doubt().is_some() && Some(reader.at()) != told {
            return None;
        }
        track.events.append(&mut further.events);
        track.end = further.end;
        *warnings = with_it;
        Some(reader.at())
    }

    /// Whether a chunk begins there, or the file ends.
    fn begins(&self, at: usize) -> bool {
        at == self.bytes.len() || is_chunk(self.bytes, at)
    }

    /// Whether the head of a track stands in bytes that were read as events.
    fn holds_track(&self, from: usize, to: usize) -> bool {
        self.next_head(from.saturating_sub(TRACK.len() - 1)).is_some_and(|head| head + TRACK.len() <= to)
    }

    /// Where the first `MTrk` from there on stands.
    fn next_head(&self, from: usize) -> Option<usize> {
        self.heads.get(self.heads.partition_point(|&head| head < from)).copied()
    }
}

impl<'a> Track<'a> {
    /// Takes in events up to the end-of-track event, or up to `told` where one ends there; tells which it was.
    fn read(&mut self, reader: &mut EventReader<'a>, told: usize, warnings: &mut Warnings) -> Result<bool, NoEvent> {
        while reader.at() != told {
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

/// What a track ends with.
enum Ending {
    /// Its end-of-track event, which ends here.
    Event(usize),
    /// The end of its chunk.
    Chunk,
    /// The end of the file, within it.
    File,
}

fn is_track(bytes: &[u8], at: usize) -> bool {
    at + CHUNK_HEAD <= bytes.len() && bytes[at..].starts_with(TRACK)
}

/// Whether something stands there that is a chunk: a track of any length, or one of another name that is there as a whole.
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

    /// A file of `count` tracks, all of the same bytes with what stands behind them.
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

    /// How many bytes are looked at as events, and for how many events there is room in the end.
    fn work(bytes: &[u8]) -> (usize, usize) {
        LOOKED_AT.set(0);
        let room = Chunks::read(bytes, &mut Warnings::default())
            .map_or(0, |chunks| chunks.tracks.iter().map(|track| track.events.capacity()).sum());
        (LOOKED_AT.get(), room)
    }

    #[test]
    fn whatever_stands_behind_a_track_a_file_is_read_in_proportion_to_its_size() {
        const END: &[u8] = &[0, 0xFF, 0x2F, 0];
        const NOTE: &[u8] = &[0, 0x90, 0x40, 0x40];
        // What a note, a text, a SysEx and an escape swallow of the tracks behind them, without an end or with one before.
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
            assert!((size / 8..3 * size).contains(&looked_at), "size, (bytes looked at, events): {measured:?}");
            assert!(room < 2 * size, "size, (bytes looked at, events): {measured:?}");
        }
    }
}
