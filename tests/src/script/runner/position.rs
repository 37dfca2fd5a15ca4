//! Converts between samples and positions in a song.

/// A reference point: a sample and the position and tempo at it.
///
/// Other positions are computed from the reference point, so that they do not depend on block sizes. Every change of tempo
/// or position creates a new one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    sample: u64,
    beats: f64,
    tempo: f64,
    sample_rate: f64,
}

impl Position {
    /// A reference point at a sample.
    pub fn new(sample: u64, beats: f64, tempo: f64, sample_rate: f64) -> Self {
        Self { sample, beats, tempo, sample_rate }
    }

    /// The reference point's position, in quarter notes.
    pub fn reference_beats(&self) -> f64 {
        self.beats
    }

    /// Quarter notes per minute.
    pub fn tempo(&self) -> f64 {
        self.tempo
    }

    /// Samples per second.
    pub fn sample_rate(&self) -> f64 {
        self.sample_rate
    }

    /// The position at a sample, in quarter notes.
    pub fn beats_at(&self, sample: u64) -> f64 {
        self.beats + (sample - self.sample) as f64 / self.samples_per_beat()
    }

    /// The sample of a position; it may lie before the reference point.
    pub fn sample_at(&self, beats: f64) -> i64 {
        self.sample as i64 + self.samples_in(beats - self.beats)
    }

    /// A length in quarter notes, in samples.
    pub fn samples_in(&self, beats: f64) -> i64 {
        // Rounds slightly early, so that a position half-way between two samples rounds the same from every reference point.
        (beats * self.samples_per_beat() + 0.5 - 1e-6).floor() as i64
    }

    fn samples_per_beat(&self) -> f64 {
        60.0 / self.tempo * self.sample_rate
    }
}
