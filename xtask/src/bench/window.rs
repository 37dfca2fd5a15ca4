//! `cargo xtask bench window`: how long a frame of the plugin's window takes.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::targets::Targets;
use crate::workspace;

/// The most time that a frame may take, in ms.
const TARGET: f64 = 4.0;

/// Times frames with the plugin's own benchmark, in a build as fast as the released one.
///
/// # Errors
/// When the benchmark cannot be built or run, or the target is missed.
pub fn run() -> Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["bench", "--quiet", "--package", "tonenet-plugin", "--bench", "window"]);
    // Linking across crates takes minutes, and frames are as fast without.
    cargo.args(["--config", "profile.bench.lto=\"off\"", "--config", "profile.bench.codegen-units=16"]);
    cargo.arg("--manifest-path").arg(workspace::root().join("Cargo.toml"));
    let output = cargo.stderr(std::process::Stdio::inherit()).output();
    let output = output.context("cannot run cargo; check that it is in PATH")?;
    ensure!(output.status.success(), "the benchmark failed: {}", output.status);
    let mut targets = Targets::default();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let frame = Frame::parse(line).with_context(|| format!("the benchmark printed: {line}"))?;
        println!("  {}, {} notes: worst frame {:.2} ms", frame.what, frame.notes, frame.worst);
        targets.check(&format!("{}, {}", frame.what, frame.notes), frame.median, TARGET, "ms");
    }
    targets.finish()
}

/// A line of the benchmark. Times are in ms.
#[derive(Debug, PartialEq)]
struct Frame<'a> {
    what: &'a str,
    notes: &'a str,
    median: f64,
    worst: f64,
}

impl<'a> Frame<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut parts = line.split('\t');
        let (what, notes) = (parts.next()?, parts.next()?);
        Some(Self { what, notes, median: parts.next()?.parse().ok()?, worst: parts.next()?.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_what_is_drawn_and_how_long_it_takes() {
        let frame = Frame { what: "whole window", notes: "5000", median: 1.25, worst: 3.5 };
        assert_eq!(Frame::parse("whole window\t5000\t1.250\t3.500"), Some(frame));
        assert_eq!(Frame::parse("whole window\t5000\tsoon"), None);
    }
}
