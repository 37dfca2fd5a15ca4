//! Headless hosts that play MIDI through the built plugin.
//!
//! A [`Session`] is what a DAW would play; [`clap::ClapHost`] and [`vst3::Vst3Host`] play it block by block with a
//! transport and give back [`Played`]; [`check`] compares the two, note by note. [`soak`] plays at random for as
//! long as one likes and keeps book of every note, and [`bench`] times the plugin.

#[cfg(feature = "clap")]
pub mod bench;
pub mod check;
#[cfg(feature = "clap")]
pub mod clap;
pub mod memory;
pub mod report;
pub mod session;
#[cfg(feature = "clap")]
pub mod soak;
#[cfg(feature = "vst3")]
pub mod vst3;

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
}
