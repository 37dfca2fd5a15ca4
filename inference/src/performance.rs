//! A recorded performance outside a host: what models predict of it, and its restyled velocities.
//!
//! Evaluation and the restyling of files use this; [`crate::timeline`] does the same for Timeline.

mod settings;
mod timed_part;

use std::sync::Arc;

use tonenet_core::feel::Wander;
use tonenet_core::grid::{Grid, GridNote};
use tonenet_core::note::Note;
use tonenet_core::note_rows::Part;
use tonenet_core::piano_roll::excerpts;
use tonenet_core::style::range::PartSpread;
use tonenet_core::style::{QuantisedExpectation, StyleColumn, StyleIndex};

use crate::bundle::ModelFiles;
use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::manifest::NetworkEntry;
use crate::model::{Prediction, StyleSpread, VelocityModel};
use crate::note::{NoteModel, NoteNetwork, StyledNotes};
use crate::piano_roll::{PianoRollModel, PianoRollNetwork};
use crate::runtime::Runtime;
use crate::styles::{PlayedStyle, StyleList, StyleSlots};
use crate::user_style::UserStyleError;

pub use settings::{RestyleSettings, StyledPerformance};
use timed_part::TimedPart;

/// The most steps of a performance in one run of a piano-roll network, unless its manifest says fewer.
///
/// A run takes some milliseconds, so it can be cancelled soon. Of its 32 bars the middle half counts.
const MAX_STEPS: usize = 512;

/// A performance, all of whose notes are restylable.
#[derive(Debug, Clone, Copy)]
pub struct PerformanceView<'a> {
    /// Its notes, in any order.
    pub notes: &'a [Note],
    /// Movements of the sustain pedal by time: when, in seconds, and whether it is down then.
    pub pedals: &'a [(f64, bool)],
    /// Its grid. Only on sixteenths do its beats mean something.
    pub grid: Grid,
    /// The level from which a model that is conditioned on the player's velocities measures them; `None` hides them.
    /// Only the note model can be conditioned.
    pub player_level: Option<f32>,
}

impl PerformanceView<'_> {
    /// The performance as the note model reads it, and the index in `notes` of each of its rows.
    pub fn part(&self) -> (Part, Vec<usize>) {
        Part::from_notes(self.notes, self.pedals, self.grid == Grid::Sixteenths, self.player_level)
    }

    /// Where the note at an index begins, in beats. A beat of a performance without a click is half a second, as on its grid.
    fn beats(&self, note: usize) -> f64 {
        let note = &self.notes[note];
        match self.grid {
            Grid::Sixteenths => note.onset_sixteenths / 4.0,
            Grid::Seconds(step) => note.onset / step / 4.0,
        }
    }
}

/// How much of a performance is known when a note's velocity is predicted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LookAhead {
    /// All of it.
    WholePerformance,
    /// What was played up to so many seconds after the note's onset.
    Seconds(f64),
}

/// The loaded graphs of a model of velocities.
#[derive(Clone)]
pub enum Network {
    /// One of the article's models.
    PianoRoll(Arc<PianoRollNetwork>),
    /// The note model.
    Note(Arc<NoteNetwork>),
}

impl Network {
    /// The list of styles with these in the user's slots.
    fn list_styles(&self, slots: &StyleSlots) -> StyleList {
        match self {
            // The article's models have no encodings that a user's style could read.
            Self::PianoRoll(network) => StyleList::new(&network.style_keys(), slots, |style| {
                Err(UserStyleError::NeedsNoteModel { name: style.name().into() })
            }),
            Self::Note(network) => StyleList::new(&network.style_keys(), slots, |style| style.check(network)),
        }
    }
}

/// A model of velocities, ready to predict.
#[derive(Clone)]
pub struct LoadedModel {
    network: Network,
    styles: Arc<StyleList>,
}

impl From<Network> for LoadedModel {
    fn from(network: Network) -> Self {
        Self { styles: Arc::new(network.list_styles(&StyleSlots::default())), network }
    }
}

impl From<NoteNetwork> for LoadedModel {
    fn from(network: NoteNetwork) -> Self {
        Network::Note(Arc::new(network)).into()
    }
}

impl From<PianoRollNetwork> for LoadedModel {
    fn from(network: PianoRollNetwork) -> Self {
        Network::PianoRoll(Arc::new(network)).into()
    }
}

impl LoadedModel {
    /// Loads a model's graphs.
    ///
    /// # Errors
    /// When the runtime refuses a graph or the manifest does not fit this version.
    pub fn load(runtime: &Runtime, files: &ModelFiles) -> Result<Self, InferenceError> {
        Ok(match files.manifest().network {
            NetworkEntry::PianoRoll { .. } => PianoRollNetwork::load(runtime, files)?.into(),
            NetworkEntry::Note { .. } => NoteNetwork::load(runtime, files)?.into(),
            NetworkEntry::Tunes { .. } | NetworkEntry::Textures(_) => {
                return Err(InferenceError::NoVelocities { name: files.manifest().title.clone() });
            }
        })
    }

