//! The instance's own inference thread, and the queues that join it to the audio thread.
//!
//! Audio thread → requests → inference thread → answers → audio thread; both queues are bounded and wait-free. In
//! real time nobody wakes the thread, since that is a system call: it looks for itself every few milliseconds, which
//! the hop between question and due time leaves room for.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use rtrb::{Consumer, Producer, RingBuffer};
use tonenet_core::scheduler::{Estimate, NoteId, SampleTime};
use tonenet_core::timeline::{TimelineEvent, TimelineRecorder, TimelineSnapshot};
use tonenet_core::window::{InferenceRequest, InputEvent};
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::error::InferenceError;
use tonenet_inference::restyler::Restyler;

use crate::outbox::{KeySet, Outbox, Owed};
use crate::snapshots::{SnapshotReceiver, SnapshotSender};
use crate::status::Status;
use crate::timeline_store::TimelineStore;

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
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Request {
    /// Answer with this model from now on.
    Use(EmbeddedModel),
    /// Forget what was heard; answers from now on belong to this epoch.
    Reset(u32),
    /// Take this in.
    Heard(InputEvent),
    /// Answer for the notes of this hop, unless the audio thread is beyond the given sample.
    Ask(InferenceRequest, SampleTime),
    /// Remember this at its place in the song.
    Remember(TimelineEvent),
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

/// What of the requests that found no room the inference thread must still get. A note and a question that it does not
/// get leave notes without an answer, no more; without the rest it would go on in another state than the audio thread.
#[derive(Debug, Default)]
pub struct OwedRequests {
    model: Option<EmbeddedModel>,
    reset: Option<u32>,
    /// Something of a pass is missing: what comes is another one.
    pass_ended: bool,
    /// Keys that came up, and the pedal's last movement.
    offs: KeySet,
    pedal: Option<bool>,
    /// When and where the last of these was.
    time: SampleTime,
    position: f64,
}

impl Owed for OwedRequests {
    type Message = Request;

    fn owe(&mut self, request: Request) {
        match request {
            Request::Use(model) => self.model = Some(model),
            // All that was heard before is forgotten with it, and the pass ends.
            Request::Reset(epoch) => *self = Self { model: self.model, reset: Some(epoch), ..Self::default() },
            Request::Heard(InputEvent::NoteOff { time, position, channel, key }) => {
                self.offs.insert(channel, key);
                (self.time, self.position) = (time, position);
            }
            Request::Heard(InputEvent::Pedal { time, down }) => {
                self.pedal = Some(down);
                self.time = time;
            }
            Request::Remember(_) => self.pass_ended = true,
            Request::Heard(InputEvent::NoteOn { .. }) | Request::Ask(..) => {}
        }
    }

    fn take(&mut self) -> Option<Request> {
        let (time, position) = (self.time, self.position);
        let off = |(channel, key)| Request::Heard(InputEvent::NoteOff { time, position, channel, key });
        let model = self.model.take().map(Request::Use);
        model
            .or_else(|| self.reset.take().map(Request::Reset))
            .or_else(|| std::mem::take(&mut self.pass_ended).then_some(Request::Remember(TimelineEvent::PassEnded)))
            .or_else(|| self.offs.take().map(off))
            .or_else(|| self.pedal.take().map(|down| Request::Heard(InputEvent::Pedal { time, down })))
    }
}

/// What both threads look at.
#[derive(Debug, Default)]
struct Link {
    /// Whether a better picture is on its way.
    picture_pending: AtomicBool,
    /// The sample the audio thread is at; questions that are of no use by then are skipped.
    audio_time: AtomicU64,
    /// Requests dealt with.
    dealt_with: AtomicU64,
    /// Tells the thread to end, also in the midst of a take.
    stop: Cancellation,
}

/// A model that has been opened.
pub struct Opened {
    /// Answers for notes as they come.
    pub restyler: Restyler,
    /// Gives a whole remembered take its expectations.
    pub restyle_take: RestyleTake,
}

/// See [`Opened::restyle_take`].
pub type RestyleTake =
    Box<dyn FnMut(&TimelineSnapshot, &Cancellation) -> Result<TimelineSnapshot, InferenceError> + Send>;

/// The audio thread's side of the running thread. Dropping it ends and joins the thread, so it is not to be dropped
/// where audio is played.
#[derive(Debug)]
pub struct Worker {
    /// To the inference thread.
    pub requests: Outbox<OwedRequests>,
    answers: Consumer<Answer>,
    /// Where a song is remembered.
    pictures: Option<SnapshotReceiver<Arc<TimelineSnapshot>>>,
    link: Arc<Link>,
    /// The thread gives back what it remembered, so that snapshots are owned until it is joined.
    handle: Option<JoinHandle<Option<Memory>>>,
}

impl Worker {
    /// Starts a thread that opens the models it is told to use with `open`, and answers; it remembers what is played
    /// in `memory`, if there is one. The take that it goes on from is the first [picture](Self::take_picture).
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start<Open>(status: Arc<Status>, memory: Option<Arc<TimelineStore>>, open: Open) -> std::io::Result<Self>
    where
        Open: FnMut(EmbeddedModel, &Status) -> Result<Opened, String> + Send + 'static,
    {
        let link = Arc::<Link>::default();
        let (to_thread, requests) = RingBuffer::new(REQUESTS);
        let (to_audio, answers) = RingBuffer::new(ANSWERS);
        let (memory, pictures) = memory.map(Memory::new).unzip();
        let waits = memory.as_ref().is_some_and(|m| m.picture.needs_any_model());
        link.picture_pending.store(waits, Ordering::Release);
        let mut server = Server {
            link: link.clone(),
            requests,
            answers: to_audio,
            status,
            open,
            opened: None,
            epoch: 0,
            recent: VecDeque::new(),
            pedal_down: None,
            pedal_before: None,
            memory,
        };
        let run = move || {
            if catch_unwind(AssertUnwindSafe(|| server.serve())).is_err() {
                server.status.fail("the thread of the model ended unexpectedly; reload the plugin");
            }
            server.memory
        };
        let handle = Some(thread::Builder::new().name("tonenet inference".into()).spawn(run)?);
        Ok(Self { requests: Outbox::new(to_thread), answers, pictures, link, handle })
    }

    /// The next answer, if there is one.
    pub fn next_answer(&mut self) -> Option<Answer> {
        self.answers.pop().ok()
    }

    /// The last finished picture of the song, if it has not been taken yet. Whoever takes one may let it go at any time.
    pub fn take_picture(&mut self) -> Option<Arc<TimelineSnapshot>> {
        self.pictures.as_mut()?.take()
    }

    /// Whether a better picture is on its way.
    pub fn is_picture_pending(&self) -> bool {
        self.link.picture_pending.load(Ordering::Acquire)
    }

    /// Whether all requests have been dealt with, those that are owed included.
    pub fn is_caught_up(&mut self) -> bool {
        self.requests.settle() && self.link.dealt_with.load(Ordering::Acquire) == self.requests.sent()
    }

    /// Grows while the thread gets on: with each request, and each piece of a take.
    pub fn progress(&self) -> u64 {
        self.link.dealt_with.load(Ordering::Acquire) + self.link.stop.pieces()
    }

    /// The audio thread is at this sample.
    pub fn set_audio_time(&self, time: SampleTime) {
        self.link.audio_time.store(time, Ordering::Release);
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
        self.link.stop.cancel();
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
    requests: Consumer<Request>,
    answers: Producer<Answer>,
    status: Arc<Status>,
    open: Open,
    /// `None` while there is no model that works.
    opened: Option<(EmbeddedModel, Opened)>,
    epoch: u32,
    recent: VecDeque<InputEvent>,
    pedal_down: Option<bool>,
    /// The pedal's last movement before `recent`.
    pedal_before: Option<InputEvent>,
    memory: Option<Memory>,
}

impl<Open: FnMut(EmbeddedModel, &Status) -> Result<Opened, String>> Server<Open> {
    fn serve(&mut self) {
        let mut last_request = Instant::now();
        while !self.link.stop.is_cancelled() {
            let Ok(request) = self.requests.pop() else {
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
        self.guarded(Self::keep);
    }

    /// Keeps what was played until now, for the project and the next activation.
    fn keep(&mut self) -> Result<(), String> {
        let Some(memory) = &mut self.memory else { return Ok(()) };
        while let Ok(request) = self.requests.pop() {
            if let Request::Remember(played) = request {
                memory.recorder.record(&played);
            }
        }
        memory.record();
        if memory.is_new {
            // Refused where the user has put another take there meanwhile, which then counts.
            memory.store.draw(memory.picture.clone(), memory.edition);
        }
        Ok(())
    }

    /// Does a task; a panic must not end the thread: notes leave with their own velocity until another model is
    /// chosen.
    fn guarded<T>(&mut self, task: impl FnOnce(&mut Self) -> Result<T, String>) -> Option<T> {
        let done = catch_unwind(AssertUnwindSafe(|| task(self)));
        let stopped = || Err("the model stopped unexpectedly; choose another or reload the plugin".into());
        match done.unwrap_or_else(|_| stopped()) {
            Ok(result) => Some(result),
            Err(message) => {
                self.close();
                self.status.fail(message);
                None
            }
        }
    }

    /// Lets go of the model; one that broke may break once more as it goes.
    fn close(&mut self) {
        let opened = self.opened.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(opened)));
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
                    memory.recorder.record(&TimelineEvent::PassEnded);
                    memory.pass_ended = true;
                }
            }
            Request::Remember(played) => {
                if let Some(memory) = &mut self.memory {
                    memory.recorder.record(&played);
                    memory.pass_ended |= played == TimelineEvent::PassEnded;
                    if memory.recorder.changes() > 0 {
                        self.link.picture_pending.store(true, Ordering::Release);
                    }
                }
            }
            Request::Heard(heard) => {
                if let InputEvent::Pedal { down, .. } = heard
                    && self.pedal_down.replace(down) == Some(down)
                {
                    // A continuous pedal that stays on its side of the middle moves nothing.
                    return Ok(());
                }
                if self.recent.len() == RECENT
                    && let Some(oldest @ InputEvent::Pedal { .. }) = self.recent.pop_front()
                {
                    self.pedal_before = Some(oldest);
                }
                self.recent.push_back(heard);
                self.opened.iter_mut().for_each(|(_, opened)| opened.restyler.push_event(&heard));
            }
            Request::Ask(question, of_use_until) => {
                let in_time = self.link.audio_time.load(Ordering::Acquire) <= of_use_until;
                if let Some((_, opened)) = self.opened.as_mut().filter(|_| in_time) {
                    let (answers, epoch, asked) = (&mut self.answers, self.epoch, question.hop.time);
                    let answered = opened.restyler.ask(&question, |note, estimate| {
                        // The audio thread empties the queue every block; a full one means that it stands still.
                        let _ = answers.push(Answer { epoch, note: note.id, key: note.key, asked, estimate });
                    });
                    answered.map_err(|e| e.to_string())?;
                }
            }
        }
        Ok(())
    }

    /// Opens a model and tells it of the notes under way, which its predecessor heard.
    fn take_over(&mut self, model: EmbeddedModel) -> Result<(), String> {
        self.close();
        self.status.opens(None);
        let mut opened = (self.open)(model, &self.status)?;
        self.pedal_before.iter().chain(&self.recent).for_each(|heard| opened.restyler.push_event(heard));
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
        memory.pictures.reclaim();
        let many = memory.picture.notes().len().max(MANY_CHANGES);
        if memory.pass_ended || memory.recorder.changes() >= many {
            memory.record();
        }
        memory.pass_ended = false;
        if let Some((model, opened)) = &mut self.opened
            && memory.picture.needs(model.id())
        {
            match (opened.restyle_take)(&memory.picture, &self.link.stop) {
                Ok(restyled) => memory.picture = Arc::new(restyled),
                // What was played is kept as it is.
                Err(InferenceError::Cancelled) => return Ok(false),
                Err(error) => return Err(error.to_string()),
            }
            memory.is_new = true;
        }
        let drawn = memory.is_new;
        memory.publish();
        // Of a pass that goes on the next picture is not on its way before more is heard.
        self.link.picture_pending.store(false, Ordering::Release);
        Ok(drawn)
    }
}

