//! The note model: a causal encoder of the past, a backward network over what is known ahead, and a decoder a style.
//!
//! Rows are notes. All hand their states in and out, so that a part may come in pieces: first to last, but for the
//! look-ahead network last to first, as it runs from the last note it is given back to the first. Sequences are
//! [N notes, B, width], with both lengths as each run says.
//!
//! A model has one or more members, networks of the same shape that do not see each other; what a graph hands on is
//! theirs side by side, and its answer is the mean of theirs.

use crate::ExportError;
use crate::graph::{Axis, Direction, Graph, States};
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

/// How wide the graphs' inputs and outputs are, all members together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widths {
    /// What is known of a note when it sounds, P.
    pub past: usize,
    /// What is known of a note that lies ahead beyond that, A.
    pub ahead: usize,
    /// The encoders' states and output, H.
    pub before: usize,
    /// The look-ahead networks' output, K.
    pub behind: usize,
}

/// The widths that all styles share.
///
/// # Errors
/// When tensors of the encoders or of the look-ahead networks are missing or do not fit each other.
pub fn widths(weights: &Weights) -> Result<Widths, ExportError> {
    let members = Member::all(weights)?;
    Ok(Widths {
        past: members[0].past(),
        ahead: members[0].ahead,
        before: members.len() * members[0].before(),
        behind: members.len() * members[0].behind(),
    })
}

/// Width of the states of a style's decoder, D, all members together.
///
/// # Errors
/// When tensors of the style are missing or do not fit each other or the other networks.
pub fn decoder_width(weights: &Weights, style: &str) -> Result<usize, ExportError> {
    let decoders = Decoder::all(weights, &Member::all(weights)?, style)?;
    Ok(decoders.len() * decoders[0].lstm.hidden)
}

/// The encoder of the past as an ONNX file: inputs `past` [N, B, P] and the states `lower_h`, `lower_c`, `upper_h`,
/// `upper_c` [1, B, H] after the notes before; outputs `before` [N, B, H] and the states after the last note,
/// `lower_h_out`, `lower_c_out`, `upper_h_out`, `upper_c_out`.
///
/// # Errors
/// When tensors of the encoder are missing or do not fit each other.
pub fn past(weights: &Weights, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let members = Member::all(weights)?;
    let width = members[0].before();
    let mut graph = graph("past", precision);
    let past = graph.input("past", &sequence(members[0].past()));
    let first_lower = states(&mut graph, "lower_", members.len(), width);
    let first_upper = states(&mut graph, "upper_", members.len(), width);
    let (mut before, mut lower, mut upper) = (Vec::new(), Vec::new(), Vec::new());
    for (index, member) in members.iter().enumerate() {
        let name = |part: &str| format!("{index}.{part}");
        let row = graph.linear(&name("past_row"), &past, &member.past_row);
        let row = graph.relu(&name("past_row"), &row);
        let (steps, last) =
            graph.lstm_from(&name("past_lower"), &row, &member.lower, Direction::Forward, &first_lower[index]);
        lower.push(last);
        let (steps, last) =
            graph.lstm_from(&name("past_upper"), &steps, &member.upper, Direction::Forward, &first_upper[index]);
        upper.push(last);
        before.push(steps);
    }
    let before = side_by_side(&mut graph, "before", &before);
    graph.output("before", &before, &sequence(members.len() * width));
    states_out(&mut graph, "lower_", &lower, width);
    states_out(&mut graph, "upper_", &upper, width);
    Ok(graph.into_bytes())
}

/// The look-ahead network as an ONNX file: inputs `past` [N, B, P], `ahead` [N, B, A] and the states `h`, `c` [1, B, K]
/// after the notes behind; outputs `behind` [N, B, K], which tells each note of itself and those behind it, and the
/// states after the first note, `h_out`, `c_out`.
///
/// # Errors
/// When tensors of the network are missing or do not fit each other or the encoder.
pub fn ahead(weights: &Weights, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let members = Member::all(weights)?;
    let mut graph = graph("ahead", precision);
    let past = graph.input("past", &sequence(members[0].past()));
    let ahead = graph.input("ahead", &sequence(members[0].ahead));
    let width = members[0].behind();
    let first = states(&mut graph, "", members.len(), width);
    let both = graph.concat("both", &[&past, &ahead]);
    let (mut behind, mut last) = (Vec::new(), Vec::new());
    for (index, member) in members.iter().enumerate() {
        let row = graph.linear(&format!("{index}.ahead_row"), &both, &member.ahead_row);
        let row = graph.relu(&format!("{index}.ahead_row"), &row);
        let (steps, states) =
            graph.lstm_from(&format!("{index}.ahead"), &row, &member.look_ahead, Direction::Reverse, &first[index]);
        last.push(states);
        behind.push(steps);
    }
    let behind = side_by_side(&mut graph, "behind", &behind);
    graph.output("behind", &behind, &sequence(members.len() * width));
    states_out(&mut graph, "", &last, width);
    Ok(graph.into_bytes())
}

