//! What may come out of a scheduler: plain and slow, written from the rules and not from the scheduler.
//!
//! Everything leaves once, in the order it came, one latency later. Only a seek drops notes and only a reset all else;
//! a note-off that nobody sent comes for a note that sounds, when a rule asks for it: at a seek or reset at once, before a
//! controller 120 or 123 leaves, and one latency after a stop or loop wrap for what began to leave before then; where
//! that shows too late, at once.

use std::collections::{HashMap, VecDeque};

use tonenet_core::scheduler::{Event, SampleTime};

/// See the [module](self).
pub struct Oracle {
    latency: u64,
    /// What came in and has not left, with its number.
    under_way: VecDeque<(SampleTime, Event, usize)>,
    /// One latency after each stop or wrap, in order.
    releases: VecDeque<SampleTime>,
    sounding: HashMap<(u8, u8), Sounding>,
    /// The sample of a seek or reset after which something still sounds.
    silence_at: Option<SampleTime>,
    last_out: SampleTime,
    /// When an event last left.
    last_event: SampleTime,
    /// What shows late cannot leave before this.
    block: SampleTime,
    /// While what leaves makes room for something else: the sample at which it leaves.
    early: Option<SampleTime>,
}

/// Notes of one channel and key that have left and not ended.
#[derive(Debug, Clone, Copy, Default)]
struct Sounding {
    count: u32,
    /// When the last of them left.
    began: SampleTime,
}

impl Oracle {
    /// Of a scheduler that holds everything for so many samples.
    pub fn new(latency: u32) -> Self {
        Self {
            latency: latency.into(),
            under_way: VecDeque::new(),
            releases: VecDeque::new(),
            sounding: HashMap::new(),
            silence_at: None,
            last_out: 0,
            last_event: 0,
            block: 0,
            early: None,
        }
    }

    /// An event comes in; `number` is the caller's.
    pub fn heard(&mut self, time: SampleTime, event: Event, number: usize) {
        self.under_way.push_back((time, event, number));
    }

    /// The transport stopped or wrapped, here or earlier.
    pub fn left(&mut self, time: SampleTime) {
        self.releases.push_back(time + self.latency);
        self.releases.make_contiguous().sort_unstable();
    }

    /// A block begins in which nothing can leave before `time`.
    pub fn block_begins(&mut self, time: SampleTime) {
        self.block = time;
    }

    /// The transport jumped.
    pub fn sought(&mut self, time: SampleTime) {
        let is_note =
            |event: &Event| matches!(event, Event::NoteOn { .. } | Event::PlainNoteOn { .. } | Event::NoteOff { .. });
        self.under_way.retain(|(_, event, _)| !is_note(event));
        self.silence_at = Some(time);
    }

    /// The clock begins again at sample 0.
    pub fn reset(&mut self) {
        self.under_way.clear();
        self.releases.clear();
        self.silence_at = Some(0);
        (self.last_out, self.last_event, self.block) = (0, 0, 0);
    }

    /// From now on things leave early, at `time`, or when due again.
    pub fn leaves_early(&mut self, time: Option<SampleTime>) {
        self.early = time;
    }

    /// Whether the event of this number is under way.
    pub fn is_under_way(&self, number: usize) -> bool {
        self.under_way.iter().any(|(.., its)| *its == number)
    }

    /// An event leaves; gives the number of the only one that may.
    pub fn event_leaves(&mut self, time: SampleTime) -> usize {
        self.check_order(time);
        self.check_silence();
        while let Some(release) = self.release_before_events() {
            self.ends(release);
        }
        let Some((came, event, number)) = self.under_way.pop_front() else {
            panic!("an event at {time} that nobody sent")
        };
        assert_eq!(time, self.early.unwrap_or(came + self.latency), "{event:?} of {came} leaves at another time");
        self.last_event = time;
        match event {
            Event::NoteOn { channel, key } | Event::PlainNoteOn { channel, key } => {
                let sounding = self.sounding.entry((channel, key)).or_default();
                *sounding = Sounding { count: sounding.count + 1, began: time };
            }
            Event::NoteOff { channel, key } => {
                let sounding = self.sounding.entry((channel, key)).or_default();
                sounding.count = sounding.count.saturating_sub(1);
            }
            Event::AllNotesOff { channel } => {
                assert!(!self.sounds(|its, _| its == channel), "channel {channel} sounds when its notes are off");
            }
            Event::Other => {}
        }
        number
    }

