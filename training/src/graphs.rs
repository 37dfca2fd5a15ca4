//! The ONNX graphs of velocity models, made from their weights.

use anyhow::Result;
use tonenet_core::genre::Genre;
use tonenet_core::note::PIANO_KEYS;
use tonenet_inference::manifest::{GraphEntry, NetworkEntry};
use tonenet_model_export::note;
use tonenet_model_export::piano_roll;
use tonenet_model_export::quantise::Precision;
use tonenet_model_export::weights::Weights;

use crate::models::VelocityModel;

/// The networks' outputs are deviations from the level of the part, in velocity steps divided by this.
pub const OUTPUT_SCALE: f64 = 16.0;

/// Steps that the attention model reads at once, in training and in a whole performance.
pub const WHOLE_PERFORMANCE_STEPS: usize = 160;

/// Past steps that the plugin gives the piano-roll networks: four bars of sixteenths.
const CONTEXT_STEPS: usize = 64;

/// Written graphs, as the manifest names them.
pub struct Exported {
    /// The model's title.
    pub title: &'static str,
    /// Its shared graphs.
    pub network: NetworkEntry,
    /// A graph for each style.
    pub decoders: Vec<(Genre, GraphEntry)>,
}

/// Writes a model's graphs through `put`.
pub fn graphs(
    model: VelocityModel,
    weights: &Weights,
    precision: Precision,
    put: &impl Fn(&str, &[u8]) -> Result<GraphEntry>,
) -> Result<Exported> {
    let decoder_file = |style: Genre| format!("decoder-{style}.onnx");
    let mut decoders = Vec::new();
    if model == VelocityModel::Note {
        let widths = note::widths(weights)?;
        for style in Genre::ALL {
            let graph = note::decoder(weights, style.id(), OUTPUT_SCALE as f32, precision)?;
            decoders.push((style, put(&decoder_file(style), &graph)?));
        }
        let network = NetworkEntry::Note {
            past_columns: widths.past,
            ahead_columns: widths.ahead,
            past_hidden: widths.before,
            ahead_hidden: widths.behind,
            decoder_hidden: note::decoder_width(weights, Genre::ALL[0].id())?,
            past: put("past.onnx", &note::past(weights, precision)?)?,
            ahead: put("ahead.onnx", &note::ahead(weights, precision)?)?,
        };
        return Ok(Exported { title: "Note model", network, decoders });
    }
    for style in Genre::ALL {
        let graph = piano_roll::decoder(weights, style.id(), OUTPUT_SCALE as f32, precision)?;
        decoders.push((style, put(&decoder_file(style), &graph)?));
    }
    let attention = model == VelocityModel::Attention;
    let network = NetworkEntry::PianoRoll {
        frame: piano_roll::frame_width(weights)?,
        keys: PIANO_KEYS,
        memory: piano_roll::memory_width(weights)?,
        context_steps: CONTEXT_STEPS,
        whole_take_steps: attention.then_some(WHOLE_PERFORMANCE_STEPS),
        encoder: put("encoder.onnx", &piano_roll::encoder(weights, precision)?)?,
    };
    let title = if attention { "Attention seq2seq" } else { "Baseline seq2seq" };
    Ok(Exported { title, network, decoders })
}
