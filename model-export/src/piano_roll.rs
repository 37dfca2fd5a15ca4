//! Exports the article's two sequence-to-sequence networks over a piano-roll.
//!
//! All styles share a bidirectional LSTM encoder. Each style has an LSTM decoder with a linear output; in the second
//! network it also has attention over the encoder's output, the memory.

use crate::ExportError;
use crate::graph::{Axis, Direction, Graph};
use crate::quantise::Precision;
use crate::weights::{Linear, Lstm, Weights, wrong_shape};

/// The kind of model, as the metadata of both graphs and the manifest name it.
pub const KIND: &str = "piano-roll-seq2seq";

/// Version of the graphs' inputs and outputs, as their metadata states it.
const FORMAT: &str = "1";
const STEPS: Axis = Axis::Dynamic("T");
const BATCH: Axis = Axis::Fixed(1);

/// The width of a frame that the encoder reads.
///
/// # Errors
/// When the encoder's tensors are missing or do not fit each other.
pub fn frame_width(weights: &Weights) -> Result<usize, ExportError> {
    Ok(encoder_directions(weights)?.0.input)
}

/// The width of a step of the memory, which holds the states of both directions: 2H.
///
/// # Errors
/// When the encoder's tensors are missing or do not fit each other.
pub fn memory_width(weights: &Weights) -> Result<usize, ExportError> {
    Ok(2 * encoder_directions(weights)?.0.hidden)
}

/// Exports the encoder as an ONNX file.
///
/// Its input is `frames` \[T, 1, frame width\], its output `memory` \[T, 1, 2H\].
///
/// # Errors
/// When the encoder's tensors are missing or do not fit each other.
pub fn encoder(weights: &Weights, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let (forward, backward) = encoder_directions(weights)?;
    let mut graph = Graph::new("encoder", BATCH, precision);
    graph.add_metadata("kind", KIND);
    graph.add_metadata("part", "encoder");
    graph.add_metadata("format", FORMAT);
    let frames = graph.input("frames", &[STEPS, BATCH, Axis::Fixed(forward.input)]);
    // One layer for each direction, because a quantised row has one factor and belongs to one direction.
    let states = [
        graph.lstm("forward", &frames, &forward, Direction::Forward),
        graph.lstm("backward", &frames, &backward, Direction::Reverse),
    ];
    let memory = graph.concat("memory", &states.each_ref().map(String::as_str));
    graph.output("memory", &memory, &[STEPS, BATCH, Axis::Fixed(2 * forward.hidden)]);
    Ok(graph.into_bytes())
}

/// Exports a style's decoder as an ONNX file.
///
/// Its input is `memory` \[T, 1, 2H\]. Its output is `deviations` \[T, 1, keys\] in velocity steps: the linear layer's
/// output times `scale`. The decoder has attention where the style has the tensor `score.weight` or `combine.weight`.
///
/// # Errors
/// When tensors of the style are missing or do not fit each other or the encoder.
pub fn decoder(weights: &Weights, style: &str, scale: f32, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let prefix = format!("decoder.{style}.");
    let memory_width = memory_width(weights)?;
    let lstm = weights.lstm_with_inputs(&prefix, memory_width)?;
    let attention = Attention::from_weights(weights, &prefix, memory_width, lstm.hidden)?;
    let width = attention.as_ref().map_or(lstm.hidden, |attention| attention.combine.weight.rows);
    let output = weights.linear_with_inputs(&format!("{prefix}output."), width)?;

    let mut graph = Graph::new("decoder", BATCH, precision);
    graph.add_metadata("kind", KIND);
    graph.add_metadata("part", "decoder");
    graph.add_metadata("style", style);
    graph.add_metadata("format", FORMAT);
    let memory = graph.input("memory", &[STEPS, BATCH, Axis::Fixed(memory_width)]);
    let mut states = graph.lstm("lstm", &memory, &lstm, Direction::Forward);
    if let Some(attention) = attention {
        states = attention.add_to(&mut graph, &memory, &states);
    }
    let keys = graph.linear("output", &states, &output);
    let deviations = graph.scale("steps", &keys, scale);
    graph.output("deviations", &deviations, &[STEPS, BATCH, Axis::Fixed(output.weight.rows)]);
    Ok(graph.into_bytes())
}

/// Attention with Luong's general score (arXiv 1508.04025), divided by the square root of the memory's width.
struct Attention {
    /// Maps a state to the memory's width.
    score: Linear,
    /// Maps the attended memory and the state to the output layer's input.
    combine: Linear,
}

impl Attention {
    /// Reads a style's attention, if it has one.
    fn from_weights(
        weights: &Weights,
        prefix: &str,
        memory: usize,
        hidden: usize,
    ) -> Result<Option<Self>, ExportError> {
        let (score, combine) = (format!("{prefix}score.weight"), format!("{prefix}combine."));
        if !weights.contains(&score) && !weights.contains(&format!("{combine}weight")) {
            return Ok(None);
        }
        let weight = weights.matrix(&score)?;
        if (weight.rows, weight.columns) != (memory, hidden) {
            return Err(wrong_shape(&score, vec![weight.rows, weight.columns], format!("[{memory}, {hidden}]")));
        }
        let combine = weights.linear_with_inputs(&combine, memory + hidden)?;
        Ok(Some(Self { score: Linear { weight, bias: None }, combine }))
    }

    /// Adds the attention and returns the output layer's input, from `memory` \[T, B, 2H\] and `states` \[T, B, hidden\].
    fn add_to(&self, graph: &mut Graph, memory: &str, states: &str) -> String {
        let query = graph.linear("score", states, &self.score);
        let query = graph.transpose("query", &query, [1, 0, 2]);
        let keys = graph.transpose("keys", memory, [1, 2, 0]);
        let scores = graph.product("scores", &query, &keys);
        let scores = graph.scale("scores", &scores, 1.0 / (self.score.weight.rows as f32).sqrt());
        let shares = graph.softmax("shares", &scores);
        let values = graph.transpose("values", memory, [1, 0, 2]);
        let context = graph.product("context", &shares, &values);
        let context = graph.transpose("context", &context, [1, 0, 2]);
        let both = graph.concat("attended", &[&context, states]);
        let combined = graph.linear("combine", &both, &self.combine);
        graph.tanh("combine", &combined)
    }
}

/// The encoder's forward and backward layer.
fn encoder_directions(weights: &Weights) -> Result<(Lstm, Lstm), ExportError> {
    let forward = weights.lstm("encoder.", "")?;
    let backward = weights.lstm("encoder.", "_reverse")?;
    if (backward.input, backward.hidden) != (forward.input, forward.hidden) {
        let found = vec![4 * backward.hidden, backward.input];
        let wanted = format!("[{}, {}]", 4 * forward.hidden, forward.input);
        return Err(wrong_shape("encoder.weight_ih_l0_reverse", found, wanted));
    }
    Ok((forward, backward))
}
