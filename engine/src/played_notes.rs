//! The notes that were played of late and what the model predicted of them, for the window.
//!
//! The inference thread writes it and never waits for the window: while the window reads, updates stay in the
//! [`PlayedNotesWriter`]. The audio thread has no part in it.

mod written;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tonenet_core::dynamics::Expected;
use tonenet_core::feel::{Feel, WrittenPlace};
use tonenet_core::scheduler::{NoteId, RequestPolicy, SampleTime};
use tonenet_core::scope::{VoicePosition, VoiceTracker};
use tonenet_core::style::mixing::{Mixing, Mixture, StyleTerm};
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_core::window::InputEvent;

use crate::engine::SessionConfig;

/// The most notes that are kept, and the most movements of the pedal.
pub const MAX_PLAYED: usize = 8_192;

/// The most updates that wait while the window reads.
const MAX_WAITING: usize = 16_384;

/// A note that was played. Times are in seconds of playing: they go on through loops, seeks and activations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlayedNote {
    id: NoteId,
    session: u32,
    /// When it began.
    pub onset: f64,
    /// Its length; `None` while its key is down.
    pub length: Option<f64>,
    /// Where it began in the song, in beats, if the host said so.
    pub beats: Option<f64>,
    /// Its position on the grid of the session, in beats.
    pub grid_beats: f64,
    /// Length of a beat there, in seconds.
    pub beat_seconds: f64,
    /// MIDI channel, 0–15.
    pub channel: u8,
    /// MIDI key, 21–108.
    pub key: u8,
    /// The player's velocity, 1–127.
    pub velocity: u8,
    /// Its place among the notes that sound with it.
    pub voice: VoicePosition,
    /// The styles that played it.
    pub style: StyleBlend,
    /// The take that played it.
    pub take: TakeSeed,
    /// What the model predicted.
    pub prediction: PlayedPrediction,
    /// What its styles do with it besides its velocity.
    pub feel: Feel,
}

/// What the model predicted of a [`PlayedNote`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PlayedPrediction {
    /// Nothing yet.
    Waiting,
    /// This, in its two styles; it came too late if `is_late`.
    Predicted {
        /// The player's level, 1–127.
        level: f32,
        /// The terms of style A and style B, as far as they count.
        terms: [Option<StyleTerm>; 2],
        /// Whether the note had been played before.
        is_late: bool,
    },
    /// What a mode without latency knew when it arrived, if anything.
    Known(Option<Expected>),
}

impl PlayedNote {
    /// The level and the deviation that other styles and another take give it, where they are predicted; otherwise those
    /// that it was played with.
    pub fn expected(&self, style: StyleBlend, take: TakeSeed) -> Option<Expected> {
        match self.prediction {
            PlayedPrediction::Waiting => None,
            PlayedPrediction::Known(expected) => expected,
            PlayedPrediction::Predicted { level, .. } => {
                let (style, take) = if self.is_predicted_in(style) { (style, take) } else { (self.style, self.take) };
                let mixing = Mixing { mixture: Mixture::Blend(style), take };
                let beats = self.beats.unwrap_or(self.grid_beats);
                let deviation = mixing.deviation(|style| self.term(style), beats, self.key);
                Some(Expected { level, deviation })
            }
        }
    }

    /// Where it is written, at a rate of samples a second.
    pub fn written_place(&self, sample_rate: f64) -> WrittenPlace {
        let beat_phase = self.beats.map(|beats| beats.rem_euclid(1.0));
        WrittenPlace { beat_phase, beat_samples: self.beat_seconds * sample_rate, sample_rate }
    }

    /// Whether these styles are predicted.
    pub fn is_predicted_in(&self, style: StyleBlend) -> bool {
        Mixture::Blend(style).styles().all(|style| self.term(style).is_some())
    }

    fn term(&self, style: StyleIndex) -> Option<StyleTerm> {
        let PlayedPrediction::Predicted { terms: [of_a, of_b], .. } = self.prediction else { return None };
        if style == self.style.a { of_a } else { of_b.filter(|_| style == self.style.b) }
    }
}

/// A copy of what was played.
#[derive(Debug, Clone, Default)]
pub struct PlayedPart {
    /// The notes, in the order of their onsets.
    pub notes: Vec<PlayedNote>,
    /// The movements of the sustain pedal: when, and whether it is down from then on.
    pub pedals: Vec<(f64, bool)>,
    /// How long notes are held before they are played, in seconds.
    pub look_ahead: f64,
    /// Samples a second.
    pub sample_rate: f64,
    edition: u64,
}

