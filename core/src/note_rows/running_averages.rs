//! Running averages of a part, and how a note differs from them.
//!
//! Velocities are predicted relative to a part's own level. A note is loud because it is high or dense *for this part*.
//! A network that reads a few hundred notes at a time cannot know that, so these averages are part of its input.

/// Number of notes after which the averages decay exponentially.
const REACH: u32 = 4096;

/// The features of a note that are averaged.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoteFeatures {
    /// MIDI key.
    pub key: f32,
    /// Logarithm of the seconds between the previous chord and the note's own.
    pub gap: f32,
    /// Logarithm of one plus the number of notes in the last seconds.
    pub busy: f32,
    /// 1 where the pedal is down.
    pub pedal: f32,
    /// 1 for the first note of a chord.
    pub begins_chord: f32,
}

impl NoteFeatures {
    fn numbers(&self) -> [f32; 5] {
        [self.key, self.gap, self.busy, self.pedal, self.begins_chord]
    }
}

/// Means of the features over the notes so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunningAverages {
    means: [f32; 5],
    notes: u32,
}

impl RunningAverages {
    /// Columns of [`RunningAverages::compare`].
    pub const COLUMNS: usize = 6;

    /// The averages with one more note.
    pub fn with(mut self, note: &NoteFeatures) -> Self {
        self.notes = (self.notes + 1).min(REACH);
        for (mean, number) in self.means.iter_mut().zip(note.numbers()) {
            *mean += (number - *mean) / self.notes as f32;
        }
        self
    }

    /// How a note in a chord of `size` notes differs from the averages, and how many notes they cover.
    pub fn compare(&self, note: &NoteFeatures, size: f32) -> [f32; Self::COLUMNS] {
        let [key, gap, busy, pedal, begins_chord] = self.means;
        [
            (note.key - key) / 12.0,
            note.gap - gap,
            note.busy - busy,
            note.pedal - pedal,
            (size * begins_chord).max(0.05).ln(),
            (self.notes as f32).ln() / 3.0 - 1.5,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_compared_with_the_mean_of_all_notes() {
        let note = |key| NoteFeatures { key, begins_chord: 1.0, ..NoteFeatures::default() };
        let usual = RunningAverages::default().with(&note(60.0)).with(&note(72.0)).with(&note(78.0));
        let row = usual.compare(&note(82.0), 1.0);
        assert_eq!((row[0], row[4]), (1.0, 0.0), "an octave above the mean, alone as all are");
    }

    #[test]
    fn after_many_notes_old_ones_lose_their_weight() {
        let at = |key| NoteFeatures { key, ..NoteFeatures::default() };
        let low = (0..REACH).fold(RunningAverages::default(), |usual, _| usual.with(&at(40.0)));
        let moved = (0..REACH).fold(low, |usual, _| usual.with(&at(76.0)));
        let above = moved.compare(&at(76.0), 1.0)[0];
        assert!((0.9..1.3).contains(&above), "{above}");
    }
}
