//! The scope: which notes the style restyles. All others keep the player's velocity.
//!
//! A scope is a range of keys and a part of the texture. The melody is the highest of the notes that sound when a note
//! begins, the bass is the lowest. A note sounds while its key is down; the pedal does not count.
//!
//! A note is judged [`CHORD_SECONDS`] after it began. So the notes of a rolled chord count as one chord, and the note that a
//! pianist lets go a moment after the next one, to play legato, no longer counts.

use std::collections::VecDeque;

use crate::note_rows::CHORD_SECONDS;

/// The most notes that a tracker compares with a new one. A chord of more notes is no chord.
const MAX_CHORD: usize = 64;

/// Which notes are restyled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// The lowest key, 0–127.
    pub low: u8,
    /// The highest key, 0–127. If it is below the lowest, no note is restyled.
    pub high: u8,
    /// The part of the texture.
    pub part: ScopePart,
}

/// A part of the texture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ScopePart {
    /// All notes.
    #[default]
    All,
    /// The highest sounding notes.
    Melody,
    /// The lowest sounding notes.
    Bass,
    /// The notes in between.
    Inner,
}

/// Where a note lies among the notes that sound with it. A note alone is both the highest and the lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoicePosition {
    /// Whether no higher note sounds.
    pub is_highest: bool,
    /// Whether no lower note sounds.
    pub is_lowest: bool,
}

impl VoicePosition {
    /// A note alone.
    pub const ALONE: Self = Self { is_highest: true, is_lowest: true };
}

impl Default for Scope {
    fn default() -> Self {
        Self::ALL
    }
}

impl Scope {
    /// All notes.
    pub const ALL: Self = Self { low: 0, high: 127, part: ScopePart::All };

    /// Whether a note is restyled.
    pub fn includes(&self, key: u8, voice: VoicePosition) -> bool {
        let is_in_part = match self.part {
            ScopePart::All => true,
            ScopePart::Melody => voice.is_highest,
            ScopePart::Bass => voice.is_lowest,
            ScopePart::Inner => !voice.is_highest && !voice.is_lowest,
        };
        is_in_part && (self.low..=self.high).contains(&key)
    }
}

/// Finds the [`VoicePosition`] of each note of a part that is being played. After [`Self::new`] nothing allocates.
#[derive(Debug)]
pub struct VoiceTracker<Id> {
    /// The most seconds between a note and a later one that is compared with it.
    reach: f64,
    /// For each key, the channels on which it is down.
    down: [u16; 128],
    /// The notes of the last moments, oldest first.
    recent: VecDeque<RecentNote<Id>>,
}

#[derive(Debug, Clone, Copy)]
struct RecentNote<Id> {
    id: Id,
    seconds: f64,
    key: u8,
    voice: Option<VoicePosition>,
}

impl<Id: Copy> VoiceTracker<Id> {
    /// A tracker with no notes. A note is judged [`CHORD_SECONDS`] after it began, but no later than after `known` seconds.
    pub fn new(known: f64) -> Self {
        Self { reach: known.min(CHORD_SECONDS), down: [0; 128], recent: VecDeque::with_capacity(MAX_CHORD) }
    }

    /// Forgets all notes.
    pub fn reset(&mut self) {
        self.down = [0; 128];
        self.recent.clear();
    }

    /// A key goes down. Tells `change` where the note lies as far as it is known now, and which earlier notes lie elsewhere
    /// from now on. Times never decrease.
    pub fn note_on(&mut self, id: Id, seconds: f64, (channel, key): (u8, u8), change: impl FnMut(Id, VoicePosition)) {
        let key = key.min(127);
        self.forget_before(seconds);
        self.down[usize::from(key)] |= 1 << (channel & 15);
        if self.recent.len() == MAX_CHORD {
            self.recent.pop_front();
        }
        self.recent.push_back(RecentNote { id, seconds, key, voice: None });
        self.judge(change);
    }

