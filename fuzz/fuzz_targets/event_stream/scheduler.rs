//! A script through core's scheduler: answers come at exact samples, early, late, twice or unasked.

use std::collections::HashMap;

use tonenet_core::dynamics::Expected;
use tonenet_core::note::DRUM_CHANNEL;
use tonenet_core::scheduler::{Estimate, Event, Hop, NoteId, Outcome, OutputEvent, SampleTime, Scheduler};
use tonenet_core::transport::{StepClock, Transport, TransportChange};

use super::oracle::Oracle;
use super::script::{EventScript, Script, Song, Step, closing_blocks};

/// Plays it and checks all that leaves.
pub fn play(script: &Script) {
    let mut player = Player::new(script);
    let mut song = Song::new(script);
    for step in script.steps() {
        match step {
            Step::Block(block) => {
                let (transport, change) = song.block(player.now, block);
                let events: Vec<_> = block.events().map(|(at, event)| (at, scheduler_event(event))).collect();
                player.block(block.samples(), &song.believed(&transport), change, &events);
                player.answer(NoteId(block.stray_answer.into()), f32::from(block.stray_answer), false);
            }
            Step::Reset => {
                player.reset();
                song.reset();
            }
        }
    }
    for (samples, transport) in closing_blocks(script.sample_rate(), script.look_ahead().latency) {
        let change = song.observe(player.now, samples, &transport);
        player.block(samples, &transport, change, &[]);
    }
    player.oracle.session_ends();
}

/// What core knows of an event.
fn scheduler_event(event: EventScript) -> Event {
    match event {
        EventScript::On { channel, key, velocity } => {
            let (channel, key) = (channel % 16, key % 128);
            if velocity % 8 == 0 { Event::PlainNoteOn { channel, key } } else { Event::NoteOn { channel, key } }
        }
        EventScript::Off { channel, key } | EventScript::Choke { channel, key } => {
            Event::NoteOff { channel: channel % 16, key: key % 128 }
        }
        EventScript::AllNotesOff { channel, .. } => Event::AllNotesOff { channel: channel % 16 },
        _ => Event::Other,
    }
}

/// An event as it came in.
struct Came {
    time: SampleTime,
    event: Event,
    id: NoteId,
    /// The last answer that came while it was under way.
    answer: Option<Estimate>,
}

struct Player<'a> {
    script: &'a Script,
    scheduler: Scheduler<usize>,
    clock: StepClock,
    oracle: Oracle,
    now: SampleTime,
    came: Vec<Came>,
    by_id: HashMap<NoteId, usize>,
    hops: Vec<Hop>,
    /// Answers under way: when each comes, and to which note.
    answers: Vec<(SampleTime, NoteId)>,
    /// Whether something left early since the clock began: questions about it are then left out.
    overloaded: bool,
}

impl<'a> Player<'a> {
    fn new(script: &'a Script) -> Self {
        let look_ahead = script.look_ahead();
        Self {
            script,
            scheduler: Scheduler::new(script.capacity(), look_ahead),
            clock: StepClock::new(script.sample_rate()),
            oracle: Oracle::new(look_ahead.latency),
            now: 0,
            came: Vec::new(),
            by_id: HashMap::new(),
            hops: Vec::new(),
            answers: Vec::new(),
            overloaded: false,
        }
    }

    fn reset(&mut self) {
        self.scheduler.reset(self.script.look_ahead());
        self.clock = StepClock::new(self.script.sample_rate());
        self.oracle.reset();
        self.now = 0;
        self.hops.clear();
        self.answers.clear();
        self.overloaded = false;
    }

    fn block(&mut self, samples: u32, transport: &Transport, change: Option<TransportChange>, events: &[(u32, Event)]) {
        let end = self.now + u64::from(samples);
        let mut left = None;
        match change {
            Some(TransportChange::Stopped { at }) => left = Some(at),
            Some(TransportChange::Wrapped { at, .. }) => self.transport_interrupted(at),
            Some(TransportChange::Sought) => {
                self.scheduler.transport_jumped(self.now);
                self.oracle.sought(self.now);
            }
            Some(TransportChange::Started) => self.scheduler.transport_started(self.now),
            Some(TransportChange::RanOn) | None => {}
        }
        self.clock.follow(self.now, transport);
        for &(at, event) in events {
            let time = self.now + u64::from(at.min(samples.saturating_sub(1)));
            if let Some(left) = left.take_if(|at| *at <= time) {
                self.transport_interrupted(left);
            }
            self.ask_up_to(time);
            self.make_room();
            self.hear(time, event);
        }
        if let Some(left) = left {
            self.transport_interrupted(left);
        }
        if samples > 0 {
            self.ask_up_to(end - 1);
        }
        let now = self.now;
        let due: Vec<_> = self.answers.extract_if(.., |(comes, _)| *comes <= now).collect();
        for (_, note) in due {
            self.answer(note, self.script.deviations[(note.0 % 3) as usize], true);
        }
        while let Some(leaving) = self.scheduler.next_due(end) {
            self.leaves(leaving);
        }
        self.oracle.block_ends(end);
        self.now = end;
    }

