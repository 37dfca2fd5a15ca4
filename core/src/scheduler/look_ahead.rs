//! How long notes are held, and how often the network is asked, in samples.

use serde::{Deserialize, Serialize};

/// Window mode's choices of look-ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WindowLength {
    /// Half a beat, the shortest that leaves a hop to compute in.
    HalfBeat,
    /// One beat, the default.
    OneBeat,
    /// Two beats.
    TwoBeats,
    /// A bar of four.
    FourBeats,
}

impl WindowLength {
    /// All choices, in the order of the plugin's parameter; never reorder, projects store the position.
    pub const ALL: [Self; 4] = [Self::HalfBeat, Self::OneBeat, Self::TwoBeats, Self::FourBeats];

    /// Its length in quarter notes.
    pub fn beats(self) -> f64 {
        match self {
            Self::HalfBeat => 0.5,
            Self::OneBeat => 1.0,
            Self::TwoBeats => 2.0,
            Self::FourBeats => 4.0,
        }
    }
}

/// The tempi a latency is computed for, in beats a minute; what a host says beyond them is brought within.
const TEMPI: std::ops::RangeInclusive<f64> = 20.0..=999.0;

/// A look-ahead in samples, fixed from one activation to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookAhead {
    /// From coming in to leaving; what the host is told and compensates.
    pub latency: u32,
    /// From one question to the network to the next; at most half of the latency.
    pub hop: u32,
}

impl LookAhead {
    /// Window mode: the length at a tempo (quarter notes a minute) and sample rate (Hz), hops of a sixteenth.
    pub fn window(length: WindowLength, tempo: f64, sample_rate: f64) -> Self {
        let tempo = if tempo.is_finite() { tempo.clamp(*TEMPI.start(), *TEMPI.end()) } else { 120.0 };
        let beat = 60.0 / tempo * sample_rate;
        let hop = ((beat / 4.0).round() as u32).max(1);
        // Whole hops, so that every note has at least one to be computed in.
        let latency = hop * (length.beats() * 4.0) as u32;
        Self { latency, hop }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_at_120_and_48_khz_is_24000_samples_in_hops_of_a_sixteenth() {
        let look_ahead = LookAhead::window(WindowLength::OneBeat, 120.0, 48_000.0);
        assert_eq!(look_ahead, LookAhead { latency: 24_000, hop: 6_000 });
    }

    #[test]
    fn every_length_leaves_a_hop_to_compute_in() {
        for length in WindowLength::ALL {
            for tempo in [0.0, 20.0, 61.3, 120.0, 5000.0, f64::NAN, f64::INFINITY] {
                for rate in [1_000.0, 44_100.0, 768_000.0] {
                    let look_ahead = LookAhead::window(length, tempo, rate);
                    assert!(look_ahead.hop > 0 && look_ahead.latency >= 2 * look_ahead.hop);
                }
            }
        }
    }
}