    /// A key comes up. Tells `change` as [`Self::note_on`] does.
    pub fn note_off(&mut self, seconds: f64, (channel, key): (u8, u8), change: impl FnMut(Id, VoicePosition)) {
        self.forget_before(seconds);
        self.down[usize::from(key.min(127))] &= !(1 << (channel & 15));
        self.judge(change);
    }

    /// All keys of a channel come up. No note that began before is judged anew.
    pub fn channel_off(&mut self, channel: u8) {
        self.down.iter_mut().for_each(|channels| *channels &= !(1 << (channel & 15)));
    }

    fn forget_before(&mut self, seconds: f64) {
        while self.recent.front().is_some_and(|note| seconds - note.seconds > self.reach) {
            self.recent.pop_front();
        }
    }

    /// Judges the recent notes by the keys that are down, and by each other: a short note of the same chord counts.
    fn judge(&mut self, mut change: impl FnMut(Id, VoicePosition)) {
        if self.recent.is_empty() {
            return;
        }
        let is_down = |channels: &u16| *channels != 0;
        let recent = || self.recent.iter().map(|note| usize::from(note.key));
        let lowest = self.down.iter().position(is_down).into_iter().chain(recent()).min();
        let highest = self.down.iter().rposition(is_down).into_iter().chain(recent()).max();
        for note in &mut self.recent {
            let key = Some(usize::from(note.key));
            let voice = VoicePosition { is_highest: key == highest, is_lowest: key == lowest };
            if note.voice.replace(voice) != Some(voice) {
                change(note.id, voice);
            }
        }
    }
}

/// A note of a performance that is known as a whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScopeNote {
    /// Onset in seconds.
    pub onset: f64,
    /// Release in seconds.
    pub release: f64,
    /// MIDI channel, 0–15.
    pub channel: u8,
    /// MIDI key, 0–127.
    pub key: u8,
}

