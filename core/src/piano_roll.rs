//! Piano-roll matrices for the networks: T × 176 input frames and T × 88 velocities, mapped from and to notes.
//!
//! A frame has two numbers per key, `[articulated, sounding]`: `[1, 1]` where a note begins, `[0, 1]` while it is
//! held, `[0, 0]` where the key is silent (StyleNet, arXiv 1708.03535, section 3.1). Column `2 k` is the
//! articulation of piano key `k`. Column `2 k + 1` says whether it sounds.

use std::ops::Range;

use crate::grid::GridNote;
use crate::note::PIANO_KEYS;

/// Numbers in a frame of the network's input.
pub const FRAME: usize = 2 * PIANO_KEYS;

/// A network's input: `steps` frames of [`FRAME`] numbers, in the order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct PianoRoll {
    first_step: i64,
    steps: usize,
    frames: Vec<f32>,
}

impl PianoRoll {
    /// The piano-roll of `notes` over the steps `first_step..first_step + steps`.
    pub fn new<'a>(first_step: i64, steps: usize, notes: impl IntoIterator<Item = &'a GridNote>) -> Self {
        let mut roll = Self { first_step, steps, frames: vec![0.0; steps * FRAME] };
        let end = first_step + steps as i64;
        for note in notes {
            if let Some(row) = roll.row(note.onset) {
                roll.frames[row * FRAME + 2 * note.key] = 1.0;
            }
            for step in note.onset.max(first_step)..note.release.min(end) {
                let row = (step - first_step) as usize;
                roll.frames[row * FRAME + 2 * note.key + 1] = 1.0;
            }
        }
        roll
    }

    /// The frames in row-major order: \[steps, 176\].
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

    /// The index of a note's onset in a T × 88 matrix over the same steps; `None` if it begins outside them.
    pub fn cell(&self, note: &GridNote) -> Option<usize> {
        self.row(note.onset).map(|row| row * PIANO_KEYS + note.key)
    }

    fn row(&self, step: i64) -> Option<usize> {
        let row = usize::try_from(step - self.first_step).ok()?;
        (row < self.steps).then_some(row)
    }
}

/// Velocities over the same steps as a [`PianoRoll`], and a mask of the onsets.
#[derive(Debug, Clone, PartialEq)]
pub struct VelocityRoll {
    /// Shape \[steps, 88\]; the velocity where a note begins, 0 elsewhere.
    pub velocities: Vec<f32>,
    /// Shape \[steps, 88\]; 1 where a note begins, 0 elsewhere.
    pub onsets: Vec<f32>,
}

impl VelocityRoll {
    /// The velocities of some notes; if two share a cell, the louder one counts.
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

/// A range of steps that a network reads at once, and the part of it whose outputs are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepWindow {
    /// First step read.
    pub start: usize,
    /// One past the last step read.
    pub end: usize,
    /// Steps whose outputs are used.
    pub keep: Range<usize>,
}

/// Windows of at most `length` steps that overlap by half; each of `steps` steps is kept in exactly one.
///
/// A `length` below 4 counts as 4. This is for networks that attend to their whole input and were trained on excerpts
/// of this length.
pub fn windows(steps: usize, length: usize) -> impl Iterator<Item = StepWindow> {
    let length = length.max(4);
    let (stride, margin) = (length / 2, length / 4);
    let (mut index, mut covered) = (0, 0);
    std::iter::from_fn(move || {
        if covered == steps && index > 0 {
            return None;
        }
        let end = (index * stride + length).min(steps);
        let start = end.saturating_sub(length);
        let kept = if end == steps { steps } else { start + margin + stride };
        let window = StepWindow { start, end, keep: covered..kept };
        (index, covered) = (index + 1, kept);
        Some(window)
    })
}

/// Longest pause between two onsets within one section, in steps: 32 bars of sixteenths. A longer pause splits a
/// performance into sections that are read separately.
pub const LONGEST_PAUSE: i64 = 512;

/// An excerpt of a performance that a network reads at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Excerpt {
    /// The network's input.
    pub roll: PianoRoll,
    /// The notes whose outputs are used, as indices into the performance.
    pub notes: Range<usize>,
}

/// Splits a performance into excerpts of at most `length` steps; each note's output is used in exactly one.
///
/// `notes` must be in the order of their onsets. The number of excerpts and their steps grow with the number of notes
/// only: pauses longer than [`LONGEST_PAUSE`] split the performance, and windows without onsets are left out.
pub fn excerpts(notes: &[GridNote], length: usize) -> impl Iterator<Item = Excerpt> {
    let mut cutter = ExcerptCutter { notes, begun: 0, held: [i64::MIN; PIANO_KEYS] };
    let mut first_note = 0;
    let sections = notes.chunk_by(|a, b| b.onset - a.onset <= LONGEST_PAUSE).filter_map(move |section| {
        let (first, last) = (section.first()?.onset, section.last()?.onset);
        let start = first_note;
        first_note += section.len();
        Some((first, (last + 1 - first) as usize, start..first_note))
    });
    let planned = sections.flat_map(move |(first, steps, indices)| {
        windows(steps, length).map(move |window| (first, window, indices.clone()))
    });
    planned.filter_map(move |(first, window, indices)| cutter.excerpt(first, &window, indices))
}

/// Cuts a performance into excerpts, one window after the other.
struct ExcerptCutter<'a> {
    notes: &'a [GridNote],
    /// Number of notes that begin before the current window.
    begun: usize,
    /// Latest release of those notes for each key, as a step.
    held: [i64; PIANO_KEYS],
}

