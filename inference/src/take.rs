//! A whole recorded take, as models see it outside a host: in evaluation, and when files are restyled.

use std::sync::Arc;

use tonenet_core::dynamics::Expression;
use tonenet_core::genre::Genre;
use tonenet_core::grid::{Grid, GridNote};
use tonenet_core::note::Note;
use tonenet_core::note_rows::Part;
use tonenet_core::piano_roll::excerpts;
use tonenet_core::style::mixing::{MixedNote, Mixing, Mixture, PerformanceMixing};
use tonenet_core::style::{InSteps, PerStyle, StyleBlend, Take};

use crate::bundle::ModelFiles;
use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::manifest::NetworkEntry;
use crate::model::{Prediction, StyleSpread, VelocityModel};
use crate::note::{NoteModel, NoteNetwork};
use crate::piano_roll::{PianoRollModel, PianoRollNetwork};
use crate::runtime::Runtime;

/// Steps of a whole take that a piano-roll network runs over at once, unless its manifest says fewer: some milliseconds of
/// work, so that it can be stopped, and 32 bars, of which the middle half counts.
const MOST_STEPS: usize = 512;

/// A take: its notes must all be restylable.
#[derive(Debug, Clone, Copy)]
pub struct TakeView<'a> {
    /// Its notes, in any order.
    pub notes: &'a [Note],
    /// Movements of the sustain pedal by time: when, in seconds, and whether it is down then.
    pub pedals: &'a [(f64, bool)],
    /// The grid it stands on; on sixteenths, its beats mean something.
    pub grid: Grid,
    /// The level from which the model is told the player's own velocities; `None` keeps them from it. Only the note
    /// model listens to them.
    pub player_level: Option<f32>,
}

impl TakeView<'_> {
    /// The take as the note model reads it, and the place in `notes` of each of its rows.
    pub fn part(&self) -> (Part, Vec<usize>) {
        Part::of_notes(self.notes, self.pedals, self.grid == Grid::Sixteenths, self.player_level)
    }
}

/// How far behind a note's onset its velocity is decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Knowledge {
    /// When the take is over.
    WholeTake,
    /// So many seconds after each onset.
    Seconds(f64),
}

/// A model's loaded graphs, whichever network it is.
#[derive(Clone)]
pub enum LoadedModel {
    /// One of the article's.
    PianoRoll(Arc<PianoRollNetwork>),
    /// The note model.
    Note(Arc<NoteNetwork>),
}

impl LoadedModel {
    /// Loads a model's graphs.
    ///
    /// # Errors
    /// When the runtime refuses a graph or the manifest does not fit this version.
    pub fn load(runtime: &Runtime, files: &ModelFiles) -> Result<Self, InferenceError> {
        Ok(match files.manifest().network {
            NetworkEntry::PianoRoll { .. } => Self::PianoRoll(Arc::new(PianoRollNetwork::load(runtime, files)?)),
            NetworkEntry::Note { .. } => Self::Note(Arc::new(NoteNetwork::load(runtime, files)?)),
            NetworkEntry::Tunes { .. } | NetworkEntry::Textures(_) => {
                return Err(InferenceError::NoVelocities { name: files.manifest().title.clone() });
            }
        })
    }

    /// The model for one part that a host plays; `sample_rate` in Hz.
    pub fn listener(&self, sample_rate: f64) -> Box<dyn VelocityModel> {
        match self {
            Self::PianoRoll(network) => Box::new(PianoRollModel::new(network.clone())),
            Self::Note(network) => Box::new(NoteModel::new(network.clone(), sample_rate)),
        }
    }

    /// Whether it can be told the player's own velocities.
    pub fn hears_player(&self) -> bool {
        matches!(self, Self::Note(_))
    }

    /// How a style spreads, if the model plays it.
    pub fn style(&self, style: Genre) -> Option<StyleSpread> {
        match self {
            Self::PianoRoll(network) => network.style(style),
            Self::Note(network) => network.style(style),
        }
    }

    /// The gain of each of `styles`; 1 for the others.
    ///
    /// # Errors
    /// When a style has no decoder.
    pub fn gains(&self, styles: impl IntoIterator<Item = Genre>) -> Result<PerStyle<f32>, InferenceError> {
        let mut gains = [1.0; Genre::ALL.len()];
        for style in styles {
            gains[style.index()] = self.style(style).ok_or(InferenceError::NoSuchStyle { style })?.gain();
        }
        Ok(gains)
    }

    /// What each of `styles` expects of each note of a take, in the order of its notes.
    ///
    /// # Errors
    /// When the runtime fails, a style has no decoder, or the network cannot be asked at that look-ahead
    /// ([`InferenceError::WholeTakesOnly`]).
    pub fn predict(
        &self,
        take: &TakeView<'_>,
        knowledge: Knowledge,
        styles: &[Genre],
    ) -> Result<Vec<Vec<Prediction>>, InferenceError> {
        self.predict_unless_cancelled(take, knowledge, styles, &Cancellation::default())
    }