/// A style's decoder as an ONNX file: inputs `before` [N, B, H], `behind` [N, B, K] and the states `h`, `c` [1, B, D]
/// after the notes before; outputs `mean` and `spread` [N, B, 1] of each note's deviation and the states after the last
/// note, `h_out`, `c_out`.
///
/// Mean and spread are the networks' times `scale`, in velocity steps; members' spreads are averaged as logarithms.
///
/// # Errors
/// When tensors of the style are missing or do not fit each other or the other networks.
pub fn decoder(weights: &Weights, style: &str, scale: f32, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let members = Member::all(weights)?;
    let decoders = Decoder::all(weights, &members, style)?;
    let (count, hidden) = (members.len(), decoders[0].lstm.hidden);
    let mut graph = graph("decoder", precision);
    graph.metadata("style", style);
    let before = graph.input("before", &sequence(count * members[0].before()));
    let behind = graph.input("behind", &sequence(count * members[0].behind()));
    let first = states(&mut graph, "", count, hidden);
    let before = apart(&mut graph, "before", before, count, members[0].before());
    let behind = apart(&mut graph, "behind", behind, count, members[0].behind());
    let (mut means, mut spreads, mut last) = (Vec::new(), Vec::new(), Vec::new());
    for (index, decoder) in decoders.iter().enumerate() {
        let name = |part: &str| format!("{index}.{part}");
        let memory = graph.concat(&name("memory"), &[&before[index], &behind[index]]);
        let (steps, states) = graph.lstm_from(&name("lstm"), &memory, &decoder.lstm, Direction::Forward, &first[index]);
        last.push(states);
        let both = graph.concat(&name("both"), &[&steps, &memory]);
        let head = graph.linear(&name("head"), &both, &decoder.head);
        let head = graph.relu(&name("head"), &head);
        means.push(graph.linear(&name("mean"), &head, &decoder.mean));
        let spread = graph.linear(&name("spread"), &head, &decoder.log_spread);
        spreads.push(graph.clamp(&name("spread"), &spread, LOG_SPREAD.0, LOG_SPREAD.1));
    }
    let mean = graph.mean("mean", &borrowed(&means));
    let mean = graph.scale("mean", &mean, scale);
    let spread = graph.mean("spread", &borrowed(&spreads));
    let spread = graph.exp("spread", &spread);
    let spread = graph.scale("spread", &spread, scale);
    graph.output("mean", &mean, &sequence(1));
    graph.output("spread", &spread, &sequence(1));
    states_out(&mut graph, "", &last, hidden);
    Ok(graph.into_bytes())
}

/// The layers of a member that all styles share.
struct Member {
    prefix: String,
    past_row: Linear,
    lower: Lstm,
    upper: Lstm,
    /// What the look-ahead network's rows hold beyond those of the past.
    ahead: usize,
    ahead_row: Linear,
    look_ahead: Lstm,
}

