//! Accounts for every note and message of a session: each must leave once and on time, and each note must end on time.
#![forbid(unsafe_code)]

use std::collections::VecDeque;

use tonenet_core::midi::MidiMessage;

use crate::host::BlockOutput;

/// How many problems are kept with their details.
const MAX_PROBLEMS: usize = 10;

/// An error in what left the plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A message never left.
    Lost {
        /// The message that went in.
        message: MidiMessage,
        /// The sample at which it was due.
        due: u64,
    },
    /// A message left too early or too late.
    Mistimed {
        /// The message that went in.
        message: MidiMessage,
        /// The sample at which it was due.
        due: u64,
        /// The sample at which it left.
        actual: u64,
    },
    /// A message left that nobody sent, or that had left before.
    Duplicated {
        /// The message that left.
        message: MidiMessage,
        /// The sample at which it left.
        actual: u64,
    },
    /// A note ended before its note-off, without an event that may end notes.
    CutShort {
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key.
        key: u8,
        /// The sample at which it began.
        began: u64,
        /// The sample at which it ended.
        ended: u64,
    },
    /// Notes still sounded after a rest that must end all notes.
    Stuck {
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key.
        key: u8,
        /// How many.
        notes: u32,
        /// The sample at which the rest ended.
        at: u64,
    },
}

/// A note-on or other message that has not left yet. Note-offs are tracked apart.
#[derive(Debug)]
struct PendingEvent {
    id: Option<u32>,
    message: MidiMessage,
    due: u64,
    may_be_dropped: bool,
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

    fn is_note(&self) -> bool {
        matches!(self.message, MidiMessage::Channel([status, ..]) if is_note_on(status))
    }
}

fn is_note_on(status: u8) -> bool {
    status & 0xF0 == 0x90
}

/// The totals of a tracked session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Note-ons that left.
    pub emitted: u64,
    /// Note-ons that were dropped where that is allowed.
    pub dropped: u64,
    /// Messages that never left, without a reason to drop them.
    pub lost: u64,
    /// Notes that still sounded when all must have ended.
    pub stuck: u64,
    /// Messages that left twice or that nobody sent.
    pub duplicated: u64,
    /// Messages that did not leave exactly one latency after they went in.
    pub mistimed: u64,
    /// Notes that ended before their note-off without a reason.
    pub cut_short: u64,
    /// The first few problems in detail.
    pub problems: Vec<Problem>,
}

impl Findings {
    /// Whether every message left once and on time, and every note ended on time.
    pub fn is_clean(&self) -> bool {
        self.lost + self.stuck + self.duplicated + self.mistimed + self.cut_short == 0
    }
}

/// Compares the events that leave the plugin with those that went in. See the [module](self).
#[derive(Debug)]
pub struct EventTracker {
    /// In the order in which they are due.
    pending: VecDeque<PendingEvent>,
    /// The start times of the sounding notes of each channel and key.
    sounding: Vec<VecDeque<u64>>,
    /// Pending note-offs: due time and [slot](note_slot).
    pending_offs: VecDeque<(u64, usize)>,
    /// The plugin may end notes that began before this sample.
    early_end_limit: u64,
    now: u64,
    findings: Findings,
}

impl Default for EventTracker {
    fn default() -> Self {
        Self {
            pending: VecDeque::new(),
            sounding: vec![VecDeque::new(); 16 * 128],
            pending_offs: VecDeque::new(),
            early_end_limit: 0,
            now: 0,
            findings: Findings::default(),
        }
    }
}

/// The index of a channel and key among the sounding notes.
fn note_slot(status: u8, key: u8) -> usize {
    usize::from(status & 0x0F) * 128 + usize::from(key & 0x7F)
}

impl EventTracker {
    /// Records a message that goes in, with its note id. [Reset](Self::reset) the tracker before the latency changes.
    pub fn record_input(&mut self, id: Option<u32>, message: &MidiMessage, time: u64, latency: u64) {
        let due = time + latency;
        if let MidiMessage::Channel([status @ 0x80..=0x8F, key, _] | [status @ 0x90..=0x9F, key, 0]) = *message {
            self.pending_offs.push_back((due, note_slot(status, key)));
        } else {
            if matches!(message, MidiMessage::Channel([0xB0..=0xBF, 120 | 123, _])) {
                self.allow_early_ends(due);
            }
            self.pending.push_back(PendingEvent { id, message: message.clone(), due, may_be_dropped: false });
        }
    }

