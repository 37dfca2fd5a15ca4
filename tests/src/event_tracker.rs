//! Accounts for what came in and what came out: whether everything leaves once, when it should, and every note ends when its
//! off does, or where something has happened that ends notes.

use std::collections::VecDeque;

use tonenet_core::midi::MidiMessage;

use crate::host::BlockOutput;

/// How many problems are told in words.
const TOLD: usize = 10;

/// Something that must not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Something did not leave when it was due.
    Lost {
        /// What came in.
        message: MidiMessage,
        /// The sample it was due at.
        due: u64,
    },
    /// Something left at another time.
    Mistimed {
        /// What came in.
        message: MidiMessage,
        /// The sample it was due at.
        due: u64,
        /// The sample it left at.
        left: u64,
    },
    /// Something left that nobody played, or that had left before.
    Duplicated {
        /// What left.
        message: MidiMessage,
        /// The sample it left at.
        left: u64,
    },
    /// A note ended before its off, and nothing had happened that ends notes.
    CutShort {
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key.
        key: u8,
        /// The sample it began at.
        began: u64,
        /// The sample it ended at.
        ended: u64,
    },
    /// Notes still sounded after a rest.
    Stuck {
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key.
        key: u8,
        /// How many.
        notes: u32,
        /// The sample of the rest's end.
        at: u64,
    },
}

/// A note-on, or something that is no note; note-offs are accounted for by what sounds.
#[derive(Debug)]
struct UnderWay {
    id: Option<u32>,
    message: MidiMessage,
    due: u64,
    may_be_dropped: bool,
}

impl UnderWay {
    /// Whether this is what left, another velocity aside.
    fn is(&self, out: &BlockOutput) -> bool {
        match (&self.message, &out.message) {
            (MidiMessage::Channel([status, key, _]), MidiMessage::Channel([out_status, out_key, _]))
                if is_note_on(*status) =>
            {
                (status, key) == (out_status, out_key) && (out.id.is_none() || out.id == self.id)
            }
            (message, out) => message == out,
        }
    }
}

fn is_note_on(status: u8) -> bool {
    status & 0xF0 == 0x90
}

/// What a ledger found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Note-ons that left.
    pub left: u64,
    /// Note-ons that were dropped where they may be.
    pub dropped: u64,
    /// What never left and had no reason to be dropped.
    pub lost: u64,
    /// Notes that still sounded when all must have ended.
    pub stuck: u64,
    /// What left twice, or was never played.
    pub duplicated: u64,
    /// What left at another sample than one latency after it came in.
    pub mistimed: u64,
    /// Notes that ended before their off for no reason.
    pub cut_short: u64,
    /// The first few.
    pub problems: Vec<Problem>,
}

impl Findings {
    /// Whether everything left once, in time, and every note ended when it should.
    pub fn is_clean(&self) -> bool {
        self.lost + self.stuck + self.duplicated + self.mistimed + self.cut_short == 0
    }
}

/// See the [module](self).
#[derive(Debug)]
pub struct Ledger {
    /// By the time they are due.
    under_way: VecDeque<UnderWay>,
    /// When the notes of each channel and key that sound began.
    sounding: Vec<VecDeque<u64>>,
    /// Note-offs on their way: when each is due, its channel and key.
    offs: VecDeque<(u64, usize)>,
    /// What began to sound before this sample may be ended by the plugin.
    may_end: u64,
    now: u64,
    findings: Findings,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            under_way: VecDeque::new(),
            sounding: vec![VecDeque::new(); 16 * 128],
            offs: VecDeque::new(),
            may_end: 0,
            now: 0,
            findings: Findings::default(),
        }
    }
}

/// Where the notes of a message's channel and key are accounted for.
fn place(status: u8, key: u8) -> usize {
    usize::from(status & 0x0F) * 128 + usize::from(key & 0x7F)
}

