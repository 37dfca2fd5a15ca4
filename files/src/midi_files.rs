//! Finds MIDI files in folders and reads them.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use tonenet_core::midi::Song;

use crate::error::FileError;
use crate::outputs::Identity;

/// Extensions of MIDI files: standard, karaoke, and wrapped in RIFF.
const ENDINGS: [&str; 4] = ["mid", "midi", "kar", "rmi"];

/// Where a MIDI file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Standard input: `-` on the command line.
    Stdin,
}

impl Source {
    /// Reads an argument of the command line.
    pub fn from_argument(path: &Path) -> Self {
        if path == Path::new("-") { Self::Stdin } else { Self::File(path.to_owned()) }
    }

    /// Reads the song, with the source's name in every error.
    ///
    /// # Errors
    /// When it cannot be read, or is no song.
    pub fn read_song(&self) -> Result<Song, FileError> {
        let bytes = match self {
            Self::File(path) => fs::read(path),
            Self::Stdin => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
            }
        };
        let bytes = bytes.map_err(|source| FileError::Unreadable { name: self.to_string(), source })?;
        Song::parse(bytes).map_err(|source| FileError::NotASong { name: self.to_string(), source })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

/// Reads a song, with the file's name in every error.
///
/// # Errors
/// When the file cannot be read, or is no song.
pub fn read_song(path: &Path) -> Result<Song, FileError> {
    Source::File(path.to_owned()).read_song()
}

/// The extensions of MIDI files, as a list for messages.
pub fn endings() -> String {
    ENDINGS.map(|ending| format!(".{ending}")).join(", ")
}

/// The MIDI files and folders in a folder and below.
#[derive(Debug, Default)]
pub struct Found {
    /// MIDI files, in the order of their paths.
    pub files: Vec<PathBuf>,
    /// Every folder that was found.
    pub folders: Vec<PathBuf>,
}

/// Finds the MIDI files in a folder and below. The folder `left_out` is listed among the folders, but not searched.
///
/// Links to folders are followed. A folder that several paths lead to is visited once, by its own path if that is among
/// them.
///
/// # Errors
/// When a folder cannot be read.
pub fn find(folder: &Path, left_out: Option<&Identity>) -> Result<Found, FileError> {
    Walk::new(left_out, &|| true).search(folder)
}

/// Does as [`find`], but stops with what it has found once `goes_on` says no: a folder may be as large as a disk.
///
/// # Errors
/// When a folder cannot be read.
pub fn find_while(folder: &Path, goes_on: &dyn Fn() -> bool) -> Result<Found, FileError> {
    Walk::new(None, goes_on).search(folder)
}

struct Walk<'a> {
    left_out: Option<&'a Identity>,
    goes_on: &'a dyn Fn() -> bool,
    met: HashSet<Identity>,
    /// Links to folders, visited last so that a folder is found by its own path first.
    links: VecDeque<PathBuf>,
    found: Found,
}

impl<'a> Walk<'a> {
    fn new(left_out: Option<&'a Identity>, goes_on: &'a dyn Fn() -> bool) -> Self {
        Self { left_out, goes_on, met: HashSet::new(), links: VecDeque::new(), found: Found::default() }
    }

    fn search(mut self, folder: &Path) -> Result<Found, FileError> {
        self.visit(folder)?;
        while let Some(link) = self.links.pop_front() {
            self.visit(&link)?;
        }
        self.found.files.sort();
        Ok(self.found)
    }

    fn visit(&mut self, folder: &Path) -> Result<(), FileError> {
        let unread = |source| FileError::UnreadableFolder { path: folder.to_owned(), source };
        let identity = Identity::from_path(folder).map_err(unread)?;
        let is_left_out = self.left_out == Some(&identity);
        if !(self.goes_on)() || !self.met.insert(identity) {
            return Ok(());
        }
        self.found.folders.push(folder.to_owned());
        if is_left_out {
            return Ok(());
        }
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = entries.map_err(unread)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => {
                    if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                        self.links.push_back(path);
                    } else {
                        self.visit(&path)?;
                    }
                }
                // Reading a pipe could wait for ever.
                Ok(metadata) if !metadata.is_file() => {}
                // A broken link is listed too: reading it reports why it fails.
                _ if is_midi_file(&path) => self.found.files.push(path),
                _ => {}
            }
        }
        Ok(())
    }
}

fn is_midi_file(path: &Path) -> bool {
    path.extension().is_some_and(|found| ENDINGS.iter().any(|ending| found.eq_ignore_ascii_case(ending)))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_search_that_is_stopped_keeps_what_it_found() {
        let folder = tempfile::tempdir().unwrap();
        for place in ["a", "b", "c"].map(|name| folder.path().join(name)) {
            fs::create_dir(&place).unwrap();
            fs::write(place.join("take.mid"), "").unwrap();
        }
        // The folder itself and two of those in it.
        let left = Cell::new(3);
        let goes_on = || left.replace(left.get() - 1) > 0;
        let found = find_while(folder.path(), &goes_on).unwrap();
        assert_eq!(found.files, ["a/take.mid", "b/take.mid"].map(|file| folder.path().join(file)));
        assert_eq!(find_while(folder.path(), &|| true).unwrap().files, find(folder.path(), None).unwrap().files);
    }
}
