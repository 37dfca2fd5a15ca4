//! Tracks which notes sound, so that each gets its note-off.

use super::SampleTime;

pub(super) const CHANNELS: usize = 16;
pub(super) const KEYS: usize = 128;

/// Emitted notes that have not ended, by channel and key.
#[derive(Debug)]
pub(super) struct Sounding(Box<[Key; CHANNELS * KEYS]>);

#[derive(Debug, Clone, Copy, Default)]
struct Key {
    /// Number of sounding notes.
    notes: u16,
    /// When the latest one was due, wherever it was moved.
    due: SampleTime,
}

/// An iteration over channels and keys that releases sounding notes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sweep {
    /// When the notes end.
    pub(super) time: SampleTime,
    /// Only keys whose latest note was due before this sample are released, if set.
    due_before: Option<SampleTime>,
    /// Notes with a pending end that is due by this sample keep it, if set.
    ends_by: Option<SampleTime>,
    next: usize,
    end: usize,
}

impl Default for Sounding {
    fn default() -> Self {
        Self(Box::new([Key::default(); CHANNELS * KEYS]))
    }
}

impl Sounding {
    pub(super) fn begin(&mut self, channel: u8, key: u8, due: SampleTime) {
        let key = &mut self.0[index(channel, key)];
        *key = Key { notes: key.notes.saturating_add(1), due };
    }

    pub(super) fn end(&mut self, channel: u8, key: u8) {
        let notes = &mut self.0[index(channel, key)].notes;
        *notes = notes.saturating_sub(1);
    }

    pub(super) fn on_channel(&self, channel: u8) -> bool {
        let first = index(channel, 0);
        self.0[first..first + KEYS].iter().any(|key| key.notes > 0)
    }

    /// Ends the next sounding note of a sweep and returns its channel and key. `ends` counts the notes of a key that
    /// have a pending end, due by a sample.
    pub(super) fn take_next(
        &mut self,
        sweep: &mut Sweep,
        ends: impl Fn(u8, u8, SampleTime) -> usize,
    ) -> Option<(u8, u8)> {
        while sweep.next < sweep.end {
            let key = &mut self.0[sweep.next];
            if key.notes > 0 && sweep.due_before.is_none_or(|time| key.due < time) {
                let (channel, number) = ((sweep.next / KEYS) as u8, (sweep.next % KEYS) as u8);
                let kept = sweep.ends_by.map_or(0, |by| ends(channel, number, by));
                if usize::from(key.notes) > kept {
                    key.notes -= 1;
                    return Some((channel, number));
                }
            }
            sweep.next += 1;
        }
        None
    }
}

impl Sweep {
    /// Ends all sounding notes.
    pub(super) fn everything(time: SampleTime) -> Self {
        Self { time, due_before: None, ends_by: None, next: 0, end: CHANNELS * KEYS }
    }

    /// Ends the notes that were due before a sample.
    pub(super) fn due_before(due_before: SampleTime, time: SampleTime) -> Self {
        Self { due_before: Some(due_before), ..Self::everything(time) }
    }

    /// Keeps the notes with a pending end that is due by this sample.
    pub(super) fn except_ending_by(self, sample: SampleTime) -> Self {
        Self { ends_by: Some(sample), ..self }
    }

    /// Ends all sounding notes of a channel.
    pub(super) fn channel(time: SampleTime, channel: u8) -> Self {
        let next = index(channel, 0);
        Self { next, end: next + KEYS, ..Self::everything(time) }
    }
}

pub(super) fn index(channel: u8, key: u8) -> usize {
    usize::from(channel & 0x0F) * KEYS + usize::from(key & 0x7F)
}
