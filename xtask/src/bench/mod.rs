//! `cargo xtask bench`: speed and memory of the release plugin, each figure next to its target.

mod all;
mod distribution;
mod instances;
mod process;
mod targets;
mod window;

use std::path::PathBuf;

use anyhow::Result;

use crate::bundle;
use crate::cli::{BenchAllArgs, BenchCommand};
use crate::forward;

/// Runs the requested measurement.
///
/// # Errors
/// When a target is missed or the plugin cannot be built or run.
pub fn run(what: Option<&BenchCommand>) -> Result<()> {
    match what {
        None => all::run(&BenchAllArgs::default()),
        Some(what) => run_one(what),
    }
}

fn run_one(what: &BenchCommand) -> Result<()> {
    match what {
        BenchCommand::All(args) => all::run(args),
        BenchCommand::Process(args) => process::run(args),
        BenchCommand::Instances(args) => instances::run(args),
        BenchCommand::Window => window::run(),
        BenchCommand::Restyle(args) => forward::to_training(&["bench", "restyle"], args),
        BenchCommand::Models(args) => forward::to_training(&["bench", "models"], args),
    }
}

/// The plugin to measure: the given one, or a release build.
fn plugin(given: Option<&PathBuf>) -> Result<PathBuf> {
    given.map_or_else(|| Ok(bundle::release()?.clap()), |path| Ok(path.clone()))
}
