//! The article's piano-roll networks at work: a window as T × 176 frames in, T × 88 deviations out.
//!
//! They carry no state, so a question runs them over the whole window again.

use std::sync::Arc;

use tonenet_core::genre::Genre;
use tonenet_core::note::PIANO_KEYS;
use tonenet_core::piano_roll::{FRAME, PianoRoll};
use tonenet_core::scheduler::NoteId;
use tonenet_core::window::{InferenceRequest, InputEvent, Window};

use crate::bundle::ModelFiles;
use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::manifest::NetworkEntry;
use crate::model::{Prediction, StyleSpread, VelocityModel};
use crate::runtime::{Graph, Runtime, TensorRef};

/// Steps that a network may be shown at once.
const STEPS: std::ops::RangeInclusive<usize> = 1..=65_536;

/// An encoder that all styles share and a decoder each, loaded.
pub struct PianoRollNetwork {
    encoder: Arc<dyn Graph>,
    decoders: Vec<Decoder>,
    context_steps: usize,
    whole_take_steps: Option<usize>,
}

struct Decoder {
    style: Genre,
    graph: Arc<dyn Graph>,
    residual: f32,
    spread: StyleSpread,
}

impl PianoRollNetwork {
    /// Loads the graphs of a model for the styles it has.
    ///
    /// # Errors
    /// When a runtime refuses a graph, or the model is not over piano-roll frames.
    pub fn load(runtime: &Runtime, files: &ModelFiles) -> Result<Self, InferenceError> {
        let manifest = files.manifest();
        let bad = |reason| InferenceError::BadManifest { file: manifest.name.clone(), reason };
        let NetworkEntry::PianoRoll { frame, keys, context_steps, whole_take_steps, .. } = manifest.network else {
            return Err(bad("its network is not one over piano-rolls".into()));
        };
        let steps = [Some(context_steps), whole_take_steps];
        if (frame, keys) != (FRAME, PIANO_KEYS) || !steps.iter().flatten().all(|steps| STEPS.contains(steps)) {
            let told = whole_take_steps.map_or_else(String::new, |steps| format!(" ({steps} of a whole take)"));
            let (least, most) = STEPS.into_inner();
            return Err(bad(format!(
                "frames of {frame} and outputs of {keys} over {context_steps} steps{told} are no piano-roll of {FRAME} \
                 and {PIANO_KEYS} over {least} to {most}"
            )));
        }
        let mut decoders = Vec::new();
        for style in Genre::ALL {
            let Some(entry) = manifest.style(style) else { continue };
            decoders.push(Decoder {
                style,
                graph: runtime.load(files.decoder(style)?)?,
                residual: entry.residual,
                spread: StyleSpread { human: entry.human_spread, predicted: entry.predicted_spread },
            });
        }
        let encoder = files.shared().next().ok_or_else(|| bad("it has no encoder".into()))?;
        Ok(Self { encoder: runtime.load(encoder)?, decoders, context_steps, whole_take_steps })
    }

    /// Deviations from the part's level in each of `styles`, in velocity steps: \[steps, 88\] each, row after row.
    ///
    /// # Errors
    /// When the runtime fails, a style has no decoder, or nobody wants it any more.
    pub fn deviations(
        &self,
        roll: &PianoRoll,
        styles: &[Genre],
        cancellation: &Cancellation,
    ) -> Result<Vec<Vec<f32>>, InferenceError> {
        cancellation.check()?;
        let frames = TensorRef { shape: &[roll.steps(), 1, FRAME], data: roll.frames() };
        let memory = first(self.encoder.run(&[("frames", frames)], &["memory"])?);
        styles
            .iter()
            .map(|&style| {
                cancellation.check()?;
                let graph = &self.decoder(style)?.graph;
                Ok(first(graph.run(&[("memory", memory.view())], &["deviations"])?).data)
            })
            .collect()
    }

    /// How a style spreads, if the model plays it.
    pub fn style(&self, style: Genre) -> Option<StyleSpread> {
        self.decoder(style).ok().map(|decoder| decoder.spread)
    }

    /// What is left between its means and human velocities of a style, in velocity steps; 0 without a decoder.
    pub fn residual(&self, style: Genre) -> f32 {
        self.decoder(style).map_or(0.0, |decoder| decoder.residual)
    }

