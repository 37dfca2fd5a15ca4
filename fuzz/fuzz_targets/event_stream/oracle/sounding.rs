//! The notes that sound.

use std::collections::HashMap;

use tonenet_core::scheduler::{Event, SampleTime};

/// The notes that were emitted and have not ended.
#[derive(Debug, Default)]
pub struct SoundingNotes(HashMap<(u8, u8), Notes>);

/// Those of one channel and key.
#[derive(Debug, Clone, Copy, Default)]
struct Notes {
    count: u32,
    /// When the last of them was due.
    due: SampleTime,
}

impl SoundingNotes {
    /// Whether a note sounds whose channel and due time match.
    pub fn any(&self, matches: impl Fn(u8, SampleTime) -> bool) -> bool {
        self.0.iter().any(|((channel, _), notes)| notes.count > 0 && matches(*channel, notes.due))
    }

    /// Whether none sounds.
    pub fn is_empty(&self) -> bool {
        !self.any(|_, _| true)
    }

    /// An event that was due then is emitted. At an all-notes-off its channel must be silent.
    pub fn event_emitted(&mut self, event: &Event, due: SampleTime) {
        match *event {
            Event::NoteOn { channel, key } | Event::PlainNoteOn { channel, key } => {
                let notes = self.0.entry((channel, key)).or_default();
                *notes = Notes { count: notes.count + 1, due };
            }
            Event::NoteOff { channel, key } => {
                let notes = self.0.entry((channel, key)).or_default();
                notes.count = notes.count.saturating_sub(1);
            }
            Event::AllNotesOff { channel } => {
                assert!(!self.any(|its, _| its == channel), "channel {channel} still sounds at its all-notes-off");
            }
            Event::Other => {}
        }
    }

    /// When the last note of a key was due that a release may end.
    pub fn due(&self, channel: u8, key: u8) -> SampleTime {
        let notes = self.0.get(&(channel, key)).filter(|notes| notes.count > 0);
        notes.unwrap_or_else(|| panic!("a release of key {key} on channel {channel}, which does not sound")).due
    }

    /// A release ends a note that [sounds](Self::due).
    pub fn release_emitted(&mut self, channel: u8, key: u8) {
        if let Some(notes) = self.0.get_mut(&(channel, key)) {
            notes.count -= 1;
        }
    }
}
