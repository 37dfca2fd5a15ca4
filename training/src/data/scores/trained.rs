//! Finds out which scores a model was trained on: those whose notes a training file plays.
//!
//! A performance shares many runs of eight keys with the score of its piece, and hardly any with another's. Of 187 scores
//! and 530 files, those of one piece shared from 7 % of the score's runs upwards, others at most 3.4 %.

use std::collections::HashMap;

use tonenet_core::note::Note;
use tonenet_core::note_rows::CHORD_SECONDS;

/// Keys in a run.
const RUN: usize = 8;
/// The least share of a score's runs that a file must have to play its piece.
const LEAST_SHARED: f64 = 0.05;
/// Longest time between the notes of a chord in a score's file, in seconds.
const SAME_ONSET: f64 = 0.005;

/// The runs of keys in training files, and the files that have each.
#[derive(Debug, Default)]
pub struct TrainedRuns {
    files: usize,
    by_run: HashMap<[u8; RUN], Vec<usize>>,
}

impl TrainedRuns {
    /// Those of the notes in training files, by onset.
    pub fn from_files<'a>(files: impl IntoIterator<Item = &'a [Note]>) -> Self {
        let mut all = Self::default();
        for notes in files {
            for run in runs(notes, CHORD_SECONDS) {
                let files = all.by_run.entry(run).or_default();
                if files.last() != Some(&all.files) {
                    files.push(all.files);
                }
            }
            all.files += 1;
        }
        all
    }

    /// Whether one of the files plays the piece of a score.
    pub fn play(&self, score: &[Note]) -> bool {
        let runs = runs(score, SAME_ONSET);
        let mut shared = vec![0; self.files];
        for file in runs.iter().filter_map(|run| self.by_run.get(run)).flatten() {
            shared[*file] += 1;
        }
        shared.into_iter().any(|shared: usize| shared as f64 >= LEAST_SHARED * runs.len() as f64 && shared > 0)
    }
}

/// Every run of keys, chords from their lowest note upwards.
fn runs(notes: &[Note], chord_seconds: f64) -> Vec<[u8; RUN]> {
    let mut keys: Vec<u8> = Vec::with_capacity(notes.len());
    let mut rest = notes;
    while let Some(first) = rest.first() {
        let (chord, after) =
            rest.split_at(rest.partition_point(|note| note.onset - first.onset < chord_seconds).max(1));
        let start = keys.len();
        keys.extend(chord.iter().map(|note| note.key));
        keys[start..].sort_unstable();
        rest = after;
    }
    keys.windows(RUN).filter_map(|run| run.try_into().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(keys: impl Iterator<Item = u8>, step: f64) -> Vec<Note> {
        let note = |(place, key): (usize, u8)| Note {
            // Pairs of keys are chords, which a player does not strike at once.
            onset: (place / 2) as f64 * step + (place % 2) as f64 * step * 0.02,
            release: (place / 2 + 1) as f64 * step,
            onset_sixteenths: 0.0,
            release_sixteenths: 0.0,
            channel: 0,
            key,
            velocity: 64,
        };
        keys.enumerate().map(note).collect()
    }

    /// A piece of 200 notes.
    fn piece(number: usize) -> impl Iterator<Item = u8> {
        (0..200usize).map(move |place| 40 + ((place * place + number * place * 7) % 41) as u8)
    }

    #[test]
    fn a_score_is_found_in_a_performance_of_it_with_mistakes_and_chords_in_another_order() {
        let mut played = notes(piece(1), 0.7);
        for chord in played.chunks_mut(2) {
            let [one, other] = chord else { continue };
            std::mem::swap(&mut one.key, &mut other.key);
        }
        played.iter_mut().step_by(30).for_each(|note| note.key += 1);
        let trained = TrainedRuns::from_files([notes(piece(2), 0.5).as_slice(), &played]);
        let score = |number| notes(piece(number), 0.25);
        assert!(trained.play(&score(1)) && trained.play(&score(2)));
        assert!(!trained.play(&score(3)));
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        assert!(!TrainedRuns::default().play(&notes(piece(1), 0.5)));
        let trained = TrainedRuns::from_files([notes(piece(1), 0.5).as_slice()]);
        assert!(!trained.play(&[]));
    }
}
