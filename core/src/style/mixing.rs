//! The one rule that mixes styles, used in live passes, for files and in Timeline.
//!
//! For each note and style a model predicts how far from the part's level the style plays the note: a mean `m` and a
//! standard deviation `d` (the spread), in velocity steps. Each style has a share `w`, a gain `g` and a centre `c`. The
//! note's mixed deviation from the level is:
//!
//! - Take 0: the sum over the styles of `w · g · (m − c)`;
//! - any other Take: the sum of `w · (m − c)`, plus `z` times the sum of `w · d`.
//!
//! The **gain** ([`super::range`]) gives a style the spread of a performance back, because the mean of many possible
//! performances is flatter than any one of them. Other Takes need no gain: the noise `z` ([`TakeSeed::deviation`])
//! restores the spread.
//! The noise is drawn at the note's rounded [`Place`], so a note has the same noise after it was saved and loaded.
//!
//! The **centre** is the mean of the style's predictions. Without it, a style that leans to one side would change the
//! part's loudness. Only the user's control Level should do that.
//!
//! In an exchange ([`Mixture::Exchange`], files only) 1 is subtracted from the share of the style that was played.
//! All gains are 1, and the player's own deviation is added.
//!
//! Level, gains, centres and rounding depend on what is known when a note is mixed:
//!
//! - A performance that is known as a whole, from a file or in Timeline, has the means and the spread of all its notes
//!   ([`PerformanceMixing`]). Its predictions are first rounded to 64ths of a velocity step
//!   ([`super::QuantisedExpectation`]), because projects save those. So Timeline and a file agree, before and after a
//!   project is saved.
//! - A live pass knows only its past. Its level is the mean velocity of the last bars, its centres are running means
//!   ([`RunningCentres`]), its gains follow a running spread. Nothing of it is saved, so nothing is rounded.

use super::{PerStyle, StyleBlend, StyleColumn, StyleIndex, TakeSeed};
use crate::dynamics::Expected;
use crate::timeline::Place;

/// The predicted mean and spread of one note in one style.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// The mean of its deviation from the part's level, in velocity steps.
    pub deviation: f32,
    /// The standard deviation around that mean, in velocity steps.
    pub spread: f32,
}

/// The spread of a style's performances, measured on its training data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StyleSpread {
    /// Standard deviation of human velocities within a file, in velocity steps.
    pub human: f32,
    /// Standard deviation of the model's means within a file, in velocity steps.
    pub predicted: f32,
}

/// How the styles count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mixture {
    /// The styles take the place of the player's dynamics.
    Blend(StyleBlend),
    /// The styles take the place of the style that was played; all else of the player's dynamics stays.
    Exchange {
        /// The style that was played.
        source_style: StyleIndex,
        /// The styles that take its place.
        style: StyleBlend,
    },
}

impl Mixture {
    /// A blend, or an exchange where the style that was played is given.
    pub fn new(style: StyleBlend, source_style: Option<StyleIndex>) -> Self {
        source_style.map_or(Self::Blend(style), |source_style| Self::Exchange { source_style, style })
    }

    /// The share of a style. All shares add up to 1 in a blend and to 0 in an exchange. In an exchange, 1 is
    /// subtracted from the share of the style that was played.
    pub fn share(self, style: StyleIndex) -> f32 {
        match self {
            Self::Blend(blend) => blend.share(style),
            Self::Exchange { source_style, style: blend } => {
                blend.share(style) + if source_style == style { -1.0 } else { 0.0 }
            }
        }
    }

    /// The styles that count, in the order of the list.
    pub fn styles(self) -> impl Iterator<Item = StyleIndex> + Clone {
        StyleIndex::all().filter(move |&style| self.share(style) != 0.0)
    }

    /// An exchange adds to dynamics that have their full spread already.
    fn gain(self, gain: f32) -> f32 {
        match self {
            Self::Blend(_) => gain,
            Self::Exchange { .. } => 1.0,
        }
    }

    /// The part of the player's own deviation that stays.
    fn kept(self, own: f32) -> f32 {
        match self {
            Self::Blend(_) => 0.0,
            Self::Exchange { .. } => own,
        }
    }
}

