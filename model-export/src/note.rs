//! Exports the note model: an encoder of the past, a look-ahead network, and a decoder for each style.
//!
//! Every row is a note, and sequences are \[N notes, B, width\], where each run chooses N and B. All graphs take and
//! return their LSTM states, so a part may be processed in pieces. Pieces run from first to last; for the look-ahead
//! network, which reads backwards, from last to first.
//!
//! A model is an ensemble of one or more members: independent networks of the same shape. Values between graphs hold all
//! members' values, concatenated; the decoder's outputs are averaged over the members.

use crate::ExportError;
use crate::graph::{Axis, Direction, Graph, LstmState};
use crate::quantise::Precision;
use crate::weights::{Linear, Lstm, Matrix, Weights, wrong_shape};

/// The kind of model, as the metadata of the graphs and the manifest name it.
pub const KIND: &str = "note";

/// Version of the graphs' inputs and outputs, as their metadata states it.
const FORMAT: &str = "1";
const NOTES: Axis = Axis::Dynamic("N");
const BATCH: Axis = Axis::Dynamic("B");

/// Bounds of the spread's natural logarithm, in units of the output's scale; the same as in training.
const LOG_SPREAD: (f32, f32) = (-2.5, 1.5);

/// Widths of the graphs' inputs and outputs, all members together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widths {
    /// Columns of a note that are known when it sounds, P.
    pub past: usize,
    /// Columns of a note that are known only with look-ahead, A.
    pub ahead: usize,
    /// States and output of the encoders of the past, H.
    pub before: usize,
    /// States and output of the look-ahead networks, K.
    pub behind: usize,
}

/// Reads the widths that all styles share.
///
/// # Errors
/// When tensors of the encoders or of the look-ahead networks are missing or do not fit each other.
pub fn widths(weights: &Weights) -> Result<Widths, ExportError> {
    let members = Member::all_from_weights(weights)?;
    Ok(Widths {
        past: members[0].past(),
        ahead: members[0].ahead,
        before: members.len() * members[0].before(),
        behind: members.len() * members[0].behind(),
    })
}

/// The width of the states of a style's decoder, D, all members together.
///
/// # Errors
/// When tensors of the style are missing or do not fit each other or the other networks.
pub fn decoder_width(weights: &Weights, style: &str) -> Result<usize, ExportError> {
    let decoders = Decoder::all_from_weights(weights, &Member::all_from_weights(weights)?, style)?;
    Ok(decoders.len() * decoders[0].lstm.hidden)
}

/// Exports the encoder of the past as an ONNX file.
///
/// - Inputs: `past` \[N, B, P\] and the states after the notes before, `lower_h`, `lower_c`, `upper_h` and `upper_c`
///   \[1, B, H\].
/// - Outputs: `before` \[N, B, H\] and the states after the last note, `lower_h_out`, `lower_c_out`, `upper_h_out` and
///   `upper_c_out`.
///
/// # Errors
/// When tensors of the encoder are missing or do not fit each other.
pub fn past(weights: &Weights, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let members = Member::all_from_weights(weights)?;
    let width = members[0].before();
    let mut graph = graph("past", precision);
    let past = graph.input("past", &sequence(members[0].past()));
    let first_lower = state_inputs(&mut graph, "lower_", members.len(), width);
    let first_upper = state_inputs(&mut graph, "upper_", members.len(), width);
    let (mut before, mut lower, mut upper) = (Vec::new(), Vec::new(), Vec::new());
    for (index, member) in members.iter().enumerate() {
        let name = |part: &str| format!("{index}.{part}");
        let row = graph.linear(&name("past_row"), &past, &member.past_row);
        let row = graph.relu(&name("past_row"), &row);
        let (steps, last) =
            graph.lstm_with_state(&name("past_lower"), &row, &member.lower, Direction::Forward, &first_lower[index]);
        lower.push(last);
        let (steps, last) =
            graph.lstm_with_state(&name("past_upper"), &steps, &member.upper, Direction::Forward, &first_upper[index]);
        upper.push(last);
        before.push(steps);
    }
    let before = concat_members(&mut graph, "before", &before);
    graph.output("before", &before, &sequence(members.len() * width));
    state_outputs(&mut graph, "lower_", &lower, width);
    state_outputs(&mut graph, "upper_", &upper, width);
    Ok(graph.into_bytes())
}

