//! Detects stops, loop wraps and seeks of the host's transport.
//!
//! Short pauses at loop points and meaningless positions must not count as changes. The host's position is therefore
//! compared with the one that its tempo predicts.
//!
//! - A position clearly before the last one ([`JUMP_BACK`]) is a jump back. It counts as a loop wrap, even if the host
//!   tells no loop.
//! - A position too far ahead ([`JUMP_AHEAD`]) is a seek, if the positions before it moved at the tempo. Otherwise it is
//!   no change: a seek drops notes, so it must be certain.
//! - Positions that jump again and again or do not move are not trusted, and give neither.

use super::Transport;
use super::loops::{ON_A_SAMPLE, Wrap};
use super::span::{Advance, Position, Span, Verdict};
use crate::scheduler::SampleTime;

/// Shortest pause that counts as a stop, in seconds.
const SHORTEST_STOP: f64 = 0.05;

/// Largest step back that counts as rounding, in beats or seconds.
pub const JUMP_BACK: f64 = 0.04;

/// Largest distance ahead of the predicted position that is no seek, in beats (in seconds if the host tells no beats).
///
/// A shorter seek is not worth dropping notes for, and in some hosts positions vary with the block length.
pub const JUMP_AHEAD: f64 = 0.25;

/// The same, as a share of the predicted distance since the last block; the larger of the two limits counts. The tempo
/// may have changed within the block.
const SHARE: f64 = 0.5;

/// Time after a predicted wrap in which positions may show that the host did not wrap, in seconds.
const RECENT: f64 = 0.5;

/// Number of jumps, without a span between them that fits the tempo, after which positions are not trusted.
const JUMPS: u32 = 3;

/// A change of the transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportChange {
    /// It began to play.
    Started,
    /// It stopped.
    Stopped {
        /// Time within the current block: 50 ms after the host last played, whatever the block lengths.
        at: SampleTime,
    },
    /// It jumped back while playing, as at the end of a loop.
    Wrapped {
        /// Time of the jump: the block's start, or earlier if the jump was within the block before.
        at: SampleTime,
        /// Whether [`TransportWatch::wrap_in`] predicted it.
        foretold: bool,
    },
    /// It passed the end of its loop without the wrap that [`TransportWatch::wrap_in`] predicted.
    RanOn,
    /// It jumped forward while playing.
    Sought,
}

/// Detects transport changes from block to block. Transports must be [plausible](Transport::plausible).
#[derive(Debug, Clone, Copy)]
pub struct TransportWatch {
    sample_rate: f64,
    state: State,
    trust: Trust,
    /// The loop whose end the song passed without a wrap.
    passed_loop: Option<(f64, f64)>,
    /// The block before the last predicted wrap.
    before_wrap: Option<Block>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Stopped,
    /// Playing at the last block.
    Playing(Block),
    /// Not playing since this sample, but not long enough for a stop.
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
    /// The last predicted wrap in it.
    wrap: Option<Wrap>,
}

/// Whether the host's positions can be trusted.
#[derive(Debug, Clone, Copy, Default)]
struct Trust {
    /// Number of jumps since positions last moved at the tempo.
    jumps: u32,
    /// Whether they did not move in the last span.
    is_stuck: bool,
    /// Whether they moved at the tempo in the last span and have not jumped since.
    steady: bool,
    span: Option<Span>,
}

impl Trust {
    fn is_lost(&self) -> bool {
        self.is_stuck || self.jumps >= JUMPS
    }

    fn jumped(&mut self, to: Option<Position>) {
        self.jumps = self.jumps.saturating_add(1);
        self.steady = false;
        self.span = to.map(Span::new);
    }

    /// Begins again at a position that cannot be compared with earlier ones.
    fn restart(&mut self, to: Option<Position>) {
        self.steady = false;
        self.span = to.map(Span::new);
    }

