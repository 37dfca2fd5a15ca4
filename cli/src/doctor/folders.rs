//! The folders in which ToneNet keeps its files.

use std::env;
use std::path::PathBuf;

use serde::Serialize;
use tonenet_inference::folders;

/// A folder of ToneNet's.
#[derive(Debug, Serialize)]
pub struct FolderEntry {
    /// What is in it.
    content: &'static str,
    /// Its path.
    path: String,
    /// Whether it is there; it is made when it is needed.
    is_there: bool,
}

impl FolderEntry {
    /// The line for people.
    pub fn line(&self) -> String {
        let state = if self.is_there { "there" } else { "made when it is needed" };
        format!("{}: {} ({state})", self.content, self.path)
    }
}

/// All folders; none without a home folder.
pub fn find() -> Vec<FolderEntry> {
    let presets = env::var_os("TONENET_PRESETS").map(PathBuf::from);
    let presets = presets.or_else(|| folders::config().map(|folder| folder.join("presets")));
    let all = [
        ("settings of the window and of computing, and what was chosen to compute", folders::config()),
        ("your presets", presets),
        ("ONNX Runtime, where you put it for all plugins", folders::data().map(|folder| folder.join("lib"))),
        ("what accelerators have prepared; it may be deleted", folders::cache()),
    ];
    let entry = |(content, path): (&'static str, Option<PathBuf>)| {
        let path = path?;
        Some(FolderEntry { content, is_there: path.is_dir(), path: path.display().to_string() })
    };
    all.into_iter().filter_map(entry).collect()
}
