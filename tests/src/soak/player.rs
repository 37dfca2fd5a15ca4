//! What is played: notes, chords and trills of all lengths on several channels, pedals, wheels and other controllers.

use std::collections::VecDeque;

use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use tonenet_core::midi::MidiMessage;

/// Chords a second, at the quietest and the busiest.
const CHORDS: std::ops::Range<f64> = 2.0..40.0;
/// Chords in a block that has no samples, on the mean.
const CHORDS_AT_ONCE: f64 = 0.5;
/// How often the player changes between them, and controllers come, in times a second.
const MOODS: f64 = 0.2;
const CONTROLLERS: f64 = 4.0;

/// Something played.
#[derive(Debug, Clone, PartialEq)]
pub struct PlayedEvent {
    /// Its sample since the start.
    pub time: u64,
    pub message: MidiMessage,
    /// The note's id, for notes.
    pub id: Option<u32>,
}

/// See the [module](self).
#[derive(Debug, Default)]
pub struct Player {
    /// By time.
    events: VecDeque<PlayedEvent>,
    /// Keys that are down, with the sample at which they come up.
    down: Vec<(u64, u8, u8, u32)>,
    next_id: u32,
    chords_a_second: f64,
}

impl Player {
    /// Note-ons played so far.
    pub fn notes(&self) -> u64 {
        self.next_id.into()
    }

    /// Plays from `now` on for a block.
    pub fn play(&mut self, now: u64, samples: u32, sample_rate: f64, random: &mut ChaCha8Rng) {
        let seconds = f64::from(samples) / sample_rate;
        if self.chords_a_second == 0.0 || random.random_bool((MOODS * seconds).min(1.0)) {
            self.chords_a_second = random.random_range(CHORDS);
        }
        let mut times: Vec<u64> = Vec::new();
        let expected = if samples == 0 { CHORDS_AT_ONCE } else { self.chords_a_second * seconds };
        let count = expected.floor() as usize + usize::from(random.random_bool(expected.fract()));
        times.extend((0..count).map(|_| now + random.random_range(0..u64::from(samples.max(1)))));
        let mut events: Vec<PlayedEvent> = Vec::new();
        for time in times {
            for _ in 0..[1, 1, 1, 2, 3, 4, 7].choose(random).copied().unwrap_or(1) {
                // Channel 10 and keys beyond a piano's come through too.
                let channel = if random.random_bool(0.8) { 0 } else { random.random_range(0..16u8) };
                let key =
                    if random.random_bool(0.9) { random.random_range(36..84u8) } else { random.random_range(0..128u8) };
                let velocity = random.random_range(1..=127u8);
                let id = self.next_id;
                self.next_id += 1;
                let length = (0.01 * 300f64.powf(random.random::<f64>()) * sample_rate) as u64;
                events.push(PlayedEvent {
                    time,
                    message: MidiMessage::Channel([0x90 | channel, key, velocity]),
                    id: Some(id),
                });
                self.down.push((time + length.max(1), channel, key, id));
            }
        }
        if samples > 0 && random.random_bool((CONTROLLERS * seconds).min(1.0)) {
            let time = now + random.random_range(0..u64::from(samples));
            let channel = random.random_range(0..16u8);
            let value = random.random_range(0..128u8);
            let message = match random.random_range(0..6) {
                0 | 1 => [0xB0, 64, value],
                2 => [0xB0 | channel, random.random_range(0..120u8), value],
                3 => [0xE0 | channel, value, random.random_range(0..128u8)],
                4 => [0xD0 | channel, value, 0],
                _ => [0xB0 | channel, if random.random_bool(0.5) { 120 } else { 123 }, 0],
            };
            events.push(PlayedEvent { time, message: MidiMessage::Channel(message), id: None });
        }
        let end = now + u64::from(samples);
        for (time, channel, key, id) in self.down.extract_if(.., |d| d.0 < end) {
            // A key that went down and up in the past of this block comes up at its start.
            events.push(off(time.max(now), channel, key, id));
        }
        events.sort_by_key(|e| e.time);
        self.events.extend(events);
    }

    /// What was played before `end`, in the order of time.
    pub fn take_until(&mut self, end: u64) -> Vec<PlayedEvent> {
        let count = self.events.partition_point(|e| e.time < end);
        self.events.drain(..count).collect()
    }

    /// Of the keys that are down some come up and others never do, as hosts have it where the song jumps or stops.
    pub fn lose_offs(&mut self, random: &mut ChaCha8Rng) {
        let lost = random.random_bool(0.5);
        self.down.retain(|_| !lost);
    }

    /// All keys come up.
    pub fn release_all(&mut self, now: u64) {
        let offs: Vec<_> = self.down.drain(..).map(|(_, channel, key, id)| off(now, channel, key, id)).collect();
        self.events.extend(offs);
    }

    /// Nothing is down, and nothing was played.
    pub fn forget(&mut self) {
        self.events.clear();
        self.down.clear();
    }
}

fn off(time: u64, channel: u8, key: u8, id: u32) -> PlayedEvent {
    PlayedEvent { time, message: MidiMessage::Channel([0x80 | channel, key, 64]), id: Some(id) }
}
