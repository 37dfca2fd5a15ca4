//! A phrase as an image of 88 sixteenths by 88 piano keys, converted from notes and back.
//!
//! The article's images hold velocities only, so a repeated note looks like a held one. Images here have two channels:
//! [`PhraseImage::velocities`] is the velocity divided by 127 at every step at which a note sounds;
//! [`PhraseImage::onsets`] is 1 where a note begins. A phrase contains the notes that begin in it. Each is cut at the
//! phrase's end and at the next onset of its key. Converting an image to a clip and back therefore changes nothing.

use crate::clip::{Clip, ClipNote};
use crate::grid::{GridNote, quantise};
use crate::note::{LOWEST_KEY, PIANO_KEYS, midi_velocity, piano_key};

/// Steps of an image: sixteenths, or steps of the free grid ([`crate::grid::FREE_STEP_SECONDS`]).
pub const STEPS: usize = 88;

/// Cells of a channel, in row-major order: step, then key.
pub const CELLS: usize = STEPS * PIANO_KEYS;

/// Steps in a beat.
pub const STEPS_PER_BEAT: usize = 4;

/// Length of a phrase, in beats.
pub const BEATS: usize = STEPS / STEPS_PER_BEAT;

/// The time signature of every phrase.
pub const SIGNATURE: (u8, u8) = (4, 4);

/// The highest velocity; an image stores it as 1.
const LOUDEST: f32 = 127.0;

/// A note sounds where the velocity channel exceeds this: half of the softest velocity.
const SOUNDS: f32 = 0.5 / LOUDEST;

/// A note begins where the onset channel exceeds this.
const BEGINS: f32 = 0.5;

/// A phrase of [`STEPS`] steps by [`PIANO_KEYS`] keys, in two channels.
#[derive(Debug, Clone, PartialEq)]
pub struct PhraseImage {
    velocities: Vec<f32>,
    onsets: Vec<f32>,
}

impl PhraseImage {
    /// An image without notes.
    pub fn silent() -> Self {
        Self { velocities: vec![0.0; CELLS], onsets: vec![0.0; CELLS] }
    }

