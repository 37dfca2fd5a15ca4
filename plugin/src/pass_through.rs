//! What plays in the engine's place when it has failed: everything leaves untouched, in order, one latency after it
//! came in, and what sounded at the failure ends.
//!
//! While the engine plays, it keeps account of what came in and has not left, and of what sounds. Once it
//! [takes over](PassThrough::take_over), it sends the events itself. Nothing here allocates, locks or makes a system
//! call after [`PassThrough::new`], nor can it fail.

use std::collections::VecDeque;

use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::*;

use crate::events::{HostEvent, at};

/// Events under way at most, as many as the engine holds; beyond, the oldest leaves early.
const EVENTS: usize = 16_384;

/// Notes that sound at most: every key of every channel. More are let through without account.
const NOTES: usize = 16 * 128;

/// An event that came in.
#[derive(Debug, Clone, Copy)]
struct Held {
    due: u64,
    event: HostEvent,
}

/// A note that sounds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Note {
    voice_id: VoiceID,
    channel: Channel,
    key: Key,
}

/// Who sends the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    Engine,
    /// From the next event on, after an end to all that sounds.
    TakesOver,
    PassThrough,
}

/// See the [module](self).
#[derive(Debug)]
pub struct PassThrough {
    latency: u64,
    /// Where the block begins, in samples.
    now: u64,
    /// Its length.
    samples: u32,
    /// In the order of their times.
    held: VecDeque<Held>,
    sounding: Vec<Note>,
    sender: Sender,
    /// Of what last left in the block.
    last_timing: u32,
}

impl PassThrough {
    /// One with a latency in samples, while the engine plays.
    pub fn new(latency: u32) -> Self {
        Self {
            latency: latency.into(),
            now: 0,
            samples: 0,
            held: VecDeque::with_capacity(EVENTS),
            sounding: Vec::with_capacity(NOTES),
            sender: Sender::Engine,
            last_timing: 0,
        }
    }

    /// A block begins, right after the last one.
    pub fn begin(&mut self, samples: u32) {
        self.now += u64::from(self.samples);
        self.samples = samples;
        self.last_timing = 0;
        if self.sender == Sender::Engine {
            // What was due has left, or the engine has dropped it.
            let now = self.now;
            while self.held.pop_front_if(|held| held.due < now).is_some() {}
        }
    }

    /// The engine got an event of this block; it may send it before the next one comes in.
    pub fn came_in(&mut self, event: HostEvent) {
        if self.held.len() == EVENTS {
            self.held.pop_front();
        }
        self.hold(event);
    }

    /// The engine sent an event in this block.
    pub fn engine_sent(&mut self, event: &HostEvent) {
        let end = self.end();
        // What the engine sends of its own is not among those due; what leaves early is in front.
        let due = self.held.iter().enumerate().take_while(|(index, held)| *index == 0 || held.due < end);
        let same = due.map(|(index, held)| (index, is_same(&held.event, event))).find(|(_, is_same)| *is_same);
        if let Some((index, _)) = same {
            self.held.remove(index);
        }
        self.account_for(event);
        self.last_timing = event.timing();
    }

    /// The engine has failed: from here on this sends what is due, after an end to all that sounds.
    pub fn take_over(&mut self) {
        if self.sender == Sender::Engine {
            self.sender = Sender::TakesOver;
        }
    }

    /// Whether it plays in the engine's place.
    pub fn plays(&self) -> bool {
        self.sender != Sender::Engine
    }

    /// Starts over: what is under way is dropped. What sounds is released with the next block; where the engine plays,
    /// it does that.
    pub fn reset(&mut self) {
        self.held.clear();
        if self.plays() {
            self.sender = Sender::TakesOver;
        }
    }

    /// Plays the rest of the block, in the engine's place: events come from `next_event` in order, and leave through
    /// `send` in order.
    pub fn play(&mut self, mut next_event: impl FnMut() -> Option<HostEvent>, mut send: impl FnMut(HostEvent)) {
        if self.sender == Sender::TakesOver {
            self.sender = Sender::PassThrough;
            for Note { voice_id, channel, key } in self.sounding.drain(..) {
                send(NoteEvent::NoteOff { timing: self.last_timing, voice_id, channel, key, velocity: 0.0 });
            }
        }
        while let Some(event) = next_event() {
            if self.held.len() == EVENTS {
                self.leave(&mut send);
            }
            self.hold(event);
        }
        let end = self.end();
        while self.held.front().is_some_and(|held| held.due < end) {
            self.leave(&mut send);
        }
    }

    /// Where the block ends.
    fn end(&self) -> u64 {
        self.now + u64::from(self.samples)
    }

    fn hold(&mut self, event: HostEvent) {
        let time = self.now + u64::from(event.timing().min(self.samples.saturating_sub(1)));
        self.held.push_back(Held { due: time + self.latency, event });
    }

    /// Sends the oldest event.
    fn leave(&mut self, send: &mut impl FnMut(HostEvent)) {
        let Some(Held { due, event }) = self.held.pop_front() else { return };
        let in_block = due.saturating_sub(self.now).min(u64::from(self.samples.saturating_sub(1))) as u32;
        // Never back: what left early may stand before what is due earlier in the block.
        self.last_timing = self.last_timing.max(in_block);
        self.account_for(&event);
        send(at(event, self.last_timing));
    }

    /// Keeps account of what sounds.
    fn account_for(&mut self, event: &HostEvent) {
        match *event {
            NoteEvent::NoteOn { voice_id, channel, key, .. } if self.sounding.len() < NOTES => {
                self.sounding.push(Note { voice_id, channel, key });
            }
            NoteEvent::NoteOff { voice_id, channel, key, .. } | NoteEvent::Choke { voice_id, channel, key, .. } => {
                let of_key = |note: &Note| (note.channel, note.key) == (channel, key);
                let by_id = self.sounding.iter().position(|note| of_key(note) && note.voice_id == voice_id);
                if let Some(index) = by_id.or_else(|| self.sounding.iter().position(of_key)) {
                    self.sounding.remove(index);
                }
            }
            _ => {}
        }
    }
}

/// Whether an event that left is one that came in, with its time and a note-on's velocity as the engine made them.
fn is_same(held: &HostEvent, sent: &HostEvent) -> bool {
    match (*held, *sent) {
        (
            NoteEvent::NoteOn { voice_id, channel, key, .. },
            NoteEvent::NoteOn { voice_id: sent_id, channel: sent_channel, key: sent_key, .. },
        ) => (voice_id, channel, key) == (sent_id, sent_channel, sent_key),
        (held, sent) => at(held, sent.timing()) == sent,
    }
}

#[cfg(test)]
mod tests;
