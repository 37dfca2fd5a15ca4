//! LSTM layers of a graph: their weights in ONNX's order, and their nodes.

use super::{Axis, Graph, ONNX_RUNTIME};
use crate::onnx::AttributeProto;
use crate::quantise::{Precision, QuantisedRows, transposed};
use crate::weights::Lstm;

/// The direction in which an LSTM layer runs over its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the first step to the last.
    Forward,
    /// From the last step to the first.
    Reverse,
}

impl Direction {
    /// ONNX's name for the direction.
    fn onnx_name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Reverse => "reverse",
        }
    }
}

/// The values of an LSTM's state between two steps, \[1, B, H\] each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LstmState {
    /// The hidden state.
    pub hidden: String,
    /// The cell state.
    pub cell: String,
}

/// An LSTM layer whose weights are declared and whose node is still to be added.
struct LstmNode {
    /// W, R and B of ONNX's operator.
    weights: [String; 3],
    /// Factors and zero points of W and R, where they are multiplied in 8 bits.
    ranges: Option<[String; 4]>,
    attributes: Vec<AttributeProto>,
}

impl Graph {
    /// An LSTM layer over `input` \[T, B, I\] with an initial state of zero: its hidden states \[T, B, H\].
    pub fn lstm(&mut self, name: &str, input: &str, layer: &Lstm, direction: Direction) -> String {
        let node = self.declare_lstm(name, layer, direction);
        let steps = format!("{name}.Y");
        self.add_lstm(&node, input, None, &[&steps]);
        self.without_direction(name, &steps, layer)
    }

    /// Like [`Graph::lstm`], with the initial state given; also returns the final state.
    pub fn lstm_with_state(
        &mut self,
        name: &str,
        input: &str,
        layer: &Lstm,
        direction: Direction,
        first: &LstmState,
    ) -> (String, LstmState) {
        let node = self.declare_lstm(name, layer, direction);
        let steps = format!("{name}.Y");
        let last = LstmState { hidden: format!("{name}.Y_h"), cell: format!("{name}.Y_c") };
        self.add_lstm(&node, input, Some(first), &[&steps, &last.hidden, &last.cell]);
        (self.without_direction(name, &steps, layer), last)
    }

    /// Declares the weights of an LSTM layer.
    fn declare_lstm(&mut self, name: &str, layer: &Lstm, direction: Direction) -> LstmNode {
        let (hidden, width) = (layer.hidden, layer.input);
        let weights = ["W", "R", "B"].map(|part| format!("{name}.{part}"));
        let from_input = onnx_gates(&layer.input_weights, hidden * width);
        let from_state = onnx_gates(&layer.hidden_weights, hidden * hidden);
        let input_ranges = self.declare_gates(&weights[0], &from_input, width);
        let state_ranges = self.declare_gates(&weights[1], &from_state, hidden);
        let bias = [&layer.input_bias, &layer.hidden_bias].map(|bias| onnx_gates(bias, hidden)).concat();
        self.floats(&weights[2], &[1, 8 * hidden], &bias);
        let ranges = input_ranges
            .zip(state_ranges)
            .map(|([w_factors, w_zeros], [r_factors, r_zeros])| [w_factors, w_zeros, r_factors, r_zeros]);
        let attributes = vec![
            AttributeProto::int("hidden_size", hidden as i64),
            AttributeProto::text("direction", direction.onnx_name()),
        ];
        LstmNode { weights, ranges, attributes }
    }

    /// Declares the weights of gates that read `width` values. Returns their factors and zero points where they are
    /// multiplied in 8 bits.
    fn declare_gates(&mut self, name: &str, gates: &[f32], width: usize) -> Option<[String; 2]> {
        let rows = gates.len() / width;
        let shape = [1, rows, width];
        match self.precision {
            Precision::Float32 => {
                self.floats(name, &shape, gates);
                None
            }
            Precision::StoredInt8 => {
                let QuantisedRows { values, factors } = QuantisedRows::stored(gates, width);
                self.dequantised(name, &shape, &values, &factors);
                None
            }
            Precision::DynamicInt8 => {
                let QuantisedRows { values, factors } = QuantisedRows::dynamic(gates, width);
                // `DynamicQuantizeLSTM` wants a column for each gate.
                self.bytes(name, &[1, width, rows], &transposed(&values, width));
                Some([
                    self.floats(&format!("{name}.factors"), &[1, rows], &factors),
                    self.bytes(&format!("{name}.zeros"), &[1, rows], &vec![0; rows]),
                ])
            }
        }
    }

    /// Adds the node of an LSTM layer. `outputs` are Y \[T, 1, B, H\] and, if wanted, the final hidden and cell state.
    fn add_lstm(&mut self, node: &LstmNode, input: &str, first: Option<&LstmState>, outputs: &[&str]) {
        let mut inputs = vec![input];
        inputs.extend(node.weights.iter().map(String::as_str));
        if let Some(LstmState { hidden, cell }) = first {
            // The empty name stands for the lengths of the sequences.
            inputs.extend(["", hidden, cell]);
        }
        let (domain, operator) = match &node.ranges {
            Some(ranges) => {
                // The eighth input, like others left out, is empty: it would be peepholes.
                inputs.resize(8, "");
                inputs.extend(ranges.iter().map(String::as_str));
                (ONNX_RUNTIME.0, "DynamicQuantizeLSTM")
            }
            None => ("", "LSTM"),
        };
        self.nodes(domain, operator, &inputs, outputs, node.attributes.clone());
    }

    /// Y \[T, 1, B, H\] of an LSTM layer as \[T, B, H\].
    fn without_direction(&mut self, name: &str, steps: &str, layer: &Lstm) -> String {
        let width = layer.hidden as i64;
        let order = vec![AttributeProto::ints("perm", &[0, 2, 1, 3])];
        let ordered = self.node("Transpose", &[steps], &format!("{name}.ordered"), order);
        let shape = match self.batch {
            Axis::Fixed(batch) => [-1, batch as i64, width],
            // Zero keeps a length as it is.
            Axis::Dynamic(_) => [0, 0, width],
        };
        let shape = self.integers(&format!("{name}.shape"), &shape);
        self.node("Reshape", &[&ordered, &shape], &format!("{name}.steps"), Vec::new())
    }
}

/// Four blocks in torch's gate order (input, forget, cell, output), reordered to ONNX's (input, output, forget, cell).
fn onnx_gates(blocks: &[f32], block: usize) -> Vec<f32> {
    [0, 3, 1, 2].into_iter().flat_map(|gate| &blocks[gate * block..(gate + 1) * block]).copied().collect()
}
