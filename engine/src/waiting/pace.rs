//! Measures how far audio time runs ahead of the wall clock, to detect offline renders that the host does not declare.
//!
//! Some hosts never declare an export, and VST3's flag arrives one call late. Audio that runs ahead of the wall clock
//! can wait for up to its lead without a glitch.

use std::time::Duration;

/// Tolerated drift between a sound card's clock and the wall clock, in seconds per second.
const DRIFT: f64 = 1e-3;

/// A lead below this is a host's ordinary jitter, in seconds.
const JITTER: f64 = 0.05;

/// Compares audio time with the wall clock.
#[derive(Debug, Default)]
pub struct Pace {
    audio: f64,
    /// The smallest lead seen, and the audio time at which it was seen.
    least_lead: Option<(f64, f64)>,
}

impl Pace {
    /// Begins a block of `block` seconds at `wall` seconds on a monotonic clock. Returns how long the block may wait.
    pub fn begin_block(&mut self, wall: f64, block: f64) -> Duration {
        let lead = self.audio - wall;
        let least = match self.least_lead {
            Some((least, since)) => (least + (self.audio - since) * DRIFT).min(lead),
            None => lead,
        };
        self.least_lead = Some((least, self.audio));
        self.audio += block;
        Duration::from_secs_f64((lead - least - JITTER - 2.0 * block).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: f64 = 0.01;

    #[test]
    fn in_real_time_no_block_waits_despite_jitter_and_drift() {
        let mut pace = Pace::default();
        for block in 0..1_000_000u32 {
            let jitter = f64::from(block * 7 % 5) * 0.004;
            let wall = f64::from(block) * BLOCK * (1.0 - 2e-4) + jitter;
            assert_eq!(pace.begin_block(wall, BLOCK), Duration::ZERO, "block {block}");
        }
    }

    #[test]
    fn faster_than_real_time_a_block_may_wait_for_its_lead() {
        let mut pace = Pace::default();
        for block in 0..100 {
            pace.begin_block(f64::from(block) * BLOCK / 10.0, BLOCK);
        }
        let allowance = pace.begin_block(0.1, BLOCK).as_secs_f64();
        assert!((0.8..0.9).contains(&allowance), "{allowance}");
    }

    #[test]
    fn a_pause_of_the_host_restarts_the_measurement() {
        let mut pace = Pace::default();
        for block in 0..100 {
            pace.begin_block(f64::from(block) * BLOCK / 10.0, BLOCK);
        }
        assert_eq!(pace.begin_block(60.0, BLOCK), Duration::ZERO);
        assert_eq!(pace.begin_block(60.01, BLOCK), Duration::ZERO);
    }
}
