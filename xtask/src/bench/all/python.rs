//! Runs the same ONNX files in Python's onnxruntime, which it installs in a virtual environment.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace;

/// Pinned: the version of our library.
const PACKAGES: [&str; 2] = ["onnxruntime==1.28.0", "numpy==2.4.6"];

const PROGRAM: &str = include_str!("python.py");

/// The figures as JSON.
///
/// # Errors
/// When Python or its packages cannot be had, or the program fails.
pub fn measure(folder: &Path) -> Result<Vec<u8>> {
    let environment = folder.join("venv");
    let python = environment.join("bin/python");
    let is_installed = |python: &Path| {
        Command::new(python).args(["-c", "import numpy, onnxruntime"]).output().is_ok_and(|run| run.status.success())
    };
    if !is_installed(&python) {
        workspace::run(Command::new("python3").args(["-m", "venv"]).arg(&environment))
            .context("Python onnxruntime is not measured; --without-python leaves it out")?;
        let mut pip = Command::new(&python);
        workspace::run(pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PACKAGES))
            .context("Python onnxruntime is not measured; --without-python leaves it out")?;
    }
    let models = workspace::root().join("assets/models/note");
    let run = Command::new(&python).args(["-c", PROGRAM]).arg(models).output();
    let run = run.with_context(|| format!("cannot run {}", python.display()))?;
    ensure!(run.status.success(), "Python failed: {}", String::from_utf8_lossy(&run.stderr).trim());
    Ok(run.stdout)
}
