//! Plays a session through a host: when what goes in, what the host tells of its transport, and what comes out.
//!
//! Nothing here depends on how time is cut into blocks: a host's blocks end where a step does or a loop wraps, and
//! within that each [`Partition`] is as good as another. Where a session says that its host does not cut, they end at
//! neither, as far as a step leaves the transport to itself.

mod position;

use std::collections::{HashMap, VecDeque};

use thiserror::Error;
use tonenet_core::midi::MidiMessage;

use self::position::Position;
use super::transcript::{Left, Passage, Transcript};
use super::{Action, Length, OnTrack, Script, Step, ToldPosition, TrackEvent};
use crate::HostError;
use crate::event_tracker::{Findings, Ledger};
use crate::host::{Host, HostTransport, Input, ParameterId, Setup};

/// The tempo changes so often while it ramps, in seconds.
const RAMP_STEP: f64 = 0.01;
/// A transport that rests for longer than this has stopped, in seconds.
const FLICKER: f64 = 0.051;
/// What the plugin needs to see that the transport has stopped, and to end what sounds, beside its latency, in seconds.
const AFTERWARDS: f64 = 0.2;

/// How time is cut into blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partition {
    /// As the session says; the longest blocks where it says nothing.
    AsWritten,
    /// In blocks of these sizes in turn, none longer than the host may have; some must have samples.
    Of(Vec<u32>),
}

/// What came of a session.
#[derive(Debug)]
pub struct Performed {
    /// What left.
    pub transcript: Transcript,
    /// Whether all left that should, and ended.
    pub findings: Findings,
}

/// Why a session could not be played.
#[derive(Debug, Error)]
pub enum PerformanceError {
    /// The plugin could not be hosted.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A step made no sense where it stood.
    #[error("step `{step}`: {reason}")]
    Step {
        /// In the words of the script.
        step: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Plays a session through hosts that `load` gives: the first at once, and another wherever the plugin is replaced.
///
/// # Errors
/// When the plugin cannot be hosted, or a step makes no sense where it stands.
pub fn perform(
    script: &Script,
    partition: &Partition,
    load: &dyn Fn() -> Result<Box<dyn Host>, HostError>,
) -> Result<Performed, PerformanceError> {
    let mut performance = Performance::new(&script.track, partition, load)?;
    for step in &script.steps {
        performance.begins(step)?;
        performance.act(&step.action)?.map_err(|reason| PerformanceError::Step { step: step.words.clone(), reason })?;
    }
    performance.close_block()?;
    performance.pass_on("the end");
    performance.end()?;
    Ok(Performed { transcript: performance.transcript, findings: performance.ledger.findings() })
}

/// Something on its way into the plugin.
#[derive(Debug, Clone)]
enum Incoming {
    Parameter(ParameterId, f64),
    Off(MidiMessage, u32),
    Message(MidiMessage),
    On(MidiMessage, u32),
}

impl Incoming {
    /// Which of the track's comes first at one sample.
    fn rank(&self) -> u8 {
        match self {
            Self::Off(..) => 0,
            Self::Parameter(..) | Self::Message(_) => 1,
            Self::On(..) => 2,
        }
    }

    fn message(&self) -> Option<(&MidiMessage, Option<u32>)> {
        match self {
            Self::Parameter(..) => None,
            Self::Off(message, id) | Self::On(message, id) => Some((message, Some(*id))),
            Self::Message(message) => Some((message, None)),
        }
    }

    fn input(&self, sample: u32) -> Input<'_> {
        match self {
            Self::Parameter(id, value) => Input::Parameter(sample, *id, *value),
            Self::Off(message, id) | Self::On(message, id) => Input::Note(sample, message, *id),
            Self::Message(message) => Input::Message(sample, message),
        }
    }
}

/// A note that the track or the player holds.
#[derive(Debug, Clone, Copy)]
struct Held {
    channel: u8,
    key: u8,
    id: u32,
    /// Where it ends in the song, for a note of the track.
    end: Option<f64>,
}

impl Held {
    fn off(&self) -> Incoming {
        Incoming::Off(MidiMessage::Channel([0x80 | self.channel, self.key, 64]), self.id)
    }
}

/// A block whose end has not come.
struct OpenBlock {
    start: u64,
    end: u64,
    /// The transport at its start, as the host tells it.
    told: Option<HostTransport>,
    coming: Vec<(u64, Incoming)>,
}

struct Performance<'a> {
    track: &'a [TrackEvent],
    partition: &'a Partition,
    load: &'a dyn Fn() -> Result<Box<dyn Host>, HostError>,
    host: Box<dyn Host>,
    /// How the plugin was last activated.
    setup: Option<Setup>,
    /// Its latency, while it is active.
    latency: Option<u32>,
    /// Blocks as the session says, and which is next.
    blocks: Vec<u32>,
    unannounced: bool,
    next_block: usize,
    block: Option<OpenBlock>,
    /// Whether blocks end where a loop or a tempo does.
    cuts: bool,
    told_position: ToldPosition,
    told_tempo: Option<f64>,
    /// Samples since the start.
    now: u64,
    /// Where the song is; at rest it stays where its position says.
    position: Position,
    transport: HostTransport,
    tells_transport: bool,
    sends_offs: bool,
    /// What comes in with the next samples.
    at_once: Vec<Incoming>,
    held: Vec<Held>,
    next_id: u32,
    saved: HashMap<String, Vec<u8>>,
    ledger: Ledger,
    transcript: Transcript,
}

