//! Whole performances on their grid, for scoring networks.

use tonenet_core::grid::GridNote;
use tonenet_core::piano_roll::PianoRoll;

use crate::data::genre::GenreId;
use crate::data::performances::Performance;

/// A whole performance on its grid.
pub struct GridPerformance {
    /// The index of its genre's decoder.
    pub genre: usize,
    pub roll: PianoRoll,
    /// Cell of each note in the roll.
    pub cells: Vec<usize>,
    /// Human velocity of each note.
    pub velocities: Vec<f32>,
}

/// The first `files` performances of each of `genres`, each on its grid.
pub fn grid_performances(performances: &[Performance], genres: &[GenreId], files: usize) -> Vec<GridPerformance> {
    let mut left = vec![files; genres.len()];
    let mut placed = Vec::new();
    for performance in performances {
        let genre = genres.iter().position(|genre| *genre == performance.genre);
        let Some(genre) = genre.filter(|&genre| left[genre] > 0) else { continue };
        left[genre] -= 1;
        let notes: Vec<GridNote> = performance.notes.iter().filter_map(|n| performance.grid.place(n)).collect();
        let first = notes.iter().map(|n| n.onset).min().unwrap_or(0);
        let end = notes.iter().map(|n| n.onset).max().unwrap_or(0) + 1;
        let roll = PianoRoll::new(first, (end - first) as usize, &notes);
        placed.push(GridPerformance {
            genre,
            cells: notes.iter().filter_map(|n| roll.cell(n)).collect(),
            velocities: notes.iter().map(|n| f32::from(n.velocity)).collect(),
            roll,
        });
    }
    placed
}
