//! Headless hosts that play MIDI through the built plugin.
//!
//! A [`Host`] does with a plugin what a DAW does, whatever the format: [`clap::ClapHost`] and [`vst3::Vst3Host`]. A
//! [`Session`] is a part that it plays from start to end, block by block with a transport, giving back [`Played`];
//! [`check`] compares the two, note by note. A [`script`] is all that a user and a DAW may do in between, written down.
//! [`soak`] plays at random for as long as one likes. [`audio`] is what a host lends of it. [`event_tracker`] keeps book of every note. [`mod@bench`] times the plugin.

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
pub use session::{Automation, Message, Output, Played, Session};

use thiserror::Error;

/// Why a plugin could not be hosted.
#[derive(Debug, Error)]
pub enum HostError {
    /// There is no bundle.
    #[error("there is no plugin at {0}; run `cargo xtask bundle` first")]
    NoBundle(String),
    /// The bundle is there but does not load or run.
    #[error("{bundle} does not {step}: {reason}")]
    Plugin {
        /// The bundle.
        bundle: String,
        /// What it was asked to do.
        step: &'static str,
        /// What it said.
        reason: String,
    },
    /// The plugin was asked what it has done, and does not say.
    #[error("the plugin does not tell what it did: {0}")]
    Report(String),
}
