//! The losses of the VAE-GAN, each in nats per phrase.

use tch::{Kind, Reduction, Tensor};

use super::network::{Decoded, Posterior, ROW};

/// Weight of whether a cell sounds; an onset has weight 1.
const SOUNDING: f64 = 0.2;
/// The velocity error, / 127, that costs half a nat at an onset. A held cell costs less.
const VELOCITY_SPREAD: f64 = 7.0 / 127.0;
const HELD: f64 = 0.05;

/// Kullback–Leibler divergence of the posterior from the prior, a standard normal distribution.
pub fn divergence(posterior: &Posterior) -> Tensor {
    let Posterior { mean, log_variance } = posterior;
    let cells: Tensor = (mean.square() + log_variance.exp() - 1.0 - log_variance) * 0.5;
    cells.sum(Kind::Float) / mean.size()[0] as f64
}

/// Reconstruction loss of the cells.
///
/// It sums the cross entropy of onsets, a fifth of that of sounding cells, and the squared velocity error of the cells
/// that sound.
pub fn cells(images: &Tensor, decoded: &Decoded) -> Tensor {
    let velocities = images.narrow(-1, 0, ROW);
    let onsets = images.narrow(-1, ROW, ROW);
    let sounding = velocities.gt(0.0).to_kind(Kind::Float);
    let entropy = |logits: &Tensor, truth: &Tensor| {
        logits.binary_cross_entropy_with_logits::<Tensor>(truth, None, None, Reduction::Sum)
    };
    let counts = &sounding * HELD + &onsets * (1.0 - HELD);
    let error = (&decoded.velocities - &velocities) / VELOCITY_SPREAD;
    let loudness = (error.square() * counts).sum(Kind::Float) * 0.5;
    let sum = entropy(&decoded.onsets, &onsets) + entropy(&decoded.sounding, &sounding) * SOUNDING + loudness;
    sum / images.size()[0] as f64
}

/// Distance between the features of images and of their reconstructions, in nats.
///
/// It is the negative log-likelihood of a normal distribution around the reconstructions' features.
pub fn dissimilarity(of_images: &Tensor, of_reconstructions: &Tensor) -> Tensor {
    let scale = of_images.square().mean(Kind::Float).detach() + 1e-6;
    let apart = (of_images.detach() - of_reconstructions).square();
    apart.sum(Kind::Float) * 0.5 / (scale * of_images.size()[0] as f64)
}

/// Loss of the scores where images should be taken for real (`is_real`) or for generated.
pub fn adversarial(scores: &Tensor, is_real: bool) -> Tensor {
    let sign = if is_real { 1.0 } else { -1.0 };
    -(scores * sign).log_sigmoid().mean(Kind::Float)
}
