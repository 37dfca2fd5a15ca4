//! Human performances: the files that `performances.csv` lists, as notes, pedal movements and a grid.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use tonenet_core::grid::{FREE_STEP_SECONDS, Grid, SIXTEENTH_SECONDS};
use tonenet_core::midi::Song;
use tonenet_core::note::Note;
use tonenet_files::midi_files::read_song;
use tonenet_inference::performance::PerformanceView;

use super::genre::{self, GenreId};
use super::{DataError, List, Split};

/// The list of the performances.
pub const LIST: &str = "performances.csv";

/// The fewest notes of a usable file; fewer say nothing about dynamics.
const FEWEST_NOTES: usize = 50;

/// A row of `performances.csv`; other columns are ignored.
#[derive(Debug, Clone, Deserialize)]
struct Row {
    path: PathBuf,
    genre: GenreId,
    source: String,
    #[serde(default)]
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
    pub genre: GenreId,
    /// The grid of its piano roll.
    pub grid: Grid,
    /// Restylable notes by onset.
    pub notes: Vec<Note>,
    /// Movements of the sustain pedal: when, in seconds, and whether it is down then.
    pub pedals: Vec<(f64, bool)>,
    /// Performances of one group were recorded alike: source, kind and alignment.
    pub group: String,
}

/// The standard deviation within a file, in velocity steps, up to which compressed dynamics are stretched.
///
/// Some transcribed sources have half the spread of a Disklavier's recording of the same repertoire.
pub const USUAL_SPREAD: f64 = 16.0;

impl Performance {
    /// The view of it that a model gets.
    pub fn view(&self) -> PerformanceView<'_> {
        PerformanceView { notes: &self.notes, pedals: &self.pedals, grid: self.grid, player_level: None }
    }

    /// Mean and standard deviation of its velocities.
    pub fn level(&self) -> (f64, f64) {
        let n = self.notes.len() as f64;
        let velocities = || self.notes.iter().map(|n| f64::from(n.velocity));
        let mean = velocities().sum::<f64>() / n;
        (mean, (velocities().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt())
    }
}

/// A listed file with all its tracks.
pub struct ShippedFile {
    /// Everything in the file.
    pub song: Song,
    /// Indices of the performance's notes among the song's, in their order.
    pub places: Vec<usize>,
    /// The part of it that training and evaluation use.
    pub performance: Performance,
}

/// Reads the performances of a split, in the order of the list.
///
/// # Errors
/// When the list or a file it names cannot be read.
pub fn load(data: &Path, split: Split) -> Result<Vec<Performance>, DataError> {
    let mut performances = Vec::new();
    for_each_file(data, split, |file| performances.push(file.performance))?;
    Ok(performances)
}

/// The genres that the list gives to files of a split, in order. No file is read.
///
/// # Errors
/// When the list cannot be read.
pub fn genres(data: &Path, split: Split) -> Result<Vec<GenreId>, DataError> {
    let rows = List::open(data, LIST)?.rows::<Row>().collect::<Result<Vec<Row>, _>>()?;
    Ok(genre::distinct(rows.into_iter().filter(|row| row.split == split).map(|row| row.genre)))
}

/// The genres to train, in order: those that the list gives to files of the train split.
///
/// # Errors
/// When the list cannot be read, or has more genres than a model has places for.
pub fn trained_genres(data: &Path) -> Result<Vec<GenreId>, DataError> {
    let genres = genres(data, Split::Train)?;
    match genre::check_places(&genres) {
        Ok(()) => Ok(genres),
        Err(source) => Err(DataError::TooManyGenres { path: data.join(LIST), source }),
    }
}

/// Reads the files of a split, in the order of the list.
///
/// # Errors
/// When the list or a file it names cannot be read.
pub fn for_each_file(data: &Path, split: Split, mut visit: impl FnMut(ShippedFile)) -> Result<(), DataError> {
    let mut list = List::open(data, LIST)?;
    let mut is_empty = true;
    for row in list.rows::<Row>() {
        let row = row?;
        if row.split != split {
            continue;
        }
        if let Some(file) = load_file(data, row)? {
            is_empty = false;
            visit(file);
        }
    }
    if is_empty {
        return Err(DataError::EmptySplit { path: list.path, what: "performance", split });
    }
    Ok(())
}

/// Reads a file, or `None` where it has too few notes or no dynamics at all.
fn load_file(data: &Path, row: Row) -> Result<Option<ShippedFile>, DataError> {
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
    let group = format!("{} {} {}", row.source, row.sub, row.alignment);
    let name = row.path.display().to_string();
    let performance = Performance { name, genre: row.genre, grid, notes, pedals, group };
    Ok(Some(ShippedFile { song, places, performance }))
}
