//! A song as a host plays it to a plugin, and what the plugin returned.
#![forbid(unsafe_code)]

use tonenet_core::midi::{MidiMessage, Song, TempoMap};

/// A channel message or SysEx that goes into the plugin.
#[derive(Debug, Clone, PartialEq)]
pub struct InputMessage {
    /// Sample from the start of the song.
    pub time: u64,
    /// The message.
    pub message: MidiMessage,
    /// For a note-on, the note's index in the song.
    pub note: Option<usize>,
}

/// A channel message or SysEx that came out of the plugin.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputMessage {
    /// Sample from the start of the session, latency included.
    pub time: u64,
    /// The message; a note-on's velocity is rounded to 1–127.
    pub message: MidiMessage,
}

/// A parameter change during playback.
#[derive(Debug, Clone, PartialEq)]
pub struct Automation {
    /// Sample from the start of the song.
    pub time: u64,
    /// The parameter's name.
    pub name: String,
    /// The new value, as in [`Session::parameters`].
    pub value: f64,
}

/// A part on a DAW's timeline, with the settings for its playback.
#[derive(Debug, Clone)]
pub struct Session {
    /// Samples per second.
    pub sample_rate: f64,
    /// Block sizes in samples, used in turn.
    pub blocks: Vec<u32>,
    /// Whether the host announces an offline render.
    pub offline: bool,
    /// Parameters by name, set before playback. Stepped parameters count steps from 0; others range from 0 to 1.
    pub parameters: Vec<(String, f64)>,
    /// Parameter changes during playback, in order of time.
    pub automation: Vec<Automation>,
    /// The song's tempo.
    pub tempo: TempoMap,
    /// The messages to play, in order of time.
    pub messages: Vec<InputMessage>,
}

/// What a plugin returned for a session.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionOutput {
    /// Latency reported when playback began, in samples.
    pub latency: u32,
    /// Restarts that the plugin asked for and got before playback began.
    pub restarts: u32,
    /// What came out, in order of time.
    pub outputs: Vec<OutputMessage>,
}

impl Session {
    /// A whole song in blocks of 512 samples, offline. Times are rounded to the nearest sample.
    pub fn from_song(song: &Song, sample_rate: f64) -> Self {
        let messages = song.messages().iter().map(|m| InputMessage {
            time: (m.time * sample_rate).round() as u64,
            message: m.message.clone(),
            note: m.note,
        });
        Self { messages: messages.collect(), ..Self::empty(song.tempo().clone(), sample_rate) }
    }

    /// A session without messages, in blocks of 512 samples, offline.
    pub fn empty(tempo: TempoMap, sample_rate: f64) -> Self {
        Self {
            sample_rate,
            blocks: vec![512],
            offline: true,
            parameters: Vec::new(),
            automation: Vec::new(),
            tempo,
            messages: Vec::new(),
        }
    }

    /// The same session with a parameter set before playback.
    pub fn with_parameter(mut self, name: &str, value: f64) -> Self {
        self.parameters.push((name.into(), value));
        self
    }

    /// The same session with a parameter change at a sample. Add changes in order of time.
    pub fn with_automation(mut self, time: u64, name: &str, value: f64) -> Self {
        self.automation.push(Automation { time, name: name.into(), value });
        self
    }

    /// The same session without the messages from a sample on.
    pub fn truncated(mut self, end: u64) -> Self {
        self.messages.retain(|m| m.time < end);
        self
    }

    /// Position in quarter notes and tempo in quarter notes per minute, at a sample.
    pub fn position_at(&self, time: u64) -> (f64, f64) {
        let seconds = time as f64 / self.sample_rate;
        (self.tempo.beats_at(seconds), self.tempo.beats_per_minute_at(seconds))
    }

    /// The sample of the last message; 0 without messages.
    pub fn last_message_time(&self) -> u64 {
        self.messages.last().map_or(0, |m| m.time)
    }
}
