//! Commands that are programs of their own now: they are built and called by their new names.

use std::env;
use std::process::Command;

use anyhow::{Context, Result};
use tonenet_inference::library::{FILE_NAME, VARIABLE};

use crate::cli::ForwardArgs;
use crate::workspace;

/// Runs a command of the program `tonenet` in the caller's folder, and ends as it ends.
///
/// # Errors
/// When cargo cannot be started.
pub fn to_tonenet(command: &str, args: &ForwardArgs) -> Result<()> {
    eprintln!("`cargo xtask {command}` is now `cargo run -p tonenet-cli --release -- {command}`");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["run", "--quiet", "--release", "--package", "tonenet-cli", "--manifest-path"]);
    cargo.arg(workspace::root().join("Cargo.toml")).args(["--", command]).args(&args.arguments);
    let library = workspace::root().join("third_party/onnxruntime").join(FILE_NAME);
    if env::var_os(VARIABLE).is_none() && library.exists() {
        cargo.env(VARIABLE, library);
    }
    let status = cargo.status().context("cannot run cargo; check that it is in PATH")?;
    std::process::exit(status.code().unwrap_or(1))
}
