//! Questions in, expectations out: a model together with the player's running level, each style's range, blends
//! and takes.
//!
//! The plugin's inference thread and the offline commands run this same code, which is why a bounce, a file and a
//! live pass agree.

use tonenet_core::dynamics::{Expected, style_gain};
use tonenet_core::genre::Genre;
use tonenet_core::scheduler::{Estimate, NoteId};
use tonenet_core::style::Mixed;
use tonenet_core::window::{Heard, Question, Window, WindowNote};

use crate::error::InferenceError;
use crate::model::{Prediction, StyleSpread, VelocityModel};

/// How far back the player's level reaches, in steps: four bars of sixteenths.
const LEVEL_STEPS: usize = 64;

/// A model at work on one part.
pub struct Restyler {
    model: Box<dyn VelocityModel>,
    recent: Window,
    centres: [Centre; Genre::ALL.len()],
    predictions: Vec<(NoteId, Prediction)>,
    mixed: Vec<(NoteId, Mixed)>,
}

impl Restyler {
    /// Puts a model to work.
    pub fn new(model: Box<dyn VelocityModel>) -> Self {
        Self {
            model,
            recent: Window::new(LEVEL_STEPS),
            centres: Default::default(),
            predictions: Vec::new(),
            mixed: Vec::new(),
        }
    }

    /// Forgets all that was heard.
    pub fn reset(&mut self) {
        self.model.reset();
        self.recent.clear();
        self.centres = Default::default();
    }

    /// Takes in what was heard, in the order of time.
    pub fn hear(&mut self, heard: &Heard) {
        self.recent.hear(heard);
        self.model.hear(heard);
    }

    /// Answers a question: one settled estimate for each note of its hop.
    ///
    /// # Errors
    /// When the model fails; there are then no answers.
    pub fn ask(
        &mut self,
        question: &Question,
        mut answer: impl FnMut(&WindowNote, Estimate),
    ) -> Result<(), InferenceError> {
        self.recent.forget_before(question.position);
        let Some(level) = self.recent.level() else { return Ok(()) };
        self.mixed.clear();
        self.mixed.extend(self.recent.to_settle(question.hop).map(|note| (note.id, Mixed::default())));
        for style in Genre::ALL {
            let share = |note: NoteId| {
                self.recent.to_settle(question.hop).find(|n| n.id == note).map_or(0.0, |n| n.style.share(style))
            };
            if !self.recent.to_settle(question.hop).any(|note| note.style.share(style) > 0.0) {
                continue;
            }
            let StyleSpread { human, predicted } =
                self.model.style(style).ok_or(InferenceError::NoSuchStyle { style })?;
            let gain = style_gain(human, predicted);
            self.predictions.clear();
            self.model.predict(question, style, &mut self.predictions)?;
            let centre = &mut self.centres[style.index()];
            for &(note, prediction) in &self.predictions {
                let share = share(note);
                let mean = prediction.deviation - centre.mean();
                if let Some((_, mixed)) = self.mixed.iter_mut().find(|m| m.0 == note) {
                    mixed.add(share, gain, mean, prediction.spread);
                }
            }
            for &(_, prediction) in &self.predictions {
                centre.take_in(prediction.deviation);
            }
        }
        for (note, &(_, mixed)) in self.recent.to_settle(question.hop).zip(&self.mixed) {
            let deviation = mixed.deviation(note.take, note.beats, note.key);
            answer(note, Estimate { expected: Expected { level, deviation }, settled: true });
        }
        Ok(())
    }
}

/// The running mean of a style's predictions.
///
/// Music unlike what a model has learned from can lean to one side for minutes; what is left of that beside the
/// player's level would make Level another than the player's.
#[derive(Debug, Clone, Copy, Default)]
struct Centre {
    mean: f32,
    notes: f32,
}

