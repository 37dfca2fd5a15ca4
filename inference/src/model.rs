//! The one interface between the engine and whatever predicts velocities.

use tonenet_core::genre::Genre;
use tonenet_core::scheduler::NoteId;
pub use tonenet_core::style::mixing::{Prediction, StyleSpread};
use tonenet_core::window::{InferenceRequest, InputEvent};

use crate::error::InferenceError;

/// A model that is told what is heard and asked for the notes that are due.
pub trait VelocityModel: Send {
    /// Whether it has a decoder for a style, and how that style spreads.
    fn style(&self, style: Genre) -> Option<StyleSpread>;

    /// Forgets all that was heard.
    fn reset(&mut self);

    /// Takes in what was heard, in the order of time.
    fn push_event(&mut self, heard: &InputEvent);

    /// What it expects of the notes a question must settle and that are to be played in `style`, from what was
    /// heard up to now; appended to `predictions`.
    ///
    /// # Errors
    /// When the runtime fails or there is no decoder for the style; `predictions` is then as it was.
    fn predict(
        &mut self,
        question: &InferenceRequest,
        style: Genre,
        predictions: &mut Vec<(NoteId, Prediction)>,
    ) -> Result<(), InferenceError>;
}
