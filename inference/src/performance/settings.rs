//! The settings of restyling, and the velocities that they give performances.

use tonenet_core::dynamics::Expression;
use tonenet_core::feel::Feel;
use tonenet_core::note::Note;
use tonenet_core::style::mixing::{MixedNote, Mixing, Mixture, PerformanceMixing};
use tonenet_core::style::{StyleBlend, StyleColumn, StyleIndex, TakeSeed};

use super::timed_part::chord_places;
use super::{LoadedModel, LookAhead, PerformanceView, of_one};
use crate::cancellation::Cancellation;
use crate::error::InferenceError;

/// How a performance is restyled.
#[derive(Debug, Clone, Copy)]
pub struct RestyleSettings {
    /// The styles of every note.
    pub style: StyleBlend,
    /// The style of the playing, if only its share of the player's dynamics is replaced; see [`Mixture::Exchange`].
    pub source_style: Option<StyleIndex>,
    /// The Take: which of the styles' many possible performances.
    pub take: TakeSeed,
    /// Amount, accents, level and range.
    pub expression: Expression,
    /// How much is known when a note's velocity is predicted.
    pub look_ahead: LookAhead,
}

/// What a performance becomes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StyledPerformance {
    /// The velocity of each of its notes, 1–127, in their order.
    pub velocities: Vec<u8>,
    /// The feel of each of its notes, in their order.
    pub feel: Vec<Feel>,
}

impl RestyleSettings {
    /// The restyled velocities, 1–127, in the order of the performance's notes.
    ///
    /// The styles are mixed exactly as in Timeline ([`tonenet_core::style::mixing`]).
    ///
    /// # Errors
    /// When the model fails or has no decoder for a style.
    pub fn velocities(
        &self,
        model: &LoadedModel,
        performance: &PerformanceView<'_>,
    ) -> Result<Vec<u8>, InferenceError> {
        self.velocities_unless_cancelled(model, performance, &Cancellation::default())
    }

    /// [`Self::velocities`], to be cancelled between two pieces of the performance.
    ///
    /// # Errors
    /// As [`Self::velocities`], and [`InferenceError::Cancelled`].
    pub fn velocities_unless_cancelled(
        &self,
        model: &LoadedModel,
        performance: &PerformanceView<'_>,
        cancellation: &Cancellation,
    ) -> Result<Vec<u8>, InferenceError> {
        of_one(performance, |one| self.velocities_of_each(model, one, cancellation))
    }

    /// [`Self::velocities_unless_cancelled`] for several performances, which takes less time than one after another.
    ///
    /// The velocities of each are the same as alone.
    ///
    /// # Errors
    /// As [`Self::velocities_unless_cancelled`].
    pub fn velocities_of_each(
        &self,
        model: &LoadedModel,
        performances: &[PerformanceView<'_>],
        cancellation: &Cancellation,
    ) -> Result<Vec<Vec<u8>>, InferenceError> {
        let styled = self.styled_of_each(model, performances, cancellation)?;
        Ok(styled.into_iter().map(|styled| styled.velocities).collect())
    }

    /// [`Self::velocities_of_each`], and the feel of each note.
    ///
    /// # Errors
    /// As [`Self::velocities_unless_cancelled`].
    pub fn styled_of_each(
        &self,
        model: &LoadedModel,
        performances: &[PerformanceView<'_>],
        cancellation: &Cancellation,
    ) -> Result<Vec<StyledPerformance>, InferenceError> {
        let mixing = Mixing { mixture: Mixture::new(self.style, self.source_style), take: self.take };
        let styles: Vec<StyleIndex> = mixing.mixture.styles().collect();
        let columns = model.columns_of_each(performances, self.look_ahead, &styles, cancellation)?;
        let mixed = performances.iter().zip(&columns);
        let styled = |(performance, columns): (&PerformanceView<'_>, &Vec<StyleColumn>)| StyledPerformance {
            velocities: self.mixed(performance, mixing, &styles, columns),
            feel: self.mixed_feel(performance, &styles, columns),
        };
        Ok(mixed.map(styled).collect())
    }

    /// The feel of each note, from that of its styles. What a style that was played does beyond the page is taken away, as
    /// the player has done it already.
    fn mixed_feel(
        &self,
        performance: &PerformanceView<'_>,
        styles: &[StyleIndex],
        columns: &[StyleColumn],
    ) -> Vec<Feel> {
        let chords = chord_places(performance);
        let of = |style: StyleIndex, note: usize| {
            let place = styles.iter().position(|&counts| counts == style);
            place.map_or_else(Feel::default, |place| columns[place].feel(note, self.take, chords[note]))
        };
        let StyleBlend { a, b, share_of_b } = self.style;
        let mixed = |note: usize| {
            let blend = of(a, note).mix(of(b, note), share_of_b);
            self.source_style.map_or(blend, |source| blend.beyond(of(source, note)))
        };
        (0..chords.len()).map(mixed).collect()
    }

    /// The velocities of a performance from its styles' columns.
    fn mixed(
        &self,
        performance: &PerformanceView<'_>,
        mixing: Mixing,
        styles: &[StyleIndex],
        columns: &[StyleColumn],
    ) -> Vec<u8> {
        let column = |style| columns.get(styles.iter().position(|&counts| counts == style)?);
        let whole = PerformanceMixing::new(performance.notes.iter().map(|n| n.velocity));
        let velocity = |(index, note): (usize, &Note)| {
            let mixed = MixedNote { index, beats: performance.beats(index), key: note.key, velocity: note.velocity };
            // Of a style that counts there is a prediction of every note.
            let restyled = whole.expected(&mixed, mixing, column).map(|e| self.expression.velocity(note.velocity, e));
            restyled.unwrap_or(note.velocity)
        };
        performance.notes.iter().enumerate().map(velocity).collect()
    }
}
