//! A random transport that plays, stops, flickers, jumps, loops and changes its tempo.

use rand::prelude::*;
use rand_chacha::ChaCha8Rng;

use crate::host::{HostTransport, ReportedPosition};

/// How often each event happens, per minute.
mod per_minute {
    pub const STOPS: f64 = 2.0;
    pub const FLICKERS: f64 = 2.0;
    pub const JUMPS: f64 = 2.0;
    pub const TEMPO_CHANGES: f64 = 4.0;
    pub const LOOP_CHANGES: f64 = 2.0;
    pub const BEHAVIOUR_CHANGES: f64 = 4.0;
}

/// The shortest pause that counts as a stop, in seconds.
const FLICKER_LIMIT: f64 = 0.05;

/// A change of the reported transport that affects notes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TransportChange {
    /// The song stopped.
    Stopped,
    /// The song jumped back this many seconds after the block's start, to its loop's start or elsewhere.
    Back(f64),
    /// The song jumped ahead while playing.
    Ahead,
    /// The host reports its position in another way from now on.
    Behaviour,
}

/// How a host cuts time into blocks and what it reports.
#[derive(Debug, Clone, Copy, PartialEq)]
struct HostBehaviour {
    /// Whether blocks end at a loop's end or a tempo change.
    splits_blocks: bool,
    position: ReportedPosition,
    /// A reported tempo that is invalid.
    tempo: Option<f64>,
}

impl HostBehaviour {
    const CORRECT: Self = Self { splits_blocks: true, position: ReportedPosition::Correct, tempo: None };

    fn random(random: &mut ChaCha8Rng) -> Self {
        let (mut position, mut tempo) = (ReportedPosition::Correct, None);
        match random.random_range(0..12) {
            0 => position = ReportedPosition::SecondsOnly,
            1 => position = ReportedPosition::Constant(*[0.0, 17.3, f64::NAN].choose(random).expect("not empty")),
            2 => position = ReportedPosition::Scaled(*[0.5, 4.0, -1.0].choose(random).expect("not empty")),
            3 => tempo = [0.0, f64::NAN].choose(random).copied(),
            _ => {}
        }
        Self { splits_blocks: random.random_bool(0.5), position, tempo }
    }
}

/// A transport whose changes follow from the random generator.
#[derive(Debug, Clone)]
pub struct RandomTransport {
    /// The true transport of the current block.
    transport: HostTransport,
    behaviour: HostBehaviour,
    /// Where the next block begins, in quarter notes.
    next_beats: f64,
    /// The tempo there.
    next_tempo: f64,
    /// Seconds since the start, at the start of the current block.
    block_start: f64,
    /// Seconds since the start, at the end of the current block.
    elapsed: f64,
    /// Seconds until a pause ends; at most 0 while playing.
    pause_left: f64,
    /// Seconds that the pause has lasted, the current block included.
    paused: f64,
}

impl Default for RandomTransport {
    fn default() -> Self {
        let transport = HostTransport { playing: true, ..HostTransport::default() };
        Self {
            transport,
            behaviour: HostBehaviour::CORRECT,
            next_beats: 0.0,
            next_tempo: transport.tempo,
            block_start: 0.0,
            elapsed: 0.0,
            pause_left: 0.0,
            paused: 0.0,
        }
    }
}

impl RandomTransport {
    /// The transport that the host reports for the current block.
    pub fn reported(&self) -> HostTransport {
        let correct = HostTransport { tempo: self.behaviour.tempo.unwrap_or(self.transport.tempo), ..self.transport };
        let reported = self.behaviour.position.apply(correct, self.block_start);
        HostTransport { loop_beats: reported.loop_beats.filter(|_| reported.has_beats), ..reported }
    }

    /// Whether the reported position runs backwards, so that the plugin may take each block for a jump back.
    pub fn runs_backwards(&self) -> bool {
        matches!(self.behaviour.position, ReportedPosition::Scaled(factor) if factor < 0.0)
    }

    /// Whether the pause counts as a stop by the end of the current block. Long blocks turn a flicker into a stop.
    pub fn has_stopped(&self) -> bool {
        self.paused >= FLICKER_LIMIT
    }

    /// Shortens a block of `samples` to the loop's end, if the host splits blocks.
    pub fn limit_block(&self, samples: u32, sample_rate: f64) -> u32 {
        let splits = self.behaviour.splits_blocks && self.pause_left <= 0.0;
        let Some((_, end)) = self.transport.loop_beats.filter(|_| splits) else { return samples };
        let left = (end - self.next_beats) * 60.0 / self.next_tempo * sample_rate;
        if left > 0.0 && left < f64::from(samples) { (left.ceil() as u32).min(samples) } else { samples }
    }

