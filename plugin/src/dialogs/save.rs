//! Writes the file that the user chose in a dialog: the whole file or none.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Writes a file, and returns its path. Adds the extension if the path has none.
///
/// The dialog has asked before it lets the user choose a file that is there. It has not asked about a path that only
/// gets its name here, so such a file is never replaced.
pub(super) fn save(bytes: &[u8], chosen: PathBuf, extension: &str) -> Result<PathBuf, String> {
    let is_confirmed = chosen.extension().is_some();
    let path = if is_confirmed { chosen } else { chosen.with_extension(extension) };
    match write(bytes, &path, is_confirmed) {
        Ok(()) => Ok(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(format!("{} is there already; choose another name, or that one with its ending", path.display()))
        }
        Err(error) => Err(format!("cannot write {}: {error}", path.display())),
    }
}

fn write(bytes: &[u8], path: &Path, may_replace: bool) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = beside(folder)?;
    file.write_all(bytes)?;
    if may_replace { file.persist(path) } else { file.persist_noclobber(path) }?;
    Ok(())
}

/// An empty temporary file. It has the permissions that the user's umask allows.
fn beside(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(<std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_the_dialog_did_not_ask_about_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("evening.mid");
        assert_eq!(save(b"one", folder.path().join("evening"), "mid"), Ok(file.clone()));
        let refusal = save(b"two", folder.path().join("evening"), "mid").unwrap_err();
        assert!(refusal.contains("evening.mid is there already"), "{refusal}");
        assert_eq!(std::fs::read(&file).unwrap(), b"one");
        assert_eq!(save(b"two", file.clone(), "mid"), Ok(file.clone()), "the dialog asked about this one");
        assert_eq!(std::fs::read(&file).unwrap(), b"two");
    }

    #[test]
    fn nothing_is_left_of_a_file_that_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("a folder.mid");
        std::fs::create_dir(&taken).unwrap();
        let refusal = save(b"one", taken.clone(), "mid").unwrap_err();
        assert!(refusal.contains("cannot write") && refusal.contains("a folder.mid"), "{refusal}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "only the folder");
    }
}
