//! A snapshot of the song in Timeline: its notes by position, with the predictions of each style.

use serde::{Deserialize, Serialize};

use super::saved::{OtherStyles, Saved};
use super::{Place, SAME_PLACE};
use crate::dynamics::Expected;
use crate::genre::Genre;
use crate::midi::{NoteRef, PartPedals, Song, SongPart};
use crate::note::{Note, is_restylable};
use crate::style::mixing::{MixedNote, Mixing, Mixture, PerformanceMixing};
use crate::style::{PerStyle, QuantisedExpectation, StyleBlend, TakeSeed};

/// Largest number of notes in a snapshot: about twenty hours of dense playing.
pub const MAX_NOTES: usize = 200_000;

/// Valid lengths of a beat, in seconds.
const BEAT_SECONDS: std::ops::RangeInclusive<f32> = 0.005..=60.0;

/// Length of a beat where a host or file gives none, in seconds.
const FREE_BEAT_SECONDS: f32 = 0.5;

/// Longest note, in beats.
pub(super) const LONGEST: f32 = 1e6;

/// The nearest valid length of a beat, in seconds.
pub(super) fn beat_seconds_in_range(beat_seconds: f64) -> f32 {
    let beat_seconds = if beat_seconds.is_nan() { FREE_BEAT_SECONDS } else { beat_seconds as f32 };
    beat_seconds.clamp(*BEAT_SECONDS.start(), *BEAT_SECONDS.end())
}

/// A note of the song.
///
/// It has 32 bytes; instances hold thousands of them twice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimelineNote {
    /// Onset in beats; see [`Place`].
    pub beats: f64,
    /// Length in beats.
    pub length: f32,
    /// Length of a beat there, in seconds.
    pub beat_seconds: f32,
    /// MIDI channel, 0–15.
    pub channel: u8,
    /// MIDI key, 21–108.
    pub key: u8,
    /// The player's velocity, 1–127.
    pub velocity: u8,
    /// The prediction of each style, or [`QuantisedExpectation::UNKNOWN`]; `None` until a model has read a performance
    /// with this note in it.
    pub expected: Option<PerStyle<QuantisedExpectation>>,
}

/// A movement of the sustain pedal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pedal {
    /// Song position, in beats.
    pub beats: f64,
    /// Whether it is down from then on.
    pub down: bool,
}

/// The notes and pedal of a song, with the predictions of each style. Projects save it as JSON.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct TimelineSnapshot {
    /// The id of the model that predicted; empty if the notes have changed since.
    pub(super) model: String,
    pub(super) notes: Vec<TimelineNote>,
    pub(super) pedals: Vec<Pedal>,
    pub(super) others: OtherStyles,
    mixing: PerformanceMixing,
}

impl TimelineSnapshot {
    /// A snapshot of notes and pedal in any order, with the id of the model that predicted and the gain of each style
    /// ([`crate::style::range`]).
    ///
    /// Beats are rounded to a [`Place`]. Notes that no song can have (too far, not restylable) are left out, and so are those
    /// beyond [`MAX_NOTES`].
    pub fn new(model: String, gains: PerStyle<f32>, mut notes: Vec<TimelineNote>, mut pedals: Vec<Pedal>) -> Self {
        let place = |beats: &mut f64| {
            Place::new(*beats).is_some_and(|place| {
                *beats = place.beats();
                true
            })
        };
        notes.retain_mut(|n| place(&mut n.beats));
        pedals.retain_mut(|p| place(&mut p.beats));
        Self::as_placed(model, gains, notes, pedals)
    }

    /// [`Self::new`] without rounding places.
    pub(super) fn as_placed(
        model: String,
        gains: PerStyle<f32>,
        mut notes: Vec<TimelineNote>,
        mut pedals: Vec<Pedal>,
    ) -> Self {
        notes.retain(|n| {
            Place::new(n.beats).is_some()
                && (0.0..=LONGEST).contains(&n.length)
                && BEAT_SECONDS.contains(&n.beat_seconds)
                && n.channel < 16
                && is_restylable(n.channel, n.key)
                && (1..=127).contains(&n.velocity)
        });
        notes.sort_by(|a, b| a.beats.total_cmp(&b.beats).then((a.key, a.channel).cmp(&(b.key, b.channel))));
        notes.truncate(MAX_NOTES);
        pedals.retain(|p| Place::new(p.beats).is_some());
        pedals.sort_by(|a, b| a.beats.total_cmp(&b.beats));
        pedals.truncate(MAX_NOTES);
        let gains = gains.map(|gain| if gain.is_finite() { gain.clamp(0.0, 4.0) } else { 1.0 });
        let predictions = notes.iter().filter_map(|n| n.expected.as_ref());
        let mixing = PerformanceMixing::new(gains, notes.iter().map(|n| n.velocity), predictions);
        Self { model, notes, pedals, others: OtherStyles::default(), mixing }
    }

    /// The restylable notes of a MIDI file without predictions, its first tick at `start` beats of the song.
    pub fn from_song(song: &Song, start: f64) -> Self {
        Self::from_notes(song, song.notes().iter(), song.pedal_movements(), start)
    }

    /// [`Self::from_song`] for one part of the file.
    pub fn from_part(song: &Song, part: &SongPart, pedals: &PartPedals, start: f64) -> Self {
        let notes = part.notes.iter().map(|&place| &song.notes()[place]);
        Self::from_notes(song, notes, pedals.movements(part), start)
    }

