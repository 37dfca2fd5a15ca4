//! Clips: short pieces in beats that a generator makes, a project saves and the plugin plays in the song.
//!
//! [`Clip`] holds the notes, and [`Clip::to_midi`] writes them as a file. [`ClipPlayer`] plays a clip in the song from
//! one of its [`Bars`] on. [`CapturedPart`] records the player's last bars, from which a generator can continue.

mod bars;
mod captured_part;
mod file;
mod player;

pub use bars::Bars;
pub use captured_part::CapturedPart;
pub use player::{ClipEvent, ClipPlacement, ClipPlayer};

use serde::{Deserialize, Serialize};

use crate::tune::{STEPS_PER_QUARTER, Tune};

/// The velocity of notes without one of their own, as in the article.
pub const FLAT_VELOCITY: u8 = 80;

/// Largest number of notes in a clip.
pub const MAX_NOTES: usize = 4096;

/// Longest clip, in beats.
pub const LONGEST: f64 = 1024.0;

/// Ticks in a beat. All times in a clip are whole ticks, so that saving and loading changes nothing. Sixteenths, 32nds
/// and triplets are whole numbers of ticks.
const TICKS: u16 = 960;

/// A note of a clip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClipNote {
    /// Onset, in beats (quarter notes) from the clip's start.
    pub onset: f64,
    /// Length, in beats; above 0.
    pub length: f64,
    /// MIDI key, 0–127.
    pub key: u8,
    /// MIDI velocity, 1–127.
    pub velocity: u8,
}

impl ClipNote {
    /// The end, in beats from the clip's start.
    pub fn end(&self) -> f64 {
        self.onset + self.length
    }
}

/// A short piece in beats.
///
/// Its notes lie within it, in the order of onset, then key. Notes of one key do not overlap. All times are whole 960ths
/// of a beat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "SavedClip", into = "SavedClip")]
pub struct Clip {
    length: f64,
    signature: (u8, u8),
    notes: Vec<ClipNote>,
}

/// The saved form of a clip, unchecked; all times are in ticks.
#[derive(Serialize, Deserialize)]
struct SavedClip {
    ticks: u32,
    signature: (u8, u8),
    /// Onset, length, key and velocity of each note.
    notes: Vec<(u32, u32, u8, u8)>,
}

impl TryFrom<SavedClip> for Clip {
    type Error = ClipError;

    fn try_from(SavedClip { ticks, signature, notes }: SavedClip) -> Result<Self, ClipError> {
        let note =
            |(onset, length, key, velocity)| ClipNote { onset: beats(onset), length: beats(length), key, velocity };
        Self::new(beats(ticks), signature, notes.into_iter().map(note).collect())
    }
}

impl From<Clip> for SavedClip {
    fn from(clip: Clip) -> Self {
        let note = |note: &ClipNote| (ticks(note.onset), ticks(note.length), note.key, note.velocity);
        Self { ticks: ticks(clip.length), signature: clip.signature, notes: clip.notes.iter().map(note).collect() }
    }
}

fn ticks(beats: f64) -> u32 {
    (beats * f64::from(TICKS)).round() as u32
}

fn beats(ticks: u32) -> f64 {
    f64::from(ticks) / f64::from(TICKS)
}

/// Why a clip is invalid.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ClipError {
    /// The length is not above 0 and at most [`LONGEST`].
    #[error("a clip of {0} beats; a clip must last more than 0 and at most {LONGEST} beats")]
    Length(f64),
    /// The time signature is invalid.
    #[error("a time signature of {0}/{1}; both numbers must be 1 to 32, and the second a power of two")]
    Signature(u8, u8),
    /// The song has no piano notes.
    #[error("it has no piano notes; choose another piece")]
    Empty,
    /// There are more than [`MAX_NOTES`] notes.
    #[error("a clip of {0} notes; a clip can have at most {MAX_NOTES}")]
    Notes(usize),
    /// The note at this index, counted from 0, has a value out of range.
    #[error("note {0} of a clip has a key, velocity or time out of range")]
    Note(usize),
}

