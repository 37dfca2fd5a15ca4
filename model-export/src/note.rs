//! The note model: a causal encoder of the past, a backward network over what is known ahead, and a decoder a style.
//!
//! Rows are notes. The encoder and the decoders hand their states in and out, so that a part may come in pieces; the
//! look-ahead network runs from the last note it is given back to the first. Sequences are [N notes, B, width], with
//! both lengths as each run says.

use crate::ExportError;
use crate::graph::{Axis, Directions, Graph, States};
use crate::quantise::Precision;
use crate::weights::{Linear, Lstm, Matrix, Weights, wrong_shape};

/// What the metadata of the graphs calls this kind of model, as in the manifest.
pub const KIND: &str = "note";

/// Version of the graphs' inputs and outputs, written to their metadata.
const FORMAT: &str = "1";
const NOTES: Axis = Axis::Dynamic("N");
const BATCH: Axis = Axis::Dynamic("B");

/// The natural logarithm of the spread in units of the output's scale stays within these, as in training.
const LOG_SPREAD: (f32, f32) = (-2.5, 1.5);

/// How wide the graphs' inputs and outputs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widths {
    /// What is known of a note when it sounds, P.
    pub past: usize,
    /// What is known of a note that lies ahead beyond that, A.
    pub ahead: usize,
    /// The encoder's states and output, H.
    pub before: usize,
    /// The look-ahead network's output, K.
    pub behind: usize,
}

/// The widths that all styles share.
///
/// # Errors
/// When tensors of the encoder or of the look-ahead network are missing or do not fit each other.
pub fn widths(weights: &Weights) -> Result<Widths, ExportError> {
    let encoder = Encoder::of(weights)?;
    let look_ahead = LookAhead::of(weights, &encoder)?;
    Ok(Widths {
        past: encoder.past(),
        ahead: look_ahead.ahead,
        before: encoder.upper.hidden,
        behind: look_ahead.lstm.hidden,
    })
}

/// Width of the states of a style's decoder, D.
///
/// # Errors
/// When tensors of the style are missing or do not fit each other or the other networks.
pub fn decoder_width(weights: &Weights, style: &str) -> Result<usize, ExportError> {
    Ok(Decoder::of(weights, style)?.lstm.hidden)
}

/// The encoder of the past as an ONNX file: inputs `past` [N, B, P] and the states `lower_h`, `lower_c`, `upper_h`,
/// `upper_c` [1, B, H] after the notes before; outputs `before` [N, B, H] and the states after the last note,
/// `lower_h_out`, `lower_c_out`, `upper_h_out`, `upper_c_out`.
///
/// # Errors
/// When tensors of the encoder are missing or do not fit each other.
pub fn past(weights: &Weights, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let encoder = Encoder::of(weights)?;
    let mut graph = graph("past", precision);
    let past = graph.input("past", &sequence(encoder.past()));
    let lower = states(&mut graph, "lower_", encoder.lower.hidden);
    let upper = states(&mut graph, "upper_", encoder.upper.hidden);
    let row = graph.linear("past_row", &past, &encoder.row);
    let row = graph.relu("past_row", &row);
    let (steps, lower) = graph.lstm_from("past_lower", &row, Directions::Forward(&encoder.lower), &lower);
    let (steps, upper) = graph.lstm_from("past_upper", &steps, Directions::Forward(&encoder.upper), &upper);
    graph.output("before", &steps, &sequence(encoder.upper.hidden));
    states_out(&mut graph, "lower_", &lower, encoder.lower.hidden);
    states_out(&mut graph, "upper_", &upper, encoder.upper.hidden);
    Ok(graph.into_bytes())
}

/// The look-ahead network as an ONNX file: inputs `past` [N, B, P] and `ahead` [N, B, A], output `behind` [N, B, K],
/// which tells each note of itself and those behind it.
///
/// # Errors
/// When tensors of the network are missing or do not fit each other or the encoder.
pub fn ahead(weights: &Weights, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let encoder = Encoder::of(weights)?;
    let look_ahead = LookAhead::of(weights, &encoder)?;
    let mut graph = graph("ahead", precision);
    let past = graph.input("past", &sequence(encoder.past()));
    let ahead = graph.input("ahead", &sequence(look_ahead.ahead));
    let both = graph.concat("both", &[&past, &ahead]);
    let row = graph.linear("ahead_row", &both, &look_ahead.row);
    let row = graph.relu("ahead_row", &row);
    let steps = graph.lstm("ahead", &row, Directions::Reverse(&look_ahead.lstm));
    graph.output("behind", &steps, &sequence(look_ahead.lstm.hidden));
    Ok(graph.into_bytes())
}