/// Exports the look-ahead network as an ONNX file.
///
/// - Inputs: `past` \[N, B, P\], `ahead` \[N, B, A\] and the states after the later notes, `h` and `c` \[1, B, K\].
/// - Outputs: `behind` \[N, B, K\], which describes each note and those after it, and the states after the first note,
///   `h_out` and `c_out`.
///
/// # Errors
/// When tensors of the network are missing or do not fit each other or the encoder.
pub fn ahead(weights: &Weights, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let members = Member::all_from_weights(weights)?;
    let mut graph = graph("ahead", precision);
    let past = graph.input("past", &sequence(members[0].past()));
    let ahead = graph.input("ahead", &sequence(members[0].ahead));
    let width = members[0].behind();
    let first = state_inputs(&mut graph, "", members.len(), width);
    let both = graph.concat("both", &[&past, &ahead]);
    let (mut behind, mut last) = (Vec::new(), Vec::new());
    for (index, member) in members.iter().enumerate() {
        let row = graph.linear(&format!("{index}.ahead_row"), &both, &member.ahead_row);
        let row = graph.relu(&format!("{index}.ahead_row"), &row);
        let (steps, states) = graph.lstm_with_state(
            &format!("{index}.ahead"),
            &row,
            &member.look_ahead,
            Direction::Reverse,
            &first[index],
        );
        last.push(states);
        behind.push(steps);
    }
    let behind = concat_members(&mut graph, "behind", &behind);
    graph.output("behind", &behind, &sequence(members.len() * width));
    state_outputs(&mut graph, "", &last, width);
    Ok(graph.into_bytes())
}

/// Exports a style's decoder as an ONNX file.
///
/// - Inputs: `before` \[N, B, H\], `behind` \[N, B, K\] and the states after the notes before, `h` and `c` \[1, B, D\].
/// - Outputs: `mean` and `spread` \[N, B, 1\] of each note's deviation, and the states after the last note, `h_out` and
///   `c_out`.
///
/// Mean and spread are in velocity steps: the networks' outputs times `scale`. The members' spreads are averaged as
/// logarithms.
///
/// # Errors
/// When tensors of the style are missing or do not fit each other or the other networks.
pub fn decoder(weights: &Weights, style: &str, scale: f32, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let members = Member::all_from_weights(weights)?;
    let decoders = Decoder::all_from_weights(weights, &members, style)?;
    let (count, hidden) = (members.len(), decoders[0].lstm.hidden);
    let mut graph = graph("decoder", precision);
    graph.add_metadata("style", style);
    let before = graph.input("before", &sequence(count * members[0].before()));
    let behind = graph.input("behind", &sequence(count * members[0].behind()));
    let first = state_inputs(&mut graph, "", count, hidden);
    let before = split_members(&mut graph, "before", before, count, members[0].before());
    let behind = split_members(&mut graph, "behind", behind, count, members[0].behind());
    let (mut means, mut spreads, mut last) = (Vec::new(), Vec::new(), Vec::new());
    for (index, decoder) in decoders.iter().enumerate() {
        let name = |part: &str| format!("{index}.{part}");
        let memory = graph.concat(&name("memory"), &[&before[index], &behind[index]]);
        let (steps, states) =
            graph.lstm_with_state(&name("lstm"), &memory, &decoder.lstm, Direction::Forward, &first[index]);
        last.push(states);
        let both = graph.concat(&name("both"), &[&steps, &memory]);
        let head = graph.linear(&name("head"), &both, &decoder.head);
        let head = graph.relu(&name("head"), &head);
        means.push(graph.linear(&name("mean"), &head, &decoder.mean));
        let spread = graph.linear(&name("spread"), &head, &decoder.log_spread);
        spreads.push(graph.clamp(&name("spread"), &spread, LOG_SPREAD.0, LOG_SPREAD.1));
    }
    let mean = graph.mean("mean", &as_strs(&means));
    let mean = graph.scale("mean", &mean, scale);
    let spread = graph.mean("spread", &as_strs(&spreads));
    let spread = graph.exp("spread", &spread);
    let spread = graph.scale("spread", &spread, scale);
    graph.output("mean", &mean, &sequence(1));
    graph.output("spread", &spread, &sequence(1));
    state_outputs(&mut graph, "", &last, hidden);
    Ok(graph.into_bytes())
}