    fn went_on(&mut self, to: Position, seconds: f64, due: Option<Advance>, moves: bool) {
        let (Some(span), Some(due)) = (&mut self.span, due) else {
            self.span = Some(Span::new(to));
            return;
        };
        // A stuck position moves again.
        self.is_stuck &= !moves;
        match span.extend(to, seconds, due) {
            Some(Verdict::Fits) => (self.jumps, self.is_stuck, self.steady) = (0, false, true),
            Some(Verdict::Differs) => (self.is_stuck, self.steady) = (false, false),
            Some(Verdict::Stopped) => (self.is_stuck, self.steady) = (true, false),
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
    /// A watch that begins with a stopped transport; `sample_rate` in Hz.
    pub fn new(sample_rate: f64) -> Self {
        Self { sample_rate, state: State::Stopped, trust: Trust::default(), passed_loop: None, before_wrap: None }
    }

    /// Whether the transport is stopped; a short pause does not count.
    pub fn is_stopped(&self) -> bool {
        matches!(self.state, State::Stopped)
    }

    /// The transport, without its positions and loop while positions are not trusted.
    pub fn believed(&self, transport: &Transport) -> Transport {
        if self.trust.is_lost() {
            Transport { beats: None, seconds: None, loop_beats: None, ..*transport }
        } else {
            *transport
        }
    }

    /// The next predicted wrap within `samples` samples from `time` on, where `transport` is the state at `time`.
    pub fn wrap_in(&self, time: SampleTime, samples: u32, transport: &Transport) -> Option<Wrap> {
        let has_been_passed = self.passed_loop.is_some() && self.passed_loop == transport.loop_beats;
        if self.trust.is_lost() || has_been_passed {
            return None;
        }
        Wrap::first(time, samples, transport, self.sample_rate)
    }

    /// Reads the transport of a block of `samples` samples that begins at `time`, and returns the change it shows.
    pub fn observe(&mut self, time: SampleTime, samples: u32, transport: &Transport) -> Option<TransportChange> {
        if !transport.playing {
            return self.observe_pause(time, samples);
        }
        let change = match self.state {
            State::Stopped => {
                // A stop does not restore lost trust.
                self.trust.restart(Position::from_transport(transport));
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
        let stop = since + (SHORTEST_STOP * self.sample_rate).ceil() as SampleTime;
        if stop < time + u64::from(samples) {
            self.state = State::Stopped;
            Some(TransportChange::Stopped { at: stop.max(time) })
        } else {
            self.state = State::Pausing { since, last };
            None
        }
    }

    /// The change since the last block that played.
    fn compare(&mut self, time: SampleTime, transport: &Transport, last: &Block) -> Option<TransportChange> {
        if let Some(wrap) = last.wrap
            && matches!(self.step(time, transport, wrap.time, &wrap.transport), Some(Step::On))
        {
            // The span must begin again after the wrap.
            self.trust.span = Position::from_transport(&wrap.transport).map(Span::new);
            self.went_on(time, transport, wrap.time, &wrap.transport);
            self.before_wrap = Some(*last);
            // The tempo may have changed since the prediction.
            let at = wrap.time.min(self.jumped_back_at(time, transport, last));
            return Some(TransportChange::Wrapped { at, foretold: true });
        }
        let change = match self.step(time, transport, last.time, &last.transport) {
            Some(Step::On) => {
                self.went_on(time, transport, last.time, &last.transport);
                None
            }
            Some(step) => {
                let (was_steady, was_trusted) = (self.trust.steady, !self.trust.is_lost());
                self.trust.jumped(Position::from_transport(transport));
                match step {
                    Step::Back if was_trusted => {
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
                self.trust.restart(Position::from_transport(transport));
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

    /// Whether the position shows that the last predicted wrap did not happen.
    ///
    /// A plugin wrapper that splits a block computes the position of the second part itself. It may thus have confirmed
    /// a wrap that the host never made.
    fn ran_on_after_all(&mut self, time: SampleTime, transport: &Transport) -> bool {
        let Some(before) = self.before_wrap.take() else { return false };
        let is_recent = self.seconds(time - before.time) < RECENT;
        is_recent && matches!(self.step(time, transport, before.time, &before.transport), Some(Step::On))
    }

    /// How a position compares with an earlier one; `None` if a position or the tempo is unknown.
    ///
    /// A host that pauses or lags may not have moved: that is no jump.
    fn step(&self, time: SampleTime, transport: &Transport, since: SampleTime, from: &Transport) -> Option<Step> {
        let (before, now) = Position::from_transport(from).zip(Position::from_transport(transport))?;
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
        if let Some(position) = Position::from_transport(transport) {
            let advance = Position::from_transport(from).and_then(|from| from.distance(position));
            let moves = advance.zip(due).is_some_and(|(advance, due)| advance > 0.5 * due.least && due.least > 0.0);
            self.trust.went_on(position, self.seconds(time - since), due, moves);
        }
    }

    /// Bounds of the distance since an earlier sample, from the tempo.
    fn due(&self, time: SampleTime, transport: &Transport, since: SampleTime, from: &Transport) -> Option<Advance> {
        Advance::in_seconds(self.seconds(time - since), Position::from_transport(from)?, [from.tempo, transport.tempo])
    }

    /// The time of a jump back that is detected in the block at `time`; it may lie within the block before.
    ///
    /// The jump is taken to go to the loop's start, or to the last sixteenth before the position if no loop is known.
    fn jumped_back_at(&self, time: SampleTime, transport: &Transport, last: &Block) -> SampleTime {
        // Without beats and tempo the jump may have been anywhere in the block before.
        let Some((beats, tempo)) = transport.beats.zip(transport.tempo) else { return last.time };
        let tempo = tempo.min(last.transport.tempo.unwrap_or(tempo));
        let start = match transport.loop_beats {
            Some((start, end)) if (start..end).contains(&beats) => start,
            _ => (beats * 4.0).floor() / 4.0,
        };
        let samples = (beats - start) * 60.0 / tempo * self.sample_rate - ON_A_SAMPLE;
        // Rounded to the earlier sample, which may have the loop's first note.
        let at = time.saturating_sub(samples.ceil() as SampleTime);
        if at < last.time { time } else { at }
    }

    fn seconds(&self, samples: u64) -> f64 {
        samples as f64 / self.sample_rate
    }
}

#[cfg(test)]
mod tests;
