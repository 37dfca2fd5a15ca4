//! Accounts for every note and message of a session: each must leave once and on time, and each note must end on time.
//!
//! Where the feel is on, notes may move within a [`Tolerance`] and the style may play the pedal. The notes of a key must then
//! still leave in order, none over its own repetition, and the style's pedal must go up in the end.
#![forbid(unsafe_code)]

mod findings;
mod pedal;
mod tolerance;

use std::collections::VecDeque;

use tonenet_core::midi::MidiMessage;

use crate::host::BlockOutput;
pub use findings::{Findings, Problem};
use pedal::StylesPedal;
use tolerance::Movement;
pub use tolerance::Tolerance;

/// How many problems are kept with their details.
const MAX_PROBLEMS: usize = 10;

/// A note-on or other message that has not left yet. Note-offs are tracked apart.
#[derive(Debug)]
struct PendingEvent {
    id: Option<u32>,
    message: MidiMessage,
    due: u64,
    /// How many earlier notes of its key the player held when it came, which may sound with it.
    held_before: usize,
    may_be_dropped: bool,
    /// Whether it is the player's pedal, which the style may have replaced.
    may_be_unheard: bool,
}

impl PendingEvent {
    /// Whether an output is this event, its velocity aside.
    fn matches(&self, out: &BlockOutput) -> bool {
        match (&self.message, &out.message) {
            (MidiMessage::Channel([status, key, _]), MidiMessage::Channel([out_status, out_key, _]))
                if is_note_on(*status) =>
            {
                (status, key) == (out_status, out_key) && (out.id.is_none() || out.id == self.id)
            }
            (message, out) => message == out,
        }
    }

    /// The [slot](note_slot) of a note-on.
    fn slot(&self) -> Option<usize> {
        match self.message {
            MidiMessage::Channel([status, key, _]) if is_note_on(status) => Some(note_slot(status, key)),
            _ => None,
        }
    }
}

fn is_note_on(status: u8) -> bool {
    status & 0xF0 == 0x90
}

/// A note-off that has not left yet.
#[derive(Debug)]
struct PendingOff {
    id: Option<u32>,
    came: u64,
    due: u64,
    /// Its [slot](note_slot).
    slot: usize,
}

/// What a key does. There is one for each channel and key.
#[derive(Debug, Clone, Default)]
struct Key {
    /// How many of its notes the player holds.
    held: usize,
    /// When the notes that sound were due or left, whatever came first.
    sounding: VecDeque<u64>,
    /// When the latest due of the notes that have left was due.
    latest: u64,
}

/// Compares the events that leave the plugin with those that went in. See the [module](self).
#[derive(Debug)]
pub struct EventTracker {
    /// In the order in which they are due.
    pending: VecDeque<PendingEvent>,
    /// By [slot](note_slot).
    keys: Vec<Key>,
    pending_offs: VecDeque<PendingOff>,
    movement: Movement,
    styles_pedal: StylesPedal,
    /// The plugin may end notes that were due, or left, before this sample.
    early_end_limit: u64,
    now: u64,
    findings: Findings,
}

impl Default for EventTracker {
    fn default() -> Self {
        Self {
            pending: VecDeque::new(),
            keys: vec![Key::default(); 16 * 128],
            pending_offs: VecDeque::new(),
            movement: Movement::NONE,
            styles_pedal: StylesPedal::default(),
            early_end_limit: 0,
            now: 0,
            findings: Findings::default(),
        }
    }
}

/// The index of a channel and key among the keys.
fn note_slot(status: u8, key: u8) -> usize {
    usize::from(status & 0x0F) * 128 + usize::from(key & 0x7F)
}

