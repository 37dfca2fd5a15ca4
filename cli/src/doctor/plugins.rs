//! Where DAWs look for plugins, and whether ToneNet is there.

use std::env;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// A folder that DAWs search, with what they would find of ToneNet.
#[derive(Debug, Serialize)]
pub struct PluginEntry {
    /// `CLAP` or `VST3`.
    pub format: &'static str,
    /// The bundle's path.
    pub path: String,
    /// Whether it is there.
    pub is_installed: bool,
}

/// The plugin in every folder that the formats' specifications name for this system, the user's own first.
pub fn find() -> Vec<PluginEntry> {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let mut entries = Vec::new();
    for (format, bundle) in [("CLAP", "ToneNet.clap"), ("VST3", "ToneNet.vst3")] {
        let mut folders = folders(format, &variable);
        // Only CLAP lets the user add folders.
        if let Some(paths) = env::var_os("CLAP_PATH").filter(|_| format == "CLAP") {
            folders.extend(env::split_paths(&paths).filter(|path| !path.as_os_str().is_empty()));
        }
        entries.extend(folders.into_iter().map(|folder| entry(format, &folder.join(bundle))));
    }
    entries
}

fn entry(format: &'static str, bundle: &Path) -> PluginEntry {
    PluginEntry { format, path: bundle.display().to_string(), is_installed: bundle.exists() }
}

#[cfg(all(unix, not(target_os = "macos")))]
fn folders(format: &str, variable: &dyn Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    let format = format.to_ascii_lowercase();
    let own = variable("HOME").map(|home| home.join(format!(".{format}")));
    let shared = ["/usr/lib", "/usr/local/lib"].map(|folder| Path::new(folder).join(&format));
    own.into_iter().chain(shared).collect()
}

#[cfg(target_os = "macos")]
fn folders(format: &str, variable: &dyn Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    let inside = |root: PathBuf| root.join("Library/Audio/Plug-Ins").join(format);
    variable("HOME").into_iter().chain([PathBuf::from("/")]).map(inside).collect()
}

#[cfg(windows)]
fn folders(format: &str, variable: &dyn Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    let own = variable("LOCALAPPDATA").map(|data| data.join("Programs").join("Common"));
    own.into_iter().chain(variable("COMMONPROGRAMFILES")).map(|folder| folder.join(format)).collect()
}
