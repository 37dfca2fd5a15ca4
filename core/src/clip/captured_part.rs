//! Captures the last bars that were played, as a clip from which a generator can continue.

use std::collections::VecDeque;

use super::{Bars, Clip, ClipNote};
use crate::midi::Song;
use crate::timeline::{SAME_PLACE, TimelineEvent, TimelineSnapshot};
use crate::tune::{Tune, TuneError};

/// Number of notes that are kept: more than the densest eight bars have.
const CAPACITY: usize = 1024;

/// The grid that captured notes are quantised to, in beats.
const SIXTEENTH: f64 = 0.25;

#[derive(Debug, Clone, Copy)]
struct Note {
    channel: u8,
    begins: f64,
    /// `None` while it is held.
    ends: Option<f64>,
    key: u8,
    velocity: u8,
}

/// The notes that were last played, up to the current song position.
#[derive(Debug, Default)]
pub struct CapturedPart {
    /// In the order of their onsets.
    notes: VecDeque<Note>,
}

impl CapturedPart {
    /// The last notes of a snapshot before a position in beats; the last of all if none lies before it.
    pub fn from_timeline(timeline: &TimelineSnapshot, before: f64) -> Self {
        let notes = timeline.notes();
        let end = match notes.partition_point(|note| note.beats < before - SAME_PLACE) {
            0 => notes.len(),
            end => end,
        };
        let notes = notes[end.saturating_sub(CAPACITY)..end].iter().map(|note| Note {
            channel: note.channel,
            begins: note.beats,
            ends: Some(note.beats + f64::from(note.length)),
            key: note.key,
            velocity: note.velocity,
        });
        Self { notes: notes.collect() }
    }

    /// Records an event; events must come in the order of time.
    ///
    /// If the song jumped back, the notes after the new position are removed.
    pub fn record(&mut self, event: &TimelineEvent) {
        match *event {
            TimelineEvent::NoteOn { beats, channel, key, velocity, .. } => {
                while self.notes.back().is_some_and(|last| last.begins > beats + SAME_PLACE) {
                    self.notes.pop_back();
                }
                if self.notes.len() == CAPACITY {
                    self.notes.pop_front();
                }
                self.notes.push_back(Note { channel, begins: beats, ends: None, key, velocity });
            }
            TimelineEvent::NoteOff { beats, channel, key } => {
                let is_it = |n: &&mut Note| n.ends.is_none() && (n.channel, n.key) == (channel, key);
                if let Some(note) = self.notes.iter_mut().rev().find(is_it) {
                    note.ends = Some(beats.max(note.begins));
                }
            }
            TimelineEvent::Pedal(_) | TimelineEvent::Traversed { .. } | TimelineEvent::PassEnded => {}
        }
    }

    /// Whether there are no notes.
    pub fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }

    /// The last `bars` bars up to the last note, quantised to sixteenths; `None` without notes.
    ///
    /// Held notes last to the end.
    pub fn last_bars(&self, bars: u32, lines: &Bars) -> Option<Clip> {
        let on_grid = |beats: f64| (beats / SIXTEENTH).round() * SIXTEENTH;
        let bar_line_after = |note: &Note| lines.line_at_or_after(on_grid(note.begins) + SIXTEENTH / 2.0);
        let end = bar_line_after(self.notes.back()?);
        let earliest = bar_line_after(self.notes.front()?) - lines.length();
        let start = (end - f64::from(bars) * lines.length()).max(earliest);
        let note = |note: &Note| {
            let onset = on_grid(note.begins) - start;
            let ends = on_grid(note.ends.unwrap_or(end)) - start;
            ClipNote { onset, length: (ends - onset).max(SIXTEENTH), key: note.key, velocity: note.velocity }
        };
        let notes = self.notes.iter().map(note).filter(|note| note.onset >= 0.0).collect();
        Clip::new(end - start, lines.signature(), notes).ok()
    }
}

