//! Training the SeqGAN (arXiv 1609.05473) in two stages.
//!
//! First the [`generator`] trains by maximum likelihood ([`learners`]), and the [`discriminator`] learns to tell its
//! tunes from real ones. Then they train against each other ([`adversaries`]), round by round. The generator takes a
//! step along the policy gradient: its reward is the discriminator's score of tunes that a delayed copy has completed.
//! The discriminator takes steps of its own.
//!
//! [`sequences`] prepares the training data, [`mod@run`] is the loop, [`progress`] holds its figures and [`checkpoint`]
//! saves its state.

mod adversaries;
mod checkpoint;
mod curves;
mod discriminator;
mod generator;
mod learners;
mod progress;
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

/// Surprisal in torch of a tune's symbols, from its first bar to its end, in nats. The tune must be in its plain key.
pub fn surprises(vocabulary: &Vocabulary, weights: &Path, tune: &Tune) -> Result<Vec<f64>> {
    let mut generator = Generator::new(vocabulary, Device::Cpu);
    let mismatch = || format!("{} holds other weights than a generator's", weights.display());
    generator.variables_mut().load(weights).with_context(mismatch)?;
    let clock = Clock::new(vocabulary, Device::Cpu);
    let batches = Sequences::new(vocabulary, [tune]).batches(1, usize::MAX, Device::Cpu);
    let batch = batches.first().context("a tune of no symbols")?;
    let logs = tch::no_grad(|| generator.log_likelihoods(batch, &clock, false));
    let of_next = -logs.gather(-1, &batch.next.unsqueeze(-1), false).to_kind(Kind::Double).flatten(0, -1);
    Ok(Vec::try_from(of_next)?)
}
