//! A builder for small ONNX graphs: values are names, layers are methods, and a finished graph is a file's bytes.
//!
//! With [`Precision::StoredInt8`] a matrix is whole numbers that `DequantizeLinear` unfolds. With
//! [`Precision::DynamicInt8`] an LSTM is ONNX Runtime's `DynamicQuantizeLSTM`, and a fully connected layer what its own
//! tools write: `DynamicQuantizeLinear`, `MatMulInteger`, `Cast` and `Mul`, which it runs as one.

use prost::Message;

use crate::onnx::{
    AttributeProto, DimensionProto, FLOAT, GraphProto, INT8, INT64, Length, ModelProto, NodeProto, OperatorSetIdProto,
    StringStringEntryProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use crate::quantise::{Precision, Rows, transposed};
use crate::weights::{Linear, Lstm};

/// Version of ONNX's file format that is written.
const IR_VERSION: i64 = 8;
/// Version of the standard operators that is used.
const OPSET: i64 = 17;
/// Where ONNX Runtime's own operators are, and their version.
const ONNX_RUNTIME: (&str, i64) = ("com.microsoft", 1);

/// The length of one axis of a graph's input or output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Always this long.
    Fixed(usize),
    /// As long as each run says; axes of the same name are equally long.
    Dynamic(&'static str),
}

/// The direction in which an LSTM layer runs over its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the first step to the last.
    Forward,
    /// From the last step to the first.
    Reverse,
}

/// The values of an LSTM's states between two steps, \[1, B, H\] each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct States {
    /// The hidden state.
    pub hidden: String,
    /// The cell.
    pub cell: String,
}

/// A graph in the making.
#[derive(Debug)]
pub struct Graph {
    graph: GraphProto,
    metadata: Vec<StringStringEntryProto>,
    batch: Axis,
    precision: Precision,
}

