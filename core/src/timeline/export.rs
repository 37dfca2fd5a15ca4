//! The recorded performance as a MIDI file.

use super::{TimelineNote, TimelineSnapshot};
use crate::midi::{WrittenNote, WrittenPart};

impl TimelineSnapshot {
    /// The performance with other velocities, to write as a MIDI file: notes, pedal and tempo. `velocity` gets each note's
    /// index.
    pub fn written(&self, velocity: impl Fn(usize, &TimelineNote) -> u8) -> WrittenPart {
        let note = |(index, note): (usize, &TimelineNote)| WrittenNote {
            beats: note.beats,
            length: note.length.into(),
            channel: note.channel,
            key: note.key,
            velocity: velocity(index, note),
        };
        WrittenPart {
            notes: self.notes().iter().enumerate().map(note).collect(),
            pedals: self.pedals().iter().map(|pedal| (pedal.beats, pedal.down)).collect(),
            // Each note's tempo holds up to the next note.
            tempo: self.notes().iter().map(|note| (note.beats, note.beat_seconds.into())).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::midi::Song;
    use crate::timeline::Pedal;

    #[test]
    fn a_performance_that_is_written_and_read_is_the_same_but_for_its_velocities() {
        let note =
            |beats, key, beat_seconds| TimelineNote { beats, length: 1.5, beat_seconds, channel: 2, key, velocity: 64 };
        let notes = vec![note(1.0, 60, 0.5), note(2.5, 64, 0.5), note(4.0, 67, 0.75)];
        let pedals = vec![Pedal { beats: 1.25, down: true }, Pedal { beats: 4.5, down: false }];
        let snapshot = TimelineSnapshot::new(notes.clone(), pedals.clone());
        let bytes = snapshot.written(|index, note| note.velocity + index as u8).to_midi();
        let read = TimelineSnapshot::from_song(&Song::parse(bytes).unwrap(), 0.0);
        let loud = |(index, note): (usize, TimelineNote)| TimelineNote { velocity: 64 + index as u8, ..note };
        let louder = notes.into_iter().enumerate().map(loud).collect();
        assert_eq!(read, TimelineSnapshot::new(louder, pedals));
    }
}
