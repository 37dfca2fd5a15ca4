//! The instance's own inference thread, and the queues that join it to the audio thread.
//!
//! Audio thread → requests → inference thread → answers → audio thread; both queues are bounded and lock-free. In
//! real time nobody wakes the thread, since that is a system call: it looks for itself every few milliseconds, which
//! the hop between question and due time leaves room for.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use crossbeam::queue::ArrayQueue;
use tonenet_core::scheduler::{Estimate, NoteId};
use tonenet_core::window::{Heard, Question};
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::restyler::Restyler;

use crate::status::Status;

/// Requests under way: more than a block of the densest controller storm.
const REQUESTS: usize = 16_384;
const ANSWERS: usize = 16_384;

/// What of the past a model that takes over is told: the notes under way, and enough before them for the player's
/// level.
const RECENT: usize = 2_048;

/// How often it looks for requests while notes come in, and when none have come for a while.
const BUSY: Duration = Duration::from_millis(2);
const IDLE: Duration = Duration::from_millis(10);

/// From the audio thread.
#[derive(Debug, Clone, Copy)]
pub enum Request {
    /// Answer with this model from now on.
    Use(EmbeddedModel),
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
    /// Starts a thread that opens the models it is told to use with `open`, and answers.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start<Open>(status: Arc<Status>, open: Open) -> std::io::Result<Self>
    where
        Open: FnMut(EmbeddedModel, &Status) -> Result<Restyler, String> + Send + 'static,
    {
        let link = Arc::new(Link::new());
        let mut server = Server { link: link.clone(), status, open, restyler: None, epoch: 0, recent: VecDeque::new() };
        let handle = thread::Builder::new().name("tonenet inference".into()).spawn(move || server.serve())?;
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

    /// Whether the thread runs; nothing that a model does ends it.
    pub fn is_running(&self) -> bool {
        self.handle.as_ref().is_some_and(|handle| !handle.is_finished())
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

/// What the thread owns.
struct Server<Open> {
    link: Arc<Link>,
    status: Arc<Status>,
    open: Open,
    /// `None` while there is no model that works.
    restyler: Option<Restyler>,
    epoch: u32,
    recent: VecDeque<Heard>,
}

impl<Open: FnMut(EmbeddedModel, &Status) -> Result<Restyler, String>> Server<Open> {
    fn serve(&mut self) {
        let mut last_request = Instant::now();
        while !self.link.stop.load(Ordering::Acquire) {
            let Some(request) = self.link.requests.pop() else {
                let idle = last_request.elapsed() > Duration::from_secs(1);
                thread::park_timeout(if idle { IDLE } else { BUSY });
                continue;
            };
            last_request = Instant::now();
            // A panic must not end the thread: notes leave with their own velocity until another model is chosen.
            let dealt_with = catch_unwind(AssertUnwindSafe(|| self.deal_with(request)));
            let stopped = || Err("the model stopped unexpectedly; choose another or reload the plugin".into());
            if let Err(message) = dealt_with.unwrap_or_else(|_| stopped()) {
                self.restyler = None;
                self.status.fail(message);
            }
            self.link.dealt_with.fetch_add(1, Ordering::Release);
        }
    }

    fn deal_with(&mut self, request: Request) -> Result<(), String> {
        match request {
            Request::Use(model) => self.take_over(model)?,
            Request::Reset(epoch) => {
                self.epoch = epoch;
                self.recent.clear();
                self.restyler.iter_mut().for_each(Restyler::reset);
            }
            Request::Heard(heard) => {
                if self.recent.len() == RECENT {
                    self.recent.pop_front();
                }
                self.recent.push_back(heard);
                self.restyler.iter_mut().for_each(|restyler| restyler.hear(&heard));
            }
            Request::Ask(question, leaves) => {
                let in_time = self.link.audio_time.load(Ordering::Acquire) <= leaves;
                if let Some(restyler) = self.restyler.as_mut().filter(|_| in_time) {
                    let (link, epoch) = (&self.link, self.epoch);
                    let answered = restyler.ask(&question, |note, estimate| {
                        // The audio thread empties the queue every block; a full one means that it stands still.
                        let _ = link.answers.push(Answer { epoch, note, estimate });
                    });
                    answered.map_err(|e| e.to_string())?;
                }
            }
        }
        Ok(())
    }

    /// Opens a model and tells it of the notes under way, which its predecessor heard.
    fn take_over(&mut self, model: EmbeddedModel) -> Result<(), String> {
        self.restyler = None;
        self.status.opens(None);
        let mut restyler = (self.open)(model, &self.status)?;
        self.recent.iter().for_each(|heard| restyler.hear(heard));
        self.restyler = Some(restyler);
        self.status.opens(Some(model.title()));
        Ok(())
    }
}
