//! What may come out of a scheduler: plain and slow, written from the rules and not from the scheduler.
//!
//! Everything leaves once, in the order it came, one latency later. Only a seek drops notes and only a reset all else;
//! a note-off that nobody sent comes for a note that sounds, when a rule asks for it: at a seek or reset at once, one
//! latency after a stop or loop wrap, and before a controller 120 or 123 leaves.

use std::collections::{HashMap, VecDeque};

use tonenet_core::scheduler::{Event, SampleTime};

/// See the [module](self).
pub struct Oracle {
    latency: u64,
    /// What came in and has not left, with its number.
    under_way: VecDeque<(SampleTime, Item)>,
    /// How many notes of each channel and key sound.
    sounding: HashMap<(u8, u8), u32>,
    /// The sample of a seek or reset after which something still sounds.
    silence_at: Option<SampleTime>,
    last_out: SampleTime,
    /// While what leaves makes room for something else: the sample at which it leaves.
    early: Option<SampleTime>,
}

#[derive(Debug, Clone, Copy)]
enum Item {
    Event(Event, usize),
    ReleaseAll,
}

impl Oracle {
    /// Of a scheduler that holds everything for so many samples.
    pub fn new(latency: u32) -> Self {
        Self {
            latency: latency.into(),
            under_way: VecDeque::new(),
            sounding: HashMap::new(),
            silence_at: None,
            last_out: 0,
            early: None,
        }
    }

    /// An event comes in; `number` is the caller's.
    pub fn heard(&mut self, time: SampleTime, event: Event, number: usize) {
        self.under_way.push_back((time, Item::Event(event, number)));
    }

    /// The transport stopped or wrapped.
    pub fn left(&mut self, time: SampleTime) {
        self.under_way.push_back((time, Item::ReleaseAll));
    }

    /// The transport jumped.
    pub fn sought(&mut self, time: SampleTime) {
        self.under_way.retain(|(_, item)| {
            let Item::Event(event, _) = item else { return true };
            !matches!(event, Event::NoteOn { .. } | Event::PlainNoteOn { .. } | Event::NoteOff { .. })
        });
        self.silence_at = Some(time);
    }

    /// The clock begins again at sample 0.
    pub fn reset(&mut self) {
        self.under_way.clear();
        self.silence_at = Some(0);
        self.last_out = 0;
    }

    /// From now on things leave early, at `time`, or when due again.
    pub fn leaves_early(&mut self, time: Option<SampleTime>) {
        self.early = time;
    }

    /// Whether the event of this number is under way.
    pub fn is_under_way(&self, number: usize) -> bool {
        self.under_way.iter().any(|(_, item)| matches!(item, Item::Event(_, n) if *n == number))
    }

    /// An event leaves; gives the number of the only one that may.
    pub fn event_leaves(&mut self, time: SampleTime) -> usize {
        self.check_order(time);
        self.check_silence();
        while let Some((_, Item::ReleaseAll)) = self.under_way.front() {
            assert!(!self.sounds(None), "something sounds on after a stop");
            self.under_way.pop_front();
        }
        let Some((came, Item::Event(event, number))) = self.under_way.pop_front() else {
            panic!("an event at {time} that nobody sent")
        };
        assert_eq!(time, self.early.unwrap_or(came + self.latency), "{event:?} of {came} leaves at another time");
        match event {
            Event::NoteOn { channel, key } | Event::PlainNoteOn { channel, key } => {
                *self.sounding.entry((channel, key)).or_default() += 1
            }
            Event::NoteOff { channel, key } => {
                self.sounding.entry((channel, key)).and_modify(|count| *count = count.saturating_sub(1));
            }
            Event::AllNotesOff { channel } => {
                assert!(!self.sounds(Some(channel)), "channel {channel} sounds when its notes are said to be off");
            }
            Event::Other => {}
        }
        number
    }

    /// A note-off that nobody sent leaves.
    pub fn release_leaves(&mut self, time: SampleTime, channel: u8, key: u8) {
        self.check_order(time);
        let asked_for = match (self.silence_at, self.under_way.front()) {
            (Some(at), _) => time == at,
            (None, Some((came, item))) => {
                let of_it = match item {
                    Item::ReleaseAll => true,
                    Item::Event(Event::AllNotesOff { channel: its }, _) => *its == channel,
                    Item::Event(..) => false,
                };
                of_it && time == self.early.unwrap_or(came + self.latency)
            }
            (None, None) => false,
        };
        assert!(asked_for, "a note-off of key {key} at {time} for no reason");
        let count = self.sounding.entry((channel, key)).or_default();
        assert!(*count > 0, "a note-off of key {key} at {time}, which does not sound");
        *count -= 1;
    }

    /// Everything due before `end` has left.
    pub fn block_ends(&mut self, end: SampleTime) {
        self.check_silence();
        while let Some((_, item)) = self.under_way.front().filter(|(came, _)| came + self.latency < end) {
            match item {
                Item::ReleaseAll => assert!(!self.sounds(None), "something sounds on after a stop"),
                Item::Event(event, _) => panic!("{event:?} does not leave when due"),
            }
            self.under_way.pop_front();
        }
    }

    /// The host has stopped and time has passed.
    pub fn session_ends(&self) {
        assert!(self.under_way.is_empty(), "{:?} never leave", self.under_way);
        assert!(!self.sounds(None), "notes that never end: {:?}", self.sounding);
    }

    fn check_order(&mut self, time: SampleTime) {
        assert!(time >= self.last_out, "time goes back from {} to {time}", self.last_out);
        self.last_out = time;
    }

    /// After a seek or reset, the offs of all that sounded come first.
    fn check_silence(&mut self) {
        if self.silence_at.take().is_some() {
            assert!(!self.sounds(None), "something sounds on after a seek or reset");
        }
    }

    /// Whether something sounds, on one channel or any.
    fn sounds(&self, channel: Option<u8>) -> bool {
        self.sounding.iter().any(|((its, _), count)| *count > 0 && channel.is_none_or(|channel| channel == *its))
    }
}
