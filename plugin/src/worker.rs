//! The instance's own inference thread, and the queues that join it to the audio thread.
//!
//! Audio thread → requests → inference thread → answers → audio thread; both queues are bounded and lock-free. In
//! real time nobody wakes the thread, since that is a system call: it looks for itself every few milliseconds, which
//! the hop between question and due time leaves room for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use crossbeam::queue::ArrayQueue;
use tonenet_core::scheduler::{Estimate, NoteId};
use tonenet_core::window::{Heard, Question};
use tonenet_inference::restyler::Restyler;

use crate::status::Status;

/// Requests under way: more than a block of the densest controller storm.
const REQUESTS: usize = 16_384;
const ANSWERS: usize = 16_384;

/// How often it looks for requests while notes come in, and when none have come for a while.
const BUSY: Duration = Duration::from_millis(2);
const IDLE: Duration = Duration::from_millis(10);

/// From the audio thread.
#[derive(Debug, Clone, Copy)]
pub enum Request {
    /// Forget what was heard; answers from now on belong to this epoch.
    Reset(u32),
    /// Take this in.
    Heard(Heard),
    /// Answer for the notes of this hop, the last of which leaves at the given sample.
    Ask(Question, u64),
}

/// To the audio thread.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// The reset it came after; older ones speak of other notes.
    pub epoch: u32,
    /// Which note.
    pub note: NoteId,
    /// Its velocity.
    pub estimate: Estimate,
}

/// What both threads hold.
#[derive(Debug)]
pub struct Link {
    /// To the inference thread.
    pub requests: ArrayQueue<Request>,
    /// From it.
    pub answers: ArrayQueue<Answer>,
    /// The sample the audio thread is at; questions for what has left are skipped.
    pub audio_time: AtomicU64,
    /// Requests dealt with; it shows that the thread gets on.
    pub dealt_with: AtomicU64,
    stop: AtomicBool,
}

impl Link {
    fn new() -> Self {
        Self {
            requests: ArrayQueue::new(REQUESTS),
            answers: ArrayQueue::new(ANSWERS),
            audio_time: AtomicU64::new(0),
            dealt_with: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        }
    }
}

/// The running thread; dropping it ends and joins it.
#[derive(Debug)]
pub struct Worker {
    link: Arc<Link>,
    handle: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts a thread that opens a model with `open` and then answers.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        status: Arc<Status>,
        open: impl FnOnce(&Status) -> Result<Restyler, String> + Send + 'static,
    ) -> std::io::Result<Self> {
        let link = Arc::new(Link::new());
        let theirs = link.clone();
        let handle = thread::Builder::new().name("tonenet inference".into()).spawn(move || {
            // A panic must not take the host down: notes then leave with their own velocity.
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                let restyler = open(&status)?;
                answer_until_stopped(&theirs, restyler)
            }));
            match outcome {
                Ok(Ok(())) => {}
                Ok(Err(message)) => status.fail(message),
                Err(_) => status.fail("the model stopped unexpectedly; reload the plugin".into()),
            }
        })?;
        Ok(Self { link, handle: Some(handle) })
    }

    /// The queues.
    pub fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// The thread, to be woken by one that may make system calls; `None` once it was joined.
    pub fn thread(&self) -> Option<&Thread> {
        self.handle.as_ref().map(JoinHandle::thread)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.link.stop.store(true, Ordering::Release);
        if let Some(handle) = self.handle.take() {
            handle.thread().unpark();
            // Its panics were caught inside.
            let _ = handle.join();
        }
    }
}

fn answer_until_stopped(link: &Link, mut restyler: Restyler) -> Result<(), String> {
    let mut epoch = 0;
    let mut last_request = Instant::now();
    while !link.stop.load(Ordering::Acquire) {
        let Some(request) = link.requests.pop() else {
            let idle = last_request.elapsed() > Duration::from_secs(1);
            thread::park_timeout(if idle { IDLE } else { BUSY });
            continue;
        };
        last_request = Instant::now();
        match request {
            Request::Reset(new) => {
                epoch = new;
                restyler.reset();
            }
            Request::Heard(heard) => restyler.hear(&heard),
            Request::Ask(question, leaves) => {
                if link.audio_time.load(Ordering::Acquire) <= leaves {
                    let answered = restyler.ask(&question, |note, estimate| {
                        // The audio thread empties the queue every block; a full one means that it stands still.
                        let _ = link.answers.push(Answer { epoch, note, estimate });
                    });
                    answered.map_err(|e| e.to_string())?;
                }
            }
        }
        link.dealt_with.fetch_add(1, Ordering::Release);
    }
    Ok(())
}
