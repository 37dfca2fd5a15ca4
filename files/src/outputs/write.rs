//! Writes files whole or not at all, and devices and pipes as they are.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tempfile::NamedTempFile;

/// Locked while folders are created or removed, because another job may be about to use them.
static FOLDERS: Mutex<()> = Mutex::new(());

/// Lets `make` write a file beside `path`, and moves it into place; creates missing folders.
///
/// The new file gets the permissions of the file that it replaces.
///
/// # Errors
/// When something fails; `path` is then as it was, and no folder was made.
pub fn whole<E: From<io::Error>>(path: &Path, make: impl FnOnce(&Path) -> Result<(), E>) -> Result<(), E> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let made;
    let file = {
        let _lock = FOLDERS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let folders: Vec<PathBuf> =
            folder.ancestors().take_while(|folder| !folder.exists()).map(Path::to_owned).collect();
        let file = fs::create_dir_all(folder).and_then(|()| beside(path, folder));
        if file.is_err() {
            clear(&folders);
        }
        made = folders;
        file?
    };
    let written = make(file.path()).and_then(|()| {
        if let Ok(metadata) = fs::metadata(path) {
            fs::set_permissions(file.path(), metadata.permissions())?;
        }
        file.persist(path).map_err(|error| E::from(in_use(error.error))).map(drop)
    });
    if written.is_err() {
        let _lock = FOLDERS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        clear(&made);
    }
    written
}

/// Says on Windows what a refusal to replace a file usually means there: another program has it open.
fn in_use(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::PermissionDenied if cfg!(windows) => {
            io::Error::new(error.kind(), format!("{error}; close the program that has it open"))
        }
        _ => error,
    }
}

/// An empty temporary file with the same extension, by which the format of images is chosen.
fn beside(path: &Path, folder: &Path) -> io::Result<NamedTempFile> {
    let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    let mut builder = tempfile::Builder::new();
    builder.suffix(&ending);
    // Temporary files are private by default; a result has the permissions that the user's umask allows.
    #[cfg(unix)]
    builder.permissions(<fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// Removes created folders, innermost first. A folder with another job's file stays.
fn clear(folders: &[PathBuf]) {
    for folder in folders {
        let _ = fs::remove_dir(folder);
    }
}

/// Writes to a device or a pipe without replacing it.
///
/// # Errors
/// When it takes nothing, or nobody reads from the pipe.
pub fn through(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let _reader = awaited_reader(path)?;
    let mut stream = OpenOptions::new().write(true).open(path)?;
    stream.write_all(bytes)?;
    stream.flush()
}

/// Fails where opening a pipe would wait for a reader, perhaps for ever. Otherwise keeps the pipe open until the result is
/// dropped.
#[cfg(unix)]
fn awaited_reader(path: &Path) -> io::Result<Option<File>> {
    use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
    if !fs::metadata(path)?.file_type().is_fifo() {
        return Ok(None);
    }
    let opened = OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(path);
    opened.map(Some).map_err(|error| match error.raw_os_error() {
        Some(libc::ENXIO) => io::Error::other("nobody reads from it; start what reads first"),
        _ => error,
    })
}

#[cfg(not(unix))]
fn awaited_reader(_path: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old.txt"), folder.path().join("a/b/new.txt"));
        fs::write(&old, b"old").unwrap();
        for path in [&old, &new] {
            let failed = whole(path, |path| {
                fs::write(path, b"half")?;
                Err(io::Error::other("no"))
            });
            assert_eq!(failed.unwrap_err().to_string(), "no");
        }
        assert_eq!(fs::read(&old).unwrap(), b"old");
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["old.txt"]);
    }

    #[test]
    fn a_new_file_is_made_with_its_folders() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/new.txt");
        whole(&path, |path| fs::write(path, b"new")).unwrap();
        assert_eq!(fs::read(path).unwrap(), b"new");
    }
}
