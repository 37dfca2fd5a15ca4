//! What one style predicts for all notes of a performance.

use super::QuantisedExpectation;
use super::TakeSeed;
use super::mixing::StyleTerm;
use crate::feel::{ChordPlace, Feel, QuantisedFeel, Wander};

/// The predictions of one style for all notes of a performance, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct StyleColumn {
    gain: f32,
    centre: f32,
    /// Notes that have a prediction.
    known: usize,
    /// Empty if no note has a prediction.
    predictions: Vec<QuantisedExpectation>,
    /// Empty if no note has one.
    feel: Vec<QuantisedFeel>,
    /// How its Takes wander around the feel.
    wander: Option<Wander>,
}

impl StyleColumn {
    /// A column of a style with this gain ([`super::range`]).
    pub fn new(gain: f32, mut predictions: Vec<QuantisedExpectation>) -> Self {
        // Whole numbers add up to the same in any order.
        let (mut sum, mut known) = (0_i64, 0_usize);
        for prediction in predictions.iter().filter(|prediction| prediction.is_known()) {
            sum += i64::from(prediction.to_64ths().0);
            known += 1;
        }
        if known == 0 {
            predictions = Vec::new();
        }
        let gain = if gain.is_finite() { gain.clamp(0.0, 4.0) } else { 1.0 };
        let centre = sum as f32 / QuantisedExpectation::FRACTION / known.max(1) as f32;
        Self { gain, centre, known, predictions, feel: Vec::new(), wander: None }
    }

    /// The same column with the feel of each note. Only notes that have a prediction may have one.
    #[must_use]
    pub fn with_feel(self, feel: Vec<QuantisedFeel>) -> Self {
        let is_none = feel.iter().all(|feel| *feel == QuantisedFeel::default());
        let feel = if self.known == 0 || is_none { Vec::new() } else { feel };
        Self { feel, ..self }
    }

    /// The same column of a style whose Takes wander. Figures that are out of range count as none.
    #[must_use]
    pub fn with_wander(self, wander: Option<Wander>) -> Self {
        Self { wander: wander.filter(Wander::is_in_range), ..self }
    }

    /// The style's gain.
    pub fn gain(&self) -> f32 {
        self.gain
    }

    /// Notes that have a prediction.
    pub fn known(&self) -> usize {
        self.known
    }

    /// The prediction for the note at an index.
    pub fn get(&self, note: usize) -> QuantisedExpectation {
        self.predictions.get(note).copied().unwrap_or(QuantisedExpectation::UNKNOWN)
    }

    /// What the style does in a Take with the note at an index besides its velocity; `chord` is where its chord begins.
    pub fn feel(&self, note: usize, take: TakeSeed, chord: ChordPlace) -> Feel {
        let feel: Feel = self.feel.get(note).copied().unwrap_or_default().into();
        let wander = self.wander.filter(|_| self.get(note).is_known());
        wander.map_or(feel, |wander| feel.in_take(&wander, take, chord))
    }

    /// How its Takes wander, if they do.
    pub(crate) fn wander(&self) -> Option<Wander> {
        self.wander
    }

    /// The feel of each note, in the order of the predictions; empty if no note has one.
    pub(crate) fn feels(&self) -> &[QuantisedFeel] {
        &self.feel
    }

    /// What mixing reads of the note at an index; `None` without a prediction.
    pub fn term(&self, note: usize) -> Option<StyleTerm> {
        let prediction = self.get(note).prediction()?;
        Some(StyleTerm { prediction, gain: self.gain, centre: self.centre })
    }

    /// The same style over other notes: for each, the index of its prediction here, if it has one.
    pub fn rearranged(&self, notes: impl Iterator<Item = Option<usize>>) -> Self {
        let prediction = |note: Option<usize>| note.map_or(QuantisedExpectation::UNKNOWN, |note| self.get(note));
        let notes: Vec<Option<usize>> = if self.known == 0 { Vec::new() } else { notes.collect() };
        let feel = |note: &Option<usize>| note.and_then(|note| self.feel.get(note)).copied().unwrap_or_default();
        let feels = if self.feel.is_empty() { Vec::new() } else { notes.iter().map(feel).collect() };
        Self::new(self.gain, notes.into_iter().map(prediction).collect()).with_feel(feels).with_wander(self.wander)
    }
}
