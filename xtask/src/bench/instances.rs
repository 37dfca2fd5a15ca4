//! `cargo xtask bench instances`: how soon the plugin plays, and what an instance takes.

use std::time::Duration;

use anyhow::Result;
use tonenet_hosts::bench::instances::{InstanceCosts, measure};

use super::bars::Bars;
use crate::cli::BenchInstancesArgs;

/// In milliseconds.
const SCAN_BAR: f64 = 20.0;
const READY_BAR: f64 = 50.0;
const FIRST_NOTE_BAR: f64 = 500.0;
/// In megabytes.
const ANOTHER_BAR: f64 = 5.0;

/// Measures it.
pub fn run(args: &BenchInstancesArgs) -> Result<()> {
    let plugin = super::plugin(args.plugin.as_ref())?;
    let InstanceCosts { scan, ready, first_note, bytes_per_instance } = measure(&plugin, args.more)?;
    let mut bars = Bars::default();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    bars.hold("scan", milliseconds(scan), SCAN_BAR, "ms");
    bars.hold("instance ready", milliseconds(ready), READY_BAR, "ms");
    bars.hold("first restyled note, Live", milliseconds(first_note), FIRST_NOTE_BAR, "ms");
    match bytes_per_instance {
        Some(bytes) => bars.hold("another instance", bytes as f64 / 1e6, ANOTHER_BAR, "MB"),
        None => println!("  what another instance takes this system does not tell"),
    }
    bars.finish()
}