    fn transport_interrupted(&mut self, at: SampleTime) {
        self.scheduler.transport_interrupted(at);
        self.oracle.left(at);
    }

    fn hear(&mut self, time: SampleTime, event: Event) {
        let number = self.came.len();
        let id = self.scheduler.push_event(time, event, number);
        assert!(self.by_id.insert(id, number).is_none(), "{id:?} is used twice");
        self.oracle.heard(time, event, number);
        self.came.push(Came { time, event, id, answer: None });
        let places = (self.clock.position(time), self.clock.beats(time));
        assert!(places.0.is_finite() && places.1.is_none_or(f64::is_finite), "{time} lies at {places:?}");
    }

    /// Takes the questions up to a sample; each note's answer comes a while later.
    fn ask_up_to(&mut self, time: SampleTime) {
        while let Some(hop) = self.scheduler.next_hop(time) {
            assert!(hop.time <= time && hop.settle_from <= hop.settle_to, "{hop:?} by {time}");
            assert!(self.hops.last().is_none_or(|last| last.time <= hop.time), "{hop:?} goes back");
            self.hops.push(hop);
            let asked: Vec<NoteId> = self.settled_by(hop).collect();
            for note in asked {
                if self.script.early {
                    self.answer(note, 1.0, false);
                }
                self.answers.push((hop.time + u64::from(self.script.delay), note));
            }
        }
    }

    /// The notes under way that a hop settles.
    fn settled_by(&self, hop: Hop) -> impl Iterator<Item = NoteId> {
        let settled = move |came: &&Came| (hop.settle_from..hop.settle_to).contains(&came.time);
        self.came.iter().filter(settled).map(|came| came.id).filter(|id| self.oracle.is_under_way(self.by_id[id]))
    }

    fn answer(&mut self, note: NoteId, deviation: f32, settled: bool) {
        let estimate = Estimate { expected: Expected { level: 64.0, deviation }, settled };
        self.scheduler.set_estimate(note, estimate);
        if let Some(&number) = self.by_id.get(&note).filter(|number| self.oracle.is_under_way(**number)) {
            self.came[number].answer = Some(estimate);
        }
    }

    fn make_room(&mut self) {
        if !self.scheduler.is_full() {
            return;
        }
        self.overloaded = true;
        self.oracle.leaves_early(Some(self.now));
        while let Some(leaving) = self.scheduler.emit_early(self.now) {
            self.leaves(leaving);
        }
        assert!(!self.scheduler.is_full(), "nothing leaves to make room");
        self.oracle.leaves_early(None);
    }

    fn leaves(&mut self, leaving: OutputEvent<usize>) {
        let (time, id, event, payload, outcome) = match leaving {
            OutputEvent::Release { time, channel, key } => return self.oracle.release_leaves(time, channel, key),
            OutputEvent::Event { time, id, event, payload, outcome } => (time, id, event, payload, outcome),
        };
        let number = self.oracle.event_leaves(time);
        let came = &self.came[number];
        assert_eq!((payload, event, id), (number, came.event, came.id));
        let expected = match (is_restyled(event), came.answer) {
            (false, _) => Outcome::Untouched,
            (true, Some(Estimate { expected, settled: true })) => Outcome::Restyled(expected),
            (true, early) => Outcome::Late(early.map(|e| e.expected)),
        };
        assert_eq!(format!("{outcome:?}"), format!("{expected:?}"), "a deviation may be no number, equal to none");
        // Without latency a note leaves first and is asked about afterwards.
        let held = self.script.look_ahead().latency > 0;
        if is_restyled(event) && held && !self.overloaded {
            let asked: Vec<_> =
                self.hops.iter().filter(|hop| (hop.settle_from..hop.settle_to).contains(&came.time)).collect();
            let once = matches!(asked[..], [hop] if hop.time > came.time && hop.time <= time);
            assert!(once, "the note of {} is asked about at {asked:?}", came.time);
        }
    }
}

/// Whether it is a note that models give a velocity: of the piano's keys, and no drum.
fn is_restyled(event: Event) -> bool {
    matches!(event, Event::NoteOn { channel, key } if channel != DRUM_CHANNEL && (21..=108).contains(&key))
}
