//! Training the SeqGAN (arXiv 1609.05473): first a [`generator`] by likelihood and a [`discriminator`] on what it
//! writes; then, round by round, a step of the generator along the policy gradient, rewarded by what the discriminator
//! makes of tunes that a delayed copy has finished, and some of the discriminator.
//!
//! [`sequences`] is what they learn from, [`mod@run`] the stages, what is kept of them, and how a killed one goes on.

mod curves;
mod discriminator;
mod generator;
mod run;
mod sequences;

use std::path::Path;

use anyhow::{Context, Result};
use tch::{Device, Kind};
use tonenet_core::tune::{Tune, Vocabulary};

use generator::Generator;
pub use run::run;
#[cfg(test)]
pub use run::run_with;
use sequences::{Clock, Sequences};

/// What torch gives a tune's symbols, from its first bar to its end, in nats each; the tune must be in its plain key.
pub fn surprises(vocabulary: &Vocabulary, weights: &Path, tune: &Tune) -> Result<Vec<f64>> {
    let mut generator = Generator::new(vocabulary, Device::Cpu);
    let told = || format!("{} holds other weights than a generator's", weights.display());
    generator.variables_mut().load(weights).with_context(told)?;
    let clock = Clock::new(vocabulary, Device::Cpu);
    let batches = Sequences::new(vocabulary, [tune]).batches(1, usize::MAX, Device::Cpu);
    let batch = batches.first().context("a tune of no symbols")?;
    let logs = tch::no_grad(|| generator.log_likelihoods(batch, &clock, false));
    let of_next = -logs.gather(-1, &batch.next.unsqueeze(-1), false).to_kind(Kind::Double).flatten(0, -1);
    Ok(Vec::try_from(of_next)?)
}
