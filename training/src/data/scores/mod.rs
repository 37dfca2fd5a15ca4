//! Scores with performances of them by several pianists: a folder laid out as (n)ASAP (Peter and others 2023).
//!
//! Its `metadata.csv` names, for each performance, the score's MIDI file, the performance's and a match file. The match
//! file pairs the notes of the printed score with those of the performance. The score's MIDI file has the same notes in
//! the same order, up to ornaments, so the longest common subsequence of their keys links the two.
//!
//! Its licence (CC BY-NC-SA 4.0) allows evaluation here, not training of weights that ship.

mod match_file;
mod trained;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use thiserror::Error;
use tonenet_core::midi::Song;
use tonenet_core::note::Note;
use tonenet_files::error::FileError;
use tonenet_files::midi_files::read_song;

use match_file::{MatchFile, ScoreNote};

pub use trained::TrainedRuns;

/// The list of the performances.
pub const LIST: &str = "metadata.csv";

/// The least share of a performance's notes that must be found in the score's MIDI file; with fewer, the two unfold the
/// score's repeats differently.
const LEAST_FOUND: f64 = 0.8;

/// The farthest that a performed note may be from its time in the match file, in seconds. That time is rounded to ticks.
const SAME_TIME: f64 = 0.004;

/// Why scores cannot be used.
#[derive(Debug, Error)]
pub enum ScoresError {
    /// The list cannot be read.
    #[error("cannot read {}; give --scores the folder of (n)ASAP that holds {LIST} (see docs/training.md)", path.display())]
    List {
        /// The list.
        path: PathBuf,
        /// The reader's error.
        source: csv::Error,
    },
    /// The list names no usable performance.
    #[error("{} lists no performance with a match file and a robust alignment", path.display())]
    Empty {
        /// The list.
        path: PathBuf,
    },
    /// A match file cannot be read.
    #[error("cannot read {}", path.display())]
    Match {
        /// The match file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A line of a match file does not fit.
    #[error("line {line} of {} is not a line of a match file of version 1 or 5", path.display())]
    Line {
        /// The match file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// A listed file is no readable song; the message names the file.
    #[error(transparent)]
    Song(#[from] FileError),
}

/// A row of the list; other columns are ignored.
#[derive(Debug, Deserialize)]
struct Row {
    composer: String,
    title: String,
    midi_score: PathBuf,
    midi_performance: PathBuf,
    robust_note_alignment: Option<f64>,
    match_file: Option<PathBuf>,
}

/// The files of one score.
#[derive(Debug, Clone)]
pub struct ScoreFiles {
    /// Composer and title. Several scores of a piece differ in their repeats.
    pub piece: String,
    /// The score's MIDI file.
    score: PathBuf,
    /// The MIDI files of its performances, each with its match file.
    performances: Vec<(PathBuf, PathBuf)>,
}

/// A score and the performances of it.
#[derive(Debug, Clone)]
pub struct Score {
    /// The restylable notes of its MIDI file by onset, with the file's velocities.
    pub notes: Vec<Note>,
    /// The performances whose notes could be found in it.
    pub performances: Vec<ScorePerformance>,
    /// How many could not.
    pub left_out: usize,
}

/// A pianist's performance of a score.
#[derive(Debug, Clone)]
pub struct ScorePerformance {
    /// The restylable notes by onset.
    pub notes: Vec<Note>,
    /// Movements of the sustain pedal: when, in seconds, and whether it is down then.
    pub pedals: Vec<(f64, bool)>,
    /// Indices of a note of the score and the note of the performance that plays it, by the former. Each is in one pair.
    pub pairs: Vec<(usize, usize)>,
}

/// The scores that a folder lists, by their files' paths, with the performances whose alignment is marked as robust.
///
/// # Errors
/// When the list cannot be read or names no such performance.
pub fn list(folder: &Path) -> Result<Vec<ScoreFiles>, ScoresError> {
    let path = folder.join(LIST);
    let rows = |path: &Path| -> Result<Vec<Row>, csv::Error> { csv::Reader::from_path(path)?.deserialize().collect() };
    let mut scores: BTreeMap<PathBuf, ScoreFiles> = BTreeMap::new();
    for row in rows(&path).map_err(|source| ScoresError::List { path: path.clone(), source })? {
        let (Some(match_file), Some(1.0)) = (row.match_file, row.robust_note_alignment) else { continue };
        let score = folder.join(&row.midi_score);
        let files = scores.entry(row.midi_score).or_insert_with(|| ScoreFiles {
            piece: format!("{} {}", row.composer, row.title),
            score,
            performances: Vec::new(),
        });
        files.performances.push((folder.join(row.midi_performance), folder.join(match_file)));
    }
    if scores.is_empty() {
        return Err(ScoresError::Empty { path });
    }
    Ok(scores.into_values().collect())
}

impl ScoreFiles {
    /// Reads the score and its performances.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn read(&self) -> Result<Score, ScoresError> {
        let notes = restylable(&read_song(&self.score)?);
        let (mut performances, mut left_out) = (Vec::new(), 0);
        for (midi, match_file) in &self.performances {
            match performance(&notes, &read_song(midi)?, &read_match_file(match_file)?) {
                Some(performance) => performances.push(performance),
                None => left_out += 1,
            }
        }
        Ok(Score { notes, performances, left_out })
    }
}

fn read_match_file(path: &Path) -> Result<MatchFile, ScoresError> {
    let text = fs::read(path).map_err(|source| ScoresError::Match { path: path.to_owned(), source })?;
    MatchFile::parse(&String::from_utf8_lossy(&text)).map_err(|line| ScoresError::Line { path: path.to_owned(), line })
}

fn restylable(song: &Song) -> Vec<Note> {
    song.notes().iter().map(|n| n.note).filter(Note::is_restylable).collect()
}

/// A performance of a score, or `None` where too few of its notes are found in the score.
fn performance(score: &[Note], song: &Song, matched: &MatchFile) -> Option<ScorePerformance> {
    let notes = restylable(song);
    let in_score = places_in_score(score, &matched.notes);
    let mut is_taken = vec![false; notes.len()];
    let mut pairs = Vec::new();
    let mut performed = 0;
    for (note, in_score) in matched.notes.iter().zip(in_score) {
        let Some((seconds, key)) = note.performed else { continue };
        performed += 1;
        let Some(in_score) = in_score else { continue };
        let first = notes.partition_point(|n| n.onset < seconds - SAME_TIME);
        let near = (first..notes.len()).take_while(|&i| notes[i].onset <= seconds + SAME_TIME);
        let Some(place) = near.into_iter().find(|&i| notes[i].key == key && !is_taken[i]) else { continue };
        is_taken[place] = true;
        pairs.push((in_score, place));
    }
    pairs.sort_unstable();
    let is_found = pairs.len() as f64 >= LEAST_FOUND * f64::from(performed) && !pairs.is_empty();
    is_found.then(|| ScorePerformance { notes, pedals: song.pedal_movements(), pairs })
}

/// The index in the score's MIDI file of each note of the printed score.
fn places_in_score(score: &[Note], printed: &[ScoreNote]) -> Vec<Option<usize>> {
    let by_onset = |a: f64, b: f64| a.partial_cmp(&b).unwrap_or(Ordering::Equal);
    let mut in_file: Vec<usize> = (0..score.len()).collect();
    in_file.sort_by(|&a, &b| {
        by_onset(score[a].onset_sixteenths, score[b].onset_sixteenths).then(score[a].key.cmp(&score[b].key))
    });
    let mut in_print: Vec<usize> = (0..printed.len()).collect();
    // Grace notes come before the note they ornament.
    in_print.sort_by(|&a, &b| {
        let (a, b) = (&printed[a], &printed[b]);
        by_onset(a.beats, b.beats).then(b.is_grace.cmp(&a.is_grace)).then(a.key.cmp(&b.key))
    });
    let printed_keys: Vec<u8> = in_print.iter().map(|&i| printed[i].key).collect();
    let keys: Vec<u8> = in_file.iter().map(|&i| score[i].key).collect();
    let mut places = vec![None; printed.len()];
    for op in capture_diff_slices(Algorithm::Myers, &printed_keys, &keys) {
        if let DiffOp::Equal { old_index, new_index, len } = op {
            for at in 0..len {
                places[in_print[old_index + at]] = Some(in_file[new_index + at]);
            }
        }
    }
    places
}

#[cfg(test)]
mod tests;
