//! Takes native libraries from Python wheels, which pip downloads and a hash checks; they are never installed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// A wheel on PyPI. Only its libraries are used, so the interpreter it was built for does not matter.
pub struct Wheel {
    /// Name and version, in pip's syntax.
    pub requirement: &'static str,
    /// SHA-256 of the file, in hex.
    pub sha256: &'static str,
    /// The platforms that it may be for, in pip's names.
    pub platforms: &'static [&'static str],
}

/// The names of x86-64 Linux, by the age of its C library.
pub const LINUX_X64: [&str; 5] = [
    "manylinux_2_28_x86_64",
    "manylinux_2_27_x86_64",
    "manylinux_2_25_x86_64",
    "manylinux2014_x86_64",
    "manylinux_2_17_x86_64",
];

/// Downloads a wheel into `folder`.
///
/// # Errors
/// When pip is missing, cannot reach its index, or delivers a file with another hash.
pub fn download(wheel: &Wheel, folder: &Path) -> Result<PathBuf> {
    println!("downloading {} with pip", wheel.requirement);
    fs::create_dir_all(folder)?;
    let into = tempfile::tempdir_in(folder)?;
    let python = if cfg!(windows) { "python" } else { "python3" };
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-cache-dir"])
        .args(["--only-binary=:all:", "--implementation", "cp", "--python-version", "3.11"])
        .args(["--abi", "cp311", "--abi", "none", "--dest"])
        .arg(into.path())
        .arg(wheel.requirement);
    for platform in wheel.platforms {
        pip.args(["--platform", platform]);
    }
    let status =
        pip.status().context("cannot run Python; install it with pip (Debian: apt-get install python3-pip)")?;
    if !status.success() {
        bail!("pip could not download {} ({status}); see its message above", wheel.requirement);
    }
    let file = fs::read_dir(into.path())?.next().context("pip left no file behind")??.path();
    let found = sha256(&file)?;
    if found != wheel.sha256 {
        bail!("{} has SHA-256 {found}, expected {}; it is not used", wheel.requirement, wheel.sha256);
    }
    let kept = folder.join(file.file_name().context("a wheel has a name")?);
    fs::rename(&file, &kept)?;
    Ok(kept)
}

/// Copies members of a wheel to where `place` says; `None` leaves one out.
pub fn unpack(wheel: &Path, mut place: impl FnMut(&str) -> Option<PathBuf>) -> Result<()> {
    let mut archive = zip::ZipArchive::new(File::open(wheel)?)
        .with_context(|| format!("{} is not a readable wheel", wheel.display()))?;
    for i in 0..archive.len() {
        let mut member = archive.by_index(i)?;
        if !member.is_file() {
            continue;
        }
        let name = member.name().context("a member of the wheel has no readable name")?.into_owned();
        if let Some(path) = place(&name) {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut out = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
            io::copy(&mut member, &mut out)?;
        }
    }
    Ok(())
}

fn sha256(path: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
