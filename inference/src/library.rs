//! Finds ONNX Runtime's shared library and checks that it is usable.
//!
//! The search order is:
//! 1. the user's setting,
//! 2. the environment variable `TONENET_ORT_DYLIB`,
//! 3. the folder of the plugin's own binary, inside a bundle; on macOS also the bundle's `Frameworks`; for a program in a
//!    `bin` folder also `lib/tonenet` beside that,
//! 4. the user's data folder, where `cargo xtask install` puts the library for the single-file `.clap`,
//! 5. on Linux, the system's `/usr/local/lib/tonenet` and `/usr/lib/tonenet`.

mod own_binary;

use std::env;
use std::ffi::CStr;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::folders;
use crate::guard::{guarded, one_line};
pub use own_binary::keep_loaded;
use own_binary::own_folder;

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
    /// A folder of the system, for all its users.
    System,
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
            Self::System => "the system's ToneNet folder",
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

/// The folders in which a Linux system keeps the library for all its users.
const SYSTEM_FOLDERS: &[&str] =
    if cfg!(target_os = "linux") { &["/usr/local/lib/tonenet", "/usr/lib/tonenet"] } else { &[] };

/// This process's candidates in search order. `setting` is the user's setting: a file, or the folder that holds it.
pub fn candidates(setting: Option<&Path>) -> Vec<Candidate> {
    let variable = env::var_os(VARIABLE).map(PathBuf::from);
    let explicit = [(setting, Source::Setting), (variable.as_deref(), Source::Variable)];
    let own = own_folder().map(|folder| folders_of_binary(&folder)).unwrap_or_default();
    let folders = own.into_iter().map(|folder| (folder, Source::Plugin));
    let folders = folders.chain(user_folder().map(|folder| (folder, Source::UserData)));
    let system = SYSTEM_FOLDERS.iter().map(|folder| (PathBuf::from(folder), Source::System));
    search_order(&explicit, folders.chain(system))
}

/// The folder in the user's data where the library is installed for single-file plugins; `None` without a home folder.
pub fn user_folder() -> Option<PathBuf> {
    folders::data().map(|folder| folder.join("lib"))
}

/// The folders in which the library may lie beside a binary in `folder`.
fn folders_of_binary(folder: &Path) -> Vec<PathBuf> {
    let is_named = |name: &str| folder.file_name().is_some_and(|last| last == name);
    let beside = |path: &str| folder.parent().map(|parent| parent.join(path));
    let more = match () {
        // A program that was installed into `/usr/local/bin` has its library in `/usr/local/lib/tonenet`.
        () if is_named("bin") => beside("lib/tonenet"),
        // Bundles on macOS keep libraries apart from the binary.
        () if cfg!(target_os = "macos") && is_named("MacOS") => beside("Frameworks"),
        () => None,
    };
    std::iter::once(folder.to_path_buf()).chain(more).collect()
}

