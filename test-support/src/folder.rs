//! Folders before and after a run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every file, folder and link below `folder`, with a file's bytes or a link's target.
pub fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            let what = if kind.is_dir() {
                folders.push(path.clone());
                b"a folder".to_vec()
            } else if kind.is_symlink() {
                fs::read_link(&path).unwrap().as_os_str().as_encoded_bytes().to_vec()
            } else if kind.is_file() {
                fs::read(&path).unwrap()
            } else {
                b"a device".to_vec()
            };
            all.insert(path, what);
        }
    }
    all
}

/// The paths of all files below `folder`, relative to it.
pub fn files(folder: &Path) -> Vec<String> {
    let inside = |path: &PathBuf| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
    contents(folder).keys().filter(|path| path.is_file()).map(inside).collect()
}
