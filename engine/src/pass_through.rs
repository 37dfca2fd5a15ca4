//! Plays in the engine's place when the engine has failed.
//!
//! Everything leaves untouched, in order, one latency after it came in, and what sounded at the failure ends. While the
//! engine plays, [`PassThrough`] accounts for every event that came in and has not left, and for what sounds. Once it
//! [takes over](PassThrough::take_over), it sends the events itself. Nothing here allocates, locks or makes a system
//! call after [`PassThrough::new`], nor can it fail.

use std::collections::VecDeque;

use crate::event::{HostEvent, Voice};

/// Events under way at most, as many as the engine holds; beyond, the oldest leaves early.
const EVENTS: usize = 16_384;

/// Notes that sound at most: every key of every channel. More are let through without account.
const NOTES: usize = 16 * 128;

/// An event that came in.
#[derive(Debug, Clone, Copy)]
struct Held<E> {
    due: u64,
    event: E,
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
pub struct PassThrough<E: HostEvent> {
    latency: u64,
    /// Where the block begins, in samples.
    now: u64,
    /// Its length.
    samples: u32,
    /// In the order of their times.
    held: VecDeque<Held<E>>,
    sounding: Vec<Voice<E::VoiceId>>,
    sender: Sender,
    /// Of what last left in the block.
    last_timing: u32,
}

impl<E: HostEvent> PassThrough<E> {
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
    pub fn came_in(&mut self, event: E) {
        if self.held.len() == EVENTS {
            self.held.pop_front();
        }
        self.hold(event);
    }

    /// The engine sent an event in this block.
    pub fn engine_sent(&mut self, event: &E) {
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
    pub fn play(&mut self, mut next_event: impl FnMut() -> Option<E>, mut send: impl FnMut(E)) {
        if self.sender == Sender::TakesOver {
            self.sender = Sender::PassThrough;
            for voice in self.sounding.drain(..) {
                send(E::note_off(voice).with_timing(self.last_timing));
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

    fn hold(&mut self, event: E) {
        let time = self.now + u64::from(event.timing().min(self.samples.saturating_sub(1)));
        self.held.push_back(Held { due: time + self.latency, event });
    }

    /// Sends the oldest event.
    fn leave(&mut self, send: &mut impl FnMut(E)) {
        let Some(Held { due, event }) = self.held.pop_front() else { return };
        let in_block = due.saturating_sub(self.now).min(u64::from(self.samples.saturating_sub(1))) as u32;
        // Never back: what left early may stand before what is due earlier in the block.
        self.last_timing = self.last_timing.max(in_block);
        self.account_for(&event);
        send(event.with_timing(self.last_timing));
    }

    /// Accounts for what sounds.
    fn account_for(&mut self, event: &E) {
        if let Some(voice) = event.begins().filter(|_| self.sounding.len() < NOTES) {
            self.sounding.push(voice);
        } else if let Some(voice) = event.ends() {
            let by_id = self.sounding.iter().position(|its| *its == voice);
            if let Some(index) = by_id.or_else(|| self.sounding.iter().position(|its| its.is_on_key_of(&voice))) {
                self.sounding.remove(index);
            }
        }
    }
}

/// Whether an event that left is one that came in, with its time and a note-on's velocity as the engine made them.
fn is_same<E: HostEvent>(held: &E, sent: &E) -> bool {
    match (held.begins(), sent.begins()) {
        (Some(held), Some(sent)) => held == sent,
        _ => held.with_timing(sent.timing()) == *sent,
    }
}

#[cfg(test)]
mod tests;