impl ExcerptCutter<'_> {
    /// The excerpt of one window of a section; `None` if no note begins in the steps it keeps.
    ///
    /// The section begins at step `first` and has the notes at `indices`.
    fn excerpt(&mut self, first: i64, window: &StepWindow, indices: Range<usize>) -> Option<Excerpt> {
        let step = |of_section: usize| first + of_section as i64;
        let before = |end: i64| indices.start + self.notes[indices.clone()].partition_point(|note| note.onset < end);
        let notes = before(step(window.keep.start))..before(step(window.keep.end));
        if notes.is_empty() {
            return None;
        }
        let (start, end) = (before(step(window.start)), before(step(window.end)));
        for note in &self.notes[self.begun..start] {
            let held = &mut self.held[note.key];
            *held = note.release.max(*held);
        }
        self.begun = start;
        let begin = step(window.start);
        let held = self.held.iter().enumerate().filter(|(_, release)| **release > begin).map(|(key, &release)| {
            // Only the release matters; any earlier onset and any velocity give the same frames.
            GridNote { onset: begin - 1, release, key, velocity: 1 }
        });
        let held: Vec<GridNote> = held.collect();
        let roll = PianoRoll::new(begin, window.end - window.start, held.iter().chain(&self.notes[start..end]));
        Some(Excerpt { roll, notes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::note;
    use proptest::prelude::*;

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
    fn the_velocity_of_each_note_is_at_its_cell() {
        let notes = [note(0, 1, 5, 30), note(0, 2, 7, 90), note(3, 4, 5, 60)];
        let roll = PianoRoll::new(0, 4, &notes);
        let target = VelocityRoll::new(&roll, &notes);
        for note in &notes {
            assert_eq!(target.velocities[roll.cell(note).unwrap()], f32::from(note.velocity));
        }
        assert_eq!(target.onsets.iter().sum::<f32>(), 3.0);
    }

    #[test]
    fn if_two_notes_share_a_cell_the_louder_one_is_the_target() {
        let notes = [note(0, 1, 5, 90), note(0, 1, 5, 30)];
        let roll = PianoRoll::new(0, 1, &notes);
        assert_eq!(VelocityRoll::new(&roll, &notes).velocities[5], 90.0);
    }

    #[test]
    fn windows_keep_each_step_once_with_a_margin_on_both_sides() {
        for steps in [1, 100, 160, 161, 239, 240, 241, 1000] {
            let windows: Vec<_> = windows(steps, 160).collect();
            let kept: Vec<usize> = windows.iter().flat_map(|w| w.keep.clone()).collect();
            assert_eq!(kept, (0..steps).collect::<Vec<_>>());
            for window in &windows {
                assert!(window.end - window.start <= 160);
                assert!(window.start == 0 || window.keep.start >= window.start + 40);
                assert!(window.end == steps || window.keep.end + 40 <= window.end);
            }
        }
    }

    /// Notes in the order of their onsets, at most `reach` steps from step 0 and shorter than `longest`.
    fn performances(reach: i64, longest: i64) -> impl Strategy<Value = Vec<GridNote>> {
        let note =
            (-reach..reach, 1..longest, 0..PIANO_KEYS).prop_map(|(on, steps, key)| note(on, on + steps, key, 64));
        prop::collection::vec(note, 1..60).prop_map(|mut notes| {
            notes.sort_by_key(|note| note.onset);
            notes
        })
    }

    proptest! {
        /// Up to 2^52 beats, which are 2^54 steps.
        #[test]
        fn the_cost_of_excerpts_depends_on_the_number_of_notes_only(notes in performances(1 << 54, 1 << 54), length in 1usize..400) {
            let excerpts: Vec<Excerpt> = excerpts(&notes, length).collect();
            let covered: Vec<usize> = excerpts.iter().flat_map(|e| e.notes.clone()).collect();
            prop_assert_eq!(covered, (0..notes.len()).collect::<Vec<_>>());
            prop_assert!(excerpts.len() <= notes.len());
            for Excerpt { roll, notes: covered } in &excerpts {
                prop_assert!(roll.steps() <= length.max(4));
                prop_assert!(notes[covered.clone()].iter().all(|note| roll.cell(note).is_some()));
            }
        }

        #[test]
        fn an_excerpt_equals_the_same_steps_of_the_whole_roll(notes in performances(300, 90), length in 4usize..300) {
            let first = notes[0].onset;
            let steps = (notes[notes.len() - 1].onset + 1 - first) as usize;
            let whole = PianoRoll::new(first, steps, &notes);
            for Excerpt { roll, .. } in excerpts(&notes, length) {
                let rows = (roll.first_step() - first) as usize * FRAME;
                prop_assert_eq!(roll.frames(), &whole.frames()[rows..rows + roll.steps() * FRAME]);
            }
        }
    }

    #[test]
    fn a_long_pause_splits_a_performance_and_held_notes_still_sound_after_it() {
        let far = 1 << 52;
        let notes = [note(0, far + 2, 5, 64), note(far, far + 1, 7, 64), note(far + 3, far + 4, 7, 64)];
        let excerpts: Vec<Excerpt> = excerpts(&notes, 65_536).collect();
        assert_eq!(
            excerpts.iter().map(|e| (e.roll.steps(), e.notes.clone())).collect::<Vec<_>>(),
            [(1, 0..1), (4, 1..3)]
        );
        let held: Vec<f32> = (0..4).map(|row| excerpts[1].roll.frames()[row * FRAME + 11]).collect();
        assert_eq!(held, [1.0, 1.0, 0.0, 0.0]);
    }
}
