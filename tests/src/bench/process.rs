//! Times each call of `process()` while 128 notes sound.
//!
//! A part is played several times from the start of the song. The first pass opens the model, fills its caches and, in
//! Timeline, the memory. The second pass is timed from the moment at which all notes sound. An empty loop of about the
//! same duration follows each block, so that outliers of the machine show up there too. Further passes repeat the second;
//! the minimum per block is the plugin's own time.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use tonenet_core::midi::MidiMessage;

use super::thread_usage::{ContextSwitches, thread_cpu_time};
use super::{BLOCK, CONFIG, LIVE, SAMPLE_RATE, SoundCard, transport_at};
use crate::HostError;
use crate::clap::ClapHost;
use crate::host::{Block, BlockInput, Host};

/// How many notes sound at a time.
pub const SOUNDING_NOTES: usize = 128;
/// Notes per second until all sound.
const FILL_RATE: u64 = 128;
/// Notes per second from then on; each new note ends the oldest.
pub const NOTES_PER_SECOND: u64 = 32;

/// How many passes repeat the timed one.
const REPEATS: usize = 2;
/// The rest between two passes, in seconds: all notes end, and a remembered song is restyled.
const REST: f64 = 2.0;

/// A value of the parameter Look-ahead.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mode {
    /// The name that users see.
    pub name: &'static str,
    look_ahead: f64,
}

/// The modes that are measured, one of each kind.
pub const MODES: [Mode; 4] = [
    Mode { name: "Live", look_ahead: LIVE },
    Mode { name: "Window, 1 beat", look_ahead: 1.0 },
    Mode { name: "Timeline", look_ahead: 6.0 },
    Mode { name: "0 ms", look_ahead: 5.0 },
];

/// The timing of one call of `process()`.
#[derive(Debug, Clone, Copy)]
pub struct BlockTime {
    /// The duration of the call.
    pub duration: Duration,
    /// The processor time of the call, without what the system or the host of a virtual machine took away.
    pub cpu_time: Duration,
    /// The duration of the empty loop after the call.
    pub empty_loop: Duration,
    /// How often the system gave the processor to another thread during the call.
    pub preempted: u64,
    /// How often the call waited.
    pub waited: u64,
}

/// The measurement of a mode.
#[derive(Debug)]
pub struct ModeMeasurement {
    /// The mode.
    pub mode: Mode,
    /// Its latency in samples.
    pub latency: u32,
    /// The blocks of the timed pass in which all notes sound.
    pub blocks: Vec<BlockTime>,
    /// The shortest duration of each of these blocks over the timed pass and its repeats.
    pub fastest: Vec<Duration>,
    /// Notes of the timed pass that left with the model's velocity. Where few are late or new, the model kept up.
    pub restyled: u64,
    /// Notes of the timed pass that were due before the model's result was available.
    pub late: u64,
    /// Notes of the timed pass that a mode without latency did not know yet.
    pub new: u64,
}

