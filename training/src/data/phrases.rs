//! Performances cut into phrases of 88 steps, on which the VAE-GAN trains and is scored.

use std::path::Path;

use tonenet_core::genre::Genre;
use tonenet_core::grid::GridNote;
use tonenet_core::phrase_image::{PhraseImage, STEPS, STEPS_PER_BEAT};

use super::performances::{self, Performance};
use super::{DataError, Split, genre};

/// The fewest onsets of a phrase; fewer mean the end of a piece or a rest.
const FEWEST_ONSETS: usize = 16;

/// A performance on its grid.
pub struct Piece {
    /// Genre it was played in.
    pub genre: Genre,
    /// Its notes by onset.
    notes: Vec<GridNote>,
    /// Steps at which its phrases begin.
    starts: Vec<i64>,
}

impl Piece {
    /// A performance of a built-in genre; others are left out, because phrases are counted by thirds.
    fn from_performance(performance: &Performance) -> Option<Self> {
        let notes = performance.notes.iter().filter_map(|note| performance.grid.place(note)).collect();
        Some(Self::from_notes(performance.genre.built_in()?, notes))
    }

    fn from_notes(genre: Genre, mut notes: Vec<GridNote>) -> Self {
        notes.sort_by_key(|note| (note.onset, note.key));
        // A beat begins every four sixteenths from the file's start.
        let beat = STEPS_PER_BEAT as i64;
        let first = notes.first().map_or(0, |note| note.onset.div_euclid(beat) * beat);
        let end = notes.last().map_or(0, |note| note.onset + 1);
        let mut piece = Self { genre, notes, starts: Vec::new() };
        let starts = (first..end).step_by(STEPS);
        piece.starts = starts.filter(|&start| piece.between(start).len() >= FEWEST_ONSETS).collect();
        piece
    }

    /// The notes that begin in the phrase at `start`.
    fn between(&self, start: i64) -> &[GridNote] {
        let from = self.notes.partition_point(|note| note.onset < start);
        let to = self.notes.partition_point(|note| note.onset < start + STEPS as i64);
        &self.notes[from..to]
    }

    /// The number of phrases that it is cut into.
    pub fn phrases(&self) -> usize {
        self.starts.len()
    }

    /// A phrase as played.
    pub fn phrase(&self, index: usize) -> PhraseImage {
        let start = self.starts[index];
        PhraseImage::from_notes(start, self.between(start))
    }

    /// A phrase that begins `later` steps after one of the cuts, transposed by some semitones.
    ///
    /// Where it would leave the piano, it is returned as played.
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
            Some(moved) => PhraseImage::from_notes(start, &moved),
            None => PhraseImage::from_notes(start, notes),
        }
    }
}

/// The pieces of a split that have a phrase. Only the built-in genres count.
///
/// # Errors
/// When the list or a file it names cannot be read, or no phrase is of a built-in genre.
pub fn load(data: &Path, split: Split) -> Result<Vec<Piece>, DataError> {
    let performances = performances::load(data, split)?;
    let pieces = performances.iter().filter_map(Piece::from_performance).filter(|piece| piece.phrases() > 0);
    let pieces: Vec<Piece> = pieces.collect();
    if pieces.is_empty() {
        return Err(DataError::EmptySplit {
            path: data.join(performances::LIST),
            what: "phrase of a built-in genre",
            split,
        });
    }
    Ok(pieces)
}

/// Says which genres of the data are left out, if any are.
///
/// # Errors
/// When the list cannot be read.
pub fn left_out(data: &Path) -> Result<Option<String>, DataError> {
    let listed = [Split::Train, Split::Valid].map(|split| performances::genres(data, split));
    let [train, valid] = listed;
    let others = genre::distinct(train?.into_iter().chain(valid?).filter(|genre| genre.built_in().is_none()));
    let built_in = genre::list(&genre::built_in());
    let text = || format!("phrases are taken from {built_in} alone; left out: {}", genre::list(&others));
    Ok((!others.is_empty()).then(text))
}

/// `count` phrases as played: a third of each genre, spread evenly over pieces and within them.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A piece with one note of one key at each step from `first` on.
    fn piece(genre: Genre, first: i64, steps: i64, key: usize) -> Piece {
        let note = |onset| GridNote { onset, release: onset + 1, key, velocity: 80 };
        Piece::from_notes(genre, (first..first + steps).map(note).collect())
    }

    #[test]
    fn a_piece_is_cut_from_a_beat_on_and_ends_without_a_rest() {
        let piece = piece(Genre::Jazz, 6, 2 * STEPS as i64 + 10, 40);
        assert_eq!(piece.phrases(), 2, "what is left has too few onsets");
        assert_eq!(piece.phrase(0).notes()[0].onset, 2, "the beat before its first note");
        assert_eq!(piece.phrase(1).notes().len(), STEPS);
    }

    #[test]
    fn a_varied_phrase_stays_on_the_piano_and_in_the_piece() {
        let piece = piece(Genre::Jazz, 0, 2 * STEPS as i64, 86);
        assert_eq!(piece.varied(0, 4, -5).notes()[0].key, 81);
        assert_eq!(piece.varied(0, 4, 6), piece.varied(0, 4, 0));
        assert_eq!(piece.varied(1, 84, 0), piece.phrase(1));
        assert_eq!(piece.varied(1, 40, 0).notes().len(), 48);
    }

    #[test]
    fn the_genres_that_are_left_out_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut list = "path,genre,source,alignment,split\na.mid,jazz,x,free,train\n".to_owned();
        let write = |list: &str| std::fs::write(folder.path().join(performances::LIST), list).unwrap();
        write(&list);
        assert_eq!(left_out(folder.path()).unwrap(), None);
        list += "b.mid,stride,x,free,valid\nc.mid,bossa,x,free,train\n";
        write(&list);
        let text = left_out(folder.path()).unwrap().expect("two genres");
        assert_eq!(text, "phrases are taken from classical, jazz, pop alone; left out: bossa, stride");
    }

    #[test]
    fn phrases_are_spread_over_genres_and_pieces() {
        let pieces: Vec<Piece> = [(Genre::Classical, 10), (Genre::Jazz, 20), (Genre::Jazz, 30), (Genre::Pop, 40)]
            .map(|(genre, key)| piece(genre, 0, 4 * STEPS as i64, key))
            .into();
        let keys: Vec<usize> = spread(&pieces, 6).iter().map(|image| image.notes()[0].key).collect();
        assert_eq!(keys, [10, 10, 20, 30, 40, 40]);
    }
}
