//! What the scheduler remembers of each key, so that moved notes keep their order and their ends.

use super::pending::Line;
use super::sounding::{CHANNELS, KEYS, index};
use super::{NoteId, SampleTime};

/// A note-on whose time is decided. It may have left.
#[derive(Debug, Clone, Copy)]
pub(super) struct DecidedOn {
    pub(super) id: NoteId,
    pub(super) due: SampleTime,
    pub(super) leaves: SampleTime,
    /// Its length as a factor.
    pub(super) stretch: f64,
    /// Whether it is a note that models restyle, so that its end moves too.
    pub(super) is_restylable: bool,
    /// Its written length, once its end has arrived.
    pub(super) length: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Key {
    /// Its pending notes and ends.
    pub(super) line: Line,
    /// Number of notes that arrived and whose ends have not.
    pub(super) open: u16,
    /// The last note-on that arrived.
    pub(super) last_on: Option<NoteId>,
    /// When it is due.
    pub(super) last_due: SampleTime,
    /// The last note-on that was decided.
    pub(super) decided: Option<DecidedOn>,
}

/// All keys of all channels.
#[derive(Debug)]
pub(super) struct Keys(Box<[Key]>);

impl Default for Keys {
    fn default() -> Self {
        Self(vec![Key::default(); CHANNELS * KEYS].into())
    }
}

impl Keys {
    pub(super) fn get(&self, channel: u8, key: u8) -> &Key {
        &self.0[index(channel, key)]
    }

    pub(super) fn get_mut(&mut self, channel: u8, key: u8) -> &mut Key {
        &mut self.0[index(channel, key)]
    }

    pub(super) fn channel(&self, channel: u8) -> &[Key] {
        let first = index(channel, 0);
        &self.0[first..first + KEYS]
    }

    /// No note of the channel awaits its end any more.
    pub(super) fn close_channel(&mut self, channel: u8) {
        let first = index(channel, 0);
        self.0[first..first + KEYS].iter_mut().for_each(|key| key.open = 0);
    }

    pub(super) fn clear(&mut self) {
        self.0.fill(Key::default());
    }
}
