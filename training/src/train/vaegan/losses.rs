//! The losses of the VAE-GAN, each in nats a phrase.

use tch::{Kind, Reduction, Tensor};

use super::network::{Decoded, Posterior, ROW};

/// How much a cell counts for whether a note sounds in it; one in which a note begins counts 1.
const SOUNDING: f64 = 0.2;
/// The error of a velocity, / 127, that costs half a nat at an onset; what is held counts less.
const VELOCITY_SPREAD: f64 = 7.0 / 127.0;
const HELD: f64 = 0.05;

/// How far what is encoded is from the prior, a standard normal (Kullback–Leibler).
pub fn divergence(posterior: &Posterior) -> Tensor {
    let Posterior { mean, log_variance } = posterior;
    let cells: Tensor = (mean.square() + log_variance.exp() - 1.0 - log_variance) * 0.5;
    cells.sum(Kind::Float) / mean.size()[0] as f64
}

/// How badly cells come back: the cross entropy of onsets and, at a fifth of it, of what sounds, and the squared error
/// of velocities at the cells that sound.
pub fn of_cells(images: &Tensor, decoded: &Decoded) -> Tensor {
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

/// How far the features of images' reconstructions are from their own: a normal around the reconstruction's.
pub fn dissimilarity(of_images: &Tensor, of_reconstructions: &Tensor) -> Tensor {
    let scale = of_images.square().mean(Kind::Float).detach() + 1e-6;
    let apart = (of_images.detach() - of_reconstructions).square();
    apart.sum(Kind::Float) * 0.5 / (scale * of_images.size()[0] as f64)
}

/// What it costs to be taken for written (`is_real`: to be taken for real) at such scores.
pub fn verdict(scores: &Tensor, is_real: bool) -> Tensor {
    let sign = if is_real { 1.0 } else { -1.0 };
    -(scores * sign).log_sigmoid().mean(Kind::Float)
}
