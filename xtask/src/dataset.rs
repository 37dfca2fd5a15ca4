//! The training data: a folder with `performances.csv` and the MIDI files it lists.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tonenet_core::genre::Genre;
use tonenet_core::grid::{FREE_STEP_SECONDS, Grid, SIXTEENTH_SECONDS};
use tonenet_core::midi::Song;
use tonenet_core::note::Note;
use tonenet_files::midi_files::read_song;
use tonenet_inference::performance::PerformanceView;

/// The list of the performances.
pub const LIST: &str = "performances.csv";

/// Files with fewer notes say nothing about dynamics.
const FEWEST_NOTES: usize = 50;

/// The part of the data a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// What models learn from.
    Train,
    /// What early stopping and `evaluate` look at.
    Valid,
}

/// A row of `performances.csv`; other columns are left alone.
#[derive(Debug, Clone, Deserialize)]
struct Row {
    path: PathBuf,
    genre: Genre,
    source: String,
    #[cfg(feature = "train")]
    sub: String,
    alignment: String,
    split: Split,
}

/// One human performance.
#[derive(Debug, Clone)]
pub struct Performance {
    /// The file's path in the list.
    pub name: String,
    /// Genre it was played in.
    pub genre: Genre,
    /// The grid its piano-roll stands on.
    pub grid: Grid,
    /// Restylable notes by onset.
    pub notes: Vec<Note>,
    /// Movements of the sustain pedal: when, in seconds, and whether it is down then.
    pub pedals: Vec<(f64, bool)>,
    /// Performances of one group were recorded alike: source, kind and alignment.
    #[cfg(feature = "train")]
    pub group: String,
}

/// The standard deviation within a file, in velocity steps, up to which compressed dynamics are stretched.
///
/// Some transcribed sources have half the spread of a Disklavier's recording of the same repertoire.
#[cfg(feature = "train")]
pub const USUAL_SPREAD: f64 = 16.0;

impl Performance {
    /// What a model may know of it.
    pub fn take(&self) -> PerformanceView<'_> {
        PerformanceView { notes: &self.notes, pedals: &self.pedals, grid: self.grid, player_level: None }
    }

    /// Mean and standard deviation of its velocities.
    #[cfg(feature = "train")]
    pub fn level(&self) -> (f64, f64) {
        let n = self.notes.len() as f64;
        let velocities = || self.notes.iter().map(|n| f64::from(n.velocity));
        let mean = velocities().sum::<f64>() / n;
        (mean, (velocities().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt())
    }
}

/// The data's list and every file that it names, of any split, there or not.
///
/// # Errors
/// When the list cannot be read.
pub fn files(data: &Path, list: &str) -> Result<Vec<PathBuf>> {
    /// The column that every list has.
    #[derive(Deserialize)]
    struct Listed {
        path: PathBuf,
    }
    let path = data.join(list);
    let mut reader = open(&path)?;
    let mut files = vec![path.clone()];
    for row in reader.deserialize::<Listed>() {
        let row = row.with_context(|| format!("a row of {} does not fit", path.display()))?;
        files.push(data.join(row.path));
    }
    Ok(files)
}

/// Opens a list.
///
/// # Errors
/// When it is not there, with what to give instead.
pub fn open(list: &Path) -> Result<csv::Reader<File>> {
    csv::Reader::from_path(list).with_context(|| {
        let name = list.file_name().unwrap_or_default().display();
        format!("cannot read {}; give --data the folder that holds {name} (see docs/training.md)", list.display())
    })
}

/// A file of the list as it ships: with all its tracks.
pub struct ShippedFile {
    /// Everything in the file.
    pub song: Song,
    /// Which of the song's notes are the performance's, in their order.
    pub places: Vec<usize>,
    /// What training and evaluation take from it.
    pub performance: Performance,
}

/// Reads the performances of a split, in the order of the list.
///
/// # Errors
/// When the list or a file it names cannot be read.
pub fn load(data: &Path, split: Split) -> Result<Vec<Performance>> {
    let mut performances = Vec::new();
    for_each_file(data, split, |file| performances.push(file.performance))?;
    Ok(performances)
}

/// Reads the files of a split, in the order of the list.
///
/// # Errors
/// When the list or a file it names cannot be read.
pub fn for_each_file(data: &Path, split: Split, mut take: impl FnMut(ShippedFile)) -> Result<()> {
    let list = data.join(LIST);
    let mut reader = open(&list)?;
    let mut is_empty = true;
    for row in reader.deserialize::<Row>() {
        let row = row.with_context(|| format!("a row of {} does not fit", list.display()))?;
        if row.split != split {
            continue;
        }
        if let Some(file) = load_file(data, row)? {
            is_empty = false;
            take(file);
        }
    }
    if is_empty {
        bail!("{} lists no usable {split:?} performance", list.display());
    }
    Ok(())
}

/// Reads a file, or `None` where it has too few notes or no dynamics at all.
fn load_file(data: &Path, row: Row) -> Result<Option<ShippedFile>> {
    let path = data.join(&row.path);
    let song = read_song(&path)?;
    let is_performed = |place: &usize| {
        let note = &song.notes()[*place];
        // The melody track of POP909 is nearly flat, its bridge track an extra voice.
        let is_piano = row.source != "pop909" || song.track_names()[note.track].eq_ignore_ascii_case("piano");
        is_piano && note.note.is_restylable()
    };
    let places: Vec<usize> = (0..song.notes().len()).filter(is_performed).collect();
    let notes: Vec<Note> = places.iter().map(|&place| song.notes()[place].note).collect();
    let varies = notes.iter().any(|n| n.velocity != notes[0].velocity);
    if notes.len() < FEWEST_NOTES || !varies {
        return Ok(None);
    }
    let sixteenth = 15.0 / song.tempo().beats_per_minute_at(notes[notes.len() / 2].onset);
    let grid = if row.alignment != "free" && SIXTEENTH_SECONDS.contains(&sixteenth) {
        Grid::Sixteenths
    } else {
        Grid::Seconds(FREE_STEP_SECONDS)
    };
    let pedals = song.pedal_movements();
    #[cfg(feature = "train")]
    let group = format!("{} {} {}", row.source, row.sub, row.alignment);
    let name = row.path.display().to_string();
    let performance = Performance {
        name,
        genre: row.genre,
        grid,
        notes,
        pedals,
        #[cfg(feature = "train")]
        group,
    };
    Ok(Some(ShippedFile { song, places, performance }))
}
