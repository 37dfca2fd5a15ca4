//! The instance's own thread for models, and the queues that join it to the audio thread.
//!
//! The audio thread sends messages, the inference thread sends results; both queues are bounded and wait-free. In real
//! time nobody wakes the thread, since that is a system call: it looks for messages every few milliseconds. The hop
//! between a request and the time its notes are due leaves room for that.

mod link;
mod messages;
mod server;
mod timeline_memory;

pub use link::InferenceLink;
pub use messages::{InferenceMessage, InferenceResult, OwedMessages};

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use rtrb::{Consumer, RingBuffer};
use tonenet_core::scheduler::SampleTime;
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::error::InferenceError;
use tonenet_inference::restyler::Restyler;

use self::server::Server;
use self::timeline_memory::TimelineMemory;
use crate::outbox::Outbox;
use crate::snapshots::SnapshotReceiver;
use crate::status::Status;
use crate::thread_state::ThreadState;
use crate::timeline_store::TimelineStore;
use crate::waiting::BackgroundThread;

/// Messages under way: more than a block of the densest controller storm.
const MESSAGES: usize = 16_384;
const RESULTS: usize = 16_384;

/// What both threads look at.
#[derive(Debug, Default)]
struct Shared {
    thread: Arc<ThreadState>,
    /// Whether a better snapshot is on its way.
    snapshot_pending: AtomicBool,
    /// The sample the audio thread is at; requests that are of no use by then are skipped.
    audio_time: AtomicU64,
    /// Messages dealt with.
    dealt_with: AtomicU64,
    /// Tells the thread to end, also while it restyles a performance.
    stop: Cancellation,
}

impl BackgroundThread for Shared {
    fn is_running(&self) -> bool {
        self.thread.is_running()
    }

    /// Grows with each message, and each piece of a performance.
    fn progress(&self) -> u64 {
        self.dealt_with.load(Ordering::Acquire) + self.stop.checks()
    }

    fn wake(&self) {
        self.thread.wake();
    }
}

/// A model that has been opened for one activation.
pub struct LoadedSession {
    /// Predicts notes as they come.
    pub restyler: Restyler,
    /// Predicts every note of a recorded performance.
    pub restyle_performance: RestylePerformance,
}

/// See [`LoadedSession::restyle_performance`].
pub type RestylePerformance =
    Box<dyn FnMut(&TimelineSnapshot, &Cancellation) -> Result<TimelineSnapshot, InferenceError> + Send>;

/// The audio thread's side of the running thread. Dropping it ends and joins the thread, so it is not to be dropped
/// where audio is played.
#[derive(Debug)]
pub struct InferenceThread {
    /// To the inference thread.
    messages: Outbox<OwedMessages>,
    results: Consumer<InferenceResult>,
    /// Where a song is recorded.
    snapshots: Option<SnapshotReceiver<Arc<TimelineSnapshot>>>,
    shared: Arc<Shared>,
    /// The thread gives back what it recorded, so that snapshots are owned until it is joined.
    handle: Option<JoinHandle<Option<TimelineMemory>>>,
}

impl InferenceThread {
    /// Starts a thread that opens the models it is told to use with `open`; it records what is played in `timeline`, if
    /// there is one. What was recorded before is the first [snapshot](Self::take_snapshot).
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start<Open>(status: Arc<Status>, timeline: Option<Arc<TimelineStore>>, open: Open) -> std::io::Result<Self>
    where
        Open: FnMut(EmbeddedModel, &Status) -> Result<LoadedSession, String> + Send + 'static,
    {
        let shared = Arc::<Shared>::default();
        let (to_thread, messages) = RingBuffer::new(MESSAGES);
        let (to_audio, results) = RingBuffer::new(RESULTS);
        let (memory, snapshots) = timeline.map(TimelineMemory::new).unzip();
        let is_pending = memory.as_ref().is_some_and(TimelineMemory::needs_any_model);
        shared.snapshot_pending.store(is_pending, Ordering::Release);
        let mut server = Server::new(shared.clone(), (messages, to_audio), status.clone(), memory, open);
        let run = move || {
            if catch_unwind(AssertUnwindSafe(|| server.serve())).is_err() {
                status.fail("the thread of the model ended unexpectedly; reload the plugin");
            }
            server.into_memory()
        };
        let handle = Some(shared.thread.spawn("tonenet inference", run)?);
        Ok(Self { messages: Outbox::new(to_thread), results, snapshots, shared, handle })
    }

    /// The thread, to be waited for.
    pub fn background(&self) -> Arc<dyn BackgroundThread> {
        self.shared.clone()
    }

    /// The next result, if there is one.
    pub fn next_result(&mut self) -> Option<InferenceResult> {
        self.results.pop().ok()
    }

    /// The latest snapshot of the song, if it has not been taken yet. Whoever takes one may drop it at any time.
    pub fn take_snapshot(&mut self) -> Option<Arc<TimelineSnapshot>> {
        self.snapshots.as_mut()?.take()
    }

    /// Whether a better snapshot is on its way.
    pub fn is_snapshot_pending(&self) -> bool {
        self.shared.snapshot_pending.load(Ordering::Acquire)
    }

    /// Whether all messages have been dealt with, those that are owed included.
    pub fn is_caught_up(&mut self) -> bool {
        self.messages.settle() && self.shared.dealt_with.load(Ordering::Acquire) == self.messages.sent()
    }

    /// The audio thread is at this sample.
    pub fn set_audio_time(&self, time: SampleTime) {
        self.shared.audio_time.store(time, Ordering::Release);
    }
}

impl Drop for InferenceThread {
    fn drop(&mut self) {
        self.shared.stop.cancel();
        if let Some(handle) = self.handle.take() {
            handle.thread().unpark();
            // Its panics were caught inside.
            let _ = handle.join();
        }
    }
}

#[cfg(test)]
mod tests;
