//! Writes the file that the user chose in a dialog: the whole file or none.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::presets::is_device;

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
    #[cfg_attr(not(unix), allow(unused_mut, reason = "only Unix has permissions to set"))]
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(<std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// The name that a dialog suggests for what the user has called `name`: one that every system accepts.
pub(super) fn suggested_name(name: &str, extension: &str) -> String {
    let is_allowed = |c: char| !c.is_control() && !r#"<>:"/\|?*"#.contains(c);
    let stem: String = name.chars().map(|c| if is_allowed(c) { c } else { '-' }).collect();
    // Windows drops dots and spaces at the end.
    let stem = stem.trim_end_matches(['.', ' ']);
    let mark = if stem.is_empty() || is_device(stem) { "_" } else { "" };
    format!("{stem}{mark}.{extension}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_suggested_name_is_the_users_where_every_system_accepts_it() {
        for (name, suggested) in [
            ("Späte Nacht 夜", "Späte Nacht 夜.tonestyle"),
            ("Bach/Gould: 1955?", "Bach-Gould- 1955-.tonestyle"),
            ("Con", "Con_.tonestyle"),
            ("COM¹", "COM¹_.tonestyle"),
            ("to be continued...", "to be continued.tonestyle"),
            ("..", "_.tonestyle"),
        ] {
            assert_eq!(suggested_name(name, "tonestyle"), suggested);
        }
    }

    proptest! {
        #[test]
        fn any_suggested_name_is_one_file_in_its_folder(name in "\\PC{0,20}") {
            let suggested = suggested_name(&name, "mid");
            let path = Path::new(&suggested);
            prop_assert_eq!(path.file_name().and_then(|name| name.to_str()), Some(suggested.as_str()));
            prop_assert!(!suggested.contains(['/', '\\', ':', '"', '<', '>', '|', '?', '*']));
        }
    }

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
