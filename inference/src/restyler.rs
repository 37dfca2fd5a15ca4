//! A model at work on one live part: it turns requests into the level and the mixed deviation of each note.
//!
//! The plugin's inference thread runs it. [`crate::offline`] runs it too, to compute what the tests' hosts must receive.
//! `tonenet restyle` and Timeline read whole performances instead ([`crate::performance`]). A live pass knows only its
//! past: its level is the mean velocity of the last four bars, its centres and gains are running ones.
//! [`tonenet_core::style::mixing`] has the rule that mixes the styles.

use std::sync::Arc;

use tonenet_core::dynamics::Expected;
use tonenet_core::feel::Feel;
use tonenet_core::scheduler::{Estimate, NoteId};
use tonenet_core::style::mixing::{Mixing, Mixture, Prediction, RunningCentres, StyleTerm};
use tonenet_core::style::range::RunningSpread;
use tonenet_core::style::{PerStyle, StyleBlend, StyleIndex};
use tonenet_core::window::{InferenceRequest, InputEvent, Window, WindowNote};

use crate::error::InferenceError;
use crate::model::VelocityModel;
use crate::styles::StyleList;

/// How far back the player's level reaches, in steps: four bars of sixteenths.
const LEVEL_STEPS: usize = 64;

/// A model at work on one part.
pub struct Restyler {
    model: Box<dyn VelocityModel>,
    recent: Window,
    centres: RunningCentres,
    spreads: PerStyle<RunningSpread>,
    /// Whether the model is conditioned on the player's velocities.
    conditions_on_player: bool,
    /// Reused buffer: the model's predictions in one style.
    predictions: Vec<(NoteId, Prediction)>,
    /// Reused buffer: what the model knows of the notes' feel in one style.
    feel: Vec<(NoteId, Feel)>,
    /// Reused buffer: the predictions in all styles, for each note of the current request.
    by_note: Vec<PredictedNote>,
}

/// A note of a request, with the predictions in each style that has a share in any of its notes.
struct PredictedNote {
    id: NoteId,
    predictions: PerStyle<Option<Prediction>>,
    feel: PerStyle<Feel>,
}

impl Restyler {
    /// Puts a model to work.
    pub fn new(model: Box<dyn VelocityModel>) -> Self {
        Self {
            model,
            recent: Window::new(LEVEL_STEPS),
            centres: RunningCentres::default(),
            spreads: PerStyle::default(),
            conditions_on_player: false,
            predictions: Vec::new(),
            feel: Vec::new(),
            by_note: Vec::new(),
        }
    }

    /// Plays other styles than before from now on, without forgetting events.
    pub fn use_styles(&mut self, before: &StyleList, styles: &Arc<StyleList>) {
        self.model.use_styles(styles);
        // A place with another style has another centre.
        StyleIndex::all().filter(|&style| before.get(style) != styles.get(style)).for_each(|s| self.centres.forget(s));
    }

    /// Forgets all events.
    pub fn reset(&mut self) {
        self.model.reset();
        self.recent.clear();
        self.centres = RunningCentres::default();
        self.spreads = PerStyle::default();
    }

    /// Conditions the model on the player's velocities from the next note on, or no longer. A model that cannot read
    /// them plays as before.
    pub fn condition_on_player(&mut self, conditions: bool) {
        self.conditions_on_player = conditions;
    }

    /// Adds an event of the part; events come in the order of time.
    pub fn push_event(&mut self, event: &InputEvent) {
        self.recent.push_event(event);
        let level = match *event {
            InputEvent::NoteOn { time, position, velocity, .. } if self.conditions_on_player => {
                self.recent.forget_before(position);
                // From what came before, because a host may send the notes of a chord in any order. The first chord is the
                // level itself.
                Some(self.recent.level_before(time).unwrap_or(velocity.into()))
            }
            _ => None,
        };
        self.model.push_event(event, level);
    }

    /// Emits a final estimate for each note that a request asks about, with the term of each style that was predicted;
    /// none if no note of the last four bars is known.
    ///
    /// # Errors
    /// When the model fails; nothing is then emitted.
    pub fn estimate(
        &mut self,
        request: &InferenceRequest,
        mut emit: impl FnMut(&WindowNote, Estimate, &dyn Fn(StyleIndex) -> Option<StyleTerm>),
    ) -> Result<(), InferenceError> {
        self.recent.forget_before(request.position);
        let Some(level) = self.recent.level() else { return Ok(()) };
        let centres = self.centres.means();
        let gains = self.predict(request, &centres)?;
        for (note, predicted) in self.recent.to_settle(request.hop).zip(&self.by_note) {
            let PredictedNote { predictions, feel, .. } = predicted;
            let mixing = Mixing { mixture: Mixture::Blend(note.style), take: note.take };
            let term = |style: StyleIndex| {
                let style = style.index();
                Some(StyleTerm { prediction: predictions[style]?, gain: gains[style], centre: centres[style] })
            };
            let deviation = mixing.deviation(term, note.beats, note.key);
            let of = |style: StyleIndex| {
                let (feel, wander) = (feel[style.index()], self.model.wander(style));
                wander.map_or(feel, |wander| feel.in_take(&wander, note.take, note.chord))
            };
            let StyleBlend { a, b, share_of_b } = note.style;
            let feel = of(a).mix(of(b), share_of_b);
            emit(note, Estimate { expected: Expected { level, deviation }, feel, settled: true }, &term);
        }
        Ok(())
    }

