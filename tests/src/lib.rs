//! Headless hosts that play MIDI through the built plugin.
//!
//! A [`Host`] drives one plugin instance the way a DAW does. [`clap::ClapHost`] and [`vst3::Vst3Host`] implement it.
//!
//! | module | job |
//! |---|---|
//! | [`session`] | a song with parameters and automation, and what the plugin made of it |
//! | [`check`] | verifies that a plugin changed nothing but velocities |
//! | [`script`] | sessions written as text, with every step of a user and a DAW |
//! | [`event_tracker`] | accounts for every note and message |
//! | [`mod@soak`] | a randomised host and player session |
//! | [`audio`] | the audio buffers that a host passes, valid or not |
//! | [`mod@bench`] | measures the plugin's time and memory |

pub mod audio;
#[cfg(feature = "clap")]
pub mod bench;
pub mod check;
#[cfg(feature = "clap")]
pub mod clap;
pub mod event_tracker;
pub mod host;
pub mod memory;
pub mod report;
pub mod script;
pub mod session;
#[cfg(feature = "clap")]
pub mod soak;
#[cfg(feature = "vst3")]
pub mod vst3;

pub use host::Host;
pub use report::Report;
pub use session::{Automation, InputMessage, OutputMessage, Session, SessionOutput};

use std::path::Path;

use thiserror::Error;

/// Why a plugin could not be hosted.
#[derive(Debug, Error)]
pub enum HostError {
    /// There is no bundle.
    #[error("there is no plugin at {0}; run `cargo xtask bundle` first")]
    NoBundle(String),
    /// The bundle exists but does not load or run.
    #[error("the plugin in {bundle} failed to {step}: {reason}")]
    Plugin {
        /// The bundle.
        bundle: String,
        /// What the host asked of it.
        step: &'static str,
        /// The plugin's answer.
        reason: String,
    },
    /// The plugin's saved state does not contain what the host looks for.
    #[error("the plugin's state cannot be used: {0}")]
    State(String),
}

impl HostError {
    /// The plugin in a bundle failed at a step.
    pub(crate) fn plugin(bundle: &Path, step: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::Plugin { bundle: bundle.display().to_string(), step, reason: reason.to_string() }
    }

    /// Checks that a bundle exists before it is loaded.
    pub(crate) fn require_bundle(path: &Path) -> Result<(), Self> {
        if path.exists() { Ok(()) } else { Err(Self::NoBundle(path.display().to_string())) }
    }
}
