//! Why a file cannot be read or written, in words for the person who named it.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use tonenet_core::midi::MidiError;

use crate::midi_files::endings;

/// Why a file was not read or written.
#[derive(Debug, Error)]
pub enum FileError {
    /// A file cannot be read.
    #[error("cannot read {name}; check its name and your rights")]
    Unreadable {
        /// The name that the user gave.
        name: String,
        /// Why not.
        source: io::Error,
    },
    /// A file is not a MIDI file.
    #[error("cannot use {name}")]
    NotASong {
        /// The name that the user gave.
        name: String,
        /// Why not.
        source: MidiError,
    },
    /// A folder cannot be read.
    #[error("cannot read the folder {}", path.display())]
    UnreadableFolder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// No MIDI file was found.
    #[error("there is no MIDI file ({}) in {}", endings(), path.display())]
    NoMidiFile {
        /// The first place that was searched.
        path: PathBuf,
    },
    /// A path does not end in a file's name.
    #[error("{} is no file; name a MIDI file or a folder", path.display())]
    NoFileName {
        /// The path.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("cannot write {}{advice}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What to do, or nothing.
        advice: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A file must not be written.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The result of an input has nowhere to go.
    #[error("nothing was made of {input}")]
    NoResult {
        /// The name that the user gave the input.
        input: String,
        /// Why not.
        source: Box<FileError>,
    },
}

impl FileError {
    /// A file cannot be written, and there is nothing to advise.
    pub fn unwritable(path: &Path, source: io::Error) -> Self {
        Self::Unwritable { path: path.to_owned(), advice: "", source }
    }
}

/// Why a file must not be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The path is empty.
    #[error("an output has no name; give it one")]
    NoName,
    /// A file is needed where a folder is.
    #[error("{} is a folder; name a file in it", .0.display())]
    IsFolder(PathBuf),
    /// A folder is needed where a file is.
    #[error("{} is a file; choose a folder", .0.display())]
    IsFile(PathBuf),
    /// It is a block device.
    #[error("{} is a disk; choose another output", .0.display())]
    IsDisk(PathBuf),
    /// It may not be written to.
    #[error("{} is read-only; choose another output, or make it writable", .0.display())]
    ReadOnly(PathBuf),
    /// Standard output shows what it gets on a screen.
    #[error("standard output is a terminal; choose a file with -o, or send standard output to a file or program")]
    Terminal,
    /// Standard output takes one file.
    #[error("standard output and input carry one file each; name one file, or a folder for the results with -o")]
    OneStream,
    /// A folder that a command keeps for itself has something in it that is no file of its own.
    #[error("{} is no file of its own; choose another folder than {}", path.display(), folder.display())]
    Irregular {
        /// The link or device.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// An input would be lost.
    #[error("{} is read and would be overwritten; choose another output{}", input.display(), alias(path, input))]
    Input {
        /// The output.
        path: PathBuf,
        /// The input, as it was named.
        input: PathBuf,
    },
    /// A file in a folder that is read would be lost.
    #[error(
        "{} is in {}, which is read, and would be overwritten; choose another output, or remove that file",
        path.display(), folder.display()
    )]
    InReadFolder {
        /// The output.
        path: PathBuf,
        /// The folder, as it was named.
        folder: PathBuf,
    },
    /// A file that nobody named as an output is there.
    #[error("{} is there already; choose another output with -o, or replace it with --force", .0.display())]
    AlreadyThere(PathBuf),
    /// A file that was not made of an input has the name of its result.
    #[error(
        "{} is there already and is not {} restyled; choose another output with -o",
        path.display(), input.display()
    )]
    NotAResult {
        /// The output.
        path: PathBuf,
        /// The input.
        input: PathBuf,
    },
    /// Two results would have one file.
    #[error("{} would be written twice; give the outputs different names{}", other.display(), alias(path, other))]
    Twice {
        /// The output.
        path: PathBuf,
        /// The same output by the name that came first.
        other: PathBuf,
    },
    /// Two results need a file and a folder in one place.
    #[error("of {} and {} one would be a folder, the other a file", path.display(), other.display())]
    FileAndFolder {
        /// One output.
        path: PathBuf,
        /// The other.
        other: PathBuf,
    },
}

/// The addition to a message where a file has another name elsewhere.
fn alias(path: &Path, other: &Path) -> String {
    if path == other { String::new() } else { format!(" than {}", path.display()) }
}
