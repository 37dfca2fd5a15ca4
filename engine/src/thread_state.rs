//! Lets other threads see whether a background thread runs, and wake it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{Builder, JoinHandle, Thread};

/// The state of one thread, which is started at most once.
#[derive(Debug, Default)]
pub struct ThreadState {
    thread: OnceLock<Thread>,
    is_running: AtomicBool,
}

impl ThreadState {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub fn spawn<T: Send + 'static>(
        self: &Arc<Self>,
        name: &str,
        run: impl FnOnce() -> T + Send + 'static,
    ) -> std::io::Result<JoinHandle<T>> {
        self.is_running.store(true, Ordering::Release);
        let running = Running(self.clone());
        let handle = Builder::new().name(name.into()).spawn(move || {
            let _running = running;
            run()
        })?;
        let _ = self.thread.set(handle.thread().clone());
        Ok(handle)
    }

    /// Whether the thread is running.
    pub fn is_running(&self) -> bool {
        self.is_running.load(Ordering::Acquire)
    }

    /// Wakes the thread if it was started.
    pub fn wake(&self) {
        self.thread.get().into_iter().for_each(Thread::unpark);
    }
}

/// Clears `is_running` when it is dropped, also by a panic.
struct Running(Arc<ThreadState>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.is_running.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_running_is_cleared_after_a_return_and_after_a_panic() {
        for panics in [false, true] {
            let state = Arc::<ThreadState>::default();
            assert!(!state.is_running());
            let (release, wait) = std::sync::mpsc::channel::<()>();
            let handle = state.spawn("test", move || {
                let _ = wait.recv();
                assert!(!panics, "a test");
            });
            assert!(state.is_running());
            drop(release);
            assert_eq!(handle.unwrap().join().is_err(), panics);
            assert!(!state.is_running());
        }
    }
}
