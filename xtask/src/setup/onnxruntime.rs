//! Installs the ONNX Runtime library that bundles carry next to the plugin.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::wheel::{self, Wheel};
use crate::platform::Platform;
use crate::workspace;

/// Pinned: from 1.29 on the library reports usage to its maker by default.
const VERSION: &str = "1.28.0";
const REQUIREMENT: &str = "onnxruntime==1.28.0";

/// A platform's wheel: pip's names of the platform, the file's hash, and the library in it.
fn wheel(platform: Platform) -> (Wheel, &'static str) {
    let (platforms, sha256, library): (&[&str], _, _) = match platform {
        Platform::LinuxX64 => (
            &wheel::LINUX_X64,
            "a166b78ee04f3a37fa1ef82034b6a3ce96d9684e582d4d30b296de83e9998bb5",
            "libonnxruntime.so.1.28.0",
        ),
        Platform::LinuxArm64 => (
            &["manylinux_2_28_aarch64", "manylinux_2_27_aarch64"],
            "8d66f9ceb29909c70839e4e4fb3435c7b490050d8f162bd5f3aba4ca01ee517f",
            "libonnxruntime.so.1.28.0",
        ),
        Platform::WindowsX64 => {
            (&["win_amd64"], "0d650aeee29368414367b65529e90afe4bf1bab76254789063b8b2f7ea3013c8", "onnxruntime.dll")
        }
        // There is none for Intel's processors: on those Macs the built-in runtime plays.
        Platform::MacOs => (
            &["macosx_14_0_arm64"],
            "f5c5daabd28aad610f83fdcf32acec8fb57e6adc6c6a39fe2a3c755db957b410",
            "libonnxruntime.1.28.0.dylib",
        ),
    };
    (Wheel { requirement: REQUIREMENT, sha256, platforms }, library)
}

/// The path of the installed library.
pub fn library() -> PathBuf {
    // Where there are no bundles there is no library; its name does not matter.
    let name = Platform::current().map_or("libonnxruntime.so", Platform::onnxruntime);
    workspace::root().join("third_party/onnxruntime").join(name)
}

/// Installs the library and its licence in `third_party/onnxruntime` unless they are there; returns its path.
///
/// # Errors
/// When the platform has no library, or a download or the disk fails.
pub fn install() -> Result<PathBuf> {
    let folder = workspace::root().join("third_party/onnxruntime");
    let library = library();
    if library.exists() && folder.join("LICENSE").exists() {
        return Ok(library);
    }
    let (wheel, name) = Platform::current().map(wheel).with_context(|| {
        format!("ONNX Runtime {VERSION} cannot be installed by itself; put the library into {}", folder.display())
    })?;
    fs::create_dir_all(&folder)?;
    let work = tempfile::tempdir_in(&folder)?;
    let file = wheel::download(&wheel, work.path())?;
    let new = work.path().join("library");
    wheel::unpack(&file, |member| match member {
        "onnxruntime/LICENSE" => Some(folder.join("LICENSE")),
        "onnxruntime/ThirdPartyNotices.txt" => Some(folder.join("ThirdPartyNotices.txt")),
        _ => (member.rsplit('/').next() == Some(name)).then(|| new.clone()),
    })?;
    fs::rename(&new, &library).with_context(|| format!("the wheel of ONNX Runtime {VERSION} holds no library"))?;
    println!("ONNX Runtime {VERSION} is in {}", folder.display());
    Ok(library)
}