/// What the rule reads of one style for one note.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StyleTerm {
    /// The predicted mean and spread.
    pub prediction: Prediction,
    /// The gain of the style.
    pub gain: f32,
    /// The centre of the style, in velocity steps.
    pub centre: f32,
}

/// What the user asks of the mix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mixing {
    /// The styles.
    pub mixture: Mixture,
    /// Which performance of them.
    pub take: TakeSeed,
}

impl Mixing {
    /// The mixed deviation of a note at so many beats of the song, in velocity steps: the rule in the
    /// [module's head](self). A style without a term adds nothing.
    pub fn deviation(self, term: impl Fn(StyleIndex) -> Option<StyleTerm>, beats: f64, key: u8) -> f32 {
        let (mut stretched, mut mean, mut spread) = (0.0, 0.0, 0.0);
        for style in self.mixture.styles() {
            let Some(StyleTerm { prediction, gain, centre }) = term(style) else { continue };
            let share = self.mixture.share(style);
            let centred = prediction.deviation - centre;
            stretched += share * self.mixture.gain(gain) * centred;
            mean += share * centred;
            spread += share * prediction.spread;
        }
        let beats = Place::new(beats).map_or(beats, Place::beats);
        match self.take.deviation(beats, key) {
            Some(noise) => mean + spread * noise,
            None => stretched,
        }
    }
}

/// A note of a performance that is known as a whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MixedNote {
    /// Its index in the performance, and so in the columns of the styles.
    pub index: usize,
    /// Where it begins, in beats of the song.
    pub beats: f64,
    /// MIDI key, 21–108.
    pub key: u8,
    /// The player's velocity, 1–127.
    pub velocity: u8,
}

/// Mixing for a performance that is known as a whole: its level is the mean of all its notes, and so are the centres
/// ([`StyleColumn`]).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PerformanceMixing {
    level: f32,
}

impl PerformanceMixing {
    /// From the player's velocities.
    pub fn new(velocities: impl IntoIterator<Item = u8>) -> Self {
        let (sum, notes) = velocities.into_iter().fold((0, 0_u64), |(sum, notes), v| (sum + u64::from(v), notes + 1));
        Self { level: sum as f32 / notes.max(1) as f32 }
    }

    /// The level and the note's mixed deviation; `None` where a style that counts has no prediction.
    pub fn expected<'a>(
        &self,
        note: &MixedNote,
        mixing: Mixing,
        column: impl Fn(StyleIndex) -> Option<&'a StyleColumn>,
    ) -> Option<Expected> {
        let term = |style| column(style)?.term(note.index);
        if mixing.mixture.styles().any(|style| term(style).is_none()) {
            return None;
        }
        let mixed = mixing.deviation(term, note.beats, note.key);
        let kept = mixing.mixture.kept(f32::from(note.velocity) - self.level);
        Some(Expected { level: self.level, deviation: mixed + kept })
    }
}

/// The centres of a live pass: each style's mean over the predictions so far.
///
/// A mean starts at 0 and moves slowly. So a loud phrase stays loud, but a bias over a whole piece is removed.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunningCentres(PerStyle<RunningMean>);

impl RunningCentres {
    /// The centre of each style, in velocity steps.
    pub fn means(&self) -> PerStyle<f32> {
        self.0.map(|centre| centre.mean)
    }

    /// Starts a style's mean again.
    pub fn forget(&mut self, style: StyleIndex) {
        self.0[style.index()] = RunningMean::default();
    }

    /// Adds a style's predicted mean. Read the note's centres with [`Self::means`] first: a note must not be part of its
    /// own centre.
    pub fn add(&mut self, style: StyleIndex, deviation: f32) {
        self.0[style.index()].add(deviation);
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct RunningMean {
    mean: f32,
    notes: f32,
}

impl RunningMean {
    /// Notes that count for the 0 at the start.
    const PRIOR: f32 = 96.0;
    /// Notes that the mean reaches back at most.
    const REACH: f32 = 1024.0;

    fn add(&mut self, deviation: f32) {
        self.notes = (self.notes + 1.0).min(Self::REACH);
        self.mean += (deviation - self.mean) / (self.notes + Self::PRIOR);
    }
}

#[cfg(test)]
mod tests;