impl EventTracker {
    /// Records a message that goes in, with its note id. [Reset](Self::reset) the tracker before the latency changes.
    pub fn record_input(&mut self, id: Option<u32>, message: &MidiMessage, time: u64, latency: u64) {
        let due = time + latency;
        if let MidiMessage::Channel([status @ 0x80..=0x8F, key, _] | [status @ 0x90..=0x9F, key, 0]) = *message {
            let slot = note_slot(status, key);
            self.keys[slot].held = self.keys[slot].held.saturating_sub(1);
            self.pending_offs.push_back(PendingOff { id, came: time, due, slot });
        } else {
            if matches!(message, MidiMessage::Channel([0xB0..=0xBF, 120 | 123, _])) {
                // A note that came at the same sample, before it, ends where it begins.
                self.allow_early_ends(due + 1);
            }
            let mut event = PendingEvent {
                id,
                message: message.clone(),
                due,
                held_before: 0,
                may_be_dropped: false,
                may_be_unheard: false,
            };
            if let Some(slot) = event.slot() {
                event.held_before = self.keys[slot].held;
                self.keys[slot].held += 1;
            }
            self.pending.push_back(event);
        }
    }

    /// Records an event that left at a sample.
    pub fn record_output(&mut self, time: u64, out: &BlockOutput) {
        if let MidiMessage::Channel([status, key, _]) = out.message
            && matches!(status & 0xF0, 0x80 | 0x90)
        {
            if !is_note_on(status) {
                self.end_note(note_slot(status, key), out.id, time);
                return;
            }
            self.findings.emitted += 1;
        }
        let may_leave = |event: &PendingEvent| self.movement.times(event.due).contains(&time);
        let find =
            |on_time: bool| self.pending.iter().position(|event| event.matches(out) && (!on_time || may_leave(event)));
        let found = find(true).map(|place| (place, true)).or_else(|| Some((find(false)?, false)));
        let found = found.and_then(|(place, is_on_time)| Some((self.pending.remove(place)?, is_on_time)));
        let Some((event, is_on_time)) = found else { return self.add_unknown(time, out) };
        if let Some(slot) = event.slot() {
            self.begin_note(slot, &event, time);
            self.findings.moved += u64::from(is_on_time && event.due != time);
        }
        let PendingEvent { message, due, .. } = event;
        self.styles_pedal.players_leaves(&message);
        if !is_on_time {
            self.findings.mistimed += 1;
            self.add_problem(Problem::Mistimed { message, due, actual: time });
        }
    }

    /// A note leaves after the earlier notes of its key, and none sounds with it but those that were held when it came.
    fn begin_note(&mut self, slot: usize, event: &PendingEvent, time: u64) {
        let key = &mut self.keys[slot];
        let is_crossed = event.due < key.latest || key.sounding.len() > event.held_before;
        key.latest = key.latest.max(event.due);
        key.sounding.push_back(event.due.min(time));
        if is_crossed {
            self.findings.crossed += 1;
            self.add_problem(Problem::Crossed { message: event.message.clone(), actual: time });
        }
    }

    /// What leaves was not pending.
    fn add_unknown(&mut self, time: u64, out: &BlockOutput) {
        if self.styles_pedal.may_move(&out.message, time == self.now) {
            self.findings.added_pedals += 1;
            return;
        }
        if let MidiMessage::Channel([status, key, _]) = out.message
            && is_note_on(status)
        {
            self.keys[note_slot(status, key)].sounding.push_back(time);
        }
        self.findings.duplicated += 1;
        self.add_problem(Problem::Duplicated { message: out.message.clone(), actual: time });
    }

    fn end_note(&mut self, slot: usize, id: Option<u32>, time: u64) {
        let began = self.keys[slot].sounding.pop_front();
        let may_end = began.is_none_or(|began| began < self.early_end_limit);
        let movement = self.movement;
        let own = self.pending_offs.iter().position(|off| {
            let is_its = off.slot == slot && (id.is_none() || off.id.is_none() || off.id == id);
            is_its && movement.times_of_end(off.came, off.due).contains(&time)
        });
        match (own, began) {
            // This may be the note-off, or a release before it.
            (Some(place), _) if may_end && id.is_none() && self.pending_offs[place].due != time => {}
            (Some(place), _) => drop(self.pending_offs.remove(place)),
            (None, Some(began)) if !may_end => {
                self.findings.cut_short += 1;
                let (channel, key) = ((slot / 128) as u8, (slot % 128) as u8);
                self.add_problem(Problem::CutShort { channel, key, began, ended: time });
            }
            (None, _) => {}
        }
    }

