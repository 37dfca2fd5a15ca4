//! How somebody who waits for a model's work tells it to stop, and sees that it gets on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Nobody wants the work any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancelled;

/// Whether somebody still wants what is being worked on. Work that takes long [checks](Self::check) it between pieces
/// of some milliseconds.
#[derive(Debug, Default)]
pub struct Cancellation {
    cancelled: AtomicBool,
    pieces: Arc<AtomicU64>,
}

impl Cancellation {
    /// One that counts its checks on top of others' in `pieces`.
    pub fn counting(pieces: Arc<AtomicU64>) -> Self {
        Self { cancelled: AtomicBool::new(false), pieces }
    }

    /// Nobody wants it any more.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    /// Whether nobody wants it any more.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Begins another piece of work.
    ///
    /// # Errors
    /// [`Cancelled`] when nobody wants it any more.
    pub fn check(&self) -> Result<(), Cancelled> {
        self.pieces.fetch_add(1, Ordering::Relaxed);
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }

    /// Pieces of work that were begun so far: while it grows, the work gets on.
    pub fn pieces(&self) -> u64 {
        self.pieces.load(Ordering::Relaxed)
    }
}
