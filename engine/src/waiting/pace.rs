//! Finds out how far audio time runs ahead of the wall clock, for offline renders that the host does not announce.
//!
//! Some hosts never say that they export, and VST3's flag comes a call late. Audio that runs ahead of the wall clock
//! cannot glitch while it waits, as long as it waits no longer than it is ahead.

use std::time::Duration;

/// The wall may gain this much on the audio a second before it counts: clocks of sound cards drift.
const DRIFT: f64 = 1e-3;

/// Being ahead by less than this is a host's ordinary jitter, in seconds.
const JITTER: f64 = 0.05;

/// How far audio time runs ahead of the wall clock.
#[derive(Debug, Default)]
pub struct Pace {
    audio: f64,
    /// The least lead seen, and the audio time since which it has been drifting.
    least_lead: Option<(f64, f64)>,
}

impl Pace {
    /// A block of `block` seconds begins at `wall` seconds on any steady clock; gives how long it may wait.
    pub fn block_begins(&mut self, wall: f64, block: f64) -> Duration {
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
    fn in_real_time_it_never_waits_not_even_with_jitter_and_drift() {
        let mut pace = Pace::default();
        for block in 0..1_000_000u32 {
            let jitter = f64::from(block * 7 % 5) * 0.004;
            let wall = f64::from(block) * BLOCK * (1.0 - 2e-4) + jitter;
            assert_eq!(pace.block_begins(wall, BLOCK), Duration::ZERO, "block {block}");
        }
    }

    #[test]
    fn faster_than_real_time_it_may_wait_as_long_as_it_is_ahead() {
        let mut pace = Pace::default();
        for block in 0..100 {
            pace.block_begins(f64::from(block) * BLOCK / 10.0, BLOCK);
        }
        let allowance = pace.block_begins(0.1, BLOCK).as_secs_f64();
        assert!((0.8..0.9).contains(&allowance), "{allowance}");
    }

    #[test]
    fn after_a_pause_of_the_host_it_starts_over() {
        let mut pace = Pace::default();
        for block in 0..100 {
            pace.block_begins(f64::from(block) * BLOCK / 10.0, BLOCK);
        }
        assert_eq!(pace.block_begins(60.0, BLOCK), Duration::ZERO);
        assert_eq!(pace.block_begins(60.01, BLOCK), Duration::ZERO);
    }
}
