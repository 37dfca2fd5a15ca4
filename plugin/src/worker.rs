//! Runs one long task at a time on a thread of its own, which the user can cancel.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::Mutex;
use tonenet_inference::cancellation::Cancellation;

/// A worker for tasks of one kind.
#[derive(Debug, Default)]
pub struct Worker(Mutex<Running>);

/// The thread of the last task.
#[derive(Debug, Default)]
struct Running {
    thread: Option<JoinHandle<()>>,
    cancellation: Arc<Cancellation>,
    is_closed: bool,
}

impl Running {
    /// Waits until the thread has ended.
    fn join(&mut self) {
        // A task catches its panics itself.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Worker {
    /// Starts a task on a thread with a name, unless the worker is closed or `take` says that another task runs. `take` also
    /// marks the worker as taken.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        &self,
        name: &str,
        take: impl FnOnce() -> bool,
        task: impl FnOnce(&Cancellation) + Send + 'static,
    ) -> io::Result<()> {
        let mut running = self.0.lock();
        if running.is_closed || !take() {
            return Ok(());
        }
        running.join();
        let cancellation = Arc::<Cancellation>::default();
        running.cancellation = cancellation.clone();
        running.thread = Some(thread::Builder::new().name(name.into()).spawn(move || task(&cancellation))?);
        Ok(())
    }

    /// Cancels the task.
    pub fn cancel(&self) {
        self.0.lock().cancellation.cancel();
    }

    /// Cancels the task for good, and waits until the thread has ended: at most for a piece of a model's work, or a file.
    pub fn close(&self) {
        let mut running = self.0.lock();
        running.is_closed = true;
        running.cancellation.cancel();
        running.join();
    }

    /// Whether a thread closes the worker, or has closed it.
    #[cfg(test)]
    pub fn is_closing(&self) -> bool {
        self.0.try_lock().is_none_or(|running| running.is_closed)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.close();
    }
}