/// The voice of each note of a performance, in the order of the notes, which may be any.
pub fn voices(notes: &[ScopeNote]) -> Vec<VoicePosition> {
    let on = notes.iter().enumerate().map(|(index, note)| (note.onset, true, index));
    let off = notes.iter().enumerate().map(|(index, note)| (note.release.max(note.onset), false, index));
    let mut events: Vec<(f64, bool, usize)> = on.chain(off).collect();
    // A key that comes up where another goes down has ended; a note without length ends after it began.
    events.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut tracker = VoiceTracker::new(CHORD_SECONDS);
    let mut voices = vec![VoicePosition::ALONE; notes.len()];
    for (seconds, is_on, index) in events {
        let ScopeNote { channel, key, onset, release } = notes[index];
        let mut judged = |note: usize, voice| voices[note] = voice;
        if is_on {
            tracker.note_on(index, seconds, (channel, key), &mut judged);
        }
        if !is_on || release <= onset {
            tracker.note_off(seconds, (channel, key), &mut judged);
        }
    }
    voices
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HIGHEST: VoicePosition = VoicePosition { is_highest: true, is_lowest: false };
    const INNER: VoicePosition = VoicePosition { is_highest: false, is_lowest: false };
    const LOWEST: VoicePosition = VoicePosition { is_highest: false, is_lowest: true };
    const ALONE: VoicePosition = VoicePosition::ALONE;

    fn note(onset: f64, release: f64, key: u8) -> ScopeNote {
        ScopeNote { onset, release, channel: 0, key }
    }

    #[test]
    fn a_chord_has_a_melody_inner_voices_and_a_bass() {
        let chord = [note(0.0, 1.0, 64), note(0.0, 1.0, 48), note(0.0, 1.0, 72), note(0.0, 1.0, 55)];
        assert_eq!(voices(&chord), [INNER, LOWEST, HIGHEST, INNER]);
    }

    #[test]
    fn a_rolled_chord_is_one_chord_and_a_later_note_changes_nothing() {
        let rolled = [note(0.0, 1.0, 48), note(0.02, 1.0, 60), note(0.04, 1.0, 67)];
        assert_eq!(voices(&rolled), [LOWEST, INNER, HIGHEST]);
        let melody = [note(0.0, 1.0, 60), note(0.1, 1.0, 67), note(2.0, 3.0, 50)];
        assert_eq!(voices(&melody), [ALONE, HIGHEST, ALONE]);
    }

    #[test]
    fn a_note_sounds_until_its_key_comes_up() {
        let notes = [note(0.0, 0.5, 72), note(0.3, 1.0, 60), note(0.5, 1.0, 62)];
        assert_eq!(voices(&notes), [ALONE, LOWEST, HIGHEST]);
        let mut tracker = VoiceTracker::new(0.0);
        let mut last = None;
        tracker.note_on(0, 0.0, (2, 72), |_, _| {});
        tracker.channel_off(2);
        tracker.note_on(1, 1.0, (0, 60), |id, voice| last = Some((id, voice)));
        assert_eq!(last, Some((1, ALONE)));
    }

    #[test]
    fn a_legato_line_that_descends_is_the_melody() {
        let line = [note(0.0, 0.53, 76), note(0.5, 1.03, 74), note(1.0, 1.5, 72), note(0.0, 1.5, 48)];
        assert_eq!(voices(&line), [HIGHEST, HIGHEST, HIGHEST, LOWEST]);
    }

    #[test]
    fn without_time_to_wait_only_what_happens_at_the_same_moment_counts() {
        let mut tracker = VoiceTracker::new(0.0);
        let mut changed = Vec::new();
        tracker.note_on('a', 1.0, (0, 60), |id, voice| changed.push((id, voice)));
        tracker.note_on('b', 1.0, (0, 64), |id, voice| changed.push((id, voice)));
        tracker.note_on('c', 1.001, (0, 62), |id, voice| changed.push((id, voice)));
        tracker.note_off(1.001, (0, 64), |id, voice| changed.push((id, voice)));
        tracker.note_off(1.002, (0, 60), |id, voice| changed.push((id, voice)));
        assert_eq!(changed, [('a', ALONE), ('a', LOWEST), ('b', HIGHEST), ('c', INNER), ('c', HIGHEST)]);
    }

    #[test]
    fn a_scope_is_a_range_of_keys_and_a_part() {
        let melody = Scope { low: 60, high: 80, part: ScopePart::Melody };
        assert!(melody.includes(60, HIGHEST) && melody.includes(80, ALONE));
        assert!(!melody.includes(59, HIGHEST) && !melody.includes(81, HIGHEST) && !melody.includes(70, INNER));
        let crossed = Scope { low: 80, high: 60, ..melody };
        assert!((0..128).all(|key| !crossed.includes(key, ALONE)));
    }

    proptest! {
        #[test]
        fn every_note_is_in_the_whole_scope_and_a_note_among_others_in_one_part(
            played in prop::collection::vec((0.0f64..8.0, 0.0f64..2.0, 0u8..16, 0u8..128), 0..60)
        ) {
            let notes: Vec<ScopeNote> = played
                .iter()
                .map(|&(onset, length, channel, key)| ScopeNote { onset, release: onset + length, channel, key })
                .collect();
            for (note, voice) in notes.iter().zip(voices(&notes)) {
                prop_assert!(Scope::ALL.includes(note.key, voice));
                let parts = [ScopePart::Melody, ScopePart::Bass, ScopePart::Inner];
                let parts = parts.iter().filter(|&&part| Scope { part, ..Scope::ALL }.includes(note.key, voice));
                prop_assert_eq!(parts.count(), if voice == ALONE { 2 } else { 1 });
            }
        }

        #[test]
        fn a_part_does_not_depend_on_when_it_is_played(
            keys in prop::collection::vec((0u32..400, 1u32..200, 0u8..128), 1..40), delay in 0u32..100
        ) {
            let at = |delay: u32| -> Vec<ScopeNote> {
                let place = |ticks: u32| f64::from(ticks + delay * 64) / 64.0;
                keys.iter().map(|&(on, length, key)| note(place(on), place(on + length), key)).collect()
            };
            prop_assert_eq!(voices(&at(0)), voices(&at(delay)));
        }
    }
}
