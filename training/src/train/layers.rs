//! Layers that may compute in bfloat16 while they learn, and compute in 32 bits otherwise.
//!
//! Multiplying bfloat16 takes half the time on processors that support it, and many times as long on others. The weights stay in 32 bits, so that small
//! steps are not lost (mixed precision, arXiv 1710.03740, 1905.12322).

use tch::nn::{self, Path};
use tch::{Device, Kind, Tensor};

/// One LSTM layer over \[batch, notes, width\], oldest note first.
pub struct Lstm {
    /// Weights of the input and of the state, then their biases, in the order that torch expects.
    weights: [Tensor; 4],
    hidden: i64,
}

impl Lstm {
    pub fn new(path: &Path<'_>, input: i64, hidden: i64) -> Self {
        let gates = 4 * hidden;
        let weight = |name: &str, width| path.var(name, &[gates, width], nn::init::DEFAULT_KAIMING_UNIFORM);
        let bias = |name: &str| path.zeros(name, &[gates]);
        let weights =
            [weight("weight_ih_l0", input), weight("weight_hh_l0", hidden), bias("bias_ih_l0"), bias("bias_hh_l0")];
        Self { weights, hidden }
    }

    /// Hidden states of all notes, \[batch, notes, hidden\], in the dtype of `rows`.
    pub fn states(&self, rows: &Tensor) -> Tensor {
        let kind = rows.kind();
        let start = Tensor::zeros([1, rows.size()[0], self.hidden], (kind, rows.device()));
        let weights = self.weights.each_ref().map(|w| w.to_kind(kind));
        rows.lstm(&[&start, &start], &weights.each_ref(), true, 1, 0.0, true, false, true).0
    }

    /// Hidden states of further notes, \[batch, notes, hidden\], starting from `state`, and the state after them.
    ///
    /// A state is two tensors, \[1, batch, hidden\] each.
    pub fn continue_from(&self, rows: &Tensor, state: &[Tensor; 2]) -> (Tensor, [Tensor; 2]) {
        let [h, c] = state;
        let (states, h, c) = rows.lstm(&[h, c], &self.weights.each_ref(), true, 1, 0.0, false, false, true);
        (states, [h, c])
    }
}

/// Applies `layer` in the dtype of `rows`.
pub fn linear(layer: &nn::Linear, rows: &Tensor) -> Tensor {
    let kind = rows.kind();
    rows.linear(&layer.ws.to_kind(kind), layer.bs.as_ref().map(|b| b.to_kind(kind)))
}

/// The dtype for training on a device: bfloat16 where it multiplies fast.
pub fn learning_kind(device: Device) -> Kind {
    let is_fast = match device {
        Device::Cpu => multiplies_bfloat16(),
        _ => true,
    };
    if is_fast { Kind::BFloat16 } else { Kind::Float }
}

#[cfg(target_arch = "x86_64")]
fn multiplies_bfloat16() -> bool {
    std::arch::is_x86_feature_detected!("avx512bf16")
}

#[cfg(target_arch = "aarch64")]
fn multiplies_bfloat16() -> bool {
    std::arch::is_aarch64_feature_detected!("bf16")
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn multiplies_bfloat16() -> bool {
    false
}
