//! Tunes: the files that `nottingham.csv` lists, in C major or A minor.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use tonenet_core::tune::Tune;
use tonenet_files::midi_files::read_song;

use super::{DataError, List, Split};

/// The list of the tunes.
pub const LIST: &str = "nottingham.csv";

/// A row of the list; other columns are ignored.
#[derive(Debug, Deserialize)]
struct Row {
    path: PathBuf,
    split: Split,
}

/// Reads the tunes of a split in their plain keys, C major or A minor, in the order of the list.
///
/// # Errors
/// When a file cannot be read or holds no tune, or there is none.
pub fn load(data: &Path, split: Split) -> Result<Vec<Tune>, DataError> {
    let mut list = List::open(data, LIST)?;
    let mut tunes = Vec::new();
    for row in list.rows::<Row>() {
        let row = row?;
        if row.split != split {
            continue;
        }
        let path = data.join(&row.path);
        let song = read_song(&path)?;
        let tune = Tune::from_song(&song).map_err(|source| DataError::Tune { path: path.clone(), source })?;
        let plain = tune.transposed(tune.tonality.to_plain());
        tunes.push(plain.ok_or(DataError::OffKeyboard { path })?);
    }
    if tunes.is_empty() {
        return Err(DataError::EmptySplit { path: list.path, what: "tune", split });
    }
    Ok(tunes)
}
