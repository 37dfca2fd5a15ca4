//! Reads how much processor time the current thread has used and how often it was switched out.

use std::time::Duration;

/// The processor time that the current thread has used; `None` where the system does not report it.
#[cfg(target_os = "linux")]
pub fn thread_cpu_time() -> Option<Duration> {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).ok().map(Duration::from)
}

/// The processor time that the current thread has used; `None` where the system does not report it.
#[cfg(not(target_os = "linux"))]
pub fn thread_cpu_time() -> Option<Duration> {
    None
}

/// The context switches of a thread since its start.
#[derive(Debug, Clone, Copy, Default)]
pub struct ContextSwitches {
    /// Because the thread waited.
    pub voluntary: u64,
    /// Because the system gave the processor to another thread.
    pub involuntary: u64,
}

impl ContextSwitches {
    /// The switches of the current thread; none where the system does not report them.
    #[cfg(target_os = "linux")]
    pub fn of_current_thread() -> Self {
        use nix::sys::resource::{UsageWho, getrusage};

        getrusage(UsageWho::RUSAGE_THREAD).map_or_else(
            |_| Self::default(),
            |usage| Self {
                voluntary: usage.voluntary_context_switches().unsigned_abs(),
                involuntary: usage.involuntary_context_switches().unsigned_abs(),
            },
        )
    }

    /// The switches of the current thread; none where the system does not report them.
    #[cfg(not(target_os = "linux"))]
    pub fn of_current_thread() -> Self {
        Self::default()
    }
}
