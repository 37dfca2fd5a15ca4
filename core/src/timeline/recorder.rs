//! Draws the picture of a song from what is heard on one pass after another.

use super::picture::MOST_NOTES;
use super::{Pedal, SAME_PLACE, Timeline, TimelineNote};

/// Something that was played while the transport ran.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Played {
    /// A restylable note began.
    NoteOn {
        /// Where, in beats.
        beats: f64,
        /// How long a beat lasts there, in seconds.
        beat_seconds: f64,
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key, 21–108.
        key: u8,
        /// The player's velocity, 1–127.
        velocity: u8,
    },
    /// A note ended.
    NoteOff {
        /// Where, in beats.
        beats: f64,
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key, 0–127.
        key: u8,
    },
    /// The sustain pedal moved.
    Pedal(Pedal),
    /// The song went from one place to another without a jump, and everything in between has been told.
    Passed {
        /// From here, in beats …
        from: f64,
        /// … to before here.
        to: f64,
    },
    /// It stopped or jumped.
    Ended,
}

#[derive(Debug, Clone, Copy)]
struct Heard<T> {
    what: T,
    /// The last pass that it was heard in.
    pass: u64,
}

/// Goes from one pass to the next.
///
/// What a pass goes over is replaced by what is heard on it; the rest stays.
#[derive(Debug, Default)]
pub struct Recorder {
    /// By their places.
    notes: Vec<Heard<TimelineNote>>,
    pedals: Vec<Heard<Pedal>>,
    /// Notes without an end yet: place, channel and key.
    sounding: Vec<(f64, u8, u8)>,
    pass: u64,
    changes: usize,
}

impl Recorder {
    /// Goes on from a picture.
    pub fn new(timeline: &Timeline) -> Self {
        Self {
            notes: timeline.notes().iter().map(|&what| Heard { what, pass: 0 }).collect(),
            pedals: timeline.pedals().iter().map(|&what| Heard { what, pass: 0 }).collect(),
            pass: 1,
            ..Self::default()
        }
    }

    /// Takes in what was played, in the order of time.
    pub fn hear(&mut self, played: &Played) {
        match *played {
            Played::NoteOn { beats, beat_seconds, channel, key, velocity } => {
                let beat_seconds = beat_seconds as f32;
                self.begin(TimelineNote { beats, length: 0.0, beat_seconds, channel, key, velocity, expected: None });
            }
            Played::NoteOff { beats, channel, key } => self.end(beats, channel, key),
            Played::Pedal(pedal) => self.press(pedal),
            Played::Passed { from, to } => self.forget_unheard(from, to),
            Played::Ended => {
                self.sounding.clear();
                self.pass += 1;
            }
        }
    }

    /// Notes and movements that are new, moved, edited or gone since the last [`Recorder::picture`].
    pub fn changes(&self) -> usize {
        self.changes
    }

    /// The picture so far: what is new has no expectations, or those of what stood there before.
    pub fn picture(&mut self, of: &Timeline) -> Timeline {
        self.changes = 0;
        let notes = self.notes.iter().map(|n| n.what).collect();
        of.with(notes, self.pedals.iter().map(|p| p.what).collect())
    }

    fn begin(&mut self, note: TimelineNote) {
        let from = self.notes.partition_point(|n| n.what.beats < note.beats - SAME_PLACE);
        let same = self.notes[from..]
            .iter_mut()
            .take_while(|n| n.what.beats <= note.beats + SAME_PLACE)
            .find(|n| (n.what.channel, n.what.key) == (note.channel, note.key) && n.pass != self.pass);
        if let Some(known) = same {
            let edited = known.what.velocity != note.velocity
                || (known.what.beat_seconds / note.beat_seconds - 1.0).abs() > 1e-3;
            if edited {
                self.changes += 1;
                known.what = TimelineNote { velocity: note.velocity, beat_seconds: note.beat_seconds, ..known.what };
            }
            known.pass = self.pass;
            self.sounding.push((known.what.beats, note.channel, note.key));
        } else if self.notes.len() < MOST_NOTES && note.beats.is_finite() {
            self.changes += 1;
            let at = self.notes.partition_point(|n| n.what.beats <= note.beats);
            self.notes.insert(at, Heard { what: note, pass: self.pass });
            self.sounding.push((note.beats, note.channel, note.key));
        }
    }

    fn end(&mut self, beats: f64, channel: u8, key: u8) {
        let Some(sounding) = self.sounding.iter().position(|s| (s.1, s.2) == (channel, key)) else { return };
        let (onset, ..) = self.sounding.remove(sounding);
        let length = (beats - onset).max(0.0);
        let from = self.notes.partition_point(|n| n.what.beats < onset);
        let note = self.notes[from..]
            .iter_mut()
            .take_while(|n| n.what.beats <= onset)
            .find(|n| (n.what.channel, n.what.key) == (channel, key));
        if let Some(note) = note
            && (f64::from(note.what.length) - length).abs() > SAME_PLACE
        {
            self.changes += 1;
            note.what.length = length as f32;
        }
    }

    fn press(&mut self, pedal: Pedal) {
        let same = |p: &&mut Heard<Pedal>| {
            (p.what.beats - pedal.beats).abs() <= SAME_PLACE && p.what.down == pedal.down && p.pass != self.pass
        };
        if let Some(known) = self.pedals.iter_mut().find(same) {
            known.pass = self.pass;
        } else if self.pedals.len() < MOST_NOTES && pedal.beats.is_finite() {
            self.changes += 1;
            let at = self.pedals.partition_point(|p| p.what.beats <= pedal.beats);
            self.pedals.insert(at, Heard { what: pedal, pass: self.pass });
        }
    }

