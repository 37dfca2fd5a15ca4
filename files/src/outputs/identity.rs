//! Recognises one file by every path that leads to it.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};

/// How many links are followed: as many as Linux follows.
const MOST_LINKS: usize = 40;

/// Identifies an existing file or folder, the same by every path to it.
#[cfg(unix)]
type Anchor = (u64, u64);
#[cfg(not(unix))]
type Anchor = PathBuf;

/// Identifies what a path leads to. All paths to a file are equal, through links and before the file exists.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    anchor: Anchor,
    /// The part of the path that does not exist yet, below the anchor.
    missing: PathBuf,
}

impl Identity {
    /// Identifies what exists at a path.
    pub fn from_path(path: &Path) -> io::Result<Self> {
        Self::from_metadata(path, &fs::metadata(path)?)
    }

    /// Identifies an open file.
    #[cfg(unix)]
    pub fn from_open_file(file: &fs::File) -> io::Result<Self> {
        Self::from_metadata(Path::new(""), &file.metadata()?)
    }

    #[cfg(unix)]
    fn from_metadata(_path: &Path, metadata: &Metadata) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        Ok(Self { anchor: (metadata.dev(), metadata.ino()), missing: PathBuf::new() })
    }

    // Hard links count as separate files here.
    #[cfg(not(unix))]
    fn from_metadata(path: &Path, _metadata: &Metadata) -> io::Result<Self> {
        Ok(Self { anchor: path.canonicalize()?, missing: PathBuf::new() })
    }

    /// The folders that must be created for it, innermost first.
    pub fn missing_folders(&self) -> impl Iterator<Item = Self> + '_ {
        let folders = self.missing.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        folders.map(|folder| Self { missing: folder.into(), ..self.clone() })
    }
}

/// Files by identity, each with the path that named it.
pub type Named = HashMap<Identity, PathBuf>;

/// Where a file exists or would be created.
#[derive(Debug)]
pub struct Place {
    /// Its identity.
    pub identity: Identity,
    /// Its path with every link followed.
    pub path: PathBuf,
    /// The metadata of what exists there.
    pub metadata: Option<Metadata>,
    /// The innermost folder that exists.
    pub folder: PathBuf,
}

/// Follows a path to the file that it leads to, or would lead to once missing folders were created.
///
/// # Errors
/// When links lead in circles, a file stands where a folder should be, or a folder may not be looked into.
pub fn locate(path: &Path) -> io::Result<Place> {
    let mut path = std::path::absolute(path)?;
    for _ in 0..MOST_LINKS {
        match fs::metadata(&path) {
            Ok(metadata) => return existing(&path, metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let there = path.ancestors().find(|ancestor| fs::symlink_metadata(ancestor).is_ok());
        let no_drive = || io::Error::new(io::ErrorKind::NotFound, "there is no such drive");
        let there = there.ok_or_else(no_drive)?;
        let missing = path.strip_prefix(there).unwrap_or(Path::new(""));
        if let Ok(target) = fs::read_link(there) {
            // The target of a link to a missing file would be created.
            path = there.parent().unwrap_or(there).join(target).join(missing);
            continue;
        }
        let folder = there.canonicalize()?;
        if missing.components().any(|part| part == Component::ParentDir) {
            // A missing folder would be created as a folder, not as a link, so its parent is known.
            path = without_parents(&folder, missing);
            continue;
        }
        let identity = Identity { missing: missing.into(), ..Identity::from_path(&folder)? };
        return Ok(Place { identity, path: folder.join(missing), metadata: None, folder });
    }
    Err(io::Error::other("its links lead in circles"))
}

fn existing(path: &Path, metadata: Metadata) -> io::Result<Place> {
    let identity = Identity::from_metadata(path, &metadata)?;
    // A pipe has no path of its own.
    let path = if metadata.is_file() { path.canonicalize()? } else { path.to_owned() };
    let folder = path.parent().unwrap_or(&path).to_owned();
    Ok(Place { identity, path, metadata: Some(metadata), folder })
}

fn without_parents(folder: &Path, missing: &Path) -> PathBuf {
    missing.components().fold(folder.to_owned(), |mut path, part| {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            part => path.push(part),
        }
        path
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn identity(path: PathBuf) -> Identity {
        locate(&path).unwrap().identity
    }

    #[test]
    fn an_existing_file_has_one_identity_by_every_path() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("in")).unwrap();
        fs::write(at("in/a.mid"), b"a").unwrap();
        fs::write(at("in/b.mid"), b"a").unwrap();
        symlink(at("in/a.mid"), at("link.mid")).unwrap();
        fs::hard_link(at("in/a.mid"), at("hard.mid")).unwrap();
        symlink("in", at("folder")).unwrap();
        let a = identity(at("in/a.mid"));
        for path in ["link.mid", "hard.mid", "folder/a.mid", "in/../in/./a.mid", "missing/../in/a.mid"] {
            assert_eq!(identity(at(path)), a, "{path}");
        }
        assert_ne!(identity(at("in/b.mid")), a);
        assert_eq!(locate(&at("folder/a.mid")).unwrap().path, at("in/a.mid").canonicalize().unwrap());
    }

    #[test]
    fn a_missing_file_has_one_identity_by_every_path() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("real")).unwrap();
        symlink("real", at("folder")).unwrap();
        symlink("real/new/a.mid", at("dangling.mid")).unwrap();
        symlink("real/new", at("dangling")).unwrap();
        let new = identity(at("real/new/a.mid"));
        for path in ["folder/new/a.mid", "dangling.mid", "dangling/a.mid", "real/x/../new/a.mid", "real/new/./a.mid"] {
            assert_eq!(identity(at(path)), new, "{path}");
        }
        assert_ne!(identity(at("real/new/b.mid")), new);
        assert_eq!(new.missing_folders().collect::<Vec<_>>(), [identity(at("real/new"))]);
        assert!(!at("real/new").exists());
    }

    #[test]
    fn paths_that_lead_nowhere_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        symlink("round", at("round")).unwrap();
        fs::write(at("file"), b"").unwrap();
        for path in ["round", "round/a.mid", "file/a.mid", "file/new/a.mid"] {
            assert!(locate(&at(path)).is_err(), "{path}");
        }
    }
}