/// A step's outcome: what the host says, and what is wrong with the step.
type Acted = Result<Result<(), &'static str>, HostError>;

impl<'a> Performance<'a> {
    fn new(
        track: &'a [TrackEvent],
        partition: &'a Partition,
        load: &'a dyn Fn() -> Result<Box<dyn Host>, HostError>,
    ) -> Result<Self, HostError> {
        let transport = HostTransport::default();
        Ok(Self {
            track,
            partition,
            load,
            host: load()?,
            setup: None,
            latency: None,
            blocks: Vec::new(),
            unannounced: false,
            next_block: 0,
            block: None,
            cuts: true,
            told_position: ToldPosition::Right,
            told_tempo: None,
            now: 0,
            position: Position::new(0, 0.0, transport.tempo, 48_000.0),
            transport,
            tells_transport: true,
            sends_offs: true,
            at_once: Vec::new(),
            held: Vec::new(),
            next_id: 0,
            saved: HashMap::new(),
            ledger: Ledger::default(),
            transcript: Transcript::default(),
        })
    }

    /// A step begins; what changes more than the song's tempo and what comes in does so between blocks.
    fn begins(&mut self, step: &Step) -> Result<(), HostError> {
        let goes_on = matches!(
            step.action,
            Action::Run(_)
                | Action::Tempo(_)
                | Action::Ramp { .. }
                | Action::Set { .. }
                | Action::Press { .. }
                | Action::Release { .. }
                | Action::Send(_)
                | Action::SendOffs(_)
        );
        if !goes_on {
            self.close_block()?;
        }
        self.pass_on(&step.words);
        Ok(())
    }

    fn pass_on(&mut self, words: &str) {
        self.transcript.passages.push(Passage { step: words.into(), begins: self.now, ..Passage::default() });
    }

