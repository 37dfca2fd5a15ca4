//! Where DAWs look for plugins and users for the standalone program, and whether ToneNet is there.

use std::env;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// A folder that DAWs search, with what they would find of ToneNet.
#[derive(Debug, Serialize)]
pub struct PluginEntry {
    /// `CLAP`, `VST3`, `AU` or `standalone`.
    pub format: &'static str,
    /// The path of the bundle or the program.
    pub path: String,
    /// Whether it is there.
    pub is_installed: bool,
}

/// The program that plays without a DAW.
const STANDALONE: &str = if cfg!(windows) { "tonenet-standalone.exe" } else { "tonenet-standalone" };

/// The formats of this system, each with the name of its bundle.
const BUNDLES: &[(&str, &str)] = if cfg!(target_os = "macos") {
    &[("CLAP", "ToneNet.clap"), ("VST3", "ToneNet.vst3"), ("AU", "ToneNet.component")]
} else {
    &[("CLAP", "ToneNet.clap"), ("VST3", "ToneNet.vst3")]
};

impl PluginEntry {
    /// Whether a DAW would find it.
    pub fn is_for_daws(&self) -> bool {
        self.format != "standalone"
    }
}

/// The plugin in every folder that the formats' specifications name for this system, the user's own first; then the
/// standalone program.
pub fn find() -> Vec<PluginEntry> {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let mut entries = Vec::new();
    for &(format, bundle) in BUNDLES {
        let mut folders = folders(format, &variable);
        // Only CLAP lets the user add folders.
        if let Some(paths) = env::var_os("CLAP_PATH").filter(|_| format == "CLAP") {
            folders.extend(env::split_paths(&paths).filter(|path| !path.as_os_str().is_empty()));
        }
        entries.extend(folders.into_iter().map(|folder| entry(format, &folder.join(bundle))));
    }
    entries.extend(standalone().map(|program| entry("standalone", &program)));
    entries
}

/// The standalone program beside this one or in the folders of `PATH`, or else where it would be beside this one.
fn standalone() -> Option<PathBuf> {
    let beside = env::current_exe().ok().and_then(|own| Some(own.parent()?.join(STANDALONE)));
    let paths = env::var_os("PATH").unwrap_or_default();
    let in_path =
        env::split_paths(&paths).filter(|folder| !folder.as_os_str().is_empty()).map(|folder| folder.join(STANDALONE));
    beside.iter().cloned().chain(in_path).find(|program| program.is_file()).or(beside)
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
    let folder = if format == "AU" { "Components" } else { format };
    let inside = |root: PathBuf| root.join("Library/Audio/Plug-Ins").join(folder);
    variable("HOME").into_iter().chain([PathBuf::from("/")]).map(inside).collect()
}

#[cfg(windows)]
fn folders(format: &str, variable: &dyn Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    let own = variable("LOCALAPPDATA").map(|data| data.join("Programs").join("Common"));
    let shared = variable("COMMONPROGRAMFILES").map(|folder| folder.join(format));
    // The installer gives the CLAP a folder of its own, because the library lies beside it.
    let installed = shared.as_ref().filter(|_| format == "CLAP").map(|folder| folder.join("ToneNet"));
    own.map(|folder| folder.join(format)).into_iter().chain(shared).chain(installed).collect()
}