/// What the thread remembers of the song.
#[derive(Debug)]
struct Memory {
    store: Arc<TimelineStore>,
    edition: u64,
    recorder: TimelineRecorder,
    picture: Arc<TimelineSnapshot>,
    /// Whether the picture has yet to be shown to the others.
    is_new: bool,
    pass_ended: bool,
    /// To the audio thread.
    pictures: SnapshotSender<Arc<TimelineSnapshot>, TimelineSnapshot>,
}

impl Memory {
    /// What the store has now, and where the audio thread gets this very take and its successors.
    fn new(store: Arc<TimelineStore>) -> (Self, SnapshotReceiver<Arc<TimelineSnapshot>>) {
        let (picture, edition) = store.get();
        let recorder = TimelineRecorder::new(&picture);
        let mut pictures = SnapshotSender::default();
        let receiver = pictures.connect();
        pictures.send(picture.clone(), Some(&picture));
        (Self { store, edition, recorder, picture, is_new: false, pass_ended: false, pictures }, receiver)
    }

    /// Goes on from what the user or a project put in the place of the take.
    fn follow_store(&mut self) {
        if self.store.edition() != self.edition {
            (self.picture, self.edition) = self.store.get();
            self.recorder = self.recorder.replaced_by(&self.picture);
            self.is_new = true;
        }
    }

