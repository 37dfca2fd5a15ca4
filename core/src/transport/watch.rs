//! Stops, loop wraps and seeks, told apart from the flicker of hosts at loop points and from positions that mean nothing.
//!
//! A host's position is compared with where the song should have come by its tempo. A position that lies before the last
//! one is a jump back, which counts as a loop wrap whether or not the host tells a loop. One that lies too far ahead is a
//! seek, but only where the positions before it moved as the tempo says: dropping notes because of a position that means
//! nothing would lose them. Where positions jump from block to block or stand still they are not believed at all.

use super::Transport;
use super::loops::{ON_A_SAMPLE, Wrap};
use super::span::{Advance, Place, Span, Verdict};
use crate::scheduler::SampleTime;

/// A host that is not playing for less than this has not stopped, in seconds.
const FLICKER: f64 = 0.05;

/// A position may lie so far before the last one, in beats or seconds: hosts round.
pub const JUMP_BACK: f64 = 0.04;

/// A position may lie so far ahead of where it should, in beats or seconds: a seek that is shorter is not worth dropping
/// notes for, and there are hosts whose positions tremble with the lengths of their blocks.
pub const JUMP_AHEAD: f64 = 0.25;

/// The same as a share of what the song has come since the last block: a tempo may have changed within it.
const SHARE: f64 = 0.5;

/// A wrap may turn out not to have been for so many seconds.
const RECENT: f64 = 0.5;

/// After so many jumps without a stretch between that fits the tempo, the position is not believed.
const JUMPS: u32 = 3;

/// What happened to the transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportChange {
    /// It began to play.
    Started,
    /// It stopped.
    Stopped {
        /// When, in the block at hand: a stop counts so many samples after the host last played, whatever the blocks.
        at: SampleTime,
    },
    /// It jumped back while playing: to the start of its loop, told or not.
    Wrapped {
        /// When: at the block's start, or before it where the block before spanned the jump.
        at: SampleTime,
        /// Whether [`TransportWatch::wrap_in`] foretold it.
        foretold: bool,
    },
    /// It did not jump back although that was foretold: it goes on past the end of its loop.
    RanOn,
    /// It jumped forward while playing.
    Sought,
}

/// Watches the transport from block to block. Transports are taken to be [plausible](Transport::plausible).
#[derive(Debug, Clone, Copy)]
pub struct TransportWatch {
    sample_rate: f64,
    state: State,
    belief: Belief,
    /// A loop past whose end the song went on.
    passed_loop: Option<(f64, f64)>,
    /// The block before the last wrap that was foretold.
    before_wrap: Option<Block>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Stopped,
    /// Playing at the last block.
    Playing(Block),
    /// Not playing since this sample, after this block; not long enough to be a stop.
    Pausing {
        since: SampleTime,
        last: Block,
    },
}

/// A block that played.
#[derive(Debug, Clone, Copy)]
struct Block {
    time: SampleTime,
    transport: Transport,
    /// The last wrap in it, as far as it was foretold.
    wrap: Option<Wrap>,
}

/// What the host's positions are worth.
#[derive(Debug, Clone, Copy, Default)]
struct Belief {
    /// Jumps since positions last moved as the tempo says.
    jumps: u32,
    /// Whether they stood still when they were last judged.
    stands: bool,
    /// Whether they moved as the tempo says when they were last judged, and have not jumped since.
    steady: bool,
    span: Option<Span>,
}

impl Belief {
    fn is_gone(&self) -> bool {
        self.stands || self.jumps >= JUMPS
    }

    fn jumped(&mut self, to: Option<Place>) {
        self.jumps = self.jumps.saturating_add(1);
        self.steady = false;
        self.span = to.map(Span::new);
    }

    /// Positions cannot be compared with those before.
    fn lost_track(&mut self, to: Option<Place>) {
        self.steady = false;
        self.span = to.map(Span::new);
    }

    fn went_on(&mut self, to: Place, seconds: f64, due: Option<Advance>, moves: bool) {
        let (Some(span), Some(due)) = (&mut self.span, due) else {
            self.span = Some(Span::new(to));
            return;
        };
        // One that stood still moves again.
        self.stands &= !moves;
        match span.go_on(to, seconds, due) {
            Some(Verdict::Fits) => (self.jumps, self.stands, self.steady) = (0, false, true),
            Some(Verdict::Differs) => (self.stands, self.steady) = (false, false),
            Some(Verdict::Stands) => (self.stands, self.steady) = (true, false),
            None => {}
        }
    }
}

