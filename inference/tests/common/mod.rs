//! A small network with arbitrary weights, its ONNX files, and the same network in plain Rust.

// Each test program uses only some of these.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, serialize, tensor::TensorView};
use tonenet_inference::library::{Candidate, FILE_NAME, Source, VARIABLE};
use tonenet_inference::runtime::{Runtime, RuntimePreference, RuntimeReport, Tensor};
use tonenet_model_export::baseline;
use tonenet_model_export::weights::Weights;

pub const FRAME: usize = 12;
pub const HIDDEN: usize = 7;
pub const DECODER: usize = 5;
pub const KEYS: usize = 9;
pub const SCALE: f32 = 16.0;

/// ONNX Runtime for tests.
pub fn onnx_runtime_library() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../third_party/onnxruntime").join(FILE_NAME);
    let library = env::var_os(VARIABLE).map_or(installed, PathBuf::from);
    assert!(
        library.is_file(),
        "there is no ONNX Runtime at {}: run `cargo xtask setup onnxruntime` first",
        library.display()
    );
    library
}

pub fn candidate(path: &Path) -> Candidate {
    Candidate { path: path.into(), source: Source::Setting }
}

/// ONNX Runtime, really.
pub fn onnx_runtime() -> (Runtime, RuntimeReport) {
    let (runtime, report) = Runtime::open(RuntimePreference::OnnxRuntime, &[candidate(&onnx_runtime_library())]);
    assert!(report.runtime.starts_with("ONNX Runtime 1."), "{report:?}");
    (runtime, report)
}

pub fn built_in() -> Runtime {
    Runtime::open(RuntimePreference::BuiltIn, &[]).0
}

/// Numbers in −1..1 that look random and are the same on every system.
pub struct Noise(pub u32);

impl Noise {
    pub fn number(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1 << 23) as f32 - 1.0
    }

    pub fn numbers(&mut self, count: usize, size: f32) -> Vec<f32> {
        (0..count).map(|_| size * self.number()).collect()
    }
}

/// A network's tensors by name.
pub struct Network(BTreeMap<String, (Vec<usize>, Vec<f32>)>);

impl Network {
    pub fn new() -> Self {
        let mut noise = Noise(1);
        let mut tensors = BTreeMap::new();
        let mut add = |name: String, shape: Vec<usize>| {
            let values = noise.numbers(shape.iter().product(), 0.6);
            tensors.insert(name, (shape, values));
        };
        for (prefix, suffix, input, hidden) in [
            ("encoder.", "", FRAME, HIDDEN),
            ("encoder.", "_reverse", FRAME, HIDDEN),
            ("decoder.jazz.", "", 2 * HIDDEN, DECODER),
        ] {
            add(format!("{prefix}weight_ih_l0{suffix}"), vec![4 * hidden, input]);
            add(format!("{prefix}weight_hh_l0{suffix}"), vec![4 * hidden, hidden]);
            add(format!("{prefix}bias_ih_l0{suffix}"), vec![4 * hidden]);
            add(format!("{prefix}bias_hh_l0{suffix}"), vec![4 * hidden]);
        }
        add("decoder.jazz.output.weight".into(), vec![KEYS, DECODER]);
        add("decoder.jazz.output.bias".into(), vec![KEYS]);
        Self(tensors)
    }

