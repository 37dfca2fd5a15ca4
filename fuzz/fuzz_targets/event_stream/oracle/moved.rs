//! Checks a scheduler's output where notes may move.
//!
//! Every event is emitted once, within the bounds around one latency after it came, and no earlier than it came. Only a
//! seek drops notes, and only a reset drops other events. Order is kept where it must be:
//!
//! - a key's notes and note-offs among each other, so that no note sounds over its own repetition,
//! - controllers and other events among each other, and before the note-ons after them,
//! - an all-notes-off after all that came before it on its channel.
//!
//! A release is a note-off that nobody sent. It ends a note that sounds, and only where a rule requires it:
//!
//! - at a seek or reset,
//! - before a controller 120 or 123,
//! - from one latency after a stop or loop wrap until the latest note has left, for notes that were due before then.
//!
//! Once nothing may move any more, and what had moved is gone, every event leaves when due.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use tonenet_core::scheduler::{DisplacementBounds, Event, SampleTime};

use super::sounding::SoundingNotes;
use super::{BlockRules, Oracle, PushedEvent};

/// The state of a session, as the [rules](self) give it.
pub struct MovedOracle {
    latency: u64,
    /// How far events move where they may.
    bounds: DisplacementBounds,
    /// What is due from here on leaves when due; `None` while notes may move.
    still_from: Option<SampleTime>,
    /// Whether the player's pedal is not heard in the block.
    drops_pedal: bool,
    /// Events pushed and not yet emitted, in the order of their numbers.
    pending: VecDeque<Pending>,
    /// One latency after each stop and wrap.
    interruptions: Vec<SampleTime>,
    sounding: SoundingNotes,
    /// The sample of a seek or reset whose releases are not yet complete.
    silence_at: Option<SampleTime>,
    /// Channels whose notes were released for an all-notes-off that leaves at this sample.
    silenced: Vec<(SampleTime, u8)>,
    last_output: SampleTime,
    /// When an event was last emitted.
    last_event: SampleTime,
    /// The start of the block.
    block: SampleTime,
    /// While events are emitted early to make room: the sample at which they are.
    early: Option<SampleTime>,
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    pushed: PushedEvent,
    /// Whether it may have gone unheard already.
    may_be_gone: bool,
}

impl MovedOracle {
    /// The rules for a scheduler that holds every event for about `latency` samples.
    pub fn new(latency: u32, bounds: DisplacementBounds) -> Self {
        Self {
            latency: latency.into(),
            bounds,
            still_from: Some(0),
            drops_pedal: false,
            pending: VecDeque::new(),
            interruptions: Vec::new(),
            sounding: SoundingNotes::default(),
            silence_at: None,
            silenced: Vec::new(),
            last_output: 0,
            last_event: 0,
            block: 0,
            early: None,
        }
    }

    /// When an event may leave.
    fn times(&self, pushed: &PushedEvent) -> RangeInclusive<SampleTime> {
        let due = pushed.time + self.latency;
        let DisplacementBounds { early, late, longer, .. } = self.bounds;
        match pushed.event {
            _ if self.still_from.is_some_and(|still| due >= still) => due..=due,
            Event::NoteOff { .. } => pushed.time..=due + u64::from(late) + u64::from(longer),
            _ => due - u64::from(early)..=due + u64::from(late),
        }
    }

    /// How long it may take, from an interruption on, until notes with a note-off have ended.
    fn settling(&self) -> u64 {
        let DisplacementBounds { late, longer, .. } = self.bounds;
        2 * u64::from(late) + u64::from(longer)
    }

    fn check_order(&mut self, time: SampleTime) {
        assert!(time >= self.last_output, "output goes back from {} to {time}", self.last_output);
        self.last_output = time;
        assert!(self.silenced.iter().all(|(at, _)| *at == time), "a release without its all-notes-off");
    }

    /// After a seek or reset, the releases of all notes come before events.
    fn check_silence(&mut self) {
        if self.silence_at.take().is_some() {
            assert!(self.sounding.is_empty(), "a note still sounds after a seek or reset");
        }
    }

    /// Whether a stop or wrap requires the release of a note.
    fn is_interrupted(&self, time: SampleTime, due: SampleTime) -> bool {
        self.interruptions.iter().any(|&at| {
            // What is noticed late happens at once.
            let latest = (at + u64::from(self.bounds.late)).max(self.block).max(self.last_event);
            match self.early {
                Some(early) => time == early && due < at.max(early),
                None => due < at && (at..=latest).contains(&time),
            }
        })
    }

    /// Takes what left, and the player's pedals before it that were not heard. Nothing else may have to leave first.
    fn take(&mut self, place: usize) -> PushedEvent {
        let taken = self.pending.remove(place).map(|pending| pending.pushed).expect("a place among them");
        let drops_pedal = self.drops_pedal;
        let mut place = 0;
        while let Some(Pending { pushed, may_be_gone }) = self.pending.get(place).copied() {
            if pushed.number > taken.number {
                break;
            }
            if must_precede(&pushed.event, &taken.event) {
                let is_dropped = may_be_gone || drops_pedal && pushed.is_pedal;
                assert!(is_dropped, "{taken:?} leaves before {pushed:?}");
                self.pending.remove(place);
            } else {
                place += 1;
            }
        }
        taken
    }