    fn forget_unheard(&mut self, from: f64, to: f64) {
        // Both ends half a tolerance early: a note on a border belongs to the passage that begins there.
        let passage = from - SAME_PLACE / 2.0..to - SAME_PLACE / 2.0;
        let before = self.notes.len() + self.pedals.len();
        let pass = self.pass;
        self.notes.retain(|n| n.pass == pass || !passage.contains(&n.what.beats));
        self.pedals.retain(|p| p.pass == pass || !passage.contains(&p.what.beats));
        self.changes += before - self.notes.len() - self.pedals.len();
    }
}

#[cfg(test)]
mod tests {
    use super::super::InSteps;
    use super::*;
    use proptest::prelude::*;

    fn on(beats: f64, key: u8, velocity: u8) -> Played {
        Played::NoteOn { beats, beat_seconds: 0.5, channel: 0, key, velocity }
    }

    fn off(beats: f64, key: u8) -> Played {
        Played::NoteOff { beats, channel: 0, key }
    }

    fn pass(recorder: &mut Recorder, notes: &[(f64, u8, u8)], from: f64, to: f64) {
        let mut events: Vec<(f64, Played)> = notes.iter().map(|&(b, k, v)| (b, on(b, k, v))).collect();
        events.extend(notes.iter().map(|&(b, k, _)| (b + 0.4, off(b + 0.4, k))));
        events.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (_, event) in events {
            recorder.hear(&event);
        }
        recorder.hear(&Played::Passed { from, to });
        recorder.hear(&Played::Ended);
    }

    fn notes(recorder: &mut Recorder) -> Vec<(f64, u8, u8)> {
        let picture = recorder.picture(&Timeline::default());
        picture.notes().iter().map(|n| (n.beats, n.key, n.velocity)).collect()
    }

    const SONG: [(f64, u8, u8); 4] = [(0.0, 60, 50), (1.0, 62, 60), (1.0, 65, 61), (3.0, 64, 70)];

    #[test]
    fn the_same_pass_again_changes_nothing() {
        let mut recorder = Recorder::default();
        pass(&mut recorder, &SONG, 0.0, 4.0);
        assert_eq!(notes(&mut recorder), SONG);
        let moved_a_hair: Vec<_> = SONG.iter().map(|&(b, k, v)| (b + 0.003, k, v)).collect();
        pass(&mut recorder, &moved_a_hair, 0.0, 4.0);
        assert_eq!((recorder.changes(), notes(&mut recorder)), (0, SONG.to_vec()));
    }

    #[test]
    fn a_loop_overwrites_its_region_and_nothing_else() {
        let mut recorder = Recorder::default();
        pass(&mut recorder, &SONG, 0.0, 4.0);
        pass(&mut recorder, &[(1.0, 62, 99), (1.5, 70, 40)], 1.0, 2.0);
        assert_eq!(recorder.changes(), 8 + 4, "4 new ones with their ends, then: louder, new with its end, gone");
        assert_eq!(notes(&mut recorder), [(0.0, 60, 50), (1.0, 62, 99), (1.5, 70, 40), (3.0, 64, 70)]);
    }

    #[test]
    fn an_edited_note_keeps_what_was_expected_there_until_restyled() {
        let mut recorder = Recorder::default();
        pass(&mut recorder, &SONG, 0.0, 4.0);
        let expected = [InSteps::new(3.0, 2.0); 3];
        let styled = recorder.picture(&Timeline::default()).restyled("note".into(), [1.0; 3], vec![expected; 4]);
        let mut recorder = Recorder::new(&styled);
        pass(&mut recorder, &[(0.0, 60, 90), (1.0, 63, 60), (1.0, 65, 61), (3.0, 64, 70)], 0.0, 4.0);
        let picture = recorder.picture(&styled);
        let known: Vec<_> = picture.notes().iter().map(|n| (n.key, n.expected.is_some())).collect();
        assert_eq!(known, [(60, true), (63, false), (65, true), (64, true)]);
        assert!(picture.needs("note"));
    }

    #[test]
    fn a_note_still_sounding_when_the_song_stops_keeps_the_length_it_had() {
        let mut recorder = Recorder::default();
        pass(&mut recorder, &SONG, 0.0, 4.0);
        notes(&mut recorder);
        recorder.hear(&on(3.0, 64, 70));
        recorder.hear(&Played::Passed { from: 3.0, to: 3.1 });
        recorder.hear(&Played::Ended);
        assert_eq!(recorder.changes(), 0);
    }

    proptest! {
        #[test]
        fn after_a_pass_over_all_of_it_the_picture_is_what_was_heard(
            before in prop::collection::vec((0u32..160, 21u8..=108, 1u8..=127), 0..40),
            after in prop::collection::vec((0u32..160, 21u8..=108, 1u8..=127), 0..40),
        ) {
            // Sixteenths of beats; a key once at each.
            let song = |notes: &[(u32, u8, u8)]| {
                let mut notes: Vec<_> = notes.iter().map(|&(b, k, v)| (f64::from(b) / 16.0, k, v)).collect();
                notes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                notes.dedup_by_key(|n| (n.0.to_bits(), n.1));
                notes
            };
            let mut recorder = Recorder::default();
            pass(&mut recorder, &song(&before), 0.0, 11.0);
            pass(&mut recorder, &song(&after), 0.0, 11.0);
            prop_assert_eq!(notes(&mut recorder), song(&after));
        }
    }
}
