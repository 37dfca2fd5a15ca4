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

    /// The rows from `start` up to `end`.
    ///
    /// # Panics
    /// Where there are no such rows.
    pub fn steps_between(&self, start: usize, end: usize) -> Self {
        Self {
            first_step: self.first_step + start as i64,
            steps: end - start,
            frames: self.frames[start * FRAME..end * FRAME].to_vec(),
        }
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

/// A stretch of steps that a network reads at once, and those of them whose answers count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepWindow {
    /// First step read.
    pub start: usize,
    /// The step behind the last read.
    pub end: usize,
    /// The steps answered for.
    pub keep: std::ops::Range<usize>,
}

/// Windows of at most `length` steps that overlap by half and together answer once for each of `steps` steps.
///
/// For networks that look at everything they are given, as attention does, and were trained on excerpts so long.
pub fn windows(steps: usize, length: usize) -> Vec<StepWindow> {
    if steps <= length || length < 4 {
        return vec![StepWindow { start: 0, end: steps, keep: 0..steps }];
    }
    let (stride, margin) = (length / 2, length / 4);
    let mut windows = Vec::new();
    let mut answered = 0;
    while answered < steps {
        let end = (windows.len() * stride + length).min(steps);
        let start = end - length;
        let kept = if end == steps { steps } else { start + margin + stride };
        windows.push(StepWindow { start, end, keep: answered..kept });
        answered = kept;
    }
    windows
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

    #[test]
    fn windows_answer_once_for_each_step_with_room_on_both_sides() {
        for steps in [1, 100, 160, 161, 239, 240, 241, 1000] {
            let windows = windows(steps, 160);
            let answered: Vec<usize> = windows.iter().flat_map(|w| w.keep.clone()).collect();
            assert_eq!(answered, (0..steps).collect::<Vec<_>>());
            for window in &windows {
                assert!(window.end - window.start <= 160);
                assert!(window.start == 0 || window.keep.start >= window.start + 40);
                assert!(window.end == steps || window.keep.end + 40 <= window.end);
            }
        }
    }
}
