//! The expected results of the plugin, as `tests/examples/daw_reference.rs` computes them without plugin or DAW.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{BLOCK, SAMPLE_RATE};
use crate::setup;
use crate::workspace;

/// The program's name.
const PROGRAM: &str = "daw_reference";

/// Expected results for a piece. Velocities are in the order of the piece's notes.
#[derive(Debug, Default, PartialEq)]
pub struct Reference {
    /// The latency in Window mode, in samples.
    pub latency: i64,
    /// Velocities in Window mode.
    pub window: Vec<u8>,
    /// Velocities with the whole performance known.
    pub whole: Vec<u8>,
}

impl Reference {
    /// Builds the program with `build` and runs it on a piece.
    ///
    /// # Errors
    /// When the program cannot be built, fails, or prints anything else.
    pub fn compute(mut build: Command, piece: &Path) -> Result<Self> {
        workspace::run(build.args(["--example", PROGRAM]))?;
        let program = workspace::root().join("target/debug/examples").join(PROGRAM);
        let output = Command::new(program)
            .arg(piece)
            .args([SAMPLE_RATE.to_string(), BLOCK.to_string()])
            .arg(workspace::root().join("assets/models/note"))
            .arg(setup::onnxruntime()?)
            .output()
            .with_context(|| format!("cannot run {PROGRAM}"))?;
        ensure!(output.status.success(), "{PROGRAM} fails: {}", String::from_utf8_lossy(&output.stderr));
        Self::parse(&String::from_utf8_lossy(&output.stdout))
    }

    fn parse(printed: &str) -> Result<Self> {
        let line = |name: &str| {
            let line = printed.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.with_context(|| format!("{PROGRAM} prints no {name}"))
        };
        let velocities = |name: &str| -> Result<Vec<u8>> {
            let numbers = line(name)?.split_whitespace().map(str::parse);
            numbers.collect::<Result<_, _>>().with_context(|| format!("{PROGRAM} prints an odd {name}"))
        };
        let latency = line("latency")?.parse().with_context(|| format!("{PROGRAM} prints an odd latency"))?;
        Ok(Self { latency, window: velocities("window")?, whole: velocities("take")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_by_its_lines() {
        let reference = Reference::parse("latency 36000\nwindow 64 70\ntake 65 71\n").unwrap();
        assert_eq!(reference, Reference { latency: 36_000, window: vec![64, 70], whole: vec![65, 71] });
        for wrong in ["", "latency x\nwindow 1\ntake 1", "latency 1\nwindow 300\ntake 1", "latency 1\nwindow 1"] {
            assert!(Reference::parse(wrong).is_err(), "{wrong}");
        }
    }
}
