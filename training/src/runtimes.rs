//! The inference runtimes that models are evaluated and checked with.

use anyhow::{Result, bail};
use tonenet_inference::library;
use tonenet_inference::runtime::{Runtime, RuntimePreference, RuntimeReport};

use crate::workspace;

/// Opens the runtime that the plugin would choose, and prints which one that is.
///
/// # Errors
/// When ONNX Runtime is not installed.
pub fn open_default() -> Result<Runtime> {
    let (runtime, report) = open(RuntimePreference::Auto)?;
    println!("runtime: {} · {}", report.runtime, report.provider);
    Ok(runtime)
}

/// Opens ONNX Runtime.
///
/// # Errors
/// When it is not installed or cannot be loaded.
pub fn open_onnxruntime() -> Result<(Runtime, RuntimeReport)> {
    let (runtime, report) = open(RuntimePreference::OnnxRuntime)?;
    if report.library.is_none() {
        bail!("ONNX Runtime could not be opened: {}", report.notes.join(" "));
    }
    Ok((runtime, report))
}

/// Opens the built-in runtime.
///
/// # Errors
/// When ONNX Runtime is not installed. The built-in runtime is compared with it.
pub fn open_built_in() -> Result<(Runtime, RuntimeReport)> {
    open(RuntimePreference::BuiltIn)
}

/// Opens a runtime, with ONNX Runtime as `cargo xtask setup onnxruntime` installs it.
///
/// # Errors
/// When it is not installed.
pub fn open(preference: RuntimePreference) -> Result<(Runtime, RuntimeReport)> {
    Ok(Runtime::open(preference, &library::candidates(Some(&workspace::onnxruntime()?))))
}
