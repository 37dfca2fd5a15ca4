//! What differs between the models: their graphs, and what torch computes with the same weights.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use tch::Tensor;
use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::midi::Song;
use tonenet_core::note::{Note, PIANO_KEYS};
use tonenet_inference::manifest::{GraphEntry, NetworkEntry};
use tonenet_inference::take::{Knowledge, LoadedModel, TakeView};
use tonenet_model_export::note;
use tonenet_model_export::piano_roll;
use tonenet_model_export::quantise::Precision;
use tonenet_model_export::weights::Weights;

use crate::cli::ModelName;
use crate::train::{Trained, note as note_training, piano_roll as piano_roll_training};
use crate::workspace;

/// Steps of the past the plugin shows the piano-roll networks: four bars of sixteenths.
const CONTEXT_STEPS: usize = 64;

/// Notes of the demo piece in the golden tensors.
const GOLDEN_NOTES: usize = 96;

/// Graphs that were written, as the manifest names them.
pub struct Exported {
    pub title: &'static str,
    pub network: NetworkEntry,
    pub decoders: Vec<(Genre, GraphEntry)>,
}

/// Writes a model's graphs through `put`.
pub fn graphs(
    model: ModelName,
    weights: &Weights,
    put: &impl Fn(&str, &[u8]) -> Result<GraphEntry>,
) -> Result<Exported> {
    let decoder_file = |style: Genre| format!("decoder-{style}.onnx");
    let mut decoders = Vec::new();
    if model == ModelName::Note {
        let widths = note::widths(weights)?;
        for style in Genre::ALL {
            let graph = note::decoder(weights, style.id(), note_training::OUTPUT_SCALE as f32, Precision::Float32)?;
            decoders.push((style, put(&decoder_file(style), &graph)?));
        }
        let network = NetworkEntry::Note {
            past_columns: widths.past,
            ahead_columns: widths.ahead,
            past_hidden: widths.before,
            ahead_hidden: widths.behind,
            decoder_hidden: note::decoder_width(weights, Genre::ALL[0].id())?,
            past: put("past.onnx", &note::past(weights, Precision::Float32)?)?,
            ahead: put("ahead.onnx", &note::ahead(weights, Precision::Float32)?)?,
        };
        return Ok(Exported { title: "Note model", network, decoders });
    }
    for style in Genre::ALL {
        let graph = piano_roll::decoder(weights, style.id(), piano_roll_training::OUTPUT_SCALE as f32)?;
        decoders.push((style, put(&decoder_file(style), &graph)?));
    }
    let attention = model == ModelName::Attention;
    let network = NetworkEntry::PianoRoll {
        frame: piano_roll::frame_width(weights)?,
        keys: PIANO_KEYS,
        memory: piano_roll::memory_width(weights)?,
        context_steps: CONTEXT_STEPS,
        whole_take_steps: attention.then_some(piano_roll_training::STEPS),
        encoder: put("encoder.onnx", &piano_roll::encoder(weights)?)?,
    };
    let title = if attention { "Attention seq2seq" } else { "Baseline seq2seq" };
    Ok(Exported { title, network, decoders })
}

/// What torch expects of the beginning of the demo piece: named tensors of one number a note.
///
/// `onset`, `release`, `onset_sixteenths`, `release_sixteenths` and `key` are the notes; `deviation.<style>` is what
/// must come out.
pub struct Golden {
    notes: Vec<Note>,
    expected: BTreeMap<Genre, Vec<f32>>,
}

/// Computes them with torch.
pub fn golden(model: ModelName, weights: &Path) -> Result<Golden> {
    let path = workspace::root().join(crate::demo::DEFAULT_PIECE);
    let song = Song::parse(fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?)?;
    let notes: Vec<Note> = song.notes().iter().take(GOLDEN_NOTES).map(|n| n.note).collect();
    let take = TakeView { notes: &notes, pedals: &[], grid: Grid::Sixteenths, player_level: None };
    let trained = Trained::load(model, weights)?;
    let expected = Genre::ALL.into_iter().map(|style| (style, trained.deviations(&take, style))).collect();
    Ok(Golden { notes, expected })
}

impl Golden {
    /// How far a loaded model is from torch at most, in velocity steps.
    pub fn worst_difference(&self, model: &LoadedModel) -> Result<f32> {
        let take = TakeView { notes: &self.notes, pedals: &[], grid: Grid::Sixteenths, player_level: None };
        let mut worst = 0f32;
        for (style, expected) in &self.expected {
            let found = model.predict(&take, Knowledge::WholeTake, &[*style])?;
            for (found, expected) in found[0].iter().zip(expected) {
                // A NaN must not pass for 0.
                let difference = (found.deviation - expected).abs();
                worst = if difference.is_nan() { f32::NAN } else { worst.max(difference) };
            }
        }
        Ok(worst)
    }

    /// Writes them as safetensors.
    pub fn save(&self, path: &Path) -> Result<()> {
        let column = |value: fn(&Note) -> f64| {
            let values: Vec<f64> = self.notes.iter().map(value).collect();
            Tensor::from_slice(&values)
        };
        let mut tensors = vec![
            ("onset".to_owned(), column(|n| n.onset)),
            ("release".into(), column(|n| n.release)),
            ("onset_sixteenths".into(), column(|n| n.onset_sixteenths)),
            ("release_sixteenths".into(), column(|n| n.release_sixteenths)),
            ("key".into(), column(|n| f64::from(n.key))),
        ];
        tensors.extend(self.expected.iter().map(|(s, v)| (format!("deviation.{s}"), Tensor::from_slice(v))));
        Tensor::write_safetensors(&tensors, path).with_context(|| format!("cannot write {}", path.display()))
    }
}