impl Graph {
    /// An empty graph over sequences \[steps, `batch`, width\], abbreviated \[T, B, width\] below.
    pub fn new(name: &str, batch: Axis, precision: Precision) -> Self {
        let graph = GraphProto { name: name.into(), ..GraphProto::default() };
        Self { graph, metadata: Vec::new(), batch, precision }
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

    /// An LSTM layer over `input` \[T, B, I\] that begins with states of zero: its hidden states \[T, B, H\].
    pub fn lstm(&mut self, name: &str, input: &str, layer: &Lstm, direction: Direction) -> String {
        let steps = format!("{name}.Y");
        self.recurrence(name, input, layer, direction, None, &[&steps]);
        self.without_direction(name, &steps, layer)
    }

    /// An LSTM layer as [`Graph::lstm`] that begins with the given states; also the states it ends with.
    pub fn lstm_from(
        &mut self,
        name: &str,
        input: &str,
        layer: &Lstm,
        direction: Direction,
        first: &States,
    ) -> (String, States) {
        let steps = format!("{name}.Y");
        let last = States { hidden: format!("{name}.Y_h"), cell: format!("{name}.Y_c") };
        self.recurrence(name, input, layer, direction, Some(first), &[&steps, &last.hidden, &last.cell]);
        (self.without_direction(name, &steps, layer), last)
    }

    /// A fully connected layer over `input` \[T, B, inputs\]: \[T, B, outputs\].
    pub fn linear(&mut self, name: &str, input: &str, layer: &Linear) -> String {
        let (outputs, inputs) = (layer.weight.rows, layer.weight.columns);
        let weight = format!("{name}.weight");
        let values = &layer.weight.values;
        let quantised = match self.precision {
            Precision::Float32 => {
                self.floats(&weight, &[inputs, outputs], &transposed(values, inputs));
                None
            }
            Precision::StoredInt8 => {
                let rows = Rows::stored(values, inputs);
                self.unfolded(&weight, &[inputs, outputs], &transposed(&rows.values, inputs), &rows.factors);
                None
            }
            Precision::DynamicInt8 => {
                let rows = Rows::dynamic(values, inputs);
                self.bytes(&weight, &[inputs, outputs], &transposed(&rows.values, inputs));
                Some(self.floats(&format!("{weight}.factors"), &[outputs], &rows.factors))
            }
        };
        let bias = layer.bias.as_ref().map(|bias| self.floats(&format!("{name}.bias"), &[bias.len()], bias));
        let product = match quantised {
            None => self.product(name, input, &weight),
            Some(factors) => self.whole_product(name, input, &weight, &factors),
        };
        match bias {
            Some(bias) => self.node("Add", &[&product, &bias], &format!("{name}.sum"), Vec::new()),
            None => product,
        }
    }

    /// `left` \[…, A, I\] times `right` \[…, I, C\]: \[…, A, C\].
    pub fn product(&mut self, name: &str, left: &str, right: &str) -> String {
        self.node("MatMul", &[left, right], &format!("{name}.product"), Vec::new())
    }

    /// `input` times a constant.
    pub fn scale(&mut self, name: &str, input: &str, factor: f32) -> String {
        let constant = self.floats(&format!("{name}.factor"), &[], &[factor]);
        self.node("Mul", &[input, &constant], &format!("{name}.scaled"), Vec::new())
    }

    /// `input` within `low` and `high`.
    pub fn clamp(&mut self, name: &str, input: &str, low: f32, high: f32) -> String {
        let low = self.floats(&format!("{name}.low"), &[], &[low]);
        let high = self.floats(&format!("{name}.high"), &[], &[high]);
        self.node("Clip", &[input, &low, &high], &format!("{name}.clamped"), Vec::new())
    }

    /// `input` where it is above zero, else zero.
    pub fn relu(&mut self, name: &str, input: &str) -> String {
        self.node("Relu", &[input], &format!("{name}.relu"), Vec::new())
    }

    /// The hyperbolic tangent of `input`.
    pub fn tanh(&mut self, name: &str, input: &str) -> String {
        self.node("Tanh", &[input], &format!("{name}.tanh"), Vec::new())
    }

    /// e to the power of `input`.
    pub fn exp(&mut self, name: &str, input: &str) -> String {
        self.node("Exp", &[input], &format!("{name}.exp"), Vec::new())
    }

    /// Shares that add up to one along the last axis of `input`.
    pub fn softmax(&mut self, name: &str, input: &str) -> String {
        self.node("Softmax", &[input], &format!("{name}.softmax"), vec![AttributeProto::int("axis", -1)])
    }

    /// Values side by side along the last axis.
    pub fn concat(&mut self, name: &str, inputs: &[&str]) -> String {
        self.node("Concat", inputs, &format!("{name}.joined"), vec![AttributeProto::int("axis", -1)])
    }

    /// `input` cut along its last axis into `parts` of `width` each.
    pub fn split(&mut self, name: &str, input: &str, parts: usize, width: usize) -> Vec<String> {
        let outputs: Vec<String> = (0..parts).map(|part| format!("{name}.part{part}")).collect();
        let names: Vec<&str> = outputs.iter().map(String::as_str).collect();
        let widths = self.integers(&format!("{name}.widths"), &vec![width as i64; parts]);
        self.nodes("", "Split", &[input, &widths], &names, vec![AttributeProto::int("axis", -1)]);
        outputs
    }

    /// `left` and `right`, which are of one shape, added up.
    pub fn sum(&mut self, name: &str, left: &str, right: &str) -> String {
        self.node("Add", &[left, right], &format!("{name}.sum"), Vec::new())
    }

    /// The mean of values of one shape.
    pub fn mean(&mut self, name: &str, inputs: &[&str]) -> String {
        let mut sum = inputs[0].to_owned();
        for (index, input) in inputs.iter().enumerate().skip(1) {
            sum = self.node("Add", &[&sum, input], &format!("{name}.sum{index}"), Vec::new());
        }
        self.scale(&format!("{name}.mean"), &sum, 1.0 / inputs.len() as f32)
    }

    /// `input` of three axes with its axes in another order.
    pub fn transpose(&mut self, name: &str, input: &str, order: [i64; 3]) -> String {
        self.node("Transpose", &[input], &format!("{name}.ordered"), vec![AttributeProto::ints("perm", &order)])
    }

    /// The finished graph as the bytes of an ONNX file.
    pub fn into_bytes(self) -> Vec<u8> {
        let own = (self.precision == Precision::DynamicInt8).then_some(ONNX_RUNTIME);
        let opset_import = std::iter::once(("", OPSET))
            .chain(own)
            .map(|(domain, version)| OperatorSetIdProto { domain: domain.into(), version })
            .collect();
        ModelProto {
            ir_version: IR_VERSION,
            producer_name: "tonenet-model-export".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            graph: Some(self.graph),
            opset_import,
            metadata_props: self.metadata,
        }
        .encode_to_vec()
    }

    /// The node of an LSTM layer; `outputs` are Y \[T, 1, B, H\] and, if wanted, the last hidden state and cell.
    fn recurrence(
        &mut self,
        name: &str,
        input: &str,
        layer: &Lstm,
        direction: Direction,
        first: Option<&States>,
        outputs: &[&str],
    ) {
        let (hidden, width) = (layer.hidden, layer.input);
        let [w, r, b] = ["W", "R", "B"].map(|part| format!("{name}.{part}"));
        let from_input = onnx_gates(&layer.input_weights, hidden * width);
        let from_state = onnx_gates(&layer.hidden_weights, hidden * hidden);
        let ranges = [(&w, from_input, width), (&r, from_state, hidden)].map(|(name, gates, width)| {
            let shape = [1, 4 * hidden, width];
            match self.precision {
                Precision::Float32 => {
                    self.floats(name, &shape, &gates);
                    None
                }
                Precision::StoredInt8 => {
                    let rows = Rows::stored(&gates, width);
                    self.unfolded(name, &shape, &rows.values, &rows.factors);
                    None
                }
                Precision::DynamicInt8 => Some(self.gate_columns(name, &gates, width)),
            }
        });
        let bias = [&layer.input_bias, &layer.hidden_bias].map(|bias| onnx_gates(bias, hidden)).concat();
        self.floats(&b, &[1, 8 * hidden], &bias);
        let mut inputs = vec![input, &w, &r, &b];
        if let Some(States { hidden, cell }) = first {
            // Before the states would stand the lengths of the sequences.
            inputs.extend(["", hidden, cell]);
        }
        let attributes = vec![
            AttributeProto::int("hidden_size", hidden as i64),
            AttributeProto::text("direction", direction.word()),
        ];
        match &ranges {
            [Some(w_range), Some(r_range)] => {
                // The seventh would be peepholes.
                inputs.resize(8, "");
                inputs.extend(w_range.iter().chain(r_range).map(String::as_str));
                self.nodes(ONNX_RUNTIME.0, "DynamicQuantizeLSTM", &inputs, outputs, attributes);
            }
            _ => self.nodes("", "LSTM", &inputs, outputs, attributes),
        }
    }

    /// Declares 8-bit weights \[1, `width`, 4H\] of gates that read `width` numbers; their factors and zero points,
    /// \[1, 4H\] each.
    fn gate_columns(&mut self, name: &str, gates: &[f32], width: usize) -> [String; 2] {
        let Rows { values, factors } = Rows::dynamic(gates, width);
        let rows = factors.len();
        self.bytes(name, &[1, width, rows], &transposed(&values, width));
        [
            self.floats(&format!("{name}.factors"), &[1, rows], &factors),
            self.bytes(&format!("{name}.zeros"), &[1, rows], &vec![0; rows]),
        ]
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

    /// `input` \[T, B, I\] in 8 bits times 8-bit `weight` \[I, outputs\] with the factors of its columns:
    /// \[T, B, outputs\].
    fn whole_product(&mut self, name: &str, input: &str, weight: &str, factors: &str) -> String {
        let [whole, range, zero, products, numbers, factor] =
            ["whole", "range", "zero", "products", "numbers", "factor"].map(|part| format!("{name}.product.{part}"));
        self.nodes("", "DynamicQuantizeLinear", &[input], &[&whole, &range, &zero], Vec::new());
        self.node("MatMulInteger", &[&whole, weight, &zero], &products, Vec::new());
        self.node("Cast", &[&products], &numbers, vec![AttributeProto::int("to", FLOAT.into())]);
        self.node("Mul", &[&range, factors], &factor, Vec::new());
        self.node("Mul", &[&numbers, &factor], &format!("{name}.product"), Vec::new())
    }

    fn node(&mut self, operator: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>) -> String {
        self.nodes("", operator, inputs, &[output], attribute);
        output.into()
    }

    /// A node of several outputs, whose name is that of the first.
    fn nodes(
        &mut self,
        domain: &str,
        operator: &str,
        inputs: &[&str],
        outputs: &[&str],
        attribute: Vec<AttributeProto>,
    ) {
        let named = |names: &[&str]| names.iter().map(|&name| name.into()).collect();
        self.graph.node.push(NodeProto {
            input: named(inputs),
            output: named(outputs),
            name: format!("{operator}/{}", outputs[0]),
            op_type: operator.into(),
            attribute,
            domain: domain.into(),
        });
    }

    fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        self.constant(name, FLOAT, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    fn bytes(&mut self, name: &str, shape: &[usize], values: &[i8]) -> String {
        self.constant(name, INT8, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    /// Declares `name` to be whole numbers times the factors of its second axis.
    fn unfolded(&mut self, name: &str, shape: &[usize], values: &[i8], factors: &[f32]) {
        let whole = self.bytes(&format!("{name}.whole"), shape, values);
        let factors = self.floats(&format!("{name}.factors"), &[factors.len()], factors);
        self.node("DequantizeLinear", &[&whole, &factors], name, vec![AttributeProto::int("axis", 1)]);
    }

    fn integers(&mut self, name: &str, values: &[i64]) -> String {
        self.constant(name, INT64, &[values.len()], values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    fn constant(&mut self, name: &str, data_type: i32, shape: &[usize], raw_data: Vec<u8>) -> String {
        let dims = shape.iter().map(|&length| length as i64).collect();
        self.graph.initializer.push(TensorProto { dims, data_type, name: name.into(), raw_data });
        name.into()
    }
}

impl Direction {
    /// ONNX's word for it.
    fn word(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Reverse => "reverse",
        }
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
