//! Where the repository's files are, and which libraries a command may find missing.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use thiserror::Error;

/// The folder of the workspace's `Cargo.toml`.
pub fn root() -> PathBuf {
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    manifest.parent().map_or_else(|| ".".into(), Path::to_owned)
}

/// The folder of the models that ship, or of one of them by its id.
pub fn shipped_model(id: &str) -> PathBuf {
    root().join("assets/models").join(id)
}

/// The piece for golden tensors and timings.
pub fn demo_piece() -> PathBuf {
    root().join("assets/demo/bach-prelude-bwv-846.mid")
}

/// The folder for evaluations' reports and plots.
pub fn evaluations() -> PathBuf {
    root().join("target/evaluate")
}

/// The ONNX Runtime library that `cargo xtask setup onnxruntime` installs.
///
/// # Errors
/// When it is not there.
pub fn onnxruntime() -> Result<PathBuf, Missing> {
    let library = root().join("third_party/onnxruntime/libonnxruntime.so");
    if library.exists() { Ok(library) } else { Err(Missing::OnnxRuntime) }
}

/// A library that a command needs and this program cannot install.
///
/// `cargo xtask` knows the exit codes: it installs the library and calls the program again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Missing {
    /// The program was built without the feature `torch`.
    #[error("this build has no libtorch, which training and export need; `cargo xtask` builds one that has")]
    Libtorch,
    /// ONNX Runtime is not installed.
    #[error("ONNX Runtime is not in third_party/onnxruntime; `cargo xtask setup onnxruntime` installs it")]
    OnnxRuntime,
}

impl Missing {
    /// The exit code of the program; see `NEEDS_LIBTORCH` and `NEEDS_ONNXRUNTIME` in `xtask/src/forward.rs`.
    pub fn exit_code(self) -> ExitCode {
        match self {
            Self::Libtorch => ExitCode::from(3),
            Self::OnnxRuntime => ExitCode::from(4),
        }
    }
}