    fn act(&mut self, action: &Action) -> Acted {
        match action {
            Action::Activate(setup) => self.activate(*setup)?,
            Action::Deactivate => self.deactivate(),
            Action::Restart => return self.restart(),
            Action::Reset => {
                self.host.reset();
                self.ledger.everything_was_dropped();
            }
            Action::Replace => {
                self.deactivate();
                self.host = (self.load)()?;
                self.at_once.clear();
            }
            Action::Blocks { sizes, unannounced } => {
                (self.blocks, self.unannounced, self.next_block) = (sizes.clone(), *unannounced, 0);
            }
            Action::Cuts(cuts) => self.cuts = *cuts,
            Action::TellPosition(told) => {
                // It takes a few blocks until a position is no longer believed.
                self.notes_may_end(0.1);
                self.told_position = *told;
            }
            Action::TellTempo(told) => self.told_tempo = *told,
            Action::Audio(audio) => self.host.lend_audio(*audio),
            Action::Set { name, value } => {
                let id = self.host.parameter_id(name)?;
                self.at_once.push(Incoming::Parameter(id, *value));
            }
            Action::Tempo(tempo) => self.go_on(self.beats(), *tempo),
            Action::Ramp { to, beats } => self.ramp(*to, *beats)?,
            Action::Signature(beats, part) => self.transport.signature = (*beats, *part),
            Action::Loop(range) => self.transport.loop_beats = *range,
            Action::Seek(beats) => {
                self.leave_notes();
                self.ledger.may_drop_notes_under_way(self.now);
                self.go_on(*beats, self.position.tempo());
            }
            Action::Play => {
                self.go_on(self.beats(), self.position.tempo());
                self.transport.playing = true;
            }
            Action::Stop => self.stop(),
            Action::Record(records) => self.transport.recording = *records,
            Action::TellTransport(tells) => {
                self.notes_may_end(FLICKER);
                self.tells_transport = *tells;
            }
            Action::SendOffs(sends) => self.sends_offs = *sends,
            Action::Run(length) => self.run(self.samples(*length), false)?,
            Action::Flicker(length) => {
                let samples = self.samples(*length);
                if samples as f64 >= FLICKER * self.position.sample_rate() {
                    self.notes_may_end(FLICKER);
                }
                self.run(samples, true)?;
            }
            Action::Press { channel, key, velocity } => {
                let on = self.begin(*channel, *key, *velocity, None);
                self.at_once.push(on);
            }
            Action::Release { channel, key } => {
                let is_it = |held: &Held| held.end.is_none() && (held.channel, held.key) == (*channel, *key);
                match self.held.iter().position(is_it) {
                    Some(place) => self.at_once.push(self.held.remove(place).off()),
                    None => return Ok(Err("the key is not down")),
                }
            }
            Action::Send(message) => self.at_once.push(Incoming::Message(message.clone())),
            Action::Save(name) => {
                let state = self.host.save_state()?;
                self.saved.insert(name.clone(), state);
            }
            Action::Load(name) => match self.saved.get(name) {
                Some(state) => self.host.load_state(state)?,
                None => return Ok(Err("nothing was saved under this name")),
            },
        }
        Ok(Ok(()))
    }

    fn activate(&mut self, setup: Setup) -> Result<(), HostError> {
        self.deactivate();
        let latency = self.host.activate(&setup)?;
        self.latency = Some(latency);
        (self.blocks, self.unannounced, self.next_block) = (vec![setup.longest_block], false, 0);
        self.setup = Some(setup);
        self.go_on(self.beats(), self.position.tempo());
        self.transcript.passages.last_mut().expect("a step has begun").latency = Some(latency);
        Ok(())
    }

    fn deactivate(&mut self) {
        self.host.deactivate();
        self.latency = None;
        self.held.clear();
        self.ledger.forget();
    }

    fn restart(&mut self) -> Acted {
        let Some(setup) = self.setup else { return Ok(Err("the plugin was never active")) };
        if !self.host.wants_restart() {
            return Ok(Err("the plugin has not asked for a restart"));
        }
        self.activate(setup).map(Ok)
    }

    /// Where the song is, in quarter notes.
    fn beats(&self) -> f64 {
        let at = if self.transport.playing { self.now } else { self.position.since() };
        self.position.beats(at)
    }

    /// From here on the song goes on from a place, at a tempo.
    fn go_on(&mut self, beats: f64, tempo: f64) {
        let sample_rate = self.setup.map_or(self.position.sample_rate(), |setup| setup.sample_rate);
        self.position = Position::new(self.now, beats, tempo, sample_rate);
    }

    fn stop(&mut self) {
        self.leave_notes();
        self.go_on(self.beats(), self.position.tempo());
        self.notes_may_end(FLICKER);
        self.transport.playing = false;
    }