    /// The notes that begin within [`STEPS`] steps from `first_step`.
    ///
    /// Each lasts until its release, the next onset of its key, or the end of the phrase. If two notes share a cell, the
    /// louder one is kept. Keys outside the piano are left out.
    pub fn from_notes<'a>(first_step: i64, notes: impl IntoIterator<Item = &'a GridNote>) -> Self {
        let mut image = Self::silent();
        let mut releases = vec![0usize; CELLS];
        for note in notes.into_iter().filter(|note| note.key < PIANO_KEYS) {
            let Some(step) = step_of(note.onset.saturating_sub(first_step)) else { continue };
            let cell = step * PIANO_KEYS + note.key;
            let velocity = f32::from(note.velocity.clamp(1, 127)) / LOUDEST;
            if image.onsets[cell] == 0.0 || velocity > image.velocities[cell] {
                image.onsets[cell] = 1.0;
                image.velocities[cell] = velocity;
                releases[cell] = note.release.saturating_sub(first_step).clamp(step as i64 + 1, STEPS as i64) as usize;
            }
        }
        // Spread each onset's velocity along the time axis; a later onset of the key ends the note before it.
        for key in 0..PIANO_KEYS {
            let (mut end, mut velocity) = (0, 0.0);
            for step in 0..STEPS {
                let cell = step * PIANO_KEYS + key;
                if image.onsets[cell] > 0.0 {
                    (end, velocity) = (releases[cell], image.velocities[cell]);
                } else if step < end {
                    image.velocities[cell] = velocity;
                }
            }
        }
        image
    }

    /// The first [`BEATS`] beats of a clip, quantised to sixteenths.
    ///
    /// A shorter clip is padded with silence.
    pub fn from_clip(clip: &Clip) -> Self {
        let step = |beats: f64| quantise(beats * STEPS_PER_BEAT as f64);
        let notes: Vec<GridNote> = clip
            .notes()
            .iter()
            .filter_map(|note| {
                let onset = step(note.onset);
                let release = step(note.end()).max(onset + 1);
                Some(GridNote { onset, release, key: piano_key(note.key)?, velocity: note.velocity })
            })
            .collect();
        Self::from_notes(0, &notes)
    }

    /// An image from a network's two output channels; `None` unless each has [`CELLS`] numbers.
    pub fn from_channels(velocities: Vec<f32>, onsets: Vec<f32>) -> Option<Self> {
        (velocities.len() == CELLS && onsets.len() == CELLS).then_some(Self { velocities, onsets })
    }

    /// The velocity divided by 127 where a note sounds, 0 elsewhere: \[[`STEPS`], [`PIANO_KEYS`]\], lowest key first.
    pub fn velocities(&self) -> &[f32] {
        &self.velocities
    }

    /// 1 where a note begins, 0 elsewhere: \[[`STEPS`], [`PIANO_KEYS`]\], lowest key first.
    pub fn onsets(&self) -> &[f32] {
        &self.onsets
    }

    /// The notes of the image, by step, then key.
    ///
    /// A note begins at each onset, with the velocity of that cell. It lasts while its key sounds, up to the key's next
    /// onset. A cell that sounds without an onset before it is ignored.
    pub fn notes(&self) -> Vec<GridNote> {
        let begins = |cell: usize| self.onsets[cell] > BEGINS;
        let held = |cell: usize| self.velocities[cell] > SOUNDS && !begins(cell);
        (0..CELLS)
            .filter(|&cell| begins(cell))
            .map(|cell| {
                let (step, key) = (cell / PIANO_KEYS, cell % PIANO_KEYS);
                let after = (step + 1..STEPS).take_while(|step| held(step * PIANO_KEYS + key)).count();
                GridNote {
                    onset: step as i64,
                    release: (step + 1 + after) as i64,
                    key,
                    velocity: midi_velocity(self.velocities[cell] * LOUDEST),
                }
            })
            .collect()
    }

    /// The image as a clip of [`BEATS`] beats.
    pub fn to_clip(&self) -> Clip {
        let beats = |steps: i64| steps as f64 / STEPS_PER_BEAT as f64;
        let notes = self.notes().into_iter().map(|note| ClipNote {
            onset: beats(note.onset),
            length: beats(note.release - note.onset),
            key: LOWEST_KEY + note.key as u8,
            velocity: note.velocity,
        });
        // No music has so many notes, but a network's noise may.
        let notes = notes.take(crate::clip::MAX_NOTES).collect();
        Clip::new(BEATS as f64, SIGNATURE, notes).expect("an image's notes lie within its beats and keys")
    }
}

