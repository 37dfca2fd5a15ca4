//! Release builds whose bytes depend on the sources and the compiler alone, not on folders or the time.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::platform::Platform;
use crate::workspace;

/// The oldest macOS that the binaries start on.
const OLDEST_MACOS: &str = "11.0";
/// Separates flags in the variable that cargo reads them from.
const SEPARATOR: char = '\u{1f}';

/// What a crate is built to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// A library for hosts.
    Plugin,
    /// The program with this name.
    Program(&'static str),
}

/// Builds a crate for users, optimised; returns the binary's path.
///
/// # Errors
/// When it does not compile, or on macOS when the binaries cannot be joined.
pub fn build(platform: Platform, package: &str, output: Output) -> Result<PathBuf> {
    let name = match output {
        Output::Plugin => platform.library(package),
        Output::Program(name) => platform.program(name),
    };
    let target = workspace::root().join("target");
    if platform.targets().is_empty() {
        workspace::run(&mut command(platform, package, output, None)?)?;
        return Ok(target.join("release").join(name));
    }
    let mut parts = Vec::new();
    for triple in platform.targets() {
        workspace::run(&mut command(platform, package, output, Some(triple))?)?;
        parts.push(target.join(triple).join("release").join(&name));
    }
    let joined = target.join("universal").join(&name);
    fs::create_dir_all(target.join("universal"))?;
    workspace::run(Command::new("lipo").args(["-create", "-output"]).arg(&joined).args(&parts))?;
    Ok(joined)
}

fn command(platform: Platform, package: &str, output: Output, target: Option<&str>) -> Result<Command> {
    let mut cargo = workspace::cargo();
    match output {
        // Builds the library only: cargo does not optimise across crates if Rust's own kind of library is built beside it.
        Output::Plugin => cargo.args(["rustc", "--package", package, "--lib", "--crate-type", "cdylib"]),
        Output::Program(name) => cargo.args(["build", "--package", package, "--bin", name]),
    };
    cargo.args(["--release", "--locked"]);
    // Whatever the environment says: the result is read from there.
    cargo.arg("--target-dir").arg(workspace::root().join("target"));
    if platform == Platform::MacOs && output == Output::Plugin {
        // One binary serves all three formats.
        cargo.args(["--features", "auv2"]);
    }
    if let Some(target) = target {
        cargo.args(["--target", target]);
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", encoded_flags(platform)?).env_remove("RUSTFLAGS");
    if platform == Platform::MacOs {
        cargo.env("MACOSX_DEPLOYMENT_TARGET", OLDEST_MACOS);
    }
    Ok(cargo)
}

/// The compiler's flags: the user's own, and ours behind them.
fn encoded_flags(platform: Platform) -> Result<OsString> {
    let mut flags = match std::env::var("CARGO_ENCODED_RUSTFLAGS") {
        Ok(encoded) => encoded.split(SEPARATOR).map(str::to_owned).collect(),
        Err(_) => std::env::var("RUSTFLAGS").unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
    };
    let flags: &mut Vec<String> = &mut flags;
    flags.retain(|flag| !flag.is_empty());
    for (folder, name) in renamed_folders()? {
        let folder = folder.to_str().with_context(|| format!("{} is not Unicode", folder.display()))?;
        flags.push(format!("--remap-path-prefix={folder}={name}"));
    }
    if platform == Platform::WindowsX64 {
        // Users then need no redistributable of Visual C++.
        flags.push("-Ctarget-feature=+crt-static".into());
    }
    Ok(flags.join(&SEPARATOR.to_string()).into())
}

/// Folders that the compiler would write into binaries, with the names to write instead.
///
/// The name of the standard library's sources is the one that the compiler uses where they are not installed.
fn renamed_folders() -> Result<Vec<(PathBuf, String)>> {
    let mut renamed = vec![(workspace::root(), "/tonenet".to_owned())];
    let registry = cargo_home()?.join("registry/src");
    let registries = fs::read_dir(&registry).map(|entries| entries.flatten().map(|entry| entry.path()));
    renamed.extend(registries.into_iter().flatten().map(|path| (path, "/crates".to_owned())));
    let sysroot = compiler_says(&["--print", "sysroot"])?;
    let version = compiler_says(&["--version", "--verbose"])?;
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
    renamed.push((Path::new(sysroot.trim()).join("lib/rustlib/src/rust"), format!("/rustc/{commit}")));
    Ok(renamed)
}

/// The notices of Rust's standard library, which comes with the compiler.
///
/// # Errors
/// When the compiler came without them.
pub fn standard_library_notices() -> Result<PathBuf> {
    let sysroot = compiler_says(&["--print", "sysroot"])?;
    let file = Path::new(sysroot.trim()).join("share/doc/rust/COPYRIGHT-library.html");
    ensure!(file.is_file(), "this Rust comes without {}; install it with rustup", file.display());
    Ok(file)
}

fn cargo_home() -> Result<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let user = || std::env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).map(PathBuf::from);
    home.or_else(|| user().map(|user| user.join(".cargo"))).context("neither CARGO_HOME nor the user's folder is set")
}

fn compiler_says(arguments: &[&str]) -> Result<String> {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(compiler).args(arguments).output().context("cannot run rustc")?;
    ensure!(output.status.success(), "rustc {} ended with {}", arguments.join(" "), output.status);
    String::from_utf8(output.stdout).context("rustc printed no text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_folder_of_this_machine_gets_into_a_binary() {
        let renamed = renamed_folders().unwrap();
        let is_renamed = |path: &Path| renamed.iter().any(|(folder, _)| path.starts_with(folder));
        assert!(is_renamed(&workspace::root().join("core/src/lib.rs")));
        // A dependency's own folder, wherever cargo keeps it.
        let dependency = cargo_home().unwrap().join("registry/src");
        let some = fs::read_dir(&dependency).unwrap().next().unwrap().unwrap().path();
        assert!(is_renamed(&some.join("anyhow/src/lib.rs")));
        assert!(renamed.iter().all(|(_, name)| name.starts_with('/')));
    }
}
