//! Status of the running engine for the window: counters of the audio thread, and the state of the inference thread.

mod block_sizes;
mod error_log;
mod load;

pub use block_sizes::BlockSizes;
pub use error_log::{ErrorLog, LoggedError};
pub use load::{Load, LoadMeter};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tonenet_inference::runtime::Provider;

use crate::played_notes::PlayedNotes;

/// The status, shared by the audio thread, the inference thread and the editor. The audio thread uses only the atomics
/// and [`BlockSizes`].
#[derive(Debug, Default)]
pub struct Status {
    /// Notes emitted with a predicted velocity.
    pub restyled: AtomicU64,
    /// Notes emitted before the model's result arrived.
    pub late: AtomicU64,
    /// Notes that a zero-latency mode did not know yet.
    pub new: AtomicU64,
    /// Events emitted early or dropped because a queue was full.
    pub overloads: AtomicU64,
    /// Current latency in samples.
    pub latency: AtomicU32,
    /// Sample rate in Hz.
    pub sample_rate: AtomicU32,
    /// The sizes of the host's blocks.
    pub blocks: BlockSizes,
    /// The load of the inference thread.
    pub load: Load,
    /// The last errors. The audio thread never uses it.
    pub errors: ErrorLog,
    /// Whether a change takes effect only when the host restarts the plugin.
    pub restart_pending: AtomicBool,
    /// Whether the engine has failed, so that notes pass through unchanged. The audio thread may set it.
    pub failed: AtomicBool,
    /// The notes that were played of late. The inference thread writes them.
    pub played: Arc<PlayedNotes>,
    /// Runtime, model and error. The inference thread writes it.
    pub info: Mutex<EngineInfo>,
}

/// The message for [`Status::failed`].
pub const FAILED: &str = "Internal error: notes pass unchanged. Switch ToneNet off and on, or reload it.";

/// The runtime and the model, as text for the user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EngineInfo {
    /// The runtime with its version, its execution provider and why that one computes. Empty until it is open.
    pub runtime: String,
    /// The execution providers that load, the processor first.
    pub providers: Vec<Provider>,
    /// Why some libraries and execution providers are not used.
    pub notes: Vec<String>,
    /// The model's title. Empty while it is being opened.
    pub model: String,
    /// Which of the user's styles cannot play, what plays in their place, and the cure.
    pub styles: Vec<String>,
    /// The current error, and what to do about it.
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
    /// See [`EngineInfo::styles`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub styles: Vec<String>,
    /// See [`EngineInfo::error`].
    pub error: Option<String>,
}

impl Status {
    /// Creates a report of the current state.
    pub fn report(&self) -> Report {
        let info = self.info();
        Report {
            restyled: self.restyled.load(Ordering::Relaxed),
            late: self.late.load(Ordering::Relaxed),
            new: self.new.load(Ordering::Relaxed),
            runtime: info.runtime,
            model: info.model,
            styles: info.styles,
            error: info.error,
        }
    }

    /// The runtime, the model and the current error, as shown to the user.
    pub fn info(&self) -> EngineInfo {
        let mut info = self.info.lock().clone();
        if self.failed.load(Ordering::Relaxed) {
            info.error = Some(FAILED.into());
        }
        info
    }

    /// Increments a counter.
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Sets the open model, or `None` while one is being opened. Clears the error.
    pub fn set_model(&self, model: Option<&str>) {
        let mut info = self.info.lock();
        info.model = model.unwrap_or_default().into();
        info.error = None;
    }

    /// Sets the error.
    pub fn fail(&self, message: impl Into<String>) {
        let message = message.into();
        self.errors.push(&message);
        self.info.lock().error = Some(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_failure_is_reported_until_it_is_cleared() {
        let status = Status::default();
        status.fail("a missing model");
        status.failed.store(true, Ordering::Relaxed);
        assert_eq!(status.info().error.as_deref(), Some(FAILED));
        assert_eq!(status.report().error.as_deref(), Some(FAILED));
        status.set_model(Some("a model"));
        assert_eq!(status.info().error.as_deref(), Some(FAILED), "opening a model does not restore the engine");
        status.failed.store(false, Ordering::Relaxed);
        assert_eq!(status.info().error, None);
    }
}
