//! Finds ONNX Runtime's shared library and checks that it is usable.
//!
//! The search order is:
//! 1. the user's setting,
//! 2. the environment variable `TONENET_ORT_DYLIB`,
//! 3. the folder of the plugin's own binary, inside a `.vst3` bundle,
//! 4. the user's data folder, where `cargo xtask install` puts the library for the single-file `.clap`.
//!
//! On Windows the third step is skipped, because it is untested there.

use std::env;
use std::ffi::CStr;
use std::fmt;
use std::path::{Path, PathBuf};

use directories::BaseDirs;

use crate::guard::{guarded, one_line};

/// The environment variable that names a library or its folder.
pub const VARIABLE: &str = "TONENET_ORT_DYLIB";

/// The library's file name on this system.
pub const FILE_NAME: &str = if cfg!(windows) {
    "onnxruntime.dll"
} else if cfg!(target_os = "macos") {
    "libonnxruntime.dylib"
} else {
    "libonnxruntime.so"
};

/// The newest minor release of ONNX Runtime 1 that ToneNet is tested with.
const TESTED_MINOR: u32 = 28;

/// Where a candidate path comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The user's setting.
    Setting,
    /// The environment variable [`VARIABLE`].
    Variable,
    /// The folder of the plugin's binary.
    Plugin,
    /// The user's data folder.
    UserData,
}

impl Source {
    /// Whether the user named this path, so that a missing file is reported.
    pub fn is_explicit(self) -> bool {
        matches!(self, Self::Setting | Self::Variable)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Setting => "the settings",
            Self::Variable => VARIABLE,
            Self::Plugin => "the plugin's folder",
            Self::UserData => "the user's ToneNet folder",
        })
    }
}

/// A path at which ONNX Runtime may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The library's path.
    pub path: PathBuf,
    /// Where the path comes from.
    pub source: Source,
}

/// This process's candidates in search order. `setting` is the user's setting: a file, or the folder that holds it.
pub fn candidates(setting: Option<&Path>) -> Vec<Candidate> {
    let variable = env::var_os(VARIABLE).map(PathBuf::from);
    search_order(setting, variable.as_deref(), plugin_folder().as_deref(), user_folder().as_deref())
}

/// The folder in the user's data where the library is installed for single-file plugins; `None` without a home folder.
pub fn user_folder() -> Option<PathBuf> {
    BaseDirs::new().map(|dirs| dirs.data_dir().join("tonenet").join("lib"))
}

fn search_order(
    setting: Option<&Path>,
    variable: Option<&Path>,
    plugin_folder: Option<&Path>,
    user_folder: Option<&Path>,
) -> Vec<Candidate> {
    [
        (setting, Source::Setting),
        (variable, Source::Variable),
        (plugin_folder, Source::Plugin),
        (user_folder, Source::UserData),
    ]
    .into_iter()
    .filter_map(|(path, source)| {
        let path = path.filter(|p| !p.as_os_str().is_empty())?;
        let names_folder = !source.is_explicit() || path.is_dir();
        let path = if names_folder { path.join(FILE_NAME) } else { path.to_path_buf() };
        Some(Candidate { path, source })
    })
    .collect()
}

/// The folder of the binary that contains this code, which is the plugin's and not the host's.
#[cfg(unix)]
fn plugin_folder() -> Option<PathBuf> {
    use std::mem::MaybeUninit;
    use std::os::unix::ffi::OsStrExt;

    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    let here = plugin_folder as fn() -> Option<PathBuf>;
    // SAFETY: `here` is an address in a loaded object and `info` is writable; all-zero bytes are a valid `Dl_info`.
    let (found, info) = unsafe { (libc::dladdr(here as *const libc::c_void, info.as_mut_ptr()), info.assume_init()) };
    if found == 0 || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: after success `dli_fname` is a NUL-terminated path that lives as long as the object is loaded.
    let name = unsafe { CStr::from_ptr(info.dli_fname) };
    let binary = Path::new(std::ffi::OsStr::from_bytes(name.to_bytes())).canonicalize().ok()?;
    binary.parent().map(Path::to_path_buf)
}

#[cfg(not(unix))]
fn plugin_folder() -> Option<PathBuf> {
    None
}

/// A release of ONNX Runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    text: String,
    minor: u32,
}

impl Version {
    /// Parses a version such as `1.28.0`, and refuses releases that ToneNet cannot use.
    fn parse_supported(text: &str) -> Result<Self, String> {
        let mut parts = text.split('.').map(|part| part.parse::<u32>().ok());
        let (major, minor) = (parts.next().flatten(), parts.next().flatten());
        let oldest = ort::MINOR_VERSION;
        match (major, minor) {
            (Some(1), Some(minor)) if minor >= oldest => Ok(Self { text: text.into(), minor }),
            (Some(_), Some(_)) => Err(format!(
                "it is ONNX Runtime {text}, and ToneNet needs 1.{oldest} or a later 1.x; install onnxruntime 1.{TESTED_MINOR}"
            )),
            _ => {
                Err(format!("its version {text:?} is not one of ONNX Runtime's; install onnxruntime 1.{TESTED_MINOR}"))
            }
        }
    }

