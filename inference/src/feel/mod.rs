//! The feel of the built-in styles: linear read-outs of the note model that place each note, hold it and pedal it.
//!
//! A [`FeelModel`] has no network of its own. It weighs what the note model's encoders read of a note, and the columns of
//! its [`FeelRow`]. So it belongs to the note model on which it was trained ([`ReadoutFingerprint`]).
//!
//! All notes of a chord share its shift and its pedal: those that are predicted at its first note, in the order of the
//! part, from what is known when that note is predicted. [`ChordFeel`] carries them from one call to the next.

#[cfg(feature = "embedded")]
mod embedded;
mod error;
mod file;
mod own;

pub use error::{FeelError, InvalidFeel};
pub use file::{FORMAT, MOST_BYTES};
pub use own::{LARGEST_FACTOR, MOST_LOG_ODDS, OwnFeel, PlayedFeel};

use serde::{Deserialize, Serialize};
use tonenet_core::feel::{Feel, Wander};
use tonenet_core::note_rows::{FEEL, FeelRow};
use tonenet_core::style::StyleIndex;

use crate::note::{EncodedNotes, NoteNetwork};
use crate::user_style::ReadoutFingerprint;

/// The largest weight. Encodings are within ±1 and columns within some units, so no sum leaves the range of f32.
const LARGEST_WEIGHT: f32 = 1_000.0;

/// The most numbers in an encoding that weights may read.
const WIDEST: usize = 65_536;

/// The largest shift in beats, offset within a chord in seconds, and stretch.
const MOST_SHIFT: f32 = 0.4;
const MOST_OFFSET: f32 = 0.06;
const MOST_STRETCH: f32 = 1.4;

/// What the built-in styles do with a note besides its velocity. Its contents are valid.
#[derive(Debug, Clone, PartialEq)]
pub struct FeelModel {
    fingerprint: ReadoutFingerprint,
    styles: Vec<FeelStyle>,
}

/// The feel of a style.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeelStyle {
    /// The style's id.
    pub id: String,
    /// The shift of chords, in beats; none for a style whose performances have no beats.
    pub shift: Option<FeelReadout>,
    /// The offset of notes within chords, in seconds.
    pub chord_offset: FeelReadout,
    /// The natural logarithm of lengths as shares of the written ones.
    pub stretch: FeelReadout,
    /// The same where each note is written up to the next chord, which hides its length ([`FeelRow::fills`]).
    pub stretch_filling: FeelReadout,
    /// The log odds that the pedal is down soon after a chord begins; above 0 it is rather down.
    pub pedal_down: FeelReadout,
    /// The log odds that the pedal is lifted at a chord; above 0 it is rather lifted.
    pub pedal_lift: FeelReadout,
    /// How performances differ from these predictions, for takes.
    pub wander: Wander,
}

/// A weighted sum of a note's encodings and columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeelReadout {
    /// One for each number of the past encoding.
    pub past: Vec<f32>,
    /// One for each number of the look-ahead encoding.
    pub ahead: Vec<f32>,
    /// One for each column of the [`FeelRow`].
    pub row: Vec<f32>,
    /// Added to each note.
    pub constant: f32,
}

/// What the notes of a chord share. The default is that of no chord yet.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ChordFeel {
    shift: f32,
    pedal_down: f32,
    pedal_lift: f32,
}

impl FeelModel {
    /// A model of these styles, trained on the note model with this fingerprint.
    ///
    /// # Errors
    /// When a number is out of range, or the styles do not fit together.
    pub fn new(fingerprint: ReadoutFingerprint, styles: Vec<FeelStyle>) -> Result<Self, InvalidFeel> {
        let Some(first) = styles.first() else { return Err(InvalidFeel::NoStyles) };
        let widths = (first.stretch.past.len(), first.stretch.ahead.len());
        for (place, style) in styles.iter().enumerate() {
            if StyleIndex::from_id(&style.id).is_none() || styles[..place].iter().any(|other| other.id == style.id) {
                return Err(InvalidFeel::Style { id: style.id.chars().take(64).collect() });
            }
            style.readouts().try_for_each(|readout| readout.validate(widths))?;
            if !style.wander.is_in_range() {
                return Err(InvalidFeel::Drift);
            }
        }
        Ok(Self { fingerprint, styles })
    }

    /// The fingerprint of the note model on which it was trained.
    pub fn fingerprint(&self) -> ReadoutFingerprint {
        self.fingerprint
    }

    /// The styles, in the order of the file.
    pub fn styles(&self) -> &[FeelStyle] {
        &self.styles
    }

    /// The feel of a built-in style; `None` if it has none.
    pub fn style(&self, style: StyleIndex) -> Option<&FeelStyle> {
        let id = style.built_in()?.id;
        self.styles.iter().find(|style| style.id == id)
    }

