//! `cargo xtask bench instances`: how soon the plugin plays, and how much memory an instance takes.

use std::time::Duration;

use anyhow::Result;
use tonenet_hosts::bench::instances::{InstanceCosts, measure};

use super::targets::Targets;
use crate::cli::BenchInstancesArgs;

/// In milliseconds.
const SCAN_TARGET: f64 = 20.0;
const READY_TARGET: f64 = 50.0;
const FIRST_NOTE_TARGET: f64 = 500.0;
/// In megabytes.
const ANOTHER_TARGET: f64 = 5.0;

/// Measures start and memory.
pub fn run(args: &BenchInstancesArgs) -> Result<()> {
    let plugin = super::plugin(args.plugin.as_ref())?;
    let InstanceCosts { scan, ready, first_note, bytes_per_instance } = measure(&plugin, args.more)?;
    let mut targets = Targets::default();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    targets.check("scan", milliseconds(scan), SCAN_TARGET, "ms");
    targets.check("instance ready", milliseconds(ready), READY_TARGET, "ms");
    targets.check("first restyled note, Live", milliseconds(first_note), FIRST_NOTE_TARGET, "ms");
    match bytes_per_instance {
        Some(bytes) => targets.check("another instance", bytes as f64 / 1e6, ANOTHER_TARGET, "MB"),
        None => println!("  this system does not report how much memory another instance takes"),
    }
    targets.finish()
}
