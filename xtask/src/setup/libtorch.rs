//! Installs a CPU build of libtorch for `cargo xtask train`, taken from wheels on PyPI.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::wheel::{self, Wheel};
use crate::workspace;

/// The libtorch that `tch` 0.26 is made for.
const VERSION: &str = "2.13.0";

const TORCH: Wheel = Wheel {
    requirement: "torch==2.13.0",
    sha256: "60fcdcb2f3876e21146cb4524ef06397d727ca9ad5f020818547e25075fe3cb7",
    platforms: &wheel::LINUX_X64,
};
/// libtorch_cpu of the only Linux wheel on PyPI, the CUDA one, links against these two small libraries.
const CUDA_STUBS: [Wheel; 2] = [
    Wheel {
        requirement: "nvidia-cuda-runtime==13.0.96",
        sha256: "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
        platforms: &wheel::LINUX_X64,
    },
    Wheel {
        requirement: "nvidia-cuda-cupti==13.0.85",
        sha256: "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
        platforms: &wheel::LINUX_X64,
    },
];
const LIBRARIES: [&str; 5] = ["libtorch_cpu.so", "libc10.so", "libgomp.so.1", "libcudart.so.13", "libcupti.so.13"];

/// The installation folder, in which `.cargo/config.toml` looks too.
fn folder() -> PathBuf {
    workspace::root().join("third_party/libtorch")
}

/// Whether it can be installed automatically.
const IS_FOR_HERE: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

/// Whether a libtorch is there: the user's own in `LIBTORCH`, or ours.
pub fn is_installed() -> bool {
    let folder = std::env::var_os("LIBTORCH").map_or_else(folder, PathBuf::from);
    folder.join("lib/libtorch_cpu.so").exists()
}

/// Installs libtorch unless one is there; returns whether one is there then.
///
/// # Errors
/// When it can be installed here, but a download or the disk fails.
pub fn install_if_there_is_one() -> Result<bool> {
    if !is_installed() && IS_FOR_HERE {
        install()?;
    }
    Ok(is_installed())
}

/// Installs libtorch in `third_party/libtorch` unless it is there.
///
/// # Errors
/// When the machine is not x86-64 Linux, or a download or the disk fails; nothing incomplete is left.
pub fn install() -> Result<()> {
    let folder = folder();
    if folder.join("lib/libtorch_cpu.so").exists() {
        println!("libtorch is in {}", folder.display());
        return Ok(());
    }
    if !IS_FOR_HERE {
        bail!(
            "libtorch {VERSION} can be installed by itself on x86-64 Linux only; unpack it from pytorch.org and export LIBTORCH"
        );
    }
    let third_party = workspace::root().join("third_party");
    fs::create_dir_all(&third_party)?;
    let work = tempfile::tempdir_in(&third_party)?;
    let new = work.path().join("libtorch");
    for source in [&TORCH, &CUDA_STUBS[0], &CUDA_STUBS[1]] {
        let file = wheel::download(source, work.path())?;
        wheel::unpack(&file, |member| place(member).map(|at| new.join(at)))?;
        fs::remove_file(file)?;
    }
    for library in LIBRARIES {
        if !new.join("lib").join(library).exists() {
            bail!("{library} is in none of the wheels; libtorch cannot be laid down");
        }
    }
    // torch-sys links -ltorch; the wheel's own libtorch.so would drag CUDA in.
    link(&new.join("lib/libtorch.so"))?;
    fs::write(new.join("build-version"), format!("{VERSION}\n"))?;
    fs::rename(&new, &folder).with_context(|| format!("cannot move libtorch to {}", folder.display()))?;
    println!("libtorch {VERSION} is in {}", folder.display());
    Ok(())
}

/// The path of a wheel's member in a libtorch folder, if it belongs there.
fn place(member: &str) -> Option<PathBuf> {
    let name = Path::new(member).file_name()?.to_str()?;
    if LIBRARIES.contains(&name) && member.contains("/lib/") {
        return Some(Path::new("lib").join(name));
    }
    if member.starts_with("torch/include/") {
        return Some(member.strip_prefix("torch/")?.into());
    }
    let is_notice = ["LICENSE", "NOTICE"].iter().any(|start| name.starts_with(start));
    (member.starts_with("torch-") && is_notice).then(|| name.into())
}

#[cfg(unix)]
fn link(at: &Path) -> Result<()> {
    std::os::unix::fs::symlink("libtorch_cpu.so", at).context("cannot link libtorch.so")
}

#[cfg(not(unix))]
fn link(_at: &Path) -> Result<()> {
    bail!("libtorch can be installed by itself on x86-64 Linux only")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_libraries_headers_and_licences_are_kept() {
        assert_eq!(place("torch/lib/libc10.so"), Some("lib/libc10.so".into()));
        assert_eq!(place("torch/include/ATen/ATen.h"), Some("include/ATen/ATen.h".into()));
        assert_eq!(place("torch-2.13.0.dist-info/licenses/LICENSE"), Some("LICENSE".into()));
        assert_eq!(place("nvidia/cu13/lib/libcudart.so.13"), Some("lib/libcudart.so.13".into()));
        assert_eq!(place("torch/lib/libtorch_cuda.so"), None);
        assert_eq!(place("torch/nn/modules/rnn.py"), None);
    }
}
