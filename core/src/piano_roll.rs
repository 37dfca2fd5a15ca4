//! The article's matrices: T × 176 frames in, T × 88 velocities out, and the way back onto the notes.
//!
//! A frame has two numbers a key, `[articulated, sounding]`: `[1, 1]` where a note begins, `[0, 1]` while it is
//! held, `[0, 0]` where the key is silent (StyleNet, arXiv 1708.03535, section 3.1). Column `2 k` is the
//! articulation of piano key `k`, column `2 k + 1` whether it sounds.

use crate::grid::GridNote;
use crate::note::PIANO_KEYS;

/// Numbers in a frame of the network's input.
pub const FRAME: usize = 2 * PIANO_KEYS;

/// What the network reads: `steps` frames of [`FRAME`] numbers, step by step.
#[derive(Debug, Clone, PartialEq)]
pub struct PianoRoll {
    first_step: i64,
    steps: usize,
    frames: Vec<f32>,
}

impl PianoRoll {
    /// The steps `first_step .. first_step + steps` of some notes; what lies outside is left out.
    pub fn new<'a>(first_step: i64, steps: usize, notes: impl IntoIterator<Item = &'a GridNote>) -> Self {
        let mut roll = Self { first_step, steps, frames: vec![0.0; steps * FRAME] };
        for note in notes {
            if let Some(row) = roll.row(note.onset) {
                roll.frames[row * FRAME + 2 * note.key] = 1.0;
            }
            let end = first_step + steps as i64;
            for step in note.onset.max(first_step)..note.release.min(end) {
                let row = (step - first_step) as usize;
                roll.frames[row * FRAME + 2 * note.key + 1] = 1.0;
            }
        }
        roll
    }

    /// The frames, row after row: shape \[steps, 176\].
    pub fn frames(&self) -> &[f32] {
        &self.frames
    }

    /// Rows in the matrix.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The grid step of row 0.
    pub fn first_step(&self) -> i64 {
        self.first_step
    }

    /// Where a note stands in a T × 88 matrix over the same steps, or `None` if it begins outside.
    pub fn cell(&self, note: &GridNote) -> Option<usize> {
        self.row(note.onset).map(|row| row * PIANO_KEYS + note.key)
    }

    fn row(&self, step: i64) -> Option<usize> {
        let row = usize::try_from(step - self.first_step).ok()?;
        (row < self.steps).then_some(row)
    }
}

/// Velocities over the same steps as a [`PianoRoll`], with which cells hold an onset.
#[derive(Debug, Clone, PartialEq)]
pub struct VelocityRoll {
    /// Shape \[steps, 88\]; the velocity where a note begins, 0 elsewhere.
    pub velocities: Vec<f32>,
    /// Shape \[steps, 88\]; 1 where a note begins, 0 elsewhere.
    pub onsets: Vec<f32>,
}

impl VelocityRoll {
    /// The velocities of some notes; where two share a cell the louder one counts.
    pub fn new<'a>(roll: &PianoRoll, notes: impl IntoIterator<Item = &'a GridNote>) -> Self {
        let cells = roll.steps * PIANO_KEYS;
        let mut target = Self { velocities: vec![0.0; cells], onsets: vec![0.0; cells] };
        for note in notes {
            if let Some(cell) = roll.cell(note) {
                target.velocities[cell] = target.velocities[cell].max(f32::from(note.velocity));
                target.onsets[cell] = 1.0;
            }
        }
        target
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(onset: i64, release: i64, key: usize, velocity: u8) -> GridNote {
        GridNote { onset, release, key, velocity }
    }

    #[test]
    fn a_note_is_articulated_once_and_sounds_until_its_release() {
        let roll = PianoRoll::new(10, 5, &[note(11, 14, 3, 80)]);
        let column = |offset| (0..5).map(|row| roll.frames()[row * FRAME + 6 + offset]).collect::<Vec<_>>();
        assert_eq!(column(0), [0., 1., 0., 0., 0.]);
        assert_eq!(column(1), [0., 1., 1., 1., 0.]);
        assert_eq!(roll.frames().iter().sum::<f32>(), 4.0);
    }

    #[test]
    fn a_note_that_began_earlier_is_only_held() {
        let held = note(-4, 2, 0, 80);
        let roll = PianoRoll::new(0, 4, &[held]);
        assert_eq!(roll.frames()[0], 0.0);
        assert_eq!([roll.frames()[1], roll.frames()[FRAME + 1], roll.frames()[2 * FRAME + 1]], [1.0, 1.0, 0.0]);
        assert_eq!(roll.cell(&held), None);
    }

    #[test]
    fn every_note_finds_its_own_velocity_again() {
        let notes = [note(0, 1, 5, 30), note(0, 2, 7, 90), note(3, 4, 5, 60)];
        let roll = PianoRoll::new(0, 4, &notes);
        let target = VelocityRoll::new(&roll, &notes);
        for note in &notes {
            assert_eq!(target.velocities[roll.cell(note).unwrap()], f32::from(note.velocity));
        }
        assert_eq!(target.onsets.iter().sum::<f32>(), 3.0);
    }

    #[test]
    fn of_two_notes_in_one_cell_the_louder_is_the_target() {
        let notes = [note(0, 1, 5, 90), note(0, 1, 5, 30)];
        let roll = PianoRoll::new(0, 1, &notes);
        assert_eq!(VelocityRoll::new(&roll, &notes).velocities[5], 90.0);
    }
}