    /// The same model with these styles in the user's slots. It shares the graphs.
    #[must_use]
    pub fn with_user_styles(&self, slots: &StyleSlots) -> Self {
        Self { network: self.network.clone(), styles: Arc::new(self.network.list_styles(slots)) }
    }

    /// The styles that it plays.
    pub fn styles(&self) -> &Arc<StyleList> {
        &self.styles
    }

    /// The place of the style with an id, among the model's own.
    ///
    /// # Errors
    /// [`InferenceError::NoSuchStyle`] when it has none.
    pub fn style_by_id(&self, id: &str) -> Result<StyleIndex, InferenceError> {
        let is_it = |style: &StyleIndex| {
            let key = self.styles.keys()[style.index()].as_ref();
            self.styles.decoder(*style) == Some(*style) && key.is_some_and(|key| key.as_str() == id)
        };
        StyleIndex::all().find(is_it).ok_or_else(|| InferenceError::no_such_style(id))
    }

    /// The loaded graphs.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The model for one live part; `sample_rate` in Hz.
    pub fn live_model(&self, sample_rate: f64) -> Box<dyn VelocityModel> {
        match &self.network {
            Network::PianoRoll(network) => Box::new(PianoRollModel::new(network.clone(), self.styles.clone())),
            Network::Note(network) => Box::new(NoteModel::new(network.clone(), self.styles.clone(), sample_rate)),
        }
    }

    /// Whether it can be conditioned on the player's velocities.
    pub fn reads_player_velocities(&self) -> bool {
        matches!(self.network, Network::Note(_))
    }

    /// How a style spreads, if the model has it.
    pub fn style(&self, style: impl Into<StyleIndex>) -> Option<StyleSpread> {
        let style = style.into();
        match &self.network {
            Network::PianoRoll(network) => network.style(self.styles.decoder(style)?),
            Network::Note(network) => network.played_style(self.styles.get(style)?),
        }
    }

    /// How the Takes of a style wander around its feel, if they do.
    fn wander(&self, style: StyleIndex) -> Option<Wander> {
        match &self.network {
            Network::PianoRoll(_) => None,
            Network::Note(network) => network.wander(self.styles.get(style)?),
        }
    }

    /// The predictions of each of `styles`, in the order of the performance's notes.
    ///
    /// # Errors
    /// When the runtime fails, a style has no decoder, or the network reads whole performances only
    /// ([`InferenceError::WholePerformancesOnly`]).
    pub fn predict<S: Copy + Into<StyleIndex>>(
        &self,
        performance: &PerformanceView<'_>,
        look_ahead: LookAhead,
        styles: &[S],
    ) -> Result<Vec<Vec<Prediction>>, InferenceError> {
        let styles: Vec<StyleIndex> = styles.iter().map(|&style| style.into()).collect();
        self.predict_unless_cancelled(performance, look_ahead, &styles, &Cancellation::default())
    }

    /// [`Self::predict`], to be cancelled between two pieces of a whole performance.
    ///
    /// # Errors
    /// As [`Self::predict`], and [`InferenceError::Cancelled`].
    pub fn predict_unless_cancelled(
        &self,
        performance: &PerformanceView<'_>,
        look_ahead: LookAhead,
        styles: &[StyleIndex],
        cancellation: &Cancellation,
    ) -> Result<Vec<Vec<Prediction>>, InferenceError> {
        of_one(performance, |one| self.predict_each(one, look_ahead, styles, cancellation))
    }

