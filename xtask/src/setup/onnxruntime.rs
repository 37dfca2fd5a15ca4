//! Installs the ONNX Runtime library that bundles carry next to the plugin.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::wheel::{self, Wheel};
use crate::workspace;

/// Pinned: from 1.29 on the library reports usage to its maker by default.
const VERSION: &str = "1.28.0";

const WHEEL: Wheel = Wheel {
    requirement: "onnxruntime==1.28.0",
    sha256: "a166b78ee04f3a37fa1ef82034b6a3ce96d9684e582d4d30b296de83e9998bb5",
};

/// The path of the installed library.
pub fn library() -> PathBuf {
    workspace::root().join("third_party/onnxruntime/libonnxruntime.so")
}

/// Installs the library and its licence in `third_party/onnxruntime` unless they are there; returns its path.
///
/// # Errors
/// When the machine is not x86-64 Linux, or a download or the disk fails.
pub fn install() -> Result<PathBuf> {
    let folder = workspace::root().join("third_party/onnxruntime");
    let library = library();
    if library.exists() && folder.join("LICENSE").exists() {
        return Ok(library);
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!(
            "ONNX Runtime {VERSION} can be installed by itself on x86-64 Linux only; put the library into {}",
            folder.display()
        );
    }
    fs::create_dir_all(&folder)?;
    let work = tempfile::tempdir_in(&folder)?;
    let file = wheel::download(&WHEEL, work.path())?;
    let new = work.path().join("libonnxruntime.so");
    wheel::unpack(&file, |member| match member {
        "onnxruntime/LICENSE" => Some(folder.join("LICENSE")),
        "onnxruntime/ThirdPartyNotices.txt" => Some(folder.join("ThirdPartyNotices.txt")),
        _ => member.ends_with("/libonnxruntime.so.1.28.0").then(|| new.clone()),
    })?;
    fs::rename(&new, &library).with_context(|| format!("the wheel of ONNX Runtime {VERSION} holds no library"))?;
    println!("ONNX Runtime {VERSION} is in {}", folder.display());
    Ok(library)
}