    /// The song leaves the notes of the track that sound; the host ends them, or does not.
    fn leave_notes(&mut self) {
        self.notes_may_end(0.0);
        let left: Vec<Held> = self.held.extract_if(.., |held| held.end.is_some()).collect();
        if self.sends_offs {
            self.at_once.extend(left.iter().map(Held::off));
        }
    }

    /// The plugin may end what came in until so many seconds from here on.
    fn notes_may_end(&mut self, after: f64) {
        if let Some(latency) = self.latency {
            let after = (after * self.position.sample_rate()).ceil() as u64;
            self.ledger.may_end_what_began_before(self.now + after + u64::from(latency));
        }
    }

    fn ramp(&mut self, to: f64, beats: f64) -> Result<(), HostError> {
        let from = self.position.tempo();
        let step = (RAMP_STEP * self.position.sample_rate()).round() as u64;
        let mut done = 0.0;
        while done < beats {
            let tempo = from + (to - from) * done / beats;
            self.go_on(self.beats(), tempo);
            self.run(step, false)?;
            done += tempo / 60.0 * RAMP_STEP;
        }
        self.go_on(self.beats(), to);
        Ok(())
    }

    fn samples(&self, length: Length) -> u64 {
        match length {
            Length::Beats(beats) => self.position.samples(beats).max(0) as u64,
            Length::Seconds(seconds) => (seconds * self.position.sample_rate()).round() as u64,
            Length::Samples(samples) => samples,
        }
    }

    /// Plays on for so many samples, through the ends of loops.
    fn run(&mut self, samples: u64, flickers: bool) -> Result<(), HostError> {
        let end = self.now + samples;
        while self.now < end {
            let mut until = end;
            if let Some((loop_start, loop_end)) = self.transport.loop_beats.filter(|_| self.transport.playing) {
                match u64::try_from(self.position.sample(loop_end)) {
                    Ok(wrap) if wrap == self.now => {
                        self.leave_notes();
                        self.go_on(loop_start, self.position.tempo());
                        continue;
                    }
                    Ok(wrap) if wrap > self.now => until = until.min(wrap),
                    _ => {}
                }
            }
            self.pass(until, flickers)?;
        }
        Ok(())
    }

    /// Plays on until a sample before which nothing happens to the transport.
    fn pass(&mut self, until: u64, flickers: bool) -> Result<(), HostError> {
        let mut incoming = self.incoming(until);
        let Some(latency) = self.latency else {
            self.now = until;
            return Ok(());
        };
        while self.now < until {
            let mut block = match self.block.take() {
                Some(block) => block,
                None => self.open_block(until, flickers),
            };
            let part_end = block.end.min(until);
            let is_in_block = |(time, _): &mut (u64, Incoming)| {
                // What is due now may come in an empty block.
                *time < part_end || (*time == part_end && block.start == part_end)
            };
            while let Some(event) = incoming.pop_front_if(is_in_block) {
                block.coming.push(event);
            }
            self.now = part_end;
            if block.end == part_end {
                self.play_block(&block, latency)?;
            } else {
                self.block = Some(block);
            }
        }
        Ok(())
    }

    /// A block begins; a host that cuts ends it where something happens to the transport.
    fn open_block(&mut self, until: u64, flickers: bool) -> OpenBlock {
        let end = self.now + u64::from(self.next_size());
        let end = if self.cuts { end.min(until) } else { end };
        let told = self.tells_transport.then(|| self.told(flickers));
        OpenBlock { start: self.now, end, told, coming: Vec::new() }
    }

    /// The host ends its block where the song is.
    fn close_block(&mut self) -> Result<(), HostError> {
        match (self.block.take(), self.latency) {
            (Some(block), Some(latency)) => self.play_block(&OpenBlock { end: self.now, ..block }, latency),
            _ => Ok(()),
        }
    }

