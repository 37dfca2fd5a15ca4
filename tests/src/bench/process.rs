//! How long `process()` takes while 128 notes sound, block by block.
//!
//! A part is played twice from the start of the song: the first pass opens the model, fills its caches and, in
//! Timeline, is what is remembered; the second is timed, from the moment on when all notes sound. Each block is followed
//! by an empty loop that takes about as long: what goes wrong there is the machine's doing. Further passes play the same
//! again: what a block takes in each of them is its own.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use tonenet_core::midi::MidiMessage;

use super::{BLOCK, LIVE, SAMPLE_RATE, SETUP, SoundCard, transport};
use crate::HostError;
use crate::clap::ClapHost;
use crate::host::{Host, Input};

/// Notes that sound.
pub const SOUNDING: usize = 128;
/// Notes a second until all sound.
const FILLING: u64 = 128;
/// Notes a second from then on, when each new one ends the oldest.
pub const NOTES_A_SECOND: u64 = 32;

/// Further passes.
const AGAIN: usize = 2;

/// A choice of the parameter Look-ahead.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mode {
    /// What a user knows it by.
    pub name: &'static str,
    look_ahead: f64,
}

/// One of each kind.
pub const MODES: [Mode; 4] = [
    Mode { name: "Live", look_ahead: LIVE },
    Mode { name: "Window, 1 beat", look_ahead: 1.0 },
    Mode { name: "Timeline", look_ahead: 6.0 },
    Mode { name: "0 ms", look_ahead: 5.0 },
];

/// One call of `process()`.
#[derive(Debug, Clone, Copy)]
pub struct BlockTime {
    /// How long it took.
    pub took: Duration,
    /// How long of that it had the processor: what the system or, where the machine is virtual, its host took away is
    /// left out.
    pub on_processor: Duration,
    /// How long the empty loop after it took.
    pub empty_loop: Duration,
    /// How often the system gave the processor to another thread meanwhile.
    pub preempted: u64,
    /// How often the call waited for something.
    pub waited: u64,
}

/// What was measured in a mode.
#[derive(Debug)]
pub struct Measured {
    /// The mode.
    pub mode: Mode,
    /// Its latency in samples.
    pub latency: u32,
    /// All blocks of the second pass with all notes sounding.
    pub blocks: Vec<BlockTime>,
    /// The least that each of them took in that pass and two further ones.
    pub least: Vec<Duration>,
    /// Notes of the second pass that left with the model's velocity, …
    pub restyled: u64,
    /// … before the model had answered, …
    pub late: u64,
    /// … and unknown to a mode without latency: where there are few of both, the model kept up.
    pub new: u64,
}

/// Times the plugin in `clap` for some seconds in a mode.
///
/// # Errors
/// When the plugin cannot be hosted.
pub fn measure(clap: &Path, mode: Mode, seconds: f64) -> Result<Measured, HostError> {
    let mut host = ClapHost::load(clap)?;
    host.ask_for_report()?;
    host.set_parameter("Look-ahead", mode.look_ahead)?;
    let (latency, _) = host.activate_at_rest(&SETUP, &[], &transport(0, false))?;
    let mut bench = Bench { host, latency, card: SoundCard::new(), loops: 0 };
    let end = ((seconds + filling_seconds()) * SAMPLE_RATE) as u64;

    let mut warm: Vec<Duration> = bench.pass(end)?.iter().map(|block| block.took).collect();
    warm.sort();
    bench.loops = loops_of(warm.get(warm.len() / 2).copied().unwrap_or_default());
    // What sounded ends, and a remembered take is restyled.
    bench.rest((SAMPLE_RATE * 2.0) as u64)?;
    let before = bench.host.report()?;
    let blocks = bench.pass(end)?;
    bench.rest((SAMPLE_RATE * 0.5) as u64 + u64::from(latency))?;
    let after = bench.host.report()?;
    let mut least: Vec<Duration> = blocks.iter().map(|block| block.took).collect();
    for _ in 0..AGAIN {
        bench.rest((SAMPLE_RATE * 2.0) as u64)?;
        let again = bench.pass(end)?;
        least.iter_mut().zip(again).for_each(|(least, block)| *least = block.took.min(*least));
    }
    Ok(Measured {
        mode,
        latency,
        blocks,
        least,
        restyled: after.restyled - before.restyled,
        late: after.late - before.late,
        new: after.new - before.new,
    })
}

struct Bench {
    host: ClapHost,
    latency: u32,
    card: SoundCard,
    /// Rounds of the empty loop.
    loops: u64,
}

impl Bench {
    /// Plays from the start of the song to a sample; gives the blocks in which all notes sounded.
    fn pass(&mut self, end: u64) -> Result<Vec<BlockTime>, HostError> {
        let mut blocks = Vec::with_capacity((end / u64::from(BLOCK)) as usize + 1);
        let all_sound = (filling_seconds() * SAMPLE_RATE) as u64 + u64::from(self.latency);
        let (mut at, mut note) = (0, 0);
        while at < end {
            let mut messages = vec![(0, wheel(at))];
            while onset(note) < at + u64::from(BLOCK) {
                let sample = (onset(note) - at) as u32;
                if let Some(ended) = note.checked_sub(SOUNDING as u64) {
                    messages.push((sample, message(0x80, ended)));
                }
                messages.push((sample, message(0x90, note)));
                note += 1;
            }
            let time = self.block(at, true, &messages)?;
            if at >= all_sound {
                blocks.push(time);
            }
            at += u64::from(BLOCK);
        }
        Ok(blocks)
    }

