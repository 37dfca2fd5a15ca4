//! A folder's files, to be compared with another's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The content of each file, by its path in the folder.
#[derive(Debug, Default)]
pub struct Tree(BTreeMap<PathBuf, Vec<u8>>);

impl Tree {
    /// Reads a folder; one that is not there holds no files.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut tree = Self::default();
        if folder.exists() {
            tree.add(folder, Path::new("")).with_context(|| format!("cannot read {}", folder.display()))?;
        }
        Ok(tree)
    }

    fn add(&mut self, root: &Path, at: &Path) -> Result<()> {
        for entry in fs::read_dir(root.join(at))? {
            let entry = entry?;
            let path = at.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                self.add(root, &path)?;
            } else {
                self.0.insert(path, fs::read(entry.path())?);
            }
        }
        Ok(())
    }

    /// The differences of this tree from the wanted one, a phrase for each file.
    pub fn differences(&self, wanted: &Self) -> Vec<String> {
        let paths: BTreeSet<_> = self.0.keys().chain(wanted.0.keys()).collect();
        paths
            .into_iter()
            .filter_map(|path| {
                let what = match (self.0.get(path), wanted.0.get(path)) {
                    (Some(found), Some(wanted)) if found == wanted => return None,
                    (Some(_), Some(_)) => "differs",
                    (None, _) => "is missing",
                    (_, None) => "is not part of it",
                };
                Some(format!("{} {what}", path.display()))
            })
            .collect()
    }

    /// Makes a folder hold exactly these files. Files that are right already are not touched, so that they cause no
    /// rebuild.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let found = Self::read(folder)?;
        for path in found.0.keys().filter(|path| !self.0.contains_key(*path)) {
            let path = folder.join(path);
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        for (path, content) in self.0.iter().filter(|(path, content)| found.0.get(*path) != Some(*content)) {
            let path = folder.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}
