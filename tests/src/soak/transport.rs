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
const HABITS: f64 = 4.0;

/// A rest that is shorter is no stop, in seconds.
const FLICKER: f64 = 0.05;

/// What the song did, as the host tells it, that notes must bear.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Jump {
    /// It stopped.
    Stopped,
    /// It went back, so many seconds after the block began: from the end of its loop to the start, or elsewhere.
    Back(f64),
    /// It went ahead while it played.
    Ahead,
    /// The host tells its positions in another way from now on.
    Habits,
}

/// What a host tells of where the song is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Told {
    Right,
    /// Seconds, without beats.
    Seconds,
    /// The same for ever.
    Always(f64),
    /// At another rate than the tempo's.
    Times(f64),
    /// Right, with a tempo that is none.
    Tempo(f64),
}

/// How a host cuts time into blocks, and what it tells.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Habits {
    /// Whether its blocks end where a loop or a tempo does.
    cuts: bool,
    told: Told,
}

impl Habits {
    const GOOD: Self = Self { cuts: true, told: Told::Right };

    fn at_random(random: &mut ChaCha8Rng) -> Self {
        let told = match random.random_range(0..12) {
            0 => Told::Seconds,
            1 => Told::Always(*[0.0, 17.3, f64::NAN].choose(random).expect("some places")),
            2 => Told::Times(*[0.5, 4.0, -1.0].choose(random).expect("some rates")),
            3 => Told::Tempo(*[0.0, f64::NAN].choose(random).expect("some tempi")),
            _ => Told::Right,
        };
        Self { cuts: random.random_bool(0.5), told }
    }
}

/// See the [module](self).
#[derive(Debug, Clone)]
pub struct RandomTransport {
    transport: HostTransport,
    habits: Habits,
    /// Where the next block begins.
    next: f64,
    /// The tempo there.
    next_tempo: f64,
    /// Seconds that have gone by.
    elapsed: f64,
    /// Seconds that it still rests; playing where none are left.
    resting: f64,
    /// Seconds that it has rested, the block at hand included.
    rested: f64,
}

impl Default for RandomTransport {
    fn default() -> Self {
        let transport = HostTransport { playing: true, ..HostTransport::default() };
        Self {
            transport,
            habits: Habits::GOOD,
            next: 0.0,
            next_tempo: transport.tempo,
            elapsed: 0.0,
            resting: 0.0,
            rested: 0.0,
        }
    }
}

impl RandomTransport {
    /// The transport of the block at hand, as the host tells it.
    pub fn now(&self) -> HostTransport {
        let right = self.transport;
        match self.habits.told {
            Told::Right => right,
            Told::Seconds => HostTransport { tells_beats: false, loop_beats: None, ..right },
            Told::Always(beats) => HostTransport { beats, ..right },
            Told::Times(times) => HostTransport { beats: right.beats * times, ..right },
            Told::Tempo(tempo) => HostTransport { tempo, ..right },
        }
    }

    /// Whether the host says that the song goes backwards: each block may then be taken for a jump back.
    pub fn goes_backwards(&self) -> bool {
        matches!(self.habits.told, Told::Times(times) if times < 0.0)
    }

    /// Whether it rests for so long that it has stopped by the end of the block at hand, if only its blocks are too long for
    /// a flicker.
    pub fn has_stopped(&self) -> bool {
        self.rested >= FLICKER
    }

    /// How long the block at hand may be, of so many samples: a host that cuts ends it where its loop does.
    pub fn cut(&self, samples: u32, sample_rate: f64) -> u32 {
        let Some((_, end)) = self.transport.loop_beats.filter(|_| self.habits.cuts && self.resting <= 0.0) else {
            return samples;
        };
        let left = (end - self.next) * 60.0 / self.next_tempo * sample_rate;
        if left > 0.0 && left < f64::from(samples) { (left.ceil() as u32).min(samples) } else { samples }
    }

    /// Goes on to a block of `samples`, and tells what happened at its start.
    pub fn next_block(&mut self, samples: u32, sample_rate: f64, random: &mut ChaCha8Rng) -> Option<Jump> {
        let seconds = f64::from(samples) / sample_rate;
        let mut happens = |a_minute: f64| random.random_bool((a_minute * seconds / 60.0).min(1.0));
        let [stops, flickers, jumps, changes_tempo, changes_loop, changes_habits] =
            [STOPS, FLICKERS, JUMPS, TEMPI, LOOPS, HABITS].map(&mut happens);
        self.transport.tempo = self.next_tempo;
        if changes_tempo {
            self.next_tempo = (random.random_range(40.0..220.0f64) * 4.0).round() / 4.0;
            if self.habits.cuts {
                self.transport.tempo = self.next_tempo;
            }
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
                // Only a jump where it rested for so short a time that it has not stopped; the plugin knows.
                jump = Some(self.jump(random));
            }
        } else if stops {
            self.resting = random.random_range(0.06..2.0);
            jump = Some(Jump::Stopped);
            self.transport.playing = false;
        } else if flickers {
            self.resting = random.random_range(0.001..0.045);
            self.transport.playing = false;
        } else if jumps {
            jump = Some(self.jump(random));
        } else if changes_habits {
            self.habits = Habits::at_random(random);
            jump = Some(Jump::Habits);
        } else if let Some((start, end)) = self.transport.loop_beats
            && self.next >= end
            && self.habits.cuts
        {
            self.next = start;
            jump = Some(Jump::Back(0.0));
        }
        let wrapped = self.place(seconds);
        jump.or(wrapped)
    }

    /// Goes elsewhere, to before the song's start too.
    fn jump(&mut self, random: &mut ChaCha8Rng) -> Jump {
        let before = self.next;
        self.next = random.random_range(-4.0..400.0);
        if self.next > before { Jump::Ahead } else { Jump::Back(0.0) }
    }

    /// Plays on without anything happening, as a host with good habits.
    pub fn play_on(&mut self, samples: u32, sample_rate: f64) {
        self.resting = 0.0;
        self.transport.playing = true;
        self.transport.loop_beats = None;
        self.habits = Habits::GOOD;
        self.transport.tempo = self.next_tempo;
        self.place(f64::from(samples) / sample_rate);
    }

    /// Stops; the song then stays where it is until the next block.
    pub fn stop(&mut self) {
        self.transport.playing = false;
        self.resting = f64::MIN_POSITIVE;
    }

    /// Places the block at hand, whose tempo may change in its midst, and finds where the next begins; whether the song
    /// wraps within it.
    fn place(&mut self, seconds: f64) -> Option<Jump> {
        self.transport.beats = self.next;
        // Seconds go by as they do, whatever the tempo.
        self.transport.seconds = match self.habits.told {
            Told::Seconds => self.elapsed,
            _ => self.next * 60.0 / self.transport.tempo,
        };
        self.elapsed += seconds;
        self.rested = if self.transport.playing { 0.0 } else { self.rested + seconds };
        let mut wrapped = None;
        if self.transport.playing {
            let tempo = (self.transport.tempo + self.next_tempo) / 2.0;
            self.next += seconds * tempo / 60.0;
            if let Some((start, end)) = self.transport.loop_beats
                && !self.habits.cuts
                && (start..end).contains(&self.transport.beats)
                && self.next >= end
            {
                wrapped = Some(Jump::Back((end - self.transport.beats) * 60.0 / tempo));
                self.next = start + (self.next - end) % (end - start);
            }
        }
        wrapped
    }
}
