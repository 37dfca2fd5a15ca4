//! The scheduler's latency, and when the model runs, in samples.

use serde::{Deserialize, Serialize};

/// The look-ahead of Window mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WindowLength {
    /// Half a beat, the shortest length that leaves a hop of computing time.
    HalfBeat,
    /// One beat, the default.
    OneBeat,
    /// Two beats.
    TwoBeats,
    /// A bar of four.
    FourBeats,
}

impl WindowLength {
    /// All lengths, in the order of the plugin's parameter. Projects store the index: never reorder them.
    pub const ALL: [Self; 4] = [Self::HalfBeat, Self::OneBeat, Self::TwoBeats, Self::FourBeats];

    /// The length in quarter notes.
    pub fn beats(self) -> f64 {
        match self {
            Self::HalfBeat => 0.5,
            Self::OneBeat => 1.0,
            Self::TwoBeats => 2.0,
            Self::FourBeats => 4.0,
        }
    }
}

/// The plugin's mode, which decides how long notes are delayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// The shortest delay that leaves time to compute, for playing live.
    Live,
    /// No delay: each note uses the recent predictions for its key.
    LiveZeroLatency,
    /// No delay: each note uses the prediction from the whole performance, recorded in an earlier pass.
    Timeline,
    /// A delay of some beats, for parts that the host plays.
    Window(WindowLength),
}

/// Tempi that a latency is computed for, in beats a minute; a host's tempo is limited to this range.
const TEMPI: std::ops::RangeInclusive<f64> = 20.0..=999.0;

/// Latency of Live for short blocks, in seconds.
const LIVE: f64 = 0.010;
/// Latency of Live beyond the block length, in seconds: [`LIVE_KNOWN`] and 3 ms of computing time. The prediction then
/// arrives before the block in which the note is emitted.
const BEYOND_BLOCK: f64 = 0.005;
/// Look-ahead of Live after each note, in seconds: long enough for the rest of a chord. It is the same for all block
/// lengths, so that a part sounds the same in every host.
const LIVE_KNOWN: f64 = 0.002;

/// The scheduler's latency and request policy, fixed from one activation to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchedulerConfig {
    /// Time from input to output in samples, which the host compensates.
    pub latency: u32,
    /// When the model runs.
    pub policy: RequestPolicy,
}

/// When the model runs, and for which notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestPolicy {
    /// Once every so many samples (a hop, at most half of the latency), for the notes due from one to two hops later.
    EveryHop(u32),
    /// Once for each note (or all notes of one sample), so many samples after it arrived; fewer than the latency.
    PerNote(u32),
    /// Once every so many samples, for the notes that arrived since. They have been emitted by then, so the predictions
    /// serve later notes.
    Deferred(u32),
}

impl SchedulerConfig {
    /// The configuration of a mode.
    ///
    /// `tempo` is in quarter notes a minute, `sample_rate` in Hz, and `longest_block` is the longest block in samples.
    pub fn for_mode(mode: Mode, tempo: f64, sample_rate: f64, longest_block: u32) -> Self {
        match mode {
            Mode::Live => Self::live(sample_rate, longest_block),
            Mode::LiveZeroLatency | Mode::Timeline => Self::zero_latency(sample_rate, longest_block),
            Mode::Window(length) => Self::window(length, tempo, sample_rate),
        }
    }

    /// The configuration of Live: a latency of 10 ms, or one block and 5 ms if that is longer.
    pub fn live(sample_rate: f64, longest_block: u32) -> Self {
        let samples = |seconds: f64| (seconds * sample_rate).round() as u32;
        let known = samples(LIVE_KNOWN).max(1);
        let latency = samples(LIVE).max(longest_block.saturating_add(samples(BEYOND_BLOCK))).max(known + 1);
        Self { latency, policy: RequestPolicy::PerNote(known) }
    }

    /// The configuration without latency; the model runs once every latency of Live.
    ///
    /// Each result then arrives before the next request.
    pub fn zero_latency(sample_rate: f64, longest_block: u32) -> Self {
        let Self { latency, .. } = Self::live(sample_rate, longest_block);
        Self { latency: 0, policy: RequestPolicy::Deferred(latency) }
    }

    /// The configuration of Window, with a hop of a sixteenth note.
    ///
    /// `tempo` is in quarter notes a minute, limited to 20–999; `sample_rate` is in Hz.
    pub fn window(length: WindowLength, tempo: f64, sample_rate: f64) -> Self {
        let tempo = if tempo.is_finite() { tempo.clamp(*TEMPI.start(), *TEMPI.end()) } else { 120.0 };
        let beat = 60.0 / tempo * sample_rate;
        let hop = ((beat / 4.0).round() as u32).max(1);
        // A whole number of hops, so that every note has at least one for computing.
        let latency = hop * (length.beats() * 4.0) as u32;
        Self { latency, policy: RequestPolicy::EveryHop(hop) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_beat_at_120_and_48_khz_is_24000_samples_with_hops_of_a_sixteenth() {
        let look_ahead = SchedulerConfig::window(WindowLength::OneBeat, 120.0, 48_000.0);
        assert_eq!(look_ahead, SchedulerConfig { latency: 24_000, policy: RequestPolicy::EveryHop(6_000) });
    }

    #[test]
    fn the_latency_of_live_is_10_ms_or_a_block_and_5_ms() {
        let live = |block| SchedulerConfig::live(48_000.0, block);
        assert_eq!(live(64), SchedulerConfig { latency: 480, policy: RequestPolicy::PerNote(96) });
        assert_eq!(live(240), live(64));
        assert_eq!(live(512), SchedulerConfig { latency: 752, policy: RequestPolicy::PerNote(96) });
    }

    #[test]
    fn live_leaves_3_ms_beyond_a_block_for_computing() {
        for block in [0, 1, 64, 240, 512, 4096, u32::MAX / 4] {
            for rate in [1_000.0, 44_100.0, 192_000.0] {
                let SchedulerConfig { latency, policy: RequestPolicy::PerNote(known) } =
                    SchedulerConfig::live(rate, block)
                else {
                    panic!("the model runs for each note")
                };
                assert!(known > 0 && f64::from(latency - known) + 1.0 >= f64::from(block) + 0.003 * rate);
            }
        }
    }

    #[test]
    fn every_window_length_leaves_a_hop_for_computing() {
        for length in WindowLength::ALL {
            for tempo in [0.0, 20.0, 61.3, 120.0, 5000.0, f64::NAN, f64::INFINITY] {
                for rate in [1_000.0, 44_100.0, 768_000.0] {
                    let SchedulerConfig { latency, policy: RequestPolicy::EveryHop(hop) } =
                        SchedulerConfig::window(length, tempo, rate)
                    else {
                        panic!("there are hops")
                    };
                    assert!(hop > 0 && latency >= 2 * hop);
                }
            }
        }
    }
}