    /// Records an event that left at a sample.
    pub fn record_output(&mut self, time: u64, out: &BlockOutput) {
        if let MidiMessage::Channel([status, key, _]) = out.message
            && matches!(status & 0xF0, 0x80 | 0x90)
        {
            if !is_note_on(status) {
                self.end_note(status, key, time);
                return;
            }
            self.sounding[note_slot(status, key)].push_back(time);
            self.findings.emitted += 1;
        }
        let find = |due: Option<u64>| {
            self.pending.iter().position(|event| due.is_none_or(|due| event.due == due) && event.matches(out))
        };
        match find(Some(time)).or_else(|| find(None)).and_then(|index| self.pending.remove(index)) {
            Some(event) if event.due == time => {}
            Some(PendingEvent { message, due, .. }) => {
                self.findings.mistimed += 1;
                self.add_problem(Problem::Mistimed { message, due, actual: time });
            }
            None => {
                self.findings.duplicated += 1;
                self.add_problem(Problem::Duplicated { message: out.message.clone(), actual: time });
            }
        }
    }

    fn end_note(&mut self, status: u8, key: u8, time: u64) {
        let slot = note_slot(status, key);
        let own_off = self.pending_offs.iter().position(|off| *off == (time, slot));
        let has_own_off = own_off.is_some_and(|index| self.pending_offs.remove(index).is_some());
        if let Some(began) = self.sounding[slot].pop_front().filter(|began| *began >= self.early_end_limit)
            && !has_own_off
        {
            self.findings.cut_short += 1;
            self.add_problem(Problem::CutShort { channel: status & 0x0F, key, began, ended: time });
        }
    }

    /// Allows the plugin to end notes that began before a sample without their note-offs.
    pub fn allow_early_ends(&mut self, time: u64) {
        self.early_end_limit = self.early_end_limit.max(time);
    }

    /// Sets the time; everything due before `now` must have left.
    pub fn advance_to(&mut self, now: u64) {
        self.now = now;
        while self.pending_offs.pop_front_if(|(due, _)| *due < now).is_some() {}
        while let Some(PendingEvent { message, due, may_be_dropped, .. }) = self.pending.pop_front_if(|e| e.due < now) {
            if may_be_dropped {
                self.findings.dropped += 1;
            } else {
                self.findings.lost += 1;
                self.add_problem(Problem::Lost { message, due });
            }
        }
    }

    /// Allows the plugin to drop the notes that are pending at `now`, because the song jumped.
    pub fn allow_drops(&mut self, now: u64) {
        for event in self.pending.iter_mut().filter(|event| event.due >= now) {
            event.may_be_dropped |= event.is_note();
        }
    }

    /// Counts everything pending as dropped, because the plugin was reset.
    pub fn drop_pending(&mut self) {
        self.findings.dropped += self.pending.drain(..).filter(PendingEvent::is_note).count() as u64;
        self.pending_offs.clear();
        self.allow_early_ends(self.now + 1);
    }

    /// Drops everything pending and sounding, because the plugin was activated anew and could send no note-offs.
    pub fn reset(&mut self) {
        self.drop_pending();
        self.sounding.iter_mut().for_each(VecDeque::clear);
    }

