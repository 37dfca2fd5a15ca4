//! Limits how long one block may wait for other threads in total.

use std::time::{Duration, Instant};

use super::pace::Pace;

/// An offline render stops waiting when the other threads make no progress for this long.
pub const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// A clock to measure waits with.
pub trait Clock: Send {
    /// The time since a fixed moment.
    fn now(&self) -> Duration;

    /// Lets other threads run for a moment. Called only if a wait cannot make the host late.
    fn pause(&self);
}

/// The system's monotonic clock.
struct WallClock(Instant);

impl Clock for WallClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn pause(&self) {
        std::thread::sleep(Duration::from_micros(20));
    }
}

/// The time that the current block may still wait.
///
/// In real time it is zero. If audio runs ahead of the wall clock, it is the lead. Offline it ends when the other
/// threads make no progress for [`STALL_TIMEOUT`]. Later blocks then do not wait until there is progress again.
pub struct Budget {
    clock: Box<dyn Clock>,
    pace: Pace,
    /// The time at which this block's waits must end, or `None` if it must not wait.
    deadline: Option<Duration>,
    offline: bool,
    /// The other threads' progress when it was last read.
    last_progress: u64,
    /// Whether there was a timeout, and no progress since.
    has_timed_out: bool,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(Box::new(WallClock(Instant::now())))
    }
}

impl Budget {
    /// Creates an empty budget measured with a clock.
    pub fn new(clock: Box<dyn Clock>) -> Self {
        Self { clock, pace: Pace::default(), deadline: None, offline: false, last_progress: 0, has_timed_out: false }
    }

    /// Begins a block of `seconds`. `progress` is any number that increases while the other threads make progress.
    pub fn begin_block(&mut self, seconds: f64, offline: bool, progress: u64) {
        let now = self.clock.now();
        let lead = self.pace.begin_block(now.as_secs_f64(), seconds);
        self.has_timed_out &= offline && progress == self.last_progress;
        self.deadline = match offline {
            true if self.has_timed_out => Some(now),
            true => Some(now + STALL_TIMEOUT),
            false => (!lead.is_zero()).then(|| now + lead),
        };
        self.offline = offline;
        self.last_progress = progress;
    }

    /// Ends the block. Between blocks nothing may wait.
    pub fn end_block(&mut self) {
        self.deadline = None;
    }

    /// Whether this block was allowed to wait when it began.
    pub fn may_wait(&self) -> bool {
        self.deadline.is_some()
    }

    /// Whether there was a timeout, and no progress since.
    pub fn has_timed_out(&self) -> bool {
        self.has_timed_out
    }

    /// Lets other threads run for a moment if there is time left. Returns whether there was.
    pub fn pause(&mut self, progress: u64) -> bool {
        let Some(deadline) = &mut self.deadline else { return false };
        let now = self.clock.now();
        if self.offline && progress != self.last_progress {
            self.last_progress = progress;
            *deadline = now + STALL_TIMEOUT;
        }
        if now >= *deadline {
            self.has_timed_out = self.offline;
            return false;
        }
        self.clock.pause();
        true
    }
}

/// The unit tests, and a clock for the tests of other modules.
#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// A clock that only a test and its pauses advance, in milliseconds.
    #[derive(Debug, Clone, Default)]
    pub struct TestClock(Arc<AtomicU64>);

    impl TestClock {
        /// Advances the clock.
        pub fn advance(&self, milliseconds: u64) {
            self.0.fetch_add(milliseconds, Ordering::Relaxed);
        }
    }

    impl Clock for TestClock {
        fn now(&self) -> Duration {
            Duration::from_millis(self.0.load(Ordering::Relaxed))
        }

        fn pause(&self) {
            self.advance(1);
            std::thread::yield_now();
        }
    }

    fn budget() -> (Budget, TestClock) {
        let clock = TestClock::default();
        (Budget::new(Box::new(clock.clone())), clock)
    }

    /// Waits until the budget is spent. Returns how long that took.
    fn spend(budget: &mut Budget, clock: &TestClock, progress: impl Fn(Duration) -> u64) -> Duration {
        let begin = clock.now();
        while budget.pause(progress(clock.now() - begin)) {}
        clock.now() - begin
    }

    #[test]
    fn in_real_time_no_block_waits() {
        let (mut budget, clock) = budget();
        for _ in 0..1_000 {
            budget.begin_block(0.01, false, 0);
            assert!(!budget.may_wait() && !budget.pause(0));
            clock.advance(10);
        }
    }

    #[test]
    fn ahead_of_the_wall_clock_a_block_waits_no_longer_than_it_is_ahead() {
        let (mut budget, clock) = budget();
        for _ in 0..100 {
            budget.begin_block(0.01, false, 0);
        }
        assert!(budget.may_wait());
        let ahead = spend(&mut budget, &clock, |waited| waited.as_millis() as u64);
        assert!(ahead > Duration::ZERO && ahead < Duration::from_secs(1), "{ahead:?}, regardless of progress");
        assert_eq!(spend(&mut budget, &clock, |_| 0), Duration::ZERO, "all waits share one budget");
    }

    #[test]
    fn offline_progress_restarts_the_timeout() {
        let (mut budget, clock) = budget();
        budget.begin_block(0.01, true, 0);
        let work = 3 * STALL_TIMEOUT;
        let waited = spend(&mut budget, &clock, |waited| waited.min(work).as_millis() as u64);
        assert_eq!(waited, work + STALL_TIMEOUT);
        assert_eq!(spend(&mut budget, &clock, |_| work.as_millis() as u64), Duration::ZERO);
    }

    #[test]
    fn a_stalled_thread_is_waited_for_once_and_again_after_progress() {
        let (mut budget, clock) = budget();
        for (progress, wait) in [(5, STALL_TIMEOUT), (5, Duration::ZERO), (5, Duration::ZERO), (6, STALL_TIMEOUT)] {
            budget.begin_block(0.01, true, progress);
            assert!(budget.may_wait(), "whether a block may wait does not depend on other threads");
            assert_eq!(spend(&mut budget, &clock, |_| progress), wait);
        }
    }
}