    /// Predicts the notes of a request in each style that has a share in one of them. Returns the gains of these
    /// styles.
    fn predict(
        &mut self,
        request: &InferenceRequest,
        centres: &PerStyle<f32>,
    ) -> Result<PerStyle<f32>, InferenceError> {
        let mut gains = PerStyle::default();
        self.by_note.clear();
        let unknown = |id| PredictedNote { id, predictions: PerStyle::default(), feel: PerStyle::default() };
        self.by_note.extend(self.recent.to_settle(request.hop).map(|note| unknown(note.id)));
        for style in StyleIndex::all() {
            if !self.recent.to_settle(request.hop).any(|note| note.style.share(style) > 0.0) {
                continue;
            }
            let usual = self.model.style(style).ok_or_else(|| InferenceError::no_such_style(style))?;
            let (spread, centre) = (&mut self.spreads[style.index()], centres[style.index()]);
            gains[style.index()] = spread.gain(usual);
            self.predictions.clear();
            self.model.predict(request, style, &mut self.predictions)?;
            for &(id, prediction) in &self.predictions {
                if let Some(note) = self.by_note.iter_mut().find(|note| note.id == id) {
                    note.predictions[style.index()] = Some(prediction);
                }
                self.centres.add(style, prediction.deviation);
                spread.add(prediction, centre);
            }
            self.feel.clear();
            self.model.feel(style, &mut self.feel);
            for &(id, feel) in &self.feel {
                if let Some(note) = self.by_note.iter_mut().find(|note| note.id == id) {
                    note.feel[style.index()] = feel;
                }
            }
        }
        Ok(gains)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::StyleSpread;
    use tonenet_core::scheduler::Hop;
    use tonenet_core::style::{StyleBlend, TakeSeed};

    /// Predicts the same of every note of a style.
    struct Fixed([f32; 3]);

    impl VelocityModel for Fixed {
        fn style(&self, _: StyleIndex) -> Option<StyleSpread> {
            Some(StyleSpread { human: 15.0, predicted: 10.0 })
        }

        fn use_styles(&mut self, _: &Arc<StyleList>) {}

        fn reset(&mut self) {}

        fn push_event(&mut self, _: &InputEvent, _: Option<f32>) {}

        fn predict(
            &mut self,
            request: &InferenceRequest,
            style: StyleIndex,
            predictions: &mut Vec<(NoteId, Prediction)>,
        ) -> Result<(), InferenceError> {
            let ids = request.hop.settle_from..request.hop.settle_to;
            let prediction = Prediction { deviation: self.0[style.index()], spread: 8.0 };
            predictions.extend(ids.map(|id| (NoteId(id), prediction)));
            Ok(())
        }
    }

    fn push_note(restyler: &mut Restyler, id: u64, velocity: u8, style: StyleBlend, take: TakeSeed) {
        restyler.push_event(&InputEvent::NoteOn {
            id: NoteId(id),
            time: id,
            position: id as f64,
            beats: None,
            beat_seconds: 0.5,
            channel: 0,
            key: 60,
            velocity,
            style,
            take,
        });
    }

    fn estimates(restyler: &mut Restyler, from: u64, to: u64) -> Vec<Expected> {
        let hop = Hop { time: to, settle_from: from, settle_to: to };
        let mut estimates = Vec::new();
        restyler
            .estimate(&InferenceRequest { hop, position: to as f64 }, |_, estimate, _| {
                estimates.push(estimate.expected)
            })
            .expect("the model predicts");
        estimates
    }

    #[test]
    fn a_blend_lies_between_its_styles() {
        let mut restyler = Restyler::new(Box::new(Fixed([-8.0, 8.0, 0.0])));
        for (id, share_of_b) in [0.0, 0.25, 1.0].into_iter().enumerate() {
            let blend = StyleBlend { a: StyleIndex::CLASSICAL, b: StyleIndex::JAZZ, share_of_b };
            push_note(&mut restyler, id as u64, 60, blend, TakeSeed(0));
        }
        let deviations: Vec<f32> = estimates(&mut restyler, 0, 3).iter().map(|e| e.deviation).collect();
        assert_eq!(deviations, [-12.0, -6.0, 12.0], "stretched from a spread of 10 to one of 15");
    }

    #[test]
    fn a_take_keeps_the_models_own_mean_and_spreads_around_it() {
        let mut restyler = Restyler::new(Box::new(Fixed([0.0, 4.0, 0.0])));
        push_note(&mut restyler, 0, 60, StyleBlend::only(StyleIndex::JAZZ), TakeSeed(7));
        let drawn = TakeSeed(7).deviation(0.0, 60).expect("a number");
        assert_eq!(estimates(&mut restyler, 0, 1), [Expected { level: 60.0, deviation: 4.0 + 8.0 * drawn }]);
    }

    #[test]
    fn a_constant_bias_of_the_model_is_centred_over_time() {
        let mut restyler = Restyler::new(Box::new(Fixed([16.0; 3])));
        let mut deviations = Vec::new();
        for id in 0..2000 {
            push_note(&mut restyler, id, 60, StyleBlend::only(StyleIndex::POP), TakeSeed(0));
            deviations.extend(estimates(&mut restyler, id, id + 1).iter().map(|e| e.deviation));
        }
        assert_eq!(deviations[0], 24.0);
        assert!(deviations[32] > 12.0, "a phrase may stand out");
        assert!(deviations[1999] < 2.0, "a piece may not");
    }
}
