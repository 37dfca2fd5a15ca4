//! Decides whether and how long a block may wait for a background thread.

pub mod budget;
pub mod pace;

use std::sync::Arc;

use self::budget::Budget;

/// A background thread that a block may wait for.
pub trait BackgroundThread: Send + Sync {
    /// Whether it is running. A block does not wait for a thread that has ended.
    fn is_running(&self) -> bool;

    /// A number that increases while the thread makes progress.
    fn progress(&self) -> u64;

    /// Wakes the thread. This is a system call, so it is never called in real time.
    fn wake(&self);
}

/// The thread that a block waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// The inference thread.
    Inference,
    /// The generator thread.
    Generator,
}

/// A thread, and its progress at the last timeout. No block waits for it until its progress has changed.
struct Watched {
    thread: Arc<dyn BackgroundThread>,
    stalled_at: Option<u64>,
}

impl Watched {
    fn new(thread: Arc<dyn BackgroundThread>) -> Self {
        Self { thread, stalled_at: None }
    }
}

/// Decides on waits. All waits of a block share one [`Budget`].
pub struct WaitPolicy {
    budget: Budget,
    inference: Watched,
    generator: Watched,
}

impl WaitPolicy {
    /// Creates a policy for both background threads of an instance.
    pub fn new(budget: Budget, inference: Arc<dyn BackgroundThread>, generator: Arc<dyn BackgroundThread>) -> Self {
        Self { budget, inference: Watched::new(inference), generator: Watched::new(generator) }
    }

    /// Replaces the budget.
    #[cfg(test)]
    pub fn set_budget(&mut self, budget: Budget) {
        self.budget = budget;
    }

    /// Begins a block of `seconds`.
    pub fn begin_block(&mut self, seconds: f64, offline: bool) {
        self.budget.begin_block(seconds, offline, self.progress());
    }

    /// Ends the block. Between blocks nothing may wait.
    pub fn end_block(&mut self) {
        self.budget.end_block();
    }

    /// Whether this block was allowed to wait when it began.
    pub fn may_wait(&self) -> bool {
        self.budget.may_wait()
    }

    /// If the thread is running and the block may wait, wakes the thread and pauses. Returns whether it paused.
    pub fn pause_for(&mut self, awaited: Awaited) -> bool {
        let progress = self.progress();
        let watched = match awaited {
            Awaited::Inference => &mut self.inference,
            Awaited::Generator => &mut self.generator,
        };
        if !self.budget.may_wait() || !watched.thread.is_running() {
            return false;
        }
        let thread_progress = watched.thread.progress();
        if watched.stalled_at == Some(thread_progress) {
            return false;
        }
        watched.thread.wake();
        let had_timed_out = self.budget.has_timed_out();
        let paused = self.budget.pause(progress);
        if self.budget.has_timed_out() && !had_timed_out {
            watched.stalled_at = Some(thread_progress);
        }
        paused
    }

    /// The sum of both threads' progress.
    fn progress(&self) -> u64 {
        self.inference.thread.progress() + self.generator.thread.progress()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use super::budget::tests::TestClock;
    use super::budget::{Clock as _, STALL_TIMEOUT};
    use super::*;

    /// Makes progress only when a test says so.
    #[derive(Default)]
    struct FakeThread {
        has_ended: AtomicBool,
        progress: AtomicU64,
        woken: AtomicU64,
    }

    impl FakeThread {
        fn make_progress(&self) {
            self.progress.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl BackgroundThread for FakeThread {
        fn is_running(&self) -> bool {
            !self.has_ended.load(Ordering::Relaxed)
        }

        fn progress(&self) -> u64 {
            self.progress.load(Ordering::Relaxed)
        }

        fn wake(&self) {
            self.woken.fetch_add(1, Ordering::Relaxed);
        }
    }

    struct Rig {
        clock: TestClock,
        waits: WaitPolicy,
        inference: Arc<FakeThread>,
        generator: Arc<FakeThread>,
    }

    fn rig() -> Rig {
        let clock = TestClock::default();
        let (inference, generator) = (Arc::<FakeThread>::default(), Arc::<FakeThread>::default());
        let waits = WaitPolicy::new(Budget::new(Box::new(clock.clone())), inference.clone(), generator.clone());
        Rig { clock, waits, inference, generator }
    }

    impl Rig {
        /// How long an offline block waits for a thread.
        fn wait(&mut self, awaited: Awaited) -> std::time::Duration {
            self.waits.begin_block(0.01, true);
            let begin = self.clock.now();
            while self.waits.pause_for(awaited) {}
            self.waits.end_block();
            self.clock.now() - begin
        }
    }

    #[test]
    fn in_real_time_no_thread_is_woken() {
        let mut rig = rig();
        rig.waits.begin_block(0.01, false);
        assert!(!rig.waits.may_wait() && !rig.waits.pause_for(Awaited::Inference));
        assert_eq!(rig.inference.woken.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_stalled_thread_is_waited_for_once_and_again_after_its_own_progress() {
        let mut rig = rig();
        assert_eq!(rig.wait(Awaited::Inference), STALL_TIMEOUT);
        rig.generator.make_progress();
        assert!(rig.wait(Awaited::Inference).is_zero(), "only the other thread made progress");
        rig.inference.make_progress();
        assert_eq!(rig.wait(Awaited::Inference), STALL_TIMEOUT);
    }

    #[test]
    fn a_stalled_thread_does_not_keep_blocks_from_waiting_for_the_other() {
        let mut rig = rig();
        assert_eq!(rig.wait(Awaited::Generator), STALL_TIMEOUT);
        rig.inference.make_progress();
        assert_eq!(rig.wait(Awaited::Inference), STALL_TIMEOUT);
    }

    #[test]
    fn a_thread_that_has_ended_is_not_waited_for() {
        let mut rig = rig();
        rig.generator.has_ended.store(true, Ordering::Relaxed);
        assert!(rig.wait(Awaited::Generator).is_zero());
    }

    #[test]
    fn nothing_waits_between_blocks() {
        let mut rig = rig();
        rig.waits.begin_block(0.01, true);
        rig.waits.end_block();
        assert!(!rig.waits.pause_for(Awaited::Inference));
    }
}