impl Member {
    /// All members there are, at least one, all of the same widths.
    fn all(weights: &Weights) -> Result<Vec<Self>, ExportError> {
        let first = Self::of(weights, "member.0.".into())?;
        let mut members = vec![first];
        loop {
            let prefix = format!("member.{}.", members.len());
            if !weights.has_prefix(&prefix) {
                return Ok(members);
            }
            let member = Self::of(weights, prefix)?;
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

    fn of(weights: &Weights, prefix: String) -> Result<Self, ExportError> {
        let name = |part: &str| format!("{prefix}{part}");
        let past_row = weights.linear(&name("past_row."))?;
        let lower = weights.lstm_over(&name("past_lower."), past_row.weight.rows)?;
        let upper = weights.lstm_over(&name("past_upper."), lower.hidden)?;
        same_width(&prefix, "past_upper.", &upper, &lower)?;
        let ahead_row = weights.linear(&name("ahead_row."))?;
        let Matrix { rows, columns, .. } = ahead_row.weight;
        let past = past_row.weight.columns;
        let ahead = columns.checked_sub(past).filter(|&ahead| ahead > 0).ok_or_else(|| {
            wrong_shape(&name("ahead_row.weight"), vec![rows, columns], format!("[rows, more than {past}]"))
        })?;
        let look_ahead = weights.lstm_over(&name("ahead."), rows)?;
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

fn same_shape(prefix: &str, tensor: &str, found: &Matrix, wanted: &Matrix) -> Result<(), ExportError> {
    if (found.rows, found.columns) == (wanted.rows, wanted.columns) {
        return Ok(());
    }
    let wanted = format!("[{}, {}]", wanted.rows, wanted.columns);
    Err(wrong_shape(&format!("{prefix}{tensor}"), vec![found.rows, found.columns], wanted))
}

fn same_width(prefix: &str, layer: &str, found: &Lstm, wanted: &Lstm) -> Result<(), ExportError> {
    if found.hidden == wanted.hidden {
        return Ok(());
    }
    let wanted = format!("[{}, {}]", 4 * wanted.hidden, wanted.hidden);
    Err(wrong_shape(&format!("{prefix}{layer}weight_hh_l0"), vec![4 * found.hidden, found.hidden], wanted))
}

/// A member's decoder of a style.
struct Decoder {
    lstm: Lstm,
    head: Linear,
    mean: Linear,
    log_spread: Linear,
}

impl Decoder {
    /// Each member's, all of the same width.
    fn all(weights: &Weights, members: &[Member], style: &str) -> Result<Vec<Self>, ExportError> {
        let mut decoders: Vec<Self> = Vec::with_capacity(members.len());
        for member in members {
            let decoder = Self::of(weights, member, style)?;
            let first = decoders.first().unwrap_or(&decoder);
            same_width(&member.prefix, &format!("decoder.{style}."), &decoder.lstm, &first.lstm)?;
            decoders.push(decoder);
        }
        Ok(decoders)
    }

    fn of(weights: &Weights, member: &Member, style: &str) -> Result<Self, ExportError> {
        let memory = member.before() + member.behind();
        let prefix = format!("{}decoder.{style}.", member.prefix);
        let lstm = weights.lstm_over(&prefix, memory)?;
        let head = weights.linear_over(&format!("{prefix}head."), lstm.hidden + memory)?;
        let output = weights.linear_over(&format!("{prefix}output."), head.weight.rows)?;
        let [mean, log_spread] = halves(output, &format!("{prefix}output.weight"))?;
        Ok(Self { lstm, head, mean, log_spread })
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

/// Declares the members' first states as inputs, side by side, and takes them apart.
fn states(graph: &mut Graph, prefix: &str, members: usize, width: usize) -> Vec<States> {
    let [hidden, cell] = ["h", "c"].map(|part| {
        let name = format!("{prefix}{part}");
        let together = graph.input(&name, &state(members * width));
        apart(graph, &name, together, members, width)
    });
    hidden.into_iter().zip(cell).map(|(hidden, cell)| States { hidden, cell }).collect()
}

/// Declares the members' last states as outputs, side by side.
fn states_out(graph: &mut Graph, prefix: &str, last: &[States], width: usize) {
    let hidden: Vec<String> = last.iter().map(|states| states.hidden.clone()).collect();
    let cell: Vec<String> = last.iter().map(|states| states.cell.clone()).collect();
    for (part, values) in [("h", hidden), ("c", cell)] {
        let name = format!("{prefix}{part}_out");
        let together = side_by_side(graph, &format!("{name}.members"), &values);
        graph.output(&name, &together, &state(last.len() * width));
    }
}

/// What belongs to each member in a value that holds theirs side by side.
fn apart(graph: &mut Graph, name: &str, together: String, members: usize, width: usize) -> Vec<String> {
    if members == 1 { vec![together] } else { graph.split(name, &together, members, width) }
}

fn side_by_side(graph: &mut Graph, name: &str, members: &[String]) -> String {
    match members {
        [only] => only.clone(),
        several => graph.concat(name, &borrowed(several)),
    }
}

fn borrowed(values: &[String]) -> Vec<&str> {
    values.iter().map(String::as_str).collect()
}
