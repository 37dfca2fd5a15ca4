//! Runs the article's piano-roll networks: \[steps, 176\] frames in, \[steps, 88\] velocity deviations out.
//!
//! The networks carry no state, so each request runs them over the whole window again.

use std::sync::Arc;

use tonenet_core::note::PIANO_KEYS;
use tonenet_core::piano_roll::{FRAME, PianoRoll};
use tonenet_core::scheduler::NoteId;
use tonenet_core::style::{StyleIndex, StyleKeys};
use tonenet_core::window::{InferenceRequest, InputEvent, Window};

use crate::bundle::ModelFiles;
use crate::cancellation::Cancellation;
use crate::decoders::Decoders;
use crate::error::InferenceError;
use crate::manifest::NetworkEntry;
use crate::model::{Prediction, StyleSpread, VelocityModel};
use crate::runtime::{Graph, Runtime, Tensor, TensorRef};
use crate::styles::StyleList;

/// Steps that a manifest may give.
const STEPS: std::ops::RangeInclusive<usize> = 1..=65_536;

/// A loaded piano-roll model: the shared encoder and a decoder for each style.
pub struct PianoRollNetwork {
    encoder: Arc<dyn Graph>,
    decoders: Decoders,
    context_steps: usize,
    max_steps: Option<usize>,
}

impl PianoRollNetwork {
    /// The graph that every style reads.
    pub(crate) fn shared_graphs(&self) -> impl Iterator<Item = &Arc<dyn Graph>> {
        std::iter::once(&self.encoder)
    }

    /// Loads the encoder and the decoder of each style.
    ///
    /// # Errors
    /// When the runtime refuses a graph, or the model does not read this version's piano-roll frames.
    pub fn load(runtime: &Runtime, files: &ModelFiles) -> Result<Self, InferenceError> {
        let manifest = files.manifest();
        let bad = |reason| InferenceError::BadManifest { file: manifest.name.clone(), reason };
        let NetworkEntry::PianoRoll { frame, keys, context_steps, max_steps, .. } = manifest.network else {
            return Err(bad("its network is not one over piano-rolls".into()));
        };
        let steps = [Some(context_steps), max_steps];
        if (frame, keys) != (FRAME, PIANO_KEYS) || !steps.iter().flatten().all(|steps| STEPS.contains(steps)) {
            let limit = max_steps.map_or_else(String::new, |steps| format!(" (at most {steps} in a run)"));
            let (least, most) = STEPS.into_inner();
            return Err(bad(format!(
                "frames of {frame} and outputs of {keys} over {context_steps} steps{limit}; this version reads {FRAME} \
                 and {PIANO_KEYS} over {least} to {most} steps"
            )));
        }
        let decoders = Decoders::load(runtime, files)?;
        let encoder = files.shared().next().ok_or_else(|| bad("it has no encoder".into()))?;
        Ok(Self { encoder: runtime.load(encoder)?, decoders, context_steps, max_steps })
    }

    /// The deviations from the part's level in each of `styles`, in velocity steps: \[steps, 88\], row by row.
    ///
    /// # Errors
    /// When the runtime fails or a style has no decoder, or on cancellation.
    pub fn deviations(
        &self,
        roll: &PianoRoll,
        styles: &[StyleIndex],
        cancellation: &Cancellation,
    ) -> Result<Vec<Vec<f32>>, InferenceError> {
        cancellation.check()?;
        let frames = TensorRef { shape: &[roll.steps(), 1, FRAME], data: roll.frames() };
        let memory = only_output(self.encoder.run(&[("frames", frames)], &["memory"])?);
        styles
            .iter()
            .map(|&style| {
                cancellation.check()?;
                let graph = &self.decoders.get(style)?.graph;
                Ok(only_output(graph.run(&[("memory", memory.view())], &["deviations"])?).data)
            })
            .collect()
    }

    /// The spreads of a style, in velocity steps; `None` without a decoder for it.
    pub fn style(&self, style: StyleIndex) -> Option<StyleSpread> {
        self.decoders.get(style).ok().map(|decoder| decoder.spread)
    }

