//! Passes events through unchanged after the engine has failed.
//!
//! Each event is emitted unchanged, in order, one latency after it arrived. Notes that sounded at the failure are
//! ended. While the engine works, [`PassThrough`] tracks pending events and sounding notes. Once it [takes
//! over](PassThrough::take_over), it emits the events itself. After [`PassThrough::new`] nothing here allocates, locks,
//! fails or makes a system call.

use std::collections::VecDeque;

use tonenet_core::scheduler::DisplacementBounds;

use crate::event::{HostEvent, Voice};

/// The most pending events, the same as in the engine. When full, the oldest event is emitted early.
const EVENTS: usize = 16_384;

/// The most tracked sounding notes: every key of every channel. Further notes pass through untracked.
const NOTES: usize = 16 * 128;

/// A pending event.
#[derive(Debug, Clone, Copy)]
struct Held<E> {
    due: u64,
    event: E,
}

/// Which side emits the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    Engine,
    /// The pass-through, after it has ended all sounding notes.
    TakesOver,
    PassThrough,
}

/// Passes events through after a failure of the engine.
#[derive(Debug)]
pub struct PassThrough<E: HostEvent> {
    latency: u64,
    /// How far the engine moves events.
    bounds: DisplacementBounds,
    /// First sample of the block.
    now: u64,
    /// Length of the block in samples.
    samples: u32,
    /// Pending events in order of time.
    held: VecDeque<Held<E>>,
    sounding: Vec<Voice<E::VoiceId>>,
    sender: Sender,
    /// Timing of the last event emitted in the block.
    last_timing: u32,
}

impl<E: HostEvent> PassThrough<E> {
    /// Creates an inactive pass-through with a latency in samples.
    pub fn new(latency: u32) -> Self {
        Self {
            latency: latency.into(),
            bounds: DisplacementBounds::NONE,
            now: 0,
            samples: 0,
            held: VecDeque::with_capacity(EVENTS),
            sounding: Vec::with_capacity(NOTES),
            sender: Sender::Engine,
            last_timing: 0,
        }
    }

    /// Sets how far the engine moves events. Where it changes, set the wider bounds until moved events have left.
    pub fn set_bounds(&mut self, bounds: DisplacementBounds) {
        self.bounds = bounds;
    }

    /// Begins a block, which directly follows the last one.
    pub fn begin(&mut self, samples: u32) {
        self.now += u64::from(self.samples);
        self.samples = samples;
        self.last_timing = 0;
        if self.sender == Sender::Engine {
            // Events that had to leave before this block were emitted, or the engine has dropped them.
            let latest = u64::from(self.bounds.late) + u64::from(self.bounds.longer);
            while self.held.front().is_some_and(|held| held.due + latest < self.now) {
                self.held.pop_front();
            }
        }
    }

    /// The engine received an event of this block. It may emit the event before it receives the next one.
    pub fn record_input(&mut self, event: E) {
        if self.held.len() == EVENTS {
            self.held.pop_front();
        }
        self.hold(event);
    }

    /// The engine emitted an event in this block.
    pub fn record_output(&mut self, event: &E) {
        // An event that the engine itself created is not among those due. An event emitted early to make room is at the
        // front. The end of a shortened note may leave as soon as it has arrived.
        let is_moved = self.bounds != DisplacementBounds::NONE;
        let early = if is_moved && event.ends().is_some() { self.latency } else { self.bounds.early.into() };
        let end = self.end() + early;
        let due = self.held.iter().enumerate().take_while(|(index, held)| *index == 0 || held.due < end);
        let same = due.map(|(index, held)| (index, is_same(&held.event, event))).find(|(_, is_same)| *is_same);
        if let Some((index, _)) = same {
            self.held.remove(index);
        }
        self.account_for(event);
        self.last_timing = event.timing();
    }

    /// The engine has failed: from now on the pass-through ends sounding notes and emits due events.
    pub fn take_over(&mut self) {
        if self.sender == Sender::Engine {
            self.sender = Sender::TakesOver;
            // Only the ends of notes leave later than this, so the engine has dropped the others.
            let (now, late) = (self.now, u64::from(self.bounds.late));
            self.held.retain(|held| held.due + late >= now || held.event.ends().is_some());
        }
    }

    /// Whether it has taken over from the engine.
    pub fn is_active(&self) -> bool {
        self.sender != Sender::Engine
    }

    /// Starts over and drops pending events. If active, it releases sounding notes in the next block; otherwise the
    /// engine does that.
    pub fn reset(&mut self) {
        self.held.clear();
        if self.is_active() {
            self.sender = Sender::TakesOver;
        }
    }

    /// Processes the rest of the block in place of the engine. Reads events from `next_event` in order, and passes
    /// output events to `send` in order.
    pub fn play(&mut self, mut next_event: impl FnMut() -> Option<E>, mut send: impl FnMut(E)) {
        if self.sender == Sender::TakesOver {
            self.sender = Sender::PassThrough;
            for voice in self.sounding.drain(..) {
                send(E::note_off(voice).with_timing(self.last_timing));
            }
        }
        while let Some(event) = next_event() {
            if self.held.len() == EVENTS {
                self.emit_oldest(&mut send);
            }
            self.hold(event);
        }
        let end = self.end();
        while self.held.front().is_some_and(|held| held.due < end) {
            self.emit_oldest(&mut send);
        }
    }

    /// The first sample after the block.
    fn end(&self) -> u64 {
        self.now + u64::from(self.samples)
    }

    fn hold(&mut self, event: E) {
        let time = self.now + u64::from(event.timing().min(self.samples.saturating_sub(1)));
        self.held.push_back(Held { due: time + self.latency, event });
    }

    /// Emits the oldest event.
    fn emit_oldest(&mut self, send: &mut impl FnMut(E)) {
        let Some(Held { due, event }) = self.held.pop_front() else { return };
        let in_block = due.saturating_sub(self.now).min(u64::from(self.samples.saturating_sub(1))) as u32;
        // Timing never decreases: an event emitted early may precede one that is due earlier in the block.
        self.last_timing = self.last_timing.max(in_block);
        self.account_for(&event);
        send(event.with_timing(self.last_timing));
    }

    /// Tracks sounding notes.
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

/// Whether an emitted event is this pending one. The engine may have changed its timing and a note-on's velocity.
fn is_same<E: HostEvent>(held: &E, sent: &E) -> bool {
    match (held.begins(), sent.begins()) {
        (Some(held), Some(sent)) => held == sent,
        _ => held.with_timing(sent.timing()) == *sent,
    }
}

#[cfg(test)]
mod tests;
