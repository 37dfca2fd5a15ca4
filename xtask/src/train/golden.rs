//! What torch itself computes with trained weights: the numbers that every exported graph must reproduce.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use tch::{Device, Tensor};
use tonenet_core::genre::Genre;
use tonenet_core::metrics::score_file;
use tonenet_core::piano_roll::{FRAME, PianoRoll};

use super::baseline::Baseline;
use super::run::Take;

/// A trained network in torch.
pub struct Trained(Baseline);

/// How a style spreads over takes: standard deviations in velocity steps, averaged over files.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    pub human: f32,
    pub predicted: f32,
    pub residual: f32,
}

impl Trained {
    pub fn load(weights: &Path) -> Result<Self> {
        let mut model = Baseline::new(Device::Cpu);
        model.variables.load(weights).with_context(|| format!("{} holds no baseline", weights.display()))?;
        Ok(Self(model))
    }

    /// Input and outputs as named tensors: `frames` \[T, 1, 176\] and `deviations.<style>` \[T, 1, 88\].
    pub fn golden(&self, roll: &PianoRoll) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
        let mut tensors = BTreeMap::new();
        tensors.insert("frames".into(), (vec![roll.steps(), 1, FRAME], roll.frames().to_vec()));
        for style in Genre::ALL {
            let deviations = self.0.predict(roll.frames(), style);
            tensors.insert(
                format!("deviations.{style}"),
                (vec![roll.steps(), 1, deviations.len() / roll.steps()], deviations),
            );
        }
        tensors
    }

    /// The spread of a style over some takes of it.
    pub fn spread(&self, takes: &[Take], style: Genre) -> Spread {
        let mut sums = [0.0; 3];
        let mut files = 0.0;
        for take in takes.iter().filter(|t| t.genre == style) {
            let deviations = self.0.predict(take.roll.frames(), style);
            let predicted: Vec<f32> = take.cells.iter().map(|&cell| deviations[cell]).collect();
            if let Some(score) = score_file(&predicted, &take.velocities) {
                let human = (score.variance / score.notes as f64).sqrt();
                let residual = (score.residual / score.notes as f64).sqrt();
                for (sum, value) in sums.iter_mut().zip([human, human * score.sd_ratio, residual]) {
                    *sum += value;
                }
                files += 1.0;
            }
        }
        let [human, predicted, residual] = sums.map(|sum| (sum / f64::max(files, 1.0)) as f32);
        Spread { human, predicted, residual }
    }
}

/// Writes named tensors as safetensors.
pub fn save(tensors: &BTreeMap<String, (Vec<usize>, Vec<f32>)>, path: &Path) -> Result<()> {
    let tensors: Vec<(&str, Tensor)> = tensors
        .iter()
        .map(|(name, (shape, values))| {
            let shape: Vec<i64> = shape.iter().map(|&n| n as i64).collect();
            (name.as_str(), Tensor::from_slice(values).view(shape.as_slice()))
        })
        .collect();
    Tensor::write_safetensors(&tensors, path).with_context(|| format!("cannot write {}", path.display()))
}
