//! The most recent notes, kept as the input of the piano-roll models.
//!
//! Positions are in grid steps as [`crate::transport::StepClock`] counts them. They grow with time, through loops and
//! seeks too. Their fraction is the position within a sixteenth.

use std::collections::VecDeque;

use crate::feel::{ChordPlace, ChordTracker};
use crate::grid::{GridNote, quantise};
use crate::piano_roll::PianoRoll;
use crate::scheduler::{Hop, NoteId, SampleTime};
use crate::style::{StyleBlend, TakeSeed};
use crate::timeline::{Pedal, TimelineEvent};

/// An input event that a model may use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum InputEvent {
    /// A restylable note began.
    NoteOn {
        /// The note's id.
        id: NoteId,
        /// When it arrived.
        time: SampleTime,
        /// Grid position, in steps.
        position: f64,
        /// Song position in beats, if known.
        beats: Option<f64>,
        /// Length of a beat there, in seconds.
        beat_seconds: f64,
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key, 21–108.
        key: u8,
        /// The player's velocity, 1–127.
        velocity: u8,
        /// The styles to apply.
        style: StyleBlend,
        /// The Take to apply.
        take: TakeSeed,
    },
    /// A note ended.
    NoteOff {
        /// When it arrived.
        time: SampleTime,
        /// Grid position, in steps.
        position: f64,
        /// Song position in beats, if known.
        beats: Option<f64>,
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key, 0–127.
        key: u8,
    },
    /// The sustain pedal moved, on any channel.
    Pedal {
        /// When it arrived.
        time: SampleTime,
        /// Song position in beats, if known.
        beats: Option<f64>,
        /// Whether it is down (controller 64 at 64 or more).
        down: bool,
    },
}

impl InputEvent {
    /// The song position in beats, if known.
    pub fn beats(&self) -> Option<f64> {
        match *self {
            Self::NoteOn { beats, .. } | Self::NoteOff { beats, .. } | Self::Pedal { beats, .. } => beats,
        }
    }

    /// The event as a timeline records it; `None` without a song position.
    pub fn timeline_event(&self) -> Option<TimelineEvent> {
        self.beats().map(|beats| self.at(beats))
    }

    /// The event as a captured part records it; a note without a song position takes its grid position.
    pub fn captured_event(&self) -> Option<TimelineEvent> {
        let on_grid = match *self {
            Self::NoteOn { position, .. } | Self::NoteOff { position, .. } => Some(position / 4.0),
            Self::Pedal { .. } => None,
        };
        self.beats().or(on_grid).map(|beats| self.at(beats))
    }

    fn at(&self, beats: f64) -> TimelineEvent {
        match *self {
            Self::NoteOn { beat_seconds, channel, key, velocity, .. } => {
                TimelineEvent::NoteOn { beats, beat_seconds, channel, key, velocity }
            }
            Self::NoteOff { channel, key, .. } => TimelineEvent::NoteOff { beats, channel, key },
            Self::Pedal { down, .. } => TimelineEvent::Pedal(Pedal { beats, down }),
        }
    }
}

/// A request to run the model: a hop and its grid position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InferenceRequest {
    /// When the model runs, and for which notes.
    pub hop: Hop,
    /// Grid position, in steps.
    pub position: f64,
}

/// The notes of the most recent steps, oldest first.
#[derive(Debug)]
pub struct Window {
    steps: usize,
    notes: VecDeque<WindowNote>,
    chords: ChordTracker,
}

/// A note in a [`Window`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WindowNote {
    /// The note's id.
    pub id: NoteId,
    /// When it began.
    pub time: SampleTime,
    /// The styles to apply.
    pub style: StyleBlend,
    /// The Take to apply.
    pub take: TakeSeed,
    /// Song position of the onset in beats; without one, the grid position in beats.
    pub beats: f64,
    /// Where its chord begins, in the same beats. They are beats of the song if there is a song position.
    pub chord: ChordPlace,
    /// MIDI key, 21–108.
    pub key: u8,
    /// The player's velocity, 1–127.
    pub velocity: u8,
    onset: f64,
    release: Option<f64>,
    channel: u8,
}

impl Window {
    /// A window over the last `steps` steps.
    pub fn new(steps: usize) -> Self {
        Self { steps, notes: VecDeque::new(), chords: ChordTracker::default() }
    }

