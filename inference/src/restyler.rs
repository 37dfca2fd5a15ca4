//! Questions in, velocities out: a model together with the player's running level and each style's range.
//!
//! The plugin's inference thread and the offline commands run this same code, which is why a bounce, a file and a
//! live pass agree.

use tonenet_core::dynamics::Range;
use tonenet_core::genre::Genre;
use tonenet_core::scheduler::{Estimate, NoteId};
use tonenet_core::window::{Heard, Question, Window};

use crate::error::InferenceError;
use crate::model::{Prediction, VelocityModel};

/// How far back the player's level reaches, in steps: four bars of sixteenths.
const LEVEL_STEPS: usize = 64;

/// A model at work on one part.
pub struct Restyler {
    model: Box<dyn VelocityModel>,
    recent: Window,
    predictions: Vec<(NoteId, Prediction)>,
}

impl Restyler {
    /// Puts a model to work.
    pub fn new(model: Box<dyn VelocityModel>) -> Self {
        Self { model, recent: Window::new(LEVEL_STEPS), predictions: Vec::new() }
    }

    /// Forgets all that was heard.
    pub fn reset(&mut self) {
        self.model.reset();
        self.recent.clear();
    }

    /// Takes in what was heard, in the order of time.
    pub fn hear(&mut self, heard: &Heard) {
        self.recent.hear(heard);
        self.model.hear(heard);
    }

    /// Answers a question: one settled estimate for each note of its hop.
    ///
    /// # Errors
    /// When the model fails; notes of styles asked before the failure have their answers.
    pub fn ask(&mut self, question: &Question, mut answer: impl FnMut(NoteId, Estimate)) -> Result<(), InferenceError> {
        self.recent.forget_before(question.position);
        let Some(level) = self.recent.level() else { return Ok(()) };
        for style in Genre::ALL {
            if !self.recent.to_settle(question.hop).any(|note| note.style == style) {
                continue;
            }
            let spread = self.model.style(style).ok_or(InferenceError::NoSuchStyle { style })?;
            let range = Range::of_style(spread.human, spread.predicted);
            self.predictions.clear();
            self.model.predict(question, style, &mut self.predictions)?;
            for &(note, prediction) in &self.predictions {
                answer(note, Estimate { velocity: range.restyled(level, prediction.deviation), settled: true });
            }
        }
        Ok(())
    }
}
