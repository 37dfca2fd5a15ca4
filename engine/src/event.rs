//! Abstracts over hosts' event types, and provides a plain event type for hosts without their own.

use std::fmt::Debug;

use tonenet_core::scheduler::Event;

/// The controller of the sustain pedal.
const SUSTAIN: u8 = 64;
const ALL_SOUND_OFF: u8 = 120;
const ALL_NOTES_OFF: u8 = 123;

/// A note as hosts identify it. A channel or key of `None` is a wildcard for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voice<Id> {
    /// The host's id of the note.
    pub id: Id,
    /// MIDI channel, 0–15.
    pub channel: Option<u8>,
    /// MIDI key, 0–127.
    pub key: Option<u8>,
}

impl<Id> Voice<Id> {
    /// Creates a voice for one channel and key.
    pub fn new(id: Id, channel: u8, key: u8) -> Self {
        Self { id, channel: Some(channel), key: Some(key) }
    }

    /// Whether both are on the same channel and key.
    pub fn is_on_key_of(&self, other: &Self) -> bool {
        (self.channel, self.key) == (other.channel, other.key)
    }

    fn place(&self) -> Option<(u8, u8)> {
        self.channel.zip(self.key)
    }
}

/// A host's event. The session delays it and may change a note-on's velocity, but nothing else.
pub trait HostEvent: Copy + PartialEq + Debug {
    /// The host's type for note ids.
    type VoiceId: Copy + PartialEq + Debug;

    /// The id that matches any note on a channel and key.
    const ANY_VOICE: Self::VoiceId;

    /// A note-on at the start of a block. `velocity` from 0 to 1.
    fn note_on(voice: Voice<Self::VoiceId>, velocity: f32) -> Self;

    /// A note-off at the start of a block.
    fn note_off(voice: Voice<Self::VoiceId>) -> Self;

    /// The event's sample in the block.
    fn timing(&self) -> u32;

    /// The same event at another sample of the block.
    fn with_timing(self, sample: u32) -> Self;

    /// The note that the event begins.
    fn begins(&self) -> Option<Voice<Self::VoiceId>>;

    /// The note that the event ends.
    fn ends(&self) -> Option<Voice<Self::VoiceId>>;

    /// Channel, number and value (0 to 1) of a controller.
    fn controller(&self) -> Option<(u8, u8, f32)>;

    /// A note-on's velocity, from 0 to 1.
    fn velocity(&self) -> Option<f32>;

    /// The same event with another velocity. Only a note-on changes.
    fn with_velocity(self, velocity: f32) -> Self;

    /// The event's kind for the scheduler. Events with wildcards are [`Event::Other`].
    fn kind(&self) -> Event {
        let begins = self.begins().and_then(|voice| voice.place());
        let ends = self.ends().and_then(|voice| voice.place());
        match (begins, ends, self.controller()) {
            (Some((channel, key)), ..) => Event::NoteOn { channel, key },
            (_, Some((channel, key)), _) => Event::NoteOff { channel, key },
            (.., Some((channel, ALL_SOUND_OFF | ALL_NOTES_OFF, _))) => Event::AllNotesOff { channel },
            _ => Event::Other,
        }
    }

    /// Whether the sustain pedal is down, for a sustain pedal event.
    fn sustain(&self) -> Option<bool> {
        match self.controller() {
            Some((_, SUSTAIN, value)) => Some(value * 127.0 >= 63.5),
            _ => None,
        }
    }

    /// A controller at the start of a block. `value` from 0 to 1.
    fn control_change(channel: u8, number: u8, value: f32) -> Self;

    /// The sustain pedal of a channel, down or up, at the start of a block.
    fn sustain_pedal(channel: u8, down: bool) -> Self {
        Self::control_change(channel, SUSTAIN, if down { 1.0 } else { 0.0 })
    }

    /// A note-off for all notes on a key.
    fn release(channel: u8, key: u8) -> Self {
        Self::note_off(Voice::new(Self::ANY_VOICE, channel, key))
    }
}

