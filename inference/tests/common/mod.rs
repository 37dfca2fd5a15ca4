//! A small piano-roll network with arbitrary weights: its ONNX files, and a reference in plain Rust.

// Each test program uses only some of these.
#![allow(dead_code)]

pub mod styles;
pub mod tensors;

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tonenet_inference::error::InferenceError;
use tonenet_inference::library::{Candidate, FILE_NAME, Source, VARIABLE};
use tonenet_inference::runtime::{Graph, Runtime, RuntimePreference, RuntimeReport, Tensor, TensorRef};
use tonenet_model_export::piano_roll;
use tonenet_model_export::quantise::Precision::{self, Float32};

use tensors::{State, Tensors};

pub const FRAME: usize = 12;
pub const HIDDEN: usize = 7;
pub const DECODER: usize = 5;
pub const KEYS: usize = 9;
pub const SCALE: f32 = 16.0;

/// The path of the ONNX Runtime library for tests.
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

/// ONNX Runtime, and not the fallback.
pub fn onnx_runtime() -> (Runtime, RuntimeReport) {
    let (runtime, report) = Runtime::open(RuntimePreference::OnnxRuntime, &[candidate(&onnx_runtime_library())]);
    assert!(report.runtime.starts_with("ONNX Runtime 1."), "{report:?}");
    (runtime, report)
}

pub fn built_in() -> Runtime {
    Runtime::open(RuntimePreference::BuiltIn, &[]).0
}

/// Counts the outcomes of loading and running damaged graphs.
#[derive(Debug, Default)]
pub struct Outcomes {
    refused: usize,
    failed: usize,
    ran: usize,
}

impl Outcomes {
    /// Runs a graph named `damaged.onnx` if it was loaded. Checks that an error names it and an output fits its shape.
    pub fn add(
        &mut self,
        graph: Result<Arc<dyn Graph>, InferenceError>,
        inputs: &[(&str, TensorRef<'_>)],
        output: &str,
    ) {
        let (count, outcome) = match graph {
            Err(error) => (&mut self.refused, Err(error)),
            Ok(graph) => match graph.run(inputs, &[output]) {
                Err(error) => (&mut self.failed, Err(error)),
                Ok(tensors) => (&mut self.ran, Ok(tensors)),
            },
        };
        *count += 1;
        match outcome {
            Err(error) => {
                let message = error.to_string();
                assert!(
                    message.contains("damaged.onnx") && message.contains("; ") && !message.contains('\n'),
                    "{message}"
                );
            }
            Ok(tensors) => {
                assert_eq!(tensors.len(), 1);
                let Tensor { shape, data } = &tensors[0];
                assert_eq!(shape.iter().product::<usize>(), data.len(), "{shape:?}");
            }
        }
    }

    /// Whether some graphs were refused, some failed, and some ran.
    pub fn has_each_kind(&self) -> bool {
        self.refused > 0 && self.failed > 0 && self.ran > 0
    }
}

/// Pseudo-random numbers in −1..1 that are the same on every system.
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

/// A piano-roll network: an encoder and a decoder for jazz.
pub struct Network {
    tensors: Tensors,
    attention: bool,
}

impl Network {
    pub fn new() -> Self {
        let mut tensors = Tensors::new();
        tensors.add_lstm("encoder.", "", FRAME, HIDDEN);
        tensors.add_lstm("encoder.", "_reverse", FRAME, HIDDEN);
        tensors.add_lstm("decoder.jazz.", "", 2 * HIDDEN, DECODER);
        tensors.add_linear("decoder.jazz.output.", DECODER, KEYS);
        Self { tensors, attention: false }
    }

    /// The same with attention over the memory.
    pub fn with_attention() -> Self {
        let Self { mut tensors, .. } = Self::new();
        tensors.add_matrix("decoder.jazz.score.", DECODER, 2 * HIDDEN);
        tensors.add_linear("decoder.jazz.combine.", 2 * HIDDEN + DECODER, DECODER);
        Self { tensors, attention: true }
    }

    /// The same network with its weights rounded to 8 bits.
    pub fn rounded(&self) -> Self {
        Self { tensors: self.tensors.rounded(), ..*self }
    }

    /// The encoder's ONNX file.
    pub fn encoder(&self) -> Vec<u8> {
        self.encoder_in(Float32)
    }

    /// The decoder's ONNX file.
    pub fn decoder(&self) -> Vec<u8> {
        self.decoder_in(Float32)
    }

    pub fn encoder_in(&self, precision: Precision) -> Vec<u8> {
        self.tensors.export(|weights| piano_roll::encoder(weights, precision))
    }

    pub fn decoder_in(&self, precision: Precision) -> Vec<u8> {
        self.tensors.export(|weights| piano_roll::decoder(weights, "jazz", SCALE, precision))
    }

    /// The encoder's reference output for frames [T, 1, FRAME].
    pub fn expected_memory(&self, frames: &[f32]) -> Vec<f64> {
        let steps = rows(frames, FRAME);
        let forward = self.tensors.lstm("encoder.", "", &steps, &mut State::zero(HIDDEN));
        let backward = self.tensors.lstm_reversed("encoder.", "_reverse", &steps, &mut State::zero(HIDDEN));
        forward.into_iter().zip(backward).flat_map(|(f, b)| [f, b].concat()).collect()
    }

    /// The decoder's reference output for memory [T, 1, 2·HIDDEN].
    pub fn expected_deviations(&self, memory: &[f32]) -> Vec<f64> {
        let memory = rows(memory, 2 * HIDDEN);
        let states = self.tensors.lstm("decoder.jazz.", "", &memory, &mut State::zero(DECODER));
        states
            .into_iter()
            .map(|state| if self.attention { self.attended(&memory, state) } else { state })
            .flat_map(|state| self.tensors.linear("decoder.jazz.output.", &state))
            .map(|deviation| deviation * f64::from(SCALE))
            .collect()
    }

    /// Attention over all steps of the memory with Luong's general score (2015), scaled; returns the output layer's
    /// input.
    fn attended(&self, memory: &[Vec<f64>], state: Vec<f64>) -> Vec<f64> {
        let query = self.tensors.linear("decoder.jazz.score.", &state);
        let score = |step: &Vec<f64>| step.iter().zip(&query).map(|(m, q)| m * q).sum::<f64>();
        let powers: Vec<f64> = memory.iter().map(|step| (score(step) / (step.len() as f64).sqrt()).exp()).collect();
        let total: f64 = powers.iter().sum();
        let mut context = vec![0.0; 2 * HIDDEN];
        for (step, power) in memory.iter().zip(&powers) {
            context.iter_mut().zip(step).for_each(|(c, m)| *c += power / total * m);
        }
        let combined = self.tensors.linear("decoder.jazz.combine.", &[context, state].concat());
        combined.into_iter().map(f64::tanh).collect()
    }
}

/// Splits values into rows of a width.
pub fn rows(values: &[f32], width: usize) -> Vec<Vec<f64>> {
    values.chunks(width).map(|row| row.iter().map(|&v| f64::from(v)).collect()).collect()
}

/// Frames [steps, 1, FRAME].
pub fn frames(steps: usize) -> Tensor {
    Tensor { shape: vec![steps, 1, FRAME], data: Noise(steps as u32).numbers(steps * FRAME, 1.0) }
}

/// The largest difference between numbers that should be equal.
pub fn distance(found: &[f32], wanted: &[f64]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    let off = found.iter().zip(wanted).map(|(&f, w)| (f64::from(f) - w).abs());
    // A NaN must not pass for 0.
    off.fold(0.0, |worst: f64, off| if off.is_nan() { off } else { worst.max(off) })
}
