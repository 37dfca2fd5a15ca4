//! Styles that users have learned: linear read-outs of the note model, each in one small file.
//!
//! A [`UserStyle`] has no network of its own. It weighs what the note model's decoders read of a note, and what its
//! built-in styles predict. So it belongs to the note model on which it was learned ([`ReadoutFingerprint`]).

mod error;
mod file;
mod fingerprint;
mod id;

pub use error::{InvalidStyle, UserStyleError};
pub use file::{EXTENSION, FORMAT, MOST_BYTES};
pub use fingerprint::ReadoutFingerprint;
pub use id::UserStyleId;

use serde::{Deserialize, Serialize};
use tonenet_core::genre::Genre;
use tonenet_core::style::StyleIndex;

use crate::feel::{OwnFeel, PlayedFeel};
use crate::model::{Prediction, StyleSpread};
use crate::note::{EncodedNotes, NoteNetwork};

/// The most characters of a style's name.
pub const MOST_NAME_CHARACTERS: usize = 64;

/// The most characters of a style's description.
const MOST_DESCRIPTION_CHARACTERS: usize = 500;

/// The largest weight. Encodings are within ±1 and means within ±127, so no sum of such products leaves the range of f32.
const LARGEST_WEIGHT: f32 = 10_000.0;

/// The largest spread, in velocity steps.
const LARGEST_SPREAD: f32 = 127.0;

/// A learned style. Its contents are valid.
#[derive(Debug, Clone, PartialEq)]
pub struct UserStyle {
    id: UserStyleId,
    contents: StyleContents,
}

/// What a learned style consists of.
#[derive(Debug, Clone, PartialEq)]
pub struct StyleContents {
    /// The name that users see.
    pub name: String,
    /// The graphs on which it was learned.
    pub fingerprint: ReadoutFingerprint,
    /// The weights.
    pub readout: Readout,
    /// The spread of human velocities around its means, as a factor on the mean spread of the built-in styles that it
    /// reads. So it is less sure of a note where they are.
    pub spread_scale: f32,
    /// The spreads of human velocities and of its means.
    pub spread: StyleSpread,
    /// The built-in style that comes closest; it plays where this one cannot.
    pub nearest: Genre,
    /// How its feel differs from the nearest style's.
    pub feel: OwnFeel,
    /// What it was learned from, and how well.
    pub card: StyleCard,
}

/// The weights of a learned style.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Readout {
    /// One for each number of the past encoding.
    pub past: Vec<f32>,
    /// One for each number of the look-ahead encoding.
    pub ahead: Vec<f32>,
    /// One for the mean of each built-in style that it reads.
    pub built_ins: Vec<BuiltInWeight>,
    /// Added to each note.
    pub constant: f32,
}

/// The weight of a built-in style's mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BuiltInWeight {
    /// The built-in style.
    pub style: Genre,
    /// The weight.
    pub weight: f32,
}

/// What a style was learned from, and how well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StyleCard {
    /// Files, or performances.
    pub files: usize,
    /// Their notes.
    pub notes: usize,
    /// Mean r within a file, of files that were left out while it was learned; `None` with one file.
    pub r: Option<f32>,
    /// The same of the nearest built-in style.
    pub nearest_r: f32,
    /// The day on which it was learned, as year-month-day.
    pub learned_on: String,
    /// How it differs from the nearest built-in style, in a sentence.
    pub description: String,
}

impl UserStyle {
    /// A style of these contents.
    ///
    /// # Errors
    /// When a number is not finite or out of range, or a text is empty, too long or not plain.
    pub fn new(contents: StyleContents) -> Result<Self, InvalidStyle> {
        contents.validate()?;
        Ok(Self { id: UserStyleId::from_contents(&contents), contents })
    }

    /// Checks that a style may have a name.
    ///
    /// # Errors
    /// When it is empty, too long or not plain.
    pub fn check_name(name: &str) -> Result<(), InvalidStyle> {
        check_text("name", name, MOST_NAME_CHARACTERS)
    }

    /// The same style with another name, and so with the same id.
    ///
    /// # Errors
    /// When the name is empty, too long or not plain.
    pub fn renamed(&self, name: &str) -> Result<Self, InvalidStyle> {
        Self::new(StyleContents { name: name.into(), ..self.contents.clone() })
    }

    /// Its id, a checksum of what it predicts; the name and the card do not count.
    pub fn id(&self) -> UserStyleId {
        self.id
    }

    /// The name that users see.
    pub fn name(&self) -> &str {
        &self.contents.name
    }

    /// All that it consists of.
    pub fn contents(&self) -> &StyleContents {
        &self.contents
    }

    /// The spreads of human velocities and of its means, in velocity steps.
    pub fn spread(&self) -> StyleSpread {
        self.contents.spread
    }

