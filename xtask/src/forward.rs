//! Commands of other programs: they are built where that is needed and called with the same arguments.

use std::ffi::OsString;
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result};

use crate::cli::ForwardArgs;
use crate::setup;
use crate::workspace;

/// Exit codes by which the training program asks for a library; see `training/src/workspace.rs`.
const NEEDS_LIBTORCH: i32 = 3;
const NEEDS_ONNXRUNTIME: i32 = 4;

/// The variable that names ONNX Runtime for `tonenet`; see `inference/src/library.rs`.
const ONNXRUNTIME_VARIABLE: &str = "TONENET_ORT_DYLIB";

/// Runs a command of the program `tonenet` and ends as it ends.
///
/// # Errors
/// When cargo cannot be started.
pub fn to_tonenet(command: &str, args: &ForwardArgs) -> Result<()> {
    eprintln!("`cargo xtask {command}` is now `cargo run -p tonenet-cli --release -- {command}`");
    let mut cargo = cargo_run("tonenet-cli");
    let library = setup::onnxruntime_library();
    if std::env::var_os(ONNXRUNTIME_VARIABLE).is_none() && library.exists() {
        cargo.env(ONNXRUNTIME_VARIABLE, library);
    }
    end_as(call(cargo.args(["--", command]), &args.arguments)?)
}

/// [`run_training`], and ends as the program ends.
///
/// # Errors
/// When cargo cannot be started or a library cannot be installed.
pub fn to_training(command: &[&str], args: &ForwardArgs) -> Result<()> {
    end_as(run_training(command, args)?)
}

/// Runs a command of the training program; a library that it needs is installed first.
///
/// The program checks its arguments before it asks for a library, so a mistake in them costs no download.
///
/// # Errors
/// When cargo cannot be started or a library cannot be installed.
pub fn run_training(command: &[&str], args: &ForwardArgs) -> Result<ExitStatus> {
    let uses_torch = matches!(command, ["train" | "export"]) || args.arguments.iter().any(|word| word == "--torch");
    let mut has_torch = uses_torch && setup::has_libtorch();
    loop {
        let mut cargo = cargo_run("tonenet-training");
        // Linking libtorch's bindings across crates takes minutes and does not make training faster.
        cargo.args(["--config", "profile.release.lto=\"off\"", "--config", "profile.release.codegen-units=16"]);
        // A separate folder, because its dependencies have other features than the plugin's.
        cargo.arg("--target-dir").arg(workspace::root().join("target/train"));
        if has_torch {
            cargo.args(["--features", "torch"]);
        }
        let status = call(cargo.arg("--").args(command), &args.arguments)?;
        match status.code() {
            Some(NEEDS_LIBTORCH) if uses_torch && !has_torch => {
                setup::libtorch()?;
                has_torch = true;
            }
            Some(NEEDS_ONNXRUNTIME) if !setup::onnxruntime_library().exists() => drop(setup::onnxruntime()?),
            _ => return Ok(status),
        }
    }
}

/// Cargo's `run` of a package's release build, in the caller's folder.
fn cargo_run(package: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["run", "--quiet", "--release", "--package", package]);
    cargo.arg("--manifest-path").arg(workspace::root().join("Cargo.toml"));
    cargo
}

fn call(cargo: &mut Command, arguments: &[OsString]) -> Result<ExitStatus> {
    cargo.args(arguments).status().context("cannot run cargo; check that it is in PATH")
}

fn end_as(status: ExitStatus) -> Result<()> {
    std::process::exit(status.code().unwrap_or(1))
}
