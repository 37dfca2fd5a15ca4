//! The article's sequence-to-sequence networks over a piano-roll: a bidirectional LSTM encoder that all styles share,
//! and for each style an LSTM decoder with a linear output.

use crate::ExportError;
use crate::graph::{Axis, Graph};
use crate::weights::{Lstm, Weights, wrong_shape};

/// What the metadata of both graphs calls this kind of model, as in the manifest.
pub const KIND: &str = "piano-roll-seq2seq";

/// Version of the graphs' inputs and outputs, written to their metadata.
const FORMAT: &str = "1";
const STEPS: Axis = Axis::Dynamic("T");
const BATCH: Axis = Axis::Fixed(1);

/// Width of a frame that the encoder reads.
///
/// # Errors
/// When the encoder's tensors are missing or do not fit each other.
pub fn frame_width(weights: &Weights) -> Result<usize, ExportError> {
    Ok(encoder_directions(weights)?.0.input)
}

/// Width of a step of the memory between encoder and decoders: both directions' states, 2H.
///
/// # Errors
/// When the encoder's tensors are missing or do not fit each other.
pub fn memory_width(weights: &Weights) -> Result<usize, ExportError> {
    Ok(2 * encoder_directions(weights)?.0.hidden)
}

/// The encoder as an ONNX file: input `frames` [T, 1, frame width], output `memory` [T, 1, 2H].
///
/// # Errors
/// When the encoder's tensors are missing or do not fit each other.
pub fn encoder(weights: &Weights) -> Result<Vec<u8>, ExportError> {
    let (forward, backward) = encoder_directions(weights)?;
    let mut graph = Graph::new("encoder");
    graph.metadata("kind", KIND);
    graph.metadata("part", "encoder");
    graph.metadata("format", FORMAT);
    let frames = graph.input("frames", &[STEPS, BATCH, Axis::Fixed(forward.input)]);
    let memory = graph.lstm("lstm", &frames, &forward, Some(&backward));
    graph.output("memory", &memory, &[STEPS, BATCH, Axis::Fixed(2 * forward.hidden)]);
    Ok(graph.into_bytes())
}

/// A style's decoder as an ONNX file: input `memory` [T, 1, 2H], output `deviations` [T, 1, keys], which is the linear
/// layer's output times `scale`: velocity steps.
///
/// # Errors
/// When tensors of the style are missing or do not fit each other or the encoder.
pub fn decoder(weights: &Weights, style: &str, scale: f32) -> Result<Vec<u8>, ExportError> {
    let prefix = format!("decoder.{style}.");
    let lstm = weights.lstm(&prefix, "")?;
    let memory_width = memory_width(weights)?;
    if lstm.input != memory_width {
        let found = vec![4 * lstm.hidden, lstm.input];
        let wanted = format!("[{}, {memory_width}]", 4 * lstm.hidden);
        return Err(wrong_shape(&format!("{prefix}weight_ih_l0"), found, wanted));
    }
    let output_name = format!("{prefix}output.weight");
    let output = weights.matrix(&output_name)?;
    if output.columns != lstm.hidden {
        let wanted = format!("[keys, {}]", lstm.hidden);
        return Err(wrong_shape(&output_name, vec![output.rows, output.columns], wanted));
    }
    let bias = weights.vector(&format!("{prefix}output.bias"), output.rows)?;

    let mut graph = Graph::new("decoder");
    graph.metadata("kind", KIND);
    graph.metadata("part", "decoder");
    graph.metadata("style", style);
    graph.metadata("format", FORMAT);
    let memory = graph.input("memory", &[STEPS, BATCH, Axis::Fixed(memory_width)]);
    let states = graph.lstm("lstm", &memory, &lstm, None);
    let keys = graph.linear("output", &states, &output, &bias);
    let deviations = graph.scale("steps", &keys, scale);
    graph.output("deviations", &deviations, &[STEPS, BATCH, Axis::Fixed(output.rows)]);
    Ok(graph.into_bytes())
}

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
