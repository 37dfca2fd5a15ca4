//! The tunes that generators learn from: a folder with `nottingham.csv` and the MIDI files it lists.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tonenet_core::tune::Tune;
use tonenet_files::midi_files::read_song;

use crate::dataset::{self, Split};

/// The list of the tunes.
pub const LIST: &str = "nottingham.csv";

/// A row of the list; other columns are left alone.
#[derive(Debug, Deserialize)]
struct Row {
    path: PathBuf,
    split: Split,
}

/// Reads the tunes of a split in their plain keys, C major or A minor, in the order of the list.
///
/// # Errors
/// When a file cannot be read or holds no tune, or there is none.
pub fn load(data: &Path, split: Split) -> Result<Vec<Tune>> {
    let list = data.join(LIST);
    let mut reader = dataset::open(&list)?;
    let mut tunes = Vec::new();
    for row in reader.deserialize() {
        let row: Row = row.with_context(|| format!("{} has a row that cannot be read", list.display()))?;
        if row.split != split {
            continue;
        }
        let path = data.join(&row.path);
        let song = read_song(&path)?;
        let tune = Tune::from_song(&song).with_context(|| path.display().to_string())?;
        let plain = tune.transposed(tune.tonality.to_plain());
        tunes.push(plain.with_context(|| format!("{} leaves the keyboard in its plain key", path.display()))?);
    }
    if tunes.is_empty() {
        bail!("{} lists no tune of the {split:?} split", list.display());
    }
    Ok(tunes)
}
