//! How long a block may wait for other threads, all its waits together.

use std::time::{Duration, Instant};

use super::pace::Pace;

/// An offline render goes on without the threads that it waits for when they have not got on for this long.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What waiting is measured with.
pub trait Clock: Send {
    /// The time since a fixed moment.
    fn now(&self) -> Duration;

    /// Lets other threads run for a moment; only where waiting makes nobody late.
    fn pause(&self);
}

/// The clock on the wall.
struct WallClock(Instant);

impl Clock for WallClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn pause(&self) {
        std::thread::sleep(Duration::from_micros(20));
    }
}

/// See the [module](self).
///
/// In real time it is empty. Where audio runs ahead of the wall clock it is what the audio is ahead by. Offline it lasts
/// until nothing has got on for [`PATIENCE`]; the blocks after that wait no more until something does.
pub struct Budget {
    clock: Box<dyn Clock>,
    pace: Pace,
    /// When the waits of this block must be over; `None` where it must not wait.
    deadline: Option<Duration>,
    offline: bool,
    /// How far the other threads had got when that was last looked at.
    seen: u64,
    /// Whether nothing has got on since patience ran out.
    has_given_up: bool,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(Box::new(WallClock(Instant::now())))
    }
}

impl Budget {
    /// An empty budget that is measured with a clock.
    pub fn new(clock: Box<dyn Clock>) -> Self {
        Self { clock, pace: Pace::default(), deadline: None, offline: false, seen: 0, has_given_up: false }
    }

    /// A block of `seconds` begins. `progress` is any number that grows while the other threads get on.
    pub fn block_begins(&mut self, seconds: f64, offline: bool, progress: u64) {
        let now = self.clock.now();
        let lead = self.pace.block_begins(now.as_secs_f64(), seconds);
        self.has_given_up &= offline && progress == self.seen;
        self.deadline = match offline {
            true if self.has_given_up => Some(now),
            true => Some(now + PATIENCE),
            false => (!lead.is_zero()).then(|| now + lead),
        };
        self.offline = offline;
        self.seen = progress;
    }

    /// The block is over; what comes between it and the next must not wait.
    pub fn block_ends(&mut self) {
        self.deadline = None;
    }

    /// Whether this block could wait when it began.
    pub fn may_wait(&self) -> bool {
        self.deadline.is_some()
    }

    /// Whether patience ran out and nothing has got on since.
    pub fn has_given_up(&self) -> bool {
        self.has_given_up
    }

    /// Lets other threads run for a moment if there is time left, and says whether there was.
    pub fn pause(&mut self, progress: u64) -> bool {
        let Some(deadline) = &mut self.deadline else { return false };
        let now = self.clock.now();
        if self.offline && progress != self.seen {
            self.seen = progress;
            *deadline = now + PATIENCE;
        }
        if now >= *deadline {
            self.has_given_up = self.offline;
            return false;
        }
        self.clock.pause();
        true
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// A clock that only a test and its pauses move on, in milliseconds.
    #[derive(Debug, Clone, Default)]
    pub struct TestClock(Arc<AtomicU64>);

    impl TestClock {
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

    /// Waits until the budget is spent; gives how long that took.
    fn spend(budget: &mut Budget, clock: &TestClock, progress: impl Fn(Duration) -> u64) -> Duration {
        let begin = clock.now();
        while budget.pause(progress(clock.now() - begin)) {}
        clock.now() - begin
    }

    #[test]
    fn in_real_time_no_block_waits() {
        let (mut budget, clock) = budget();
        for _ in 0..1_000 {
            budget.block_begins(0.01, false, 0);
            assert!(!budget.may_wait() && !budget.pause(0));
            clock.advance(10);
        }
    }

    #[test]
    fn ahead_of_the_wall_clock_a_block_waits_no_longer_than_it_is_ahead() {
        let (mut budget, clock) = budget();
        for _ in 0..100 {
            budget.block_begins(0.01, false, 0);
        }
        assert!(budget.may_wait());
        let ahead = spend(&mut budget, &clock, |waited| waited.as_millis() as u64);
        assert!(ahead > Duration::ZERO && ahead < Duration::from_secs(1), "{ahead:?}, whatever gets on meanwhile");
        assert_eq!(spend(&mut budget, &clock, |_| 0), Duration::ZERO, "all waits draw from one budget");
    }

    #[test]
    fn offline_patience_begins_anew_whenever_something_gets_on() {
        let (mut budget, clock) = budget();
        budget.block_begins(0.01, true, 0);
        let work = 3 * PATIENCE;
        let waited = spend(&mut budget, &clock, |waited| waited.min(work).as_millis() as u64);
        assert_eq!(waited, work + PATIENCE);
        assert_eq!(spend(&mut budget, &clock, |_| work.as_millis() as u64), Duration::ZERO);
    }

    #[test]
    fn what_stands_still_is_waited_for_once_and_again_when_it_has_got_on() {
        let (mut budget, clock) = budget();
        for (progress, wait) in [(5, PATIENCE), (5, Duration::ZERO), (5, Duration::ZERO), (6, PATIENCE)] {
            budget.block_begins(0.01, true, progress);
            assert!(budget.may_wait(), "what may wait does not depend on how long others take");
            assert_eq!(spend(&mut budget, &clock, |_| progress), wait);
        }
    }
}
