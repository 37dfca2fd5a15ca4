//! What was played of late, as a MIDI file.

use tonenet_core::midi::{WrittenNote, WrittenPart};

use super::{PlayedNote, PlayedPart};

/// Beats of a bar of 4/4. The first note keeps its place in the bar.
const BAR: f64 = 4.0;

/// Length of a note whose key is still down, in beats.
const OPEN_LENGTH: f64 = 1.0;

impl PlayedPart {
    /// The part with other velocities, to write as a MIDI file. What was played after a loop or a seek follows what was played
    /// before it, as it was heard.
    pub fn written(&self, velocity: impl Fn(&PlayedNote) -> u8) -> WrittenPart {
        let places = self.places();
        let note = |(note, &(_, beats, beat)): (&PlayedNote, &(f64, f64, f64))| WrittenNote {
            beats,
            length: note.length.map_or(OPEN_LENGTH, |length| length / beat),
            channel: note.channel,
            key: note.key,
            velocity: velocity(note),
        };
        let beats_at = |seconds: f64| {
            let after = places.partition_point(|place| place.0 <= seconds);
            let before = places.get(after.saturating_sub(1));
            before.map_or(0.0, |&(from, beats, beat)| beats + (seconds - from) / beat)
        };
        WrittenPart {
            notes: self.notes.iter().zip(&places).map(note).collect(),
            pedals: self.pedals.iter().map(|&(seconds, down)| (beats_at(seconds), down)).collect(),
            tempo: places.iter().map(|&(_, beats, beat)| (beats, beat)).collect(),
        }
    }

    /// Second, beat and length of a beat of each note. Each note's tempo holds up to the next one.
    fn places(&self) -> Vec<(f64, f64, f64)> {
        let mut places: Vec<(f64, f64, f64)> = Vec::with_capacity(self.notes.len());
        for note in &self.notes {
            let beats = match places.last() {
                Some(&(seconds, beats, beat)) => beats + (note.onset - seconds) / beat,
                None => note.beats.unwrap_or(0.0).rem_euclid(BAR),
            };
            places.push((note.onset, beats, note.beat_seconds));
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use tonenet_core::midi::Song;
    use tonenet_core::scheduler::NoteId;
    use tonenet_core::scope::VoicePosition;
    use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};

    use super::super::PlayedPrediction;
    use super::*;
    use tonenet_core::feel::Feel;

    fn note(onset: f64, beats: f64, beat_seconds: f64) -> PlayedNote {
        PlayedNote {
            id: NoteId(0),
            session: 0,
            onset,
            length: Some(0.25),
            beats: Some(beats),
            grid_beats: 0.0,
            beat_seconds,
            channel: 1,
            key: 60,
            velocity: 64,
            voice: VoicePosition::ALONE,
            style: StyleBlend::only(StyleIndex::JAZZ),
            take: TakeSeed(0),
            prediction: PlayedPrediction::Waiting,
            feel: Feel::default(),
        }
    }

    #[test]
    fn what_was_played_keeps_its_place_in_the_bar_its_tempo_and_its_order_through_a_loop() {
        let notes = vec![note(10.0, 17.0, 0.5), note(10.5, 18.0, 0.5), note(11.0, 16.0, 1.0), note(12.0, 17.0, 1.0)];
        let part = PlayedPart { notes, pedals: vec![(10.25, true), (11.5, false)], ..PlayedPart::default() };
        let written = part.written(|note| note.velocity + 1);
        assert_eq!(written.notes.iter().map(|note| note.beats).collect::<Vec<_>>(), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(written.notes.iter().map(|note| note.length).collect::<Vec<_>>(), [0.5, 0.5, 0.25, 0.25]);
        assert_eq!(written.pedals, [(1.5, true), (3.5, false)]);
        let song = Song::parse(written.to_midi()).unwrap();
        assert_eq!(song.tempo().changes().collect::<Vec<_>>(), [(0, 500_000), (3 * 960, 1_000_000)]);
        assert!(song.notes().iter().all(|note| note.note.velocity == 65 && note.note.channel == 1));
        assert!(PlayedPart::default().written(|_| 64).notes.is_empty());
    }
}
