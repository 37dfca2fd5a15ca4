//! Draws the picture of a song from what is heard on one pass after another.

use std::collections::{HashMap, VecDeque};

use super::passes::{Passes, Spot};
use super::snapshot::{LONGEST, MAX_NOTES, beat_seconds_in_range};
use super::{Pedal, Place, SAME_PLACE, TimelineNote, TimelineSnapshot};

/// Something that was played while the transport ran.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TimelineEvent {
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
    Traversed {
        /// From here, in beats …
        from: f64,
        /// … to before here.
        to: f64,
    },
    /// It stopped or jumped.
    PassEnded,
}

/// Goes from one pass to the next.
///
/// What a pass goes over is replaced by what is heard on it; the rest stays. It knows nothing of what styles expect: an
/// edit comes to the same whether the take was restyled before, or loaded with a project.
#[derive(Debug)]
pub struct TimelineRecorder {
    notes: Passes<RecordedNote>,
    /// Whether the pedal is down from there on.
    pedals: Passes<bool>,
    /// Notes of each channel and key without an end yet, the earliest first.
    sounding: HashMap<(u8, u8), VecDeque<Spot>>,
    /// Whether the pedal is down on this pass; `None` until that was told, or where the pass began.
    pedal: Option<bool>,
    /// What was told of the pedal before it was known where the pass began: a movement, unless it stood so already.
    opening: Option<(Place, bool)>,
    /// Whether some of the passage that is told next was heard by another recorder.
    is_partial: bool,
    /// Whether something was heard since the last pass ended.
    is_under_way: bool,
    changes: usize,
}

#[derive(Debug, Clone, Copy)]
struct RecordedNote {
    length: f32,
    beat_seconds: f32,
    channel: u8,
    key: u8,
    velocity: u8,
}

impl Default for TimelineRecorder {
    fn default() -> Self {
        Self::new(&TimelineSnapshot::default())
    }
}

impl TimelineRecorder {
    /// Goes on from a picture with a new pass.
    pub fn new(timeline: &TimelineSnapshot) -> Self {
        let note = |n: &TimelineNote| {
            let TimelineNote { length, beat_seconds, channel, key, velocity, .. } = *n;
            Some((Place::new(n.beats)?, RecordedNote { length, beat_seconds, channel, key, velocity }))
        };
        let pedal = |p: &Pedal| Some((Place::new(p.beats)?, p.down));
        Self {
            notes: Passes::new(MAX_NOTES, timeline.notes().iter().filter_map(note)),
            pedals: Passes::new(MAX_NOTES, timeline.pedals().iter().filter_map(pedal)),
            sounding: HashMap::new(),
            pedal: None,
            opening: None,
            is_partial: false,
            is_under_way: false,
            changes: 0,
        }
    }

    /// Goes on from a picture that takes the place of what this one has recorded, perhaps in the midst of a pass: what
    /// was heard of its last passage is unknown, so nothing of the picture is forgotten for it.
    pub fn replaced_by(&self, timeline: &TimelineSnapshot) -> Self {
        Self { is_partial: self.is_under_way, is_under_way: self.is_under_way, ..Self::new(timeline) }
    }

    /// Takes in what was played, in the order of time. What has no place in a song is left out.
    pub fn record(&mut self, played: &TimelineEvent) {
        self.is_under_way = *played != TimelineEvent::PassEnded;
        match *played {
            TimelineEvent::NoteOn { beats, beat_seconds, channel, key, velocity } => {
                let beat_seconds = beat_seconds_in_range(beat_seconds);
                let note = RecordedNote { length: 0.0, beat_seconds, channel, key, velocity };
                Place::new(beats).into_iter().for_each(|place| self.begin(place, note));
            }
            TimelineEvent::NoteOff { beats, channel, key } => {
                Place::new(beats).into_iter().for_each(|place| self.end(place, channel, key));
            }
            TimelineEvent::Pedal(Pedal { beats, down }) => {
                Place::new(beats).into_iter().for_each(|place| self.press(place, down));
            }
            TimelineEvent::Traversed { from, to } => {
                Place::new(from).zip(Place::new(to)).into_iter().for_each(|(from, to)| self.pass(from, to));
            }
            TimelineEvent::PassEnded => self.end_pass(),
        }
    }

    /// Notes and movements that are new, moved, edited or gone since the last [`TimelineRecorder::snapshot`].
    pub fn changes(&self) -> usize {
        self.changes
    }

