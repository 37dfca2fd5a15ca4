//! Decides where a command may write, before it writes anything, so that no file it reads is overwritten.
//!
//! A command first names its [`Inputs`], then reserves each file that it will write with [`Outputs`]. Outputs refuse a
//! file that would replace an original, by whatever path or link it is named. The command then writes through the
//! [`OutputFile`]s: a file is written whole or not at all, a link through to its target, a device or pipe as it is.

mod identity;
mod write;

use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::error::{FileError, Refusal};
pub use identity::Identity;
use identity::{Named, Place, locate};

/// What a command reads.
#[derive(Debug, Default)]
pub struct Inputs {
    files: Named,
    results: Named,
    folders: Named,
}

impl Inputs {
    /// Adds files that are read, and so never written. A missing file is no error here; reading it will be.
    pub fn files<P: AsRef<Path>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.files.extend(named(paths));
        self
    }

    /// Adds results of an earlier run, which only [`Outputs::replaced_result`] replaces.
    pub fn results<P: AsRef<Path>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.results.extend(named(paths));
        self
    }

    /// Adds folders that are read: no file that exists in one, or in a folder below, is replaced.
    pub fn folders<P: AsRef<Path>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.folders.extend(named(paths));
        self
    }

    /// Ends the list of inputs; outputs are reserved next.
    pub fn outputs(self) -> Outputs {
        Outputs { inputs: self, files: Named::new(), folders: Named::new(), to_stdout: false }
    }
}

fn named<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> impl Iterator<Item = (Identity, PathBuf)> {
    paths.into_iter().filter_map(|path| Some((Identity::from_path(path.as_ref()).ok()?, path.as_ref().to_owned())))
}

/// What a command writes.
#[derive(Debug)]
pub struct Outputs {
    inputs: Inputs,
    /// Files that are reserved, and the folders that are made for them.
    files: Named,
    folders: Named,
    to_stdout: bool,
}

impl Outputs {
    /// Reserves a file; an existing one is replaced.
    ///
    /// # Errors
    /// When an input or another output would be lost, or it cannot be written; nothing was written then.
    pub fn file(&mut self, path: &Path) -> Result<OutputFile, FileError> {
        self.reserve(path, Existing::Replace)
    }

    /// Reserves a file that must not exist yet. Use it where the user did not choose the name.
    ///
    /// # Errors
    /// As [`Self::file`], and when something is there.
    pub fn new_file(&mut self, path: &Path) -> Result<OutputFile, FileError> {
        self.reserve(path, Existing::Refuse)
    }

    /// Reserves a file that an earlier run made, to replace it; it may be in a folder that is read.
    ///
    /// # Errors
    /// As [`Self::file`].
    pub fn replaced_result(&mut self, path: &Path) -> Result<OutputFile, FileError> {
        self.reserve(path, Existing::Result)
    }

    /// Reserves standard output for one file.
    ///
    /// # Errors
    /// When it is a terminal, or reserved already.
    pub fn stdout(&mut self) -> Result<OutputFile, FileError> {
        if self.to_stdout {
            return Err(Refusal::OneStream.into());
        }
        if io::stdout().is_terminal() {
            return Err(Refusal::Terminal.into());
        }
        self.to_stdout = true;
        Ok(OutputFile { name: "standard output".into(), target: Target::Stdout })
    }

    fn reserve(&mut self, path: &Path, existing: Existing) -> Result<OutputFile, FileError> {
        if path.as_os_str().is_empty() {
            return Err(Refusal::NoName.into());
        }
        let place = locate(path).map_err(|error| FileError::unwritable(path, error))?;
        let target = match &place.metadata {
            Some(metadata) if metadata.is_dir() => return Err(Refusal::IsFolder(path.to_owned()).into()),
            Some(metadata) if !metadata.is_file() => device(path, metadata)?,
            _ => Target::File(place.path.clone()),
        };
        let target = if is_stdout(&place.identity) { Target::Stdout } else { target };
        // Several outputs may share a terminal or /dev/null: nothing is lost there.
        if !place.metadata.as_ref().is_some_and(is_character_device) {
            self.check_inputs(path, &place, existing)?;
            self.check_outputs(path, &place)?;
        }
        if let Target::File(_) = target {
            check_rights(path, &place)?;
        }
        self.to_stdout |= matches!(target, Target::Stdout);
        self.folders.extend(place.identity.missing_folders().map(|folder| (folder, path.to_owned())));
        self.files.insert(place.identity, path.to_owned());
        Ok(OutputFile { name: path.to_owned(), target })
    }

