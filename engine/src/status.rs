//! What the window shows of the running engine: counters of the audio thread, and the state of the inference thread.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// Shared by audio thread, inference thread and editor; the audio thread touches the atomics alone.
#[derive(Debug, Default)]
pub struct Status {
    /// Notes that left with the model's velocity.
    pub restyled: AtomicU64,
    /// Notes that were due before the model's result was there.
    pub late: AtomicU64,
    /// Notes that a mode without latency did not know yet.
    pub new: AtomicU64,
    /// Events that left early or were dropped because a queue was full.
    pub overloads: AtomicU64,
    /// Latency in force, in samples.
    pub latency: AtomicU32,
    /// Sample rate in Hz.
    pub sample_rate: AtomicU32,
    /// Whether a change waits for the host to restart the plugin.
    pub restart_pending: AtomicBool,
    /// Whether the engine has failed: notes pass without it. The audio thread may be the one to find out.
    pub failed: AtomicBool,
    /// Written by the inference thread.
    pub info: Mutex<EngineInfo>,
}

/// What [`Status::failed`] says in words.
pub const FAILED: &str = "Internal error: notes pass unchanged. Switch ToneNet off and on, or reload it.";

/// The runtime and the model, in words for the user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EngineInfo {
    /// The runtime with its version and what computes it; empty until it is open.
    pub runtime: String,
    /// Why libraries and providers that were tried are not used.
    pub notes: Vec<String>,
    /// The model's title; empty while it is opened.
    pub model: String,
    /// What went wrong, and what to do.
    pub error: Option<String>,
}

/// What an instance has done since it was loaded, for hosts without a window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// See [`Status::restyled`].
    pub restyled: u64,
    /// See [`Status::late`].
    pub late: u64,
    /// See [`Status::new`].
    pub new: u64,
    /// See [`EngineInfo::runtime`].
    pub runtime: String,
    /// See [`EngineInfo::model`].
    pub model: String,
    /// See [`EngineInfo::error`].
    pub error: Option<String>,
}

impl Status {
    /// What the instance has done so far.
    pub fn report(&self) -> Report {
        let info = self.info();
        Report {
            restyled: self.restyled.load(Ordering::Relaxed),
            late: self.late.load(Ordering::Relaxed),
            new: self.new.load(Ordering::Relaxed),
            runtime: info.runtime,
            model: info.model,
            error: info.error,
        }
    }

    /// The runtime, the model and what went wrong, as the user is told.
    pub fn info(&self) -> EngineInfo {
        let mut info = self.info.lock().clone();
        if self.failed.load(Ordering::Relaxed) {
            info.error = Some(FAILED.into());
        }
        info
    }

    /// Counts one up.
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A model is being opened, or this one was.
    pub fn opens(&self, model: Option<&str>) {
        let mut info = self.info.lock();
        info.model = model.unwrap_or_default().into();
        info.error = None;
    }

    /// Notes leave with their own velocity, or not at all, and why.
    pub fn fail(&self, message: impl Into<String>) {
        self.info.lock().error = Some(message.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_failed_is_told_of_until_there_is_another() {
        let status = Status::default();
        status.fail("a model that is not there");
        status.failed.store(true, Ordering::Relaxed);
        assert_eq!(status.info().error.as_deref(), Some(FAILED));
        assert_eq!(status.report().error.as_deref(), Some(FAILED));
        status.opens(Some("a model"));
        assert_eq!(status.info().error.as_deref(), Some(FAILED), "a model that opens does not bring the engine back");
        status.failed.store(false, Ordering::Relaxed);
        assert_eq!(status.info().error, None);
    }
}
