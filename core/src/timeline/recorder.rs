//! Records the notes and pedal of a song, pass by pass, and makes snapshots of them.

use std::collections::{HashMap, VecDeque};

use super::passes::{Passes, Spot};
use super::snapshot::{LONGEST, MAX_NOTES, beat_seconds_in_range};
use super::{Pedal, Place, SAME_PLACE, TimelineNote, TimelineSnapshot};

/// An event recorded while the transport plays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TimelineEvent {
    /// A restylable note began.
    NoteOn {
        /// Song position, in beats.
        beats: f64,
        /// Length of a beat there, in seconds.
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
        /// Song position, in beats.
        beats: f64,
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key, 0–127.
        key: u8,
    },
    /// The sustain pedal moved.
    Pedal(Pedal),
    /// The song played this range without a jump, and every event in it has been recorded.
    Traversed {
        /// Start of the range, in beats.
        from: f64,
        /// End of the range, in beats; exclusive.
        to: f64,
    },
    /// The transport stopped or jumped.
    PassEnded,
}

/// Records a song over several passes.
///
/// Each pass replaces the range it traverses and leaves the rest. Predictions play no part in recording: an edit gives
/// the same notes whether the snapshot before was restyled or loaded from a project.
#[derive(Debug)]
pub struct TimelineRecorder {
    notes: Passes<RecordedNote>,
    /// Pedal movements: whether the pedal is down from there on.
    pedals: Passes<bool>,
    /// Held notes of each channel and key, the earliest first.
    sounding: HashMap<(u8, u8), VecDeque<Spot>>,
    /// The pedal's state in this pass; `None` until a pedal event arrives or the start of the pass is known.
    pedal: Option<bool>,
    /// The first pedal event of a pass whose start is not known yet. It is a movement unless the pedal was so already.
    opening: Option<(Place, bool)>,
    /// Whether another recorder recorded part of the range that is traversed next.
    is_partial: bool,
    /// Whether an event has arrived since the last pass ended.
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
    /// A recorder that begins a new pass over the notes of a snapshot.
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

    /// A recorder that continues this one's pass over the notes of another snapshot.
    ///
    /// It does not know what was recorded in the current range. It therefore removes nothing from that range.
    pub fn replaced_by(&self, timeline: &TimelineSnapshot) -> Self {
        Self { is_partial: self.is_under_way, is_under_way: self.is_under_way, ..Self::new(timeline) }
    }

    /// Records an event; events must come in the order of time. Positions that no song has are left out.
    pub fn record(&mut self, event: &TimelineEvent) {
        self.is_under_way = *event != TimelineEvent::PassEnded;
        match *event {
            TimelineEvent::NoteOn { beats, beat_seconds, channel, key, velocity } => {
                let beat_seconds = beat_seconds_in_range(beat_seconds);
                let note = RecordedNote { length: 0.0, beat_seconds, channel, key, velocity };
                Place::new(beats).into_iter().for_each(|place| self.begin(place, note));
            }
            TimelineEvent::NoteOff { beats, channel, key } => {
                Place::new(beats).into_iter().for_each(|place| self.end(place, channel, key));
            }
            TimelineEvent::Pedal(Pedal { beats, down }) => {
                Place::new(beats).into_iter().for_each(|place| self.record_pedal(place, down));
            }
            TimelineEvent::Traversed { from, to } => {
                Place::new(from).zip(Place::new(to)).into_iter().for_each(|(from, to)| self.finish_range(from, to));
            }
            TimelineEvent::PassEnded => self.end_pass(),
        }
    }

    /// Number of notes and pedal movements added, edited or removed since the last [`TimelineRecorder::snapshot`].
    pub fn changes(&self) -> usize {
        self.changes
    }

    /// A snapshot of everything recorded, which no model has read yet.
    ///
    /// A note that is also in the snapshot `before` keeps its predictions until a model reads the new one.
    pub fn snapshot(&mut self, before: &TimelineSnapshot) -> TimelineSnapshot {
        self.changes = 0;
        let note = |(place, note): (Place, &RecordedNote)| {
            let (beats, RecordedNote { length, beat_seconds, channel, key, velocity }) = (place.beats(), *note);
            let kept = before.find(beats, channel, key);
            (TimelineNote { beats, length, beat_seconds, channel, key, velocity }, kept)
        };
        let (notes, kept): (Vec<_>, Vec<_>) = self.notes.iter().map(note).unzip();
        let pedal = |(place, &down): (Place, &bool)| Pedal { beats: place.beats(), down };
        before.edited(notes, &kept, self.pedals.iter().map(pedal).collect())
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

    /// Records a pedal event. A continuous pedal sends hundreds a second; only changes between up and down are kept.
    fn record_pedal(&mut self, place: Place, down: bool) {
        let previous = self.pedal.replace(down);
        // Even an event that changes nothing may be recorded at this exact position. One nearby belongs to a later event.
        if self.pedals.record_again(place, 0.0, |&known| known == down).is_some() {
            return;
        }
        match (previous, self.opening) {
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

    fn finish_range(&mut self, from: Place, to: Place) {
        // Both ends are half a tolerance early: an event on a boundary belongs to the range that begins there.
        let [from, to] = [from, to].map(|end| end.moved(-SAME_PLACE / 2.0));
        self.start_pedal(from);
        if std::mem::take(&mut self.is_partial) {
            return;
        }
        self.changes += self.notes.forget_unrecorded(from, to) + self.pedals.forget_unrecorded(from, to);
    }

    /// Sets the pedal's state at the start of the pass to the recorded one.
    fn start_pedal(&mut self, begin: Place) {
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
            self.start_pedal(place);
        }
        self.pedal = None;
        self.sounding.clear();
        self.is_partial = false;
        self.notes.begin_pass();
        self.pedals.begin_pass();
    }
}

impl RecordedNote {
    fn is_edited_by(&self, new: &Self) -> bool {
        self.velocity != new.velocity || (self.beat_seconds / new.beat_seconds - 1.0).abs() > 1e-3
    }
}

#[cfg(test)]
mod tests;