/// A member's layers that all styles share.
struct Member {
    prefix: String,
    past_row: Linear,
    lower: Lstm,
    upper: Lstm,
    /// Columns of the look-ahead network's rows beyond those of the past.
    ahead: usize,
    ahead_row: Linear,
    look_ahead: Lstm,
}

impl Member {
    /// Reads all members, at least one, and checks that they have the same widths.
    fn all_from_weights(weights: &Weights) -> Result<Vec<Self>, ExportError> {
        let first = Self::from_weights(weights, "member.0.".into())?;
        let mut members = vec![first];
        loop {
            let prefix = format!("member.{}.", members.len());
            if !weights.has_prefix(&prefix) {
                return Ok(members);
            }
            let member = Self::from_weights(weights, prefix)?;
            for (tensor, of) in [
                ("past_row.weight", (|m| &m.past_row.weight) as fn(&Self) -> &Matrix),
                ("ahead_row.weight", |m| &m.ahead_row.weight),
            ] {
                same_shape(&member.prefix, tensor, of(&member), of(&members[0]))?;
            }
            same_width(&member.prefix, "past_lower.", &member.lower, &members[0].lower)?;
            same_width(&member.prefix, "ahead.", &member.look_ahead, &members[0].look_ahead)?;
            members.push(member);
        }
    }

    fn from_weights(weights: &Weights, prefix: String) -> Result<Self, ExportError> {
        let name = |part: &str| format!("{prefix}{part}");
        let past_row = weights.linear(&name("past_row."))?;
        let lower = weights.lstm_with_inputs(&name("past_lower."), past_row.weight.rows)?;
        let upper = weights.lstm_with_inputs(&name("past_upper."), lower.hidden)?;
        same_width(&prefix, "past_upper.", &upper, &lower)?;
        let ahead_row = weights.linear(&name("ahead_row."))?;
        let Matrix { rows, columns, .. } = ahead_row.weight;
        let past = past_row.weight.columns;
        let ahead = columns.checked_sub(past).filter(|&ahead| ahead > 0).ok_or_else(|| {
            wrong_shape(&name("ahead_row.weight"), vec![rows, columns], format!("[rows, more than {past}]"))
        })?;
        let look_ahead = weights.lstm_with_inputs(&name("ahead."), rows)?;
        Ok(Self { prefix, past_row, lower, upper, ahead, ahead_row, look_ahead })
    }

    fn past(&self) -> usize {
        self.past_row.weight.columns
    }

    fn before(&self) -> usize {
        self.upper.hidden
    }

    fn behind(&self) -> usize {
        self.look_ahead.hidden
    }
}

/// Checks that two layers of different members have the same shape.
fn same_shape(prefix: &str, tensor: &str, found: &Matrix, wanted: &Matrix) -> Result<(), ExportError> {
    if (found.rows, found.columns) == (wanted.rows, wanted.columns) {
        return Ok(());
    }
    let wanted = format!("[{}, {}]", wanted.rows, wanted.columns);
    Err(wrong_shape(&format!("{prefix}{tensor}"), vec![found.rows, found.columns], wanted))
}

/// Checks that two LSTM layers have equally wide states.
fn same_width(prefix: &str, layer: &str, found: &Lstm, wanted: &Lstm) -> Result<(), ExportError> {
    if found.hidden == wanted.hidden {
        return Ok(());
    }
    let wanted = format!("[{}, {}]", 4 * wanted.hidden, wanted.hidden);
    Err(wrong_shape(&format!("{prefix}{layer}weight_hh_l0"), vec![4 * found.hidden, found.hidden], wanted))
}

