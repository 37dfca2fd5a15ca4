//! The files of a release, by their paths in the archive.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// A file of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub bytes: Vec<u8>,
    /// Whether it is a program or a script.
    pub is_executable: bool,
}

/// Files by path, in the order of their paths. Paths are relative and their parts are joined by `/`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents(BTreeMap<String, Item>);

impl Contents {
    /// Adds a file.
    ///
    /// # Errors
    /// When there is one of that path.
    pub fn add(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Result<()> {
        self.insert(path.into(), Item { bytes: bytes.into(), is_executable: false })
    }

    /// Adds a program or a script.
    ///
    /// # Errors
    /// When there is one of that path.
    pub fn add_program(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Result<()> {
        self.insert(path.into(), Item { bytes: bytes.into(), is_executable: true })
    }

    /// Adds a file, or all files of a folder, from the disk.
    ///
    /// # Errors
    /// When something cannot be read, or is there already.
    pub fn add_from(&mut self, path: &str, from: &Path) -> Result<()> {
        if !from.is_dir() {
            return self.add(path, read(from)?);
        }
        for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().with_context(|| format!("{} is not Unicode", entry.path().display()))?;
            self.add_from(&format!("{path}/{name}"), &entry.path())?;
        }
        Ok(())
    }

    fn insert(&mut self, path: String, item: Item) -> Result<()> {
        ensure!(!self.0.contains_key(&path), "two files of the release would be {path}");
        self.0.insert(path, item);
        Ok(())
    }

    /// The files, in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Item)> {
        self.0.iter().map(|(path, item)| (path.as_str(), item))
    }

    /// The folders that the files lie in, outer ones first.
    pub fn folders(&self) -> BTreeSet<&str> {
        let ends = |path: &'_ str| path.match_indices('/').map(|(end, _)| end).collect::<Vec<_>>();
        self.0.keys().flat_map(|path| ends(path).into_iter().map(|end| &path[..end])).collect()
    }

    /// All of it below a folder.
    pub fn inside(self, folder: &str) -> Self {
        Self(self.0.into_iter().map(|(path, item)| (format!("{folder}/{path}"), item)).collect())
    }

    /// Writes the files to the disk, in place of what is there.
    ///
    /// # Errors
    /// When the disk takes nothing.
    pub fn write_to(&self, folder: &Path) -> Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        for (path, item) in self.iter() {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
            fs::write(&path, &item.bytes).with_context(|| format!("cannot write {}", path.display()))?;
            if item.is_executable {
                make_executable(&path)?;
            }
        }
        Ok(())
    }
}

/// Reads a file of the release.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(unix)]
fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on other systems")]
fn make_executable(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_in_the_order_of_their_paths_and_name_their_folders() {
        let mut contents = Contents::default();
        contents.add("b/c/d", "1").unwrap();
        contents.add("a", "2").unwrap();
        let paths: Vec<_> = contents.iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["a", "b/c/d"]);
        assert_eq!(contents.folders().into_iter().collect::<Vec<_>>(), ["b", "b/c"]);
        let inside = contents.inside("top");
        assert!(inside.folders().contains("top"));
    }

    #[test]
    fn no_file_takes_the_place_of_another() {
        let mut contents = Contents::default();
        contents.add("a", "1").unwrap();
        assert!(contents.add_program("a", "2").unwrap_err().to_string().contains('a'));
    }

    #[test]
    fn what_is_written_is_what_a_folder_adds() {
        let folder = tempfile::tempdir().unwrap();
        let mut contents = Contents::default();
        contents.add("x/é.txt", "1").unwrap();
        contents.add("y", "2").unwrap();
        contents.write_to(&folder.path().join("out")).unwrap();
        let mut again = Contents::default();
        again.add_from("top", &folder.path().join("out")).unwrap();
        assert_eq!(again, contents.inside("top"));
    }
}
