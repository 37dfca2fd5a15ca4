//! The load of the inference thread: the share of time in which it works.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Time over which a load is measured.
const WINDOW: Duration = Duration::from_secs(1);

/// The load that was measured last. One thread writes it; others read it.
#[derive(Debug, Default)]
pub struct Load(AtomicU32);

impl Load {
    /// The share of the last second in which the thread worked, 0–1.
    pub fn get(&self) -> f32 {
        f32::from_bits(self.0.load(Ordering::Relaxed))
    }

    fn set(&self, share: f32) {
        self.0.store(share.clamp(0.0, 1.0).to_bits(), Ordering::Relaxed);
    }
}

/// Measures the load, on the thread that works.
#[derive(Debug)]
pub struct LoadMeter {
    since: Instant,
    busy: Duration,
}

impl LoadMeter {
    /// A meter that begins at a moment.
    pub fn new(now: Instant) -> Self {
        Self { since: now, busy: Duration::ZERO }
    }

    /// Counts work between two moments.
    pub fn count(&mut self, from: Instant, to: Instant) {
        self.busy += to.saturating_duration_since(from);
    }

    /// Publishes the load once a second.
    pub fn publish(&mut self, now: Instant, load: &Load) {
        let passed = now.saturating_duration_since(self.since);
        if passed >= WINDOW {
            load.set(self.busy.as_secs_f32() / passed.as_secs_f32());
            *self = Self::new(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_is_the_share_of_the_last_second_in_which_the_thread_works() {
        let (start, load) = (Instant::now(), Load::default());
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut meter = LoadMeter::new(start);
        meter.count(at(100), at(300));
        meter.publish(at(900), &load);
        assert_eq!(load.get(), 0.0, "not yet");
        meter.count(at(900), at(950));
        meter.publish(at(1000), &load);
        assert!((load.get() - 0.25).abs() < 1e-6);
        meter.publish(at(2000), &load);
        assert_eq!(load.get(), 0.0);
    }
}
