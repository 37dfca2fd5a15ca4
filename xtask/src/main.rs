//! `cargo xtask …`: everything a developer or a newcomer runs.

mod cli;
#[cfg(feature = "train")]
mod dataset;
#[cfg(feature = "train")]
mod files;
mod plot;
#[cfg(feature = "train")]
mod train;

use anyhow::Result;
use clap::Parser;
use cli::{Cli, Command};

fn main() -> Result<()> {
    match Cli::parse().command {
        #[cfg(feature = "train")]
        Command::Train(args) => train::train_baseline(&args),
        #[cfg(not(feature = "train"))]
        Command::Train(_) => Ok(()),
    }
}
