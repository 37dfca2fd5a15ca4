//! The ONNX graphs of velocity models, made from their weights.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use tonenet_core::note::PIANO_KEYS;
use tonenet_inference::manifest::{GraphEntry, NetworkEntry};
use tonenet_model_export::note;
use tonenet_model_export::piano_roll;
use tonenet_model_export::quantise::Precision;
use tonenet_model_export::weights::Weights;

use crate::data::genre::{self, GenreId};
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
    pub decoders: Vec<(GenreId, GraphEntry)>,
}

/// The genre of the decoder that a tensor belongs to, by the tensor's name.
pub fn decoder_of(tensor: &str) -> Option<&str> {
    let (before, after) = tensor.split_once("decoder.")?;
    (before.is_empty() || before.ends_with('.')).then(|| after.split_once('.').map(|(genre, _)| genre))?
}

/// The genres that weights have decoders for, in order.
///
/// # Errors
/// When there is none, or a name that is no genre's id.
pub fn genres(weights: &Weights) -> Result<Vec<GenreId>> {
    let genres = weights.names().filter_map(decoder_of).map(str::parse).collect::<Result<Vec<GenreId>, _>>()?;
    ensure!(!genres.is_empty(), "the weights have no decoder");
    Ok(genre::distinct(genres))
}

/// The genres that the weights in a file have decoders for, in order.
///
/// # Errors
/// When the file cannot be read or holds no decoder.
pub fn genres_in(weights: &Path) -> Result<Vec<GenreId>> {
    let bytes = fs::read(weights).with_context(|| format!("cannot read {}", weights.display()))?;
    let genres_of = || genres(&Weights::from_bytes(&bytes)?);
    genres_of().with_context(|| format!("{} holds no trained model of velocities", weights.display()))
}

/// Writes a model's graphs through `put`.
pub fn graphs(
    model: VelocityModel,
    weights: &Weights,
    precision: Precision,
    put: &impl Fn(&str, &[u8]) -> Result<GraphEntry>,
) -> Result<Exported> {
    let genres = genres(weights)?;
    let decoder_file = |style: &GenreId| format!("decoder-{style}.onnx");
    let mut decoders = Vec::new();
    if model == VelocityModel::Note {
        let widths = note::widths(weights)?;
        for style in &genres {
            let graph = note::decoder(weights, style.as_str(), OUTPUT_SCALE as f32, precision)?;
            decoders.push((style.clone(), put(&decoder_file(style), &graph)?));
        }
        let network = NetworkEntry::Note {
            past_columns: widths.past,
            ahead_columns: widths.ahead,
            past_hidden: widths.before,
            ahead_hidden: widths.behind,
            decoder_hidden: note::decoder_width(weights, genres[0].as_str())?,
            past: put("past.onnx", &note::past(weights, precision)?)?,
            ahead: put("ahead.onnx", &note::ahead(weights, precision)?)?,
        };
        return Ok(Exported { title: "Note model", network, decoders });
    }
    for style in &genres {
        let graph = piano_roll::decoder(weights, style.as_str(), OUTPUT_SCALE as f32, precision)?;
        decoders.push((style.clone(), put(&decoder_file(style), &graph)?));
    }
    let attention = model == VelocityModel::Attention;
    let network = NetworkEntry::PianoRoll {
        frame: piano_roll::frame_width(weights)?,
        keys: PIANO_KEYS,
        memory: piano_roll::memory_width(weights)?,
        context_steps: CONTEXT_STEPS,
        max_steps: attention.then_some(WHOLE_PERFORMANCE_STEPS),
        encoder: put("encoder.onnx", &piano_roll::encoder(weights, precision)?)?,
    };
    let title = if attention { "Attention seq2seq" } else { "Baseline seq2seq" };
    Ok(Exported { title, network, decoders })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensors_name_tells_its_decoder() {
        for (tensor, genre) in [
            ("member.0.decoder.bossa-nova.weight_ih_l0", Some("bossa-nova")),
            ("decoder.jazz.output.weight", Some("jazz")),
            ("member.1.past_row.weight", None),
            ("decoder.jazz", None),
            ("old_decoder.jazz.weight", None),
        ] {
            assert_eq!(decoder_of(tensor), genre, "{tensor}");
        }
    }
}
