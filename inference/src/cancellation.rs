//! Cancels a long model run from another thread, and counts its progress.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The work was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancelled;

/// A shared flag that cancels work, and a count of its checks.
///
/// The work calls [`Self::check`] every few milliseconds. A waiting thread that sees the count grow knows that the work
/// has not stalled.
#[derive(Debug, Default)]
pub struct Cancellation {
    cancelled: AtomicBool,
    checks: Arc<AtomicU64>,
}

impl Cancellation {
    /// A flag that adds its checks to a counter that others may share.
    pub fn with_counter(checks: Arc<AtomicU64>) -> Self {
        Self { cancelled: AtomicBool::new(false), checks }
    }

    /// Cancels the work: its next check fails.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    /// Whether the work is cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Counts a check and says whether the work may go on.
    ///
    /// # Errors
    /// [`Cancelled`] after [`Self::cancel`].
    pub fn check(&self) -> Result<(), Cancelled> {
        self.checks.fetch_add(1, Ordering::Relaxed);
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }

    /// How many checks were made so far.
    pub fn checks(&self) -> u64 {
        self.checks.load(Ordering::Relaxed)
    }
}
