//! A random player: notes, chords and trills of all lengths on several channels, pedals and other controllers.

use std::collections::VecDeque;

use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use tonenet_core::midi::MidiMessage;

/// Chords per second, at the quietest and the busiest.
const CHORD_RATE: std::ops::Range<f64> = 2.0..40.0;
/// The mean number of chords in a block without samples.
const CHORDS_PER_EMPTY_BLOCK: f64 = 0.5;
/// Changes of the chord rate per second.
const RATE_CHANGES: f64 = 0.2;
/// Controllers per second.
const CONTROLLERS: f64 = 4.0;

/// A message that was played.
#[derive(Debug, Clone, PartialEq)]
pub struct PlayedMessage {
    /// Sample since the start.
    pub time: u64,
    pub message: MidiMessage,
    /// The note id, for notes.
    pub id: Option<u32>,
}

/// A key that is pressed.
#[derive(Debug, Clone, Copy)]
struct PressedKey {
    /// The sample of its release.
    release: u64,
    channel: u8,
    key: u8,
    id: u32,
}

impl PressedKey {
    fn note_off(&self, time: u64) -> PlayedMessage {
        let message = MidiMessage::Channel([0x80 | self.channel, self.key, 64]);
        PlayedMessage { time, message, id: Some(self.id) }
    }
}

/// A player whose messages follow from the random generator.
#[derive(Debug, Default)]
pub struct Player {
    /// In order of time.
    messages: VecDeque<PlayedMessage>,
    pressed: Vec<PressedKey>,
    next_id: u32,
    chords_per_second: f64,
}

impl Player {
    /// Note-ons played so far.
    pub fn notes(&self) -> u64 {
        self.next_id.into()
    }

    /// Plays for a block from `now` on.
    pub fn play(&mut self, now: u64, samples: u32, sample_rate: f64, random: &mut ChaCha8Rng) {
        let seconds = f64::from(samples) / sample_rate;
        if self.chords_per_second == 0.0 || random.random_bool((RATE_CHANGES * seconds).min(1.0)) {
            self.chords_per_second = random.random_range(CHORD_RATE);
        }
        let expected = if samples == 0 { CHORDS_PER_EMPTY_BLOCK } else { self.chords_per_second * seconds };
        let count = expected.floor() as usize + usize::from(random.random_bool(expected.fract()));
        let times: Vec<u64> = (0..count).map(|_| now + random.random_range(0..u64::from(samples.max(1)))).collect();
        let mut messages: Vec<PlayedMessage> = Vec::new();
        for time in times {
            for _ in 0..[1, 1, 1, 2, 3, 4, 7].choose(random).copied().unwrap_or(1) {
                messages.push(self.press(time, sample_rate, random));
            }
        }
        if samples > 0 && random.random_bool((CONTROLLERS * seconds).min(1.0)) {
            let time = now + random.random_range(0..u64::from(samples));
            messages.push(PlayedMessage { time, message: random_controller(random), id: None });
        }
        let end = now + u64::from(samples);
        // A release that is already past moves to the start of this block.
        let released = self.pressed.extract_if(.., |key| key.release < end);
        messages.extend(released.map(|key| key.note_off(key.release.max(now))));
        messages.sort_by_key(|e| e.time);
        self.messages.extend(messages);
    }

    /// Presses a random key for a random length.
    fn press(&mut self, time: u64, sample_rate: f64, random: &mut ChaCha8Rng) -> PlayedMessage {
        // Sometimes channel 10 and keys beyond a piano's.
        let channel = if random.random_bool(0.8) { 0 } else { random.random_range(0..16u8) };
        let key = if random.random_bool(0.9) { random.random_range(36..84u8) } else { random.random_range(0..128u8) };
        let velocity = random.random_range(1..=127u8);
        let id = self.next_id;
        self.next_id += 1;
        let length = (0.01 * 300f64.powf(random.random::<f64>()) * sample_rate) as u64;
        self.pressed.push(PressedKey { release: time + length.max(1), channel, key, id });
        PlayedMessage { time, message: MidiMessage::Channel([0x90 | channel, key, velocity]), id: Some(id) }
    }

    /// Removes what was played before `end`, in order of time.
    pub fn take_until(&mut self, end: u64) -> Vec<PlayedMessage> {
        let count = self.messages.partition_point(|e| e.time < end);
        self.messages.drain(..count).collect()
    }

    /// Loses the note-offs of all pressed keys half of the time, as some hosts do where the song jumps or stops.
    pub fn maybe_lose_note_offs(&mut self, random: &mut ChaCha8Rng) {
        if random.random_bool(0.5) {
            self.pressed.clear();
        }
    }

    /// Releases all keys.
    pub fn release_all(&mut self, now: u64) {
        self.messages.extend(self.pressed.drain(..).map(|key| key.note_off(now)));
    }

    /// Forgets all pressed keys and played messages.
    pub fn reset(&mut self) {
        self.messages.clear();
        self.pressed.clear();
    }
}

fn random_controller(random: &mut ChaCha8Rng) -> MidiMessage {
    let channel = random.random_range(0..16u8);
    // A pedal is never quite up or down, as only the style's is.
    let value = random.random_range(1..127u8);
    MidiMessage::Channel(match random.random_range(0..6) {
        0 | 1 => [0xB0, 64, value],
        2 => [0xB0 | channel, random.random_range(0..120u8), value],
        3 => [0xE0 | channel, value, random.random_range(0..128u8)],
        4 => [0xD0 | channel, value, 0],
        _ => [0xB0 | channel, if random.random_bool(0.5) { 120 } else { 123 }, 0],
    })
}
