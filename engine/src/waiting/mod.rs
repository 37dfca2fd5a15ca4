//! When a block may wait for another thread, for which, and for how long.

pub mod budget;
pub mod pace;

use std::sync::Arc;

use self::budget::Budget;

/// A thread that a block may wait for.
pub trait BackgroundThread: Send + Sync {
    /// Whether it runs; one that has ended is not waited for.
    fn is_running(&self) -> bool;

    /// Grows while it gets on.
    fn progress(&self) -> u64;

    /// Wakes it, which is a system call: never in real time.
    fn wake(&self);
}

/// Which thread a block waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// The one that runs models.
    Inference,
    /// The one that generates clips.
    Generator,
}

/// A thread, and how far it had got when patience with it ran out: until it gets on nobody waits for it.
struct Watched {
    thread: Arc<dyn BackgroundThread>,
    stalled_at: Option<u64>,
}

impl Watched {
    fn new(thread: Arc<dyn BackgroundThread>) -> Self {
        Self { thread, stalled_at: None }
    }
}

/// See the [module](self). All waits of a block share one [`Budget`].
pub struct WaitPolicy {
    budget: Budget,
    inference: Watched,
    generator: Watched,
}

impl WaitPolicy {
    /// A policy for both threads of an instance.
    pub fn new(budget: Budget, inference: Arc<dyn BackgroundThread>, generator: Arc<dyn BackgroundThread>) -> Self {
        Self { budget, inference: Watched::new(inference), generator: Watched::new(generator) }
    }

    /// Measures waits with another budget.
    #[cfg(test)]
    pub fn set_budget(&mut self, budget: Budget) {
        self.budget = budget;
    }

    /// A block of `seconds` begins.
    pub fn begin_block(&mut self, seconds: f64, offline: bool) {
        self.budget.block_begins(seconds, offline, self.progress());
    }

    /// The block is over; what comes between it and the next must not wait.
    pub fn end_block(&mut self) {
        self.budget.block_ends();
    }

    /// Whether this block could wait when it began.
    pub fn may_wait(&self) -> bool {
        self.budget.may_wait()
    }

    /// Wakes a thread and lets it run for a moment, if it still runs and the block may wait; whether it did.
    pub fn pause_for(&mut self, awaited: Awaited) -> bool {
        let progress = self.progress();
        let watched = match awaited {
            Awaited::Inference => &mut self.inference,
            Awaited::Generator => &mut self.generator,
        };
        if !self.budget.may_wait() || !watched.thread.is_running() {
            return false;
        }
        let got_to = watched.thread.progress();
        if watched.stalled_at == Some(got_to) {
            return false;
        }
        watched.thread.wake();
        let had_given_up = self.budget.has_given_up();
        let paused = self.budget.pause(progress);
        if self.budget.has_given_up() && !had_given_up {
            watched.stalled_at = Some(got_to);
        }
        paused
    }

    /// Grows while any thread gets on that a block may wait for.
    fn progress(&self) -> u64 {
        self.inference.thread.progress() + self.generator.thread.progress()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use super::budget::tests::TestClock;
    use super::budget::{Clock as _, PATIENCE};
    use super::*;

    /// Gets on when a test says so.
    #[derive(Default)]
    struct FakeThread {
        has_ended: AtomicBool,
        progress: AtomicU64,
        woken: AtomicU64,
    }

    impl FakeThread {
        fn get_on(&self) {
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
    fn a_thread_that_stalls_costs_patience_once_and_is_waited_for_when_it_gets_on() {
        let mut rig = rig();
        assert_eq!(rig.wait(Awaited::Inference), PATIENCE);
        rig.generator.get_on();
        assert!(rig.wait(Awaited::Inference).is_zero(), "the other one got on");
        rig.inference.get_on();
        assert_eq!(rig.wait(Awaited::Inference), PATIENCE);
    }

    #[test]
    fn one_thread_that_stalls_does_not_keep_blocks_from_waiting_for_the_other() {
        let mut rig = rig();
        assert_eq!(rig.wait(Awaited::Generator), PATIENCE);
        rig.inference.get_on();
        assert_eq!(rig.wait(Awaited::Inference), PATIENCE);
    }

    #[test]
    fn a_thread_that_has_ended_is_not_waited_for() {
        let mut rig = rig();
        rig.generator.has_ended.store(true, Ordering::Relaxed);
        assert!(rig.wait(Awaited::Generator).is_zero());
    }

    #[test]
    fn between_two_blocks_nobody_waits() {
        let mut rig = rig();
        rig.waits.begin_block(0.01, true);
        rig.waits.end_block();
        assert!(!rig.waits.pause_for(Awaited::Inference));
    }
}