    /// Requires that no note sounds, after a rest long enough to end all.
    pub fn expect_silence(&mut self) {
        for slot in 0..self.sounding.len() {
            let notes = std::mem::take(&mut self.sounding[slot]).len() as u32;
            if notes > 0 {
                self.findings.stuck += u64::from(notes);
                let (channel, key) = ((slot / 128) as u8, (slot % 128) as u8);
                self.add_problem(Problem::Stuck { channel, key, notes, at: self.now });
            }
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
mod tests {
    use super::*;

    const ON: MidiMessage = MidiMessage::Channel([0x90, 60, 64]);
    const OFF: MidiMessage = MidiMessage::Channel([0x80, 60, 64]);
    const PEDAL: MidiMessage = MidiMessage::Channel([0xB0, 64, 127]);

    fn record(time: u64, message: MidiMessage, id: Option<u32>, tracker: &mut EventTracker) {
        tracker.record_output(time, &BlockOutput { offset: 0, message, id });
    }

    #[test]
    fn messages_that_leave_on_time_and_notes_that_end_are_no_problem() {
        let mut tracker = EventTracker::default();
        tracker.record_input(Some(1), &ON, 100, 480);
        tracker.record_input(None, &PEDAL, 110, 480);
        tracker.record_input(Some(1), &OFF, 220, 480);
        record(580, MidiMessage::Channel([0x90, 60, 20]), Some(1), &mut tracker);
        record(590, PEDAL, None, &mut tracker);
        record(700, OFF, None, &mut tracker);
        tracker.advance_to(1_000);
        tracker.expect_silence();
        let findings = tracker.into_findings();
        assert!(findings.is_clean() && findings.emitted == 1, "{findings:?}");
    }

    #[test]
    fn every_kind_of_problem_is_found() {
        let mut tracker = EventTracker::default();
        for (id, time) in [(1, 100), (2, 200), (3, 300)] {
            tracker.record_input(Some(id), &ON, time, 480);
        }
        record(580, ON, Some(1), &mut tracker);
        record(590, ON, Some(1), &mut tracker);
        record(700, ON, Some(2), &mut tracker);
        record(710, OFF, None, &mut tracker);
        tracker.advance_to(1_000);
        tracker.expect_silence();
        let findings = tracker.into_findings();
        assert_eq!((findings.lost, findings.stuck, findings.duplicated, findings.mistimed), (1, 2, 1, 1));
        assert_eq!((findings.cut_short, findings.problems.len()), (1, 5));
    }

    #[test]
    fn a_note_may_end_without_its_note_off_only_where_early_ends_are_allowed() {
        let mut tracker = EventTracker::default();
        for (id, time) in [(1, 100), (2, 300)] {
            tracker.record_input(Some(id), &ON, time, 480);
            record(time + 480, ON, Some(id), &mut tracker);
        }
        tracker.allow_early_ends(200 + 480);
        record(680, OFF, None, &mut tracker);
        record(900, OFF, None, &mut tracker);
        tracker.advance_to(1_000);
        let cut = Problem::CutShort { channel: 0, key: 60, began: 780, ended: 900 };
        assert_eq!(tracker.into_findings().problems, [cut]);
    }

    #[test]
    fn a_changed_controller_counts_as_one_lost_and_one_duplicated() {
        let mut tracker = EventTracker::default();
        tracker.record_input(None, &PEDAL, 100, 480);
        record(580, MidiMessage::Channel([0xB0, 64, 126]), None, &mut tracker);
        tracker.advance_to(1_000);
        let findings = tracker.into_findings();
        assert_eq!((findings.lost, findings.duplicated), (1, 1));
    }

    #[test]
    fn notes_without_ids_are_matched_by_due_time() {
        let mut tracker = EventTracker::default();
        tracker.record_input(Some(1), &ON, 100, 480);
        tracker.record_input(Some(2), &ON, 200, 480);
        record(680, ON, None, &mut tracker);
        tracker.advance_to(1_000);
        assert_eq!(tracker.into_findings().problems, [Problem::Lost { message: ON, due: 580 }]);
    }

    #[test]
    fn only_notes_pending_at_a_jump_may_be_dropped() {
        let mut tracker = EventTracker::default();
        tracker.record_input(Some(1), &ON, 100, 480);
        tracker.record_input(None, &PEDAL, 100, 480);
        tracker.allow_drops(200);
        tracker.record_input(Some(2), &ON, 250, 480);
        tracker.advance_to(1_000);
        let findings = tracker.into_findings();
        assert_eq!((findings.dropped, findings.lost), (1, 2));
    }
}
