//! ToneNet's real-time session, without plugin framework or window.

#![forbid(unsafe_code)]

pub mod clip_track;
pub mod engine;
pub mod event;
#[cfg(feature = "fault-injection")]
pub mod fault_injection;
pub mod generator;
pub mod inference_thread;
pub mod model_cache;
pub mod outbox;
pub mod pass_through;
pub mod snapshots;
pub mod status;
pub mod timeline_store;
pub mod waiting;
pub mod zero_latency;

pub use engine::{Block, Engine, Settings};
pub use event::{HostEvent, PlainEvent, Voice};
