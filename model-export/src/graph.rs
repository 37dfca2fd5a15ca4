//! A builder for small ONNX graphs: values are names, layers are methods, and a finished graph is a file's bytes.

use prost::Message;

use crate::onnx::{
    AttributeProto, DimensionProto, FLOAT, GraphProto, INT64, Length, ModelProto, NodeProto, OperatorSetIdProto,
    StringStringEntryProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use crate::weights::{Lstm, Matrix};

/// Version of ONNX's file format that is written.
const IR_VERSION: i64 = 8;
/// Version of the standard operators that is used.
const OPSET: i64 = 17;

/// The length of one axis of a graph's input or output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Always this long.
    Fixed(usize),
    /// As long as each run says; axes of the same name are equally long.
    Dynamic(&'static str),
}

/// A graph in the making.
#[derive(Debug, Default)]
pub struct Graph {
    graph: GraphProto,
    metadata: Vec<StringStringEntryProto>,
}

impl Graph {
    /// An empty graph.
    pub fn new(name: &str) -> Self {
        Self { graph: GraphProto { name: name.into(), ..GraphProto::default() }, metadata: Vec::new() }
    }

    /// Adds an entry to the file's metadata.
    pub fn metadata(&mut self, key: &str, value: &str) {
        self.metadata.push(StringStringEntryProto { key: key.into(), value: value.into() });
    }

    /// Declares an input of 32-bit floats; its name is its value.
    pub fn input(&mut self, name: &str, shape: &[Axis]) -> String {
        self.graph.input.push(float_value(name, shape));
        name.into()
    }

    /// Declares `value` to be an output of 32-bit floats called `name`.
    pub fn output(&mut self, name: &str, value: &str, shape: &[Axis]) {
        self.node("Identity", &[value], name, Vec::new());
        self.graph.output.push(float_value(name, shape));
    }

    /// An LSTM layer over `input` [T, 1, I]: [T, 1, H] for one direction, [T, 1, 2H] (forward, then backward) for two.
    ///
    /// Both directions must be equally wide; the second runs from the last step to the first.
    pub fn lstm(&mut self, name: &str, input: &str, forward: &Lstm, backward: Option<&Lstm>) -> String {
        let directions: Vec<&Lstm> = std::iter::once(forward).chain(backward).collect();
        let (count, hidden) = (directions.len(), forward.hidden);
        let stack = |part: fn(&Lstm) -> Vec<f32>| directions.iter().flat_map(|d| part(d)).collect::<Vec<f32>>();
        let w = self.floats(
            &format!("{name}.W"),
            &[count, 4 * hidden, forward.input],
            &stack(|d| onnx_gates(&d.input_weights, d.hidden * d.input)),
        );
        let r = self.floats(
            &format!("{name}.R"),
            &[count, 4 * hidden, hidden],
            &stack(|d| onnx_gates(&d.hidden_weights, d.hidden * d.hidden)),
        );
        let b = self.floats(
            &format!("{name}.B"),
            &[count, 8 * hidden],
            &stack(|d| [onnx_gates(&d.input_bias, d.hidden), onnx_gates(&d.hidden_bias, d.hidden)].concat()),
        );
        let direction = if backward.is_some() { "bidirectional" } else { "forward" };
        let attributes =
            vec![AttributeProto::int("hidden_size", hidden as i64), AttributeProto::text("direction", direction)];
        let steps = self.node("LSTM", &[input, &w, &r, &b], &format!("{name}.Y"), attributes);
        // Y is [T, directions, 1, H].
        let order = vec![AttributeProto::ints("perm", &[0, 2, 1, 3])];
        let ordered = self.node("Transpose", &[&steps], &format!("{name}.ordered"), order);
        let shape = self.integers(&format!("{name}.shape"), &[-1, 1, (count * hidden) as i64]);
        self.node("Reshape", &[&ordered, &shape], &format!("{name}.steps"), Vec::new())
    }

    /// A fully connected layer: `input` [T, 1, I] times the transpose of `weight` (outputs × inputs) plus `bias`.
    pub fn linear(&mut self, name: &str, input: &str, weight: &Matrix, bias: &[f32]) -> String {
        let transposed: Vec<f32> = (0..weight.columns)
            .flat_map(|column| weight.values.iter().skip(column).step_by(weight.columns).copied())
            .collect();
        let factor = self.floats(&format!("{name}.weight"), &[weight.columns, weight.rows], &transposed);
        let bias = self.floats(&format!("{name}.bias"), &[bias.len()], bias);
        let product = self.node("MatMul", &[input, &factor], &format!("{name}.product"), Vec::new());
        self.node("Add", &[&product, &bias], &format!("{name}.sum"), Vec::new())
    }

    /// `input` times a constant.
    pub fn scale(&mut self, name: &str, input: &str, factor: f32) -> String {
        let constant = self.floats(&format!("{name}.factor"), &[], &[factor]);
        self.node("Mul", &[input, &constant], &format!("{name}.scaled"), Vec::new())
    }

    /// The finished graph as the bytes of an ONNX file.
    pub fn into_bytes(self) -> Vec<u8> {
        ModelProto {
            ir_version: IR_VERSION,
            producer_name: "tonenet-model-export".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            graph: Some(self.graph),
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
            metadata_props: self.metadata,
        }
        .encode_to_vec()
    }

    fn node(&mut self, operator: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>) -> String {
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|&name| name.into()).collect(),
            output: vec![output.into()],
            name: format!("{operator}/{output}"),
            op_type: operator.into(),
            attribute,
        });
        output.into()
    }

    fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        let raw_data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let dims = shape.iter().map(|&length| length as i64).collect();
        self.graph.initializer.push(TensorProto { dims, data_type: FLOAT, name: name.into(), raw_data });
        name.into()
    }

    fn integers(&mut self, name: &str, values: &[i64]) -> String {
        let raw_data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let dims = vec![values.len() as i64];
        self.graph.initializer.push(TensorProto { dims, data_type: INT64, name: name.into(), raw_data });
        name.into()
    }
}

/// Four blocks in torch's gate order (input, forget, cell, output) put into ONNX's (input, output, forget, cell).
fn onnx_gates(blocks: &[f32], block: usize) -> Vec<f32> {
    [0, 3, 1, 2].into_iter().flat_map(|gate| &blocks[gate * block..(gate + 1) * block]).copied().collect()
}

fn float_value(name: &str, shape: &[Axis]) -> ValueInfoProto {
    let dim = shape
        .iter()
        .map(|axis| DimensionProto {
            length: Some(match *axis {
                Axis::Fixed(length) => Length::Fixed(length as i64),
                Axis::Dynamic(name) => Length::Named(name.into()),
            }),
        })
        .collect();
    let tensor_type = Some(TensorTypeProto { elem_type: FLOAT, shape: Some(TensorShapeProto { dim }) });
    ValueInfoProto { name: name.into(), value_type: Some(TypeProto { tensor_type }) }
}