    /// [`Self::predict_unless_cancelled`] for several performances.
    fn predict_each(
        &self,
        performances: &[PerformanceView<'_>],
        look_ahead: LookAhead,
        styles: &[StyleIndex],
        cancellation: &Cancellation,
    ) -> Result<Vec<Vec<Vec<Prediction>>>, InferenceError> {
        let styled = self.style_each(performances, look_ahead, styles, cancellation)?;
        Ok(styled.into_iter().map(|one| one.into_iter().map(|styled| styled.predictions).collect()).collect())
    }

    /// What each of `styles` does with each performance, in the order of its notes.
    fn style_each(
        &self,
        performances: &[PerformanceView<'_>],
        look_ahead: LookAhead,
        styles: &[StyleIndex],
        cancellation: &Cancellation,
    ) -> Result<Vec<Vec<StyledNotes>>, InferenceError> {
        match &self.network {
            Network::PianoRoll(_) if look_ahead != LookAhead::WholePerformance => {
                Err(InferenceError::WholePerformancesOnly)
            }
            Network::PianoRoll(network) => {
                let decoder = |&style| self.styles.decoder(style).ok_or_else(|| InferenceError::no_such_style(style));
                let decoders: Vec<StyleIndex> = styles.iter().map(decoder).collect::<Result<_, _>>()?;
                // Its encodings are of steps, which no feel is read from.
                let styled = |predictions| StyledNotes { predictions, feel: Vec::new() };
                let predict = |performance| {
                    let predicted = predict_on_grid(network, performance, &decoders, cancellation)?;
                    Ok(predicted.into_iter().map(styled).collect())
                };
                performances.iter().map(predict).collect()
            }
            Network::Note(network) => {
                let played =
                    |&style| self.styles.get(style).cloned().ok_or_else(|| InferenceError::no_such_style(style));
                let played: Vec<PlayedStyle> = styles.iter().map(played).collect::<Result<_, _>>()?;
                let parts: Vec<_> = performances.iter().map(TimedPart::new).collect();
                let with_beats: Vec<_> = parts.iter().map(|one| (&one.part, Some(&one.beat_seconds[..]))).collect();
                let by_row = network.style_each(&with_beats, look_ahead, &played, cancellation)?;
                let each = by_row.into_iter().zip(&parts);
                Ok(each
                    .map(|(styles, part)| styles.into_iter().map(|styled| part.in_order_of_notes(styled)).collect())
                    .collect())
            }
        }
    }

    /// [`Self::predict_unless_cancelled`] as columns, in the order of `styles`.
    ///
    /// # Errors
    /// As [`Self::predict_unless_cancelled`].
    pub fn columns(
        &self,
        performance: &PerformanceView<'_>,
        look_ahead: LookAhead,
        styles: &[StyleIndex],
        cancellation: &Cancellation,
    ) -> Result<Vec<StyleColumn>, InferenceError> {
        of_one(performance, |one| self.columns_of_each(one, look_ahead, styles, cancellation))
    }

    /// [`Self::columns`] for several performances.
    pub(crate) fn columns_of_each(
        &self,
        performances: &[PerformanceView<'_>],
        look_ahead: LookAhead,
        styles: &[StyleIndex],
        cancellation: &Cancellation,
    ) -> Result<Vec<Vec<StyleColumn>>, InferenceError> {
        let usual = |&style| self.style(style).ok_or_else(|| InferenceError::no_such_style(style));
        let usual = styles.iter().map(usual).collect::<Result<Vec<StyleSpread>, InferenceError>>()?;
        let usual: Vec<_> = usual.into_iter().zip(styles.iter().map(|&style| self.wander(style))).collect();
        let column = |(&(usual, wander), styled): (&(StyleSpread, Option<Wander>), StyledNotes)| {
            let predictions: Vec<QuantisedExpectation> = styled.predictions.into_iter().map(Into::into).collect();
            let gain = PartSpread::from_iter(predictions.iter().copied()).gain(usual);
            let feel = styled.feel.into_iter().map(Into::into).collect();
            StyleColumn::new(gain, predictions).with_feel(feel).with_wander(wander)
        };
        let styled = self.style_each(performances, look_ahead, styles, cancellation)?;
        Ok(styled.into_iter().map(|by_style| usual.iter().zip(by_style).map(column).collect()).collect())
    }
}

/// What `of_each` gives for one performance.
pub(crate) fn of_one<P, T>(
    performance: &P,
    of_each: impl FnOnce(&[P]) -> Result<Vec<Vec<T>>, InferenceError>,
) -> Result<Vec<T>, InferenceError> {
    Ok(of_each(std::slice::from_ref(performance))?.pop().unwrap_or_default())
}

/// The predictions of a piano-roll network, which reads a performance on its grid.
fn predict_on_grid(
    network: &PianoRollNetwork,
    performance: &PerformanceView<'_>,
    styles: &[StyleIndex],
    cancellation: &Cancellation,
) -> Result<Vec<Vec<Prediction>>, InferenceError> {
    let on_grid = performance.notes.iter().enumerate();
    let on_grid = on_grid.filter_map(|(index, note)| Some((index, performance.grid.place(note)?)));
    let mut on_grid: Vec<(usize, GridNote)> = on_grid.collect();
    on_grid.sort_by_key(|(_, note)| note.onset);
    let (indices, notes): (Vec<usize>, Vec<GridNote>) = on_grid.into_iter().unzip();
    cancellation.check()?;
    let unplaced = |&style: &StyleIndex| Prediction { deviation: 0.0, spread: network.residual(style) };
    let mut predicted: Vec<_> = styles.iter().map(|style| vec![unplaced(style); performance.notes.len()]).collect();
    for excerpt in excerpts(&notes, network.max_steps().unwrap_or(MAX_STEPS)) {
        let of_styles = network.deviations(&excerpt.roll, styles, cancellation)?;
        for (predicted, deviations) in predicted.iter_mut().zip(of_styles) {
            for note in excerpt.notes.clone() {
                let cell = excerpt.roll.cell(&notes[note]);
                predicted[indices[note]].deviation = cell.and_then(|cell| deviations.get(cell)).copied().unwrap_or(0.0);
            }
        }
    }
    Ok(predicted)
}
