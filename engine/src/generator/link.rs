//! The state shared by the audio thread, the window and the generator thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use rtrb::{Consumer, RingBuffer};
use tonenet_core::clip::Bars;

use super::{GeneratorMessage, MessageBacklog, MorphPhrase};
use crate::outbox::Outbox;
use crate::thread_state::ThreadState;
use crate::waiting::BackgroundThread;

/// The most queued messages. Some hundred notes arrive between two polls.
const MESSAGES: usize = 4_096;

/// The state shared with the generator thread.
#[derive(Debug)]
pub struct GeneratorLink {
    /// The queue of the current audio thread, and queues of earlier ones with unread messages. Only the generator
    /// thread and [`connect`](Self::connect) lock it.
    inbox: Mutex<Vec<Consumer<GeneratorMessage>>>,
    /// The number of triggers from the window.
    window_triggers: AtomicU64,
    /// The number of triggers from the audio thread, and how many of these are answered.
    triggers: AtomicU64,
    answered: AtomicU64,
    /// The number of work items done so far.
    pieces: Arc<AtomicU64>,
    /// The phrases that the window has requested to capture.
    captures: [AtomicBool; 2],
    /// Song position in beats, as the bits of an `f64`. NaN if unknown.
    position: AtomicU64,
    /// The song's bars, as the generator thread last heard of them.
    bars: Mutex<Bars>,
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
            bars: Mutex::default(),
            thread: Arc::default(),
            stop: AtomicBool::new(false),
        }
    }
}

impl BackgroundThread for GeneratorLink {
    fn is_running(&self) -> bool {
        self.thread.is_running()
    }

    /// Increases with each answered trigger, and with each work item of a clip.
    fn progress(&self) -> u64 {
        self.answered.load(Ordering::Acquire) + self.pieces.load(Ordering::Relaxed)
    }

    fn wake(&self) {
        self.thread.wake();
    }
}

/// Methods for the audio thread.
impl GeneratorLink {
    /// Connects a new audio thread. It allocates, so call it during activation.
    pub fn connect(&self) -> Outbox<MessageBacklog> {
        let (producer, consumer) = RingBuffer::new(MESSAGES);
        let mut inbox = self.inbox.lock();
        if !self.is_running() {
            // No thread will read the earlier messages.
            inbox.clear();
        }
        inbox.push(consumer);
        Outbox::new(producer)
    }

    /// Counts a trigger from the audio thread. Returns the message to send.
    pub fn trigger(&self) -> GeneratorMessage {
        GeneratorMessage::Triggered(self.triggers.fetch_add(1, Ordering::Release) + 1)
    }

    /// Whether all triggers of the audio thread are answered.
    pub fn is_answered(&self) -> bool {
        self.answered.load(Ordering::Acquire) >= self.triggers.load(Ordering::Acquire)
    }

    /// The number of triggers from the window.
    pub fn window_triggers(&self) -> u64 {
        self.window_triggers.load(Ordering::Acquire)
    }

    /// Sets the song position in beats.
    pub fn set_position(&self, beats: Option<f64>) {
        self.position.store(beats.unwrap_or(f64::NAN).to_bits(), Ordering::Relaxed);
    }
}

/// Methods for the window and the generator thread.
impl GeneratorLink {
    /// The song position in beats, if the host has reported it.
    pub fn position(&self) -> Option<f64> {
        Some(f64::from_bits(self.position.load(Ordering::Relaxed))).filter(|beats| beats.is_finite())
    }

    /// The song's bars.
    pub fn bars(&self) -> Bars {
        *self.bars.lock()
    }

    pub(super) fn set_bars(&self, bars: Bars) {
        *self.bars.lock() = bars;
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

    /// Whether the window has requested this phrase. Clears the request.
    pub(super) fn take_capture(&self, phrase: MorphPhrase) -> bool {
        self.captures[phrase as usize].swap(false, Ordering::AcqRel)
    }

    /// Marks this many triggers of the audio thread as answered.
    pub(super) fn answer(&self, triggers: u64) {
        self.answered.store(triggers, Ordering::Release);
    }

    /// Reads all queued messages.
    pub(super) fn read_messages(&self, mut handle: impl FnMut(GeneratorMessage)) {
        let mut inbox = self.inbox.lock();
        inbox.iter_mut().flat_map(|queue| std::iter::from_fn(|| queue.pop().ok())).for_each(&mut handle);
        inbox.retain(|queue| !queue.is_abandoned() || !queue.is_empty());
    }
}
