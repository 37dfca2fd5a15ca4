//! Where a command writes, settled against what it reads before anything is written.
//!
//! A command first names its [`Inputs`], then asks the [`Outputs`] for each file that it will write. What would cost an
//! original is refused there, by whatever path or link it is named. Only then does it write, through the [`OutputFile`]s
//! that it got: files whole or not at all, links through to their target, devices and pipes as they are.

mod identity;
mod write;

use std::fs::{self, Metadata, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

pub use identity::Identity;
use identity::{Named, Place, locate};

/// What a command reads.
#[derive(Debug, Default)]
pub struct Inputs {
    files: Named,
    folders: Named,
}

impl Inputs {
    /// Files that are read, and so never written; one that is not there is left to who reads it.
    pub fn files<P: AsRef<Path>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.files.extend(named(paths));
        self
    }

    /// Folders that are read: no file that is in one already, or in a folder below, is replaced.
    pub fn folders<P: AsRef<Path>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.folders.extend(named(paths));
        self
    }

    /// Nothing more is read; what is written comes next.
    pub fn outputs(self) -> Outputs {
        Outputs { inputs: self, files: Named::new(), folders: Named::new(), to_stdout: false }
    }
}

fn named<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> impl Iterator<Item = (Identity, PathBuf)> {
    paths.into_iter().filter_map(|path| Some((Identity::of(path.as_ref()).ok()?, path.as_ref().to_owned())))
}

/// What a command writes.
#[derive(Debug)]
pub struct Outputs {
    inputs: Inputs,
    /// Files that were promised, and the folders that are made for them.
    files: Named,
    folders: Named,
    to_stdout: bool,
}

impl Outputs {
    /// Promises a file.
    ///
    /// # Errors
    /// When an input or another output would be lost, or it cannot be written; nothing was written then.
    pub fn file(&mut self, path: &Path) -> Result<OutputFile> {
        if path.as_os_str().is_empty() {
            bail!("an output has no name; give it one");
        }
        let place = locate(path).with_context(|| format!("cannot write {}", path.display()))?;
        let target = match &place.metadata {
            Some(metadata) if metadata.is_dir() => bail!("{} is a folder; name a file in it", path.display()),
            Some(metadata) if !metadata.is_file() => device(path, metadata)?,
            _ => Target::File(place.path.clone()),
        };
        let target = if is_stdout(&place.identity) { Target::Stdout } else { target };
        // Many may write to a terminal or to /dev/null: there is nothing to lose.
        if !place.metadata.as_ref().is_some_and(is_character_device) {
            self.spare_inputs(path, &place)?;
            self.spare_outputs(path, &place)?;
        }
        if let Target::File(_) = target {
            check_rights(path, &place)?;
        }
        self.to_stdout |= matches!(target, Target::Stdout);
        self.folders.extend(place.identity.missing_folders().map(|folder| (folder, path.to_owned())));
        self.files.insert(place.identity, path.to_owned());
        Ok(OutputFile { name: path.to_owned(), target })
    }

    /// Promises a folder that the command keeps for itself, and whatever it may write there.
    ///
    /// # Errors
    /// When an input is in it, or a link, a device or a file that may not be replaced; nothing was written then.
    pub fn folder(&mut self, path: &Path) -> Result<()> {
        if !path.exists() {
            return self.file(path).map(drop);
        }
        if !path.is_dir() {
            bail!("{} is a file; choose a folder", path.display());
        }
        for entry in fs::read_dir(path).with_context(|| format!("cannot read the folder {}", path.display()))? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let file = entry.path();
            if kind.is_dir() {
                self.folder(&file)?;
            } else if kind.is_file() {
                self.file(&file)?;
            } else {
                bail!("{} is no file of its own; choose another folder than {}", file.display(), path.display());
            }
        }
        Ok(())
    }

    /// Where the command may say what it does: not into what it writes.
    pub fn messages(&self) -> Messages {
        Messages { to_stderr: self.to_stdout }
    }

    fn spare_inputs(&self, path: &Path, place: &Place) -> Result<()> {
        if let Some(input) = self.inputs.files.get(&place.identity) {
            bail!("{} is read and would be overwritten; choose another output{}", input.display(), alias(path, input));
        }
        if place.metadata.is_some() {
            let above = place.path.ancestors().skip(1).filter_map(|folder| Identity::of(folder).ok());
            if let Some(folder) = above.filter_map(|folder| self.inputs.folders.get(&folder)).last() {
                bail!(
                    "{} is in {}, which is read, and would be overwritten; choose another output, or remove that file",
                    path.display(),
                    folder.display()
                );
            }
        }
        Ok(())
    }

    fn spare_outputs(&self, path: &Path, place: &Place) -> Result<()> {
        if let Some(other) = self.files.get(&place.identity) {
            bail!("{} would be written twice; give the outputs different names{}", other.display(), alias(path, other));
        }
        let folder_as_file = self.folders.get(&place.identity);
        let file_as_folder = place.identity.missing_folders().find_map(|folder| self.files.get(&folder).cloned());
        if let Some(other) = folder_as_file.or(file_as_folder.as_ref()) {
            bail!("of {} and {} one would be a folder, the other a file", path.display(), other.display());
        }
        Ok(())
    }
}