    /// Advances to a block of `samples` and returns what changed.
    pub fn next_block(&mut self, samples: u32, sample_rate: f64, random: &mut ChaCha8Rng) -> Option<TransportChange> {
        use per_minute::*;
        let seconds = f64::from(samples) / sample_rate;
        let mut happens = |rate: f64| random.random_bool((rate * seconds / 60.0).min(1.0));
        let [stops, flickers, jumps, changes_tempo, changes_loop, changes_behaviour] =
            [STOPS, FLICKERS, JUMPS, TEMPO_CHANGES, LOOP_CHANGES, BEHAVIOUR_CHANGES].map(&mut happens);
        self.transport.tempo = self.next_tempo;
        if changes_tempo {
            self.change_tempo(random);
        }
        if changes_loop {
            let start = self.next_beats.floor();
            self.transport.loop_beats =
                random.random_bool(0.7).then(|| (start, start + f64::from(random.random_range(1..8))));
        }
        let mut change = None;
        if self.pause_left > 0.0 {
            self.pause_left -= seconds;
            self.transport.playing = self.pause_left <= 0.0;
            if self.transport.playing && random.random_bool(0.3) {
                // After a pause too short for a stop this is a jump; the plugin can tell.
                change = Some(self.jump(random));
            }
        } else if stops {
            self.pause_left = random.random_range(0.06..2.0);
            change = Some(TransportChange::Stopped);
            self.transport.playing = false;
        } else if flickers {
            self.pause_left = random.random_range(0.001..0.045);
            self.transport.playing = false;
        } else if jumps {
            change = Some(self.jump(random));
        } else if changes_behaviour {
            self.behaviour = HostBehaviour::random(random);
            change = Some(TransportChange::Behaviour);
        } else if let Some((start, end)) = self.transport.loop_beats
            && self.next_beats >= end
            && self.behaviour.splits_blocks
        {
            self.next_beats = start;
            change = Some(TransportChange::Back(0.0));
        }
        let wrap = self.advance(seconds);
        change.or(wrap)
    }

    fn change_tempo(&mut self, random: &mut ChaCha8Rng) {
        self.next_tempo = (random.random_range(40.0..220.0f64) * 4.0).round() / 4.0;
        if self.behaviour.splits_blocks {
            self.transport.tempo = self.next_tempo;
        }
        self.transport.signature = *[(4, 4), (3, 4), (7, 8)].choose(random).expect("not empty");
    }

    /// Jumps to a random position, possibly before the song's start.
    fn jump(&mut self, random: &mut ChaCha8Rng) -> TransportChange {
        let before = self.next_beats;
        self.next_beats = random.random_range(-4.0..400.0);
        if self.next_beats > before { TransportChange::Ahead } else { TransportChange::Back(0.0) }
    }

    /// Plays a block without changes and with correct reports.
    pub fn play_on(&mut self, samples: u32, sample_rate: f64) {
        self.pause_left = 0.0;
        self.transport.playing = true;
        self.transport.loop_beats = None;
        self.behaviour = HostBehaviour::CORRECT;
        self.transport.tempo = self.next_tempo;
        self.advance(f64::from(samples) / sample_rate);
    }

    /// Stops until the next call of [`next_block`](Self::next_block).
    pub fn stop(&mut self) {
        self.transport.playing = false;
        self.pause_left = f64::MIN_POSITIVE;
    }

    /// Places the current block, whose tempo may change within, and finds where the next begins.
    ///
    /// Returns the wrap, if the loop wraps within the block.
    fn advance(&mut self, seconds: f64) -> Option<TransportChange> {
        self.transport.beats = self.next_beats;
        self.transport.seconds = self.next_beats * 60.0 / self.transport.tempo;
        self.block_start = self.elapsed;
        self.elapsed += seconds;
        self.paused = if self.transport.playing { 0.0 } else { self.paused + seconds };
        if !self.transport.playing {
            return None;
        }
        let tempo = (self.transport.tempo + self.next_tempo) / 2.0;
        self.next_beats += seconds * tempo / 60.0;
        let (start, end) = self.transport.loop_beats.filter(|_| !self.behaviour.splits_blocks)?;
        if !(start..end).contains(&self.transport.beats) || self.next_beats < end {
            return None;
        }
        self.next_beats = start + (self.next_beats - end) % (end - start);
        Some(TransportChange::Back((end - self.transport.beats) * 60.0 / tempo))
    }
}