/// `step` as an index into the phrase; `None` outside it.
fn step_of(step: i64) -> Option<usize> {
    usize::try_from(step).ok().filter(|&step| step < STEPS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::note;
    use proptest::prelude::*;

    #[test]
    fn a_note_begins_once_and_sounds_until_its_release() {
        let image = PhraseImage::from_notes(10, &[note(11, 14, 3, 127)]);
        let column = |channel: &[f32]| (0..5).map(|step| channel[step * PIANO_KEYS + 3]).collect::<Vec<_>>();
        assert_eq!(column(image.onsets()), [0., 1., 0., 0., 0.]);
        assert_eq!(column(image.velocities()), [0., 1., 1., 1., 0.]);
        assert_eq!(image.notes(), [note(1, 4, 3, 127)]);
    }

    #[test]
    fn a_phrase_contains_the_notes_that_begin_in_it() {
        let notes = [note(-1, 4, 0, 80), note(87, 99, 1, 80), note(88, 90, 2, 80)];
        assert_eq!(PhraseImage::from_notes(0, &notes).notes(), [note(87, 88, 1, 80)]);
    }

    #[test]
    fn notes_at_extreme_steps_do_not_overflow() {
        let far =
            [note(i64::MIN, i64::MAX, 0, 80), note(i64::MAX - 1, i64::MAX, 1, 80), note(1 << 54, i64::MAX, 2, 80)];
        assert_eq!(PhraseImage::from_notes(1 << 54, &far).notes(), [note(0, 88, 2, 80)]);
        assert_eq!(PhraseImage::from_notes(i64::MIN, &far[1..]).notes(), []);
    }

    #[test]
    fn a_repeated_key_ends_the_note_before_it_and_keeps_its_own_length() {
        let image = PhraseImage::from_notes(0, &[note(0, 9, 5, 40), note(4, 5, 5, 90)]);
        assert_eq!(image.notes(), [note(0, 4, 5, 40), note(4, 5, 5, 90)]);
        assert_eq!(image.velocities()[6 * PIANO_KEYS + 5], 0.0, "the first note does not resume");
    }

    #[test]
    fn if_two_notes_share_a_cell_the_louder_one_is_kept() {
        for notes in [[note(0, 2, 5, 90), note(0, 7, 5, 30)], [note(0, 7, 5, 30), note(0, 2, 5, 90)]] {
            assert_eq!(PhraseImage::from_notes(0, &notes).notes(), [note(0, 2, 5, 90)]);
        }
    }

    #[test]
    fn a_clip_has_the_images_beats_and_keys() {
        let clip = PhraseImage::from_notes(0, &[note(2, 8, 39, 64)]).to_clip();
        assert_eq!((clip.length(), clip.signature()), (22.0, (4, 4)));
        assert_eq!(clip.notes(), [ClipNote { onset: 0.5, length: 1.5, key: 60, velocity: 64 }]);
    }

    #[test]
    fn a_short_clip_is_padded_with_silence_and_keys_outside_the_piano_are_left_out() {
        let notes = [60, 12, 120].map(|key| ClipNote { onset: 0.3, length: 0.1, key, velocity: 64 });
        let image = PhraseImage::from_clip(&Clip::new(2.0, (3, 4), notes.into()).unwrap());
        assert_eq!(image.notes(), [note(1, 2, 39, 64)]);
    }

    #[test]
    fn network_outputs_out_of_range_or_not_a_number_give_valid_notes() {
        let mut velocities = vec![0.0; CELLS];
        let mut onsets = vec![0.0; CELLS];
        (velocities[0], onsets[0]) = (2.0, 0.9);
        (velocities[PIANO_KEYS], onsets[PIANO_KEYS]) = (0.3, 0.4);
        (velocities[7], onsets[7]) = (f32::NAN, 1.0);
        velocities[9] = 0.5;
        let image = PhraseImage::from_channels(velocities, onsets).unwrap();
        assert_eq!(image.notes(), [note(0, 2, 0, 127), note(0, 1, 7, 1)]);
        assert_eq!(PhraseImage::from_channels(vec![0.0; 3], vec![0.0; CELLS]), None);
    }

    fn some_notes() -> impl Strategy<Value = Vec<GridNote>> {
        let one = (-20..100i64, 1..40i64, 0..PIANO_KEYS, 1..128u8);
        prop::collection::vec(one.prop_map(|(onset, length, key, v)| note(onset, onset + length, key, v)), 0..200)
    }

    proptest! {
        #[test]
        fn converting_an_image_to_a_clip_and_back_changes_nothing(notes in some_notes()) {
            let image = PhraseImage::from_notes(0, &notes);
            prop_assert_eq!(&PhraseImage::from_clip(&image.to_clip()), &image);
            prop_assert_eq!(&PhraseImage::from_notes(0, &image.notes()), &image);
        }

        #[test]
        fn any_two_channels_give_a_valid_clip(seed in prop::collection::vec(-1.0..2.0f32, 1..40)) {
            let velocities: Vec<f32> = seed.iter().copied().cycle().take(CELLS).collect();
            let onsets: Vec<f32> = seed.iter().rev().copied().cycle().take(CELLS).collect();
            let begun = onsets.iter().filter(|onset| **onset > BEGINS).count();
            let clip = PhraseImage::from_channels(velocities, onsets).unwrap().to_clip();
            prop_assert_eq!(clip.notes().len(), begun.min(crate::clip::MAX_NOTES));
        }
    }
}
