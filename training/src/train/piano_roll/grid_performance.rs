//! Whole performances on their grid, for scoring networks.

use tonenet_core::genre::Genre;
use tonenet_core::grid::GridNote;
use tonenet_core::piano_roll::PianoRoll;

use crate::data::performances::Performance;

/// A whole performance on its grid.
pub struct GridPerformance {
    pub genre: Genre,
    pub roll: PianoRoll,
    /// Cell of each note in the roll.
    pub cells: Vec<usize>,
    /// Human velocity of each note.
    pub velocities: Vec<f32>,
}

/// The first `files` performances of each genre, each on its grid.
pub fn grid_performances(performances: &[Performance], files: usize) -> Vec<GridPerformance> {
    let mut left = [files; 3];
    let mut placed = Vec::new();
    for performance in performances {
        if left[performance.genre.index()] == 0 {
            continue;
        }
        left[performance.genre.index()] -= 1;
        let notes: Vec<GridNote> = performance.notes.iter().filter_map(|n| performance.grid.place(n)).collect();
        let first = notes.iter().map(|n| n.onset).min().unwrap_or(0);
        let end = notes.iter().map(|n| n.onset).max().unwrap_or(0) + 1;
        let roll = PianoRoll::new(first, (end - first) as usize, &notes);
        placed.push(GridPerformance {
            genre: performance.genre,
            cells: notes.iter().filter_map(|n| roll.cell(n)).collect(),
            velocities: notes.iter().map(|n| f32::from(n.velocity)).collect(),
            roll,
        });
    }
    placed
}
