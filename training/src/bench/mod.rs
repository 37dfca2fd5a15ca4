//! `cargo xtask bench restyle` and `bench models`: how fast models are.

mod models;
mod restyle;
#[cfg(feature = "torch")]
mod torch;

use anyhow::Result;

use crate::arguments::BenchCommand;

/// Runs a measurement.
///
/// # Errors
/// When a model cannot be loaded or fails, or a target is missed.
pub fn run(what: &BenchCommand) -> Result<()> {
    match what {
        BenchCommand::Restyle => restyle::run(),
        BenchCommand::Models(args) => models::run(args),
    }
}

/// A measured figure.
#[derive(Debug, serde::Serialize)]
struct Figure {
    /// What was measured, and with what.
    name: String,
    unit: &'static str,
    found: f64,
}

/// The middle of some numbers, of which there is at least one.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
