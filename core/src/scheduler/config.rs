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

/// How long notes are held, as a user chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// As short as leaves time to compute: to be played through.
    Live,
    /// Not held at all: each note gets what was expected of its key lately.
    LiveZeroLatency,
    /// Not held at all: each note gets what the whole take, remembered from an earlier pass, gives it.
    Timeline,
    /// Some beats, for what the host plays.
    Window(WindowLength),
}

/// The tempi a latency is computed for, in beats a minute; what a host says beyond them is brought within.
const TEMPI: std::ops::RangeInclusive<f64> = 20.0..=999.0;

/// Live's latency in seconds, where blocks are short.
const LIVE: f64 = 0.010;
/// What Live's latency is longer than a block: [`LIVE_KNOWN`], and 3 ms to compute in, so that the answer is there before
/// the block in which the note leaves.
const BEYOND_BLOCK: f64 = 0.005;
/// How much of what follows a note Live knows, in seconds: the rest of a chord struck at once. The same for all blocks,
/// or a part would sound otherwise in another host.
const LIVE_KNOWN: f64 = 0.002;

/// A look-ahead in samples, fixed from one activation to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchedulerConfig {
    /// From coming in to leaving; what the host is told and compensates.
    pub latency: u32,
    /// When the network is asked.
    pub policy: RequestPolicy,
}

/// When the network is asked about which notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestPolicy {
    /// Once in so many samples, at most half of the latency, about the notes due in the hop after the next.
    EveryHop(u32),
    /// About each note (or all of one sample) by itself, so many samples after it came in, which is less than the
    /// latency.
    PerNote(u32),
    /// Once in so many samples about the notes that came in since; they have left by then, and what is said of them is
    /// for those that follow.
    Deferred(u32),
}

impl SchedulerConfig {
    /// The look-ahead of a mode at a tempo (quarter notes a minute) and sample rate (Hz), in a host whose blocks are
    /// `longest_block` samples at most.
    pub fn for_mode(mode: Mode, tempo: f64, sample_rate: f64, longest_block: u32) -> Self {
        match mode {
            Mode::Live => Self::live(sample_rate, longest_block),
            Mode::LiveZeroLatency | Mode::Timeline => Self::zero_latency(sample_rate, longest_block),
            Mode::Window(length) => Self::window(length, tempo, sample_rate),
        }
    }

    /// Live: 10 ms, or a block and 5 ms where blocks are longer.
    pub fn live(sample_rate: f64, longest_block: u32) -> Self {
        let samples = |seconds: f64| (seconds * sample_rate).round() as u32;
        let known = samples(LIVE_KNOWN).max(1);
        let latency = samples(LIVE).max(longest_block.saturating_add(samples(BEYOND_BLOCK))).max(known + 1);
        Self { latency, policy: RequestPolicy::PerNote(known) }
    }

    /// No latency; the network is asked as often as Live would have to hold notes, so that each answer is there when
    /// the next question is asked.
    pub fn zero_latency(sample_rate: f64, longest_block: u32) -> Self {
        let Self { latency, .. } = Self::live(sample_rate, longest_block);
        Self { latency: 0, policy: RequestPolicy::Deferred(latency) }
    }

    /// Window: the length at a tempo (quarter notes a minute) and sample rate (Hz), hops of a sixteenth.
    pub fn window(length: WindowLength, tempo: f64, sample_rate: f64) -> Self {
        let tempo = if tempo.is_finite() { tempo.clamp(*TEMPI.start(), *TEMPI.end()) } else { 120.0 };
        let beat = 60.0 / tempo * sample_rate;
        let hop = ((beat / 4.0).round() as u32).max(1);
        // Whole hops, so that every note has at least one to be computed in.
        let latency = hop * (length.beats() * 4.0) as u32;
        Self { latency, policy: RequestPolicy::EveryHop(hop) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_at_120_and_48_khz_is_24000_samples_in_hops_of_a_sixteenth() {
        let look_ahead = SchedulerConfig::window(WindowLength::OneBeat, 120.0, 48_000.0);
        assert_eq!(look_ahead, SchedulerConfig { latency: 24_000, policy: RequestPolicy::EveryHop(6_000) });
    }

    #[test]
    fn live_is_10_ms_or_a_block_and_5_ms() {
        let live = |block| SchedulerConfig::live(48_000.0, block);
        assert_eq!(live(64), SchedulerConfig { latency: 480, policy: RequestPolicy::PerNote(96) });
        assert_eq!(live(240), live(64));
        assert_eq!(live(512), SchedulerConfig { latency: 752, policy: RequestPolicy::PerNote(96) });
    }

    #[test]
    fn live_leaves_3_ms_beyond_a_block_to_compute_in() {
        for block in [0, 1, 64, 240, 512, 4096, u32::MAX / 4] {
            for rate in [1_000.0, 44_100.0, 192_000.0] {
                let SchedulerConfig { latency, policy: RequestPolicy::PerNote(known) } =
                    SchedulerConfig::live(rate, block)
                else {
                    panic!("each note is asked about")
                };
                assert!(known > 0 && f64::from(latency - known) + 1.0 >= f64::from(block) + 0.003 * rate);
            }
        }
    }

    #[test]
    fn every_length_leaves_a_hop_to_compute_in() {
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
