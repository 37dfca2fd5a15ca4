//! A snapshot of the song in Timeline: its notes by position, with the predictions of each style.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::columns::{self, ColumnTable, TimelineColumn};
use super::saved::Saved;
use super::{Place, SAME_PLACE};
use crate::dynamics::Expected;
use crate::feel::{ChordPlace, ChordTracker, Feel};
use crate::midi::{NoteRef, PartPedals, Song, SongPart};
use crate::note::{Note, is_restylable};
use crate::scope::{ScopeNote, VoicePosition, voices};
use crate::style::mixing::{MixedNote, Mixing, Mixture, PerformanceMixing};
use crate::style::{StyleBlend, StyleColumn, StyleKey, StyleKeys, TakeSeed};

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
/// It has 24 bytes, and 12 more in the column of each style; instances hold thousands of them.
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
}

/// A movement of the sustain pedal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pedal {
    /// Song position, in beats.
    pub beats: f64,
    /// Whether it is down from then on.
    pub down: bool,
}

/// The notes and pedal of a song, with a column of predictions for each style that has any. Projects save it as JSON.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct TimelineSnapshot {
    /// The id of the model that predicted; empty if the notes have changed since.
    pub(super) model: String,
    pub(super) notes: Arc<[TimelineNote]>,
    pub(super) pedals: Arc<[Pedal]>,
    /// In the order of their keys.
    pub(super) columns: Vec<TimelineColumn>,
    mixing: PerformanceMixing,
    /// The voice of each note.
    voices: Arc<[VoicePosition]>,
    /// Where the chord of each note begins, in beats.
    chords: Arc<[f64]>,
}

impl TimelineSnapshot {
    /// A snapshot of notes and pedal in any order, without predictions.
    ///
    /// Beats are rounded to a [`Place`]. Notes that no song can have (too far, not restylable) are left out, and so are those
    /// beyond [`MAX_NOTES`].
    pub fn new(notes: Vec<TimelineNote>, pedals: Vec<Pedal>) -> Self {
        Self::with_columns(String::new(), notes, Vec::new(), pedals)
    }

    /// [`Self::new`] with the id of the model that predicted, and columns in the order of the given notes.
    pub(super) fn with_columns(
        model: String,
        mut notes: Vec<TimelineNote>,
        columns: Vec<TimelineColumn>,
        mut pedals: Vec<Pedal>,
    ) -> Self {
        // A note that has no place is left out below.
        let place = |beats: &mut f64| *beats = Place::new(*beats).map_or(f64::NAN, Place::beats);
        notes.iter_mut().for_each(|n| place(&mut n.beats));
        pedals.iter_mut().for_each(|p| place(&mut p.beats));
        Self::as_placed(model, notes, columns, pedals)
    }