    /// Reserves a folder for this command alone, with every file in it.
    ///
    /// # Errors
    /// When an input is in it, or a link, a device or a file that may not be replaced; nothing was written then.
    pub fn folder(&mut self, path: &Path) -> Result<(), FileError> {
        if !path.exists() {
            return self.file(path).map(drop);
        }
        if !path.is_dir() {
            return Err(Refusal::IsFile(path.to_owned()).into());
        }
        let unread = |source| FileError::UnreadableFolder { path: path.to_owned(), source };
        for entry in fs::read_dir(path).map_err(unread)? {
            let entry = entry.map_err(unread)?;
            let kind = entry.file_type().map_err(unread)?;
            let file = entry.path();
            if kind.is_dir() {
                self.folder(&file)?;
            } else if kind.is_file() {
                self.file(&file)?;
            } else {
                return Err(Refusal::Irregular { path: file, folder: path.to_owned() }.into());
            }
        }
        Ok(())
    }

    /// Where the command prints messages, so that they do not mix with a file on standard output.
    pub fn messages(&self) -> Messages {
        Messages { to_stderr: self.to_stdout }
    }

    fn check_inputs(&self, path: &Path, place: &Place, existing: Existing) -> Result<(), Refusal> {
        let Inputs { files, results, folders } = &self.inputs;
        let result = results.get(&place.identity).filter(|_| existing == Existing::Replace);
        if let Some(input) = files.get(&place.identity).or(result) {
            return Err(Refusal::Input { path: path.to_owned(), input: input.clone() });
        }
        if place.metadata.is_none() {
            return Ok(());
        }
        match existing {
            Existing::Result => {}
            Existing::Refuse => return Err(Refusal::AlreadyThere(path.to_owned())),
            Existing::Replace => {
                let above = place.path.ancestors().skip(1).filter_map(|folder| Identity::from_path(folder).ok());
                if let Some(folder) = above.filter_map(|folder| folders.get(&folder)).last() {
                    return Err(Refusal::InReadFolder { path: path.to_owned(), folder: folder.clone() });
                }
            }
        }
        Ok(())
    }

    fn check_outputs(&self, path: &Path, place: &Place) -> Result<(), Refusal> {
        if let Some(other) = self.files.get(&place.identity) {
            return Err(Refusal::Twice { path: path.to_owned(), other: other.clone() });
        }
        let folder_as_file = self.folders.get(&place.identity);
        let file_as_folder = place.identity.missing_folders().find_map(|folder| self.files.get(&folder).cloned());
        if let Some(other) = folder_as_file.or(file_as_folder.as_ref()) {
            return Err(Refusal::FileAndFolder { path: path.to_owned(), other: other.clone() });
        }
        Ok(())
    }
}

/// What happens to a file that exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Existing {
    /// It is replaced, unless it is in a folder that is read.
    Replace,
    /// It stays.
    Refuse,
    /// It was made by an earlier run and is replaced wherever it is.
    Result,
}

fn check_rights(path: &Path, place: &Place) -> Result<(), FileError> {
    let unwritable = |advice| move |source| FileError::Unwritable { path: path.to_owned(), advice, source };
    if let Some(metadata) = &place.metadata {
        // The superuser could write it, but it was made read-only on purpose.
        if metadata.permissions().readonly() {
            return Err(Refusal::ReadOnly(path.to_owned()).into());
        }
        let opened = OpenOptions::new().write(true).open(&place.path);
        opened.map_err(unwritable("; choose another output"))?;
    }
    // An unnamed file shows whether the folder is writable, and leaves no trace.
    let probe = tempfile::tempfile_in(&place.folder);
    probe.map_err(unwritable("; choose a folder you may write to"))?;
    Ok(())
}

