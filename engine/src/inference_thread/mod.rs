//! Runs an instance's models on their own thread, connected to the audio thread by queues.
//!
//! The audio thread sends messages, and the inference thread sends results. Both queues are bounded and wait-free. The
//! thread polls for messages every few milliseconds, because waking it would be a system call on the audio thread. The
//! hop between a request and the time its notes are due leaves enough time for that.

mod link;
mod messages;
mod server;
mod timeline_memory;

pub use link::InferenceLink;
pub use messages::{InferenceMessage, InferenceResult, MessageBacklog, Predictor};

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use rtrb::{Consumer, RingBuffer};
use tonenet_core::scheduler::SampleTime;
use tonenet_core::timeline::{TimelineSnapshot, TimelineView};
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::error::InferenceError;
use tonenet_inference::restyler::Restyler;
use tonenet_inference::styles::StyleList;
use tonenet_inference::thread_priority;

use self::server::Server;
use self::timeline_memory::TimelineMemory;
use crate::outbox::Outbox;
use crate::snapshots::SnapshotReceiver;
use crate::status::Status;
use crate::style_store::StyleStore;
use crate::thread_state::ThreadState;
use crate::timeline_store::TimelineStore;
use crate::waiting::BackgroundThread;

/// The most queued messages: more than a block of the densest controller stream.
const MESSAGES: usize = 16_384;
const RESULTS: usize = 16_384;

/// The state shared by both threads.
#[derive(Debug, Default)]
struct Shared {
    thread: Arc<ThreadState>,
    /// Whether a newer snapshot is being prepared.
    snapshot_pending: AtomicBool,
    /// The audio thread's current sample. Requests that are stale by then are dropped.
    audio_time: AtomicU64,
    /// The number of messages handled.
    handled: AtomicU64,
    /// Stops the thread, also while it restyles a performance.
    stop: Cancellation,
}

impl BackgroundThread for Shared {
    fn is_running(&self) -> bool {
        self.thread.is_running()
    }

    /// Increases with each message, and with each chunk of a performance.
    fn progress(&self) -> u64 {
        self.handled.load(Ordering::Acquire) + self.stop.checks()
    }

    fn wake(&self) {
        self.thread.wake();
    }
}

/// A model opened for one activation.
pub struct LoadedSession {
    /// Predicts notes as they arrive.
    pub restyler: Restyler,
    /// Predicts every note of a recorded performance.
    pub restyle_performance: RestylePerformance,
    /// The style that each place plays with this model.
    pub styles: Arc<StyleList>,
}

/// See [`LoadedSession::restyle_performance`].
pub type RestylePerformance =
    Box<dyn FnMut(&TimelineSnapshot, Predictor, &Cancellation) -> Result<TimelineSnapshot, InferenceError> + Send>;

/// The audio thread's handle of the running thread. Dropping it stops and joins the thread, so never drop it on the
/// audio thread.
#[derive(Debug)]
pub struct InferenceThread {
    /// Messages to the inference thread.
    messages: Outbox<MessageBacklog>,
    results: Consumer<InferenceResult>,
    /// Present only in Timeline mode.
    views: Option<SnapshotReceiver<TimelineView>>,
    shared: Arc<Shared>,
    /// The thread returns its memory, so that snapshots stay owned until it is joined.
    handle: Option<JoinHandle<Option<TimelineMemory>>>,
}

impl InferenceThread {
    /// Starts a thread that opens models with `open` and records the performance in `timeline`, if there is one. The
    /// performance recorded before is the first [view](Self::take_view). Whenever `styles` have changed, the thread
    /// opens the model again and plays on with its styles. A stop of the thread cancels `open`.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub fn start<Open>(
        status: Arc<Status>,
        styles: Arc<StyleStore>,
        timeline: Option<Arc<TimelineStore>>,
        open: Open,
    ) -> std::io::Result<Self>
    where
        Open: FnMut(EmbeddedModel, &Status, &Cancellation) -> Result<LoadedSession, String> + Send + 'static,
    {
        let shared = Arc::<Shared>::default();
        let (to_thread, messages) = RingBuffer::new(MESSAGES);
        let (to_audio, results) = RingBuffer::new(RESULTS);
        let (memory, views) = timeline.map(|store| TimelineMemory::new(store, styles.keys())).unzip();
        let is_pending = memory.as_ref().is_some_and(TimelineMemory::needs_any_model);
        shared.snapshot_pending.store(is_pending, Ordering::Release);
        let mut server = Server::new(shared.clone(), (messages, to_audio), (status.clone(), styles), memory, open);
        let run = move || {
            thread_priority::raise();
            if catch_unwind(AssertUnwindSafe(|| server.serve())).is_err() {
                status.fail("the thread of the model ended unexpectedly; reload the plugin");
            }
            server.into_memory()
        };
        let handle = Some(shared.thread.spawn("tonenet inference", run)?);
        Ok(Self { messages: Outbox::new(to_thread), results, views, shared, handle })
    }

    /// The thread, for waits.
    pub fn background(&self) -> Arc<dyn BackgroundThread> {
        self.shared.clone()
    }

    /// The next result, if any.
    pub fn next_result(&mut self) -> Option<InferenceResult> {
        self.results.pop().ok()
    }

    /// The latest view of the performance, unless it was taken before. The caller may drop it at any time.
    pub fn take_view(&mut self) -> Option<TimelineView> {
        self.views.as_mut()?.take()
    }

    /// Whether a newer snapshot is being prepared.
    pub fn is_snapshot_pending(&self) -> bool {
        self.shared.snapshot_pending.load(Ordering::Acquire)
    }

    /// Whether all messages have been handled, including the backlog.
    pub fn is_caught_up(&mut self) -> bool {
        self.messages.flush() && self.shared.handled.load(Ordering::Acquire) == self.messages.sent()
    }

    /// Sets the audio thread's current sample.
    pub fn set_audio_time(&self, time: SampleTime) {
        self.shared.audio_time.store(time, Ordering::Release);
    }
}

impl Drop for InferenceThread {
    fn drop(&mut self) {
        self.shared.stop.cancel();
        if let Some(handle) = self.handle.take() {
            handle.thread().unpark();
            // The thread catches its panics itself.
            let _ = handle.join();
        }
    }
}

#[cfg(test)]
mod tests;
