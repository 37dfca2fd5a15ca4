//! MIDI files on disk: which there are in a folder, and what is in one.

use std::collections::{HashSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tonenet_core::midi::Song;

use crate::outputs::Identity;

/// The endings of MIDI files: standard, karaoke, and wrapped in RIFF.
const ENDINGS: [&str; 4] = ["mid", "midi", "kar", "rmi"];

/// Reads a song, with the file's name in every error.
///
/// # Errors
/// When the file cannot be read, or is no song.
pub fn read_song(path: &Path) -> Result<Song> {
    let bytes =
        fs::read(path).with_context(|| format!("cannot read {}; check its name and your rights", path.display()))?;
    Song::parse(bytes).with_context(|| format!("cannot use {}", path.display()))
}

/// The endings, as a person reads them.
pub fn endings() -> String {
    ENDINGS.map(|ending| format!(".{ending}")).join(", ")
}

/// What is in a folder and the folders below it.
#[derive(Debug, Default)]
pub struct Found {
    /// MIDI files, in the order of their paths.
    pub files: Vec<PathBuf>,
    /// Every folder that was met.
    pub folders: Vec<PathBuf>,
}

/// Finds the MIDI files in a folder and below; what is in the folder `left_out` is met, but not looked at.
///
/// Links to folders are followed. A folder that several paths lead to is visited once, by its own path if that is among
/// them.
///
/// # Errors
/// When a folder cannot be read.
pub fn find(folder: &Path, left_out: Option<&Identity>) -> Result<Found> {
    let mut walk = Walk { left_out, met: HashSet::new(), links: VecDeque::new(), found: Found::default() };
    walk.visit(folder)?;
    while let Some(link) = walk.links.pop_front() {
        walk.visit(&link)?;
    }
    walk.found.files.sort();
    Ok(walk.found)
}

struct Walk<'a> {
    left_out: Option<&'a Identity>,
    met: HashSet<Identity>,
    /// Links to folders, for later: the folders' own paths come first.
    links: VecDeque<PathBuf>,
    found: Found,
}

impl Walk<'_> {
    fn visit(&mut self, folder: &Path) -> Result<()> {
        let unread = || format!("cannot read the folder {}", folder.display());
        let identity = Identity::of(folder).with_context(unread)?;
        let is_left_out = self.left_out == Some(&identity);
        if !self.met.insert(identity) {
            return Ok(());
        }
        self.found.folders.push(folder.to_owned());
        if is_left_out {
            return Ok(());
        }
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = entries.with_context(unread)?;
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
                // A pipe would be waited for.
                Ok(metadata) if !metadata.is_file() => {}
                // Why a file cannot be read is told when it is.
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