/// Times the plugin in `clap` in a mode for some seconds per pass.
///
/// # Errors
/// When the plugin cannot be hosted.
pub fn measure(clap: &Path, mode: Mode, seconds: f64) -> Result<ModeMeasurement, HostError> {
    let mut host = ClapHost::load(clap)?;
    host.enable_report()?;
    host.set_parameter("Look-ahead", mode.look_ahead)?;
    let (latency, _) = host.activate_stopped(&CONFIG, &[], &transport_at(0, false))?;
    let mut bench = Bench { host, latency, card: SoundCard::new(), loop_rounds: 0 };
    let end = ((seconds + fill_seconds()) * SAMPLE_RATE) as u64;

    let mut warm_up: Vec<Duration> = bench.play_pass(end)?.iter().map(|block| block.duration).collect();
    warm_up.sort();
    bench.loop_rounds = loop_rounds_for(warm_up.get(warm_up.len() / 2).copied().unwrap_or_default());
    bench.rest((SAMPLE_RATE * REST) as u64)?;
    let before = bench.host.report()?;
    let blocks = bench.play_pass(end)?;
    bench.rest((SAMPLE_RATE * 0.5) as u64 + u64::from(latency))?;
    let after = bench.host.report()?;
    let mut fastest: Vec<Duration> = blocks.iter().map(|block| block.duration).collect();
    for _ in 0..REPEATS {
        bench.rest((SAMPLE_RATE * REST) as u64)?;
        let repeat = bench.play_pass(end)?;
        fastest.iter_mut().zip(repeat).for_each(|(fastest, block)| *fastest = block.duration.min(*fastest));
    }
    Ok(ModeMeasurement {
        mode,
        latency,
        blocks,
        fastest,
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
    loop_rounds: u64,
}

impl Bench {
    /// Plays from the start of the song to a sample; returns the blocks in which all notes sound.
    fn play_pass(&mut self, end: u64) -> Result<Vec<BlockTime>, HostError> {
        let mut blocks = Vec::with_capacity((end / u64::from(BLOCK)) as usize + 1);
        let all_sound = (fill_seconds() * SAMPLE_RATE) as u64 + u64::from(self.latency);
        let (mut start, mut note) = (0, 0);
        while start < end {
            let mut messages = vec![(0, pitch_bend(start))];
            while onset(note) < start + u64::from(BLOCK) {
                let offset = (onset(note) - start) as u32;
                if let Some(oldest) = note.checked_sub(SOUNDING_NOTES as u64) {
                    messages.push((offset, note_message(0x80, oldest)));
                }
                messages.push((offset, note_message(0x90, note)));
                note += 1;
            }
            let time = self.time_block(start, true, &messages)?;
            if start >= all_sound {
                blocks.push(time);
            }
            start += u64::from(BLOCK);
        }
        Ok(blocks)
    }

    /// Lets samples pass with the transport stopped.
    fn rest(&mut self, samples: u64) -> Result<(), HostError> {
        (0..samples / u64::from(BLOCK)).try_for_each(|_| self.time_block(0, false, &[]).map(drop))
    }

    fn time_block(
        &mut self,
        start: u64,
        playing: bool,
        messages: &[(u32, MidiMessage)],
    ) -> Result<BlockTime, HostError> {
        let inputs: Vec<BlockInput> = messages.iter().map(|(offset, m)| BlockInput::Message(*offset, m)).collect();
        let transport = transport_at(start, playing);
        let block = Block::new(BLOCK).with_transport(&transport).with_inputs(&inputs);
        self.card.wait();
        let switches_before = ContextSwitches::of_current_thread();
        let cpu_before = thread_cpu_time();
        self.host.process(&block, &mut |_| {})?;
        let cpu_after = thread_cpu_time();
        let switches = ContextSwitches::of_current_thread();
        let duration = self.host.last_block_duration();
        // The measured processor time includes the host's work around the call, so it can exceed the call's duration.
        let used = cpu_after.zip(cpu_before).map(|(after, before)| after.saturating_sub(before));
        let loop_started = Instant::now();
        run_empty_loop(self.loop_rounds);
        Ok(BlockTime {
            duration,
            cpu_time: used.map_or(duration, |used| used.min(duration)),
            empty_loop: loop_started.elapsed(),
            preempted: switches.involuntary - switches_before.involuntary,
            waited: switches.voluntary - switches_before.voluntary,
        })
    }
}

/// The seconds until all notes sound.
fn fill_seconds() -> f64 {
    SOUNDING_NOTES as f64 / FILL_RATE as f64
}

/// The sample at which a note begins.
fn onset(note: u64) -> u64 {
    let rate = SAMPLE_RATE as u64;
    match note.checked_sub(SOUNDING_NOTES as u64) {
        None => note * rate / FILL_RATE,
        Some(later) => SOUNDING_NOTES as u64 * rate / FILL_RATE + later * rate / NOTES_PER_SECOND,
    }
}

/// A note's note-on or note-off. No two sounding notes share a channel and key.
fn note_message(status: u8, note: u64) -> MidiMessage {
    // A scattered order of 128 slots: a piano's 88 keys on one channel, the others on the next.
    let slot = (note * 37 % SOUNDING_NOTES as u64) as u8;
    let (channel, key) = if slot < 88 { (0, 21 + slot) } else { (1, 40 + slot - 88) };
    MidiMessage::Channel([status | channel, key, 30 + (note * 13 % 70) as u8])
}

/// A pitch bend, so that no block is without an event.
fn pitch_bend(start: u64) -> MidiMessage {
    MidiMessage::Channel([0xE0, 0, (start / u64::from(BLOCK) % 128) as u8])
}

fn run_empty_loop(rounds: u64) {
    (0..rounds).for_each(|round| {
        black_box(round);
    });
}

/// How many rounds of the empty loop take this long.
fn loop_rounds_for(time: Duration) -> u64 {
    const ROUNDS: u64 = 100_000;
    let timed = |_| {
        let started = Instant::now();
        run_empty_loop(ROUNDS);
        started.elapsed()
    };
    let fastest = (0..8).map(timed).min().unwrap_or_default();
    (time.as_secs_f64() / fastest.as_secs_f64().max(f64::MIN_POSITIVE) * ROUNDS as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_sounding_notes_share_a_channel_and_key() {
        let key = |note| match note_message(0x90, note) {
            MidiMessage::Channel([status, key, _]) => (status, key),
            MidiMessage::SysEx(_) => panic!("a note"),
        };
        for first in [0, 1, 100, 1000] {
            let sounding: HashSet<_> = (first..first + SOUNDING_NOTES as u64).map(key).collect();
            assert_eq!(sounding.len(), SOUNDING_NOTES);
        }
        assert_eq!(onset(SOUNDING_NOTES as u64), (fill_seconds() * SAMPLE_RATE) as u64);
        assert!((0..500).all(|note| onset(note) < onset(note + 1)));
    }
}
