//! The instance's own thread for generating clips, so that it blocks neither audio nor the window nor the inference
//! thread.
//!
//! The audio thread sends it what the player plays, and that the trigger was pressed. Nobody wakes it in real time,
//! since that is a system call: it looks for messages every few milliseconds. The window wakes it.

use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tonenet_inference::generate::Cancellation;

use super::server::Server;
use super::{ClipStore, Generator, GeneratorLink, MorphPhrase};
use crate::timeline_store::TimelineStore;

/// What the generator is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum GeneratorStatus {
    /// Nothing.
    #[default]
    Idle,
    /// It generates a clip.
    Generating,
    /// It did not generate the last clip; why, and what to do.
    Failed(String),
}

/// What opens a generator; on the thread, when something is first generated.
pub type OpenGenerator = Box<dyn FnMut() -> Box<dyn Generator> + Send>;

/// See the [module](self). Dropping it ends the thread.
pub struct GeneratorThread {
    link: Arc<GeneratorLink>,
    progress: Arc<Progress>,
    /// What the thread will own.
    server: Mutex<Option<Server>>,
    handle: Mutex<Option<JoinHandle<()>>>,
}

/// What the window sees of the work, and how it gives it up.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) status: Mutex<GeneratorStatus>,
    /// Of what is being generated.
    pub(super) cancellation: Mutex<Arc<Cancellation>>,
}

impl GeneratorThread {
    /// One that is not started yet. It puts what it generates into `store`, and goes on from what `timeline` has
    /// recorded where it was sent no notes.
    pub fn new(store: Arc<ClipStore>, timeline: Arc<TimelineStore>, open: OpenGenerator) -> Self {
        let (link, progress) = (Arc::<GeneratorLink>::default(), Arc::<Progress>::default());
        let server = Server::new(link.clone(), progress.clone(), store, timeline, open);
        Self { link, progress, server: Mutex::new(Some(server)), handle: Mutex::default() }
    }

    /// What the audio thread shares with it.
    pub fn link(&self) -> &Arc<GeneratorLink> {
        &self.link
    }

    /// Starts the thread, if it was not started yet.
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

    /// Presses the trigger, from the window.
    pub fn trigger(&self) {
        self.start();
        self.link.trigger_from_window();
    }

    /// Captures what was played last, to morph from or to.
    pub fn capture(&self, phrase: MorphPhrase) {
        self.start();
        self.link.request_capture(phrase);
    }

    /// Gives up what is being generated.
    pub fn cancel(&self) {
        self.progress.cancellation.lock().cancel();
    }

    /// What it is doing.
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
            // Its panics were caught inside.
            let _ = handle.join();
        }
    }
}