    /// The picture so far, of which no model has said yet what it expects. Until one does, notes have the expectations
    /// of the picture before it, if they stood there.
    pub fn snapshot(&mut self, before: &TimelineSnapshot) -> TimelineSnapshot {
        self.changes = 0;
        let note = |(place, note): (Place, &RecordedNote)| {
            let (beats, RecordedNote { length, beat_seconds, channel, key, velocity }) = (place.beats(), *note);
            let expected = before.find(beats, channel, key).and_then(|known| known.expected);
            TimelineNote { beats, length, beat_seconds, channel, key, velocity, expected }
        };
        let pedal = |(place, &down): (Place, &bool)| Pedal { beats: place.beats(), down };
        before.edited(self.notes.iter().map(note).collect(), self.pedals.iter().map(pedal).collect())
    }

    fn begin(&mut self, place: Place, note: RecordedNote) {
        let is_same = |known: &RecordedNote| (known.channel, known.key) == (note.channel, note.key);
        let spot = match self.notes.record_again(place, SAME_PLACE, is_same) {
            Some(spot) => {
                if let Some(known) = self.notes.get_mut(spot)
                    && known.is_edited_by(&note)
                {
                    self.changes += 1;
                    *known = RecordedNote { length: known.length, ..note };
                }
                Some(spot)
            }
            None => self.notes.insert(place, note).inspect(|_| self.changes += 1),
        };
        if let Some(spot) = spot {
            self.sounding.entry((note.channel, note.key)).or_default().push_back(spot);
        }
    }

    fn end(&mut self, place: Place, channel: u8, key: u8) {
        let Some(spot) = self.sounding.get_mut(&(channel, key)).and_then(VecDeque::pop_front) else { return };
        let length = (place.beats() - spot.0.beats()).clamp(0.0, LONGEST.into());
        if let Some(note) = self.notes.get_mut(spot)
            && (f64::from(note.length) - length).abs() > SAME_PLACE
        {
            self.changes += 1;
            note.length = length as f32;
        }
    }

    /// The pedal was told to be down or up. A continuous one is told hundreds of times a second: what counts is where it
    /// goes from one to the other.
    fn press(&mut self, place: Place, down: bool) {
        let stood = self.pedal.replace(down);
        // What moves nothing may still stand in the song; but it must not be taken for a movement that comes next.
        if self.pedals.record_again(place, 0.0, |&known| known == down).is_some() {
            return;
        }
        match (stood, self.opening) {
            (None, _) => self.opening = Some((place, down)),
            (Some(before), _) if before == down => {}
            (Some(_), Some((opening, _))) if opening == place => self.opening = Some((place, down)),
            (Some(_), _) => self.move_pedal(place, down),
        }
    }

    fn move_pedal(&mut self, place: Place, down: bool) {
        let is_known = self.pedals.record_again(place, SAME_PLACE, |&known| known == down).is_some();
        if !is_known && self.pedals.insert(place, down).is_some() {
            self.changes += 1;
        }
    }

    fn pass(&mut self, from: Place, to: Place) {
        // Both ends half a tolerance early: what stands on a border belongs to the passage that begins there.
        let [from, to] = [from, to].map(|end| end.moved(-SAME_PLACE / 2.0));
        self.settle_pedal(from);
        if std::mem::take(&mut self.is_partial) {
            return;
        }
        self.changes += self.notes.forget_unrecorded(from, to) + self.pedals.forget_unrecorded(from, to);
    }

    /// Where the pass began, the pedal stood as it does in the song there.
    fn settle_pedal(&mut self, begin: Place) {
        let before = self.pedals.last_before(begin).copied().unwrap_or_default();
        if let Some((place, down)) = self.opening.take()
            && down != before
        {
            self.move_pedal(place, down);
        }
        self.pedal.get_or_insert(before);
    }

    fn end_pass(&mut self) {
        if let Some((place, _)) = self.opening {
            self.settle_pedal(place);
        }
        self.pedal = None;
        self.sounding.clear();
        self.is_partial = false;
        self.notes.begin_pass();
        self.pedals.begin_pass();
    }
}

impl RecordedNote {
    fn is_edited_by(&self, heard: &Self) -> bool {
        self.velocity != heard.velocity || (self.beat_seconds / heard.beat_seconds - 1.0).abs() > 1e-3
    }
}

#[cfg(test)]
mod tests;
