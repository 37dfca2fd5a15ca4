//! Scores of phrase images: how well they are reconstructed, how dense they are, how far apart.

use std::collections::BTreeMap;

use tonenet_core::note::PIANO_KEYS;
use tonenet_core::phrase_image::{CELLS, PhraseImage, STEPS};

/// Accuracy of reconstructed images.
#[derive(Debug, Clone, Copy, Default)]
pub struct Agreement {
    found: usize,
    missed: usize,
    invented: usize,
    /// Sum of absolute velocity errors over the notes found.
    errors: f64,
}

impl Agreement {
    /// Adds an image and its reconstruction. An onset is found if it is in the same cell.
    pub fn add(&mut self, real: &PhraseImage, again: &PhraseImage) {
        let by_cell = |image: &PhraseImage| -> BTreeMap<(i64, usize), u8> {
            image.notes().iter().map(|note| ((note.onset, note.key), note.velocity)).collect()
        };
        let (real, again) = (by_cell(real), by_cell(again));
        for (cell, velocity) in &real {
            match again.get(cell) {
                Some(found) => {
                    self.found += 1;
                    self.errors += f64::from(velocity.abs_diff(*found));
                }
                None => self.missed += 1,
            }
        }
        self.invented += again.keys().filter(|cell| !real.contains_key(cell)).count();
    }

    /// F1 of onsets, over all images.
    pub fn f1(&self) -> f64 {
        2.0 * self.found as f64 / (2 * self.found + self.missed + self.invented).max(1) as f64
    }

    /// Mean absolute error of the velocities of onsets that are found, in velocity steps.
    pub fn velocity_error(&self) -> f64 {
        self.errors / self.found.max(1) as f64
    }
}

/// Counts over an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counts {
    /// Notes that sound at a step, on average.
    pub polyphony: f64,
    /// Notes that begin at a step, on average.
    pub note_rate: f64,
    /// Mean velocity of its notes.
    pub velocity: f64,
}

impl Counts {
    /// Counts an image's notes.
    pub fn from_image(image: &PhraseImage) -> Self {
        let notes = image.notes();
        let steps = STEPS as f64;
        let sounding: i64 = notes.iter().map(|note| note.release - note.onset).sum();
        let velocities: f64 = notes.iter().map(|note| f64::from(note.velocity)).sum();
        Self {
            polyphony: sounding as f64 / steps,
            note_rate: notes.len() as f64 / steps,
            velocity: velocities / notes.len().max(1) as f64,
        }
    }

    /// The mean and the standard deviation of a count over images.
    pub fn summary(images: &[PhraseImage], value: fn(&Self) -> f64) -> (f64, f64) {
        let values: Vec<f64> = images.iter().map(|image| value(&Self::from_image(image))).collect();
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
        (mean, variance.sqrt())
    }
}

/// Distance between two images: the mean over cells of the differences in sounding velocity and in onsets.
pub fn distance(a: &PhraseImage, b: &PhraseImage) -> f64 {
    let apart = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from((a - b).abs())).sum::<f64>();
    (apart(a.velocities(), b.velocities()) + apart(a.onsets(), b.onsets())) / CELLS as f64
}

/// How often each key is struck, as shares of all onsets.
pub fn key_shares(images: &[PhraseImage]) -> Vec<f64> {
    let mut shares = vec![0.0; PIANO_KEYS];
    for note in images.iter().flat_map(PhraseImage::notes) {
        shares[note.key] += 1.0;
    }
    let all = shares.iter().sum::<f64>().max(1.0);
    shares.iter().map(|count| count / all).collect()
}

/// The overlap of two lists of shares, 0–1.
pub fn overlap(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.min(*b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonenet_core::grid::GridNote;

    fn image(notes: &[(i64, i64, usize, u8)]) -> PhraseImage {
        let notes: Vec<GridNote> =
            notes.iter().map(|&(onset, release, key, velocity)| GridNote { onset, release, key, velocity }).collect();
        PhraseImage::from_notes(0, &notes)
    }

    #[test]
    fn onsets_are_found_missed_and_invented() {
        let mut agreement = Agreement::default();
        agreement.add(&image(&[(0, 1, 5, 60), (4, 8, 9, 60)]), &image(&[(0, 3, 5, 50), (5, 8, 9, 60), (6, 8, 1, 9)]));
        assert_eq!(agreement.f1(), 2.0 / 5.0);
        assert_eq!(agreement.velocity_error(), 10.0);
    }

    #[test]
    fn notes_are_counted_a_step() {
        let counts = Counts::from_image(&image(&[(0, 44, 5, 60), (0, 88, 9, 80)]));
        assert_eq!(counts, Counts { polyphony: 1.5, note_rate: 2.0 / 88.0, velocity: 70.0 });
    }

    #[test]
    fn images_are_as_far_apart_as_their_cells() {
        let (a, b) = (image(&[(0, 1, 5, 127)]), image(&[(0, 1, 6, 127)]));
        assert_eq!(distance(&a, &a), 0.0);
        assert_eq!(distance(&a, &b), 4.0 / CELLS as f64);
        assert_eq!(overlap(&key_shares(std::slice::from_ref(&a)), &key_shares(&[b, a])), 0.5);
    }
}
