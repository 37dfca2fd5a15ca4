//! The training data: a folder with lists of MIDI files, split into files to train on and files to score on.
//!
//! [`scores`] reads other people's scores and performances, which are only scored on.

pub mod genre;
pub mod performances;
pub mod phrases;
pub mod scores;
pub mod tunes;

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tonenet_core::tune::TuneError;
use tonenet_files::error::FileError;

use genre::{GenreId, TooManyGenres};

/// The part of the data a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Models are trained on it.
    Train,
    /// Early stopping and evaluation score on it.
    Valid,
}

/// Why data cannot be used.
#[derive(Debug, Error)]
pub enum DataError {
    /// A list cannot be opened.
    #[error("cannot read {}; give --data the folder that holds {} (see docs/training.md)", path.display(), path.file_name().unwrap_or_default().display())]
    List {
        /// The list.
        path: PathBuf,
        /// The reader's error.
        source: csv::Error,
    },
    /// A row of a list has a column missing or a value that does not fit.
    #[error("a row of {} does not fit", path.display())]
    Row {
        /// The list.
        path: PathBuf,
        /// The reader's error.
        source: csv::Error,
    },
    /// A list names a file that is not there.
    #[error("{} lists {}, which is not there", list.display(), file.display())]
    MissingFile {
        /// The list.
        list: PathBuf,
        /// The file.
        file: PathBuf,
    },
    /// A listed file is no readable song; the message names the file.
    #[error(transparent)]
    Song(#[from] FileError),
    /// A listed file holds no tune.
    #[error("{} is no tune", path.display())]
    Tune {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: TuneError,
    },
    /// A tune leaves the keyboard where it is moved to C major or A minor.
    #[error("{} leaves the keyboard in its plain key", path.display())]
    OffKeyboard {
        /// The file.
        path: PathBuf,
    },
    /// A list has no file of a genre.
    #[error("{} has no file of {genre} to train on; it has {listed}", path.display())]
    NoSuchGenre {
        /// The list.
        path: PathBuf,
        /// The genre.
        genre: GenreId,
        /// Those that it has.
        listed: String,
    },
    /// A list has more genres than a model has places for.
    #[error("{} has too many genres", path.display())]
    TooManyGenres {
        /// The list.
        path: PathBuf,
        /// How many there may be.
        source: TooManyGenres,
    },
    /// A list has no usable file of a split.
    #[error("{} lists no usable {what} of the {split:?} split", path.display())]
    EmptySplit {
        /// The list.
        path: PathBuf,
        /// The kind of file that it should list.
        what: &'static str,
        /// The split.
        split: Split,
    },
}

/// A list, open for reading.
struct List {
    path: PathBuf,
    reader: csv::Reader<File>,
}

impl List {
    /// Opens a list in the data's folder.
    fn open(data: &Path, name: &str) -> Result<Self, DataError> {
        let path = data.join(name);
        let reader = csv::Reader::from_path(&path).map_err(|source| DataError::List { path: path.clone(), source })?;
        Ok(Self { path, reader })
    }

    /// Its rows; other columns than those of `Row` are ignored.
    fn rows<Row: DeserializeOwned>(&mut self) -> impl Iterator<Item = Result<Row, DataError>> {
        let path = &self.path;
        self.reader.deserialize().map(move |row| row.map_err(|source| DataError::Row { path: path.clone(), source }))
    }
}

/// A list and every file that it names, of any split, whether they exist or not.
///
/// # Errors
/// When the list cannot be read.
pub fn files(data: &Path, list: &str) -> Result<Vec<PathBuf>, DataError> {
    /// The column that every list has.
    #[derive(Deserialize)]
    struct Listed {
        path: PathBuf,
    }
    let mut list = List::open(data, list)?;
    let mut files = vec![list.path.clone()];
    for row in list.rows::<Listed>() {
        files.push(data.join(row?.path));
    }
    Ok(files)
}

/// The same, where each file must exist.
///
/// # Errors
/// When the list cannot be read or names a file that is not there.
pub fn existing_files(data: &Path, list: &str) -> Result<Vec<PathBuf>, DataError> {
    let files = files(data, list)?;
    match files.iter().find(|file| !file.exists()) {
        Some(missing) => Err(DataError::MissingFile { list: data.join(list), file: missing.clone() }),
        None => Ok(files),
    }
}
