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
use tonenet_core::scheduler::{Estimate, NoteId, SampleTime};
use tonenet_core::timeline::{Played, Recorder, Timeline};
use tonenet_core::window::{Heard, Question};
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::restyler::Restyler;

use crate::memory::TimelineStore;
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

/// Changes after which a remembered take is restyled while its pass still goes on; of a take with more notes than that,
/// as many as it has, so that a long first pass costs no more than twice its last restyling.
const MANY_CHANGES: usize = 256;

/// From the audio thread.
#[derive(Debug, Clone, Copy)]
pub enum Request {
    /// Answer with this model from now on.
    Use(EmbeddedModel),
    /// Forget what was heard; answers from now on belong to this epoch.
    Reset(u32),
    /// Take this in.
    Heard(Heard),
    /// Answer for the notes of this hop, unless the audio thread is beyond the given sample.
    Ask(Question, SampleTime),
    /// Remember this at its place in the song.
    Remember(Played),
}

/// To the audio thread.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// The reset it came after; older ones speak of other notes.
    pub epoch: u32,
    /// Which note.
    pub note: NoteId,
    /// Its MIDI key.
    pub key: u8,
    /// When the question was asked.
    pub asked: SampleTime,
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
    /// Finished pictures of the song, the last of which counts. Whoever takes one may let it go at any time: the
    /// inference thread keeps each until it is the last to hold it, so that nothing is freed on the audio thread.
    pub pictures: ArrayQueue<Arc<Timeline>>,
    /// Whether a better picture is on its way.
    pub picture_pending: AtomicBool,
    /// The sample the audio thread is at; questions that are of no use by then are skipped.
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
            pictures: ArrayQueue::new(1),
            picture_pending: AtomicBool::new(false),
            audio_time: AtomicU64::new(0),
            dealt_with: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        }
    }
}

/// A model that has been opened.
pub struct Opened {
    /// Answers for notes as they come.
    pub restyler: Restyler,
    /// Gives a whole remembered take its expectations.
    pub restyle_take: RestyleTake,
}

/// See [`Opened::restyle_take`].
pub type RestyleTake = Box<dyn FnMut(&Timeline) -> Result<Timeline, String> + Send>;

/// The running thread; dropping it ends and joins it.
#[derive(Debug)]
pub struct Worker {
    link: Arc<Link>,
    handle: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts a thread that opens the models it is told to use with `open`, and answers; it remembers what is played
    /// in `memory`, if there is one.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start<Open>(status: Arc<Status>, memory: Option<Arc<TimelineStore>>, open: Open) -> std::io::Result<Self>
    where
        Open: FnMut(EmbeddedModel, &Status) -> Result<Opened, String> + Send + 'static,
    {
        let link = Arc::new(Link::new());
        let memory = memory.map(Memory::new);
        let waits = memory.as_ref().is_some_and(|m| m.picture.needs_any_model());
        link.picture_pending.store(waits, Ordering::Release);
        let mut server = Server {
            link: link.clone(),
            status,
            open,
            opened: None,
            epoch: 0,
            recent: VecDeque::new(),
            pedal_down: None,
            pedal_before: None,
            memory,
        };
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
    opened: Option<(EmbeddedModel, Opened)>,
    epoch: u32,
    recent: VecDeque<Heard>,
    pedal_down: Option<bool>,
    /// The pedal's last movement before `recent`.
    pedal_before: Option<Heard>,
    memory: Option<Memory>,
}

impl<Open: FnMut(EmbeddedModel, &Status) -> Result<Opened, String>> Server<Open> {
    fn serve(&mut self) {
        let mut last_request = Instant::now();
        while !self.link.stop.load(Ordering::Acquire) {
            let Some(request) = self.link.requests.pop() else {
                if self.guarded(Self::draw) == Some(true) {
                    continue;
                }
                let idle = last_request.elapsed() > Duration::from_secs(1);
                thread::park_timeout(if idle { IDLE } else { BUSY });
                continue;
            };
            last_request = Instant::now();
            self.guarded(|server| server.deal_with(request));
            self.link.dealt_with.fetch_add(1, Ordering::Release);
        }
        self.keep();
    }

    /// Keeps what was played until now, for the project and the next activation.
    fn keep(&mut self) {
        let Some(memory) = &mut self.memory else { return };
        while let Some(request) = self.link.requests.pop() {
            if let Request::Remember(played) = request {
                memory.recorder.hear(&played);
            }
        }
        if memory.recorder.changes() > 0 {
            let picture = Arc::new(memory.recorder.picture(&memory.picture));
            // Refused where the user has put another take there meanwhile, which then counts.
            memory.store.draw(picture, memory.edition);
        }
    }

    /// Does a task; a panic must not end the thread: notes leave with their own velocity until another model is
    /// chosen.
    fn guarded<T>(&mut self, task: impl FnOnce(&mut Self) -> Result<T, String>) -> Option<T> {
        let done = catch_unwind(AssertUnwindSafe(|| task(self)));
        let stopped = || Err("the model stopped unexpectedly; choose another or reload the plugin".into());
        match done.unwrap_or_else(|_| stopped()) {
            Ok(result) => Some(result),
            Err(message) => {
                self.opened = None;
                self.status.fail(message);
                None
            }
        }
    }