    /// Steps of a whole take that it reads at once at most; `None` where its manifest sets no limit.
    pub fn whole_take_steps(&self) -> Option<usize> {
        self.whole_take_steps
    }

    fn decoder(&self, style: Genre) -> Result<&Decoder, InferenceError> {
        self.decoders.iter().find(|d| d.style == style).ok_or(InferenceError::NoSuchStyle { style })
    }
}

/// The one tensor that was asked for.
fn first(outputs: Vec<crate::runtime::Tensor>) -> crate::runtime::Tensor {
    outputs.into_iter().next().unwrap_or_default()
}

/// A [`PianoRollNetwork`] over what was heard lately.
pub struct PianoRollModel {
    network: Arc<PianoRollNetwork>,
    window: Window,
}

impl PianoRollModel {
    /// A model that has heard nothing.
    pub fn new(network: Arc<PianoRollNetwork>) -> Self {
        Self { window: Window::new(network.context_steps), network }
    }
}

impl VelocityModel for PianoRollModel {
    fn style(&self, style: Genre) -> Option<StyleSpread> {
        self.network.style(style)
    }

    fn reset(&mut self) {
        self.window.clear();
    }

    fn push_event(&mut self, heard: &InputEvent) {
        self.window.push_event(heard);
    }

    fn predict(
        &mut self,
        question: &InferenceRequest,
        style: Genre,
        predictions: &mut Vec<(NoteId, Prediction)>,
    ) -> Result<(), InferenceError> {
        let spread = self.network.decoder(style)?.residual;
        self.window.forget_before(question.position);
        let (roll, cells) = self.window.piano_roll(question.position);
        let deviations = self.network.deviations(&roll, &[style], &Cancellation::default())?;
        let hop = question.hop;
        for (note, cell) in cells {
            if note.style.share(style) > 0.0 && (hop.settle_from..hop.settle_to).contains(&note.time) {
                let deviation = deviations.first().and_then(|d| d.get(cell)).copied().unwrap_or(0.0);
                predictions.push((note.id, Prediction { deviation, spread }));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performance::{LoadedModel, LookAhead, PerformanceView};
    use crate::runtime::counted::{CountedGraph, Runs};
    use tonenet_core::grid::Grid;
    use tonenet_core::note::Note;

    fn model(runs: &Arc<Runs>, whole_take_steps: Option<usize>) -> LoadedModel {
        let graph = |width| -> Arc<dyn Graph> { Arc::new(CountedGraph { runs: runs.clone(), width }) };
        let spread = StyleSpread { human: 1.0, predicted: 1.0 };
        let decoder = |style| Decoder { style, graph: graph(PIANO_KEYS), residual: 1.0, spread };
        let decoders = Genre::ALL.map(decoder).into();
        LoadedModel::PianoRoll(Arc::new(PianoRollNetwork {
            encoder: graph(1),
            decoders,
            context_steps: 64,
            whole_take_steps,
        }))
    }

    #[test]
    fn a_take_that_nobody_wants_any_more_is_left_before_the_next_run() {
        let note = |step: u32| Note {
            onset: f64::from(step) * 0.125,
            release: f64::from(step) * 0.125 + 0.1,
            onset_sixteenths: step.into(),
            release_sixteenths: f64::from(step) + 0.8,
            channel: 0,
            key: 60,
            velocity: 64,
        };
        let notes: Vec<Note> = (0..4_000).map(note).collect();
        let take = PerformanceView { notes: &notes, pedals: &[], grid: Grid::Sixteenths, player_level: None };
        for whole_take_steps in [None, Some(160)] {
            let all = Runs::stopping_at(0);
            let predict = |runs: &Arc<Runs>| {
                let model = model(runs, whole_take_steps);
                model.predict_unless_cancelled(&take, LookAhead::WholePerformance, &Genre::ALL, &runs.cancellation)
            };
            assert!(predict(&all).is_ok());
            assert!(all.count() > 40, "{} runs, each over a part of the take", all.count());
            for stop_at in [1, 2, 21, all.count() - 1] {
                let runs = Runs::stopping_at(stop_at);
                assert!(matches!(predict(&runs), Err(InferenceError::Cancelled)), "stopped at {stop_at}");
                assert_eq!(runs.count(), stop_at);
            }
        }
    }
}
