//! The article's matrices: T × 176 frames in, T × 88 velocities out, and the way back onto the notes.
//!
//! A frame has two numbers a key, `[articulated, sounding]`: `[1, 1]` where a note begins, `[0, 1]` while it is
//! held, `[0, 0]` where the key is silent (StyleNet, arXiv 1708.03535, section 3.1). Column `2 k` is the
//! articulation of piano key `k`, column `2 k + 1` whether it sounds.

use std::ops::Range;

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

/// A stretch of steps that a network reads at once, and those of them whose answers count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepWindow {
    /// First step read.
    pub start: usize,
    /// The step behind the last read.
    pub end: usize,
    /// The steps answered for.
    pub keep: Range<usize>,
}

/// Windows of at most `length` steps (but no fewer than 4) that overlap by half and together answer once for each of
/// `steps` steps.
///
/// For networks that look at everything they are given, as attention does, and were trained on excerpts so long.
pub fn windows(steps: usize, length: usize) -> impl Iterator<Item = StepWindow> {
    let length = length.max(4);
    let (stride, margin) = (length / 2, length / 4);
    let (mut place, mut answered) = (0, 0);
    std::iter::from_fn(move || {
        if answered == steps && place > 0 {
            return None;
        }
        let end = (place * stride + length).min(steps);
        let start = end.saturating_sub(length);
        let kept = if end == steps { steps } else { start + margin + stride };
        let window = StepWindow { start, end, keep: answered..kept };
        (place, answered) = (place + 1, kept);
        Some(window)
    })
}

/// So many steps without an onset, 32 bars of sixteenths, part a take: what was before is read by itself.
pub const LONGEST_PAUSE: i64 = 512;

/// A part of a take that a network reads at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Excerpt {
    /// What it reads.
    pub roll: PianoRoll,
    /// The notes that it answers for, as places in the take.
    pub notes: Range<usize>,
}

/// The excerpts of at most `length` steps in which a take is read whole, each of its notes answered for once.
///
/// `notes` must be in the order of their onsets. Their number bounds the excerpts and their steps, wherever they stand:
/// a take is parted at pauses of more than [`LONGEST_PAUSE`] steps, and windows in which nothing begins are left out.
pub fn excerpts(notes: &[GridNote], length: usize) -> impl Iterator<Item = Excerpt> {
    let mut takes = Takes { notes, begun: 0, held: [i64::MIN; PIANO_KEYS] };
    let mut first_note = 0;
    let stretches = notes.chunk_by(|a, b| b.onset - a.onset <= LONGEST_PAUSE).filter_map(move |stretch| {
        let (first, last) = (stretch.first()?.onset, stretch.last()?.onset);
        let place = first_note;
        first_note += stretch.len();
        Some((first, (last + 1 - first) as usize, place..first_note))
    });
    let planned = stretches.flat_map(move |(first, steps, places)| {
        windows(steps, length).map(move |window| (first, window, places.clone()))
    });
    planned.filter_map(move |(first, window, places)| takes.excerpt(first, &window, places))
}

/// A take that is gone through from window to window.
struct Takes<'a> {
    notes: &'a [GridNote],
    /// Notes that begin before the window at hand.
    begun: usize,
    /// When the last of those to end has ended, a key.
    held: [i64; PIANO_KEYS],
}

impl Takes<'_> {
    /// The excerpt of a window of the stretch that begins at step `first` and has the notes at `places`, if there is
    /// something to answer for.
    fn excerpt(&mut self, first: i64, window: &StepWindow, places: Range<usize>) -> Option<Excerpt> {
        let step = |of_stretch: usize| first + of_stretch as i64;
        let before = |end: i64| places.start + self.notes[places.clone()].partition_point(|note| note.onset < end);
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
            // Where in the past it began is of no account, nor is its velocity.
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
    use proptest::prelude::*;

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
            let windows: Vec<_> = windows(steps, 160).collect();
            let answered: Vec<usize> = windows.iter().flat_map(|w| w.keep.clone()).collect();
            assert_eq!(answered, (0..steps).collect::<Vec<_>>());
            for window in &windows {
                assert!(window.end - window.start <= 160);
                assert!(window.start == 0 || window.keep.start >= window.start + 40);
                assert!(window.end == steps || window.keep.end + 40 <= window.end);
            }
        }
    }

    /// Notes in the order of their onsets, at most `reach` steps from the beginning.
    fn takes(reach: i64, longest: i64) -> impl Strategy<Value = Vec<GridNote>> {
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
        fn a_take_costs_what_its_notes_cost_wherever_they_stand(notes in takes(1 << 54, 1 << 54), length in 1usize..400) {
            let excerpts: Vec<Excerpt> = excerpts(&notes, length).collect();
            let answered: Vec<usize> = excerpts.iter().flat_map(|e| e.notes.clone()).collect();
            prop_assert_eq!(answered, (0..notes.len()).collect::<Vec<_>>());
            prop_assert!(excerpts.len() <= notes.len());
            for Excerpt { roll, notes: answered } in &excerpts {
                prop_assert!(roll.steps() <= length.max(4));
                prop_assert!(notes[answered.clone()].iter().all(|note| roll.cell(note).is_some()));
            }
        }

        #[test]
        fn an_excerpt_is_a_part_of_the_whole_roll(notes in takes(300, 90), length in 4usize..300) {
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
    fn a_long_pause_parts_a_take_and_what_is_held_is_heard_behind_it() {
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