#[cfg(unix)]
fn is_character_device(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_char_device()
}

#[cfg(not(unix))]
fn is_character_device(metadata: &Metadata) -> bool {
    !metadata.is_file() && !metadata.is_dir()
}

#[cfg(unix)]
fn device(path: &Path, metadata: &Metadata) -> Result<Target, Refusal> {
    use std::os::unix::fs::FileTypeExt;
    if metadata.file_type().is_block_device() {
        return Err(Refusal::IsDisk(path.to_owned()));
    }
    Ok(Target::Stream(path.to_owned()))
}

#[cfg(not(unix))]
fn device(path: &Path, _metadata: &Metadata) -> Result<Target, Refusal> {
    Ok(Target::Stream(path.to_owned()))
}

/// Whether a path leads to standard output.
#[cfg(unix)]
fn is_stdout(identity: &Identity) -> bool {
    use std::os::fd::AsFd;
    let stdout = io::stdout().as_fd().try_clone_to_owned().map(fs::File::from);
    stdout.and_then(|stdout| Identity::from_open_file(&stdout)).is_ok_and(|stdout| stdout == *identity)
}

#[cfg(not(unix))]
fn is_stdout(_identity: &Identity) -> bool {
    false
}

#[derive(Debug)]
enum Target {
    /// A file, there or not, with every link followed.
    File(PathBuf),
    /// A device or pipe.
    Stream(PathBuf),
    /// Standard output, whatever that is.
    Stdout,
}

/// A file that a command has reserved and may write.
#[derive(Debug)]
pub struct OutputFile {
    name: PathBuf,
    target: Target,
}

impl OutputFile {
    /// The name that the user gave.
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// Writes it; its folder is made where there is none.
    ///
    /// # Errors
    /// When it cannot be written; a file is then as it was.
    pub fn write(&self, bytes: &[u8]) -> Result<(), FileError> {
        let written = match &self.target {
            Target::File(path) => write::whole(path, |path| fs::write(path, bytes)),
            Target::Stream(path) => write::through(path, bytes),
            Target::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes).and_then(|()| stdout.flush())
            }
        };
        written.map_err(|error| FileError::unwritable(&self.name, error))
    }

    /// Lets `make` write the file at a temporary path with the same extension first.
    ///
    /// # Errors
    /// When `make` fails or the file cannot be written; a file is then as it was.
    pub fn make<E: From<FileError>>(&self, make: impl FnOnce(&Path) -> Result<(), E>) -> Result<(), E> {
        let unwritable = |error| FileError::unwritable(&self.name, error);
        if let Target::File(path) = &self.target {
            let made = write::whole(path, |path| make(path).map_err(MakeError::Failed));
            return made.map_err(|error| match error {
                MakeError::Unwritable(error) => unwritable(error).into(),
                MakeError::Failed(error) => error,
            });
        }
        let folder = tempfile::tempdir().map_err(unwritable)?;
        let file = folder.path().join(self.name.file_name().unwrap_or(self.name.as_os_str()));
        make(&file)?;
        let bytes = fs::read(&file).map_err(unwritable)?;
        Ok(self.write(&bytes)?)
    }
}

/// Why a file was not made.
enum MakeError<E> {
    Unwritable(io::Error),
    Failed(E),
}

impl<E> From<io::Error> for MakeError<E> {
    fn from(error: io::Error) -> Self {
        Self::Unwritable(error)
    }
}

/// Writes a file in a folder that [`Outputs::folder`] reserved.
///
/// # Errors
/// When it cannot be written; it is then as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write::whole(path, |path| fs::write(path, bytes)).map_err(|error| FileError::unwritable(path, error))
}

/// Prints a command's messages: to standard output, unless that carries a file.
#[derive(Debug, Clone, Copy)]
pub struct Messages {
    to_stderr: bool,
}

impl Messages {
    /// Whether standard output carries a file.
    pub fn are_on_stderr(self) -> bool {
        self.to_stderr
    }

    /// Prints a line.
    pub fn line(self, line: impl std::fmt::Display) {
        if self.to_stderr {
            eprintln!("{line}");
        } else {
            println!("{line}");
        }
    }
}
