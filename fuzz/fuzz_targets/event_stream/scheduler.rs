//! Plays a script through core's scheduler; estimates arrive at exact samples: early, late, twice or unrequested.

use std::collections::HashMap;

use tonenet_core::dynamics::Expected;
use tonenet_core::feel::{Displacement, Feel, FeelControls, WrittenPlace};
use tonenet_core::note::DRUM_CHANNEL;
use tonenet_core::scheduler::{
    Displace, DisplacementBounds, Estimate, Event, Hop, NoteId, Outcome, OutputEvent, RequestPolicy, SampleTime,
    Scheduler, SchedulerConfig,
};
use tonenet_core::transport::{StepClock, Transport, TransportChange};

use super::Played;
use super::hands::Hands;
use super::oracle::{self, BlockRules, Oracle};
use super::script::{EventScript, Script, Song, closing_blocks};

/// Plays a script and checks everything that is emitted.
pub fn play(script: &Script) -> Played {
    let mut player = Player::new(script);
    let mut song = Song::new(script);
    let mut hands = Hands::default();
    for block in script.blocks() {
        if block.resets() {
            player.reset();
            song.reset();
        }
        let (transport, change) = song.block(player.now, block);
        let events: Vec<_> = block.events(&mut hands).map(|(at, event)| (at, scheduler_event(event))).collect();
        if script.moves() {
            player.controls = block.settings.feel.controls();
        }
        player.block(block.samples(), &song.believed(&transport), change, &events);
        player.set_estimate(NoteId(block.stray_estimate.into()), f32::from(block.stray_estimate), false);
    }
    for (samples, transport) in closing_blocks(script) {
        let change = song.observe(player.now, samples, &transport);
        player.block(samples, &transport, change, &[]);
    }
    player.oracle.session_ends();
    player.played
}

/// The event as core's scheduler sees it.
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

/// An event that was pushed.
struct PushedEvent {
    time: SampleTime,
    event: Event,
    id: NoteId,
    /// The last estimate that arrived while the event was pending.
    estimate: Option<Estimate>,
}

/// What travels with an event: its number, and what moves its note.
#[derive(Debug, Clone, Copy)]
struct Payload {
    number: usize,
    controls: FeelControls,
    place: WrittenPlace,
}

impl Displace for Payload {
    fn displacement(&self, feel: &Feel) -> Displacement {
        self.controls.displacement(feel, &self.place)
    }
}

struct Player<'a> {
    script: &'a Script,
    scheduler: Scheduler<Payload>,
    clock: StepClock,
    oracle: Box<dyn Oracle>,
    controls: FeelControls,
    played: Played,
    now: SampleTime,
    pushed: Vec<PushedEvent>,
    by_id: HashMap<NoteId, usize>,
    hops: Vec<Hop>,
    /// Estimates to come: when each arrives, and for which note.
    estimates: Vec<(SampleTime, NoteId)>,
    /// Whether an event was emitted early since the clock started: the scheduler makes no requests for those.
    overloaded: bool,
    /// Whether events are emitted early at this moment.
    makes_room: bool,
}

impl<'a> Player<'a> {
    fn new(script: &'a Script) -> Self {
        let scheduler_config = script.scheduler_config();
        Self {
            script,
            scheduler: Scheduler::new(script.capacity(), scheduler_config),
            clock: StepClock::new(script.sample_rate()),
            oracle: oracle::for_script(script),
            controls: FeelControls::OFF,
            played: Played::default(),
            now: 0,
            pushed: Vec::new(),
            by_id: HashMap::new(),
            hops: Vec::new(),
            estimates: Vec::new(),
            overloaded: false,
            makes_room: false,
        }
    }

    fn reset(&mut self) {
        self.scheduler.reset(self.script.scheduler_config());
        self.clock = StepClock::new(self.script.sample_rate());
        self.oracle.reset();
        self.now = 0;
        self.hops.clear();
        self.estimates.clear();
        self.overloaded = false;
    }

    fn block(&mut self, samples: u32, transport: &Transport, change: Option<TransportChange>, events: &[(u32, Event)]) {
        let end = self.now + u64::from(samples);
        let bounds = if self.controls.moves() { oracle::bounds(self.script) } else { DisplacementBounds::NONE };
        self.scheduler.set_bounds(bounds);
        self.oracle.set_rules(self.now, BlockRules { bounds, ..BlockRules::EXACT });
        let mut interrupted = None;
        match change {
            Some(TransportChange::Stopped { at }) => interrupted = Some(at),
            Some(TransportChange::Wrapped { at, .. }) => self.transport_interrupted(at),
            Some(TransportChange::Sought) => {
                self.scheduler.transport_jumped(self.now);
                self.oracle.transport_jumped(self.now);
            }
            Some(TransportChange::Started) => self.scheduler.transport_started(self.now),
            Some(TransportChange::RanOn) | None => {}
        }
        self.clock.follow(self.now, transport);
        for &(at, event) in events {
            let time = self.now + u64::from(at.min(samples.saturating_sub(1)));
            if let Some(interrupted) = interrupted.take_if(|at| *at <= time) {
                self.transport_interrupted(interrupted);
            }
            self.request_up_to(time);
            self.make_room();
            self.push_event(time, event, transport);
        }
        if let Some(interrupted) = interrupted {
            self.transport_interrupted(interrupted);
        }
        if samples > 0 {
            self.request_up_to(end - 1);
        }
        let now = self.now;
        let due: Vec<_> = self.estimates.extract_if(.., |(comes, _)| *comes <= now).collect();
        for (_, note) in due {
            self.set_estimate(note, self.script.deviations[(note.0 % 3) as usize], true);
        }
        while let Some(output) = self.scheduler.next_due(end) {
            self.check_output(output);
        }
        self.oracle.block_ends(end);
        self.now = end;
    }