    fn from_notes<'a>(
        song: &Song,
        notes: impl Iterator<Item = &'a NoteRef>,
        pedals: Vec<(f64, bool)>,
        start: f64,
    ) -> Self {
        let tempo = song.tempo();
        let beats = |ticks: u64| ticks as f64 / f64::from(tempo.ticks_per_beat());
        let note = |n: &NoteRef| TimelineNote {
            beats: start + beats(n.onset_tick),
            length: (beats(n.release_tick - n.onset_tick) as f32).min(LONGEST),
            beat_seconds: beat_seconds_in_range(60.0 / tempo.beats_per_minute_at(n.note.onset)),
            channel: n.note.channel,
            key: n.note.key,
            velocity: n.note.velocity,
            expected: None,
        };
        let pedal = |(time, down)| Pedal { beats: start + tempo.beats_at(time), down };
        let (notes, pedals) = (notes.map(note).collect(), pedals.into_iter().map(pedal).collect());
        Self::new(String::new(), [1.0; Genre::ALL.len()], notes, pedals)
    }

    /// All notes in the order of position.
    pub fn notes(&self) -> &[TimelineNote] {
        &self.notes
    }

    /// The pedal's movements in the order of position.
    pub fn pedals(&self) -> &[Pedal] {
        &self.pedals
    }

    /// Whether predictions of this model are missing.
    pub fn needs(&self, model: &str) -> bool {
        !self.notes.is_empty() && (self.model != model || self.is_incomplete())
    }

    /// Whether predictions are missing, whatever the model.
    pub fn needs_any_model(&self) -> bool {
        !self.notes.is_empty() && (self.model.is_empty() || self.is_incomplete())
    }

    fn is_incomplete(&self) -> bool {
        !self.notes.iter().all(|n| n.expected.is_some_and(|styles| styles.iter().all(|style| style.is_known())))
    }

    /// The same notes with a model's predictions, one per note in their order; see [`Self::new`].
    pub fn restyled(
        &self,
        model: String,
        gains: PerStyle<f32>,
        expected: impl IntoIterator<Item = PerStyle<QuantisedExpectation>>,
    ) -> Self {
        let notes = self.notes.iter().zip(expected).map(|(n, e)| TimelineNote { expected: Some(e), ..*n }).collect();
        Self::as_placed(model, gains, notes, self.pedals.clone())
    }

    /// Other notes with the same gains, which no model has read yet.
    pub(super) fn edited(&self, notes: Vec<TimelineNote>, pedals: Vec<Pedal>) -> Self {
        Self::new(String::new(), self.gains(), notes, pedals)
    }

    /// The snapshot as a project saves it, rounded to [`Place`]s. One read from a state up to version 4 may be unrounded.
    pub fn as_saved(&self) -> Self {
        let placed = Self::new(self.model.clone(), self.gains(), self.notes.clone(), self.pedals.clone());
        placed.with_others(self.others.clone())
    }

    pub(super) fn with_others(self, others: OtherStyles) -> Self {
        Self { others, ..self }
    }

    /// The note of a channel and key nearest to a position in beats, within [`SAME_PLACE`].
    pub fn find(&self, beats: f64, channel: u8, key: u8) -> Option<&TimelineNote> {
        let from = self.notes.partition_point(|n| n.beats < beats - SAME_PLACE);
        self.notes[from..]
            .iter()
            .take_while(|n| n.beats <= beats + SAME_PLACE)
            .filter(|n| (n.channel, n.key) == (channel, key))
            .min_by(|a, b| (a.beats - beats).abs().total_cmp(&(b.beats - beats).abs()))
    }

    /// The gain of each style.
    pub(super) fn gains(&self) -> PerStyle<f32> {
        self.mixing.gains()
    }

    /// The level and the mixed deviation of a note; `None` where a style that counts has no prediction yet.
    pub fn expected(&self, note: &TimelineNote, style: StyleBlend, take: TakeSeed) -> Option<Expected> {
        let TimelineNote { beats, key, velocity, .. } = *note;
        let note = MixedNote { beats, key, velocity, predictions: note.expected? };
        self.mixing.expected(&note, Mixing { mixture: Mixture::Blend(style), take })
    }

    /// Notes and pedal as a performance, in seconds from the first note.
    ///
    /// Each note's tempo holds up to the next note. A pedal event that leaves the pedal where it was is no movement.
    pub fn performance(&self) -> (Vec<Note>, Vec<(f64, bool)>) {
        let first = self.notes.first().map_or(0.0, |n| n.beats);
        // Position in beats and seconds of each note, and the seconds a beat from there on.
        let mut places: Vec<(f64, f64, f64)> = Vec::with_capacity(self.notes.len());
        for note in &self.notes {
            let seconds = places.last().map_or(0.0, |&(beats, seconds, beat)| seconds + (note.beats - beats) * beat);
            places.push((note.beats, seconds, f64::from(note.beat_seconds)));
        }
        let seconds_at = |beats: f64| {
            let after = places.partition_point(|p| p.0 <= beats);
            match places.get(after.saturating_sub(1)) {
                Some(&(from, seconds, beat)) => seconds + (beats - from) * beat,
                None => (beats - first) * 0.5,
            }
        };
        let note = |(n, &(beats, onset, beat)): (&TimelineNote, &(f64, f64, f64))| Note {
            onset,
            release: onset + f64::from(n.length) * beat,
            onset_sixteenths: beats * 4.0,
            release_sixteenths: (beats + f64::from(n.length)) * 4.0,
            channel: n.channel,
            key: n.key,
            velocity: n.velocity,
        };
        let notes = self.notes.iter().zip(&places).map(note).collect();
        let mut is_down = false;
        let moves = |p: &&Pedal| std::mem::replace(&mut is_down, p.down) != p.down;
        let pedals = self.pedals.iter().filter(moves).map(|p| (seconds_at(p.beats), p.down)).collect();
        (notes, pedals)
    }
}

#[cfg(test)]
mod tests;
