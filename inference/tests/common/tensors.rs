//! Named arbitrary weights: as a safetensors file, and as reference layers in plain Rust with 64-bit floats.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensors, serialize, tensor::TensorView};
use tonenet_model_export::ExportError;
use tonenet_model_export::weights::Weights;

use super::Noise;

/// A network's tensors by name.
pub struct Tensors {
    values: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    noise: Noise,
}

/// The state of an LSTM.
#[derive(Clone)]
pub struct State {
    pub hidden: Vec<f64>,
    pub cell: Vec<f64>,
}

impl State {
    pub fn zero(width: usize) -> Self {
        Self { hidden: vec![0.0; width], cell: vec![0.0; width] }
    }
}

impl Tensors {
    pub fn new() -> Self {
        Self { values: BTreeMap::new(), noise: Noise(1) }
    }

    fn add(&mut self, name: String, shape: &[usize]) {
        let values = self.noise.numbers(shape.iter().product(), 0.6);
        self.values.insert(name, (shape.into(), values));
    }

    pub fn add_lstm(&mut self, prefix: &str, suffix: &str, input: usize, hidden: usize) {
        self.add(format!("{prefix}weight_ih_l0{suffix}"), &[4 * hidden, input]);
        self.add(format!("{prefix}weight_hh_l0{suffix}"), &[4 * hidden, hidden]);
        self.add(format!("{prefix}bias_ih_l0{suffix}"), &[4 * hidden]);
        self.add(format!("{prefix}bias_hh_l0{suffix}"), &[4 * hidden]);
    }

    pub fn add_linear(&mut self, prefix: &str, inputs: usize, outputs: usize) {
        self.add_matrix(prefix, inputs, outputs);
        self.add(format!("{prefix}bias"), &[outputs]);
    }

    pub fn add_matrix(&mut self, prefix: &str, inputs: usize, outputs: usize) {
        self.add(format!("{prefix}weight"), &[outputs, inputs]);
    }

    /// The output of an exporter for these weights.
    pub fn export(&self, exporter: impl FnOnce(&Weights) -> Result<Vec<u8>, ExportError>) -> Vec<u8> {
        let bytes: Vec<Vec<u8>> =
            self.values.values().map(|(_, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
        let views = self.values.iter().zip(&bytes).map(|((name, (shape, _)), data)| {
            (name.clone(), TensorView::new(Dtype::F32, shape.clone(), data).expect("shape and data agree"))
        });
        let file = serialize(views, None).expect("the tensors are valid");
        exporter(&Weights::from_bytes(&file).expect("a safetensors file")).expect("a whole network")
    }

    /// The same network with its weights rounded to 8 bits.
    pub fn rounded(&self) -> Self {
        let file = self.export(|weights| weights.rounded());
        let file = SafeTensors::deserialize(&file).expect("a safetensors file");
        let values = file.iter().map(|(name, tensor)| {
            let (words, _) = tensor.data().as_chunks::<4>();
            let values = words.iter().map(|&word| f32::from_le_bytes(word)).collect();
            (name.to_owned(), (tensor.shape().to_vec(), values))
        });
        Self { values: values.collect(), noise: Noise(1) }
    }

    fn values(&self, name: &str) -> &[f32] {
        &self.values[name].1
    }

    /// A fully connected layer over one row.
    pub fn linear(&self, prefix: &str, row: &[f64]) -> Vec<f64> {
        let bias = self.values.get(&format!("{prefix}bias")).map(|(_, values)| values);
        let weights = self.values(&format!("{prefix}weight")).chunks(row.len());
        weights.enumerate().map(|(at, w)| dot(w, row) + bias.map_or(0.0, |bias| f64::from(bias[at]))).collect()
    }

    /// An LSTM as torch defines it: gates in the order input, forget, cell, output.
    pub fn lstm(&self, prefix: &str, suffix: &str, steps: &[Vec<f64>], state: &mut State) -> Vec<Vec<f64>> {
        let part = |name: &str| self.values(&format!("{prefix}{name}_l0{suffix}"));
        let (input_weights, hidden_weights) = (part("weight_ih"), part("weight_hh"));
        let (input_bias, hidden_bias) = (part("bias_ih"), part("bias_hh"));
        let width = state.hidden.len();
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let mut states = Vec::new();
        for step in steps {
            let gates: Vec<f64> = (0..4 * width)
                .map(|row| {
                    let from_input = dot(&input_weights[row * step.len()..(row + 1) * step.len()], step);
                    let from_state = dot(&hidden_weights[row * width..(row + 1) * width], &state.hidden);
                    from_input + from_state + f64::from(input_bias[row]) + f64::from(hidden_bias[row])
                })
                .collect();
            for unit in 0..width {
                let [input, forget, candidate, output] = [0, 1, 2, 3].map(|gate| gates[gate * width + unit]);
                state.cell[unit] = sigmoid(forget) * state.cell[unit] + sigmoid(input) * candidate.tanh();
                state.hidden[unit] = sigmoid(output) * state.cell[unit].tanh();
            }
            states.push(state.hidden.clone());
        }
        states
    }

    /// An LSTM that runs from the last step to the first; `state` is its state before and after.
    pub fn lstm_reversed(&self, prefix: &str, suffix: &str, steps: &[Vec<f64>], state: &mut State) -> Vec<Vec<f64>> {
        let reversed: Vec<Vec<f64>> = steps.iter().rev().cloned().collect();
        let mut states = self.lstm(prefix, suffix, &reversed, state);
        states.reverse();
        states
    }
}

fn dot(weights: &[f32], values: &[f64]) -> f64 {
    weights.iter().zip(values).map(|(&w, v)| f64::from(w) * v).sum()
}
