//! Runs the generator on its own thread, so that it blocks neither audio nor the window nor the inference thread.
//!
//! The audio thread sends it the player's notes and the triggers. The thread polls for messages every few milliseconds,
//! because waking it would be a system call on the audio thread. The window does wake it.

use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tonenet_inference::generate::Cancellation;

use super::server::Server;
use super::{ClipStore, Generator, GeneratorLink, MorphPhrase};
use crate::timeline_store::TimelineStore;

/// The state of the generator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum GeneratorStatus {
    /// It has nothing to do.
    #[default]
    Idle,
    /// It is generating a clip.
    Generating,
    /// It failed to generate the last clip. The text says why, and what to do.
    Failed(String),
}

/// Opens a generator, on the thread, when the first clip is generated.
pub type OpenGenerator = Box<dyn FnMut() -> Box<dyn Generator> + Send>;

/// An instance's generator thread. Dropping it ends the thread.
pub struct GeneratorThread {
    link: Arc<GeneratorLink>,
    progress: Arc<Progress>,
    /// The thread's state, until the thread starts.
    server: Mutex<Option<Server>>,
    handle: Mutex<Option<JoinHandle<()>>>,
}

/// Lets the window observe and cancel the work.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) status: Mutex<GeneratorStatus>,
    /// Cancels the current clip.
    pub(super) cancellation: Mutex<Arc<Cancellation>>,
}

impl GeneratorThread {
    /// Creates a thread that is not started yet. It stores clips in `store`. A continuation uses the performance in
    /// `timeline` if the player has played nothing.
    pub fn new(store: Arc<ClipStore>, timeline: Arc<TimelineStore>, open: OpenGenerator) -> Self {
        let (link, progress) = (Arc::<GeneratorLink>::default(), Arc::<Progress>::default());
        let server = Server::new(link.clone(), progress.clone(), store, timeline, open);
        Self { link, progress, server: Mutex::new(Some(server)), handle: Mutex::default() }
    }

    /// The state shared with the audio thread.
    pub fn link(&self) -> &Arc<GeneratorLink> {
        &self.link
    }

    /// Starts the thread unless it was started before.
    pub fn start(&self) {
        let mut handle = self.handle.lock();
        let Some(mut server) = self.server.lock().take() else { return };
        match self.link.thread().spawn("tonenet generator", move || server.serve()) {
            Ok(spawned) => *handle = Some(spawned),
            Err(error) => {
                let refusal = format!("the system gives no thread to write on ({error}); reload the plugin");
                *self.progress.status.lock() = GeneratorStatus::Failed(refusal);
            }
        }
    }

    /// Triggers generation from the window.
    pub fn trigger(&self) {
        self.start();
        self.link.trigger_from_window();
    }

    /// Captures the notes played last, to morph from or to.
    pub fn capture(&self, phrase: MorphPhrase) {
        self.start();
        self.link.request_capture(phrase);
    }

    /// Cancels the clip that is being generated.
    pub fn cancel(&self) {
        self.progress.cancellation.lock().cancel();
    }

    /// The current state.
    pub fn status(&self) -> GeneratorStatus {
        self.progress.status.lock().clone()
    }

    #[cfg(test)]
    pub(super) fn clear_status(&self) {
        *self.progress.status.lock() = GeneratorStatus::Idle;
    }
}

impl Drop for GeneratorThread {
    fn drop(&mut self) {
        self.link.stop();
        self.cancel();
        if let Some(handle) = self.handle.lock().take() {
            handle.thread().unpark();
            // The thread catches its panics itself.
            let _ = handle.join();
        }
    }
}
