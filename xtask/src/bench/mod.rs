//! `cargo xtask bench …`: the built release plugin's speed and memory, each figure beside its bar.

mod bars;
mod distribution;
mod instances;
mod process;

use std::path::PathBuf;

use anyhow::Result;

use crate::bundle;
use crate::cli::BenchCommand;

/// Measures it; an error where a bar is missed.
pub fn run(what: &BenchCommand) -> Result<()> {
    match what {
        BenchCommand::Process(args) => process::run(args),
        BenchCommand::Instances(args) => instances::run(args),
    }
}

/// The plugin to measure: the one given, or a release build.
fn plugin(given: Option<&PathBuf>) -> Result<PathBuf> {
    given.map_or_else(|| Ok(bundle::release()?.clap()), |path| Ok(path.clone()))
}