/// A style's decoder as an ONNX file: inputs `before` [N, B, H], `behind` [N, B, K] and the states `h`, `c` [1, B, D]
/// after the notes before; outputs `mean` and `spread` [N, B, 1] of each note's deviation and the states after the last
/// note, `h_out`, `c_out`.
///
/// Mean and spread are the network's times `scale`, in velocity steps.
///
/// # Errors
/// When tensors of the style are missing or do not fit each other or the other networks.
pub fn decoder(weights: &Weights, style: &str, scale: f32, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let decoder = Decoder::of(weights, style)?;
    let hidden = decoder.lstm.hidden;
    let mut graph = graph("decoder", precision);
    graph.metadata("style", style);
    let before = graph.input("before", &sequence(decoder.before));
    let behind = graph.input("behind", &sequence(decoder.behind));
    let first = states(&mut graph, "", hidden);
    let memory = graph.concat("memory", &[&before, &behind]);
    let (steps, last) = graph.lstm_from("lstm", &memory, Directions::Forward(&decoder.lstm), &first);
    let both = graph.concat("both", &[&steps, &memory]);
    let head = graph.linear("head", &both, &decoder.head);
    let head = graph.relu("head", &head);
    let mean = graph.linear("mean", &head, &decoder.mean);
    let mean = graph.scale("mean", &mean, scale);
    let spread = graph.linear("spread", &head, &decoder.log_spread);
    let spread = graph.clamp("spread", &spread, LOG_SPREAD.0, LOG_SPREAD.1);
    let spread = graph.exp("spread", &spread);
    let spread = graph.scale("spread", &spread, scale);
    graph.output("mean", &mean, &sequence(1));
    graph.output("spread", &spread, &sequence(1));
    states_out(&mut graph, "", &last, hidden);
    Ok(graph.into_bytes())
}

/// The encoder's layers.
struct Encoder {
    row: Linear,
    lower: Lstm,
    upper: Lstm,
}

impl Encoder {
    fn of(weights: &Weights) -> Result<Self, ExportError> {
        let row = weights.linear("past_row.")?;
        let lower = weights.lstm_over("past_lower.", row.weight.rows)?;
        let upper = weights.lstm_over("past_upper.", lower.hidden)?;
        if upper.hidden != lower.hidden {
            let found = vec![4 * upper.hidden, upper.hidden];
            let wanted = format!("[{}, {}]", 4 * lower.hidden, lower.hidden);
            return Err(wrong_shape("past_upper.weight_hh_l0", found, wanted));
        }
        Ok(Self { row, lower, upper })
    }

    fn past(&self) -> usize {
        self.row.weight.columns
    }
}

/// The look-ahead network's layers.
struct LookAhead {
    /// What its rows hold beyond those of the past.
    ahead: usize,
    row: Linear,
    lstm: Lstm,
}

impl LookAhead {
    fn of(weights: &Weights, encoder: &Encoder) -> Result<Self, ExportError> {
        let row = weights.linear("ahead_row.")?;
        let Matrix { rows, columns, .. } = row.weight;
        let ahead = columns.checked_sub(encoder.past()).filter(|&ahead| ahead > 0).ok_or_else(|| {
            let wanted = format!("[rows, more than {}]", encoder.past());
            wrong_shape("ahead_row.weight", vec![rows, columns], wanted)
        })?;
        let lstm = weights.lstm_over("ahead.", rows)?;
        Ok(Self { ahead, row, lstm })
    }
}

/// A decoder's layers.
struct Decoder {
    before: usize,
    behind: usize,
    lstm: Lstm,
    head: Linear,
    mean: Linear,
    log_spread: Linear,
}

impl Decoder {
    fn of(weights: &Weights, style: &str) -> Result<Self, ExportError> {
        let Widths { before, behind, .. } = widths(weights)?;
        let prefix = format!("decoder.{style}.");
        let lstm = weights.lstm_over(&prefix, before + behind)?;
        let head = weights.linear_over(&format!("{prefix}head."), lstm.hidden + before + behind)?;
        let output = weights.linear_over(&format!("{prefix}output."), head.weight.rows)?;
        let [mean, log_spread] = halves(output, &format!("{prefix}output.weight"))?;
        Ok(Self { before, behind, lstm, head, mean, log_spread })
    }
}

/// A layer of two outputs as two of one.
fn halves(layer: Linear, tensor: &str) -> Result<[Linear; 2], ExportError> {
    let Linear { weight: Matrix { rows, columns, values }, bias } = layer;
    let half = |output: usize| Linear {
        weight: Matrix { rows: 1, columns, values: values[output * columns..(output + 1) * columns].to_vec() },
        bias: bias.as_ref().map(|bias| vec![bias[output]]),
    };
    if rows == 2 {
        Ok([half(0), half(1)])
    } else {
        Err(wrong_shape(tensor, vec![rows, columns], format!("[2, {columns}]")))
    }
}

fn graph(part: &str, precision: Precision) -> Graph {
    let mut graph = Graph::new(part, BATCH, precision);
    graph.metadata("kind", KIND);
    graph.metadata("part", part);
    graph.metadata("format", FORMAT);
    graph
}

fn sequence(width: usize) -> [Axis; 3] {
    [NOTES, BATCH, Axis::Fixed(width)]
}

fn state(width: usize) -> [Axis; 3] {
    [Axis::Fixed(1), BATCH, Axis::Fixed(width)]
}

/// Declares an LSTM's first states as inputs.
fn states(graph: &mut Graph, prefix: &str, width: usize) -> States {
    States {
        hidden: graph.input(&format!("{prefix}h"), &state(width)),
        cell: graph.input(&format!("{prefix}c"), &state(width)),
    }
}

/// Declares an LSTM's last states as outputs.
fn states_out(graph: &mut Graph, prefix: &str, last: &States, width: usize) {
    graph.output(&format!("{prefix}h_out"), &last.hidden, &state(width));
    graph.output(&format!("{prefix}c_out"), &last.cell, &state(width));
}