    /// From now on events may move within a tolerance, or no more do; what has moved still leaves.
    pub fn set_tolerance(&mut self, tolerance: Option<Tolerance>) {
        self.movement.set(tolerance, self.now);
    }

    /// The style's pedal may be heard in the next block, and the player's may not.
    ///
    /// Where that `changes` with the block, the heard pedal may move to where the player's is.
    pub fn allow_styles_pedal(&mut self, changes: bool) {
        self.styles_pedal.allow(changes);
    }

    /// Allows the plugin to end notes that were due, or left, before a sample without their note-offs.
    pub fn allow_early_ends(&mut self, time: u64) {
        self.early_end_limit = self.early_end_limit.max(time);
    }

    /// Sets the time; everything due before `now` must have left.
    pub fn advance_to(&mut self, now: u64) {
        self.now = now;
        let (movement, styles_pedal) = (self.movement, &mut self.styles_pedal);
        let off_is_past = |off: &mut PendingOff| *movement.times_of_end(off.came, off.due).end() < now;
        while self.pending_offs.pop_front_if(off_is_past).is_some() {}
        for event in self.pending.iter_mut().filter(|event| *movement.times(event.due).start() < now) {
            event.may_be_unheard |= styles_pedal.drops(&event.message);
        }
        styles_pedal.block_ends();
        let is_past = |event: &mut PendingEvent| *movement.times(event.due).end() < now;
        while let Some(PendingEvent { message, due, may_be_dropped, may_be_unheard, .. }) =
            self.pending.pop_front_if(is_past)
        {
            if may_be_dropped {
                self.findings.dropped += 1;
            } else if !may_be_unheard {
                self.findings.lost += 1;
                self.add_problem(Problem::Lost { message, due });
            }
        }
    }

    /// Allows the plugin to drop the notes that are pending at `now`, because the song jumped.
    pub fn allow_drops(&mut self, now: u64) {
        let movement = self.movement;
        for event in self.pending.iter_mut().filter(|event| *movement.times(event.due).end() >= now) {
            event.may_be_dropped |= event.slot().is_some();
        }
    }

    /// Counts everything pending as dropped, because the plugin was reset.
    pub fn drop_pending(&mut self) {
        self.findings.dropped += self.pending.drain(..).filter(|event| event.slot().is_some()).count() as u64;
        self.pending_offs.clear();
        self.allow_early_ends(self.now + 1);
    }

    /// Drops everything pending and sounding, because the plugin was activated anew and could send no note-offs.
    pub fn reset(&mut self) {
        self.drop_pending();
        self.styles_pedal.lift();
        self.keys.fill(Key::default());
    }

    /// Requires that no note sounds and that the style's pedal is up, after a rest long enough to end all.
    pub fn expect_silence(&mut self) {
        for slot in 0..self.keys.len() {
            let notes = std::mem::take(&mut self.keys[slot].sounding).len() as u32;
            if notes > 0 {
                self.findings.stuck += u64::from(notes);
                let (channel, key) = ((slot / 128) as u8, (slot % 128) as u8);
                self.add_problem(Problem::Stuck { channel, key, notes, at: self.now });
            }
        }
        for channel in self.styles_pedal.lift() {
            self.findings.pedals_down += 1;
            self.add_problem(Problem::PedalDown { channel, at: self.now });
        }
    }

    /// The totals.
    pub fn into_findings(self) -> Findings {
        self.findings
    }

    fn add_problem(&mut self, problem: Problem) {
        if self.findings.problems.len() < MAX_PROBLEMS {
            self.findings.problems.push(problem);
        }
    }
}

#[cfg(test)]
mod tests;
