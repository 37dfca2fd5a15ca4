//! Sums over groups of notes that musicians tell apart: bass, inner voices, melody, off-beats.

use tonenet_core::note_rows::{CHORD_SECONDS, Part};

/// A bass note is at most E3, the lowest of a chord or alone.
const HIGHEST_BASS: u8 = 52;

/// A note of the melody is at least middle C, the highest of a chord or alone.
const LOWEST_MELODY: u8 = 60;

/// How far from the beat or the off-beat a note may be, in beats.
const ON_BEAT: f64 = 0.1;

/// A group of notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Bass,
    Inner,
    Melody,
    OnBeat,
    OffBeat,
}

impl Group {
    /// All groups.
    pub const ALL: [Self; 5] = [Self::Bass, Self::Inner, Self::Melody, Self::OnBeat, Self::OffBeat];
}

/// The sums of the rows of each group of notes in one or several performances.
#[derive(Debug, Clone)]
pub(crate) struct GroupSums {
    /// The groups of each note of the performance at hand.
    members: Vec<Vec<Group>>,
    /// In the order of [`Group::ALL`].
    groups: Vec<RowSums>,
    all: RowSums,
}

#[derive(Debug, Clone)]
struct RowSums {
    sums: Vec<f64>,
    count: usize,
}

impl RowSums {
    fn new(columns: usize) -> Self {
        Self { sums: vec![0.0; columns], count: 0 }
    }

    fn add(&mut self, row: &[f64], count: usize) {
        self.sums.iter_mut().zip(row).for_each(|(sum, number)| *sum += number);
        self.count += count;
    }

    fn mean(&self, weights: &[f64]) -> Option<f64> {
        let sum = self.sums.iter().zip(weights).map(|(sum, weight)| sum * weight).sum::<f64>();
        (self.count > 0).then(|| sum / self.count as f64)
    }
}

impl GroupSums {
    /// No rows yet, of a part's notes; a row has so many columns.
    pub fn new(part: &Part, columns: usize) -> Self {
        let sums = || RowSums::new(columns);
        Self { members: members(part), groups: Group::ALL.map(|_| sums()).into(), all: sums() }
    }

    /// Adds the row of a note, by its index in the part.
    pub fn add(&mut self, note: usize, row: &[f64]) {
        self.all.add(row, 1);
        for &group in &self.members[note] {
            self.groups[group as usize].add(row, 1);
        }
    }

    /// Adds the sums of another performance.
    pub fn merge(&mut self, other: &Self) {
        self.all.add(&other.all.sums, other.all.count);
        for (to, from) in self.groups.iter_mut().zip(&other.groups) {
            to.add(&from.sums, from.count);
        }
    }

    /// The mean of a weighted sum of columns over a group minus that over all notes; `None` for a group of under a
    /// hundredth of the notes.
    pub fn deviation(&self, group: Group, weights: &[f64]) -> Option<f64> {
        let sums = &self.groups[group as usize];
        let is_usual = sums.count * 100 >= self.all.count;
        is_usual.then(|| Some(sums.mean(weights)? - self.all.mean(weights)?)).flatten()
    }
}

/// The groups of each note of a part.
fn members(part: &Part) -> Vec<Vec<Group>> {
    let notes: Vec<_> = (0..part.len()).filter_map(|index| part.note(index)).collect();
    let mut members = Vec::with_capacity(notes.len());
    let mut start = 0;
    while start < notes.len() {
        let chord = notes[start..].iter().take_while(|note| note.onset <= notes[start].onset + CHORD_SECONDS);
        let chord: Vec<_> = chord.collect();
        let lowest = chord.iter().map(|note| note.key).min();
        let highest = chord.iter().map(|note| note.key).max();
        for note in &chord {
            let (is_lowest, is_highest) = (Some(note.key) == lowest, Some(note.key) == highest);
            let phase = note.beat_phase.unwrap_or(f64::NAN);
            let is_in = |group: &Group| match group {
                Group::Bass => is_lowest && note.key <= HIGHEST_BASS,
                Group::Melody => is_highest && note.key >= LOWEST_MELODY,
                Group::Inner => !is_lowest && !is_highest,
                Group::OnBeat => !(ON_BEAT..=1.0 - ON_BEAT).contains(&phase),
                Group::OffBeat => (phase - 0.5).abs() < ON_BEAT,
            };
            members.push(Group::ALL.into_iter().filter(is_in).collect());
        }
        start += chord.len();
    }
    members
}

#[cfg(test)]
mod tests {
    use tonenet_core::note_rows::PartNote;

    use super::*;

    fn part(notes: &[(f64, u8)]) -> Part {
        let mut part = Part::default();
        for &(beat, key) in notes {
            let beat_phase = Some(beat.rem_euclid(1.0));
            part.push(PartNote { onset: beat * 0.5, release: beat * 0.5 + 0.1, key, beat_phase, deviation: None });
        }
        part
    }

    #[test]
    fn notes_are_grouped_by_their_place_in_chord_and_beat() {
        let part = part(&[(0.0, 40), (0.0, 55), (0.0, 64), (0.5, 50), (1.25, 64), (2.0, 55)]);
        use Group::{Bass, Inner, Melody, OffBeat, OnBeat};
        let expected: [&[Group]; 6] =
            [&[Bass, OnBeat], &[Inner, OnBeat], &[Melody, OnBeat], &[Bass, OffBeat], &[Melody], &[OnBeat]];
        assert_eq!(members(&part), expected);
    }

    #[test]
    fn a_group_deviates_from_all_notes_of_all_performances() {
        let mut sums = GroupSums::new(&part(&[(0.0, 40), (0.0, 64)]), 2);
        sums.add(0, &[10.0, 1.0]);
        sums.add(1, &[20.0, 1.0]);
        let mut other = GroupSums::new(&part(&[(0.0, 41)]), 2);
        other.add(0, &[60.0, 1.0]);
        sums.merge(&other);
        // All notes have a mean of 30, bass notes of 35; the second column is the same for all.
        assert_eq!(sums.deviation(Group::Bass, &[1.0, 0.0]), Some(5.0));
        assert_eq!(sums.deviation(Group::Bass, &[2.0, 7.0]), Some(10.0));
        assert_eq!(sums.deviation(Group::Melody, &[1.0, 0.0]), Some(-10.0));
        assert_eq!(sums.deviation(Group::Inner, &[1.0, 0.0]), None);
    }
}