impl Centre {
    /// Notes that the mean starts from 0 with, and that it reaches back at most: a phrase must not shift it, a piece
    /// may.
    const PRIOR: f32 = 96.0;
    const REACH: f32 = 1024.0;

    fn mean(&self) -> f32 {
        self.mean
    }

    fn take_in(&mut self, deviation: f32) {
        self.notes = (self.notes + 1.0).min(Self::REACH);
        self.mean += (deviation - self.mean) / (self.notes + Self::PRIOR);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonenet_core::scheduler::Hop;
    use tonenet_core::style::{StyleBlend, Take};

    /// Expects the same of every note of a style.
    struct Fixed([f32; 3]);

    impl VelocityModel for Fixed {
        fn style(&self, _: Genre) -> Option<StyleSpread> {
            Some(StyleSpread { human: 15.0, predicted: 10.0 })
        }

        fn reset(&mut self) {}

        fn hear(&mut self, _: &Heard) {}

        fn predict(
            &mut self,
            question: &Question,
            style: Genre,
            predictions: &mut Vec<(NoteId, Prediction)>,
        ) -> Result<(), InferenceError> {
            let ids = question.hop.settle_from..question.hop.settle_to;
            let prediction = Prediction { deviation: self.0[style.index()], spread: 8.0 };
            predictions.extend(ids.map(|id| (NoteId(id), prediction)));
            Ok(())
        }
    }

    fn hear(restyler: &mut Restyler, id: u64, velocity: u8, style: StyleBlend, take: Take) {
        restyler.hear(&Heard::NoteOn {
            id: NoteId(id),
            time: id,
            position: id as f64,
            beats: None,
            channel: 0,
            key: 60,
            velocity,
            style,
            take,
        });
    }

    fn ask(restyler: &mut Restyler, from: u64, to: u64) -> Vec<Expected> {
        let hop = Hop { time: to, settle_from: from, settle_to: to };
        let mut answers = Vec::new();
        restyler
            .ask(&Question { hop, position: to as f64 }, |_, estimate| answers.push(estimate.expected))
            .expect("an answer");
        answers
    }

    #[test]
    fn a_blend_lies_between_its_styles() {
        let mut restyler = Restyler::new(Box::new(Fixed([-8.0, 8.0, 0.0])));
        for (id, share_of_b) in [0.0, 0.25, 1.0].into_iter().enumerate() {
            let blend = StyleBlend { a: Genre::Classical, b: Genre::Jazz, share_of_b };
            hear(&mut restyler, id as u64, 60, blend, Take(0));
        }
        let deviations: Vec<f32> = ask(&mut restyler, 0, 3).iter().map(|e| e.deviation).collect();
        assert_eq!(deviations, [-12.0, -6.0, 12.0], "stretched from a spread of 10 to one of 15");
    }

    #[test]
    fn a_take_keeps_the_models_own_mean_and_spreads_around_it() {
        let mut restyler = Restyler::new(Box::new(Fixed([0.0, 4.0, 0.0])));
        hear(&mut restyler, 0, 60, StyleBlend::only(Genre::Jazz), Take(7));
        let drawn = Take(7).deviation(0.0, 60).expect("a number");
        assert_eq!(ask(&mut restyler, 0, 1), [Expected { level: 60.0, deviation: 4.0 + 8.0 * drawn }]);
    }

    #[test]
    fn a_model_that_leans_to_one_side_is_centred_in_time() {
        let mut restyler = Restyler::new(Box::new(Fixed([16.0; 3])));
        let mut deviations = Vec::new();
        for id in 0..2000 {
            hear(&mut restyler, id, 60, StyleBlend::only(Genre::Pop), Take(0));
            deviations.extend(ask(&mut restyler, id, id + 1).iter().map(|e| e.deviation));
        }
        assert_eq!(deviations[0], 24.0);
        assert!(deviations[32] > 16.0, "a phrase may stand out");
        assert!(deviations[1999] < 2.0, "a piece may not");
    }
}