    /// Removes all notes.
    pub fn clear(&mut self) {
        self.notes.clear();
        self.chords = ChordTracker::default();
    }

    /// Adds an event; events must come in the order of time.
    pub fn push_event(&mut self, event: &InputEvent) {
        match *event {
            InputEvent::NoteOn { id, time, position, beats, beat_seconds, channel, key, velocity, style, take } => {
                let (has_beats, beats) = (beats.is_some(), beats.unwrap_or(position / 4.0));
                let chord = ChordPlace { beats: self.chords.note_on(beats, beat_seconds), has_beats };
                self.notes.push_back(WindowNote {
                    id,
                    time,
                    style,
                    take,
                    beats,
                    chord,
                    velocity,
                    onset: position,
                    release: None,
                    channel,
                    key,
                });
            }
            InputEvent::NoteOff { position, channel, key, .. } => {
                let sounding = |n: &&mut WindowNote| n.release.is_none() && (n.channel, n.key) == (channel, key);
                if let Some(note) = self.notes.iter_mut().find(sounding) {
                    note.release = Some(position);
                }
            }
            InputEvent::Pedal { .. } => {}
        }
    }

    /// Removes notes that are too old for a request at `position`, in steps.
    pub fn forget_before(&mut self, position: f64) {
        let oldest = position - self.steps as f64;
        while self.notes.front().is_some_and(|n| n.onset < oldest) {
            self.notes.pop_front();
        }
    }

    /// The notes in it, oldest first.
    pub fn notes(&self) -> impl DoubleEndedIterator<Item = &WindowNote> {
        self.notes.iter()
    }

    /// The notes that a hop predicts finally.
    pub fn to_settle(&self, hop: Hop) -> impl Iterator<Item = &WindowNote> {
        self.notes.iter().filter(move |n| (hop.settle_from..hop.settle_to).contains(&n.time))
    }

    /// The mean velocity of its notes, 1–127; `None` when it is empty.
    pub fn level(&self) -> Option<f32> {
        let sum: u32 = self.notes.iter().map(|n| u32::from(n.velocity)).sum();
        (!self.notes.is_empty()).then(|| sum as f32 / self.notes.len() as f32)
    }

    /// The mean velocity of its notes that began before a sample, 1–127; `None` without any.
    pub fn level_before(&self, time: SampleTime) -> Option<f32> {
        let before = || self.notes.iter().filter(|note| note.time < time);
        let sum: u32 = before().map(|note| u32::from(note.velocity)).sum();
        let count = before().count();
        (count > 0).then(|| sum as f32 / count as f32)
    }