    /// A warning about a release newer than the newest tested one.
    pub(crate) fn warning(&self) -> Option<String> {
        (self.minor > TESTED_MINOR).then(|| {
            format!(
                "ONNX Runtime {self} is newer than 1.{TESTED_MINOR}, the release ToneNet is tested with; \
                 telemetry is switched off in it, but that was not tested"
            )
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Loads a library and checks that it is a usable ONNX Runtime.
///
/// `ort` keeps the first library for the life of the process and panics on some invalid ones, so each library is
/// checked first.
///
/// # Errors
/// What is wrong with the file, as a clause about it.
pub(crate) fn inspect(path: &Path) -> Result<Version, String> {
    guarded(|| {
        // SAFETY: loading runs the library's initialisers; the file is one that the user or the installer put there to
        // be loaded.
        let library = unsafe { libloading::Library::new(path) }
            .map_err(|e| format!("it is not a library for this system: {}", one_line(&e.to_string())))?;
        // SAFETY: every ONNX Runtime exports `OrtGetApiBase` with this signature.
        let base = unsafe { library.get::<unsafe extern "C" fn() -> *const ort::sys::OrtApiBase>(c"OrtGetApiBase") }
            .map_err(|_| "it is a library, but not ONNX Runtime".to_string())?;
        // SAFETY: the function takes nothing and returns a table that lives as long as the library, or null.
        let base = unsafe { base().as_ref() }.ok_or("it has no API")?;
        // SAFETY: the version is a static, NUL-terminated string.
        let text = unsafe { CStr::from_ptr((base.GetVersionString)()) }.to_string_lossy().into_owned();
        let version = Version::parse_supported(&text)?;
        // SAFETY: `GetApi` has no preconditions.
        if unsafe { (base.GetApi)(ort::sys::ORT_API_VERSION) }.is_null() {
            return Err(format!("ONNX Runtime {text} lacks the API version that ToneNet uses"));
        }
        Ok(version)
    })
    .unwrap_or_else(Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_keep_the_search_order_and_folders_get_the_file_name() {
        let found = search_order(
            Some(Path::new("/s/custom.so")),
            Some(Path::new("/v/other.so")),
            Some(Path::new("/plugin")),
            Some(Path::new("/data/tonenet/lib")),
        );
        let paths: Vec<_> = found.iter().map(|c| c.path.clone()).collect();
        let beside = Path::new("/plugin").join(FILE_NAME);
        let data = Path::new("/data/tonenet/lib").join(FILE_NAME);
        assert_eq!(paths, [PathBuf::from("/s/custom.so"), PathBuf::from("/v/other.so"), beside, data]);
        let sources: Vec<_> = found.iter().map(|c| c.source).collect();
        assert_eq!(sources, [Source::Setting, Source::Variable, Source::Plugin, Source::UserData]);
    }

    #[test]
    fn a_setting_may_name_the_folder_of_the_library() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let found = search_order(Some(folder.path()), Some(Path::new("")), None, None);
        assert_eq!(found, [Candidate { path: folder.path().join(FILE_NAME), source: Source::Setting }]);
    }

    #[test]
    #[cfg(unix)]
    fn the_plugin_folder_is_the_folder_of_the_own_binary() {
        let own = env::current_exe().and_then(|p| p.canonicalize()).expect("a test is a program");
        assert_eq!(plugin_folder().as_deref(), own.parent());
    }

    #[test]
    fn unsupported_versions_are_refused_with_a_remedy_and_newer_ones_warn() {
        for text in ["1.23.2", "2.0.0", "0.30.0"] {
            let reason = Version::parse_supported(text).expect_err(text);
            assert!(reason.contains(text) && reason.contains("install onnxruntime 1.28"), "{reason}");
        }
        assert!(Version::parse_supported("nightly").is_err());
        assert_eq!(Version::parse_supported("1.24.0").map(|v| v.warning()), Ok(None));
        assert_eq!(Version::parse_supported("1.28.0").map(|v| v.to_string()), Ok("1.28.0".into()));
        assert!(Version::parse_supported("1.29.1").is_ok_and(|v| v.warning().is_some_and(|w| w.contains("1.29.1"))));
    }

    #[test]
    fn a_file_that_is_no_library_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let text = folder.path().join("text.so");
        std::fs::write(&text, "not a library").expect("a file can be written");
        assert!(inspect(&text).expect_err("it is text").contains("not a library"));
    }
}
