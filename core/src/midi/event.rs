//! Reads the events of a track in the order of the file.

use super::warning::{MidiWarningKind, Warnings};

/// Types of the meta events that are read.
pub(super) const TRACK_NAME: u8 = 0x03;
pub(super) const END_OF_TRACK: u8 = 0x2F;
pub(super) const TEMPO: u8 = 0x51;
pub(super) const TIME_SIGNATURE: u8 = 0x58;
pub(super) const KEY_SIGNATURE: u8 = 0x59;

const END_OF_SYSEX: u8 = 0xF7;
/// Number of bytes after a SysEx of wrong length in which its end is searched for.
const SYSEX_SLACK: usize = 16;

/// The highest data byte.
const HIGHEST: u8 = 127;

/// An event of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// A channel message: its status, and its data bytes as 0–127 (the second is 0 if there is only one).
    Channel {
        status: u8,
        data: [u8; 2],
        /// Offset of its last byte in the file: the velocity of a note-on.
        last_at: usize,
    },
    /// A system-exclusive message or its first packet, without its F0.
    SysEx(&'a [u8]),
    /// A meta event: its type, its data and its offset in the file.
    Meta { kind: u8, data: &'a [u8], at: usize },
    /// An escape, or a later packet of a system-exclusive message, without its F7.
    Escape(&'a [u8]),
    /// A message that a file must not contain.
    Other,
}

/// Why the next event cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoEvent {
    /// The bytes end within the event.
    CutShort,
    /// A byte is invalid.
    Damaged { byte: usize, reason: &'static str },
}

/// Reads events from a given byte of a file on.
#[derive(Debug, Clone)]
pub(super) struct EventReader<'a> {
    bytes: &'a [u8],
    /// No event may end after this byte; later bytes are read only to find the end of an event.
    limit: usize,
    at: usize,
    running: Option<u8>,
    /// Whether an event has cancelled running status, by the specification.
    cancelled: bool,
    /// The first byte that breaks the rules.
    doubt: Option<usize>,
}

impl<'a> EventReader<'a> {
    /// A reader of `bytes` from the offset `at` on.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, limit: bytes.len(), at, running: None, cancelled: false, doubt: None }
    }

    /// The same reader, for which an event that ends after `limit` is cut short.
    pub(super) fn up_to(self, limit: usize) -> Self {
        Self { limit: limit.min(self.bytes.len()), ..self }
    }

    /// Offset of the next event.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The first byte that breaks the rules, if any; the events after it may be misread.
    pub(super) fn doubt(&self) -> Option<usize> {
        self.doubt
    }

    /// The next event, and its distance from the one before in ticks.
    ///
    /// Running status continues after meta events and SysEx, as most programs read files. The specification forbids it.
    pub(super) fn next(&mut self, warnings: &mut Warnings) -> Result<(u32, Event<'a>), NoEvent> {
        let delta = self.number()?;
        let at = self.at;
        let first = *self.bytes[..self.limit].get(at).ok_or(NoEvent::CutShort)?;
        if first >= 0x80 {
            self.at += 1;
        }
        let event = match first {
            0x00..0x80 => {
                let reason = "a data byte without a status before it";
                let status = self.running.ok_or(NoEvent::Damaged { byte: at, reason })?;
                if self.cancelled {
                    warnings.add(MidiWarningKind::RunningStatus, at);
                }
                self.channel(status, warnings)?
            }
            0x80..0xF0 => self.channel(first, warnings)?,
            0xF0 => Event::SysEx(self.counted(warnings, |near| {
                let end = near.iter().position(|byte| *byte == END_OF_SYSEX).map(|end| end + 1);
                looked_at(end.unwrap_or(near.len()));
                end
            })?),
            END_OF_SYSEX => Event::Escape(self.counted(warnings, |_| None)?),
            0xFF => {
                let kind = self.byte()?;
                Event::Meta { kind, data: self.counted(warnings, |_| usual_length(kind))?, at }
            }
            0xF1..0xFF => {
                self.odd(MidiWarningKind::SystemMessage, at, warnings);
                self.take(match first {
                    0xF2 => 2,
                    0xF1 | 0xF3 => 1,
                    _ => 0,
                })?;
                Event::Other
            }
        };
        if !matches!(event, Event::Channel { .. }) {
            self.cancelled = true;
        }
        Ok((delta, event))
    }

    fn channel(&mut self, status: u8, warnings: &mut Warnings) -> Result<Event<'a>, NoEvent> {
        let at = self.at;
        let has_one = matches!(status & 0xF0, 0xC0 | 0xD0);
        let raw = self.take(if has_one { 1 } else { 2 })?;
        let mut data = [0; 2];
        for (place, &byte) in raw.iter().enumerate() {
            if byte > HIGHEST {
                self.odd(MidiWarningKind::DataByte, at + place, warnings);
            }
            data[place] = byte.min(HIGHEST);
        }
        (self.running, self.cancelled) = (Some(status), false);
        Ok(Event::Channel { status, data, last_at: self.at - 1 })
    }

    fn odd(&mut self, kind: MidiWarningKind, at: usize, warnings: &mut Warnings) {
        warnings.add(kind, at);
        self.doubt = self.doubt.or(Some(at));
    }

    /// The bytes of an event that states its own length.
    ///
    /// If no event follows there, but one follows after the length that `usual` gives, that length counts instead.
    fn counted(
        &mut self,
        warnings: &mut Warnings,
        usual: impl FnOnce(&[u8]) -> Option<usize>,
    ) -> Result<&'a [u8], NoEvent> {
        let at = self.at;
        let stated = self.number()? as usize;
        let rest = &self.bytes[self.at..];
        let near = stated.min(self.limit - self.at).saturating_add(SYSEX_SLACK).min(rest.len());
        if let Some(usual) = usual(&rest[..near])
            && usual != stated
            && !begins_event(rest, stated)
            && begins_event(rest, usual)
        {
            self.odd(MidiWarningKind::EventLength, at, warnings);
            return self.take(usual);
        }
        self.take(stated)
    }

    /// A variable-length number: seven bits a byte, with the highest bit set in all but the last.
    fn number(&mut self) -> Result<u32, NoEvent> {
        let start = self.at;
        let mut number = 0u32;
        loop {
            let byte = self.byte()?;
            if number > u32::MAX >> 7 {
                return Err(NoEvent::Damaged { byte: start, reason: "a time or length of more than 32 bits" });
            }
            number = number << 7 | u32::from(byte & 0x7F);
            if byte < 0x80 {
                return Ok(number);
            }
        }
    }

    fn byte(&mut self) -> Result<u8, NoEvent> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], NoEvent> {
        let taken =
            self.bytes[..self.limit].get(self.at..).and_then(|rest| rest.get(..count)).ok_or(NoEvent::CutShort)?;
        looked_at(count);
        self.at += count;
        Ok(taken)
    }
}

/// Counts the bytes that are read, for tests that the time is linear in the size of the file.
fn looked_at(_count: usize) {
    #[cfg(test)]
    LOOKED_AT.with(|all| all.set(all.get() + _count));
}

#[cfg(test)]
thread_local! {
    pub(super) static LOOKED_AT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// The length of a meta event's data, for types with a fixed length.
fn usual_length(kind: u8) -> Option<usize> {
    Some(match kind {
        END_OF_TRACK => 0,
        0x20 | 0x21 => 1,
        KEY_SIGNATURE => 2,
        TEMPO => 3,
        TIME_SIGNATURE => 4,
        0x54 => 5,
        _ => return None,
    })
}

/// Whether an event with a status byte or a track begins at an offset, or the bytes end there.
fn begins_event(bytes: &[u8], at: usize) -> bool {
    let Some(rest) = bytes.get(at..) else { return false };
    let delta = rest.iter().take(4).take_while(|byte| **byte >= 0x80).count() + 1;
    rest.is_empty() || rest.starts_with(b"MTrk") || (delta <= 4 && rest.get(delta).is_some_and(|byte| *byte >= 0x80))
}
