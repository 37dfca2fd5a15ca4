//! What goes into the plugin: the track's events and what the player and the host do, in order of time.

use std::collections::VecDeque;

use tonenet_core::midi::MidiMessage;

use super::song::SongState;
use crate::host::{BlockInput, ParameterId};
use crate::script::{TrackContent, TrackEvent};

/// Input that waits for its block.
#[derive(Debug, Clone)]
pub enum PendingInput {
    Parameter(ParameterId, f64),
    NoteOff(MidiMessage, u32),
    Message(MidiMessage),
    NoteOn(MidiMessage, u32),
}

impl PendingInput {
    /// The order of the track's events at one sample.
    fn rank(&self) -> u8 {
        match self {
            Self::NoteOff(..) => 0,
            Self::Parameter(..) | Self::Message(_) => 1,
            Self::NoteOn(..) => 2,
        }
    }

    /// The message with its note id; `None` for a parameter.
    pub fn message(&self) -> Option<(&MidiMessage, Option<u32>)> {
        match self {
            Self::Parameter(..) => None,
            Self::NoteOff(message, id) | Self::NoteOn(message, id) => Some((message, Some(*id))),
            Self::Message(message) => Some((message, None)),
        }
    }

    /// The input at a sample offset.
    pub fn to_block_input(&self, offset: u32) -> BlockInput<'_> {
        match self {
            Self::Parameter(id, value) => BlockInput::Parameter(offset, *id, *value),
            Self::NoteOff(message, id) | Self::NoteOn(message, id) => BlockInput::Note(offset, message, *id),
            Self::Message(message) => BlockInput::Message(offset, message),
        }
    }
}

/// A note that the track or the player holds.
#[derive(Debug, Clone, Copy)]
struct HeldNote {
    channel: u8,
    key: u8,
    id: u32,
    /// The position of its end, for a note of the track.
    end_beats: Option<f64>,
}

impl HeldNote {
    fn note_off(&self) -> PendingInput {
        PendingInput::NoteOff(MidiMessage::Channel([0x80 | self.channel, self.key, 64]), self.id)
    }
}

/// Collects input until its block is played.
pub struct InputQueue<'a> {
    track: &'a [TrackEvent],
    /// Input for the next sample, in the order of the steps.
    queued: Vec<PendingInput>,
    held: Vec<HeldNote>,
    next_id: u32,
    /// Whether the host ends the track's notes where it stops or jumps.
    pub sends_note_offs: bool,
}

impl<'a> InputQueue<'a> {
    /// An empty queue for a track.
    pub fn new(track: &'a [TrackEvent]) -> Self {
        Self { track, queued: Vec::new(), held: Vec::new(), next_id: 0, sends_note_offs: true }
    }

    /// Queues input for the next sample.
    pub fn push(&mut self, input: PendingInput) {
        self.queued.push(input);
    }

    /// Queues a note-on of the player.
    pub fn press(&mut self, channel: u8, key: u8, velocity: u8) {
        let note_on = self.begin_note(channel, key, velocity, None);
        self.queued.push(note_on);
    }

    /// Queues the note-off of a key that the player holds; returns whether there is one.
    pub fn release(&mut self, channel: u8, key: u8) -> bool {
        let matches = |held: &HeldNote| held.end_beats.is_none() && (held.channel, held.key) == (channel, key);
        let held = self.held.iter().position(matches).map(|index| self.held.remove(index));
        self.queued.extend(held.map(|held| held.note_off()));
        held.is_some()
    }

    /// Ends the track's sounding notes, with note-offs if the host sends them.
    pub fn leave_track_notes(&mut self) {
        let left: Vec<HeldNote> = self.held.extract_if(.., |held| held.end_beats.is_some()).collect();
        if self.sends_note_offs {
            self.queued.extend(left.iter().map(HeldNote::note_off));
        }
    }

    /// Queues the note-off of every held note.
    pub fn release_all(&mut self) {
        self.queued.extend(self.held.drain(..).map(|held| held.note_off()));
    }

    /// Forgets all held notes without note-offs.
    pub fn forget_held(&mut self) {
        self.held.clear();
    }

    /// Drops the queued input.
    pub fn clear(&mut self) {
        self.queued.clear();
    }

    /// Removes the input from now up to a sample, in order of time.
    pub fn take_until(&mut self, song: &SongState, until: u64) -> VecDeque<(u64, PendingInput)> {
        let now = song.now;
        let mut inputs = if song.transport.playing { self.track_inputs(song, until) } else { Vec::new() };
        inputs.sort_by_key(|(time, input)| (*time, input.rank()));
        // The steps' input precedes the track's, in the order of the steps.
        self.queued.drain(..).map(|input| (now, input)).chain(inputs).collect()
    }

    fn track_inputs(&mut self, song: &SongState, until: u64) -> Vec<(u64, PendingInput)> {
        let (now, position) = (song.now, song.position());
        let time_of = |beats: f64| u64::try_from(position.sample_at(beats)).ok().filter(|time| *time < until);
        let mut inputs = Vec::new();
        for event in self.track {
            let Some(time) = time_of(event.beats).filter(|time| *time >= now) else { continue };
            let input = match &event.content {
                TrackContent::Message(message) => PendingInput::Message(message.clone()),
                TrackContent::Note { channel, key, velocity, length } => {
                    self.begin_note(*channel, *key, *velocity, Some(event.beats + length))
                }
            };
            inputs.push((time, input));
        }
        let ended = self.held.extract_if(.., |held| held.end_beats.and_then(time_of).is_some());
        inputs.extend(ended.map(|held| (held.end_beats.and_then(time_of).unwrap_or(now).max(now), held.note_off())));
        inputs
    }

    fn begin_note(&mut self, channel: u8, key: u8, velocity: u8, end_beats: Option<f64>) -> PendingInput {
        let id = self.next_id;
        self.next_id += 1;
        self.held.push(HeldNote { channel, key, id, end_beats });
        PendingInput::NoteOn(MidiMessage::Channel([0x90 | channel, key, velocity]), id)
    }
}