/// A plain event, for tests, fuzzing and programs without a plugin framework.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PlainEvent {
    /// A key goes down.
    NoteOn {
        /// Sample in the block.
        timing: u32,
        /// The note.
        voice: Voice<Option<i32>>,
        /// From 0 to 1.
        velocity: f32,
    },
    /// A key comes up.
    NoteOff {
        /// Sample in the block.
        timing: u32,
        /// The note.
        voice: Voice<Option<i32>>,
        /// From 0 to 1.
        velocity: f32,
    },
    /// A note is cut off.
    Choke {
        /// Sample in the block.
        timing: u32,
        /// The note.
        voice: Voice<Option<i32>>,
    },
    /// A MIDI controller moves.
    Controller {
        /// Sample in the block.
        timing: u32,
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI controller, 0–127.
        number: u8,
        /// From 0 to 1.
        value: f32,
    },
    /// Any other event.
    Other {
        /// Sample in the block.
        timing: u32,
        /// Its content.
        data: u32,
    },
}

impl HostEvent for PlainEvent {
    type VoiceId = Option<i32>;

    const ANY_VOICE: Option<i32> = None;

    fn note_on(voice: Voice<Option<i32>>, velocity: f32) -> Self {
        Self::NoteOn { timing: 0, voice, velocity }
    }

    fn note_off(voice: Voice<Option<i32>>) -> Self {
        Self::NoteOff { timing: 0, voice, velocity: 0.0 }
    }

    fn control_change(channel: u8, number: u8, value: f32) -> Self {
        Self::Controller { timing: 0, channel, number, value }
    }

    fn timing(&self) -> u32 {
        match *self {
            Self::NoteOn { timing, .. }
            | Self::NoteOff { timing, .. }
            | Self::Choke { timing, .. }
            | Self::Controller { timing, .. }
            | Self::Other { timing, .. } => timing,
        }
    }

    fn with_timing(mut self, sample: u32) -> Self {
        match &mut self {
            Self::NoteOn { timing, .. }
            | Self::NoteOff { timing, .. }
            | Self::Choke { timing, .. }
            | Self::Controller { timing, .. }
            | Self::Other { timing, .. } => *timing = sample,
        }
        self
    }

    fn begins(&self) -> Option<Voice<Option<i32>>> {
        match *self {
            Self::NoteOn { voice, .. } => Some(voice),
            _ => None,
        }
    }

    fn ends(&self) -> Option<Voice<Option<i32>>> {
        match *self {
            Self::NoteOff { voice, .. } | Self::Choke { voice, .. } => Some(voice),
            _ => None,
        }
    }

    fn controller(&self) -> Option<(u8, u8, f32)> {
        match *self {
            Self::Controller { channel, number, value, .. } => Some((channel, number, value)),
            _ => None,
        }
    }

    fn velocity(&self) -> Option<f32> {
        match *self {
            Self::NoteOn { velocity, .. } => Some(velocity),
            _ => None,
        }
    }

    fn with_velocity(mut self, new: f32) -> Self {
        if let Self::NoteOn { velocity, .. } = &mut self {
            *velocity = new;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn controller(number: u8, value: f32) -> PlainEvent {
        PlainEvent::Controller { timing: 0, channel: 2, number, value }
    }

    #[test]
    fn controllers_120_and_123_end_notes() {
        assert_eq!(controller(120, 0.0).kind(), Event::AllNotesOff { channel: 2 });
        assert_eq!(controller(123, 0.0).kind(), Event::AllNotesOff { channel: 2 });
        assert_eq!(controller(64, 0.0).kind(), Event::Other);
    }

    #[test]
    fn the_pedal_is_down_from_64_on() {
        for value in 0..=127u8 {
            assert_eq!(controller(64, f32::from(value) / 127.0).sustain(), Some(value >= 64));
        }
        assert_eq!(controller(65, 1.0).sustain(), None);
    }

    #[test]
    fn notes_with_wildcards_are_no_notes_for_the_scheduler() {
        let voice = Voice::new(Some(1), 3, 60);
        assert_eq!(PlainEvent::note_on(voice, 0.5).kind(), Event::NoteOn { channel: 3, key: 60 });
        assert_eq!(PlainEvent::note_off(voice).kind(), Event::NoteOff { channel: 3, key: 60 });
        assert_eq!(PlainEvent::Choke { timing: 0, voice }.kind(), Event::NoteOff { channel: 3, key: 60 });
        for wildcard in [Voice { channel: None, ..voice }, Voice { key: None, ..voice }] {
            assert_eq!(PlainEvent::note_on(wildcard, 0.5).kind(), Event::Other);
            assert_eq!(PlainEvent::note_off(wildcard).kind(), Event::Other);
        }
    }
}
