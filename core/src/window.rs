//! What has been heard lately, as the network sees it.
//!
//! Positions are in steps of the grid as [`crate::transport::StepClock`] counts them: they grow with time, also
//! over loops and seeks, and their fraction is the place within a sixteenth.

use std::collections::VecDeque;

use crate::grid::{GridNote, quantise};
use crate::piano_roll::PianoRoll;
use crate::scheduler::{Hop, NoteId, SampleTime};
use crate::style::{StyleBlend, TakeSeed};
use crate::timeline::{Pedal, TimelineEvent};

/// Something that was heard and that a model may want to know of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum InputEvent {
    /// A restylable note began.
    NoteOn {
        /// Which one.
        id: NoteId,
        /// When.
        time: SampleTime,
        /// Where on the grid, in steps.
        position: f64,
        /// Where in the song, in beats, if the host tells.
        beats: Option<f64>,
        /// How long a beat lasts there, in seconds.
        beat_seconds: f64,
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key, 21–108.
        key: u8,
        /// The player's velocity, 1–127.
        velocity: u8,
        /// The styles it is to be played in.
        style: StyleBlend,
        /// Which performance of them.
        take: TakeSeed,
    },
    /// A note ended.
    NoteOff {
        /// When.
        time: SampleTime,
        /// Where on the grid, in steps.
        position: f64,
        /// Where in the song, in beats, if the host tells.
        beats: Option<f64>,
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key, 0–127.
        key: u8,
    },
    /// The sustain pedal moved, on whichever channel.
    Pedal {
        /// When.
        time: SampleTime,
        /// Where in the song, in beats, if the host tells.
        beats: Option<f64>,
        /// Whether it is down (controller 64 at 64 or more).
        down: bool,
    },
}

impl InputEvent {
    /// Where in the song it was played, in beats, if the host tells.
    pub fn beats(&self) -> Option<f64> {
        match *self {
            Self::NoteOn { beats, .. } | Self::NoteOff { beats, .. } | Self::Pedal { beats, .. } => beats,
        }
    }

    /// What a timeline records of it; `None` where it has no place in the song.
    pub fn timeline_event(&self) -> Option<TimelineEvent> {
        self.beats().map(|beats| self.at(beats))
    }

    /// The same of a note that was played while the song stood still: its place is then the one on the grid.
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

/// A hop, with where on the grid it falls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InferenceRequest {
    /// When, and for which notes.
    pub hop: Hop,
    /// Where on the grid, in steps.
    pub position: f64,
}

/// The notes of the last steps.
#[derive(Debug)]
pub struct Window {
    steps: usize,
    notes: VecDeque<WindowNote>,
}

/// A note in a [`Window`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WindowNote {
    /// Which one.
    pub id: NoteId,
    /// When it began.
    pub time: SampleTime,
    /// Its styles.
    pub style: StyleBlend,
    /// Which performance of them.
    pub take: TakeSeed,
    /// Where in the song it began, in beats; where the host does not tell, since the window's clock began.
    pub beats: f64,
    /// MIDI key, 21–108.
    pub key: u8,
    /// The player's velocity, 1–127.
    pub velocity: u8,
    onset: f64,
    release: Option<f64>,
    channel: u8,
}

impl Window {
    /// A window that reaches `steps` back.
    pub fn new(steps: usize) -> Self {
        Self { steps, notes: VecDeque::new() }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.notes.clear();
    }

    /// Takes in what was heard; must come in the order of time.
    pub fn push_event(&mut self, heard: &InputEvent) {
        match *heard {
            InputEvent::NoteOn { id, time, position, beats, channel, key, velocity, style, take, .. } => {
                self.notes.push_back(WindowNote {
                    id,
                    time,
                    style,
                    take,
                    beats: beats.unwrap_or(position / 4.0),
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

    /// Forgets what lies too far back for a question at `position`.
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

    /// The notes a hop must settle.
    pub fn to_settle(&self, hop: Hop) -> impl Iterator<Item = &WindowNote> {
        self.notes.iter().filter(move |n| (hop.settle_from..hop.settle_to).contains(&n.time))
    }

    /// The mean velocity of its notes; `None` when it is empty.
    pub fn level(&self) -> Option<f32> {
        let sum: u32 = self.notes.iter().map(|n| u32::from(n.velocity)).sum();
        (!self.notes.is_empty()).then(|| sum as f32 / self.notes.len() as f32)
    }

    /// The piano-roll of its notes as known at `position`, and the cell of each note in it.
    ///
    /// Notes without an end yet sound up to the last step. The roll ends with the step that `position` lies in or
    /// the last onset, and has up to the window's number of steps.
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
    use crate::genre::Genre;
    use crate::piano_roll::FRAME;

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
            style: StyleBlend::only(Genre::Jazz),
            take: TakeSeed(0),
        }
    }

    #[test]
    fn an_event_is_recorded_at_its_place_in_the_song_and_captured_on_the_grid_where_it_has_none() {
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
        assert_eq!((pedal.timeline_event(), pedal.captured_event()), (None, None), "it has no place on the grid");
    }

    #[test]
    fn a_note_that_has_not_ended_sounds_until_now() {
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
    fn of_overlapping_equal_pitches_the_first_ends_first() {
        let mut window = Window::new(8);
        window.push_event(&on(0, 0.0, 60, 50));
        window.push_event(&on(1, 2.0, 60, 50));
        window.push_event(&InputEvent::NoteOff { time: 3_000, position: 3.0, beats: None, channel: 0, key: 60 });
        let releases: Vec<_> = window.notes().map(|n| n.release).collect();
        assert_eq!(releases, [Some(3.0), None]);
    }

    #[test]
    fn it_reaches_as_far_back_as_it_was_made_to() {
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
    fn a_hop_settles_the_notes_heard_in_its_interval() {
        let mut window = Window::new(8);
        for id in 0..6 {
            window.push_event(&on(id, id as f64, 60, 50));
        }
        let hop = Hop { time: 6_000, settle_from: 2_000, settle_to: 4_000 };
        assert_eq!(window.to_settle(hop).map(|n| n.id.0).collect::<Vec<_>>(), [2, 3]);
    }
}