    /// A note-off that nobody sent leaves.
    pub fn release_leaves(&mut self, time: SampleTime, channel: u8, key: u8) {
        self.check_order(time);
        let Sounding { count, began } = self.sounding.get(&(channel, key)).copied().unwrap_or_default();
        assert!(count > 0, "a note-off of key {key} at {time}, which does not sound");
        let asked_for = match self.silence_at {
            Some(at) => time == at,
            None => self.is_asked_for(time, channel, began),
        };
        assert!(asked_for, "a note-off of key {key} at {time} for no reason");
        self.sounding.insert((channel, key), Sounding { count: count - 1, began });
    }

    /// Whether a stop, a wrap, or the controller in front asks for the end of what began then.
    fn is_asked_for(&mut self, time: SampleTime, channel: u8, began: SampleTime) -> bool {
        while let Some(release) = self.release_before_events() {
            let shows = self.early.unwrap_or(release).max(self.last_event).max(self.block);
            if time == shows && began < self.bound(release) {
                return true;
            }
            self.ends(release);
        }
        let its_own = |event: &Event| matches!(event, Event::AllNotesOff { channel: its } if *its == channel);
        self.under_way
            .front()
            .is_some_and(|(came, event, _)| its_own(event) && time == self.early.unwrap_or(came + self.latency))
    }

    /// The next release, where it comes before all events. At the sample of a note-off it is too early: that may be
    /// the one that was missing.
    fn release_before_events(&self) -> Option<SampleTime> {
        let release = *self.releases.front()?;
        let is_before = self.under_way.front().is_none_or(|(came, event, _)| match event {
            Event::NoteOff { .. } => release < came + self.latency,
            _ => release <= came + self.latency,
        });
        is_before.then_some(release)
    }

    /// What began before this is what a release ends.
    fn bound(&self, release: SampleTime) -> SampleTime {
        self.early.map_or(release, |early| early.max(release))
    }

    /// A release is over.
    fn ends(&mut self, release: SampleTime) {
        let bound = self.bound(release);
        assert!(!self.sounds(|_, began| began < bound), "something sounds on after a stop or wrap");
        self.releases.pop_front();
    }

    /// Everything due before `end` has left.
    pub fn block_ends(&mut self, end: SampleTime) {
        self.check_silence();
        while let Some(release) = self.release_before_events().filter(|release| *release < end) {
            self.ends(release);
        }
        if let Some((came, event, _)) = self.under_way.front().filter(|(came, ..)| came + self.latency < end) {
            panic!("{event:?} of {came} does not leave when due");
        }
    }

    /// The host has stopped and time has passed.
    pub fn session_ends(&self) {
        assert!(self.under_way.is_empty(), "{:?} never leave", self.under_way);
        assert!(!self.sounds(|_, _| true), "notes that never end: {:?}", self.sounding);
    }

    fn check_order(&mut self, time: SampleTime) {
        assert!(time >= self.last_out, "time goes back from {} to {time}", self.last_out);
        self.last_out = time;
    }

    /// After a seek or reset, the offs of all that sounded come first.
    fn check_silence(&mut self) {
        if self.silence_at.take().is_some() {
            assert!(!self.sounds(|_, _| true), "something sounds on after a seek or reset");
        }
    }

    /// Whether something sounds of which channel and beginning are so.
    fn sounds(&self, is_so: impl Fn(u8, SampleTime) -> bool) -> bool {
        self.sounding.iter().any(|((channel, _), its)| its.count > 0 && is_so(*channel, its.began))
    }
}