/// A member's decoder for one style.
struct Decoder {
    lstm: Lstm,
    head: Linear,
    mean: Linear,
    log_spread: Linear,
}

impl Decoder {
    /// Reads every member's decoder and checks that they have the same width.
    fn all_from_weights(weights: &Weights, members: &[Member], style: &str) -> Result<Vec<Self>, ExportError> {
        let mut decoders: Vec<Self> = Vec::with_capacity(members.len());
        for member in members {
            let decoder = Self::from_weights(weights, member, style)?;
            let first = decoders.first().unwrap_or(&decoder);
            same_width(&member.prefix, &format!("decoder.{style}."), &decoder.lstm, &first.lstm)?;
            decoders.push(decoder);
        }
        Ok(decoders)
    }

    fn from_weights(weights: &Weights, member: &Member, style: &str) -> Result<Self, ExportError> {
        let memory = member.before() + member.behind();
        let prefix = format!("{}decoder.{style}.", member.prefix);
        let lstm = weights.lstm_with_inputs(&prefix, memory)?;
        let head = weights.linear_with_inputs(&format!("{prefix}head."), lstm.hidden + memory)?;
        let output = weights.linear_with_inputs(&format!("{prefix}output."), head.weight.rows)?;
        let [mean, log_spread] = split_outputs(output, &format!("{prefix}output.weight"))?;
        Ok(Self { lstm, head, mean, log_spread })
    }
}

/// Splits a layer with two outputs into two layers with one output each.
fn split_outputs(layer: Linear, tensor: &str) -> Result<[Linear; 2], ExportError> {
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

/// An empty graph with the metadata of one part of the model.
fn graph(part: &str, precision: Precision) -> Graph {
    let mut graph = Graph::new(part, BATCH, precision);
    graph.add_metadata("kind", KIND);
    graph.add_metadata("part", part);
    graph.add_metadata("format", FORMAT);
    graph
}

fn sequence(width: usize) -> [Axis; 3] {
    [NOTES, BATCH, Axis::Fixed(width)]
}

fn state(width: usize) -> [Axis; 3] {
    [Axis::Fixed(1), BATCH, Axis::Fixed(width)]
}

/// Declares the members' initial states as concatenated inputs and splits them by member.
fn state_inputs(graph: &mut Graph, prefix: &str, members: usize, width: usize) -> Vec<LstmState> {
    let [hidden, cell] = ["h", "c"].map(|part| {
        let name = format!("{prefix}{part}");
        let together = graph.input(&name, &state(members * width));
        split_members(graph, &name, together, members, width)
    });
    hidden.into_iter().zip(cell).map(|(hidden, cell)| LstmState { hidden, cell }).collect()
}

/// Declares the members' final states as concatenated outputs.
fn state_outputs(graph: &mut Graph, prefix: &str, last: &[LstmState], width: usize) {
    let hidden: Vec<String> = last.iter().map(|states| states.hidden.clone()).collect();
    let cell: Vec<String> = last.iter().map(|states| states.cell.clone()).collect();
    for (part, values) in [("h", hidden), ("c", cell)] {
        let name = format!("{prefix}{part}_out");
        let together = concat_members(graph, &format!("{name}.members"), &values);
        graph.output(&name, &together, &state(last.len() * width));
    }
}

/// Splits a value that holds all members' values into one for each member.
fn split_members(graph: &mut Graph, name: &str, together: String, members: usize, width: usize) -> Vec<String> {
    if members == 1 { vec![together] } else { graph.split(name, &together, members, width) }
}

/// Concatenates the members' values.
fn concat_members(graph: &mut Graph, name: &str, members: &[String]) -> String {
    match members {
        [only] => only.clone(),
        several => graph.concat(name, &as_strs(several)),
    }
}

fn as_strs(values: &[String]) -> Vec<&str> {
    values.iter().map(String::as_str).collect()
}