/// How a position compares with the one before.
enum Step {
    On,
    Back,
    Ahead,
}

impl TransportWatch {
    /// A watch over a transport at rest; `sample_rate` in Hz.
    pub fn new(sample_rate: f64) -> Self {
        Self { sample_rate, state: State::Stopped, belief: Belief::default(), passed_loop: None, before_wrap: None }
    }

    /// Whether the transport is at rest, flicker aside.
    pub fn is_stopped(&self) -> bool {
        matches!(self.state, State::Stopped)
    }

    /// The transport without its position where that is not believed.
    pub fn believed(&self, transport: &Transport) -> Transport {
        if self.belief.is_gone() {
            Transport { beats: None, seconds: None, loop_beats: None, ..*transport }
        } else {
            *transport
        }
    }

    /// Where the song wraps next in what is left of a block: from `time` on, where the transport is as given, for
    /// `samples`.
    pub fn wrap_in(&self, time: SampleTime, samples: u32, transport: &Transport) -> Option<Wrap> {
        let has_been_passed = self.passed_loop.is_some() && self.passed_loop == transport.loop_beats;
        if self.belief.is_gone() || has_been_passed {
            return None;
        }
        Wrap::first(time, samples, transport, self.sample_rate)
    }

    /// Takes in the transport of a block that begins at `time` and lasts `samples`.
    pub fn observe(&mut self, time: SampleTime, samples: u32, transport: &Transport) -> Option<TransportChange> {
        if !transport.playing {
            return self.observe_pause(time, samples);
        }
        let change = match self.state {
            State::Stopped => {
                // What is not believed is not believed after a stop either.
                self.belief.lost_track(Place::from_transport(transport));
                (self.passed_loop, self.before_wrap) = (None, None);
                Some(TransportChange::Started)
            }
            State::Playing(last) | State::Pausing { last, .. } => self.compare(time, transport, &last),
        };
        let wrap = self.last_wrap(time, samples, transport);
        self.state = State::Playing(Block { time, transport: *transport, wrap });
        change
    }

    fn last_wrap(&self, time: SampleTime, samples: u32, transport: &Transport) -> Option<Wrap> {
        let end = time + u64::from(samples);
        let mut last = self.wrap_in(time, samples, transport)?;
        while let Some(wrap) = self.wrap_in(last.time, (end - last.time) as u32, &last.transport) {
            last = wrap;
        }
        Some(last)
    }

    fn observe_pause(&mut self, time: SampleTime, samples: u32) -> Option<TransportChange> {
        let (since, last) = match self.state {
            State::Stopped => return None,
            State::Playing(last) => (time, last),
            State::Pausing { since, last } => (since, last),
        };
        let stop = since + (FLICKER * self.sample_rate).ceil() as SampleTime;
        if stop < time + u64::from(samples) {
            self.state = State::Stopped;
            Some(TransportChange::Stopped { at: stop.max(time) })
        } else {
            self.state = State::Pausing { since, last };
            None
        }
    }