/// The candidates of explicit paths, then of folders; a file that two of them name comes once.
fn search_order(
    explicit: &[(Option<&Path>, Source)],
    folders: impl Iterator<Item = (PathBuf, Source)>,
) -> Vec<Candidate> {
    let explicit = explicit.iter().filter_map(|&(path, source)| {
        let path = path.filter(|path| !path.as_os_str().is_empty())?;
        Some(Candidate { path: if path.is_dir() { path.join(FILE_NAME) } else { path.to_path_buf() }, source })
    });
    let folders = folders.map(|(folder, source)| Candidate { path: folder.join(FILE_NAME), source });
    let mut order: Vec<Candidate> = Vec::new();
    for candidate in explicit.chain(folders) {
        if !order.iter().any(|earlier| earlier.path == candidate.path) {
            order.push(candidate);
        }
    }
    order
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

/// A usable ONNX Runtime, which stays loaded while this value lives.
#[derive(Debug)]
pub(crate) struct Inspected {
    /// Its release.
    pub version: Version,
    _library: libloading::Library,
}

/// Loads a library. On Windows, what it depends on is looked for beside it first: Windows has an old `DirectML.dll` and an
/// old `onnxruntime.dll` of its own.
fn load(path: &Path) -> Result<libloading::Library, libloading::Error> {
    #[cfg(windows)]
    {
        use libloading::os::windows::{LOAD_WITH_ALTERED_SEARCH_PATH, Library};
        // The flag asks for an absolute path.
        let path = resolved(path);
        let direct_ml = path.with_file_name("DirectML.dll");
        if direct_ml.is_file() {
            // ONNX Runtime loads it by its name alone, which finds the one that is loaded already.
            // SAFETY: as below; it is one file with ONNX Runtime's.
            let loaded = unsafe { Library::load_with_flags(&direct_ml, LOAD_WITH_ALTERED_SEARCH_PATH) };
            loaded.into_iter().for_each(std::mem::forget);
        }
        // SAFETY: loading runs the library's initialisers; the file is one that the user or the installer put there to
        // be loaded.
        unsafe { Library::load_with_flags(path, LOAD_WITH_ALTERED_SEARCH_PATH) }.map(Into::into)
    }
    #[cfg(not(windows))]
    {
        // SAFETY: as above.
        unsafe { libloading::Library::new(path) }
    }
}

/// The path that tells a library from others. On Windows links are not followed, because that gives paths that libraries
/// do not find their neighbours by.
pub(crate) fn resolved(path: &Path) -> PathBuf {
    let found = if cfg!(windows) { std::path::absolute(path) } else { path.canonicalize() };
    found.unwrap_or_else(|_| path.to_path_buf())
}

/// Loads a library and checks that it is a usable ONNX Runtime.
///
/// `ort` keeps the first library for the life of the process and panics on some invalid ones, so each library is
/// checked first. `ort` loads by path alone; while the result lives, it gets the library that was loaded here.
///
/// # Errors
/// What is wrong with the file, as a clause about it.
pub(crate) fn inspect(path: &Path) -> Result<Inspected, String> {
    guarded(|| {
        let library =
            load(path).map_err(|e| format!("it is not a library for this system: {}", one_line(&e.to_string())))?;
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
        Ok(Inspected { version, _library: library })
    })
    .unwrap_or_else(Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_keep_the_search_order_and_folders_get_the_file_name() {
        let explicit =
            [(Some(Path::new("/s/custom.so")), Source::Setting), (Some(Path::new("/v/other.so")), Source::Variable)];
        let folders = [("/plugin", Source::Plugin), ("/data", Source::UserData), ("/plugin", Source::System)];
        let found = search_order(&explicit, folders.into_iter().map(|(folder, source)| (folder.into(), source)));
        let found: Vec<_> = found.iter().map(|c| (c.path.clone(), c.source)).collect();
        let inside = |folder: &str| Path::new(folder).join(FILE_NAME);
        assert_eq!(
            found,
            [
                (PathBuf::from("/s/custom.so"), Source::Setting),
                (PathBuf::from("/v/other.so"), Source::Variable),
                (inside("/plugin"), Source::Plugin),
                (inside("/data"), Source::UserData),
            ],
            "the folder that is named twice comes once"
        );
    }

    #[test]
    fn a_setting_may_name_the_folder_of_the_library() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let explicit = [(Some(folder.path()), Source::Setting), (Some(Path::new("")), Source::Variable)];
        let found = search_order(&explicit, std::iter::empty());
        assert_eq!(found, [Candidate { path: folder.path().join(FILE_NAME), source: Source::Setting }]);
    }

    #[test]
    fn a_program_in_a_bin_folder_also_looks_into_the_lib_folder_beside_it() {
        let folders = |folder: &str| folders_of_binary(Path::new(folder));
        assert_eq!(folders("/opt/t/bin"), [PathBuf::from("/opt/t/bin"), PathBuf::from("/opt/t/lib/tonenet")]);
        assert_eq!(folders("/home/a/.vst3/ToneNet.vst3/Contents/x86_64-linux").len(), 1);
        let bundle = folders("/L/ToneNet.clap/Contents/MacOS");
        let frameworks = Path::new("/L/ToneNet.clap/Contents/Frameworks");
        assert_eq!(bundle.iter().any(|folder| folder == frameworks), cfg!(target_os = "macos"));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_systems_folders_come_last() {
        let found = candidates(None);
        let last: Vec<_> = found.iter().rev().take(2).map(|c| (c.path.clone(), c.source)).collect();
        let inside = |folder: &str| (Path::new(folder).join(FILE_NAME), Source::System);
        assert_eq!(last, [inside("/usr/lib/tonenet"), inside("/usr/local/lib/tonenet")]);
    }

    #[test]
    #[cfg(any(unix, windows))]
    fn the_own_folder_is_the_folder_of_the_own_binary() {
        let own = env::current_exe().and_then(|p| p.canonicalize()).expect("a test is a program");
        let found = own_folder().and_then(|folder| folder.canonicalize().ok());
        assert_eq!(found.as_deref(), own.parent());
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
        assert!(inspect(&text).map(|found| found.version).expect_err("it is text").contains("not a library"));
    }
}