    /// Lets some samples pass with the transport at rest.
    fn rest(&mut self, samples: u64) -> Result<(), HostError> {
        (0..samples / u64::from(BLOCK)).try_for_each(|_| self.block(0, false, &[]).map(drop))
    }

    fn block(&mut self, at: u64, playing: bool, messages: &[(u32, MidiMessage)]) -> Result<BlockTime, HostError> {
        let inputs: Vec<Input> = messages.iter().map(|(at, m)| Input::Message(*at, m)).collect();
        self.card.wait();
        let before = Switches::of_this_thread();
        let began = processor_time();
        self.host.block(Some(&transport(at, playing)), BLOCK, &inputs, &mut |_| {})?;
        let took = self.host.took();
        // What the host did around the call is in it too, so it can be more than the call took, never less.
        let on_processor = processor_time().zip(began).map_or(took, |(now, began)| took.min(now.saturating_sub(began)));
        let after = Switches::of_this_thread();
        let started = Instant::now();
        (0..self.loops).for_each(|round| {
            black_box(round);
        });
        let empty_loop = started.elapsed();
        let (preempted, waited) = (after.involuntary - before.involuntary, after.voluntary - before.voluntary);
        Ok(BlockTime { took, on_processor, empty_loop, preempted, waited })
    }
}

/// Until so many seconds not all notes sound.
fn filling_seconds() -> f64 {
    SOUNDING as f64 / FILLING as f64
}

/// The sample at which a note begins.
fn onset(note: u64) -> u64 {
    let rate = SAMPLE_RATE as u64;
    match note.checked_sub(SOUNDING as u64) {
        None => note * rate / FILLING,
        Some(later) => SOUNDING as u64 * rate / FILLING + later * rate / NOTES_A_SECOND,
    }
}

/// A note's on or off: no two of those that sound have the same channel and key.
fn message(status: u8, note: u64) -> MidiMessage {
    // 128 places in a scattered order: a piano's 88 keys on one channel, the others on the next.
    let place = (note * 37 % SOUNDING as u64) as u8;
    let (channel, key) = if place < 88 { (0, 21 + place) } else { (1, 40 + place - 88) };
    MidiMessage::Channel([status | channel, key, 30 + (note * 13 % 70) as u8])
}

/// A movement of the pitch wheel, so that no block is without an event.
fn wheel(at: u64) -> MidiMessage {
    MidiMessage::Channel([0xE0, 0, (at / u64::from(BLOCK) % 128) as u8])
}

/// Rounds of an empty loop that take so long.
fn loops_of(time: Duration) -> u64 {
    const ROUNDS: u64 = 100_000;
    let round = |_| {
        let started = Instant::now();
        (0..ROUNDS).for_each(|round| {
            black_box(round);
        });
        started.elapsed()
    };
    let fastest = (0..8).map(round).min().unwrap_or_default();
    (time.as_secs_f64() / fastest.as_secs_f64().max(f64::MIN_POSITIVE) * ROUNDS as f64) as u64
}

/// How long this thread has had the processor; `None` where the system does not tell.
#[cfg(unix)]
fn processor_time() -> Option<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: there is room for the time.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    (failed == 0).then(|| Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32))
}

#[cfg(not(unix))]
fn processor_time() -> Option<Duration> {
    None
}

/// How often a thread has given the processor away.
#[derive(Debug, Clone, Copy, Default)]
struct Switches {
    voluntary: u64,
    involuntary: u64,
}

impl Switches {
    #[cfg(target_os = "linux")]
    fn of_this_thread() -> Self {
        let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: `usage` is valid for writing, and all of its fields are numbers, so that zeroed is initialised.
        let usage = unsafe {
            libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr());
            usage.assume_init()
        };
        Self { voluntary: usage.ru_nvcsw as u64, involuntary: usage.ru_nivcsw as u64 }
    }

    #[cfg(not(target_os = "linux"))]
    fn of_this_thread() -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn once_all_notes_sound_there_are_always_as_many_and_no_two_alike() {
        let key = |note| match message(0x90, note) {
            MidiMessage::Channel([status, key, _]) => (status, key),
            MidiMessage::SysEx(_) => panic!("a note"),
        };
        for first in [0, 1, 100, 1000] {
            let sounding: HashSet<_> = (first..first + SOUNDING as u64).map(key).collect();
            assert_eq!(sounding.len(), SOUNDING);
        }
        assert_eq!(onset(SOUNDING as u64), (filling_seconds() * SAMPLE_RATE) as u64);
        assert!((0..500).all(|note| onset(note) < onset(note + 1)));
    }
}