    /// What has happened since the last block that played.
    fn compare(&mut self, time: SampleTime, transport: &Transport, last: &Block) -> Option<TransportChange> {
        if let Some(wrap) = last.wrap
            && matches!(self.step(time, transport, wrap.time, &wrap.transport), Some(Step::On))
        {
            // A span that began before the wrap would end a loop's length away.
            self.belief.span = Place::from_transport(&wrap.transport).map(Span::new);
            self.went_on(time, transport, wrap.time, &wrap.transport);
            self.before_wrap = Some(*last);
            // The tempo may have changed since it was foretold.
            let at = wrap.time.min(self.jumped_back_at(time, transport, last));
            return Some(TransportChange::Wrapped { at, foretold: true });
        }
        let change = match self.step(time, transport, last.time, &last.transport) {
            Some(Step::On) => {
                self.went_on(time, transport, last.time, &last.transport);
                None
            }
            Some(step) => {
                let (was_steady, was_believed) = (self.belief.steady, !self.belief.is_gone());
                self.belief.jumped(Place::from_transport(transport));
                match step {
                    Step::Back if was_believed => {
                        self.passed_loop = None;
                        Some(TransportChange::Wrapped {
                            at: self.jumped_back_at(time, transport, last),
                            foretold: false,
                        })
                    }
                    Step::Ahead if self.ran_on_after_all(time, transport) => {
                        self.passed_loop = transport.loop_beats;
                        Some(TransportChange::RanOn)
                    }
                    Step::Ahead if was_steady => Some(TransportChange::Sought),
                    Step::On | Step::Back | Step::Ahead => None,
                }
            }
            None => {
                self.belief.lost_track(Place::from_transport(transport));
                None
            }
        };
        if last.wrap.is_some() && change.is_none() {
            let is_past = |(_, end): &(f64, f64)| transport.beats.is_some_and(|beats| beats >= *end);
            self.passed_loop = last.transport.loop_beats.filter(is_past).or(self.passed_loop);
            return Some(TransportChange::RanOn);
        }
        change
    }

    /// Whether the song is where it would be without the last wrap. A wrapper that splits a block tells of the second part
    /// what it reckons itself, and may have confirmed a wrap that the host never made.
    fn ran_on_after_all(&mut self, time: SampleTime, transport: &Transport) -> bool {
        let Some(before) = self.before_wrap.take() else { return false };
        let is_recent = self.seconds(time - before.time) < RECENT;
        is_recent && matches!(self.step(time, transport, before.time, &before.transport), Some(Step::On))
    }

    /// How a position compares with that of an earlier sample; `None` where one of them is not told, or not how fast the
    /// song goes.
    ///
    /// A host that flickers or whose clock lags may stand still meanwhile: that is no jump.
    fn step(&self, time: SampleTime, transport: &Transport, since: SampleTime, from: &Transport) -> Option<Step> {
        let (before, now) = Place::from_transport(from).zip(Place::from_transport(transport))?;
        let advance = before.distance(now)?;
        if advance < -JUMP_BACK {
            return Some(Step::Back);
        }
        let due = self.due(time, transport, since, from)?;
        let most = due.most + JUMP_AHEAD.max(SHARE * due.most);
        Some(if advance <= most { Step::On } else { Step::Ahead })
    }

    fn went_on(&mut self, time: SampleTime, transport: &Transport, since: SampleTime, from: &Transport) {
        let due = self.due(time, transport, since, from);
        if let Some(place) = Place::from_transport(transport) {
            let advance = Place::from_transport(from).and_then(|from| from.distance(place));
            let moves = advance.zip(due).is_some_and(|(advance, due)| advance > 0.5 * due.least && due.least > 0.0);
            self.belief.went_on(place, self.seconds(time - since), due, moves);
        }
    }

    /// How far the song should have come since an earlier sample.
    fn due(&self, time: SampleTime, transport: &Transport, since: SampleTime, from: &Transport) -> Option<Advance> {
        Advance::in_seconds(self.seconds(time - since), Place::from_transport(from)?, [from.tempo, transport.tempo])
    }

    /// When a jump back took place that shows in a block at `time`: the block before may have spanned it, if it went to where
    /// the loop starts. Where no loop is told that is taken to be the last sixteenth before the position.
    fn jumped_back_at(&self, time: SampleTime, transport: &Transport, last: &Block) -> SampleTime {
        // Where it cannot be known the block before may have begun with it.
        let Some((beats, tempo)) = transport.beats.zip(transport.tempo) else { return last.time };
        let tempo = tempo.min(last.transport.tempo.unwrap_or(tempo));
        let start = match transport.loop_beats {
            Some((start, end)) if (start..end).contains(&beats) => start,
            _ => (beats * 4.0).floor() / 4.0,
        };
        let samples = (beats - start) * 60.0 / tempo * self.sample_rate - ON_A_SAMPLE;
        // Rather early than late: the loop's first note may have come there.
        let at = time.saturating_sub(samples.ceil() as SampleTime);
        if at < last.time { time } else { at }
    }

    fn seconds(&self, samples: u64) -> f64 {
        samples as f64 / self.sample_rate
    }
}

#[cfg(test)]
mod tests;
