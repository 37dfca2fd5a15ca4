//! The trait of a model that predicts velocities while a part is being played.
//!
//! [`crate::restyler::Restyler`] drives it: first events in the order of time, then one request at a time.

use std::sync::Arc;

use tonenet_core::feel::{Feel, Wander};
use tonenet_core::scheduler::NoteId;
use tonenet_core::style::StyleIndex;
pub use tonenet_core::style::mixing::{Prediction, StyleSpread};
use tonenet_core::window::{InferenceRequest, InputEvent};

use crate::error::InferenceError;
use crate::styles::StyleList;

/// A model that receives a part's events and predicts the notes of each request.
pub trait VelocityModel: Send {
    /// The spreads of a style, in velocity steps; `None` without a decoder for it.
    fn style(&self, style: StyleIndex) -> Option<StyleSpread>;

    /// Plays other styles from now on, without forgetting events.
    fn use_styles(&mut self, styles: &Arc<StyleList>);

    /// Forgets all events.
    fn reset(&mut self);

    /// Adds an event of the part; events come in the order of time. A model that can be conditioned on the player's
    /// velocities measures a note's velocity from `player_level`, 1–127; `None` hides it.
    fn push_event(&mut self, event: &InputEvent, player_level: Option<f32>);

    // Every implementation repeats this signature, as Rust demands.
    /// Predicts the notes that a request settles, in `style`, from all events so far; appends to `predictions`.
    ///
    /// # Errors
    /// When the runtime fails or the style has no decoder. `predictions` is then unchanged.
    fn predict(
        &mut self,
        request: &InferenceRequest,
        style: StyleIndex,
        predictions: &mut Vec<(NoteId, Prediction)>,
    ) -> Result<(), InferenceError>;

    /// What `style` does with the notes of the last request besides their velocity; appends to `feel`. Call it once a
    /// style after [`Self::predict`]. A model that knows nothing of it appends nothing.
    fn feel(&mut self, _style: StyleIndex, _feel: &mut Vec<(NoteId, Feel)>) {}

    /// How the Takes of `style` wander around its feel; `None` if they do not.
    fn wander(&self, _style: StyleIndex) -> Option<Wander> {
        None
    }
}
