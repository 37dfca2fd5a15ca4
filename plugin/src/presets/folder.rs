//! The folder with the user's presets, one file each.
//!
//! A file is written whole or not at all. As each preset has a file of its own, two instances lose none of each other's.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tonenet_inference::folders;

use super::file::MOST_BYTES;
use super::{EXTENSION, Preset, PresetError};

/// Names the folder where the user wants another one than the platform's.
const VARIABLE: &str = "TONENET_PRESETS";

/// The most presets that are listed.
const MOST_PRESETS: usize = 1_000;

/// The folder with the user's presets.
#[derive(Debug, Clone)]
pub struct PresetFolder(Option<PathBuf>);

/// What is in the folder.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Contents {
    /// The presets, in the order of their names.
    pub presets: Vec<Preset>,
    /// Why some files are left out.
    pub problems: Vec<String>,
}

impl PresetFolder {
    /// The folder in the platform's configuration folder, or the one that the environment variable `TONENET_PRESETS` names.
    pub fn of_user() -> Self {
        let named = std::env::var_os(VARIABLE).map(PathBuf::from);
        let usual = || folders::config().map(|folder| folder.join("presets"));
        Self(named.or_else(usual))
    }

    /// A folder anywhere. It is made when the first preset is saved.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(Some(path.into()))
    }

    /// The preset of a name, if there is one.
    pub fn find(&self, name: &str) -> Option<Preset> {
        self.read().presets.into_iter().find(|preset| preset.name.eq_ignore_ascii_case(name))
    }

    /// Reads all presets. Files that hold none are named.
    pub(super) fn read(&self) -> Contents {
        let mut contents = Contents::default();
        let Some(entries) = self.0.as_deref().and_then(|folder| fs::read_dir(folder).ok()) else { return contents };
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == EXTENSION) && path.is_file());
        // Of two files with the same preset the one that is named after it counts, so those come first.
        paths.sort_by_cached_key(|path| (!is_named_after_its_preset(path), path.clone()));
        for path in paths.iter().take(MOST_PRESETS) {
            match read_file(path) {
                Ok(preset) => contents.presets.push(preset),
                Err(error) => contents.problems.push(error.to_string()),
            }
        }
        contents.presets.sort_by_cached_key(|preset| preset.name.to_lowercase());
        contents.presets.dedup_by(|later, first| later.name == first.name);
        contents
    }

    /// Saves a preset. One of the same name is replaced only if the user said so.
    ///
    /// # Errors
    /// When there is one of that name, or the file cannot be written.
    pub(super) fn save(&self, preset: &Preset, may_replace: bool) -> Result<(), PresetError> {
        let path = self.existing(&preset.name).or_else(|_| self.path(&preset.name))?;
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AlreadyExists => PresetError::Taken { name: preset.name.clone() },
            _ => PresetError::Unwritable { name: preset.name.clone(), source },
        };
        write(&path, &preset.to_bytes(), may_replace).map_err(failed)
    }

    /// Gives a preset another name.
    ///
    /// # Errors
    /// When it is gone, another one has that name, or a file cannot be written.
    pub(super) fn rename(&self, name: &str, to: &str) -> Result<(), PresetError> {
        let from = self.existing(name)?;
        let renamed = read_file(&from)?.renamed(to)?;
        let path = self.path(&renamed.name)?;
        if path == from {
            return self.save(&renamed, true);
        }
        // On systems that ignore case, the new name may lead to the same file.
        let is_same = fs::canonicalize(&path).ok().is_some_and(|path| Some(path) == fs::canonicalize(&from).ok());
        self.save(&renamed, is_same)?;
        if is_same { fs::rename(&from, &path) } else { fs::remove_file(&from) }
            .map_err(|source| PresetError::Unwritable { name: name.into(), source })
    }

    /// Deletes a preset.
    ///
    /// # Errors
    /// When it is gone, or the file cannot be deleted.
    pub(super) fn delete(&self, name: &str) -> Result<(), PresetError> {
        let path = self.existing(name)?;
        fs::remove_file(path).map_err(|source| PresetError::Unwritable { name: name.into(), source })
    }

    /// The file of a preset that is there.
    fn existing(&self, name: &str) -> Result<PathBuf, PresetError> {
        let usual = self.path(name)?;
        let holds = |path: &Path| read_file(path).is_ok_and(|preset| preset.name == name);
        if holds(&usual) {
            return Ok(usual);
        }
        // A file that the user copied into the folder may have any name.
        let entries = usual.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten();
        let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let is_preset = |path: &PathBuf| path.extension().is_some_and(|extension| extension == EXTENSION);
        paths.find(|path| is_preset(path) && holds(path)).ok_or_else(|| PresetError::Gone { name: name.into() })
    }

    fn path(&self, name: &str) -> Result<PathBuf, PresetError> {
        let folder = self.0.as_ref().ok_or(PresetError::NoFolder)?;
        Ok(folder.join(file_name(name)))
    }
}

/// Whether a file has the name that saving its preset gives it.
fn is_named_after_its_preset(path: &Path) -> bool {
    let Ok(preset) = read_file(path) else { return false };
    path.file_name().is_some_and(|name| name.to_string_lossy() == file_name(&preset.name))
}

/// Reads a preset from a file.
pub(super) fn read_file(path: &Path) -> Result<Preset, PresetError> {
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let mut bytes = Vec::new();
    // A larger file is refused by its length, so no more of it is read.
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) => Preset::from_bytes(&bytes, &file),
        Err(source) => Err(PresetError::Unreadable { file, source }),
    }
}

/// A file's name for a preset that every system accepts. ASCII characters other than letters, digits, spaces, hyphens and
/// underscores are written as numbers, so that different names have different files.
pub(super) fn file_name(name: &str) -> String {
    let mut stem = String::new();
    for character in name.chars() {
        if !character.is_ascii() || character.is_alphanumeric() || matches!(character, ' ' | '-' | '_') {
            stem.push(character);
        } else {
            stem.push_str(&format!("%{:x}%", u32::from(character)));
        }
    }
    let mark = if is_device(&stem) { "%" } else { "" };
    format!("{stem}{mark}.{EXTENSION}")
}

/// Whether a file's name without its extension means a device on Windows, whatever the extension: CON, NUL, COM1, LPT².
pub(crate) fn is_device(stem: &str) -> bool {
    const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
    let lower = stem.trim_end().to_lowercase();
    let is_port = lower.chars().count() == 4 && (lower.starts_with("com") || lower.starts_with("lpt"));
    DEVICES.contains(&lower.as_str()) || is_port
}

fn write(path: &Path, bytes: &[u8], may_replace: bool) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".tonenet").tempfile_in(folder)?;
    file.write_all(bytes)?;
    if may_replace { file.persist(path) } else { file.persist_noclobber(path) }?;
    Ok(())
}