    fn deal_with(&mut self, request: Request) -> Result<(), String> {
        match request {
            Request::Use(model) => self.take_over(model)?,
            Request::Reset(epoch) => {
                self.epoch = epoch;
                self.recent.clear();
                (self.pedal_down, self.pedal_before) = (None, None);
                self.opened.iter_mut().for_each(|(_, opened)| opened.restyler.reset());
                if let Some(memory) = &mut self.memory {
                    memory.recorder.hear(&Played::Ended);
                    memory.pass_ended = true;
                }
            }
            Request::Remember(played) => {
                if let Some(memory) = &mut self.memory {
                    memory.recorder.hear(&played);
                    memory.pass_ended |= played == Played::Ended;
                    if memory.recorder.changes() > 0 {
                        self.link.picture_pending.store(true, Ordering::Release);
                    }
                }
            }
            Request::Heard(heard) => {
                if let Heard::Pedal { down, .. } = heard
                    && self.pedal_down.replace(down) == Some(down)
                {
                    // A continuous pedal that stays on its side of the middle moves nothing.
                    return Ok(());
                }
                if self.recent.len() == RECENT
                    && let Some(oldest @ Heard::Pedal { .. }) = self.recent.pop_front()
                {
                    self.pedal_before = Some(oldest);
                }
                self.recent.push_back(heard);
                self.opened.iter_mut().for_each(|(_, opened)| opened.restyler.hear(&heard));
            }
            Request::Ask(question, of_use_until) => {
                let in_time = self.link.audio_time.load(Ordering::Acquire) <= of_use_until;
                if let Some((_, opened)) = self.opened.as_mut().filter(|_| in_time) {
                    let (link, epoch, asked) = (&self.link, self.epoch, question.hop.time);
                    let answered = opened.restyler.ask(&question, |note, estimate| {
                        // The audio thread empties the queue every block; a full one means that it stands still.
                        let _ = link.answers.push(Answer { epoch, note: note.id, key: note.key, asked, estimate });
                    });
                    answered.map_err(|e| e.to_string())?;
                }
            }
        }
        Ok(())
    }

    /// Opens a model and tells it of the notes under way, which its predecessor heard.
    fn take_over(&mut self, model: EmbeddedModel) -> Result<(), String> {
        self.opened = None;
        self.status.opens(None);
        let mut opened = (self.open)(model, &self.status)?;
        self.pedal_before.iter().chain(&self.recent).for_each(|heard| opened.restyler.hear(heard));
        self.opened = Some((model, opened));
        if self.memory.as_ref().is_some_and(|memory| memory.picture.needs(model.id())) {
            self.link.picture_pending.store(true, Ordering::Release);
        }
        self.status.opens(Some(model.title()));
        Ok(())
    }

    /// Draws the next picture of the song where there is reason to; whether it did.
    fn draw(&mut self) -> Result<bool, String> {
        let Some(memory) = &mut self.memory else { return Ok(false) };
        memory.follow_store();
        memory.published.retain(|picture| Arc::strong_count(picture) > 1);
        let changes = memory.recorder.changes();
        let many = memory.picture.notes().len().max(MANY_CHANGES);
        if changes > 0 && (memory.pass_ended || changes >= many) {
            memory.picture = Arc::new(memory.recorder.picture(&memory.picture));
            memory.is_new = true;
        }
        memory.pass_ended = false;
        if let Some((model, opened)) = &mut self.opened
            && memory.picture.needs(model.id())
        {
            memory.picture = Arc::new((opened.restyle_take)(&memory.picture)?);
            memory.is_new = true;
        }
        let drawn = std::mem::take(&mut memory.is_new);
        if drawn && memory.store.draw(memory.picture.clone(), memory.edition) {
            memory.published.push(memory.picture.clone());
            // The one it takes the place of, if the audio thread has not fetched it, is held here too.
            drop(self.link.pictures.force_push(memory.picture.clone()));
        }
        // Of a pass that goes on the next picture is not on its way before more is heard.
        self.link.picture_pending.store(false, Ordering::Release);
        Ok(drawn)
    }
}

/// What the thread remembers of the song.
struct Memory {
    store: Arc<TimelineStore>,
    edition: u64,
    recorder: Recorder,
    picture: Arc<Timeline>,
    /// Whether the picture has yet to be shown to the others.
    is_new: bool,
    pass_ended: bool,
    /// Pictures that the audio thread may hold.
    published: Vec<Arc<Timeline>>,
}

impl Memory {
    fn new(store: Arc<TimelineStore>) -> Self {
        let (picture, edition) = store.get();
        let recorder = Recorder::new(&picture);
        let published = vec![picture.clone()];
        Self { store, edition, recorder, picture, is_new: false, pass_ended: false, published }
    }

    /// Goes on from what the user or a project put in the place of the take.
    fn follow_store(&mut self) {
        if self.store.edition() != self.edition {
            (self.picture, self.edition) = self.store.get();
            self.recorder = self.recorder.replaced_by(&self.picture);
            self.is_new = true;
        }
    }
}