impl Ledger {
    /// Something came in, a note with its id. The latency changes only when all is [forgotten](Self::forget).
    pub fn came_in(&mut self, id: Option<u32>, message: &MidiMessage, time: u64, latency: u64) {
        let due = time + latency;
        if let MidiMessage::Channel([status @ 0x80..=0x8F, key, _] | [status @ 0x90..=0x9F, key, 0]) = *message {
            self.offs.push_back((due, place(status, key)));
        } else {
            if matches!(message, MidiMessage::Channel([0xB0..=0xBF, 120 | 123, _])) {
                self.may_end_what_began_before(due);
            }
            self.under_way.push_back(UnderWay { id, message: message.clone(), due, may_be_dropped: false });
        }
    }

    /// Something left at a sample.
    pub fn came_out(&mut self, time: u64, out: &BlockOutput) {
        if let MidiMessage::Channel([status, key, _]) = out.message
            && matches!(status & 0xF0, 0x80 | 0x90)
        {
            if !is_note_on(status) {
                self.note_ended(status, key, time);
                return;
            }
            self.sounding[place(status, key)].push_back(time);
            self.findings.left += 1;
        }
        let at = |due: Option<u64>| self.under_way.iter().position(|u| due.is_none_or(|due| u.due == due) && u.is(out));
        match at(Some(time)).or_else(|| at(None)).and_then(|place| self.under_way.remove(place)) {
            Some(under_way) if under_way.due == time => {}
            Some(UnderWay { message, due, .. }) => {
                self.findings.mistimed += 1;
                self.tell_of(Problem::Mistimed { message, due, left: time });
            }
            None => {
                self.findings.duplicated += 1;
                self.tell_of(Problem::Duplicated { message: out.message.clone(), left: time });
            }
        }
    }

    fn note_ended(&mut self, status: u8, key: u8, time: u64) {
        let own = self.offs.iter().position(|off| *off == (time, place(status, key)));
        let is_own = own.is_some_and(|own| self.offs.remove(own).is_some());
        if let Some(began) = self.sounding[place(status, key)].pop_front().filter(|began| *began >= self.may_end)
            && !is_own
        {
            self.findings.cut_short += 1;
            self.tell_of(Problem::CutShort { channel: status & 0x0F, key, began, ended: time });
        }
    }

    /// Something has happened that ends notes: those that began to sound before a sample need no off of their own.
    pub fn may_end_what_began_before(&mut self, time: u64) {
        self.may_end = self.may_end.max(time);
    }

    /// All before `now` has been processed.
    pub fn time_is(&mut self, now: u64) {
        self.now = now;
        while self.offs.pop_front_if(|(due, _)| *due < now).is_some() {}
        while let Some(UnderWay { message, due, may_be_dropped, .. }) = self.under_way.pop_front_if(|u| u.due < now) {
            if may_be_dropped {
                self.findings.dropped += 1;
            } else {
                self.findings.lost += 1;
                self.tell_of(Problem::Lost { message, due });
            }
        }
    }

    /// The song jumped at `now`: notes that came in before may be dropped.
    pub fn may_drop_notes_under_way(&mut self, now: u64) {
        for under_way in self.under_way.iter_mut().filter(|u| u.due >= now) {
            under_way.may_be_dropped |=
                matches!(under_way.message, MidiMessage::Channel([status, ..]) if is_note_on(status));
        }
    }

    /// The plugin was reset: nothing of what came in may come out.
    pub fn everything_was_dropped(&mut self) {
        let notes = |u: &UnderWay| matches!(u.message, MidiMessage::Channel([status, ..]) if is_note_on(status));
        self.findings.dropped += self.under_way.drain(..).filter(notes).count() as u64;
        self.offs.clear();
        self.may_end_what_began_before(self.now + 1);
    }

    /// The plugin was activated anew: no event could end what sounded.
    pub fn forget(&mut self) {
        self.everything_was_dropped();
        self.sounding.iter_mut().for_each(VecDeque::clear);
    }

    /// Nothing has been played for so long that nothing may sound.
    pub fn all_must_have_ended(&mut self) {
        for place in 0..self.sounding.len() {
            let notes = std::mem::take(&mut self.sounding[place]).len() as u32;
            if notes > 0 {
                self.findings.stuck += u64::from(notes);
                let (channel, key) = ((place / 128) as u8, (place % 128) as u8);
                self.tell_of(Problem::Stuck { channel, key, notes, at: self.now });
            }
        }
    }

