//! A builder for small ONNX graphs: layers are methods, values are names, and a finished graph is a file's bytes.
//!
//! [`Precision`] decides how matrices are written:
//!
//! - `Float32`: as they are.
//! - `StoredInt8`: as 8-bit integers that `DequantizeLinear` converts back.
//! - `DynamicInt8`: an LSTM as ONNX Runtime's `DynamicQuantizeLSTM`; a fully connected layer as `DynamicQuantizeLinear`,
//!   `MatMulInteger`, `Cast` and `Mul`. ONNX Runtime's own tools write these four too, and it runs them as one.

mod lstm;

pub use lstm::{Direction, LstmState};

use prost::Message;

use crate::onnx::{
    AttributeProto, DimensionProto, FLOAT, GraphProto, INT8, INT64, Length, ModelProto, NodeProto, OperatorSetIdProto,
    StringStringEntryProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use crate::quantise::{Precision, QuantisedRows, transposed};
use crate::weights::Linear;

/// Version of the ONNX file format.
const IR_VERSION: i64 = 8;
/// Version of the standard operators.
const OPSET: i64 = 17;
/// Domain and version of ONNX Runtime's own operators.
const ONNX_RUNTIME: (&str, i64) = ("com.microsoft", 1);

/// The length of one axis of a graph's input or output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// A length known now.
    Fixed(usize),
    /// A length that each run chooses; axes of the same name are equally long.
    Dynamic(&'static str),
}

/// An ONNX graph under construction.
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
    pub fn add_metadata(&mut self, key: &str, value: &str) {
        self.metadata.push(StringStringEntryProto { key: key.into(), value: value.into() });
    }

    /// Declares an input of 32-bit floats and returns its value, which has the same name.
    pub fn input(&mut self, name: &str, shape: &[Axis]) -> String {
        self.graph.input.push(float_value(name, shape));
        name.into()
    }

    /// Declares `value` as an output of 32-bit floats called `name`.
    pub fn output(&mut self, name: &str, value: &str, shape: &[Axis]) {
        self.node("Identity", &[value], name, Vec::new());
        self.graph.output.push(float_value(name, shape));
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
                let rows = QuantisedRows::stored(values, inputs);
                self.dequantised(&weight, &[inputs, outputs], &transposed(&rows.values, inputs), &rows.factors);
                None
            }
            Precision::DynamicInt8 => {
                let rows = QuantisedRows::dynamic(values, inputs);
                self.bytes(&weight, &[inputs, outputs], &transposed(&rows.values, inputs));
                Some(self.floats(&format!("{weight}.factors"), &[outputs], &rows.factors))
            }
        };
        let bias = layer.bias.as_ref().map(|bias| self.floats(&format!("{name}.bias"), &[bias.len()], bias));
        let product = match quantised {
            None => self.product(name, input, &weight),
            Some(factors) => self.quantised_product(name, input, &weight, &factors),
        };
        match bias {
            Some(bias) => self.node("Add", &[&product, &bias], &format!("{name}.sum"), Vec::new()),
            None => product,
        }
    }

    /// The matrix product of `left` \[…, A, I\] and `right` \[…, I, C\]: \[…, A, C\].
    pub fn product(&mut self, name: &str, left: &str, right: &str) -> String {
        self.node("MatMul", &[left, right], &format!("{name}.product"), Vec::new())
    }

    /// `input` times a constant.
    pub fn scale(&mut self, name: &str, input: &str, factor: f32) -> String {
        let constant = self.floats(&format!("{name}.factor"), &[], &[factor]);
        self.node("Mul", &[input, &constant], &format!("{name}.scaled"), Vec::new())
    }

    /// `input` limited to `low..=high`.
    pub fn clamp(&mut self, name: &str, input: &str, low: f32, high: f32) -> String {
        let low = self.floats(&format!("{name}.low"), &[], &[low]);
        let high = self.floats(&format!("{name}.high"), &[], &[high]);
        self.node("Clip", &[input, &low, &high], &format!("{name}.clamped"), Vec::new())
    }

    /// `input` where it is positive, zero elsewhere.
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

    /// The softmax of `input` along its last axis.
    pub fn softmax(&mut self, name: &str, input: &str) -> String {
        self.node("Softmax", &[input], &format!("{name}.softmax"), vec![AttributeProto::int("axis", -1)])
    }

    /// `inputs` concatenated along their last axis.
    pub fn concat(&mut self, name: &str, inputs: &[&str]) -> String {
        self.node("Concat", inputs, &format!("{name}.joined"), vec![AttributeProto::int("axis", -1)])
    }

    /// `input` split along its last axis into `parts` of `width` each.
    pub fn split(&mut self, name: &str, input: &str, parts: usize, width: usize) -> Vec<String> {
        let outputs: Vec<String> = (0..parts).map(|part| format!("{name}.part{part}")).collect();
        let names: Vec<&str> = outputs.iter().map(String::as_str).collect();
        let widths = self.integers(&format!("{name}.widths"), &vec![width as i64; parts]);
        self.nodes("", "Split", &[input, &widths], &names, vec![AttributeProto::int("axis", -1)]);
        outputs
    }

    /// The sum of `left` and `right`, which have the same shape.
    pub fn sum(&mut self, name: &str, left: &str, right: &str) -> String {
        self.node("Add", &[left, right], &format!("{name}.sum"), Vec::new())
    }

    /// The mean of `inputs`, which have the same shape.
    pub fn mean(&mut self, name: &str, inputs: &[&str]) -> String {
        let mut sum = inputs[0].to_owned();
        for (index, input) in inputs.iter().enumerate().skip(1) {
            sum = self.node("Add", &[&sum, input], &format!("{name}.sum{index}"), Vec::new());
        }
        self.scale(&format!("{name}.mean"), &sum, 1.0 / inputs.len() as f32)
    }

    /// `input` with its three axes in another order.
    pub fn transpose(&mut self, name: &str, input: &str, order: [i64; 3]) -> String {
        self.node("Transpose", &[input], &format!("{name}.ordered"), vec![AttributeProto::ints("perm", &order)])
    }

    /// Finishes the graph and returns the bytes of an ONNX file.
    pub fn into_bytes(self) -> Vec<u8> {
        let runtime_operators = (self.precision == Precision::DynamicInt8).then_some(ONNX_RUNTIME);
        let opset_import = std::iter::once(("", OPSET))
            .chain(runtime_operators)
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

    /// The product of `input` \[T, B, I\], quantised at run time, and 8-bit `weight` \[I, outputs\] with a factor for
    /// each column: \[T, B, outputs\].
    fn quantised_product(&mut self, name: &str, input: &str, weight: &str, factors: &str) -> String {
        let [whole, range, zero, products, numbers, factor] =
            ["whole", "range", "zero", "products", "numbers", "factor"].map(|part| format!("{name}.product.{part}"));
        self.nodes("", "DynamicQuantizeLinear", &[input], &[&whole, &range, &zero], Vec::new());
        self.node("MatMulInteger", &[&whole, weight, &zero], &products, Vec::new());
        self.node("Cast", &[&products], &numbers, vec![AttributeProto::int("to", FLOAT.into())]);
        self.node("Mul", &[&range, factors], &factor, Vec::new());
        self.node("Mul", &[&numbers, &factor], &format!("{name}.product"), Vec::new())
    }

    /// Adds a node of one output and returns that.
    fn node(&mut self, operator: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>) -> String {
        self.nodes("", operator, inputs, &[output], attribute);
        output.into()
    }

    /// Adds a node that may have several outputs; the first gives it its name.
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

    /// Declares `name` as 8-bit integers times a factor for each index of the second axis.
    fn dequantised(&mut self, name: &str, shape: &[usize], values: &[i8], factors: &[f32]) {
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
