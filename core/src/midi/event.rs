//! The events of a track, one after the other, as they stand in a file.

use super::warning::{MidiWarningKind, Warnings};

/// Types of the meta events that are read.
pub(super) const TRACK_NAME: u8 = 0x03;
pub(super) const END_OF_TRACK: u8 = 0x2F;
pub(super) const TEMPO: u8 = 0x51;
pub(super) const TIME_SIGNATURE: u8 = 0x58;
pub(super) const KEY_SIGNATURE: u8 = 0x59;

const END_OF_SYSEX: u8 = 0xF7;
/// The end of a SysEx of wrong length is looked for so far behind it.
const SYSEX_SLACK: usize = 16;

/// The highest data byte.
const HIGHEST: u8 = 127;

/// An event of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// A channel message: its status, and its data bytes as 0–127 (the second 0 where there is one only).
    Channel {
        status: u8,
        data: [u8; 2],
        /// Where its last byte stands in the file: the velocity of a note-on.
        last_at: usize,
    },
    /// A system-exclusive message or its first packet, behind its F0.
    SysEx(&'a [u8]),
    /// A meta event: its type, its data and where the event stands in the file.
    Meta { kind: u8, data: &'a [u8], at: usize },
    /// Something that has no bearing on what is played: escapes, and messages that a file may not hold.
    Other,
}

/// Why there is no further event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoEvent {
    /// The bytes end within it.
    CutShort,
    /// This byte makes no sense.
    Damaged { byte: usize, reason: &'static str },
}

/// Reads events from a place in a file on.
#[derive(Debug, Clone)]
pub(super) struct EventReader<'a> {
    bytes: &'a [u8],
    /// Events end here at the latest; what stands behind is only looked at to see where one ends.
    limit: usize,
    at: usize,
    running: Option<u8>,
    /// Whether something has come since that cancels running status by the rules.
    cancelled: bool,
    doubt: Option<usize>,
}

impl<'a> EventReader<'a> {
    /// A reader of `bytes` from `at` on.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, limit: bytes.len(), at, running: None, cancelled: false, doubt: None }
    }

    /// The same reader, to which every event that ends behind `limit` is cut short.
    pub(super) fn up_to(self, limit: usize) -> Self {
        Self { limit: limit.min(self.bytes.len()), ..self }
    }

    /// Where the next event begins.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The first byte that no event should have, if one was read: what follows may be nonsense.
    pub(super) fn doubt(&self) -> Option<usize> {
        self.doubt
    }

    /// The next event and how many ticks it is after the one before.
    ///
    /// Running status goes on behind meta events and SysEx, for programs read files so; by the rules it does not.
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
            END_OF_SYSEX => {
                self.counted(warnings, |_| None)?;
                Event::Other
            }
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

    /// As many bytes as a number before them says, or as `usual` says of these and some more where only then an event follows.
    fn counted(
        &mut self,
        warnings: &mut Warnings,
        usual: impl FnOnce(&[u8]) -> Option<usize>,
    ) -> Result<&'a [u8], NoEvent> {
        let at = self.at;
        let told = self.number()? as usize;
        let rest = &self.bytes[self.at..];
        let near = told.min(self.limit - self.at).saturating_add(SYSEX_SLACK).min(rest.len());
        if let Some(usual) = usual(&rest[..near])
            && usual != told
            && !begins_event(rest, told)
            && begins_event(rest, usual)
        {
            self.odd(MidiWarningKind::EventLength, at, warnings);
            return self.take(usual);
        }
        self.take(told)
    }

    /// A number of variable length: seven bits a byte, the highest bit set in all but the last.
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

/// Counts the bytes that are looked at, for the tests: no file may make the reader go over it again and again.
fn looked_at(_count: usize) {
    #[cfg(test)]
    LOOKED_AT.with(|all| all.set(all.get() + _count));
}

#[cfg(test)]
thread_local! {
    pub(super) static LOOKED_AT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// How long the data of a meta event is, where all of its type are as long.
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

/// Whether an event with a status of its own begins there, a track, or nothing any more.
fn begins_event(bytes: &[u8], at: usize) -> bool {
    let Some(rest) = bytes.get(at..) else { return false };
    let delta = rest.iter().take(4).take_while(|byte| **byte >= 0x80).count() + 1;
    rest.is_empty() || rest.starts_with(b"MTrk") || (delta <= 4 && rest.get(delta).is_some_and(|byte| *byte >= 0x80))
}