    /// What it found.
    pub fn findings(self) -> Findings {
        self.findings
    }

    fn tell_of(&mut self, problem: Problem) {
        if self.findings.problems.len() < TOLD {
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

    fn comes_out(time: u64, message: MidiMessage, id: Option<u32>, ledger: &mut Ledger) {
        ledger.came_out(time, &BlockOutput { sample: 0, message, id });
    }

    #[test]
    fn what_leaves_in_time_and_ends_is_no_problem() {
        let mut ledger = Ledger::default();
        ledger.came_in(Some(1), &ON, 100, 480);
        ledger.came_in(None, &PEDAL, 110, 480);
        ledger.came_in(Some(1), &OFF, 220, 480);
        comes_out(580, MidiMessage::Channel([0x90, 60, 20]), Some(1), &mut ledger);
        comes_out(590, PEDAL, None, &mut ledger);
        comes_out(700, OFF, None, &mut ledger);
        ledger.time_is(1_000);
        ledger.all_must_have_ended();
        let findings = ledger.findings();
        assert!(findings.is_clean() && findings.left == 1, "{findings:?}");
    }

    #[test]
    fn every_kind_of_problem_is_seen() {
        let mut ledger = Ledger::default();
        for (id, time) in [(1, 100), (2, 200), (3, 300)] {
            ledger.came_in(Some(id), &ON, time, 480);
        }
        comes_out(580, ON, Some(1), &mut ledger);
        comes_out(590, ON, Some(1), &mut ledger);
        comes_out(700, ON, Some(2), &mut ledger);
        comes_out(710, OFF, None, &mut ledger);
        ledger.time_is(1_000);
        ledger.all_must_have_ended();
        let findings = ledger.findings();
        assert_eq!((findings.lost, findings.stuck, findings.duplicated, findings.mistimed), (1, 2, 1, 1));
        assert_eq!((findings.cut_short, findings.problems.len()), (1, 5));
    }

    #[test]
    fn a_note_may_end_without_its_off_only_where_something_ends_notes() {
        let mut ledger = Ledger::default();
        for (id, time) in [(1, 100), (2, 300)] {
            ledger.came_in(Some(id), &ON, time, 480);
            comes_out(time + 480, ON, Some(id), &mut ledger);
        }
        ledger.may_end_what_began_before(200 + 480);
        comes_out(680, OFF, None, &mut ledger);
        comes_out(900, OFF, None, &mut ledger);
        ledger.time_is(1_000);
        let cut = Problem::CutShort { channel: 0, key: 60, began: 780, ended: 900 };
        assert_eq!(ledger.findings().problems, [cut]);
    }

    #[test]
    fn a_controller_that_changes_is_lost_and_another_invented() {
        let mut ledger = Ledger::default();
        ledger.came_in(None, &PEDAL, 100, 480);
        comes_out(580, MidiMessage::Channel([0xB0, 64, 126]), None, &mut ledger);
        ledger.time_is(1_000);
        let findings = ledger.findings();
        assert_eq!((findings.lost, findings.duplicated), (1, 1));
    }

    #[test]
    fn without_ids_notes_are_told_apart_by_when_they_are_due() {
        let mut ledger = Ledger::default();
        ledger.came_in(Some(1), &ON, 100, 480);
        ledger.came_in(Some(2), &ON, 200, 480);
        comes_out(680, ON, None, &mut ledger);
        ledger.time_is(1_000);
        assert_eq!(ledger.findings().problems, [Problem::Lost { message: ON, due: 580 }]);
    }

    #[test]
    fn only_notes_that_were_under_way_at_a_jump_may_be_dropped() {
        let mut ledger = Ledger::default();
        ledger.came_in(Some(1), &ON, 100, 480);
        ledger.came_in(None, &PEDAL, 100, 480);
        ledger.may_drop_notes_under_way(200);
        ledger.came_in(Some(2), &ON, 250, 480);
        ledger.time_is(1_000);
        let findings = ledger.findings();
        assert_eq!((findings.dropped, findings.lost), (1, 2));
    }
}
