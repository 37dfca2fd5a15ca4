//! Runs work that may hang on a thread of its own, and waits for it no longer than to a deadline.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::cancellation::{Cancellation, Cancelled};
use crate::guard::guarded;

/// How often a waiting thread looks whether it is cancelled, and shows that it has not stalled.
const STEP: Duration = Duration::from_millis(20);

/// Work on a thread of its own. Several may wait for it, and get the same.
///
/// The thread is never joined: a driver may hold it for ever.
#[derive(Debug)]
pub(super) struct Trial<T> {
    outcome: Mutex<Outcome<T>>,
    has_ended: Condvar,
    deadline: Instant,
}

#[derive(Debug)]
enum Outcome<T> {
    Awaited,
    /// The work panicked, or there is no thread for it.
    Failed,
    /// What all get, from the work or in place of it.
    Is(T),
}

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// The deadline has passed.
    Late,
    /// The work panicked, or there is no thread for it.
    Failed,
}

impl<T: Clone + Send + 'static> Trial<T> {
    /// Starts work that has `limit` to end.
    pub fn start(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Arc<Self> {
        let outcome = Mutex::new(Outcome::Awaited);
        let trial = Arc::new(Self { outcome, has_ended: Condvar::new(), deadline: Instant::now() + limit });
        let shared = Arc::clone(&trial);
        let run = move || shared.end(guarded(work).map_or(Outcome::Failed, Outcome::Is));
        if thread::Builder::new().name("tonenet trial".into()).spawn(run).is_err() {
            trial.end(Outcome::Failed);
        }
        trial
    }

    /// Sets the outcome, unless others have gone on without it.
    fn end(&self, with: Outcome<T>) {
        let mut outcome = self.outcome.lock();
        if matches!(*outcome, Outcome::Awaited) {
            *outcome = with;
        }
        self.has_ended.notify_all();
    }

    /// Waits for the result. Where there is none, all who wait get the first one's `otherwise`, also once the work ends.
    ///
    /// # Errors
    /// [`Cancelled`] on cancellation. The work goes on.
    pub fn wait(&self, cancellation: &Cancellation, otherwise: impl FnOnce(Missing) -> T) -> Result<T, Cancelled> {
        loop {
            cancellation.check()?;
            let mut outcome = self.outcome.lock();
            if matches!(*outcome, Outcome::Awaited) {
                self.has_ended.wait_until(&mut outcome, self.deadline.min(Instant::now() + STEP));
            }
            let missing = match &*outcome {
                Outcome::Is(result) => return Ok(result.clone()),
                Outcome::Failed => Missing::Failed,
                Outcome::Awaited if Instant::now() >= self.deadline => Missing::Late,
                Outcome::Awaited => continue,
            };
            let result = otherwise(missing);
            *outcome = Outcome::Is(result.clone());
            return Ok(result);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    /// Work that hangs until its sender is used.
    fn hanging(limit: Duration) -> (Arc<Trial<&'static str>>, Sender<()>) {
        let (release, released) = channel::<()>();
        let trial = Trial::start(limit, move || {
            let _ = released.recv();
            "the work's"
        });
        (trial, release)
    }

    #[test]
    fn all_get_the_result_of_the_work() {
        let trial = Trial::start(LONG, || 7);
        for _ in 0..2 {
            assert_eq!(trial.wait(&Cancellation::default(), |_| 0), Ok(7));
        }
    }

    #[test]
    fn work_that_hangs_is_given_up_at_its_deadline_and_for_all() {
        let (trial, release) = hanging(Duration::ZERO);
        let wait = |other: &'static str| {
            trial.wait(&Cancellation::default(), |missing| {
                assert_eq!(missing, Missing::Late);
                other
            })
        };
        assert_eq!(wait("the first one's"), Ok("the first one's"));
        release.send(()).unwrap();
        while Arc::strong_count(&trial) > 1 {
            thread::yield_now();
        }
        assert_eq!(wait("the second one's"), Ok("the first one's"), "also after the work has ended");
    }

    #[test]
    fn who_waits_can_be_cancelled_and_the_work_goes_on() {
        let (trial, release) = hanging(LONG);
        let cancellation = Cancellation::default();
        cancellation.cancel();
        assert_eq!(trial.wait(&cancellation, |_| "none"), Err(Cancelled));
        release.send(()).unwrap();
        assert_eq!(trial.wait(&Cancellation::default(), |_| "none"), Ok("the work's"));
    }

    #[test]
    fn who_waits_makes_progress_and_can_be_cancelled_meanwhile() {
        let (trial, _release) = hanging(LONG);
        let cancellation = Cancellation::default();
        let waited = thread::scope(|scope| {
            let waiting = scope.spawn(|| trial.wait(&cancellation, |_| "none"));
            while cancellation.checks() < 3 {
                thread::yield_now();
            }
            cancellation.cancel();
            waiting.join().unwrap()
        });
        assert_eq!(waited, Err(Cancelled));
    }

    #[test]
    fn work_that_panics_has_no_result() {
        let trial = Trial::start(LONG, || panic!("a driver"));
        let waited = trial.wait(&Cancellation::default(), |missing| {
            assert_eq!(missing, Missing::Failed);
        });
        assert_eq!(waited, Ok(()));
    }
}