    /// The network as the bytes of a safetensors file.
    fn safetensors(&self) -> Vec<u8> {
        let bytes: Vec<Vec<u8>> =
            self.0.values().map(|(_, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
        let views = self.0.iter().zip(&bytes).map(|((name, (shape, _)), data)| {
            (name.clone(), TensorView::new(Dtype::F32, shape.clone(), data).expect("shape and data agree"))
        });
        serialize(views, None).expect("the tensors are valid")
    }

    /// The encoder's ONNX file.
    pub fn encoder(&self) -> Vec<u8> {
        let bytes = self.safetensors();
        baseline::encoder(&Weights::from_bytes(&bytes).expect("a safetensors file")).expect("a whole encoder")
    }

    /// The decoder's ONNX file.
    pub fn decoder(&self) -> Vec<u8> {
        let bytes = self.safetensors();
        let weights = Weights::from_bytes(&bytes).expect("a safetensors file");
        baseline::decoder(&weights, "jazz", SCALE).expect("a whole decoder")
    }

    fn values(&self, name: &str) -> &[f32] {
        &self.0[name].1
    }

    /// What the encoder must give for frames [T, 1, FRAME].
    pub fn expected_memory(&self, frames: &[f32]) -> Vec<f64> {
        let steps: Vec<Vec<f64>> = rows(frames, FRAME);
        let forward = self.lstm("encoder.", "", HIDDEN, &steps);
        let reversed: Vec<Vec<f64>> = steps.into_iter().rev().collect();
        let backward = self.lstm("encoder.", "_reverse", HIDDEN, &reversed);
        forward.into_iter().zip(backward.into_iter().rev()).flat_map(|(f, b)| [f, b].concat()).collect()
    }

    /// What the decoder must give for memory [T, 1, 2·HIDDEN].
    pub fn expected_deviations(&self, memory: &[f32]) -> Vec<f64> {
        let states = self.lstm("decoder.jazz.", "", DECODER, &rows(memory, 2 * HIDDEN));
        let (weight, bias) = (self.values("decoder.jazz.output.weight"), self.values("decoder.jazz.output.bias"));
        states
            .iter()
            .flat_map(|state| {
                weight
                    .chunks(DECODER)
                    .zip(bias)
                    .map(|(row, &bias)| (dot(row, state) + f64::from(bias)) * f64::from(SCALE))
            })
            .collect()
    }

    /// An LSTM as torch defines it: gates in the order input, forget, cell, output.
    fn lstm(&self, prefix: &str, suffix: &str, hidden: usize, steps: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let part = |name: &str| self.values(&format!("{prefix}{name}_l0{suffix}"));
        let (input_weights, hidden_weights) = (part("weight_ih"), part("weight_hh"));
        let (input_bias, hidden_bias) = (part("bias_ih"), part("bias_hh"));
        let (mut state, mut cell) = (vec![0.0; hidden], vec![0.0; hidden]);
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let mut states = Vec::new();
        for step in steps {
            let gates: Vec<f64> = (0..4 * hidden)
                .map(|row| {
                    let from_input = dot(&input_weights[row * step.len()..(row + 1) * step.len()], step);
                    let from_state = dot(&hidden_weights[row * hidden..(row + 1) * hidden], &state);
                    from_input + from_state + f64::from(input_bias[row]) + f64::from(hidden_bias[row])
                })
                .collect();
            for unit in 0..hidden {
                let [input, forget, candidate, output] = [0, 1, 2, 3].map(|gate| gates[gate * hidden + unit]);
                cell[unit] = sigmoid(forget) * cell[unit] + sigmoid(input) * candidate.tanh();
                state[unit] = sigmoid(output) * cell[unit].tanh();
            }
            states.push(state.clone());
        }
        states
    }
}

fn rows(values: &[f32], width: usize) -> Vec<Vec<f64>> {
    values.chunks(width).map(|row| row.iter().map(|&v| f64::from(v)).collect()).collect()
}

fn dot(weights: &[f32], values: &[f64]) -> f64 {
    weights.iter().zip(values).map(|(&w, v)| f64::from(w) * v).sum()
}

/// Frames [steps, 1, FRAME].
pub fn frames(steps: usize) -> Tensor {
    Tensor { shape: vec![steps, 1, FRAME], data: Noise(steps as u32).numbers(steps * FRAME, 1.0) }
}

/// The largest difference between numbers that should be equal.
pub fn distance(found: &[f32], wanted: &[f64]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    found.iter().zip(wanted).map(|(&f, w)| (f64::from(f) - w).abs()).fold(0.0, f64::max)
}
