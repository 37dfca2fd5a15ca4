//! Checks a scheduler's output where no note moves.
//!
//! Every event is emitted once, in the order of input, one latency later. Only a seek drops notes, and only a reset drops
//! other events. A release is a note-off that nobody sent. It ends a note that sounds, and only where a rule requires it:
//!
//! - at a seek or reset,
//! - before a controller 120 or 123,
//! - one latency after a stop or loop wrap, for notes emitted before then; at once where that time is noticed too late.

use std::collections::VecDeque;

use tonenet_core::scheduler::{Event, SampleTime};

use super::sounding::SoundingNotes;
use super::{BlockRules, Oracle, PushedEvent};

/// The state of a session, as the [rules](self) give it.
pub struct ExactOracle {
    latency: u64,
    /// Events pushed and not yet emitted, each with its number.
    pending: VecDeque<(SampleTime, Event, usize)>,
    /// The times of releases after stops and wraps, in order.
    releases: VecDeque<SampleTime>,
    sounding: SoundingNotes,
    /// The sample of a seek or reset whose releases are not yet complete.
    silence_at: Option<SampleTime>,
    last_output: SampleTime,
    /// When an event was last emitted.
    last_event: SampleTime,
    /// The start of the block: what is noticed late is not emitted before this.
    block: SampleTime,
    /// While events are emitted early to make room: the sample at which they are.
    early: Option<SampleTime>,
}

impl ExactOracle {
    /// The rules for a scheduler that holds every event for `latency` samples.
    pub fn new(latency: u32) -> Self {
        Self {
            latency: latency.into(),
            pending: VecDeque::new(),
            releases: VecDeque::new(),
            sounding: SoundingNotes::default(),
            silence_at: None,
            last_output: 0,
            last_event: 0,
            block: 0,
            early: None,
        }
    }

    /// Whether a stop, a wrap or the next controller requires the release of a note that was due at `due`.
    fn is_required(&mut self, time: SampleTime, channel: u8, due: SampleTime) -> bool {
        while let Some(release) = self.release_before_events() {
            let shows = self.early.unwrap_or(release).max(self.last_event).max(self.block);
            if time == shows && due < self.bound(release) {
                return true;
            }
            self.complete_release(release);
        }
        let is_own = |event: &Event| matches!(event, Event::AllNotesOff { channel: silenced } if *silenced == channel);
        self.pending
            .front()
            .is_some_and(|(pushed, event, _)| is_own(event) && time == self.early.unwrap_or(pushed + self.latency))
    }

    /// The next release, if it comes before all pending events. At the sample of a note-off the note-off comes first,
    /// because it may end the same note.
    fn release_before_events(&self) -> Option<SampleTime> {
        let release = *self.releases.front()?;
        let is_before = self.pending.front().is_none_or(|(pushed, event, _)| match event {
            Event::NoteOff { .. } => release < pushed + self.latency,
            _ => release <= pushed + self.latency,
        });
        is_before.then_some(release)
    }

    /// A release ends the notes that were due before this sample.
    fn bound(&self, release: SampleTime) -> SampleTime {
        self.early.map_or(release, |early| early.max(release))
    }

    /// A release is complete: nothing that it ends still sounds.
    fn complete_release(&mut self, release: SampleTime) {
        let bound = self.bound(release);
        assert!(!self.sounding.any(|_, due| due < bound), "a note still sounds after a stop or wrap");
        self.releases.pop_front();
    }

    fn check_order(&mut self, time: SampleTime) {
        assert!(time >= self.last_output, "output goes back from {} to {time}", self.last_output);
        self.last_output = time;
    }

    /// After a seek or reset, the releases of all notes come before events.
    fn check_silence(&mut self) {
        if self.silence_at.take().is_some() {
            assert!(self.sounding.is_empty(), "a note still sounds after a seek or reset");
        }
    }
}

impl Oracle for ExactOracle {
    fn set_rules(&mut self, _: SampleTime, rules: BlockRules) {
        assert!(rules == BlockRules::EXACT, "a session without a feel has {rules:?}");
    }

    fn block_begins(&mut self, time: SampleTime) {
        self.block = time;
    }

    fn event_pushed(&mut self, PushedEvent { time, event, number, .. }: PushedEvent) {
        self.pending.push_back((time, event, number));
    }

    fn transport_interrupted(&mut self, time: SampleTime) {
        self.releases.push_back(time + self.latency);
        self.releases.make_contiguous().sort_unstable();
    }

    fn transport_jumped(&mut self, time: SampleTime) {
        let is_note =
            |event: &Event| matches!(event, Event::NoteOn { .. } | Event::PlainNoteOn { .. } | Event::NoteOff { .. });
        self.pending.retain(|(_, event, _)| !is_note(event));
        self.silence_at = Some(time);
    }

    fn reset(&mut self) {
        self.pending.clear();
        self.releases.clear();
        self.silence_at = Some(0);
        (self.last_output, self.last_event, self.block) = (0, 0, 0);
    }

    fn set_early(&mut self, time: Option<SampleTime>) {
        self.early = time;
    }

    fn is_pending(&self, number: usize) -> bool {
        self.pending.iter().any(|(.., pending)| *pending == number)
    }

    fn event_emitted(&mut self, time: SampleTime, matches: &dyn Fn(usize) -> bool) -> usize {
        self.check_order(time);
        self.check_silence();
        while let Some(release) = self.release_before_events() {
            self.complete_release(release);
        }
        let Some((pushed, event, number)) = self.pending.pop_front() else {
            panic!("an event is emitted at {time} that nobody sent")
        };
        assert!(matches(number), "{event:?} of {pushed} is overtaken or changes on its way");
        assert_eq!(
            time,
            self.early.unwrap_or(pushed + self.latency),
            "{event:?} of {pushed} is emitted at another time"
        );
        self.last_event = time;
        self.sounding.event_emitted(&event, pushed + self.latency);
        number
    }

    fn release_emitted(&mut self, time: SampleTime, channel: u8, key: u8) {
        self.check_order(time);
        let due = self.sounding.due(channel, key);
        let required = match self.silence_at {
            Some(at) => time == at,
            None => self.is_required(time, channel, due),
        };
        assert!(required, "a release of key {key} at {time} without a reason");
        self.sounding.release_emitted(channel, key);
    }

    fn block_ends(&mut self, end: SampleTime) {
        self.check_silence();
        while let Some(release) = self.release_before_events().filter(|release| *release < end) {
            self.complete_release(release);
        }
        if let Some((pushed, event, _)) = self.pending.front().filter(|(pushed, ..)| pushed + self.latency < end) {
            panic!("{event:?} of {pushed} is not emitted when due");
        }
    }

    fn session_ends(&self) {
        assert!(self.pending.is_empty(), "{:?} are never emitted", self.pending);
        assert!(self.sounding.is_empty(), "notes that never end: {:?}", self.sounding);
    }
}