/// Says what a file is called elsewhere, where that is something else.
fn alias(path: &Path, other: &Path) -> String {
    if path == other { String::new() } else { format!(" than {}", path.display()) }
}

fn check_rights(path: &Path, place: &Place) -> Result<()> {
    if let Some(metadata) = &place.metadata {
        // Whoever may do anything may write it too, but meant to keep it.
        if metadata.permissions().readonly() {
            bail!("{} is read-only; choose another output, or make it writable", path.display());
        }
        let opened = OpenOptions::new().write(true).open(&place.path);
        opened.with_context(|| format!("cannot write {}; choose another output", path.display()))?;
    }
    // Where it is made without a name, nobody sees it.
    let probe = tempfile::tempfile_in(&place.folder);
    probe.with_context(|| format!("cannot write {}; choose a folder you may write to", path.display()))?;
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
fn device(path: &Path, metadata: &Metadata) -> Result<Target> {
    use std::os::unix::fs::FileTypeExt;
    if metadata.file_type().is_block_device() {
        bail!("{} is a disk; choose another output", path.display());
    }
    Ok(Target::Stream(path.to_owned()))
}

#[cfg(not(unix))]
fn device(path: &Path, _metadata: &Metadata) -> Result<Target> {
    Ok(Target::Stream(path.to_owned()))
}

/// Whether it is what this program prints to.
#[cfg(unix)]
fn is_stdout(identity: &Identity) -> bool {
    use std::os::fd::AsFd;
    let stdout = std::io::stdout().as_fd().try_clone_to_owned().map(fs::File::from);
    stdout.and_then(|stdout| Identity::of_open(&stdout)).is_ok_and(|stdout| stdout == *identity)
}

#[cfg(not(unix))]
fn is_stdout(_identity: &Identity) -> bool {
    false
}

#[derive(Debug)]
enum Target {
    /// A file, there or not, with every link followed.
    File(PathBuf),
    /// A device or pipe, which is written to.
    Stream(PathBuf),
    /// What this program prints to, whatever that is.
    Stdout,
}

/// A file that a command may write.
#[derive(Debug)]
pub struct OutputFile {
    name: PathBuf,
    target: Target,
}

impl OutputFile {
    /// What the user calls it.
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// Writes it; its folder is made where there is none.
    ///
    /// # Errors
    /// When it cannot be written; a file is then as it was.
    pub fn write(&self, bytes: &[u8]) -> Result<()> {
        let written = match &self.target {
            Target::File(path) => write::whole(path, |path| fs::write(path, bytes)),
            Target::Stream(path) => write::through(path, bytes),
            Target::Stdout => {
                let mut stdout = std::io::stdout().lock();
                stdout.write_all(bytes).and_then(|()| stdout.flush())
            }
        };
        written.with_context(|| format!("cannot write {}", self.name.display()))
    }

    /// Has `make` write it at a path of its own first, which ends like its name.
    ///
    /// # Errors
    /// When `make` fails or the file cannot be written; a file is then as it was.
    pub fn make(&self, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        if let Target::File(path) = &self.target {
            return write::whole(path, make).with_context(|| format!("cannot write {}", self.name.display()));
        }
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let file = folder.path().join(self.name.file_name().unwrap_or(self.name.as_os_str()));
        make(&file)?;
        self.write(&fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?)
    }
}

/// Writes a file of a folder that was promised by [`Outputs::folder`].
///
/// # Errors
/// When it cannot be written; it is then as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    write::whole(path, |path| fs::write(path, bytes)).with_context(|| format!("cannot write {}", path.display()))
}

/// Where a command says what it does.
#[derive(Debug, Clone, Copy)]
pub struct Messages {
    to_stderr: bool,
}

impl Messages {
    /// Prints a line.
    pub fn line(self, line: impl std::fmt::Display) {
        if self.to_stderr {
            eprintln!("{line}");
        } else {
            println!("{line}");
        }
    }
}