    /// [`Self::predict`] for somebody who may not want it any more before it is done; of whole takes only.
    ///
    /// # Errors
    /// As [`Self::predict`], and [`InferenceError::Cancelled`].
    pub fn predict_unless_cancelled(
        &self,
        take: &TakeView<'_>,
        knowledge: Knowledge,
        styles: &[Genre],
        cancellation: &Cancellation,
    ) -> Result<Vec<Vec<Prediction>>, InferenceError> {
        match self {
            Self::PianoRoll(_) if knowledge != Knowledge::WholeTake => Err(InferenceError::WholeTakesOnly),
            Self::PianoRoll(network) => on_the_grid(network, take, styles, cancellation),
            Self::Note(network) => {
                let (part, order) = take.part();
                let by_row = match knowledge {
                    Knowledge::WholeTake => network.whole_take(&part, styles, cancellation)?,
                    Knowledge::Seconds(seconds) => network.at_look_ahead(&part, seconds, styles)?,
                };
                let in_order = |rows: Vec<Prediction>| {
                    let mut notes = vec![Prediction { deviation: 0.0, spread: 0.0 }; take.notes.len()];
                    for (prediction, &note) in rows.into_iter().zip(&order) {
                        notes[note] = prediction;
                    }
                    notes
                };
                Ok(by_row.into_iter().map(in_order).collect())
            }
        }
    }
}

fn on_the_grid(
    network: &PianoRollNetwork,
    take: &TakeView<'_>,
    styles: &[Genre],
    cancellation: &Cancellation,
) -> Result<Vec<Vec<Prediction>>, InferenceError> {
    let placed = take.notes.iter().enumerate().filter_map(|(place, note)| Some((place, take.grid.place(note)?)));
    let mut placed: Vec<(usize, GridNote)> = placed.collect();
    placed.sort_by_key(|(_, note)| note.onset);
    let (places, notes): (Vec<usize>, Vec<GridNote>) = placed.into_iter().unzip();
    cancellation.check()?;
    let silent = |&style: &Genre| Prediction { deviation: 0.0, spread: network.residual(style) };
    let mut expected: Vec<_> = styles.iter().map(|style| vec![silent(style); take.notes.len()]).collect();
    for excerpt in excerpts(&notes, network.whole_take_steps().unwrap_or(MOST_STEPS)) {
        for (expected, deviations) in
            expected.iter_mut().zip(network.deviations(&excerpt.roll, styles, cancellation)?)
        {
            for note in excerpt.notes.clone() {
                let cell = excerpt.roll.cell(&notes[note]);
                expected[places[note]].deviation = cell.and_then(|cell| deviations.get(cell)).copied().unwrap_or(0.0);
            }
        }
    }
    Ok(expected)
}

/// What is to become of a take.
#[derive(Debug, Clone, Copy)]
pub struct Restyling {
    /// The styles of every note.
    pub style: StyleBlend,
    /// The style it was played in, if what that style expects is to be exchanged for what the others expect while all
    /// else of the player's dynamics stays.
    pub played_in: Option<Genre>,
    /// Which performance of them.
    pub take: Take,
    /// What becomes of what the model expects.
    pub expression: Expression,
    /// What each note knows.
    pub knowledge: Knowledge,
}

impl Restyling {
    /// The take's velocities, 1–127, in the order of its notes.
    ///
    /// The level is the take's own mean; the styles are mixed as in Timeline.
    ///
    /// # Errors
    /// When the model fails or has no decoder for a style.
    pub fn velocities(&self, model: &LoadedModel, take: &TakeView<'_>) -> Result<Vec<u8>, InferenceError> {
        if take.notes.is_empty() {
            return Ok(Vec::new());
        }
        let mixing = Mixing { mixture: Mixture::new(self.style, self.played_in), take: self.take };
        let styles: Vec<Genre> = mixing.mixture.styles().collect();
        let predicted = model.predict(take, self.knowledge, &styles)?;
        let note = |(note, predictions): (&Note, PerStyle<InSteps>)| {
            let beats = match take.grid {
                Grid::Sixteenths => note.onset_sixteenths / 4.0,
                // A beat of a performance without a click is half a second, as on its grid.
                Grid::Seconds(step) => note.onset / step / 4.0,
            };
            MixedNote { beats, key: note.key, velocity: note.velocity, predictions }
        };
        let notes = take.notes.iter().zip(by_note(&styles, &predicted, take.notes.len()));
        let notes: Vec<MixedNote> = notes.map(note).collect();
        let (velocities, predictions) = (notes.iter().map(|n| n.velocity), notes.iter().map(|n| &n.predictions));
        let whole = PerformanceMixing::new(model.gains(styles)?, velocities, predictions);
        let velocity = |note: &MixedNote| {
            let restyled = whole.expected(note, mixing).map(|e| self.expression.velocity(note.velocity, e));
            restyled.unwrap_or(note.velocity)
        };
        Ok(notes.iter().map(velocity).collect())
    }
}

/// The predictions of each of so many notes, as Timeline keeps them; styles that were not asked for are unknown.
pub(crate) fn by_note(
    styles: &[Genre],
    predicted: &[Vec<Prediction>],
    notes: usize,
) -> impl Iterator<Item = PerStyle<InSteps>> {
    (0..notes).map(move |note| {
        let mut predictions = [InSteps::UNKNOWN; Genre::ALL.len()];
        for (style, predicted) in styles.iter().zip(predicted) {
            predictions[style.index()] = predicted[note].into();
        }
        predictions
    })
}
