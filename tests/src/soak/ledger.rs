//! Keeps book of what came in and what came out.

use std::collections::VecDeque;

use tonenet_core::midi::MidiMessage;

use super::SoakReport;
use crate::clap::BlockOutput;

/// How many problems are told in words.
const TOLD: usize = 10;

/// Something that must not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A note did not leave when it was due.
    Lost {
        /// Its id.
        id: u32,
        /// The sample it was due at.
        due: u64,
    },
    /// A note left at another time.
    Mistimed {
        /// Its id.
        id: u32,
        /// The sample it was due at.
        due: u64,
        /// The sample it left at.
        left: u64,
    },
    /// A note left that nobody played, or that had left before.
    Duplicated {
        /// Its id, where it has one.
        id: Option<u32>,
        /// The sample it left at.
        left: u64,
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

#[derive(Debug)]
struct UnderWay {
    id: u32,
    due: u64,
    may_be_dropped: bool,
}

/// See the [module](self).
#[derive(Debug)]
pub struct Ledger {
    /// By the time they are due.
    under_way: VecDeque<UnderWay>,
    sounding: Vec<u32>,
    now: u64,
    left: u64,
    dropped: u64,
    lost: u64,
    stuck: u64,
    duplicated: u64,
    mistimed: u64,
    problems: Vec<Problem>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            under_way: VecDeque::new(),
            sounding: vec![0; 16 * 128],
            now: 0,
            left: 0,
            dropped: 0,
            lost: 0,
            stuck: 0,
            duplicated: 0,
            mistimed: 0,
            problems: Vec::new(),
        }
    }
}

impl Ledger {
    /// A note came in; only notes with an id are kept book of.
    pub fn came_in(&mut self, id: Option<u32>, time: u64, latency: u64) {
        if let Some(id) = id {
            self.under_way.push_back(UnderWay { id, due: time + latency, may_be_dropped: false });
        }
    }

    /// Something left at a sample.
    pub fn came_out(&mut self, time: u64, out: &BlockOutput) {
        let MidiMessage::Channel([status, key, _]) = out.message else { return };
        let sounding = &mut self.sounding[usize::from(status & 0x0F) * 128 + usize::from(key & 0x7F)];
        match status & 0xF0 {
            0x80 => *sounding = sounding.saturating_sub(1),
            0x90 => {
                *sounding += 1;
                self.left += 1;
                let place = out.id.and_then(|id| self.under_way.iter().position(|n| n.id == id));
                match place.and_then(|place| self.under_way.remove(place)) {
                    Some(note) if note.due == time => {}
                    Some(note) => {
                        self.mistimed += 1;
                        self.tell_of(Problem::Mistimed { id: note.id, due: note.due, left: time });
                    }
                    None => {
                        self.duplicated += 1;
                        self.tell_of(Problem::Duplicated { id: out.id, left: time });
                    }
                }
            }
            _ => {}
        }
    }

    /// All before `now` has been processed.
    pub fn time_is(&mut self, now: u64) {
        self.now = now;
        while let Some(note) = self.under_way.pop_front_if(|n| n.due < now) {
            if note.may_be_dropped {
                self.dropped += 1;
            } else {
                self.lost += 1;
                self.tell_of(Problem::Lost { id: note.id, due: note.due });
            }
        }
    }

    /// The song jumped at `now`: what came in before may be dropped.
    pub fn may_drop_what_is_under_way(&mut self, now: u64) {
        self.under_way.iter_mut().filter(|n| n.due >= now).for_each(|n| n.may_be_dropped = true);
    }

    /// The plugin was reset: nothing of what came in may come out.
    pub fn everything_was_dropped(&mut self) {
        self.dropped += self.under_way.len() as u64;
        self.under_way.clear();
    }

    /// The plugin was activated anew: no event could end what sounded.
    pub fn forget(&mut self) {
        self.everything_was_dropped();
        self.sounding.fill(0);
    }

    /// Nothing has been played for so long that nothing may sound.
    pub fn all_must_have_ended(&mut self) {
        for place in 0..self.sounding.len() {
            let notes = std::mem::take(&mut self.sounding[place]);
            if notes > 0 {
                self.stuck += u64::from(notes);
                let (channel, key) = ((place / 128) as u8, (place % 128) as u8);
                self.tell_of(Problem::Stuck { channel, key, notes, at: self.now });
            }
        }
    }

    /// Writes the sums into a report.
    pub fn tell(self, report: &mut SoakReport) {
        (report.left, report.dropped) = (self.left, self.dropped);
        (report.lost, report.stuck) = (self.lost, self.stuck);
        (report.duplicated, report.mistimed) = (self.duplicated, self.mistimed);
        report.problems = self.problems;
    }

    fn tell_of(&mut self, problem: Problem) {
        if self.problems.len() < TOLD {
            self.problems.push(problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(time: u64, id: u32, ledger: &mut Ledger) {
        let message = MidiMessage::Channel([0x90, 60, 64]);
        ledger.came_out(time, &BlockOutput { time: 0, message, id: Some(id) });
    }

    fn off(time: u64, ledger: &mut Ledger) {
        ledger.came_out(time, &BlockOutput { time: 0, message: MidiMessage::Channel([0x80, 60, 64]), id: None });
    }

    fn told(ledger: Ledger) -> SoakReport {
        let mut report = SoakReport::default();
        ledger.tell(&mut report);
        report
    }

    #[test]
    fn a_note_that_leaves_in_time_and_ends_is_no_problem() {
        let mut ledger = Ledger::default();
        ledger.came_in(Some(1), 100, 480);
        on(580, 1, &mut ledger);
        off(700, &mut ledger);
        ledger.time_is(1_000);
        ledger.all_must_have_ended();
        let report = told(ledger);
        assert!(report.is_clean() && report.left == 1, "{report:?}");
    }

    #[test]
    fn every_kind_of_problem_is_seen() {
        let mut ledger = Ledger::default();
        for (id, time) in [(1, 100), (2, 200), (3, 300)] {
            ledger.came_in(Some(id), time, 480);
        }
        on(580, 1, &mut ledger);
        on(590, 1, &mut ledger);
        on(700, 2, &mut ledger);
        off(710, &mut ledger);
        ledger.time_is(1_000);
        ledger.all_must_have_ended();
        let report = told(ledger);
        assert_eq!((report.lost, report.stuck, report.duplicated, report.mistimed), (1, 2, 1, 1));
        assert_eq!(report.problems.len(), 4);
    }

    #[test]
    fn only_what_was_under_way_at_a_jump_may_be_dropped() {
        let mut ledger = Ledger::default();
        ledger.came_in(Some(1), 100, 480);
        ledger.may_drop_what_is_under_way(200);
        ledger.came_in(Some(2), 250, 480);
        ledger.time_is(1_000);
        let report = told(ledger);
        assert_eq!((report.dropped, report.lost), (1, 1));
    }
}