impl Clip {
    /// The clip's melody and chords.
    ///
    /// # Errors
    /// [`TuneError`] if it has no melody, or its time signature is not a [`Metre`](crate::tune::Metre).
    pub fn tune(&self) -> Result<Tune, TuneError> {
        const TEMPO: f64 = 120.0;
        let song = Song::parse(self.to_midi(TEMPO)).map_err(|_| TuneError::NoMelody)?;
        Tune::from_song(&song)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(beats: f64, key: u8) -> TimelineEvent {
        TimelineEvent::NoteOn { beats, beat_seconds: 0.5, channel: 0, key, velocity: 70 }
    }

    fn off(beats: f64, key: u8) -> TimelineEvent {
        TimelineEvent::NoteOff { beats, channel: 0, key }
    }

    fn captured(events: &[TimelineEvent]) -> CapturedPart {
        let mut part = CapturedPart::default();
        events.iter().for_each(|event| part.record(event));
        part
    }

    /// Onset, length and key of each note.
    fn notes(clip: &Clip) -> Vec<(f64, f64, u8)> {
        clip.notes().iter().map(|n| (n.onset, n.length, n.key)).collect()
    }

    #[test]
    fn the_last_bars_begin_and_end_at_bar_lines_and_are_quantised_to_sixteenths() {
        let played = [on(1.0, 60), off(2.0, 60), on(4.98, 62), off(5.51, 62), on(6.02, 64), off(6.9, 64), on(11.9, 65)];
        let part = captured(&played);
        let clip = part.last_bars(2, &Bars::default()).unwrap();
        assert_eq!(clip.length(), 8.0, "65 begins just before the bar line at 12 and is quantised to it");
        assert_eq!(notes(&clip), [(4.0, 4.0, 65)]);
        let clip = part.last_bars(4, &Bars::default()).unwrap();
        assert_eq!(notes(&clip), [(1.0, 1.0, 60), (5.0, 0.5, 62), (6.0, 1.0, 64), (12.0, 4.0, 65)]);
        assert_eq!(part.last_bars(64, &Bars::default()).unwrap().length(), 16.0, "from the first bar with notes");
        assert!(CapturedPart::default().last_bars(4, &Bars::default()).is_none());
    }

    #[test]
    fn after_a_jump_back_later_notes_are_removed() {
        let part = captured(&[on(0.0, 60), off(1.0, 60), on(4.0, 62), off(5.0, 62), on(2.0, 64), off(3.0, 64)]);
        let clip = part.last_bars(8, &Bars::default()).unwrap();
        assert_eq!(notes(&clip), [(0.0, 1.0, 60), (2.0, 1.0, 64)]);
    }

    #[test]
    fn from_a_snapshot_it_has_the_notes_before_a_position() {
        let song =
            Song::parse(captured(&[on(0.0, 60), off(1.0, 60), on(8.0, 62), off(9.0, 62)]).whole().to_midi(120.0));
        let timeline = TimelineSnapshot::from_song(&song.unwrap(), 0.0);
        let before =
            |beats| notes(&CapturedPart::from_timeline(&timeline, beats).last_bars(1, &Bars::default()).unwrap());
        assert_eq!(before(8.0), [(0.0, 1.0, 60)]);
        assert_eq!(before(8.5), [(0.0, 1.0, 62)]);
        assert_eq!(before(-4.0), [(0.0, 1.0, 62)], "all notes if none lies before");
    }

    #[test]
    fn with_notes_far_apart_it_has_the_bars_around_each() {
        let far = [0.0, 268_435_455.0, 1e12, (1u64 << 48) as f64];
        for place in far {
            let played: Vec<_> = far.iter().filter(|b| **b <= place).map(|&beats| on(beats, 60)).collect();
            let clip = captured(&played).last_bars(8, &Bars::default()).unwrap();
            assert_eq!((clip.notes().len(), clip.length() <= 32.0), (1, true), "{place}");
        }
    }

    #[test]
    fn a_clip_converts_to_a_tune() {
        let tune = captured(&[on(0.0, 60), off(1.0, 60), on(1.0, 62), off(2.0, 62)]).whole().tune().unwrap();
        assert_eq!(
            tune.notes.iter().map(|n| (n.onset, n.steps, n.key)).collect::<Vec<_>>(),
            [(0, 24, 60), (24, 24, 62)]
        );
        assert_eq!(Clip::new(4.0, (4, 4), vec![]).unwrap().tune(), Err(TuneError::NoMelody));
    }

    impl CapturedPart {
        fn whole(&self) -> Clip {
            self.last_bars(64, &Bars::default()).unwrap()
        }
    }
}