    /// Draws what was played since the last picture, if anything was.
    fn record(&mut self) {
        if self.recorder.changes() > 0 {
            self.picture = Arc::new(self.recorder.snapshot(&self.picture));
            self.is_new = true;
        }
    }

    /// Shows a new picture to the others, unless the user has put another take in its place meanwhile.
    fn publish(&mut self) {
        if std::mem::take(&mut self.is_new) && self.store.draw(self.picture.clone(), self.edition) {
            self.pictures.send(self.picture.clone(), Some(&self.picture));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonenet_core::genre::Genre;
    use tonenet_core::scheduler::NoteId;
    use tonenet_core::timeline::{QuantisedExpectation, TimelineNote};
    use tonenet_inference::model::{Prediction, StyleSpread, VelocityModel};

    /// It is never asked.
    struct Silent;

    impl VelocityModel for Silent {
        fn style(&self, _: Genre) -> Option<StyleSpread> {
            None
        }

        fn reset(&mut self) {}

        fn push_event(&mut self, _: &InputEvent) {}

        fn predict(
            &mut self,
            _: &InferenceRequest,
            style: Genre,
            _: &mut Vec<(NoteId, Prediction)>,
        ) -> Result<(), InferenceError> {
            Err(InferenceError::NoSuchStyle { style })
        }
    }

    fn take(notes: usize) -> TimelineSnapshot {
        let note = |i| TimelineNote {
            beats: i as f64,
            length: 0.5,
            beat_seconds: 0.5,
            channel: 0,
            key: 60,
            velocity: 64,
            expected: None,
        };
        TimelineSnapshot::new(String::new(), [1.0; 3], (0..notes).map(note).collect(), Vec::new())
    }

    #[test]
    fn a_stop_ends_a_take_between_two_pieces_and_what_was_played_is_kept() {
        let (store, pieces) = (Arc::<TimelineStore>::default(), Arc::<AtomicU64>::default());
        let begun = pieces.clone();
        let open = move |_, _: &Status| {
            let begun = begun.clone();
            let restyle_take: RestyleTake = Box::new(move |take, cancellation| {
                for _ in 0..3 {
                    cancellation.check()?;
                    begun.fetch_add(1, Ordering::AcqRel);
                    // A piece lasts until the stop, or for ever so long where none comes.
                    let mut turns = 0;
                    while turns < 10_000_000 && !cancellation.is_cancelled() {
                        turns += 1;
                        thread::yield_now();
                    }
                }
                Ok(take.clone())
            });
            Ok(Opened { restyler: Restyler::new(Box::new(Silent)), restyle_take })
        };
        let mut worker = Worker::start(Arc::default(), Some(store.clone()), open).unwrap();
        let played = TimelineEvent::NoteOn { beats: 1.0, beat_seconds: 0.5, channel: 0, key: 60, velocity: 64 };
        for request in
            [Request::Use(EmbeddedModel::Note), Request::Remember(played), Request::Remember(TimelineEvent::PassEnded)]
        {
            assert!(worker.requests.try_send(request));
        }
        while pieces.load(Ordering::Acquire) == 0 {
            thread::yield_now();
        }
        drop(worker);
        assert_eq!(pieces.load(Ordering::Acquire), 1, "none was begun after the stop");
        assert_eq!(store.remembered().notes, 1);
    }

    #[test]
    fn while_a_take_is_restyled_the_thread_is_seen_to_get_on() {
        let (store, gate) = (Arc::<TimelineStore>::default(), Arc::<AtomicBool>::default());
        store.replace(take(3));
        let is_open = gate.clone();
        let open = move |_, _: &Status| {
            let is_open = is_open.clone();
            let restyle_take: RestyleTake = Box::new(move |take, cancellation| {
                while !is_open.load(Ordering::Acquire) {
                    cancellation.check()?;
                    thread::yield_now();
                }
                let expected = take.notes().iter().map(|_| [QuantisedExpectation::new(1.0, 1.0); 3]);
                Ok(take.restyled("note".into(), [1.0; 3], expected))
            });
            Ok(Opened { restyler: Restyler::new(Box::new(Silent)), restyle_take })
        };
        let mut worker = Worker::start(Arc::default(), Some(store.clone()), open).unwrap();
        assert!(worker.is_picture_pending() && worker.requests.try_send(Request::Use(EmbeddedModel::Note)));
        while !worker.is_caught_up() {
            thread::yield_now();
        }
        let before = worker.progress();
        while worker.progress() < before + 10 {
            thread::yield_now();
        }
        gate.store(true, Ordering::Release);
        while worker.is_picture_pending() {
            thread::yield_now();
        }
        assert_eq!(store.remembered().waiting, 0);
    }

    #[test]
    fn few_pictures_are_owned_however_often_a_take_is_cleared_and_brought_back() {
        let store = Arc::<TimelineStore>::default();
        store.replace(take(4));
        let (mut memory, mut audio) = Memory::new(store.clone());
        let mut shown = audio.take();
        for round in 0..10_000 {
            match round % 3 {
                0 => store.replace(TimelineSnapshot::default()),
                1 => store.undo(),
                _ => memory.recorder.record(&TimelineEvent::NoteOn {
                    beats: f64::from(round),
                    beat_seconds: 0.5,
                    channel: 0,
                    key: 60,
                    velocity: 64,
                }),
            }
            memory.follow_store();
            memory.record();
            memory.publish();
            if round % 2 == 0 {
                shown = audio.take().or(shown);
            }
            // The link carries three, one is shown, and the store keeps two.
            assert!((1..=6).contains(&memory.pictures.owned()), "{} in round {round}", memory.pictures.owned());
            assert!(shown.as_ref().is_some_and(|shown| Arc::strong_count(shown) > 1), "the audio thread frees it");
        }
    }

    #[test]
    fn few_pictures_are_owned_however_often_a_host_activates() {
        let store = Arc::<TimelineStore>::default();
        store.replace(take(4));
        for _ in 0..10_000 {
            let (memory, mut audio) = Memory::new(store.clone());
            let shown = audio.take();
            assert_eq!(memory.pictures.owned(), 1);
            drop((memory, audio, shown));
            assert_eq!(Arc::strong_count(&store.get().0), 2, "the store has it, and who asks");
        }
    }

    #[test]
    fn both_threads_begin_with_the_same_take_whoever_changes_it_meanwhile() {
        let store = Arc::<TimelineStore>::default();
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    store.replace(take(1));
                }
            });
            for _ in 0..1_000 {
                let (memory, mut audio) = Memory::new(store.clone());
                assert!(audio.take().is_some_and(|picture| Arc::ptr_eq(&picture, &memory.picture)));
            }
            is_over.store(true, Ordering::Relaxed);
        });
    }

    #[test]
    fn a_reset_that_is_owed_makes_void_what_was_owed_before_it() {
        let mut owed = OwedRequests::default();
        let off = |time, key| Request::Heard(InputEvent::NoteOff { time, position: 1.0, channel: 3, key });
        let down = Request::Heard(InputEvent::Pedal { time: 6, down: true });
        let requests = [
            off(5, 60),
            Request::Remember(TimelineEvent::PassEnded),
            Request::Reset(7),
            Request::Use(EmbeddedModel::Note),
            Request::Reset(8),
            off(2, 70),
            down,
            off(9, 65),
            Request::Use(EmbeddedModel::Baseline),
        ];
        requests.into_iter().for_each(|request| owed.owe(request));
        let due: Vec<Request> = std::iter::from_fn(|| owed.take()).collect();
        let pedal = Request::Heard(InputEvent::Pedal { time: 9, down: true });
        assert_eq!(due, [Request::Use(EmbeddedModel::Baseline), Request::Reset(8), off(9, 65), off(9, 70), pedal]);
    }
}
