//! What the audio thread, the window and the generator's thread share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use rtrb::{Consumer, RingBuffer};

use super::{GeneratorMessage, MorphPhrase, OwedMessages};
use crate::outbox::Outbox;
use crate::thread_state::ThreadState;
use crate::waiting::BackgroundThread;

/// Messages under way at most: some hundred notes each time the thread looks.
const MESSAGES: usize = 4_096;

/// See the [module](self).
#[derive(Debug)]
pub struct GeneratorLink {
    /// The queues of audio threads: the present one's, and of those before what the thread has not read yet. The audio
    /// thread has the other ends and never comes here.
    inbox: Mutex<Vec<Consumer<GeneratorMessage>>>,
    /// How often the window has pressed the trigger.
    window_triggers: AtomicU64,
    /// How often the audio thread has, and how many of these have been dealt with.
    triggers: AtomicU64,
    answered: AtomicU64,
    /// Pieces of work done so far.
    pieces: Arc<AtomicU64>,
    /// Which phrases the window wants captured.
    captures: [AtomicBool; 2],
    /// Where the song is, in beats, as the bits of a number that may be none.
    position: AtomicU64,
    thread: Arc<ThreadState>,
    stop: AtomicBool,
}

impl Default for GeneratorLink {
    fn default() -> Self {
        Self {
            inbox: Mutex::default(),
            window_triggers: AtomicU64::new(0),
            triggers: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            pieces: Arc::default(),
            captures: Default::default(),
            position: AtomicU64::new(f64::NAN.to_bits()),
            thread: Arc::default(),
            stop: AtomicBool::new(false),
        }
    }
}

impl BackgroundThread for GeneratorLink {
    fn is_running(&self) -> bool {
        self.thread.is_running()
    }

    /// Grows with each trigger that is dealt with, and each piece of a clip.
    fn progress(&self) -> u64 {
        self.answered.load(Ordering::Acquire) + self.pieces.load(Ordering::Relaxed)
    }

    fn wake(&self) {
        self.thread.wake();
    }
}

/// For the audio thread.
impl GeneratorLink {
    /// Connects a new audio thread. Called where memory may be allocated.
    pub fn connect(&self) -> Outbox<OwedMessages> {
        let (producer, consumer) = RingBuffer::new(MESSAGES);
        let mut inbox = self.inbox.lock();
        if !self.is_running() {
            // Nobody reads what was sent before.
            inbox.clear();
        }
        inbox.push(consumer);
        Outbox::new(producer)
    }

    /// The audio thread sees the trigger pressed; gives what it is to send.
    pub fn trigger(&self) -> GeneratorMessage {
        GeneratorMessage::Triggered(self.triggers.fetch_add(1, Ordering::Release) + 1)
    }

    /// Whether all triggers of the audio thread have been dealt with.
    pub fn is_answered(&self) -> bool {
        self.answered.load(Ordering::Acquire) >= self.triggers.load(Ordering::Acquire)
    }

    /// How often the window has pressed the trigger.
    pub fn window_triggers(&self) -> u64 {
        self.window_triggers.load(Ordering::Acquire)
    }

    /// The song is at this place, in beats.
    pub fn set_position(&self, beats: Option<f64>) {
        self.position.store(beats.unwrap_or(f64::NAN).to_bits(), Ordering::Relaxed);
    }
}

/// For the window and the generator's thread.
impl GeneratorLink {
    /// Where the song is, in beats, if the host has said.
    pub fn position(&self) -> Option<f64> {
        Some(f64::from_bits(self.position.load(Ordering::Relaxed))).filter(|beats| beats.is_finite())
    }

    pub(super) fn thread(&self) -> &Arc<ThreadState> {
        &self.thread
    }

    pub(super) fn pieces(&self) -> Arc<AtomicU64> {
        self.pieces.clone()
    }

    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    pub(super) fn trigger_from_window(&self) {
        self.window_triggers.fetch_add(1, Ordering::Release);
        self.wake();
    }

    pub(super) fn request_capture(&self, phrase: MorphPhrase) {
        self.captures[phrase as usize].store(true, Ordering::Release);
        self.wake();
    }

    /// Whether the window wants a phrase captured; it is then no longer wanted.
    pub(super) fn take_capture(&self, phrase: MorphPhrase) -> bool {
        self.captures[phrase as usize].swap(false, Ordering::AcqRel)
    }

    /// So many triggers of the audio thread have been dealt with.
    pub(super) fn answer(&self, triggers: u64) {
        self.answered.store(triggers, Ordering::Release);
    }

    /// Reads all messages there are.
    pub(super) fn read_messages(&self, mut take_in: impl FnMut(GeneratorMessage)) {
        let mut inbox = self.inbox.lock();
        inbox.iter_mut().flat_map(|queue| std::iter::from_fn(|| queue.pop().ok())).for_each(&mut take_in);
        inbox.retain(|queue| !queue.is_abandoned() || !queue.is_empty());
    }
}