    /// The built-in style that comes closest; it plays where this one cannot.
    pub fn nearest(&self) -> StyleIndex {
        self.contents.nearest.into()
    }

    /// The feel that it plays with.
    pub fn feel(&self) -> PlayedFeel<'_> {
        PlayedFeel { built_in: self.nearest(), own: &self.contents.feel }
    }

    /// The built-in styles that it reads, in the order in which [`Self::predict`] wants their predictions.
    pub fn built_ins(&self) -> impl ExactSizeIterator<Item = StyleIndex> + '_ {
        self.contents.readout.built_ins.iter().map(|built_in| built_in.style.into())
    }

    /// Checks that it was learned on this network.
    ///
    /// # Errors
    /// [`UserStyleError::Foreign`] when it was learned on another.
    pub fn check(&self, network: &NoteNetwork) -> Result<(), UserStyleError> {
        let Readout { past, ahead, .. } = &self.contents.readout;
        let built_ins: Vec<StyleIndex> = self.built_ins().collect();
        let fits = network.fingerprint(&built_ins).is_ok_and(|found| found == self.contents.fingerprint)
            && (past.len(), ahead.len()) == (network.past_width(), network.ahead_width());
        if fits { Ok(()) } else { Err(UserStyleError::Foreign { name: self.name().into() }) }
    }

    /// Predicts some notes from their encodings and from the predictions of [`Self::built_ins`] for them.
    ///
    /// The sums have a fixed order, so two runtimes differ by no more here than in what the built-in decoders read.
    pub fn predict(&self, notes: &EncodedNotes<'_>) -> Vec<Prediction> {
        let Readout { past, ahead, built_ins, constant } = &self.contents.readout;
        let pasts = notes.past_encoding.chunks_exact(past.len());
        let rows = pasts.zip(notes.ahead_encoding.chunks_exact(ahead.len())).enumerate();
        let predict = |(note, (past_encoding, ahead_encoding)): (usize, (&[f32], &[f32]))| {
            let mut deviation = dot(past, past_encoding) + dot(ahead, ahead_encoding);
            let mut spread = 0.0;
            for (built_in, predictions) in built_ins.iter().zip(notes.predictions) {
                let Some(prediction) = predictions.get(note) else { continue };
                deviation += built_in.weight * prediction.deviation;
                spread += prediction.spread / built_ins.len() as f32;
            }
            Prediction { deviation: deviation + constant, spread: self.contents.spread_scale * spread }
        };
        rows.map(predict).collect()
    }
}

/// The sum of products, from the first to the last.
fn dot(weights: &[f32], numbers: &[f32]) -> f32 {
    weights.iter().zip(numbers).map(|(weight, number)| weight * number).sum()
}

impl StyleContents {
    fn validate(&self) -> Result<(), InvalidStyle> {
        let Readout { past, ahead, built_ins, constant } = &self.readout;
        if past.is_empty() || ahead.is_empty() {
            return Err(InvalidStyle::NoWeights);
        }
        let weights = past.iter().chain(ahead).chain([constant]).copied().chain(built_ins.iter().map(|b| b.weight));
        if let Some(weight) = weights.into_iter().find(|weight| !(-LARGEST_WEIGHT..=LARGEST_WEIGHT).contains(weight)) {
            return Err(InvalidStyle::Weight { weight });
        }
        if Genre::ALL.iter().any(|style| built_ins.iter().filter(|b| b.style == *style).count() > 1) {
            return Err(InvalidStyle::RepeatedStyle);
        }
        let spreads = [self.spread_scale, self.spread.human, self.spread.predicted];
        if let Some(spread) = spreads.into_iter().find(|spread| !(0.0..=LARGEST_SPREAD).contains(spread)) {
            return Err(InvalidStyle::Spread { spread });
        }
        if let Some(number) = self.feel.out_of_range() {
            return Err(InvalidStyle::Feel { number });
        }
        let figures = self.card.r.into_iter().chain([self.card.nearest_r]);
        if let Some(r) = figures.into_iter().find(|r| !(-1.0..=1.0).contains(r)) {
            return Err(InvalidStyle::Correlation { r });
        }
        UserStyle::check_name(&self.name)?;
        check_text("day", &self.card.learned_on, "2026-01-01".len())?;
        check_text("description", &self.card.description, MOST_DESCRIPTION_CHARACTERS)
    }
}

fn check_text(text: &'static str, value: &str, most: usize) -> Result<(), InvalidStyle> {
    let is_plain = !value.trim().is_empty() && value.chars().count() <= most && !value.chars().any(char::is_control);
    if is_plain { Ok(()) } else { Err(InvalidStyle::Text { text, most }) }
}

#[cfg(test)]
mod tests;
