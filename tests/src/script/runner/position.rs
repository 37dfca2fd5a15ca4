//! Where a scripted host is in its song.

/// A place in the song and a sample at which it was there, from which all others follow until something changes: places
/// do not depend on how the time between is cut into blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    sample: u64,
    beats: f64,
    tempo: f64,
    sample_rate: f64,
}

impl Position {
    /// At a place in the song at a sample.
    pub fn new(sample: u64, beats: f64, tempo: f64, sample_rate: f64) -> Self {
        Self { sample, beats, tempo, sample_rate }
    }

    /// The sample of the place known.
    pub fn since(&self) -> u64 {
        self.sample
    }

    /// Quarter notes a minute.
    pub fn tempo(&self) -> f64 {
        self.tempo
    }

    /// Samples a second.
    pub fn sample_rate(&self) -> f64 {
        self.sample_rate
    }

    /// The place at a sample, in quarter notes.
    pub fn beats(&self, sample: u64) -> f64 {
        self.beats + (sample - self.sample) as f64 / self.samples_per_beat()
    }

    /// The sample of a place, which is in the past if it is before the one known.
    pub fn sample(&self, beats: f64) -> i64 {
        self.sample as i64 + self.samples(beats - self.beats)
    }

    /// So many quarter notes in samples.
    pub fn samples(&self, beats: f64) -> i64 {
        // A hair early, so that what lies between two samples falls to one whatever the position was computed from.
        (beats * self.samples_per_beat() + 0.5 - 1e-6).floor() as i64
    }

    fn samples_per_beat(&self) -> f64 {
        60.0 / self.tempo * self.sample_rate
    }
}