    fn track(&mut self, time: SampleTime, PushedEvent { time: pushed, event, .. }: PushedEvent) {
        self.sounding.event_emitted(&event, pushed + self.latency);
        if let Event::AllNotesOff { channel } = event {
            self.silenced.retain(|silenced| *silenced != (time, channel));
        }
    }

    /// The player's pedals that have left unheard, or may have, by the end of a block.
    fn drop_pedals(&mut self, end: SampleTime) {
        let times: Vec<_> = self.pending.iter().map(|pending| self.times(&pending.pushed)).collect();
        for (pending, times) in self.pending.iter_mut().zip(&times) {
            pending.may_be_gone |= self.drops_pedal && pending.pushed.is_pedal && *times.start() < end;
        }
        let mut times = times.into_iter();
        self.pending.retain(|pending| times.next().is_none_or(|times| !pending.may_be_gone || *times.end() >= end));
    }
}

impl Oracle for MovedOracle {
    fn block_begins(&mut self, time: SampleTime) {
        self.block = time;
    }

    fn set_rules(&mut self, time: SampleTime, rules: BlockRules) {
        self.drops_pedal = rules.drops_pedal;
        if rules.bounds == DisplacementBounds::NONE {
            // The end of a shortened note is decided as soon as it has come, a latency before it is due.
            let decided = self.latency + u64::from(self.bounds.late);
            let settling = self.settling();
            self.still_from.get_or_insert(time + decided + settling);
        } else {
            assert_eq!(rules.bounds, self.bounds, "a session has one set of bounds");
            self.still_from = None;
        }
    }

    fn event_pushed(&mut self, pushed: PushedEvent) {
        self.pending.push_back(Pending { pushed, may_be_gone: false });
    }

    fn transport_interrupted(&mut self, time: SampleTime) {
        self.interruptions.push(time + self.latency);
    }

    fn transport_jumped(&mut self, time: SampleTime) {
        self.pending.retain(|pending| key(&pending.pushed.event).is_none());
        self.silence_at = Some(time);
    }

    fn reset(&mut self) {
        self.pending.clear();
        self.interruptions.clear();
        self.silenced.clear();
        self.silence_at = Some(0);
        self.still_from = self.still_from.map(|_| 0);
        (self.last_output, self.last_event, self.block) = (0, 0, 0);
    }

    fn set_early(&mut self, time: Option<SampleTime>) {
        self.early = time;
    }

    fn is_pending(&self, number: usize) -> bool {
        self.pending.binary_search_by_key(&number, |pending| pending.pushed.number).is_ok()
    }

    fn event_emitted(&mut self, time: SampleTime, matches: &dyn Fn(usize) -> bool) -> usize {
        self.check_order(time);
        self.check_silence();
        let place = self.pending.iter().position(|pending| matches(pending.pushed.number));
        let place = place.unwrap_or_else(|| panic!("an event is emitted at {time} that is not pending"));
        let taken = self.take(place);
        let times = self.early.map_or_else(|| self.times(&taken), |early| early..=early);
        assert!(times.contains(&time), "{taken:?} is emitted at {time}, not within {times:?}");
        // To make room, what comes within a block leaves at its start.
        assert!(self.early.is_some() || time >= taken.time, "{taken:?} leaves before it came, at {time}");
        self.last_event = time;
        self.track(time, taken);
        taken.number
    }

    fn release_emitted(&mut self, time: SampleTime, channel: u8, key: u8) {
        self.check_order(time);
        let due = self.sounding.due(channel, key);
        if let Some(at) = self.silence_at {
            assert_eq!(time, at, "a release after a seek or reset");
        } else if !self.is_interrupted(time, due) {
            let mut silences = self.pending.iter().filter(|p| p.pushed.event == Event::AllNotesOff { channel });
            assert!(silences.next().is_some(), "a release of key {key} at {time} without a reason, due {due}");
            self.silenced.push((time, channel));
        }
        self.sounding.release_emitted(channel, key);
    }

    fn block_ends(&mut self, end: SampleTime) {
        self.check_silence();
        assert!(self.silenced.is_empty(), "a release without its all-notes-off");
        self.drop_pedals(end);
        for Pending { pushed, .. } in &self.pending {
            let times = self.times(pushed);
            assert!(*times.end() >= end, "{pushed:?} is not emitted within {times:?}");
        }
        let settling = self.settling();
        for at in self.interruptions.extract_if(.., |at| *at + settling < end).collect::<Vec<_>>() {
            assert!(!self.sounding.any(|_, due| due < at), "a note still sounds after a stop or wrap at {at}");
        }
    }

    fn session_ends(&self) {
        assert!(self.pending.is_empty(), "{:?} are never emitted", self.pending);
        assert!(self.sounding.is_empty(), "notes that never end: {:?}", self.sounding);
    }
}

/// Channel and key of a note-on or note-off.
fn key(event: &Event) -> Option<(u8, u8)> {
    match *event {
        Event::NoteOn { channel, key } | Event::PlainNoteOn { channel, key } | Event::NoteOff { channel, key } => {
            Some((channel, key))
        }
        Event::AllNotesOff { .. } | Event::Other => None,
    }
}

/// Whether an event leaves before another one that came after it.
fn must_precede(before: &Event, after: &Event) -> bool {
    match (key(before), key(after)) {
        (Some(before), Some(after)) => before == after,
        (Some((channel, _)), None) => *after == Event::AllNotesOff { channel },
        (None, Some(_)) => !matches!(after, Event::NoteOff { .. }),
        (None, None) => true,
    }
}