    /// Checks that it was trained on this network.
    ///
    /// # Errors
    /// [`FeelError::Foreign`] when it was trained on another.
    pub fn check(&self, network: &NoteNetwork) -> Result<(), FeelError> {
        let stretch = &self.styles[0].stretch;
        let fits = network.fingerprint(&[]).is_ok_and(|found| found == self.fingerprint)
            && (stretch.past.len(), stretch.ahead.len()) == (network.past_width(), network.ahead_width());
        if fits { Ok(()) } else { Err(FeelError::Foreign) }
    }

    /// Predicts the feel of some consecutive notes in a style, from their encodings and rows.
    ///
    /// `chord` carries what the last chord's notes share; begin a part with the default, and keep one for each style.
    /// A style without a feel, and a note without a row, give [`Feel::default`]. The sums have a fixed order.
    pub fn predict(
        &self,
        played: PlayedFeel<'_>,
        notes: &EncodedNotes<'_>,
        rows: &[FeelRow],
        chord: &mut ChordFeel,
    ) -> Vec<Feel> {
        match self.style(played.built_in) {
            Some(style) => style.predict(played.own, notes, rows, chord),
            None => vec![Feel::default(); rows.len()],
        }
    }
}

impl FeelStyle {
    /// [`FeelModel::predict`] in this style, or in a user's to which it comes nearest.
    pub fn predict(
        &self,
        own: &OwnFeel,
        notes: &EncodedNotes<'_>,
        rows: &[FeelRow],
        chord: &mut ChordFeel,
    ) -> Vec<Feel> {
        let (past, ahead) = (self.stretch.past.len(), self.stretch.ahead.len());
        let encodings = notes.past_encoding.chunks_exact(past).zip(notes.ahead_encoding.chunks_exact(ahead));
        let mut feels: Vec<Feel> =
            encodings.zip(rows).map(|((past, ahead), row)| self.of_note(own, (past, ahead), row, chord)).collect();
        feels.resize(rows.len(), Feel::default());
        feels
    }

    fn of_note(&self, own: &OwnFeel, (past, ahead): (&[f32], &[f32]), row: &FeelRow, chord: &mut ChordFeel) -> Feel {
        let read = |readout: &FeelReadout| readout.read(past, ahead, &row.numbers);
        if row.begins_chord {
            let shift = row.place.map_or(0.0, |place| {
                let of_nearest = self.shift.as_ref().map_or(0.0, read);
                own.shift_share * of_nearest + own.shifts[place]
            });
            *chord = ChordFeel {
                shift: within(shift, MOST_SHIFT),
                pedal_down: probability(read(&self.pedal_down) + own.pedal_down),
                pedal_lift: probability(read(&self.pedal_lift)),
            };
        }
        // Where it is not sure how the part is written, in between.
        let stretch = (1.0 - row.fills) * read(&self.stretch) + row.fills * read(&self.stretch_filling);
        Feel {
            shift: chord.shift,
            chord_offset: within(own.chord_spread * read(&self.chord_offset), MOST_OFFSET),
            stretch: within(stretch + own.stretch, MOST_STRETCH),
            pedal_down: chord.pedal_down,
            pedal_lift: chord.pedal_lift,
        }
    }

    fn readouts(&self) -> impl Iterator<Item = &FeelReadout> {
        let lengths = [&self.stretch, &self.stretch_filling];
        let others = [&self.chord_offset, &self.pedal_down, &self.pedal_lift].into_iter().chain(lengths);
        self.shift.iter().chain(others)
    }
}

impl FeelReadout {
    /// The weighted sum, from the first number to the last.
    pub fn read(&self, past: &[f32], ahead: &[f32], row: &[f32]) -> f32 {
        self.constant + dot(&self.past, past) + dot(&self.ahead, ahead) + dot(&self.row, row)
    }

    fn validate(&self, (past, ahead): (usize, usize)) -> Result<(), InvalidFeel> {
        let found = (self.past.len(), self.ahead.len(), self.row.len());
        let fits = (1..=WIDEST).contains(&past) && (1..=WIDEST).contains(&ahead);
        if !fits || found != (past, ahead, FEEL) {
            return Err(InvalidFeel::Widths { past: found.0, ahead: found.1, row: found.2 });
        }
        let mut weights = self.past.iter().chain(&self.ahead).chain(&self.row).chain([&self.constant]);
        match weights.find(|weight| !(-LARGEST_WEIGHT..=LARGEST_WEIGHT).contains(*weight)) {
            Some(&weight) => Err(InvalidFeel::Weight { weight }),
            None => Ok(()),
        }
    }
}

/// The sum of products, from the first to the last.
fn dot(weights: &[f32], numbers: &[f32]) -> f32 {
    weights.iter().zip(numbers).map(|(weight, number)| weight * number).sum()
}

/// A number within ± a limit; one that is not finite becomes 0.
fn within(number: f32, most: f32) -> f32 {
    if number.is_finite() { number.clamp(-most, most) } else { 0.0 }
}

/// The probability of some log odds; that of a number that is not finite is 0.
fn probability(log_odds: f32) -> f32 {
    if log_odds.is_finite() { 1.0 / (1.0 + (-log_odds.clamp(-20.0, 20.0)).exp()) } else { 0.0 }
}

#[cfg(test)]
mod tests;
