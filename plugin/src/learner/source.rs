//! What a style is learned from: the performances in files or in a folder, or the one that Timeline remembers.

use std::error::Error;
use std::path::{Path, PathBuf};

use tonenet_core::grid::Grid;
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_files::error::FileError;
use tonenet_files::midi_files;
use tonenet_inference::cancellation::Cancellation;
use tonenet_learn::{LeftOut, Performance, is_chosen_evenly};

use super::learning::Stopped;

/// The most files to read. More would take long and much memory, and add little.
const MOST_FILES: usize = 500;

/// The sections of the remembered performance. From each four of them a style is learned that predicts the fifth.
const SECTIONS: usize = 5;

/// What to learn a style from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LearningSource {
    /// Some MIDI files.
    Files(Vec<PathBuf>),
    /// The MIDI files in a folder and below.
    Folder(PathBuf),
    /// The performance that Timeline remembers.
    Remembered,
}

/// A file or performance from which nothing was learned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOutSource {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

impl From<&LeftOut> for LeftOutSource {
    fn from(left_out: &LeftOut) -> Self {
        Self { name: left_out.name.clone(), reason: left_out.reason.to_string() }
    }
}

impl LearningSource {
    /// The name of a style that is learned from it, if the user gives no other.
    pub(super) fn style_name(&self) -> String {
        let name = match self {
            Self::Remembered => return "My playing".into(),
            Self::Folder(folder) => folder.file_name(),
            Self::Files(files) => match files.as_slice() {
                [file] => file.file_stem(),
                files => files.first().and_then(|file| file.parent()).and_then(Path::file_name),
            },
        };
        name.unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The performances in it. `left_out` gets the files that are not read.
    pub(super) fn read(
        &self,
        remembered: &TimelineSnapshot,
        cancellation: &Cancellation,
        left_out: &mut Vec<LeftOutSource>,
    ) -> Result<Vec<Performance>, Stopped> {
        match self {
            Self::Remembered => Ok(performance(remembered).sections(SECTIONS)),
            Self::Files(files) => {
                read_files(files, files.first().and_then(|file| file.parent()), cancellation, left_out)
            }
            Self::Folder(folder) => {
                let found = midi_files::find_while(folder, &|| !cancellation.is_cancelled())?;
                cancellation.check()?;
                if found.files.is_empty() {
                    return Err(FileError::NoMidiFile { path: folder.clone() }.into());
                }
                read_files(&found.files, Some(folder), cancellation, left_out)
            }
        }
    }
}

/// The remembered performance, on the grid on which Timeline plays it.
fn performance(remembered: &TimelineSnapshot) -> Performance {
    let (notes, pedals) = remembered.performance();
    Performance { name: "what you played".into(), notes, pedals, grid: Grid::Sixteenths }
}

/// The performances in files. Their names leave out the folder that they have in common.
fn read_files(
    files: &[PathBuf],
    folder: Option<&Path>,
    cancellation: &Cancellation,
    left_out: &mut Vec<LeftOutSource>,
) -> Result<Vec<Performance>, Stopped> {
    let mut performances = Vec::new();
    for (index, file) in files.iter().enumerate() {
        cancellation.check()?;
        let short = folder.and_then(|folder| file.strip_prefix(folder).ok()).unwrap_or(file);
        let name = short.display().to_string();
        if !is_chosen_evenly(index, files.len(), MOST_FILES) {
            left_out.push(LeftOutSource { name, reason: format!("{MOST_FILES} files are enough") });
            continue;
        }
        match midi_files::read_song(file) {
            Ok(song) => performances.push(Performance::from_song(&name, &song)),
            Err(error) => left_out.push(LeftOutSource { name, reason: cause(&error) }),
        }
    }
    Ok(performances)
}

/// Why a file cannot be used, without its path.
fn cause(error: &FileError) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}
