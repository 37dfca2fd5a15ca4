//! The scripted host's song: where it is, how it plays, and what the host reports about it.

use super::position::Position;
use crate::host::{HostTransport, ReportedPosition};
use crate::script::Length;

/// The sample rate before the first activation.
const DEFAULT_SAMPLE_RATE: f64 = 48_000.0;

/// The song's true position and transport.
#[derive(Debug)]
pub struct SongState {
    /// Samples since the start of the session.
    pub now: u64,
    /// Playing, recording, loop and signature. Position and tempo are those of `position`.
    pub transport: HostTransport,
    position: Position,
}

impl Default for SongState {
    fn default() -> Self {
        let transport = HostTransport::default();
        Self { now: 0, transport, position: Position::new(0, 0.0, transport.tempo, DEFAULT_SAMPLE_RATE) }
    }
}

impl SongState {
    /// The reference point of the current position.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The current position in quarter notes.
    pub fn beats(&self) -> f64 {
        if self.transport.playing { self.position.beats_at(self.now) } else { self.position.reference_beats() }
    }

    /// Continues from another position at the same tempo.
    pub fn jump_to(&mut self, beats: f64) {
        self.position = Position::new(self.now, beats, self.position.tempo(), self.position.sample_rate());
    }

    /// Continues from the same position at another tempo.
    pub fn set_tempo(&mut self, tempo: f64) {
        self.position = Position::new(self.now, self.beats(), tempo, self.position.sample_rate());
    }

    /// Continues from the same position at another sample rate.
    pub fn set_sample_rate(&mut self, sample_rate: f64) {
        self.position = Position::new(self.now, self.beats(), self.position.tempo(), sample_rate);
    }

    /// Starts or stops playback at the current position.
    pub fn set_playing(&mut self, playing: bool) {
        self.jump_to(self.beats());
        self.transport.playing = playing;
    }

    /// A length in samples.
    pub fn samples_in(&self, length: Length) -> u64 {
        match length {
            Length::Beats(beats) => self.position.samples_in(beats).max(0) as u64,
            Length::Seconds(seconds) => (seconds * self.position.sample_rate()).round() as u64,
            Length::Samples(samples) => samples,
        }
    }
}

/// What the host reports about the song's transport.
#[derive(Debug)]
pub struct TransportReport {
    /// Whether it reports a transport at all.
    pub is_enabled: bool,
    /// How the reported position relates to the true one.
    pub position: ReportedPosition,
    /// A reported tempo other than the song's.
    pub tempo: Option<f64>,
}

impl Default for TransportReport {
    fn default() -> Self {
        Self { is_enabled: true, position: ReportedPosition::Correct, tempo: None }
    }
}

impl TransportReport {
    /// The reported transport. `flickers` reports a stop although the song plays.
    pub fn transport(&self, song: &SongState, flickers: bool) -> Option<HostTransport> {
        let (beats, tempo) = (song.beats(), song.position.tempo());
        let correct = HostTransport {
            playing: song.transport.playing && !flickers,
            beats,
            seconds: beats * 60.0 / tempo,
            tempo: self.tempo.unwrap_or(tempo),
            ..song.transport
        };
        let elapsed = song.now as f64 / song.position.sample_rate();
        self.is_enabled.then(|| self.position.apply(correct, elapsed))
    }
}