    /// [`Self::with_columns`] without rounding places.
    pub(super) fn as_placed(
        model: String,
        notes: Vec<TimelineNote>,
        columns: Vec<TimelineColumn>,
        mut pedals: Vec<Pedal>,
    ) -> Self {
        let is_valid = |n: &TimelineNote| {
            Place::new(n.beats).is_some()
                && (0.0..=LONGEST).contains(&n.length)
                && BEAT_SECONDS.contains(&n.beat_seconds)
                && n.channel < 16
                && is_restylable(n.channel, n.key)
                && (1..=127).contains(&n.velocity)
        };
        let mut order: Vec<usize> = (0..notes.len()).filter(|&note| is_valid(&notes[note])).collect();
        order.sort_by(|&a, &b| {
            let (a, b) = (&notes[a], &notes[b]);
            a.beats.total_cmp(&b.beats).then((a.key, a.channel).cmp(&(b.key, b.channel)))
        });
        order.truncate(MAX_NOTES);
        let columns = columns.iter().map(|column| column.rearranged(order.iter().copied().map(Some)));
        let columns = columns::normalised(columns.collect());
        let notes: Arc<[TimelineNote]> = order.into_iter().map(|note| notes[note]).collect();
        pedals.retain(|p| Place::new(p.beats).is_some());
        pedals.sort_by(|a, b| a.beats.total_cmp(&b.beats));
        pedals.truncate(MAX_NOTES);
        let mixing = PerformanceMixing::new(notes.iter().map(|n| n.velocity));
        let mut tracker = ChordTracker::default();
        let chords = notes.iter().map(|n| tracker.note_on(n.beats, n.beat_seconds.into())).collect();
        let placed = Self { model, notes, pedals: pedals.into(), columns, mixing, voices: Arc::default(), chords };
        Self { voices: placed.find_voices(), ..placed }
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
        };
        let pedal = |(time, down)| Pedal { beats: start + tempo.beats_at(time), down };
        let (notes, pedals) = (notes.map(note).collect(), pedals.into_iter().map(pedal).collect());
        Self::new(notes, pedals)
    }

    /// All notes in the order of position.
    pub fn notes(&self) -> &[TimelineNote] {
        &self.notes
    }

    /// The pedal's movements in the order of position.
    pub fn pedals(&self) -> &[Pedal] {
        &self.pedals
    }

    /// The voice of the note at an index.
    pub fn voice(&self, note: usize) -> Option<VoicePosition> {
        self.voices.get(note).copied()
    }

    fn find_voices(&self) -> Arc<[VoicePosition]> {
        let (notes, _) = self.performance();
        let note = |n: &Note| ScopeNote { onset: n.onset, release: n.release, channel: n.channel, key: n.key };
        voices(&notes.iter().map(note).collect::<Vec<_>>()).into()
    }

    /// Notes that no model has predicted in any style.
    pub fn waiting(&self) -> usize {
        let is_known = |note: usize| self.columns.iter().any(|column| column.of_notes.get(note).is_known());
        (0..self.notes.len()).filter(|&note| !is_known(note)).count()
    }

    /// Whether this model's predictions are missing in one of the styles with these keys.
    pub fn needs(&self, model: &str, keys: &StyleKeys) -> bool {
        !self.notes.is_empty() && (self.model != model || self.is_incomplete(keys))
    }

    /// Whether predictions are missing in one of the styles with these keys, whatever the model.
    pub fn needs_any_model(&self, keys: &StyleKeys) -> bool {
        !self.notes.is_empty() && (self.model.is_empty() || self.is_incomplete(keys))
    }

    fn is_incomplete(&self, keys: &StyleKeys) -> bool {
        let is_complete = |key| self.column(key).is_some_and(|column| column.of_notes.known() == self.notes.len());
        !keys.iter().flatten().all(is_complete)
    }

    fn column(&self, key: &StyleKey) -> Option<&TimelineColumn> {
        Some(&self.columns[columns::find(&self.columns, key)?])
    }

    /// The same notes with a model's predictions in some styles, in the order of the notes.
    ///
    /// Other styles keep the predictions that the same model made of these notes.
    pub fn restyled(&self, model: String, predicted: impl IntoIterator<Item = (StyleKey, StyleColumn)>) -> Self {
        let predicted = predicted.into_iter().map(|(key, of_notes)| TimelineColumn::new(key, of_notes));
        let mut columns: Vec<TimelineColumn> = predicted.collect();
        if self.model == model {
            columns.extend_from_slice(&self.columns);
        }
        Self { model, columns: columns::normalised(columns), ..self.clone() }
    }

    /// Other notes, which no model has read yet; for each, the index of the note here whose predictions it keeps.
    pub(super) fn edited(&self, notes: Vec<TimelineNote>, kept: &[Option<usize>], pedals: Vec<Pedal>) -> Self {
        let columns = self.columns.iter().map(|column| column.rearranged(kept.iter().copied()));
        Self::with_columns(String::new(), notes, columns.collect(), pedals)
    }

    /// The snapshot as a project saves it, rounded to [`Place`]s. One read from a state up to version 4 may be unrounded.
    pub fn as_saved(&self) -> Self {
        Self::with_columns(self.model.clone(), self.notes.to_vec(), self.columns.clone(), self.pedals.to_vec())
    }

    /// The index of the note of a channel and key nearest to a position in beats, within [`SAME_PLACE`].
    pub fn find(&self, beats: f64, channel: u8, key: u8) -> Option<usize> {
        let from = self.notes.partition_point(|n| n.beats < beats - SAME_PLACE);
        let nearby = (from..).zip(&self.notes[from..]);
        nearby
            .take_while(|(_, n)| n.beats <= beats + SAME_PLACE)
            .filter(|(_, n)| (n.channel, n.key) == (channel, key))
            .min_by(|(_, a), (_, b)| (a.beats - beats).abs().total_cmp(&(b.beats - beats).abs()))
            .map(|(index, _)| index)
    }

    /// The columns that the styles with these keys play.
    pub fn column_table(&self, keys: &StyleKeys) -> ColumnTable {
        ColumnTable::new(&self.columns, keys)
    }

    /// The level and the mixed deviation of the note at an index, with the snapshot's own table; `None` where a style
    /// that counts has no prediction yet.
    pub fn expected(&self, note: usize, table: &ColumnTable, style: StyleBlend, take: TakeSeed) -> Option<Expected> {
        let TimelineNote { beats, key, velocity, .. } = *self.notes.get(note)?;
        let note = MixedNote { index: note, beats, key, velocity };
        let mixing = Mixing { mixture: Mixture::Blend(style), take };
        self.mixing.expected(&note, mixing, |style| table.column(&self.columns, style))
    }

    /// What the styles do in a Take with the note at an index besides its velocity, with the snapshot's own table.
    pub fn feel(&self, note: usize, table: &ColumnTable, style: StyleBlend, take: TakeSeed) -> Feel {
        let Some(&beats) = self.chords.get(note) else { return Feel::default() };
        let chord = ChordPlace { beats, has_beats: true };
        let column = |style| table.column(&self.columns, style);
        let of = |style| column(style).map_or_else(Feel::default, |column| column.feel(note, take, chord));
        of(style.a).mix(of(style.b), style.share_of_b)
    }

    /// Notes and pedal as a performance, in seconds from the first note.
    ///
    /// Each note's tempo holds up to the next note. A pedal event that leaves the pedal where it was is no movement.
    pub fn performance(&self) -> (Vec<Note>, Vec<(f64, bool)>) {
        let first = self.notes.first().map_or(0.0, |n| n.beats);
        // Position in beats and seconds of each note, and the seconds a beat from there on.
        let mut places: Vec<(f64, f64, f64)> = Vec::with_capacity(self.notes.len());
        for note in self.notes.iter() {
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
pub(super) mod tests;
