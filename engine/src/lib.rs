//! ToneNet's real-time session, without plugin framework or window.
//!
//! The audio thread owns the [`Engine`]. The engine receives the host's events and emits each one latency later, with
//! the velocity that a model predicts. Two background threads work for it: the [`inference_thread`] runs models and
//! records performances in Timeline mode, and the [`generator`] thread generates clips. Any type that implements
//! [`HostEvent`] can be the host's event, for instance [`PlainEvent`].
//!
//! This example sends three notes through an offline session, in which each block waits for the model:
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::Ordering;
//!
//! use tonenet_core::clip::Bars;
//! use tonenet_core::dynamics::Expression;
//! use tonenet_core::feel::FeelControls;
//! use tonenet_core::scheduler::SchedulerConfig;
//! use tonenet_core::scope::Scope;
//! use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
//! use tonenet_core::transport::Transport;
//! use tonenet_engine::clip_track::ClipTrack;
//! use tonenet_engine::generator::{ClipStore, Generator, GeneratorThread};
//! use tonenet_engine::inference_thread::{InferenceThread, Predictor};
//! use tonenet_engine::model_cache::ModelCache;
//! use tonenet_engine::status::Status;
//! use tonenet_engine::style_store::StyleStore;
//! use tonenet_engine::{Block, Engine, HostEvent, PlainEvent, SessionConfig, Settings, Voice};
//! use tonenet_inference::embedded::EmbeddedModel;
//!
//! const RATE: f64 = 48_000.0;
//! let status = Arc::<Status>::default();
//! let models = ModelCache::default();
//!
//! // A thread that runs models, and an empty track for generated clips.
//! let styles = Arc::<StyleStore>::default();
//! let open = models.opener(RATE, styles.clone());
//! let inference = InferenceThread::start(status.clone(), styles, None, open)?;
//! let (clips, shared) = (Arc::<ClipStore>::default(), status.clone());
//! let open = move || Box::new(models.generator(&shared)) as Box<dyn Generator>;
//! let generator = GeneratorThread::new(clips.clone(), Arc::default(), Box::new(open));
//! let track = ClipTrack::new(clips, generator.link().clone(), false);
//!
//! let model = EmbeddedModel::Note;
//! let predictor = Predictor { model, condition_on_player: false };
//! let scheduler = SchedulerConfig::live(RATE, 480);
//! let config = SessionConfig { sample_rate: RATE, longest_block: 480, scheduler, predictor };
//! let mut engine = Engine::new(config, inference, track, status.clone());
//! let settings = Settings {
//!     style: StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::CLASSICAL, share_of_b: 0.25 },
//!     take: TakeSeed(0),
//!     expression: Expression::default(),
//!     scope: Scope::ALL,
//!     model,
//!     condition_on_player: false,
//!     feel: FeelControls::OFF,
//!     bypass: false,
//!     compare: false,
//! };
//!
//! let mut chord = [60, 64, 67].map(|key| PlainEvent::note_on(Voice::new(None, 0, key), 0.5)).into_iter();
//! let mut output = Vec::new();
//! let (transport, bars) = (Transport::default(), Bars::default());
//! let block = Block { samples: 480, transport, bars, trigger_held: false, offline: true };
//! for _ in 0..4 {
//!     engine.process(&block, &settings, || chord.next(), |event| output.push(event));
//! }
//! assert_eq!(output.iter().filter(|event| event.begins().is_some()).count(), 3);
//! assert_eq!(status.restyled.load(Ordering::Relaxed), 3);
//! # Ok::<(), std::io::Error>(())
//! ```

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
pub mod model_versions;
pub mod outbox;
pub mod pass_through;
pub mod played_notes;
mod snapshots;
pub mod status;
pub mod style_store;
mod thread_state;
pub mod timeline_store;
mod transport_follower;
pub mod waiting;
mod zero_latency;

pub use block::{Block, Settings};
pub use engine::{Engine, SessionConfig};
pub use event::{HostEvent, PlainEvent, Voice};