    /// What the host tells of its transport.
    fn told(&self, flickers: bool) -> HostTransport {
        let (beats, tempo) = (self.beats(), self.position.tempo());
        let playing = self.transport.playing && !flickers;
        let right = HostTransport { playing, beats, seconds: beats * 60.0 / tempo, tempo, ..self.transport };
        let told = HostTransport { tempo: self.told_tempo.unwrap_or(tempo), ..right };
        match self.told_position {
            ToldPosition::Right => told,
            ToldPosition::Seconds => {
                HostTransport { tells_beats: false, seconds: self.now as f64 / self.position.sample_rate(), ..told }
            }
            ToldPosition::Always(beats) => HostTransport { beats, ..told },
            ToldPosition::Times(times) => HostTransport { beats: beats * times, ..told },
        }
    }

    fn next_size(&mut self) -> u32 {
        let longest = self.setup.map_or(0, |setup| setup.longest_block);
        let sizes = match self.partition {
            Partition::AsWritten => &self.blocks,
            Partition::Of(sizes) => sizes,
        };
        let size = sizes[self.next_block % sizes.len()];
        self.next_block += 1;
        if self.unannounced && *self.partition == Partition::AsWritten { size } else { size.min(longest) }
    }

    fn play_block(&mut self, block: &OpenBlock, latency: u32) -> Result<(), HostError> {
        let OpenBlock { start, end, .. } = *block;
        let mut inputs = Vec::new();
        for (time, what) in &block.coming {
            match what.message() {
                Some((message, _)) if !self.host.carries(message) => continue,
                Some((message, id)) => self.ledger.came_in(id, message, *time, latency.into()),
                None => {}
            }
            inputs.push(what.input((time - start) as u32));
        }
        let (ledger, transcript) = (&mut self.ledger, &mut self.transcript);
        self.host.block(block.told.as_ref(), (end - start) as u32, &inputs, &mut |out| {
            let time = start + u64::from(out.sample);
            ledger.came_out(time, &out);
            transcript.passage_at(time).left.push(Left { time, message: out.message });
        })?;
        self.ledger.time_is(end);
        Ok(())
    }

    /// What comes in from now on until a sample, by time.
    fn incoming(&mut self, until: u64) -> VecDeque<(u64, Incoming)> {
        let mut incoming = Vec::new();
        if self.transport.playing {
            let position = self.position;
            let now = self.now;
            let in_time = |beats: f64| u64::try_from(position.sample(beats)).ok().filter(|time| *time < until);
            for event in self.track {
                let Some(time) = in_time(event.beats).filter(|time| *time >= now) else { continue };
                let what = match &event.what {
                    OnTrack::Message(message) => Incoming::Message(message.clone()),
                    OnTrack::Note { channel, key, velocity, length } => {
                        self.begin(*channel, *key, *velocity, Some(event.beats + length))
                    }
                };
                incoming.push((time, what));
            }
            let ended = self.held.extract_if(.., |held| held.end.and_then(in_time).is_some());
            incoming.extend(ended.map(|held| (held.end.and_then(in_time).unwrap_or(now).max(now), held.off())));
        }
        incoming.sort_by_key(|(time, what)| (*time, what.rank()));
        // What was done comes before what the track holds there, in the order in which it was done.
        let now = self.now;
        self.at_once.drain(..).map(|what| (now, what)).chain(incoming).collect()
    }

    /// A key goes down.
    fn begin(&mut self, channel: u8, key: u8, velocity: u8, end: Option<f64>) -> Incoming {
        let id = self.next_id;
        self.next_id += 1;
        self.held.push(Held { channel, key, id, end });
        Incoming::On(MidiMessage::Channel([0x90 | channel, key, velocity]), id)
    }

    /// The transport stops, all keys come up, and all must end.
    fn end(&mut self) -> Result<(), HostError> {
        self.stop();
        self.at_once.extend(self.held.drain(..).map(|held| held.off()));
        let Some((latency, setup)) = self.latency.zip(self.setup) else { return Ok(()) };
        let afterwards = (AFTERWARDS * setup.sample_rate) as u64 + 2 * u64::from(setup.longest_block);
        self.run(u64::from(latency) + afterwards, false)?;
        self.close_block()?;
        self.ledger.all_must_have_ended();
        Ok(())
    }
}