    /// The piano-roll of its notes as known at `position` (in steps), and the cell of each note in it.
    ///
    /// Notes still held sound up to the last step. The roll ends with the step of `position` or the last onset,
    /// whichever is later. It has at most the window's number of steps.
    pub fn piano_roll(&self, position: f64) -> (PianoRoll, Vec<(WindowNote, usize)>) {
        let now = quantise(position);
        let placed: Vec<(WindowNote, GridNote)> = self
            .notes
            .iter()
            .filter_map(|n| {
                let release = n.release.unwrap_or(now as f64 + 1.0);
                Some((*n, GridNote::new(n.onset, release, n.channel, n.key, n.velocity)?))
            })
            .collect();
        let last = placed.iter().map(|(_, n)| n.onset).max().unwrap_or(now).max(now);
        let oldest = placed.iter().map(|(_, n)| n.onset).min().unwrap_or(last);
        let first = oldest.max(last + 1 - self.steps as i64);
        let roll = PianoRoll::new(first, (last + 1 - first) as usize, placed.iter().map(|(_, n)| n));
        let cells = placed.iter().filter_map(|(note, on_grid)| Some((*note, roll.cell(on_grid)?))).collect();
        (roll, cells)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::piano_roll::FRAME;
    use crate::style::StyleIndex;

    fn on(id: u64, position: f64, key: u8, velocity: u8) -> InputEvent {
        InputEvent::NoteOn {
            id: NoteId(id),
            time: (position * 1000.0) as u64,
            position,
            channel: 0,
            key,
            velocity,
            beats: None,
            beat_seconds: 0.5,
            style: StyleBlend::only(StyleIndex::JAZZ),
            take: TakeSeed(0),
        }
    }

    #[test]
    fn an_event_is_recorded_at_its_song_position_and_captured_on_the_grid_without_one() {
        let InputEvent::NoteOn { beat_seconds, channel, key, velocity, .. } = on(0, 2.0, 21, 50) else {
            unreachable!()
        };
        let note_on = |beats| Some(TimelineEvent::NoteOn { beats, beat_seconds, channel, key, velocity });
        let mut event = on(0, 2.0, 21, 50);
        assert_eq!((event.timeline_event(), event.captured_event()), (None, note_on(0.5)));
        if let InputEvent::NoteOn { beats, .. } = &mut event {
            *beats = Some(9.0);
        }
        assert_eq!((event.timeline_event(), event.captured_event()), (note_on(9.0), note_on(9.0)));
        let pedal = InputEvent::Pedal { time: 0, beats: None, down: true };
        assert_eq!(
            (pedal.timeline_event(), pedal.captured_event()),
            (None, None),
            "a pedal event has no grid position"
        );
    }

    #[test]
    fn a_note_has_the_place_of_its_chord_in_beats_of_the_song_or_of_the_grid() {
        let mut window = Window::new(64);
        // At 120 beats a minute 40 ms are 0.32 steps.
        for (id, position, in_song) in
            [(0, 0.0, None), (1, 0.3, None), (2, 8.0, Some(33.0)), (3, 8.2, Some(33.05)), (4, 12.0, Some(34.0))]
        {
            let mut event = on(id, position, 60, 50);
            if let InputEvent::NoteOn { beats, .. } = &mut event {
                *beats = in_song;
            }
            window.push_event(&event);
        }
        let places: Vec<_> = window.notes().map(|note| (note.chord.beats, note.chord.has_beats)).collect();
        assert_eq!(places, [(0.0, false), (0.0, false), (33.0, true), (33.0, true), (34.0, true)]);
    }

    #[test]
    fn a_held_note_sounds_up_to_the_current_position() {
        let mut window = Window::new(8);
        window.push_event(&on(0, 2.0, 21, 50));
        let (roll, cells) = window.piano_roll(5.0);
        assert_eq!((roll.first_step(), roll.steps()), (2, 4));
        assert!((0..4).all(|row| roll.frames()[row * FRAME + 1] == 1.0));
        assert_eq!(cells.len(), 1);
        window.push_event(&InputEvent::NoteOff { time: 3_000, position: 3.0, beats: None, channel: 0, key: 21 });
        let (roll, _) = window.piano_roll(5.0);
        assert_eq!((0..4).map(|row| roll.frames()[row * FRAME + 1]).sum::<f32>(), 1.0);
    }

    #[test]
    fn if_notes_of_one_key_overlap_the_first_to_begin_ends_first() {
        let mut window = Window::new(8);
        window.push_event(&on(0, 0.0, 60, 50));
        window.push_event(&on(1, 2.0, 60, 50));
        window.push_event(&InputEvent::NoteOff { time: 3_000, position: 3.0, beats: None, channel: 0, key: 60 });
        let releases: Vec<_> = window.notes().map(|n| n.release).collect();
        assert_eq!(releases, [Some(3.0), None]);
    }

    #[test]
    fn a_window_keeps_exactly_its_number_of_steps() {
        let mut window = Window::new(8);
        for id in 0..20 {
            window.push_event(&on(id, id as f64, 60, 50 + id as u8));
        }
        window.forget_before(19.0);
        let (roll, cells) = window.piano_roll(19.0);
        assert_eq!((roll.steps(), cells.len()), (8, 8));
        assert_eq!(window.notes().next().map(|n| n.id), Some(NoteId(11)));
        assert_eq!(window.level(), Some(65.0));
    }

    #[test]
    fn a_hop_covers_the_notes_that_began_in_its_interval() {
        let mut window = Window::new(8);
        for id in 0..6 {
            window.push_event(&on(id, id as f64, 60, 50));
        }
        let hop = Hop { time: 6_000, settle_from: 2_000, settle_to: 4_000 };
        assert_eq!(window.to_settle(hop).map(|n| n.id.0).collect::<Vec<_>>(), [2, 3]);
    }
}
