//! Adam with decoupled weight decay (arXiv 1412.6980, 1711.05101), with moments that can be saved.
//!
//! The optimisers of `tch` do not expose their moments, without which a resumed run would differ.

use std::path::Path;

use anyhow::{Context, Result};
use tch::nn::VarStore;
use tch::{Kind, Tensor};

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

pub struct Adam {
    parameters: Vec<(String, Tensor)>,
    first: Vec<Tensor>,
    second: Vec<Tensor>,
    steps: i64,
    weight_decay: f64,
}

impl Adam {
    pub fn new(variables: &VarStore, weight_decay: f64) -> Self {
        let parameters = trainable(variables);
        let zeros = || parameters.iter().map(|(_, p)| p.zeros_like().set_requires_grad(false)).collect();
        let (first, second) = (zeros(), zeros());
        Self { parameters, first, second, steps: 0, weight_decay }
    }

    /// Clips `gradients` to a norm of `clip` and moves the weights. Gradients are in the order of [`trainable`].
    pub fn step(&mut self, gradients: &[Tensor], learning_rate: f64, clip: f64) {
        tch::no_grad(|| {
            let squares = gradients.iter().map(|g| g.square().sum(Kind::Double).double_value(&[]));
            let scale = (clip / (squares.sum::<f64>().sqrt() + 1e-6)).min(1.0);
            self.steps += 1;
            let correction1 = 1.0 - BETA1.powi(self.steps as i32);
            let correction2 = 1.0 - BETA2.powi(self.steps as i32);
            for (i, gradient) in gradients.iter().enumerate() {
                let (first, second) = (&mut self.first[i], &mut self.second[i]);
                let clipped = gradient * scale;
                let _ = first.lerp_(&clipped, 1.0 - BETA1);
                let _ = second.lerp_(&clipped.square(), 1.0 - BETA2);
                let update = (&*first / correction1) / ((&*second / correction2).sqrt() + EPSILON);
                let parameter = &mut self.parameters[i].1;
                let _ = parameter.g_mul_scalar_(1.0 - learning_rate * self.weight_decay);
                let _ = parameter.g_sub_(&(update * learning_rate));
            }
        });
    }

    pub fn save(&self, path: &Path) -> Result<()> {
        let named = |moments: &[Tensor], prefix: &str| -> Vec<(String, Tensor)> {
            let names = self.parameters.iter().map(|(name, _)| format!("{prefix}.{name}"));
            names.zip(moments.iter().map(Tensor::shallow_clone)).collect()
        };
        let mut tensors = named(&self.first, "first");
        tensors.extend(named(&self.second, "second"));
        tensors.push(("steps".into(), Tensor::from_slice(&[self.steps])));
        Tensor::write_safetensors(&tensors, path).with_context(|| format!("cannot write {}", path.display()))
    }

    pub fn load(&mut self, path: &Path) -> Result<()> {
        let tensors: std::collections::HashMap<_, _> = Tensor::read_safetensors(path)
            .with_context(|| format!("cannot read {}", path.display()))?
            .into_iter()
            .collect();
        let get = |name: String| tensors.get(&name).with_context(|| format!("{} has no tensor {name}", path.display()));
        for (i, (name, _)) in self.parameters.iter().enumerate() {
            self.first[i].copy_(get(format!("first.{name}"))?);
            self.second[i].copy_(get(format!("second.{name}"))?);
        }
        self.steps = get("steps".into())?.int64_value(&[0]);
        Ok(())
    }
}

/// A network's variables by name. The store returns them in a hash map's order, and sums must repeat bit for bit.
pub fn sorted(variables: &VarStore) -> Vec<(String, Tensor)> {
    let mut parameters: Vec<_> = variables.variables().into_iter().collect();
    parameters.sort_by(|a, b| a.0.cmp(&b.0));
    parameters
}

/// Those of a network's variables that are not frozen, in the order of [`sorted`].
pub fn trainable(variables: &VarStore) -> Vec<(String, Tensor)> {
    sorted(variables).into_iter().filter(|(_, parameter)| parameter.requires_grad()).collect()
}

/// Takes a parameter's gradient and resets it to zero.
///
/// A parameter that no batch has used yet has a zero gradient too. Otherwise the first steps after a resume would
/// differ from those of an uninterrupted run.
fn take_gradient(parameter: &Tensor) -> Tensor {
    let mut gradient = parameter.grad();
    if !gradient.defined() {
        return parameter.zeros_like().set_requires_grad(false);
    }
    let taken = gradient.copy();
    let _ = gradient.zero_();
    taken
}

/// Takes the gradients of a network's [`trainable`] variables, and resets them to zero.
pub fn gradients(variables: &VarStore) -> Vec<Tensor> {
    trainable(variables).iter().map(|(_, parameter)| take_gradient(parameter)).collect()
}

/// Moves the variables of `to` towards those of `from` by a share of 0–1. Frozen ones stay, bit for bit.
pub fn mix(to: &VarStore, from: &VarStore, share: f64) {
    tch::no_grad(|| {
        for ((_, mut to), (_, from)) in trainable(to).into_iter().zip(trainable(from)) {
            let _ = to.lerp_(&from, share);
        }
    });
}
