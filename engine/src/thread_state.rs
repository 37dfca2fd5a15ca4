//! A thread of an instance, as other threads see it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{Builder, JoinHandle, Thread};

/// See the [module](self). It stands for one thread, which is started at most once.
#[derive(Debug, Default)]
pub struct ThreadState {
    thread: OnceLock<Thread>,
    is_running: AtomicBool,
}

impl ThreadState {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
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

    /// Whether the thread runs.
    pub fn is_running(&self) -> bool {
        self.is_running.load(Ordering::Acquire)
    }

    /// Wakes the thread, if it was started.
    pub fn wake(&self) {
        self.thread.get().into_iter().for_each(Thread::unpark);
    }
}

/// Says that the thread no longer runs when it ends, however it does.
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
    fn a_thread_runs_until_it_ends_however_it_does() {
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
