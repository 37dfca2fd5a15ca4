//! How far events may be moved from where they are due.

use super::{RequestPolicy, SchedulerConfig};

/// Farthest that a note leaves before it is due, in seconds.
const EARLY: f64 = 0.060;
/// Farthest that a note leaves after it is due, in seconds: the most that [`crate::feel`] asks for.
const LATE: f64 = 0.350;
/// Most that a note-off is delayed beyond that because its note is held longer, in seconds.
const LONGER: f64 = 1.0;
/// Computing time between a model's answer and the note, in seconds.
const COMPUTING: f64 = 0.005;
/// See [`DisplacementBounds::moment`], in seconds.
const MOMENT: f64 = 0.010;
/// See [`DisplacementBounds::reach`], in seconds.
const REACH: f64 = 1.0;

/// How far events may be moved, in samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisplacementBounds {
    /// Farthest that an event leaves before it is due; never more than the latency. It is decided this long before it is
    /// due, so that estimates must have come by then. A shortened note's end may leave as soon as it has arrived.
    pub early: u32,
    /// Farthest that an event leaves after it is due.
    pub late: u32,
    /// Most that a note-off is delayed beyond `late`, for a note that is held longer than written.
    pub longer: u32,
    /// The length that a moved note keeps at least, if it was written as long. A note that begins within this time
    /// (and within `early`) after a note-off or controller counts as simultaneous: that event moves with the note.
    pub moment: u32,
    /// How long after a note other events than note-offs still move with it.
    pub reach: u32,
}

impl DisplacementBounds {
    /// Nothing moves.
    pub const NONE: Self = Self { early: 0, late: 0, longer: 0, moment: 0, reach: 0 };

    /// How long after a note-off or controller a note still counts as simultaneous.
    pub(super) fn simultaneous(&self) -> u64 {
        self.moment.min(self.early).into()
    }
}

impl SchedulerConfig {
    /// The bounds that suit the configuration. `sample_rate` is in Hz, `longest_block` in samples.
    ///
    /// Where the model runs every hop, or answers from memory, notes leave early by at most 60 ms and the latency. A note's estimate comes a hop before
    /// it is due, less the time to compute, so every note is decided after its estimate. Elsewhere notes only leave late.
    pub fn displacement_bounds(&self, sample_rate: f64, longest_block: u32) -> DisplacementBounds {
        let samples = |seconds: f64| (seconds * sample_rate).round() as u32;
        let early = match self.policy {
            RequestPolicy::EveryHop(hop) => {
                samples(EARLY).min(hop.saturating_sub(longest_block).saturating_sub(samples(COMPUTING)))
            }
            // What is known of a note is known when it arrives.
            RequestPolicy::Deferred(_) => samples(EARLY).min(self.latency),
            RequestPolicy::PerNote(_) => 0,
        };
        DisplacementBounds {
            early,
            late: samples(LATE),
            longer: samples(LONGER),
            moment: samples(MOMENT),
            reach: samples(REACH),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::{Mode, WindowLength};

    #[test]
    fn a_window_moves_notes_both_ways_and_the_other_modes_only_delay_them() {
        let bounds = |mode, block| {
            let DisplacementBounds { early, late, longer, .. } =
                SchedulerConfig::for_mode(mode, 120.0, 48_000.0, block).displacement_bounds(48_000.0, block);
            (early, late, longer)
        };
        assert_eq!(bounds(Mode::Window(WindowLength::OneBeat), 512), (2_880, 16_800, 48_000));
        assert_eq!(bounds(Mode::Window(WindowLength::OneBeat), 4_096), (1_664, 16_800, 48_000));
        assert_eq!(bounds(Mode::Window(WindowLength::OneBeat), 8_192).0, 0, "a block is longer than a hop");
        for mode in [Mode::Live, Mode::LiveZeroLatency, Mode::Timeline] {
            assert_eq!(bounds(mode, 512), (0, 16_800, 48_000));
        }
    }
}
