//! ToneNet's real-time session, without plugin framework or window.

#![forbid(unsafe_code)]

pub mod block;
pub mod clip_track;
pub mod engine;
pub mod event;
mod event_queue;
#[cfg(feature = "fault-injection")]
pub mod fault_injection;
pub mod generator;
pub mod inference_thread;
pub mod model_cache;
mod outbox;
pub mod pass_through;
mod snapshots;
pub mod status;
mod thread_state;
pub mod timeline_store;
mod transport_follower;
mod waiting;
mod zero_latency;

pub use block::{Block, Settings};
pub use engine::{Engine, SessionConfig};
pub use event::{HostEvent, PlainEvent, Voice};
