//! The distribution of new images during adversarial training: normals around several centres.
//!
//! They are fitted to encoded phrases. Each centre represents phrases of similar density, register and loudness. All
//! share one covariance over the whole phrase, so that neighbouring beats fit each other.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use super::network::{LATENT, ROWS};

/// Number of centres.
const CENTRES: i64 = 48;
/// Iterations of moving each centre to the mean of its phrases.
const MOVES: usize = 15;
/// Added to each variance, so that the covariance matrix has a square root.
const LEAST_VARIANCE: f64 = 1e-3;

/// Latent values of an image.
const WIDTH: i64 = ROWS * LATENT;

/// A mixture of normal distributions around centres.
///
/// A sample is `map` times a vector, plus `middle`. The vector holds the one-hot choice among [`CENTRES`] and [`WIDTH`]
/// standard normals.
pub struct Prior {
    /// \[WIDTH, CENTRES + WIDTH\].
    map: Tensor,
    /// \[WIDTH\].
    middle: Tensor,
    /// Probability of each centre, \[CENTRES\].
    shares: Tensor,
}

impl Prior {
    /// A standard normal distribution: the prior of the paper.
    pub fn standard(device: Device) -> Self {
        let options = (Kind::Float, device);
        Self {
            map: Tensor::cat(&[Tensor::zeros([WIDTH, CENTRES], options), Tensor::eye(WIDTH, options)], 1),
            middle: Tensor::zeros([WIDTH], options),
            shares: Tensor::full([CENTRES], 1.0 / CENTRES as f64, options),
        }
    }

    /// Fits the prior to `latents`, \[phrases, ROWS, LATENT\], which are samples of the phrases' posteriors.
    pub fn fitted(latents: &Tensor, random: &mut ChaCha8Rng) -> Self {
        tch::no_grad(|| {
            let phrases = latents.size()[0];
            let over_time = latents.mean_dim(1, false, Kind::Float);
            let over_time = &over_time / (over_time.std_dim(0, false, true) + 1e-6);
            let first: Vec<i64> = (0..CENTRES).map(|_| random.random_range(0..phrases)).collect();
            let mut centres = over_time.index_select(0, &Tensor::from_slice(&first).to_device(latents.device()));
            let mut belongs = Tensor::zeros([phrases, CENTRES], (Kind::Float, latents.device()));
            for _ in 0..MOVES {
                let nearest = Tensor::cdist(&over_time, &centres, 2.0, 0).argmin(1, false);
                belongs = nearest.one_hot(CENTRES).to_kind(Kind::Float);
                let counts = belongs.sum_dim_intlist(0, false, Kind::Float).clamp_min(1.0);
                centres = belongs.tr().matmul(&over_time) / counts.unsqueeze(1);
            }
            let counts = belongs.sum_dim_intlist(0, false, Kind::Float);
            let flat = latents.reshape([phrases, WIDTH]);
            let middle = flat.mean_dim(0, false, Kind::Float);
            let around = &flat - &middle;
            let centres = belongs.tr().matmul(&around) / counts.clamp_min(1.0).unsqueeze(1);
            let left = around - belongs.matmul(&centres);
            let covariance = (left.tr().matmul(&left) / phrases as f64).to_kind(Kind::Double)
                + Tensor::eye(WIDTH, (Kind::Double, latents.device())) * LEAST_VARIANCE;
            let root = covariance.linalg_cholesky(false).to_kind(Kind::Float);
            Self { map: Tensor::cat(&[centres.tr(), root], 1), middle, shares: &counts / phrases as f64 }
        })
    }

    /// Draws latent values: \[images, ROWS, LATENT\].
    pub fn drawn(&self, images: i64) -> Tensor {
        tch::no_grad(|| {
            let centre = self.shares.multinomial(images, true).one_hot(CENTRES).to_kind(Kind::Float);
            let noise = Tensor::randn([images, WIDTH], (Kind::Float, self.map.device()));
            let flat = Tensor::cat(&[centre, noise], 1).matmul(&self.map.tr()) + &self.middle;
            flat.reshape([images, ROWS, LATENT])
        })
    }

    pub fn save(&self, path: &Path) -> Result<()> {
        let tensors = [("prior.weight", &self.map), ("prior.bias", &self.middle), ("prior.shares", &self.shares)];
        Tensor::write_safetensors(&tensors, path).with_context(|| format!("cannot write {}", path.display()))
    }

    pub fn load(path: &Path, device: Device) -> Result<Self> {
        let tensors = Tensor::read_safetensors(path).with_context(|| format!("cannot read {}", path.display()))?;
        let get = |name: &str, shape: &[i64]| -> Result<Tensor> {
            let found = tensors.iter().find(|(found, _)| found == name);
            let (_, tensor) = found.with_context(|| format!("{} has no tensor {name}", path.display()))?;
            ensure!(tensor.size() == shape, "{name} in {} has another shape", path.display());
            Ok(tensor.to_device(device))
        };
        Ok(Self {
            map: get("prior.weight", &[WIDTH, CENTRES + WIDTH])?,
            middle: get("prior.bias", &[WIDTH])?,
            shares: get("prior.shares", &[CENTRES])?,
        })
    }
}