impl Clip {
    /// A clip of `length` beats in a time signature.
    ///
    /// Times are rounded to 960ths of a beat. Notes are cut at the clip's end and at the next onset of their key. If
    /// notes of one key begin together, the loudest is kept.
    ///
    /// # Errors
    /// [`ClipError`] if a value is out of range.
    pub fn new(length: f64, signature: (u8, u8), mut notes: Vec<ClipNote>) -> Result<Self, ClipError> {
        if !(length > 0.0 && length <= LONGEST) {
            return Err(ClipError::Length(length));
        }
        let (upper, lower) = signature;
        if !(1..=32).contains(&upper) || !(1..=32).contains(&lower) || !lower.is_power_of_two() {
            return Err(ClipError::Signature(upper, lower));
        }
        if notes.len() > MAX_NOTES {
            return Err(ClipError::Notes(notes.len()));
        }
        let is_note = |note: &ClipNote| {
            note.onset >= 0.0 && note.length > 0.0 && note.end().is_finite() && note.key < 128 && note.velocity < 128
        };
        if let Some(bad) = notes.iter().position(|note| !is_note(note) || note.velocity == 0) {
            return Err(ClipError::Note(bad));
        }
        let length = beats(ticks(length).max(1));
        for note in &mut notes {
            (note.onset, note.length) = (beats(ticks(note.onset)), beats(ticks(note.length).max(1)));
        }
        notes.retain(|note| note.onset < length);
        notes.sort_by(|a, b| a.onset.total_cmp(&b.onset).then(a.key.cmp(&b.key)).then(b.velocity.cmp(&a.velocity)));
        notes.dedup_by(|later, earlier| later.onset == earlier.onset && later.key == earlier.key);
        let mut next = [length; 128];
        for note in notes.iter_mut().rev() {
            let next = &mut next[usize::from(note.key)];
            note.length = beats(ticks(note.length.min(*next - note.onset)));
            *next = note.onset;
        }
        Ok(Self { length, signature, notes })
    }

    /// A clip of whole bars with a tune's melody and chords, all of [`FLAT_VELOCITY`].
    ///
    /// # Errors
    /// [`ClipError`] if it is too long or has too many notes.
    pub fn from_tune(tune: &Tune) -> Result<Self, ClipError> {
        let beats = |steps: u32| f64::from(steps) / f64::from(STEPS_PER_QUARTER);
        let bar = tune.metre.bar();
        let notes = tune.all_notes().into_iter().map(|(onset, steps, key)| ClipNote {
            onset: beats(onset),
            length: beats(steps),
            key,
            velocity: FLAT_VELOCITY,
        });
        Self::new(beats(tune.steps().div_ceil(bar).max(1) * bar), tune.metre.signature(), notes.collect())
    }

    /// Its length, in beats.
    pub fn length(&self) -> f64 {
        self.length
    }

    /// Its time signature, as numerator and denominator.
    pub fn signature(&self) -> (u8, u8) {
        self.signature
    }

    /// Its notes, by onset, then key.
    pub fn notes(&self) -> &[ClipNote] {
        &self.notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn note(onset: f64, length: f64, key: u8) -> ClipNote {
        ClipNote { onset, length, key, velocity: FLAT_VELOCITY }
    }

    #[test]
    fn a_repeated_key_ends_the_note_before_it() {
        let clip = Clip::new(4.0, (4, 4), vec![note(0.0, 2.0, 60), note(1.0, 9.0, 60), note(1.0, 1.0, 64)]).unwrap();
        assert_eq!(clip.notes(), [note(0.0, 1.0, 60), note(1.0, 3.0, 60), note(1.0, 1.0, 64)]);
    }

    #[test]
    fn invalid_clips_are_refused() {
        assert_eq!(Clip::new(0.0, (4, 4), vec![]), Err(ClipError::Length(0.0)));
        assert!(matches!(Clip::new(f64::NAN, (4, 4), vec![]), Err(ClipError::Length(_))));
        assert_eq!(Clip::new(4.0, (4, 3), vec![]), Err(ClipError::Signature(4, 3)));
        let silent = ClipNote { velocity: 0, ..note(0.0, 1.0, 60) };
        assert_eq!(Clip::new(4.0, (4, 4), vec![silent]), Err(ClipError::Note(0)));
        assert_eq!(Clip::new(4.0, (4, 4), vec![note(0.0, f64::INFINITY, 60)]), Err(ClipError::Note(0)));
        let saved = r#"{"ticks":3840,"signature":[4,4],"notes":[[320,960,60,80]]}"#;
        let clip: Clip = serde_json::from_str(saved).unwrap();
        assert_eq!(clip.notes(), [note(1.0 / 3.0, 1.0, 60)]);
        assert_eq!(serde_json::to_string(&clip).unwrap(), saved);
        let key = saved.replace("60,80", "200,80");
        assert!(serde_json::from_str::<Clip>(&key).is_err(), "a saved clip is checked too");
    }

    proptest! {
        #[test]
        fn notes_of_a_key_never_overlap_and_lie_within_the_clip(
            raw in prop::collection::vec((0.0..20.0f64, 0.01..9.0f64, 58u8..62), 0..60),
        ) {
            let notes = raw.into_iter().map(|(onset, length, key)| note(onset, length, key)).collect();
            let clip = Clip::new(16.0, (4, 4), notes).unwrap();
            for (at, one) in clip.notes().iter().enumerate() {
                prop_assert!(one.end() <= 16.0 + 1e-9 && one.length > 0.0);
                prop_assert_eq!(beats(ticks(one.onset)), one.onset);
                for other in &clip.notes()[at + 1..] {
                    prop_assert!(one.key != other.key || one.end() <= other.onset + 1e-9);
                }
            }
            prop_assert_eq!(&Clip::new(16.0, (4, 4), clip.notes().to_vec()).unwrap(), &clip);
            let saved = serde_json::to_string(&clip).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Clip>(&saved).unwrap(), &clip);
        }
    }
}