    /// The spread of human velocities around a style's means, in velocity steps; 0 without a decoder.
    pub fn residual(&self, style: StyleIndex) -> f32 {
        self.decoders.get(style).map_or(0.0, |decoder| decoder.residual)
    }

    /// The key of each style that has a decoder.
    pub fn style_keys(&self) -> StyleKeys {
        self.decoders.keys()
    }

    /// The most steps of a whole performance in one run; `None` if the manifest sets no limit.
    pub fn max_steps(&self) -> Option<usize> {
        self.max_steps
    }
}

/// The output of a run with one output.
fn only_output(outputs: Vec<Tensor>) -> Tensor {
    outputs.into_iter().next().unwrap_or_default()
}

/// A [`PianoRollNetwork`] over the last steps of one live part.
pub struct PianoRollModel {
    network: Arc<PianoRollNetwork>,
    styles: Arc<StyleList>,
    window: Window,
}

impl PianoRollModel {
    /// A model without events that plays some styles.
    pub fn new(network: Arc<PianoRollNetwork>, styles: Arc<StyleList>) -> Self {
        Self { window: Window::new(network.context_steps), network, styles }
    }
}

impl VelocityModel for PianoRollModel {
    fn style(&self, style: StyleIndex) -> Option<StyleSpread> {
        self.network.style(self.styles.decoder(style)?)
    }

    fn use_styles(&mut self, styles: &Arc<StyleList>) {
        self.styles = styles.clone();
    }

    fn reset(&mut self) {
        self.window.clear();
    }

    fn push_event(&mut self, event: &InputEvent, _: Option<f32>) {
        self.window.push_event(event);
    }

    fn predict(
        &mut self,
        request: &InferenceRequest,
        style: StyleIndex,
        predictions: &mut Vec<(NoteId, Prediction)>,
    ) -> Result<(), InferenceError> {
        let decoder = self.styles.decoder(style).ok_or_else(|| InferenceError::no_such_style(style))?;
        let spread = self.network.decoders.get(decoder)?.residual;
        self.window.forget_before(request.position);
        let (roll, cells) = self.window.piano_roll(request.position);
        let deviations = self.network.deviations(&roll, &[decoder], &Cancellation::default())?;
        let hop = request.hop;
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
    use crate::decoders::built_in_decoders;
    use crate::performance::{LoadedModel, LookAhead, PerformanceView};
    use crate::runtime::counted::{CountedGraph, Runs};
    use tonenet_core::grid::Grid;
    use tonenet_core::note::Note;

    fn model(runs: &Arc<Runs>, max_steps: Option<usize>) -> LoadedModel {
        let graph = |width| -> Arc<dyn Graph> { Arc::new(CountedGraph { runs: runs.clone(), width }) };
        let decoders = built_in_decoders(|| graph(PIANO_KEYS));
        PianoRollNetwork { encoder: graph(1), decoders, context_steps: 64, max_steps }.into()
    }

    #[test]
    fn a_cancelled_performance_stops_before_the_next_run() {
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
        let performance = PerformanceView { notes: &notes, pedals: &[], grid: Grid::Sixteenths, player_level: None };
        for max_steps in [None, Some(160)] {
            let all = Runs::stopping_at(0);
            let predict = |runs: &Arc<Runs>| {
                let model = model(runs, max_steps);
                model.predict_unless_cancelled(
                    &performance,
                    LookAhead::WholePerformance,
                    &StyleIndex::BUILT_IN,
                    &runs.cancellation,
                )
            };
            assert!(predict(&all).is_ok());
            assert!(all.count() > 40, "{} runs, each over an excerpt", all.count());
            for stop_at in [1, 2, 21, all.count() - 1] {
                let runs = Runs::stopping_at(stop_at);
                assert!(matches!(predict(&runs), Err(InferenceError::Cancelled)), "stopped at {stop_at}");
                assert_eq!(runs.count(), stop_at);
            }
        }
    }
}
