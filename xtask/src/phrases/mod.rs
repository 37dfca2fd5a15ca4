//! Performances cut into phrases of 88 steps, as the VAE-GAN learns from them and is scored on.
//!
//! [`scores`] is what is measured on images, [`picture`] shows them.

pub mod picture;
pub mod scores;

use anyhow::Result;
use tonenet_core::genre::Genre;
use tonenet_core::grid::GridNote;
use tonenet_core::phrase_image::{PhraseImage, STEPS, STEPS_PER_BEAT};

use crate::dataset::{self, Split};
use std::path::Path;

/// Onsets that a phrase has at least; what has fewer is the end of a piece or a rest.
const FEWEST_ONSETS: usize = 16;

/// A performance on its grid.
pub struct Piece {
    /// Genre it was played in.
    pub genre: Genre,
    /// Its notes by onset.
    notes: Vec<GridNote>,
    /// Steps at which its phrases begin, each the end of the one before.
    starts: Vec<i64>,
}

impl Piece {
    fn new(performance: &dataset::Performance) -> Self {
        let mut notes: Vec<GridNote> =
            performance.notes.iter().filter_map(|note| performance.grid.place(note)).collect();
        notes.sort_by_key(|note| (note.onset, note.key));
        // A beat begins every four sixteenths from the file's start.
        let beat = STEPS_PER_BEAT as i64;
        let first = notes.first().map_or(0, |note| note.onset.div_euclid(beat) * beat);
        let end = notes.last().map_or(0, |note| note.onset + 1);
        let mut piece = Self { genre: performance.genre, notes, starts: Vec::new() };
        let starts = (first..end).step_by(STEPS);
        piece.starts = starts.filter(|&start| piece.between(start).len() >= FEWEST_ONSETS).collect();
        piece
    }

    /// The notes that begin in the phrase from `start`.
    fn between(&self, start: i64) -> &[GridNote] {
        let from = self.notes.partition_point(|note| note.onset < start);
        let to = self.notes.partition_point(|note| note.onset < start + STEPS as i64);
        &self.notes[from..to]
    }

    /// Phrases it is cut into.
    pub fn phrases(&self) -> usize {
        self.starts.len()
    }

    /// A phrase as it was played.
    pub fn phrase(&self, index: usize) -> PhraseImage {
        let start = self.starts[index];
        PhraseImage::of_notes(start, self.between(start))
    }

    /// A phrase `later` steps behind one of those it is cut into, so many semitones higher; as it was played where it
    /// would leave the piano.
    #[cfg(feature = "train")]
    pub fn varied(&self, index: usize, later: i64, semitones: i64) -> PhraseImage {
        let mut start = self.starts[index] + later;
        if self.between(start).len() < FEWEST_ONSETS {
            start -= later;
        }
        let notes = self.between(start);
        let moved = |note: &GridNote| {
            let key = usize::try_from(note.key as i64 + semitones).ok()?;
            (key < tonenet_core::note::PIANO_KEYS).then_some(GridNote { key, ..*note })
        };
        match notes.iter().map(moved).collect::<Option<Vec<_>>>() {
            Some(moved) => PhraseImage::of_notes(start, &moved),
            None => PhraseImage::of_notes(start, notes),
        }
    }
}

/// The pieces of a split that have a phrase.
///
/// # Errors
/// When the list or a file it names cannot be read.
pub fn load(data: &Path, split: Split) -> Result<Vec<Piece>> {
    let performances = dataset::load(data, split)?;
    Ok(performances.iter().map(Piece::new).filter(|piece| piece.phrases() > 0).collect())
}

/// So many phrases as they were played, a third of each genre, spread evenly over its pieces and within them.
pub fn spread(pieces: &[Piece], count: usize) -> Vec<PhraseImage> {
    let genres = Genre::ALL.len();
    let mut images = Vec::with_capacity(count);
    for genre in Genre::ALL {
        let of_genre: Vec<&Piece> = pieces.iter().filter(|piece| piece.genre == genre).collect();
        let phrases: Vec<(&Piece, usize)> =
            of_genre.iter().flat_map(|piece| (0..piece.phrases()).map(move |index| (*piece, index))).collect();
        let wanted = (count / genres).min(phrases.len());
        images.extend((0..wanted).map(|n| {
            let (piece, index) = phrases[n * phrases.len() / wanted];
            piece.phrase(index)
        }));
    }
    images
}
