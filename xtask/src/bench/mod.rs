//! `cargo xtask bench …`: speed and memory of the built release plugin and of whole takes, each figure beside its bar.

mod bars;
mod distribution;
mod instances;
mod process;
mod restyle;

use std::path::PathBuf;

use anyhow::Result;

use crate::bundle;
use crate::cli::BenchCommand;

/// Measures it; an error where a bar is missed.
pub fn run(what: &BenchCommand) -> Result<()> {
    match what {
        BenchCommand::Process(args) => process::run(args),
        BenchCommand::Instances(args) => instances::run(args),
        BenchCommand::Restyle => restyle::run(),
    }
}

/// The plugin to measure: the one given, or a release build.
fn plugin(given: Option<&PathBuf>) -> Result<PathBuf> {
    given.map_or_else(|| Ok(bundle::release()?.clap()), |path| Ok(path.clone()))
}
