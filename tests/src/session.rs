//! What a host plays, and what it gets back, in no format's terms.

use tonenet_core::midi::{MidiMessage, Song, TempoMap};

/// A channel message or SysEx at a sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Sample from the start of the song.
    pub time: u64,
    /// The message.
    pub message: MidiMessage,
    /// For a note-on, its place among the song's notes.
    pub note: Option<usize>,
}

/// A parameter set while a session plays.
#[derive(Debug, Clone, PartialEq)]
pub struct Automation {
    /// Sample from the start of the song.
    pub time: u64,
    /// The parameter's name.
    pub name: String,
    /// Its value, as in [`Session::parameters`].
    pub value: f64,
}

/// A part in a DAW's time line, and how it is played.
#[derive(Debug, Clone)]
pub struct Session {
    /// Samples a second.
    pub sample_rate: f64,
    /// Samples a block; several sizes are used in turn.
    pub blocks: Vec<u32>,
    /// Whether the host says that it renders offline.
    pub offline: bool,
    /// Parameters by name, set before playing: those with steps as the number of steps from the lowest, others from 0
    /// to 1.
    pub parameters: Vec<(String, f64)>,
    /// Parameters set while playing, by time.
    pub automation: Vec<Automation>,
    /// The song's tempo.
    pub tempo: TempoMap,
    /// What is played, by time.
    pub messages: Vec<Message>,
}

/// Something that came out of a plugin.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Sample from the start of the song, latency included.
    pub time: u64,
    /// The message; a note-on's velocity is rounded to 1–127.
    pub message: MidiMessage,
}

/// What a plugin made of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// Latency reported when playing began, in samples.
    pub latency: u32,
    /// How often the plugin had asked for a restart, and got it, before playing began.
    pub restarts: u32,
    /// What came out.
    pub outputs: Vec<Output>,
}

impl Session {
    /// Plays a song in blocks of 512 samples, offline; times are rounded to the nearest sample.
    pub fn from_song(song: &Song, sample_rate: f64) -> Self {
        let messages = song
            .messages()
            .iter()
            .map(|m| Message { time: (m.time * sample_rate).round() as u64, message: m.message.clone(), note: m.note })
            .collect();
        Self {
            sample_rate,
            blocks: vec![512],
            offline: true,
            parameters: Vec::new(),
            automation: Vec::new(),
            tempo: song.tempo().clone(),
            messages,
        }
    }

    /// The same with a parameter set from the start, as in [`Session::parameters`].
    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.parameters.push((name.into(), value));
        self
    }

    /// The same with a parameter set at a sample, after all that are set earlier.
    pub fn with_at(mut self, time: u64, name: &str, value: f64) -> Self {
        self.automation.push(Automation { time, name: name.into(), value });
        self
    }

    /// Position and tempo at a sample: quarter notes, and quarter notes a minute.
    pub fn transport(&self, time: u64) -> (f64, f64) {
        let seconds = time as f64 / self.sample_rate;
        (self.tempo.beats_at(seconds), self.tempo.beats_per_minute_at(seconds))
    }

    /// When the last message is played.
    pub fn end(&self) -> u64 {
        self.messages.last().map_or(0, |m| m.time)
    }
}
