//! Where the song is: a transport that plays, stops, flickers, jumps, loops and changes its tempo at random.

use rand::prelude::*;
use rand_chacha::ChaCha8Rng;

use crate::host::HostTransport;

/// How often each happens, in times a minute.
const STOPS: f64 = 2.0;
const FLICKERS: f64 = 2.0;
const JUMPS: f64 = 2.0;
const TEMPI: f64 = 4.0;
const LOOPS: f64 = 2.0;

/// What the song did that notes must bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jump {
    /// It stopped.
    Stopped,
    /// It went from the end of its loop to the start.
    Wrapped,
    /// It went elsewhere while it played.
    Sought,
}

/// See the [module](self).
#[derive(Debug, Clone)]
pub struct RandomTransport {
    transport: HostTransport,
    /// Where the next block begins.
    next: f64,
    /// Seconds that it still rests; playing where none are left.
    resting: f64,
}

impl Default for RandomTransport {
    fn default() -> Self {
        let transport = HostTransport { playing: true, ..HostTransport::default() };
        Self { transport, next: 0.0, resting: 0.0 }
    }
}

impl RandomTransport {
    /// The transport of the block at hand.
    pub fn now(&self) -> HostTransport {
        self.transport
    }

    /// Goes on to a block of `samples`, and tells what happened at its start.
    pub fn next_block(&mut self, samples: u32, sample_rate: f64, random: &mut ChaCha8Rng) -> Option<Jump> {
        let seconds = f64::from(samples) / sample_rate;
        let mut happens = |a_minute: f64| random.random_bool((a_minute * seconds / 60.0).min(1.0));
        let [stops, flickers, jumps, changes_tempo, changes_loop] =
            [STOPS, FLICKERS, JUMPS, TEMPI, LOOPS].map(&mut happens);
        if changes_tempo {
            self.transport.tempo = (random.random_range(40.0..220.0f64) * 4.0).round() / 4.0;
            self.transport.signature = *[(4, 4), (3, 4), (7, 8)].choose(random).expect("some signatures");
        }
        if changes_loop {
            let start = self.next.floor();
            self.transport.loop_beats =
                random.random_bool(0.7).then(|| (start, start + f64::from(random.random_range(1..8))));
        }
        let mut jump = None;
        if self.resting > 0.0 {
            self.resting -= seconds;
            self.transport.playing = self.resting <= 0.0;
            if self.transport.playing && random.random_bool(0.3) {
                self.next = random.random_range(0.0..400.0);
                // Only a jump where it rested for so short a time that it has not stopped; the plugin knows.
                jump = Some(Jump::Sought);
            }
        } else if stops {
            self.resting = random.random_range(0.06..2.0);
            jump = Some(Jump::Stopped);
            self.transport.playing = false;
        } else if flickers {
            self.resting = random.random_range(0.001..0.045);
            self.transport.playing = false;
        } else if jumps {
            self.next = random.random_range(0.0..400.0);
            jump = Some(Jump::Sought);
        } else if let Some((start, end)) = self.transport.loop_beats
            && self.next >= end
        {
            self.next = start;
            jump = Some(Jump::Wrapped);
        }
        self.place(seconds);
        jump
    }

    /// Plays on without anything happening.
    pub fn play_on(&mut self, samples: u32, sample_rate: f64) {
        self.resting = 0.0;
        self.transport.playing = true;
        self.transport.loop_beats = None;
        self.place(f64::from(samples) / sample_rate);
    }

    /// Stops; the song then stays where it is until the next block.
    pub fn stop(&mut self) {
        self.transport.playing = false;
        self.resting = f64::MIN_POSITIVE;
    }

    fn place(&mut self, seconds: f64) {
        self.transport.beats = self.next;
        self.transport.seconds = self.next * 60.0 / self.transport.tempo;
        if self.transport.playing {
            self.next += seconds * self.transport.tempo / 60.0;
        }
    }
}
