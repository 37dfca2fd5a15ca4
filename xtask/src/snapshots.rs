//! `cargo xtask snapshots`: compares the window with committed pictures of it, or renews them.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::setup;
use crate::workspace::{cargo, run};

#[derive(Debug, Args)]
pub struct SnapshotsArgs {
    /// Write the pictures that have changed anew instead of failing; look at each before you commit it
    #[arg(long)]
    pub update: bool,
}

/// Compares the window with the pictures in `plugin/snapshots/tests/snapshots`, or renews them.
///
/// # Errors
/// When the driver cannot be had, or the window looks otherwise. The new picture then lies beside the old one.
pub fn run_alone(args: &SnapshotsArgs) -> Result<()> {
    let driver = setup::software_vulkan()?;
    let mut test = cargo();
    test.args(["test", "--package", "tonenet-window-snapshots", "--locked"]);
    if args.update {
        test.env("UPDATE_SNAPSHOTS", "1");
    }
    compare(&mut test, &driver)
}

/// Runs the comparison by a `cargo test`.
pub fn compare(test: &mut Command, driver: &Path) -> Result<()> {
    // Older loaders know the second name only.
    test.env("VK_DRIVER_FILES", driver).env("VK_ICD_FILENAMES", driver);
    run(test.args(["--test", "snapshots", "--", "--ignored"]))
}