/// The notes that were played of late, shared by the inference thread and the window.
#[derive(Debug, Default)]
pub struct PlayedNotes {
    log: Mutex<Log>,
    /// The audio thread's sample, as the inference thread last saw it.
    audio_time: AtomicU64,
}

#[derive(Debug)]
struct Log {
    notes: VecDeque<PlayedNote>,
    pedals: VecDeque<(f64, bool)>,
    voices: VoiceTracker<NoteId>,
    session: u32,
    /// The second of playing at sample 0.
    start: f64,
    /// The latest second of playing of any event.
    end: f64,
    sample_rate: f64,
    latency: u32,
    /// Whether notes are answered when they arrive.
    is_zero_latency: bool,
    edition: u64,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            notes: VecDeque::new(),
            pedals: VecDeque::new(),
            voices: VoiceTracker::new(0.0),
            session: 0,
            start: 0.0,
            end: 0.0,
            sample_rate: 48_000.0,
            latency: 0,
            is_zero_latency: false,
            edition: 0,
        }
    }
}

impl PlayedNotes {
    /// A new activation begins. What was played before stays.
    pub fn begin_session(&self, config: &SessionConfig) {
        let mut log = self.log.lock();
        log.session += 1;
        log.restart();
        log.sample_rate = config.sample_rate;
        log.latency = config.scheduler.latency;
        log.is_zero_latency = matches!(config.scheduler.policy, RequestPolicy::Deferred(_));
        log.voices = VoiceTracker::new(f64::from(log.latency) / log.sample_rate);
        self.audio_time.store(0, Ordering::Relaxed);
    }

    /// Brings a copy up to date. Returns whether it has changed.
    pub fn update(&self, copy: &mut PlayedPart) -> bool {
        let log = self.log.lock();
        if copy.edition == log.edition {
            return false;
        }
        copy.edition = log.edition;
        copy.notes.clear();
        copy.notes.extend(&log.notes);
        copy.pedals.clear();
        copy.pedals.extend(&log.pedals);
        copy.look_ahead = f64::from(log.latency) / log.sample_rate;
        copy.sample_rate = log.sample_rate;
        true
    }

    /// Whether nothing was played.
    pub fn is_empty(&self) -> bool {
        self.log.lock().notes.is_empty()
    }

    /// The second of playing that is heard now.
    pub fn now(&self) -> f64 {
        let log = self.log.lock();
        log.seconds(self.audio_time.load(Ordering::Relaxed))
    }
}

impl Log {
    /// Sample times count from 0 again.
    fn restart(&mut self) {
        self.start = self.end;
        self.voices.reset();
        self.end_notes(|_| true, self.end);
        self.edition += 1;
    }

    fn seconds(&self, time: SampleTime) -> f64 {
        self.start + time as f64 / self.sample_rate
    }

    fn apply(&mut self, update: Update) {
        match update {
            Update::Input(input, known) => self.push(&input, known),
            Update::Predicted { id, level, terms, feel, heard_to } => {
                let (session, latency) = (self.session, u64::from(self.latency));
                let (start, rate) = (self.start, self.sample_rate);
                if let Some(note) = find(&mut self.notes, id, session).filter(|_| !self.is_zero_latency) {
                    let due = ((note.onset - start) * rate) as u64 + latency;
                    note.prediction = PlayedPrediction::Predicted { level, terms, is_late: heard_to > due };
                    note.feel = feel;
                }
            }
            Update::KeysUp { time, channel } => {
                match channel {
                    Some(channel) => self.voices.channel_off(channel),
                    None => self.voices.reset(),
                }
                let at = self.seconds(time);
                self.end_notes(|note| channel.is_none_or(|channel| note.channel == channel), at);
            }
            Update::Restart => self.restart(),
        }
        self.edition += 1;
    }