    fn transport_interrupted(&mut self, at: SampleTime) {
        self.scheduler.transport_interrupted(at);
        self.oracle.transport_interrupted(at);
    }

    fn push_event(&mut self, time: SampleTime, event: Event, transport: &Transport) {
        let number = self.pushed.len();
        let sample_rate = self.script.sample_rate();
        let place = WrittenPlace {
            beat_phase: self.clock.beats(time).map(|beats| beats.rem_euclid(1.0)),
            beat_samples: transport.beat_seconds() * sample_rate,
            sample_rate,
        };
        let id = self.scheduler.push_event(time, event, Payload { number, controls: self.controls, place });
        assert!(self.by_id.insert(id, number).is_none(), "{id:?} is used twice");
        self.oracle.event_pushed(oracle::PushedEvent { time, event, number, is_pedal: false });
        self.pushed.push(PushedEvent { time, event, id, estimate: None });
        let places = (self.clock.position(time), self.clock.beats(time));
        assert!(places.0.is_finite() && places.1.is_none_or(f64::is_finite), "{time} is at {places:?}");
    }

    /// Takes the inference requests up to a sample; each note's estimate arrives later.
    fn request_up_to(&mut self, time: SampleTime) {
        while let Some(hop) = self.scheduler.next_hop(time) {
            assert!(hop.time <= time && hop.settle_from <= hop.settle_to, "{hop:?} by {time}");
            assert!(self.hops.last().is_none_or(|last| last.time <= hop.time), "{hop:?} goes back");
            self.hops.push(hop);
            let requested: Vec<NoteId> = self.notes_settled_by(hop).collect();
            for note in requested {
                if self.script.early {
                    self.set_estimate(note, 1.0, false);
                }
                self.estimates.push((hop.time + self.script.delay(), note));
            }
        }
    }

    /// The pending notes that a hop settles.
    fn notes_settled_by(&self, hop: Hop) -> impl Iterator<Item = NoteId> {
        let settled = move |pushed: &&PushedEvent| (hop.settle_from..hop.settle_to).contains(&pushed.time);
        self.pushed.iter().filter(settled).map(|pushed| pushed.id).filter(|id| self.oracle.is_pending(self.by_id[id]))
    }

    fn set_estimate(&mut self, note: NoteId, deviation: f32, settled: bool) {
        let feel = self.script.feels[(note.0 % 3) as usize].feel();
        let estimate = Estimate { expected: Expected { level: 64.0, deviation }, feel, settled };
        self.scheduler.set_estimate(note, estimate);
        if let Some(&number) = self.by_id.get(&note).filter(|number| self.oracle.is_pending(**number)) {
            self.pushed[number].estimate = Some(estimate);
        }
    }

    fn make_room(&mut self) {
        if !self.scheduler.is_full() {
            return;
        }
        self.overloaded = true;
        self.makes_room = true;
        self.oracle.set_early(Some(self.now));
        while let Some(output) = self.scheduler.emit_early(self.now) {
            self.check_output(output);
        }
        assert!(!self.scheduler.is_full(), "nothing is emitted to make room");
        self.oracle.set_early(None);
        self.makes_room = false;
    }

    fn check_output(&mut self, output: OutputEvent<Payload>) {
        let (time, id, event, payload, outcome) = match output {
            OutputEvent::Release { time, channel, key } => return self.oracle.release_emitted(time, channel, key),
            OutputEvent::Event { time, id, event, payload, outcome } => (time, id, event, payload, outcome),
        };
        let number = self.oracle.event_emitted(time, &|number| number == payload.number);
        let pushed = &self.pushed[number];
        assert_eq!((event, id), (pushed.event, pushed.id));
        let SchedulerConfig { latency, policy } = self.script.scheduler_config();
        if !self.makes_room {
            self.played.count(event, time.abs_diff(pushed.time + u64::from(latency)));
        }
        let expected = match (is_restylable(event), pushed.estimate) {
            (false, _) => Outcome::Untouched,
            (true, Some(Estimate { expected, settled: true, .. })) => Outcome::Restyled(expected),
            (true, early) => Outcome::Late(early.map(|e| e.expected)),
        };
        assert_eq!(format!("{outcome:?}"), format!("{expected:?}"), "compared as text, because a deviation may be NaN");
        // Without waiting for a model a note may be emitted first and settled afterwards.
        let held = !matches!(policy, RequestPolicy::Deferred(_));
        if is_restylable(event) && held && !self.overloaded {
            let requested: Vec<_> =
                self.hops.iter().filter(|hop| (hop.settle_from..hop.settle_to).contains(&pushed.time)).collect();
            let once = matches!(requested[..], [hop] if hop.time > pushed.time && hop.time <= time);
            assert!(once, "the note of {} is settled by {requested:?}", pushed.time);
        }
    }
}

/// Whether models give the note a velocity: it is a key of the piano and no drum.
fn is_restylable(event: Event) -> bool {
    matches!(event, Event::NoteOn { channel, key } if channel != DRUM_CHANNEL && (21..=108).contains(&key))
}
