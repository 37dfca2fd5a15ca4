//! The start of every training loop: device, seeds and learning rate schedule.

use anyhow::{Result, bail};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::Device;

/// The device that `--device` names.
///
/// # Errors
/// When libtorch has no such device.
pub fn device(name: &str) -> Result<Device> {
    match name {
        "cpu" => Ok(Device::Cpu),
        "cuda" if tch::Cuda::is_available() => Ok(Device::Cuda(0)),
        "cuda" => bail!(
            "this libtorch finds no CUDA device; export LIBTORCH to a CUDA build of libtorch 2.13.0, or use --device cpu"
        ),
        other => bail!("there is no device {other:?}; use cpu or cuda"),
    }
}

/// Seeds libtorch and a generator for one part of a run.
///
/// A resumed run then draws the same numbers as an uninterrupted one.
pub fn seeded(seed: u64, part: usize) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(part as u64 + 1);
    tch::manual_seed((seed as i64).wrapping_mul(1_000_003).wrapping_add(part as i64));
    random
}

/// The share of the largest learning rate at a step: a short warm-up, then half a cosine down to a hundredth.
pub fn schedule(step: usize, total: usize) -> f64 {
    let warm_up = (step + 1) as f64 / 200.0;
    let cosine = 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / total.max(1) as f64).cos());
    warm_up.min(1.0) * cosine.max(0.01)
}

/// Decay of the weight average at a step. It is smaller at first, so that the random start fades quickly.
pub fn average_decay(longest: f64, step: usize) -> f64 {
    longest.min((1 + step) as f64 / (10 + step) as f64)
}