    fn push(&mut self, input: &InputEvent, known: Option<Expected>) {
        match *input {
            InputEvent::NoteOn { id, time, position, beats, beat_seconds, channel, key, velocity, style, take } => {
                let (onset, session, notes) = (self.seconds(time), self.session, &mut self.notes);
                if notes.len() == MAX_PLAYED {
                    notes.pop_front();
                }
                let prediction =
                    if self.is_zero_latency { PlayedPrediction::Known(known) } else { PlayedPrediction::Waiting };
                notes.push_back(PlayedNote {
                    id,
                    session,
                    onset,
                    length: None,
                    beats,
                    grid_beats: position / 4.0,
                    beat_seconds,
                    channel,
                    key,
                    velocity,
                    voice: VoicePosition::ALONE,
                    style,
                    take,
                    prediction,
                    feel: Feel::default(),
                });
                self.voices.note_on(id, onset, (channel, key), |id, voice| set_voice(notes, id, session, voice));
                self.end = self.end.max(onset);
            }
            InputEvent::NoteOff { time, channel, key, .. } => {
                let at = self.seconds(time);
                let (session, notes) = (self.session, &mut self.notes);
                self.voices.note_off(at, (channel, key), |id, voice| set_voice(notes, id, session, voice));
                self.end_notes(|note| (note.channel, note.key) == (channel, key), at);
            }
            InputEvent::Pedal { time, down, .. } => {
                let at = self.seconds(time);
                if self.pedals.back().is_some_and(|last| last.1 == down) {
                    return;
                }
                if self.pedals.len() == MAX_PLAYED {
                    self.pedals.pop_front();
                }
                self.pedals.push_back((at, down));
                self.end = self.end.max(at);
            }
        }
    }

    /// Ends the sounding notes for which `ends` holds.
    fn end_notes(&mut self, ends: impl Fn(&PlayedNote) -> bool, at: f64) {
        // A key that is down for thousands of notes is stuck; the window may show it so.
        for note in self.notes.iter_mut().rev().take(1_024).filter(|note| note.length.is_none() && ends(note)) {
            note.length = Some((at - note.onset).max(0.0));
        }
        self.end = self.end.max(at);
    }
}

/// The note of a session with an id. The latest notes are searched first.
fn find(notes: &mut VecDeque<PlayedNote>, id: NoteId, session: u32) -> Option<&mut PlayedNote> {
    let of_session = notes.iter_mut().rev().take_while(|note| note.session == session && note.id >= id);
    of_session.last().filter(|note| note.id == id)
}

fn set_voice(notes: &mut VecDeque<PlayedNote>, id: NoteId, session: u32, voice: VoicePosition) {
    find(notes, id, session).into_iter().for_each(|note| note.voice = voice);
}

#[derive(Debug)]
enum Update {
    Input(InputEvent, Option<Expected>),
    Predicted { id: NoteId, level: f32, terms: [Option<StyleTerm>; 2], feel: Feel, heard_to: SampleTime },
    KeysUp { time: SampleTime, channel: Option<u8> },
    Restart,
}

/// The inference thread's writer.
#[derive(Debug)]
pub struct PlayedNotesWriter {
    shared: Arc<PlayedNotes>,
    waiting: VecDeque<Update>,
}

impl PlayedNotesWriter {
    /// A writer to these notes.
    pub fn new(shared: Arc<PlayedNotes>) -> Self {
        Self { shared, waiting: VecDeque::new() }
    }

    /// Adds an event of the player, with what a mode without latency knew of the note.
    pub fn push_event(&mut self, input: InputEvent, known: Option<Expected>) {
        self.push(Update::Input(input, known));
    }

    /// Adds what the model predicted of a note: the level, the terms of its styles, and their feel. `heard_to` is the audio
    /// thread's sample.
    pub fn predicted(
        &mut self,
        id: NoteId,
        level: f32,
        terms: [Option<StyleTerm>; 2],
        feel: Feel,
        heard_to: SampleTime,
    ) {
        self.push(Update::Predicted { id, level, terms, feel, heard_to });
    }

    /// All keys of a channel, or all keys, count as up.
    pub fn keys_up(&mut self, time: SampleTime, channel: Option<u8>) {
        self.push(Update::KeysUp { time, channel });
    }

    /// Sample times count from 0 again.
    pub fn restart(&mut self) {
        self.push(Update::Restart);
    }

    /// Tells the window of the audio thread's sample, and of what has waited.
    pub fn set_audio_time(&mut self, time: SampleTime) {
        self.shared.audio_time.store(time, Ordering::Relaxed);
        self.flush();
    }

    fn push(&mut self, update: Update) {
        if self.waiting.len() < MAX_WAITING {
            self.waiting.push_back(update);
        }
        self.flush();
    }

    fn flush(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        if let Some(mut log) = self.shared.log.try_lock() {
            self.waiting.drain(..).for_each(|update| log.apply(update));
        }
    }
}

#[cfg(test)]
mod tests;
