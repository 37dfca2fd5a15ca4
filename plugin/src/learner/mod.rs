//! Learns a style from files, a folder or the remembered performance, on a thread of its own.
//!
//! Neither audio nor the window waits for it. It belongs to the instance, not to the window, so learning goes on while
//! the window is closed. The learned style goes into an empty slot of the [`StyleStore`]; nothing else changes.

mod learning;
mod source;

pub use learning::{LearnedStyle, LearningFailure};
pub use source::{LearningSource, LeftOutSource};

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parking_lot::Mutex;
use tonenet_engine::style_store::StyleStore;
use tonenet_engine::timeline_store::TimelineStore;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::note::NoteNetwork;

use crate::worker::Worker;
use learning::{Learning, Stopped};

/// Opens the note model's network, on the learner's thread. An error is a message for the user.
pub type OpenNetwork = Box<dyn Fn() -> Result<Arc<NoteNetwork>, String> + Send + Sync>;

/// The state of the learner.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum LearnerState {
    /// It has nothing to do.
    #[default]
    Idle,
    /// It is learning.
    Learning {
        /// The share that is done, 0 to 1.
        share: f32,
    },
    /// It learned a style.
    Done(Arc<LearnedStyle>),
    /// It learned none.
    Failed(Arc<LearningFailure>),
}

/// An instance's learner.
pub struct Learner {
    shared: Arc<Shared>,
    worker: Worker,
}

/// What the learner and its thread share.
struct Shared {
    styles: Arc<StyleStore>,
    timeline: Arc<TimelineStore>,
    open: OpenNetwork,
    state: Mutex<LearnerState>,
}

impl Learner {
    /// A learner that puts styles into `styles`, and reads the remembered performance from `timeline`.
    pub fn new(styles: Arc<StyleStore>, timeline: Arc<TimelineStore>, open: OpenNetwork) -> Self {
        let shared = Arc::new(Shared { styles, timeline, open, state: Mutex::default() });
        Self { shared, worker: Worker::default() }
    }

    /// The current state.
    pub fn state(&self) -> LearnerState {
        self.shared.state.lock().clone()
    }

    /// Starts to learn a style. Does nothing while it learns one already.
    pub fn start(&self, source: LearningSource) {
        let (taken, shared) = (self.shared.clone(), self.shared.clone());
        let started = self.worker.start(
            "tonenet learner",
            move || taken.take(),
            move |cancellation| shared.learn(&source, cancellation),
        );
        if let Err(error) = started {
            let reason = format!("the system gives no thread to learn on ({error}); close other programs");
            self.shared.set(LearnerState::Failed(Arc::new(reason.into())));
        }
    }

    /// Stops learning. No style comes of it.
    pub fn cancel(&self) {
        self.worker.cancel();
    }

    /// Stops learning for good, and waits until the thread has ended: at most for a piece of a model's work, or a file.
    pub fn close(&self) {
        self.worker.close();
    }
}

impl Shared {
    /// Begins to learn. False if it is learning already.
    fn take(&self) -> bool {
        let mut state = self.state.lock();
        let is_free = !matches!(*state, LearnerState::Learning { .. });
        if is_free {
            *state = LearnerState::Learning { share: 0.0 };
        }
        is_free
    }

    fn set(&self, state: LearnerState) {
        *self.state.lock() = state;
    }

    /// Shows the share that is done. Several threads report, so an earlier share may come later.
    fn report(&self, share: f64) {
        if let LearnerState::Learning { share: shown } = &mut *self.state.lock() {
            *shown = shown.max(share as f32);
        }
    }

    /// Learns a style and says what came of it.
    fn learn(&self, source: &LearningSource, cancellation: &Cancellation) {
        let progress = |share| self.report(share);
        let mut learning = Learning::new(self, cancellation, &progress);
        let result = catch_unwind(AssertUnwindSafe(|| learning.learn(source)));
        let failed =
            |reason: String| LearnerState::Failed(Arc::new(LearningFailure { reason, left_out: learning.left_out() }));
        let panicked = "learning stopped unexpectedly; try other performances, or reload the plugin";
        self.set(match result {
            Ok(Ok(style)) => LearnerState::Done(Arc::new(style)),
            Ok(Err(Stopped::Cancelled)) => LearnerState::Idle,
            Ok(Err(Stopped::Because(reason))) => failed(reason),
            Err(_) => failed(panicked.into()),
        });
    }
}

#[cfg(test)]
mod tests;
